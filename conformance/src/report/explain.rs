//! A failure that explains itself, as text: where it is, what was sent, expected and got with the differing nibble marked,
//! the status word in words, the data objects, the counters, the seed, and how to run just this again.

use std::fmt::Write as _;

use super::model::{CaseResult, Counters, Exchange, Failure, StepResult, TlvNode, Verdict};
use super::text::{Paint, in_columns, printable};
use super::words::status_words_of;

/// How many failures of one case are written out; the report files hold all of them.
const SHOWN: usize = 8;
/// How many characters of a long value stand on a line, and how many of those before the difference.
const WINDOW: usize = 72;
const BEFORE: usize = 24;

/// Everything a person needs to understand why a case has the verdict it has. Many lines, the last one ended.
#[must_use]
pub fn case(case: &CaseResult, paint: Paint) -> String {
    let mut out = String::new();
    let name = paint.strong(&printable(&case.name()));
    let _ = writeln!(
        out,
        "{} {name}",
        paint.verdict(case.verdict, case.verdict.label())
    );
    let _ = writeln!(out, "  {}", printable(&case.title));
    if !case.requirements.is_empty() {
        let _ = writeln!(
            out,
            "  {}",
            paint.dim(&printable(&case.requirements.join(", ")))
        );
    }
    if let Some(reason) = &case.reason {
        let _ = writeln!(out, "  {}", printable(reason));
    }
    let mut left = SHOWN;
    for step in case.steps.iter().filter(|step| !step.failures.is_empty()) {
        if left > 0 {
            step_failures(step, left, paint, &mut out);
        }
        left = left.saturating_sub(step.failures.len());
    }
    let count: usize = case.steps.iter().map(|step| step.failures.len()).sum();
    if count > SHOWN {
        let _ = writeln!(out, "\n  … and {} more, see the report", count - SHOWN);
    }
    let decisive = case.deciding_step().and_then(|index| case.steps.get(index));
    if let (0, Some(step)) = (count, decisive) {
        out.push_str(&step_head(step, paint));
    }
    out.push('\n');
    out.push_str(&foot(case, paint));
    out
}

fn step_head(step: &StepResult, paint: Paint) -> String {
    let location = paint.strong(&printable(&step.location()));
    let note = step
        .note
        .as_ref()
        .map_or_else(String::new, |note| format!("      {}\n", printable(note)));
    let events = step.events.iter();
    let events: String = events
        .map(|event| format!("      {}\n", paint.dim(&printable(event))))
        .collect();
    format!(
        "\n  {location}\n    step {}  {}\n{note}{events}",
        step.number(),
        printable(&step.title)
    )
}

fn foot(case: &CaseResult, paint: Paint) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {} {text}", paint.dim(&format!("{label:<9}")));
    };
    if let Some(counters) = counters(case.counters_before, case.counters_after) {
        line("counters", &counters);
    }
    line("seed", &printable(&case.seed));
    line("rerun", &printable(&case.rerun_command));
    out
}

