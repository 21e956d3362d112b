//! `cie-conf readers`: the readers of this machine, what is in them, and whether clients will like it.

use cie_conformance::report::model::ExitCode;
use cie_conformance::run::family;
use cie_conformance::target::reader::{
    AtrAttribute, Contact, Found, Link, PcscLink, contact, readers,
};
use clap::Args;
use pcsc::{Protocol, State};
use serde::Serialize;

use crate::failure::Failure;
use crate::output;

/// Lists the readers, the cards in them, and whether clients can read what they need
#[derive(Args)]
#[command(after_help = "\
Cards are connected to and let go as they were; no command is sent to them.

Exit codes: 0 listed (also when there is no reader), 3 the PC/SC library or service is missing.")]
pub(crate) struct Readers {
    /// For programs, on standard output
    #[arg(long)]
    json: bool,
}

/// A reader, for programs.
#[derive(Serialize)]
struct Shown {
    name: String,
    /// `empty`, `card`, `mute`, `held` or `failed`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    atr: Option<String>,
    /// Id of the chip family with this answer to reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    chip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    /// `readable`, `different` or `missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    atr_attribute: Option<&'static str>,
    /// Whether another program is connected to the card.
    in_use: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Readers {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut link = PcscLink::new();
        let found = readers(&mut link)?;
        let shown: Vec<Shown> = found
            .iter()
            .map(|reader| shown(&mut link, reader))
            .collect();
        if self.json {
            output::print_json(&shown)?;
        } else if shown.is_empty() {
            output::say(
                "there is no reader; connect one, or serve a card into a virtual one (`cie-card serve`)",
            );
        } else {
            let lines: Vec<String> = shown.iter().map(in_words).collect();
            output::print(&format!("{}\n", lines.join("\n")))?;
        }
        Ok(ExitCode::Success)
    }
}

fn shown(link: &mut dyn Link, reader: &Found) -> Shown {
    let contact = contact(link, reader);
    let (state, protocol, attribute, error) = match contact {
        Contact::Connected {
            protocol,
            attribute,
        } => ("card", protocol.map(protocol_name), Some(attribute), None),
        Contact::NoCard => ("empty", None, None, None),
        Contact::Held => ("held", None, None, None),
        Contact::Mute => ("mute", None, None, None),
        Contact::Failed(error) => ("failed", None, None, Some(error.to_string())),
    };
    let atr = &reader.seen.atr;
    let present = !atr.is_empty();
    Shown {
        name: reader.name.clone(),
        state,
        atr: present.then(|| hex::encode_upper(atr)),
        chip: family(atr).map(|chip| chip.id.clone()),
        protocol,
        atr_attribute: attribute.map(|attribute| match attribute {
            AtrAttribute::Readable => "readable",
            AtrAttribute::Different => "different",
            AtrAttribute::Missing => "missing",
        }),
        in_use: reader
            .seen
            .state
            .intersects(State::INUSE | State::EXCLUSIVE),
        error,
    }
}

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::T0 => "T=0",
        Protocol::T1 => "T=1",
        Protocol::RAW => "raw",
    }
}

fn in_words(reader: &Shown) -> String {
    let mut lines = vec![reader.name.clone()];
    let mut say = |text: String| lines.push(format!("  {text}"));
    match reader.state {
        "empty" => say("no card".to_owned()),
        "held" => say("a card, which another program has for itself".to_owned()),
        "mute" => say("a card that does not answer".to_owned()),
        "failed" => say(format!(
            "a card that cannot be connected to: {}",
            reader.error.as_deref().unwrap_or("no reason given")
        )),
        _ => {}
    }
    if let Some(atr) = &reader.atr {
        let family = reader.chip.as_deref().unwrap_or("not one of the CIE's");
        let protocol = reader
            .protocol
            .map_or_else(String::new, |protocol| format!(", {protocol}"));
        say(format!("card, answer to reset {atr}{protocol}"));
        say(format!("chip family: {family}"));
    }
    match reader.atr_attribute {
        Some("readable") => say("the ATR attribute is readable".to_owned()),
        Some(_) => say(
            "the ATR attribute cannot be read: clients that insist on it will refuse the card (`cie-conf doctor`)".to_owned(),
        ),
        None => {}
    }
    if reader.in_use && reader.state == "card" {
        say("another program is connected to the card".to_owned());
    }
    lines.join("\n")
}
