//! `cie-conf doctor`: the findings of `cie-card doctor`, and what only a PC/SC client sees: whether the library is there, which
//! protocols work, who holds a card, how long an exchange takes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cie_conformance::report::model::ExitCode;
use cie_conformance::target::reader::{
    AtrAttribute, Contact, Found, Link, PcscLink, contact, readers,
};
use cie_emulator::doctor::{
    Diagnosis, FileFacts, Finding, Linux, Questions, Ran, ReaderFacts, ReadersUnknown, Severity,
    System, examine,
};
use clap::Args;
use pcsc::{Disposition, Error, Protocols, ShareMode};
use serde::Serialize;

use crate::failure::Failure;
use crate::output;

/// Finds out what stands between a client and a card, each finding with its fix
#[derive(Args)]
#[command(after_help = "\
Each line is one finding: how bad, which check, what is so; behind -> what to do. Nothing is changed.
A card that nobody else uses is restarted, asked for some challenges to time them, and restarted again;
no code of it is touched.

Exit codes: 0 nothing keeps a card from being seen, 1 something does.")]
pub(crate) struct Doctor {
    /// For programs, on standard output
    #[arg(long)]
    json: bool,
    /// Exchanges to time with each card, and messages to time through vpcd; 0 sends nothing
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    exchanges: u16,
}

#[derive(Serialize)]
struct Record<'a> {
    healthy: bool,
    worst: Severity,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut link = PcscLink::new();
        let seen = readers(&mut link).map_err(|error| error.to_string());
        let looked: Vec<(Found, Contact)> = seen
            .iter()
            .flatten()
            .map(|reader| (reader.clone(), contact(&mut link, reader)))
            .collect();
        let machine = Machine {
            linux: Linux::new(),
            readers: seen.map(|_| looked.iter().map(facts).collect()),
        };
        let questions = Questions {
            exchanges: self.exchanges.into(),
            ..Questions::default()
        };
        let mut diagnosis = examine(&machine, &questions);
        diagnosis.findings.push(library());
        for (reader, contact) in &looked {
            diagnosis.findings.extend(client(reader, contact));
            if matches!(contact, Contact::Connected { .. }) {
                diagnosis
                    .findings
                    .extend(timing(&mut link, reader, self.exchanges));
            }
        }
        self.tell(&diagnosis)
    }

    fn tell(&self, diagnosis: &Diagnosis) -> Result<ExitCode, Failure> {
        if self.json {
            output::print_json(&Record {
                healthy: diagnosis.is_healthy(),
                worst: diagnosis.worst(),
                diagnosis,
            })?;
        } else {
            let mut text = String::new();
            for finding in &diagnosis.findings {
                let _ = writeln!(text, "{finding}");
            }
            output::print(&text)?;
        }
        Ok(if diagnosis.is_healthy() {
            ExitCode::Success
        } else {
            ExitCode::Failures
        })
    }
}

/// This machine, with readers that were asked.
struct Machine {
    linux: Linux,
    readers: Result<Vec<ReaderFacts>, String>,
}

impl System for Machine {
    fn read(&self, path: &std::path::Path) -> std::io::Result<Vec<u8>> {
        self.linux.read(path)
    }
    fn list(&self, directory: &std::path::Path) -> std::io::Result<Vec<std::path::PathBuf>> {
        self.linux.list(directory)
    }
    fn about(&self, path: &std::path::Path) -> std::io::Result<FileFacts> {
        self.linux.about(path)
    }
    fn connect(&self, socket: &std::path::Path) -> std::io::Result<()> {
        self.linux.connect(socket)
    }
    fn run(&self, program: &str, arguments: &[&str]) -> std::io::Result<Ran> {
        self.linux.run(program, arguments)
    }
    fn delays(
        &self,
        address: std::net::SocketAddr,
        exchanges: usize,
        quick: bool,
    ) -> Result<Vec<Duration>, cie_emulator::doctor::probe::ProbeError> {
        self.linux.delays(address, exchanges, quick)
    }
    fn readers(&self) -> Result<Vec<ReaderFacts>, ReadersUnknown> {
        let readers = self.readers.as_ref();
        readers
            .cloned()
            .map_err(|reason| ReadersUnknown::Failed(reason.clone()))
    }
}

