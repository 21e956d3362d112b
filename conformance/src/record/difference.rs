//! What two recordings differ in, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::report::text::printable;

/// In what respect two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The case is in one of them only.
    Case,
    /// The command or event is in one of them only.
    Event,
    /// The answer to reset.
    Atr,
    /// Whether something answered, and whether it was a response.
    Response,
    /// Whether the answer came through secure messaging.
    Channel,
    /// The status word.
    Status,
    /// How many bytes of data.
    Length,
    /// A data object.
    Object,
    /// The bytes of the data.
    Data,
}

impl Aspect {
    const fn words(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Event => "sent",
            Self::Atr => "answer to reset",
            Self::Response => "answer",
            Self::Channel => "answered",
            Self::Status => "status word",
            Self::Length => "length",
            Self::Object => "object",
            Self::Data => "data",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The case; empty outside of cases.
    pub case: String,
    /// The command or event in words.
    pub event: String,
    /// In what they differ.
    pub aspect: Aspect,
    /// Where in the answer: the path of a data object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the first has.
    pub a: String,
    /// What the second has.
    pub b: String,
    /// The line in the first trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_a: Option<usize>,
    /// The line in the second trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_b: Option<usize>,
}

impl Difference {
    /// A difference without a place yet.
    pub(super) const fn of(aspect: Aspect, a: String, b: String) -> Self {
        Self {
            case: String::new(),
            event: String::new(),
            aspect,
            path: None,
            a,
            b,
            line_a: None,
            line_b: None,
        }
    }
}

/// What comparing two recordings brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What the first is.
    pub a: String,
    /// What the second is.
    pub b: String,
    /// Events that both have.
    pub compared: usize,
    /// What they differ in, in order.
    pub differences: Vec<Difference>,
    /// What could not be done exactly, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Comparison {
    /// Takes the lines of a recording away that nobody can look into: of a card that was run just now.
    pub fn forget_lines(&mut self, of_a: bool, of_b: bool) {
        for difference in &mut self.differences {
            difference.line_a = difference.line_a.filter(|_| !of_a);
            difference.line_b = difference.line_b.filter(|_| !of_b);
        }
    }

    /// For people: differences by case and command, then a line that sums up.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("a: {}\nb: {}\n", printable(&self.a), printable(&self.b));
        let (mut case, mut event) = (None, None);
        for difference in &self.differences {
            let place = (difference.line_a, difference.line_b);
            if case != Some(&difference.case) && !difference.case.is_empty() {
                let _ = writeln!(out, "\n{}", printable(&difference.case));
                event = None;
            }
            if event != Some((&difference.event, place)) {
                let _ = writeln!(out, "  {}{}", printable(&difference.event), lines(place));
            }
            case = Some(&difference.case);
            event = Some((&difference.event, place));
            let what = difference.aspect.words();
            let path = difference.path.iter();
            let path: String = path.map(|path| format!(" {path}")).collect();
            let _ = writeln!(out, "    {what}{path}: {} / {}", difference.a, difference.b);
        }
        out.push('\n');
        for note in &self.notes {
            let _ = writeln!(out, "note: {}", printable(note));
        }
        let _ = match self.differences.len() {
            0 => writeln!(out, "{} events compared, no difference", self.compared),
            1 => writeln!(out, "{} events compared, 1 difference", self.compared),
            count => writeln!(
                out,
                "{} events compared, {count} differences",
                self.compared
            ),
        };
        out
    }
}

fn lines((a, b): (Option<usize>, Option<usize>)) -> String {
    match (a, b) {
        (Some(a), Some(b)) => format!(" (lines {a} / {b})"),
        (Some(a), None) => format!(" (line {a} of a)"),
        (None, Some(b)) => format!(" (line {b} of b)"),
        (None, None) => String::new(),
    }
}
