//! The human report, for standard error: a line per case while the run goes on, and at the end the failures, the totals, what
//! is not covered, and where the report files are. Progress bars are the command line's.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::coverage::{Coverage, Gap};
use super::explain;
use super::model::{RunResult, Verdict};
use super::text::{Paint, indented, printable};

pub use super::explain::verdict_line;

/// The whole report at the end of a run. `written` are the report files, in the order they were asked for.
#[must_use]
pub fn render(run: &RunResult, written: &[PathBuf], paint: Paint) -> String {
    let mut out = String::new();
    for case in &run.cases {
        out.push_str(&verdict_line(case, paint));
        out.push('\n');
    }
    out.push_str(&closing(run, written, paint));
    out
}

/// What follows the verdict lines, for a caller who has written them as the cases ended.
#[must_use]
pub fn closing(run: &RunResult, written: &[PathBuf], paint: Paint) -> String {
    let mut out = String::new();
    for case in run
        .cases
        .iter()
        .filter(|case| case.verdict.needs_attention())
    {
        let _ = write!(out, "\n{}", explain::case(case, paint));
    }
    out.push('\n');
    out.push_str(&not_run(run, paint));
    out.push_str(&coverage(run, paint));
    let _ = writeln!(out, "{}", totals(run, paint));
    let _ = writeln!(
        out,
        "  {}  seed {}",
        printable(&run.target.description),
        printable(&run.seed)
    );
    if let Some(stop) = &run.stopped {
        let _ = writeln!(
            out,
            "  {} {}",
            paint.bad("stopped early:"),
            printable(&stop.message)
        );
    }
    for path in written {
        let _ = writeln!(out, "  report {}", printable(&path.display().to_string()));
    }
    out
}

/// Cases without a judgement, grouped by why.
fn not_run(run: &RunResult, paint: Paint) -> String {
    let mut groups: Vec<(Verdict, &str, usize)> = Vec::new();
    for case in run
        .cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Skipped | Verdict::NotApplicable))
    {
        let reason = case.reason.as_deref().unwrap_or("no reason was given");
        match groups
            .iter_mut()
            .find(|(verdict, why, _)| (*verdict, *why) == (case.verdict, reason))
        {
            Some((_, _, count)) => *count += 1,
            None => groups.push((case.verdict, reason, 1)),
        }
    }
    groups.sort_by_key(|(verdict, _, count)| {
        (std::cmp::Reverse(*verdict), std::cmp::Reverse(*count))
    });
    let mut out = String::new();
    for (verdict, reason, count) in groups {
        let _ = writeln!(
            out,
            "{} {}",
            paint.verdict(verdict, &format!("{count} {}:", verdict.label())),
            printable(reason)
        );
    }
    if out.is_empty() { out } else { out + "\n" }
}

/// One line on coverage, and the MUSTs that lack something.
fn coverage(run: &RunResult, paint: Paint) -> String {
    const SHOWN: usize = 10;
    if run.coverage.requirements.is_empty() {
        return String::new();
    }
    let coverage = Coverage::of(run);
    let (musts, covered) = coverage.musts();
    let mut out = format!(
        "coverage: {covered} of {musts} MUST requirements have a positive and a negative scenario\n"
    );
    let gaps = coverage.rows.iter().filter(|row| row.gap != Gap::None);
    let lines: String = gaps
        .clone()
        .take(SHOWN)
        .map(|row| {
            format!(
                "{}  {}\n",
                printable(&row.requirement.id),
                paint.dim(row.gap.label())
            )
        })
        .collect();
    out.push_str(&indented(&lines, "  "));
    let more = gaps.count().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "  … and {more} more");
    }
    if !coverage.unknown.is_empty() {
        let _ = writeln!(
            out,
            "  {} {}",
            paint.bad("not in the catalogue:"),
            printable(&coverage.unknown.join(", "))
        );
    }
    out + "\n"
}

/// `12 cases: 1 failed, 11 passed (140 steps, 163 commands)`, gravest first.
fn totals(run: &RunResult, paint: Paint) -> String {
    let totals = super::model::Totals::of(&run.cases);
    let counted = Verdict::ALL
        .into_iter()
        .filter(|&verdict| totals.count(verdict) > 0);
    let counts: Vec<String> = counted
        .map(|verdict| {
            paint.verdict(
                verdict,
                &format!("{} {}", totals.count(verdict), verdict.label()),
            )
        })
        .collect();
    let counts = if counts.is_empty() {
        "nothing ran".to_owned()
    } else {
        counts.join(", ")
    };
    let strict = if run.strict && totals.warning > 0 {
        ", warnings count as failures (--strict)"
    } else {
        ""
    };
    let cases = if totals.cases == 1 { "case" } else { "cases" };
    let work = paint.dim(&format!(
        "({} steps, {} commands)",
        totals.steps, totals.exchanges
    ));
    format!("{} {cases}: {counts} {work}{strict}", totals.cases)
}
