//! The options of a run on a card in a reader, and the way from them to a provider: reader, guard, secrets, ledger, plan.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cie_conformance::guard::{
    Allowances, FileLedger, Guard, PlannedCase, SecretError, Secrets, SerialNumber, Setup,
    default_path, render_plan,
};
use cie_conformance::run::{CardError, Facts, PhysicalCard, inapplicable};
use cie_conformance::scenario::Case;
use cie_conformance::scenario::hazard::wrong_values;
use cie_conformance::target::TargetKind;
use cie_conformance::target::reader::{
    Control, Hands, PcscLink, Person, Reader, ReaderOptions, Share, choose,
};
use cie_emulator::chip::Chip;
use cie_emulator::given_file;
use clap::{Args, ValueEnum};
use pcsc::Protocols;
use zeroize::Zeroizing;

use super::serve::Serve;
use crate::failure::Failure;
use crate::output;

/// What a run on a card in a reader needs to be told.
#[derive(Args)]
#[command(next_help_heading = "Cards in a reader")]
pub(crate) struct ReaderArgs {
    /// What other programs may do to the card meanwhile
    #[arg(long, value_name = "HOW", default_value = "exclusive")]
    share: ShareArg,
    /// The transmission protocol
    #[arg(long, value_name = "P", default_value = "auto")]
    protocol: ProtocolArg,
    /// Lets cases do this to the card: burns_pin, burns_puk, writes, blocks_pin; with commas, or repeated
    #[arg(long, value_name = "HAZARDS")]
    allow: Vec<Allowances>,
    /// Gives up the card with this number (document number or NIS), typed in full
    #[arg(long, value_name = "NUMBER")]
    sacrificial: Option<SerialNumber>,
    /// A right code of the card: pin=@FILE, puk=@FILE, can=@FILE or mrz=@FILE; pin=12345678 too, but process lists show it
    #[arg(long, value_name = "CODE=VALUE")]
    secret: Vec<String>,
    /// Right codes, from a private file with lines pin=…, puk=…, can=…, mrz=…; CIE_CONF_PIN, _PUK, _CAN and _MRZ are read too
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Where the lives of cards are kept [default: ~/.local/state/cie-conf/ledger.json]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// How long somebody who is asked to move the card is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Puts cards of this program into a virtual reader and judges them through it, a fresh one for every case: `driver` (our
    /// reader driver), `vpcd`, with `:ENDPOINT` or `:PORT` where it is not the usual one; `private` or `private:vpcd`: of a pcscd
    /// that is started for this run alone
    #[arg(long, value_name = "VIA", conflicts_with_all = ["allow", "sacrificial", "secret", "secrets", "ledger"])]
    pub(super) serve: Option<Serve>,
    /// The control API of `cie-card serve`, which takes the card out and puts it back where a case wants that; otherwise a person
    /// is asked to
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        requires = "reader_control_token_file",
        conflicts_with = "serve"
    )]
    reader_control: Option<SocketAddr>,
    /// The file with the control API's token
    #[arg(long, value_name = "FILE", requires = "reader_control")]
    reader_control_token_file: Option<PathBuf>,
    /// The reader's number there, where there are several
    #[arg(long, value_name = "N", requires = "reader_control")]
    reader_control_reader: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShareArg {
    /// None can connect
    Exclusive,
    /// Others may be connected, and wait while a case runs
    Transaction,
    /// Others may send between two commands; a reset by them makes the case inconclusive
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProtocolArg {
    /// Whatever reader and card agree on
    Auto,
    /// T=0, with its answers fetched as ISO/IEC 7816-3 says
    T0,
    /// T=1
    T1,
}

impl From<CardError> for Failure {
    fn from(error: CardError) -> Self {
        match error {
            CardError::Refused(refusal) => Self::Refused(refusal.to_string()),
            other => Self::Harness(other.to_string()),
        }
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl ReaderArgs {
    /// What was given although there is no reader, by the first option's name.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--share", self.share != ShareArg::Exclusive),
            ("--protocol", self.protocol != ProtocolArg::Auto),
            ("--allow", !self.allow.is_empty()),
            ("--sacrificial", self.sacrificial.is_some()),
            ("--secret", !self.secret.is_empty()),
            ("--secrets", self.secrets.is_some()),
            ("--ledger", self.ledger.is_some()),
            ("--serve", self.serve.is_some()),
            ("--reader-control", self.reader_control.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(name, given)| given.then_some(name))
    }

    /// The codes, from wherever they were given.
    pub(super) fn secrets(&self) -> Result<Secrets, Failure> {
        let typed = |text: &&String| !text.contains("=@");
        if self.secret.iter().any(|text| typed(&text)) {
            output::say(
                "warning: what stands on the command line is shown by process lists; --secret pin=@FILE, --secrets FILE, CIE_CONF_PIN and CIE_CONF_PUK are not",
            );
        }
        let options = self.secret.iter().map(String::as_str);
        let file = self.secrets.as_deref();
        Ok(Secrets::gather(options, file, |name| {
            std::env::var_os(name)
        })?)
    }

    /// A guard that allows what was allowed.
    pub(super) fn guard(&self, secrets: Secrets) -> Result<Guard, Failure> {
        let ledger = match &self.ledger {
            Some(path) => path.clone(),
            None => default_path(|name| std::env::var_os(name))
                .map_err(|error| Failure::Usage(format!("{error} (--ledger FILE)")))?,
        };
        let allow = self.allow.iter().cloned();
        Ok(Guard::new(
            TargetKind::Reader,
            Setup {
                allow: allow.fold(Allowances::default(), Allowances::and),
                sacrificial: self.sacrificial.clone(),
                secrets,
                ledger: Box::new(FileLedger::new(ledger)),
            },
        ))
    }

    pub(super) fn reader_options(&self) -> ReaderOptions {
        ReaderOptions {
            share: match self.share {
                ShareArg::Exclusive => Share::Exclusive,
                ShareArg::Transaction => Share::Transaction,
                ShareArg::Shared => Share::Shared,
            },
            protocols: match self.protocol {
                ProtocolArg::Auto => Protocols::ANY,
                ProtocolArg::T0 => Protocols::T0,
                ProtocolArg::T1 => Protocols::T1,
            },
            patience: Duration::from_secs(self.patience),
            ..ReaderOptions::default()
        }
    }

    /// The card in the reader, powered: no command was sent to it.
    pub(super) fn open(
        &self,
        name: Option<&str>,
        chip: Option<std::sync::Arc<Chip>>,
        secrets: Secrets,
    ) -> Result<PhysicalCard, Failure> {
        let guard = self.guard(secrets)?;
        let mut link = PcscLink::new();
        let name = choose(&mut link, name)?;
        let hands = self.hands()?;
        let reader = Reader::new(Box::new(link), name, self.reader_options(), hands);
        Ok(PhysicalCard::power_on(reader, guard)?.or_chip(chip))
    }

    /// Who moves the card.
    fn hands(&self) -> Result<Box<dyn Hands>, Failure> {
        let (Some(address), Some(path)) = (self.reader_control, &self.reader_control_token_file)
        else {
            return Ok(Box::new(Person::new(output::say)));
        };
        let token = given_file::read_text(path, 1024).map_err(|error| {
            Failure::Usage(format!(
                "the token in {} cannot be read: {error}",
                path.display()
            ))
        })?;
        let token = Zeroizing::new(token);
        let token = Zeroizing::new(token.trim().to_owned());
        Ok(Box::new(Control::new(
            address,
            token,
            self.reader_control_reader,
        )))
    }

    /// Options that a rerun of a case needs again; secrets are not among them.
    pub(super) fn again(&self) -> Vec<String> {
        let mut options = Vec::new();
        let value = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |value| value.get_name().to_owned())
        };
        if self.share != ShareArg::Exclusive {
            options.push(format!("--share {}", value(self.share.to_possible_value())));
        }
        if self.protocol != ProtocolArg::Auto {
            let protocol = value(self.protocol.to_possible_value());
            options.push(format!("--protocol {protocol}"));
        }
        options.extend(self.allow.iter().map(ToString::to_string));
        if let Some(serve) = &self.serve {
            options.push(format!("--serve {serve}"));
        }
        if let (Some(address), Some(path)) = (self.reader_control, &self.reader_control_token_file)
        {
            options.push(format!(
                "--reader-control {address} --reader-control-token-file '{}'",
                path.display()
            ));
        }
        if let Some(path) = &self.secrets {
            options.push(format!("--secrets '{}'", path.display()));
        }
        if let Some(path) = &self.ledger {
            options.push(format!("--ledger '{}'", path.display()));
        }
        options
    }
}

/// The plan of a run on a physical card, in words. What does not apply to it is counted, not listed.
pub(super) fn plan(
    guard: &Guard,
    target: &str,
    cases: &[Case],
    facts: &Facts,
    named: impl Fn(&Case) -> bool,
) -> String {
    let (fit, unfit): (Vec<&Case>, Vec<&Case>) = cases
        .iter()
        .partition(|case| inapplicable(case, TargetKind::Reader, facts).is_none());
    let planned = fit.into_iter().map(|case| {
        let risk = cie_conformance::guard::CaseRisk::of(case, named(case));
        let (pins, puks) = wrong_values(case.steps.iter().chain(&case.finally));
        PlannedCase {
            name: case.name(),
            risk,
            admission: guard.foresee(risk),
            wrong_pins: pins,
            wrong_puks: puks,
        }
    });
    let planned: Vec<PlannedCase> = planned.collect();
    let mut text = render_plan(guard, target, &planned);
    if !unfit.is_empty() {
        text.push_str(&format!(
            "{} more {} not apply to this card (the report says why)\n",
            unfit.len(),
            if unfit.len() == 1 { "does" } else { "do" }
        ));
    }
    text
}
