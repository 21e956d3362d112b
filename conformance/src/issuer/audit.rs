//! What happened at the issuer, line by line, without anything secret: who, which procedure, which gate, which outcome. The
//! text form is fixed, so that two runs can be compared byte for byte.

use std::fmt;

use super::clock::Timestamp;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The procedure, by its number in the order of starts.
    pub procedure: Option<u64>,
    /// The policy or account it is about.
    pub about: String,
    /// What was tried or happened: `start`, `submit captcha`, `send sms`.
    pub what: String,
    /// How it ended: `ok`, or why not.
    pub outcome: String,
}

/// `0001 2026-01-01T00:00:00Z cie-puk #1 start: ok`
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04} {} {}", self.seq, self.at, self.about)?;
        if let Some(procedure) = self.procedure {
            write!(f, " #{procedure}")?;
        }
        write!(f, " {}: {}", self.what, self.outcome)
    }
}

/// All lines, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit(Vec<Line>);

impl Audit {
    pub(super) fn add(
        &mut self,
        at: Timestamp,
        procedure: Option<u64>,
        about: &str,
        what: impl Into<String>,
        outcome: impl Into<String>,
    ) {
        let (what, outcome) = (what.into(), one_line(&outcome.into()));
        let seq = self.0.len() as u64 + 1;
        let about = one_line(about);
        self.0.push(Line {
            seq,
            at,
            procedure,
            about,
            what,
            outcome,
        });
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }
}

/// Longest text of a column, in characters.
const LONGEST: usize = 160;

/// Words from outside as one line of the audit: names of policies and accounts are whatever somebody sent.
fn one_line(text: &str) -> String {
    let plain = |character: char| match character.is_control() {
        true => '?',
        false => character,
    };
    text.chars().take(LONGEST).map(plain).collect()
}

/// One line of text per line, each with its line feed.
impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
