//! Everything that can be wrong with a card file, looked at one by one: structure and digests, the two records of its memory,
//! whether the contents make a card, and whether the card agrees with itself. Nothing is changed, and a card in use can be
//! looked at too.

mod consistency;
mod digests;

use super::card_file::{self, Snapshot};
use super::error::{Fault, StoreError};
use super::layout;
use serde::Serialize;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Sound,
    /// Worth knowing, and no defect.
    Note,
    /// Not as it should be.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// In words.
    pub text: String,
}

impl Finding {
    fn new(what: &'static str, result: Result<String, String>) -> Self {
        let (verdict, text) = match result {
            Ok(text) => (Verdict::Sound, text),
            Err(text) => (Verdict::Wrong, text),
        };
        Self {
            what,
            verdict,
            text,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One after the other.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.verdict != Verdict::Wrong)
    }
}

/// Looks at a card file.
///
/// # Errors
/// [`Fault::Io`], [`Fault::NotACard`] and [`Fault::Newer`]: there is nothing to look at. Damage is a finding.
pub fn check(path: &Path) -> Result<Report, StoreError> {
    let look = || {
        let bytes = card_file::read_all(path)?;
        let metadata = fs::metadata(path).map_err(Fault::io("read"))?;
        let mut findings = vec![permissions(metadata.permissions().mode())];
        if let Some(holder) = card_file::holder(path) {
            findings.push(Finding {
                what: "use",
                verdict: Verdict::Note,
                text: format!("in use by {holder}; this is how it stands at the moment"),
            });
        }
        match layout::parse(&bytes) {
            Ok(parsed) => contents(&mut findings, &bytes, &parsed),
            Err(Fault::Damaged(what)) => findings.push(Finding::new("structure", Err(what))),
            Err(fault) => return Err(fault),
        }
        Ok(Report { findings })
    };
    look().map_err(|fault| fault.at(path))
}

fn permissions(mode: u32) -> Finding {
    let mode = mode & 0o777;
    match mode & 0o077 {
        0 => Finding::new(
            "access",
            Ok(format!("only its owner can read it (mode {mode:04o})")),
        ),
        _ => Finding {
            what: "access",
            verdict: Verdict::Note,
            text: format!(
                "others can reach it (mode {mode:04o}), and keys and codes are in it; `chmod 600` ends that"
            ),
        },
    }
}

fn contents(findings: &mut Vec<Finding>, bytes: &[u8], parsed: &layout::Parsed<'_>) {
    findings.push(Finding::new(
        "structure",
        Ok(format!(
            "format {}, header and contents match their digests",
            layout::FORMAT
        )),
    ));
    findings.push(records(parsed));
    match Snapshot::of(bytes) {
        Err(fault) => findings.push(Finding::new("card", Err(fault.to_string()))),
        Ok(card) => {
            findings.push(Finding::new("card", Ok(in_words(&card))));
            findings.push(counters(&card));
            consistency::check(findings, &card);
        }
    }
}

fn records(parsed: &layout::Parsed<'_>) -> Finding {
    let what = "memory";
    let (sequence, memory) = match parsed.newest() {
        Ok(newest) => newest,
        Err(fault) => return Finding::new(what, Err(fault.to_string())),
    };
    let last = match memory.last {
        None => "nothing was written since it was made".to_owned(),
        Some(point) => format!("last written at {point}"),
    };
    if parsed.both_readable() {
        let text = format!("both records can be read; number {sequence} counts, {last}");
        return Finding::new(what, Ok(text));
    }
    Finding {
        what,
        verdict: Verdict::Note,
        text: format!(
            "one of its two records cannot be read: power was lost in the middle of a write (then all is well), or it was \
             damaged; number {sequence} counts, {last}"
        ),
    }
}

fn in_words(card: &Snapshot) -> String {
    let holder = &card.persona.holder;
    format!(
        "{} {}, {}, on {}; taken into use {} times",
        holder.given_names,
        holder.surname,
        card.persona.document_number,
        card.image.chip.id,
        card.uses
    )
}

/// More tries than the card has make no card at all; here they are in words.
fn counters(card: &Snapshot) -> Finding {
    let credentials = &card.memory.credentials;
    let profile = &card.image.profile;
    Finding::new(
        "counters",
        Ok(format!(
            "PIN {} of {}, PUK {} of {}",
            credentials.pin_left, profile.pin_tries, credentials.puk_left, profile.puk_tries
        )),
    )
}