/// `pin 3 → 1, puk 10`; `None` when nothing is known.
pub(super) fn counters(before: Option<Counters>, after: Option<Counters>) -> Option<String> {
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let pair = |name: &str, before: Option<u8>, after: Option<u8>| match (before, after) {
        (None, None) => None,
        (Some(before), Some(after)) if before == after => Some(format!("{name} {before}")),
        (before, after) => {
            let show =
                |tries: Option<u8>| tries.map_or_else(|| "?".to_owned(), |tries| tries.to_string());
            Some(format!("{name} {} → {}", show(before), show(after)))
        }
    };
    let pairs: Vec<String> = [
        pair("pin", before.pin, after.pin),
        pair("puk", before.puk, after.puk),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

/// A step, at most `most` of its failures, and what is known of its last response.
fn step_failures(step: &StepResult, most: usize, paint: Paint, out: &mut String) {
    out.push_str(&step_head(step, paint));
    let exchange = step.exchanges.last();
    let mut sent_before = None;
    for failure in step.failures.iter().take(most) {
        let sent = failure
            .sent
            .as_deref()
            .or_else(|| exchange.and_then(command_sent));
        let _ = writeln!(out, "    {}", paint.bad(&printable(&failure.message)));
        Lines::of(sent.filter(|_| sent != sent_before), failure).render(paint, out);
        sent_before = sent;
        if !failure.requirements.is_empty() {
            let _ = writeln!(
                out,
                "      {} {}",
                paint.dim("breaks   "),
                printable(&failure.requirements.join(", "))
            );
        }
        if let Some(note) = &failure.note {
            let _ = writeln!(out, "      {} {}", paint.dim("note     "), printable(note));
        }
    }
    let told = |exchange: &Exchange| {
        step.failures
            .iter()
            .take(most)
            .any(|failure| failure.got == exchange.sw)
    };
    if let Some(exchange) = exchange {
        response(exchange, told(exchange), paint, out);
    }
}

/// The status word in words, unless a failure has told it, and the data objects.
fn response(exchange: &Exchange, told: bool, paint: Paint, out: &mut String) {
    if let (false, Some(sw), Some(text)) = (told, &exchange.sw, &exchange.sw_text) {
        let _ = writeln!(
            out,
            "      {} {sw}  {}",
            paint.dim("status   "),
            printable(text)
        );
    }
    if !exchange.tlv.is_empty() {
        let _ = writeln!(out, "      {}", paint.dim("response"));
    }
    for node in &exchange.tlv {
        tree(node, 4, out);
    }
}

/// What the step sent, before protection when that is known.
pub(super) fn command_sent(exchange: &Exchange) -> Option<&str> {
    exchange
        .plain_command
        .as_deref()
        .or(exchange.wire_command.as_deref())
}

fn tree(node: &TlvNode, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let name = node
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!(" {}", printable(name)));
    let value = node.value.as_ref().map_or_else(String::new, |value| {
        format!("  {}", cut(&printable(value), 0))
    });
    let _ = writeln!(
        out,
        "{indent}{}{name}, {} bytes{value}",
        printable(&node.tag),
        node.length
    );
    for child in &node.children {
        tree(child, depth + 1, out);
    }
}

/// The three aligned lines and the mark below them.
pub(super) struct Lines {
    /// Label, text as shown, words behind it.
    rows: Vec<(&'static str, String, Option<String>)>,
    /// Column of the differing character in the shown texts.
    pointer: Option<usize>,
    /// What the mark says when the values were too long to be shown whole.
    place: Option<String>,
}

impl Lines {
    pub(super) fn of(sent: Option<&str>, failure: &Failure) -> Self {
        let (expected, got) = (failure.expected.as_deref(), failure.got.as_deref());
        let longest = [expected, got]
            .into_iter()
            .flatten()
            .map(|text| text.chars().count())
            .max()
            .unwrap_or(0);
        let from = match failure.pointer {
            Some(pointer) if longest > WINDOW => pointer.saturating_sub(BEFORE) / 2 * 2,
            Some(_) | None => 0,
        };
        let mut rows = Vec::new();
        if let Some(sent) = sent {
            rows.push(("sent", cut(&in_columns(sent), 0), None));
        }
        for (label, text) in [("expected", expected), ("got", got)] {
            if let Some(text) = text {
                rows.push((label, cut(&in_columns(text), from), status_words_of(text)));
            }
        }
        // A cut beginning is shown by one more character.
        let shift = usize::from(from > 0);
        let pointer = failure
            .pointer
            .filter(|_| got.is_some())
            .map(|pointer| pointer - from + shift);
        let hexadecimal = got.is_some_and(|got| got.chars().all(|digit| digit.is_ascii_hexdigit()));
        let place = failure
            .pointer
            .filter(|_| longest > WINDOW)
            .map(|pointer| match hexadecimal {
                true => format!("byte {}", pointer / 2),
                false => format!("character {pointer}"),
            });
        Self {
            rows,
            pointer,
            place,
        }
    }

    fn render(&self, paint: Paint, out: &mut String) {
        for (label, text, words) in &self.rows {
            let words = words
                .as_ref()
                .map_or_else(String::new, |words| format!("  {words}"));
            let _ = writeln!(
                out,
                "      {} {text}{words}",
                paint.dim(&format!("{label:<9}"))
            );
        }
        if let Some(column) = self.pointer {
            let place = self
                .place
                .as_ref()
                .map_or_else(String::new, |place| format!(" {place}"));
            let _ = writeln!(
                out,
                "      {:<9} {}{}",
                "",
                " ".repeat(column),
                paint.bad(&format!("^{place}"))
            );
        }
    }
}

/// The part of a long text that starts at character `from`, with `…` where something is left out.
fn cut(text: &str, from: usize) -> String {
    let length = text.chars().count();
    let shown: String = text.chars().skip(from).take(WINDOW).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if length > from + WINDOW { "…" } else { "" };
    format!("{before}{shown}{after}")
}

/// One line for a case as it ends: verdict, name, time, and the reason where it did not pass.
#[must_use]
pub fn verdict_line(case: &CaseResult, paint: Paint) -> String {
    let verdict = paint.verdict(case.verdict, &format!("{:>14}", case.verdict.label()));
    let time = case.duration_ns.map_or_else(String::new, |time| {
        paint.dim(&format!("  {}", super::text::duration(time)))
    });
    let reason = match (&case.reason, case.verdict) {
        (_, Verdict::Passed) => String::new(),
        (Some(reason), _) => format!("  {}", printable(reason)),
        (None, Verdict::Skipped | Verdict::NotApplicable) => "  no reason was given".to_owned(),
        (None, Verdict::Warning | Verdict::Inconclusive | Verdict::Failed | Verdict::Error) => {
            String::new()
        }
    };
    format!("{verdict}  {}{time}{reason}", printable(&case.name()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Lines, counters};
    use crate::report::model::{Counters, Failure, FailureKind};
    use crate::report::text::Paint;

    fn shown(expected: &str, got: &str) -> Vec<String> {
        let failure = Failure::compare(FailureKind::Data, "", expected, got);
        let mut out = String::new();
        Lines::of(Some("00B0000000"), &failure).render(Paint::plain(), &mut out);
        out.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_mark_stands_under_the_differing_nibble() {
        let wanted = [
            "      sent      00B0000000",
            "      expected  63C2  verification failed, 2 tries left",
            "      got       63C1  verification failed, 1 try left",
            "                   ^",
        ];
        assert_eq!(shown("63C2", "63C1"), wanted);
    }

    #[rstest]
    #[case::near_the_end(398)]
    #[case::odd_nibble(301)]
    #[case::near_the_start(3)]
    #[case::in_the_middle(200)]
    fn the_mark_stays_true_in_a_long_value(#[case] place: usize) {
        let (expected, mut got) = ("A".repeat(400), "A".repeat(400));
        got.replace_range(place..=place, "B");
        let lines = shown(&expected, &got);
        let column = lines[3]
            .chars()
            .position(|character| character == '^')
            .unwrap();
        assert_eq!(lines[2].chars().nth(column), Some('B'), "{lines:#?}");
        assert_eq!(lines[1].chars().nth(column), Some('A'), "{lines:#?}");
        assert!(lines[3].ends_with(&format!("^ byte {}", place / 2)));
        assert!(lines.iter().all(|line| line.chars().count() < 100));
    }

    #[rstest]
    #[case::known(Some(3), Some(1), "pin 3 → 1")]
    #[case::same(Some(3), Some(3), "pin 3")]
    #[case::lost(Some(3), None, "pin 3 → ?")]
    fn counters_in_words(
        #[case] before: Option<u8>,
        #[case] after: Option<u8>,
        #[case] words: &str,
    ) {
        let pin = |pin| Some(Counters { pin, puk: None });
        assert_eq!(counters(pin(before), pin(after)).as_deref(), Some(words));
        assert_eq!(counters(None, None), None);
    }
}
