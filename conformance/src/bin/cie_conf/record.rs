//! `cie-conf record`: a run, and what passed during it as a trace.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use cie_conformance::record::record;
use cie_conformance::report::model::ExitCode;
use cie_conformance::report::write::check;
use cie_conformance::run::{Finished, Observer, Options, Provider};
use cie_conformance::scenario::Case;
use cie_conformance::target::TargetKind;
use cie_emulator::phy::trace::file::{Header, Recording, Redaction, Writer};
use clap::Args;

use crate::failure::Failure;
use crate::output::{self, plural};
use crate::run::Run;
use crate::trace;

/// Runs scenarios as `run` does, and writes what passes between terminal and card
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf record read/end-of-file --out read.jsonl          a trace with nothing personal in it
  cie-conf record pin --out pin.jsonl --keep-all             of a synthetic card, whole but for the codes
  cie-conf record read --out a.jsonl --pcap a.pcap           and a capture for Wireshark
  cie-conf record select/master-file --out a.jsonl --to-scenario mine.yaml    and a scenario to go on from
  cie-conf diff a.jsonl b.jsonl                              what two cards do differently

Cases run one after the other. By default everything that is not known to be harmless is left out of
the trace and its kind and length stand there: names, numbers, certificates, codes, keys, random
values, cryptograms. The words about verdicts are those of `run`, and so are the exit codes.")]
pub(crate) struct Record {
    /// The trace to write; one that is there is replaced
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    recorder: Recorder,
    #[command(flatten)]
    run: Run,
}

/// What is written, and how much of it.
#[derive(Args)]
pub(crate) struct Recorder {
    #[arg(skip)]
    out: PathBuf,
    #[arg(skip)]
    header: Option<Header>,
    /// Keeps all bytes but codes: for synthetic cards
    #[arg(long)]
    keep_all: bool,
    /// Keeps also codes that pass in clear
    #[arg(long, requires = "keep_all")]
    reveal_secrets: bool,
    /// Says when things happened, in microseconds since the beginning
    #[arg(long)]
    timing: bool,
    /// Writes a capture for Wireshark, too
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Writes a scenario that does the same, too
    #[arg(long, value_name = "FILE")]
    to_scenario: Option<PathBuf>,
}

impl Record {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut recorder = self.recorder;
        recorder.out = self.out;
        recorder.check()?;
        let nothing_is_sent = self.run.is_dry();
        recorder.header = Some(Header {
            chip: self.run.made_of().map(|(chip, _)| chip.to_owned()),
            persona: self.run.made_of().map(|(_, persona)| persona.to_owned()),
            seed: Some(self.run.seed_number()),
            redaction: recorder.redaction(),
            timing: recorder.timing,
            ..Header::new("embedded emulator")
        });
        let code = self.run.run_with(Some(&recorder))?;
        if nothing_is_sent {
            return Ok(code);
        }
        let others = [&recorder.pcap, &recorder.to_scenario];
        if others.iter().any(|path| path.is_some()) {
            recorder.more(&Recording::open(&recorder.out)?)?;
        }
        Ok(code)
    }
}

impl Recorder {
    /// Whether each file has a place of its own that can be written, now that nothing is lost yet.
    fn check(&self) -> Result<(), Failure> {
        let others: Vec<&PathBuf> = self.pcap.iter().chain(&self.to_scenario).collect();
        for (number, path) in others.iter().enumerate() {
            if **path == self.out || others.iter().skip(number + 1).any(|other| other == path) {
                return Err(Failure::Usage(format!(
                    "two files are to go to {}; give each a place of its own",
                    path.display()
                )));
            }
            check(path)?;
        }
        Ok(())
    }

    fn redaction(&self) -> Redaction {
        match (self.keep_all, self.reveal_secrets) {
            (false, _) => Redaction::AllowList,
            (true, false) => Redaction::CodesOnly,
            (true, true) => Redaction::Nothing,
        }
    }

    /// Runs the cases on the provider's cards and writes what passes.
    pub(crate) fn record(
        &self,
        cases: &[Case],
        provider: &dyn Provider,
        options: &Options,
        shoulds: &BTreeSet<String>,
        observer: &dyn Observer,
        interrupted: &AtomicBool,
    ) -> Result<Finished, Failure> {
        let mut header = self.header.clone().unwrap_or_else(|| Header::new(""));
        if provider.kind() != TargetKind::Emulator {
            if self.keep_all {
                return Err(Failure::Usage(
                    "--keep-all is for synthetic cards; a trace of a card in a reader keeps nothing personal, leave it out"
                        .to_owned(),
                ));
            }
            header.recorded = provider.kind().to_string();
            (header.chip, header.persona) = (None, None);
        }
        let writer = Writer::create(&self.out, &header)?;
        let recorded = record(
            cases,
            provider,
            options,
            shoulds,
            writer,
            observer,
            interrupted,
        )?;
        output::say(&format!(
            "{}: {} of {}",
            self.out.display(),
            plural(recorded.exchanges, "exchange"),
            plural(recorded.cases, "case"),
        ));
        Ok(recorded.finished)
    }

    /// What else the trace is to become.
    fn more(&self, recording: &Recording) -> Result<(), Failure> {
        if let Some(path) = &self.pcap {
            trace::write_capture(recording, false, path)?;
        }
        match &self.to_scenario {
            Some(path) => trace::write_scenario(recording, None, path),
            None => Ok(()),
        }
    }
}