fn facts((reader, contact): &(Found, Contact)) -> ReaderFacts {
    ReaderFacts {
        name: reader.name.clone(),
        card: reader.seen.has_card(),
        atr_attribute: match contact {
            Contact::Connected { attribute, .. } => Some(*attribute == AtrAttribute::Readable),
            _ => None,
        },
    }
}

fn library() -> Finding {
    match pcsc_sys::library() {
        Ok(()) => Finding::fine("client.library", "the PC/SC library is installed"),
        Err(error) => Finding::problem(
            "client.library",
            "the PC/SC library cannot be loaded",
            error.to_string(),
        ),
    }
}

/// What connecting to the card brought.
fn client(reader: &Found, contact: &Contact) -> Option<Finding> {
    let name = &reader.name;
    Some(match contact {
        Contact::NoCard => return None,
        Contact::Connected { protocol, .. } => match protocol {
            Some(pcsc::Protocol::T1) => Finding::fine(
                "client.protocol",
                format!("{name}: the card speaks T=1, which the CIE's clients ask for"),
            ),
            _ => Finding::warning(
                "client.protocol",
                format!("{name}: the card was not connected to by T=1"),
                "the CIE's own clients ask for T=1 only; use a reader that offers it",
            ),
        },
        Contact::Held => Finding::warning(
            "client.sharing",
            format!("{name}: another program has the card for itself"),
            "close it (browsers, p11-kit and gpg's scdaemon hold cards), or wait until it is done",
        ),
        Contact::Mute => Finding::problem(
            "client.card",
            format!("{name}: the card does not answer"),
            "put it in again, the chip towards the contacts, or flat on the antenna; try another reader",
        ),
        Contact::Failed(error) => Finding::problem(
            "client.card",
            format!("{name}: the card cannot be connected to: {error}"),
            "put it in again; look into the daemon's log (pcscd -f -d)",
        ),
    })
}

/// Longer than any card needs for eight random bytes; the delayed acknowledgement costs 40 ms and more.
const SLOW: Duration = Duration::from_millis(38);

/// The time of some exchanges with a card that nobody else is connected to.
fn timing(link: &mut dyn Link, reader: &Found, exchanges: u16) -> Option<Finding> {
    if exchanges == 0 {
        return None;
    }
    let times = match times(link, &reader.name, exchanges) {
        Ok(times) => times,
        Err(Error::SharingViolation) => {
            return Some(Finding::note(
                "client.timing",
                format!(
                    "{}: another program is connected to the card, so nothing was timed",
                    reader.name
                ),
            ));
        }
        Err(error) => {
            return Some(Finding::warning(
                "client.timing",
                format!("{}: exchanges could not be timed: {error}", reader.name),
                "put the card in again; look into the daemon's log (pcscd -f -d)",
            ));
        }
    };
    let median = times.get(times.len() / 2).copied()?;
    let words = format!(
        "{}: {exchanges} exchanges took {:.2} ms each (the middle one)",
        reader.name,
        median.as_secs_f64() * 1000.0
    );
    Some(if median < SLOW {
        Finding::fine("client.timing", words)
    } else {
        Finding::warning(
            "client.timing",
            words,
            "a virtual card behind vpcd that does not acknowledge at once costs 44 ms an exchange: serve it with `cie-card serve`; a real reader may be that slow",
        )
    })
}

/// Sorted times of GET CHALLENGE, 8 bytes.
fn times(link: &mut dyn Link, reader: &str, exchanges: u16) -> Result<Vec<Duration>, Error> {
    link.connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
    let mut response = Vec::new();
    let mut measure = || {
        let mut times = Vec::new();
        for _ in 0..exchanges {
            let begun = Instant::now();
            link.transmit(&[0x00, 0x84, 0x00, 0x00, 0x08], &mut response)?;
            times.push(begun.elapsed());
        }
        times.sort();
        Ok(times)
    };
    let times = measure();
    link.disconnect(Disposition::ResetCard);
    times
}
