//! A recording as it is compared: cases with their events, every byte known or of a kind that never comes twice. The same
//! allow-list that keeps traces clean tells here what is random, so that a whole trace and a redacted one meet.

use cie_emulator::phy::trace::file::redact::Redactor;
use cie_emulator::phy::trace::file::{
    Exchange, Kind, Octets, Passed, Piece, Record, Recording, Redaction, ResetKind,
};

/// What happened under one case marker, or before the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// The case; empty before the first marker.
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its line in the trace.
    pub(super) line: usize,
    /// The event in words.
    pub(super) words: String,
    pub(super) what: What,
}

/// What an event brought.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Something of which there is only its name.
    Event,
    /// Power or a reset, and the answer to it.
    Restart(Octets),
    /// A command and its response: as they passed, and inside secure messaging.
    Exchange { wire: Pair, inner: Option<Pair> },
}

/// A command by what identifies it, and a response by what can be compared.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The command by the allow-list, as text.
    pub(super) command: String,
    /// The response, random bytes by kind only.
    pub(super) response: Octets,
}

impl Item {
    /// What makes two events the same, whatever came of them.
    pub(super) fn key(&self, inside: bool) -> String {
        match &self.what {
            What::Event | What::Restart(_) => self.words.clone(),
            What::Exchange { wire, inner } => match inner.as_ref().filter(|_| inside) {
                Some(inner) => format!("protected {}", inner.command),
                None => wire.command.clone(),
            },
        }
    }
}

/// Whether a recording knows the inside of secure messaging wherever it was used.
pub(super) fn knows_inside(sections: &[Section]) -> bool {
    sections
        .iter()
        .flat_map(|section| &section.items)
        .any(|item| matches!(&item.what, What::Exchange { inner: Some(_), .. }))
}

/// The sections of a recording.
pub(super) fn sections(recording: &Recording) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut redactor = Redactor::new(Redaction::AllowList);
    for (line, record) in &recording.records {
        let item = |words: &str, what| Item {
            line: *line,
            words: words.to_owned(),
            what,
        };
        let item = match record {
            Record::Case(case) => {
                redactor.reset();
                sections.push(Section {
                    name: case.name.clone(),
                    items: Vec::new(),
                });
                continue;
            }
            Record::Exchange(one) => exchange(*line, one, &mut redactor),
            other => {
                redactor.reset();
                match other {
                    Record::Insert(_) => item("insert", What::Event),
                    Record::Remove(_) => item("remove", What::Event),
                    Record::PowerOff(_) => item("power off", What::Event),
                    Record::PowerOn(on) => item("power on", What::Restart(on.atr.clone())),
                    Record::Reset(reset) => {
                        let words = match reset.kind {
                            ResetKind::Warm => "warm reset",
                            ResetKind::Cold => "cold reset",
                        };
                        item(words, What::Restart(reset.atr.clone()))
                    }
                    Record::Case(_) | Record::Exchange(_) => continue,
                }
            }
        };
        if let Some(section) = sections.last_mut() {
            section.items.push(item);
        }
    }
    sections.retain(|section| !section.name.is_empty() || !section.items.is_empty());
    sections
}

fn exchange(line: usize, exchange: &Exchange, redactor: &mut Redactor) -> Item {
    // What the trace does not show stands as zeros here; it is taken from the trace again below.
    let command = exchange.command.filled(0);
    let response = exchange.response.filled(0);
    let inner = exchange
        .inner
        .as_ref()
        .map(|inner| (inner.command.filled(0), inner.response.filled(0)));
    let reply = |bytes: &'_ [u8]| (!bytes.is_empty()).then(|| bytes.to_vec());
    let inside = inner
        .as_ref()
        .map(|(command, response)| (command, reply(response)));
    let shown = redactor.exchange(Passed {
        command: &command,
        response: &response,
        inner: inside
            .as_ref()
            .map(|(command, response)| (command.as_slice(), response.as_deref())),
        codes_taken_out: true,
    });
    let pair = |known: (&Octets, &Octets), shown: &(Octets, Octets)| Pair {
        command: merged(known.0, &shown.0).to_string(),
        response: without_random(&merged(known.1, &shown.1), known.1),
    };
    let wire = pair(
        (&exchange.command, &exchange.response),
        &(shown.command, shown.response),
    );
    let inner = exchange.inner.as_ref().zip(shown.inner.as_ref());
    let inner = inner.map(|(inner, shown)| pair((&inner.command, &inner.response), shown));
    let words = match redactor.file() {
        Some(file) => exchange.words.replace("the current EF", &file),
        None => exchange.words.clone(),
    };
    Item {
        line,
        words,
        what: What::Exchange { wire, inner },
    }
}

/// What the allow-list shows, with the placeholders that stood in the trace already.
fn merged(known: &Octets, shown: &Octets) -> Octets {
    if known.hidden().next().is_some() {
        known.clone()
    } else {
        shown.clone()
    }
}

/// Bytes that never come twice stay placeholders; everything else is taken from the trace.
fn without_random(shown: &Octets, known: &Octets) -> Octets {
    let Some(bytes) = known.bytes() else {
        return shown.clone();
    };
    let mut out = Octets::default();
    let mut rest = bytes.as_ref();
    for piece in shown.pieces() {
        let length = match piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Hidden(hidden) => hidden.length,
        };
        let (here, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        match piece {
            Piece::Hidden(hidden) if is_random(hidden.kind) => {
                out.hide(hidden.kind, hidden.name.as_deref(), hidden.length);
            }
            Piece::Hidden(_) | Piece::Bytes(_) => out.push(here),
        }
        rest = after;
    }
    out
}

/// Whether bytes of a kind are new each time, or belong to the keys of one card.
pub(super) const fn is_random(kind: Kind) -> bool {
    match kind {
        Kind::Challenge
        | Kind::Cryptogram
        | Kind::Checksum
        | Kind::PublicValue
        | Kind::Signature => true,
        Kind::Pin | Kind::Puk | Kind::Secret | Kind::Input => false,
        Kind::Terminal | Kind::Personal | Kind::Data => false,
    }
}
