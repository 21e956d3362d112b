//! The TAP 14 report (testanything.org), for everything that reads lines. Each test point that needs attention carries a YAML
//! diagnostics block; strings in it are double-quoted with JSON escapes, which YAML reads the same way.

use std::fmt::Write as _;

use super::explain::{command_sent, counters};
use super::model::{CaseResult, Failure, RunResult, StepResult, StopKind, Verdict};
use super::text::printable;

/// Writes the TAP report. `warning` is `ok` (with `--strict`: `not ok`), `skipped` and `not_applicable` carry the SKIP directive
/// with their reason, a refused or broken run ends with `Bail out!`.
#[must_use]
pub fn render(run: &RunResult) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", run.cases.len());
    let _ = writeln!(
        out,
        "# {} seed {}",
        printable(&run.tool),
        printable(&run.seed)
    );
    let _ = writeln!(out, "# target {}", printable(&run.target.description));
    for (index, case) in run.cases.iter().enumerate() {
        point(index + 1, case, run.strict, &mut out);
    }
    if let Some(stop) = &run.stopped {
        match stop.kind {
            StopKind::FailFast => {
                let _ = writeln!(out, "# stopped early: {}", printable(&stop.message));
            }
            StopKind::Usage | StopKind::Harness | StopKind::Refused | StopKind::Interrupted => {
                let _ = writeln!(out, "Bail out! {}", printable(&stop.message));
            }
        }
    }
    out
}

fn point(number: usize, case: &CaseResult, strict: bool, out: &mut String) {
    let ok = match case.verdict {
        Verdict::Passed | Verdict::Skipped | Verdict::NotApplicable => true,
        Verdict::Warning => !strict,
        Verdict::Failed | Verdict::Inconclusive | Verdict::Error => false,
    };
    let reason = case.reason.as_deref().unwrap_or("no reason was given");
    let directive = match case.verdict {
        Verdict::Skipped => format!(" # SKIP {}", printable(reason)),
        Verdict::NotApplicable => format!(" # SKIP not applicable: {}", printable(reason)),
        Verdict::Passed
        | Verdict::Warning
        | Verdict::Failed
        | Verdict::Inconclusive
        | Verdict::Error => String::new(),
    };
    let word = if ok { "ok" } else { "not ok" };
    let _ = writeln!(
        out,
        "{word} {number} - {}{directive}",
        description(&case.name())
    );
    if case.verdict.needs_attention() {
        out.push_str("  ---\n");
        diagnostics(case, out);
        out.push_str("  ...\n");
    }
}

/// A description in which `#` starts no directive.
fn description(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn diagnostics(case: &CaseResult, out: &mut String) {
    let mut line = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(out, "  {key}: {}", quoted(value));
        }
    };
    line("verdict", Some(case.verdict.word()));
    line("title", Some(&case.title));
    line("reason", case.reason.as_deref());
    line(
        "requirements",
        Some(case.requirements.join(", ").as_str()).filter(|text| !text.is_empty()),
    );
    line("file", Some(&case.file));
    line(
        "counters",
        counters(case.counters_before, case.counters_after).as_deref(),
    );
    line("seed", Some(&case.seed));
    line("rerun", Some(&case.rerun_command));
    let failing = || case.steps.iter().filter(|step| !step.failures.is_empty());
    if failing().next().is_some() {
        out.push_str("  failures:\n");
    }
    for step in failing() {
        for failure in &step.failures {
            one_failure(step, failure, out);
        }
    }
}

fn one_failure(step: &StepResult, failure: &Failure, out: &mut String) {
    let exchange = step.exchanges.last();
    let sent = failure
        .sent
        .as_deref()
        .or_else(|| exchange.and_then(command_sent));
    let number = step.number();
    let location = step.location();
    let pairs = [
        ("kind", Some(failure.kind.word())),
        ("message", Some(failure.message.as_str())),
        ("step", Some(number.as_str())),
        ("at", Some(location.as_str())),
        ("sent", sent),
        ("expected", failure.expected.as_deref()),
        ("got", failure.got.as_deref()),
        (
            "status",
            exchange.and_then(|exchange| exchange.sw_text.as_deref()),
        ),
        ("note", failure.note.as_deref()),
    ];
    let mut mark = "- ";
    for (key, value) in pairs {
        if let Some(value) = value {
            let _ = writeln!(out, "    {mark}{key}: {}", quoted(value));
            mark = "  ";
        }
    }
    if let Some(pointer) = failure.pointer {
        let _ = writeln!(out, "    {mark}pointer: {pointer}");
    }
}

/// A YAML double-quoted string. JSON leaves some characters bare that YAML does not allow there; they are escaped too.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        let bare =
            !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other if bare => out.push(other),
            other => {
                let _ = write!(out, "\\u{:04X}", u32::from(other));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{description, quoted, render};
    use crate::report::model::{CaseResult, RunResult, TargetInfo, Verdict};

    #[test]
    fn a_hash_in_a_name_is_no_directive() {
        assert_eq!(description("a # SKIP b\\"), "a \\# SKIP b\\\\");
    }

    proptest! {
        #[test]
        fn a_quoted_text_reads_back(text in any::<String>()) {
            assert_eq!(serde_json::from_str::<String>(&quoted(&text)).unwrap(), text);
        }

        #[test]
        fn nothing_from_outside_starts_a_line(text in any::<String>()) {
            let mut run = RunResult::new("t", "1", "00", TargetInfo::default());
            let said = Some(text.clone());
            let bad = |verdict| CaseResult { id: text.clone(), title: text.clone(), reason: said.clone(), verdict, ..CaseResult::default() };
            run.cases = vec![bad(Verdict::Failed), bad(Verdict::Skipped)];
            let report = render(&run);
            let points = report.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).count();
            assert_eq!(points, 2);
            assert!(report.lines().skip(4).all(|line| line.starts_with("ok ") || line.starts_with("not ok ") || line.starts_with("  ")));
        }
    }
}
