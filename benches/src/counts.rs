//! Instructions instead of seconds: the same program executes the same number of them on a busy machine and on an idle one,
//! so a change can be judged by it. Callgrind counts; here its answers and the kept baseline are read and compared.
//!
//! Numbers hold for one compiler, one version of valgrind and one kind of processor; the baseline says for which.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::SetupError;

/// The function whose instructions count, with all that it calls: in the bench `counts`, under the name callgrind gives it.
pub const SECTION: &str = "counts::section_that_counts";

/// How far, in hundredths, a number may be from the baseline before it is pointed out.
pub const TOLERANCE: u64 = 2;

/// Cases with their instructions, in the order they were counted in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What they were built and counted with.
    pub tools: String,
    /// Name and instructions.
    pub cases: Vec<(String, u64)>,
}

const TOOLS: &str = "# tools: ";
const HEAD: &str = "\
# Instructions of hot paths, counted by callgrind. Compared and renewed by
#   cargo bench -p cie-benches --bench counts -- --check
#   cargo bench -p cie-benches --bench counts -- --renew
";

impl Counts {
    /// Reads the baseline: comments, then one case a line, its number first.
    ///
    /// # Errors
    /// A line that is neither, by its number.
    pub fn parse(text: &str) -> Result<Self, SetupError> {
        let mut counts = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(tools) = line.strip_prefix(TOOLS) {
                tools.clone_into(&mut counts.tools);
            } else if !line.is_empty() && !line.starts_with('#') {
                let case = line.trim_start().split_once(' ').and_then(|(count, name)| {
                    let count = count.parse().ok()?;
                    Some((name.trim().to_owned(), count))
                });
                counts.cases.push(case.ok_or_else(|| {
                    format!("line {number}: {line:?} is not a number and a name; renew the file with --renew")
                })?);
            }
        }
        Ok(counts)
    }

    fn of(&self, name: &str) -> Option<u64> {
        let case = self.cases.iter().find(|(case, _)| case == name);
        case.map(|(_, count)| *count)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}{TOOLS}{}", self.tools)?;
        for (name, count) in &self.cases {
            writeln!(f, "{count:>12}  {name}")?;
        }
        Ok(())
    }
}

/// What became of the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// For people: every case, what it takes, and how it differs.
    pub text: String,
    /// How many cases are outside the tolerance, new, or gone.
    pub differences: usize,
}

/// Compares; `partial` when not every case was counted, so that none of them is gone.
#[must_use]
pub fn compare(baseline: &Counts, now: &Counts, partial: bool) -> Comparison {
    let mut text = String::new();
    let mut differences = 0;
    if !baseline.cases.is_empty() && baseline.tools != now.tools {
        let _ = writeln!(
            text,
            "the baseline was counted with other tools ({}; here {}): expect differences, and renew it",
            baseline.tools, now.tools
        );
    }
    for (name, count) in &now.cases {
        let (note, differs) = match baseline.of(name) {
            None => ("new".to_owned(), true),
            Some(before) => change(before, *count),
        };
        differences += usize::from(differs);
        let mark = if differs { '!' } else { ' ' };
        let _ = writeln!(text, "{mark} {count:>12}  {note:>9}  {name}");
    }
    for (name, count) in &baseline.cases {
        if !partial && now.of(name).is_none() {
            differences += 1;
            let _ = writeln!(text, "! {:>12}  {:>9}  {name} (had {count})", "-", "gone");
        }
    }
    Comparison { text, differences }
}

/// The difference in words, and whether it is to be pointed out.
fn change(before: u64, now: u64) -> (String, bool) {
    let distance = before.abs_diff(now);
    if distance == 0 {
        return ("=".to_owned(), false);
    }
    // In thousandths, so that the small ones are seen too.
    let parts = distance.saturating_mul(1000).checked_div(before);
    let parts = parts.unwrap_or(u64::MAX);
    let sign = if now > before { '+' } else { '-' };
    let note = format!("{sign}{}.{} %", parts / 10, parts % 10);
    (
        note,
        distance.saturating_mul(100) > before.saturating_mul(TOLERANCE),
    )
}

/// The version of valgrind; `None` when there is none.
#[must_use]
pub fn valgrind() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

/// Has callgrind run `command` of this program, which says one name a line and calls the section once for each.
///
/// # Errors
/// When the program fails, or the names and the counts are not as many.
pub fn count(program: &Path, arguments: &[String]) -> Result<Vec<(String, u64)>, SetupError> {
    let folder = tempfile::tempdir()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect={SECTION}"))
        .arg(format!("--dump-after={SECTION}"))
        .arg(format!(
            "--callgrind-out-file={}",
            folder.path().join("out").display()
        ))
        .arg(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the counted program ended with {}", output.status).into());
    }
    let names = String::from_utf8(output.stdout)?;
    let counted = (1..).zip(names.lines()).map(|(number, name)| {
        let dump = std::fs::read_to_string(folder.path().join(format!("out.{number}")))?;
        let total =
            total(&dump).ok_or_else(|| format!("callgrind counted nothing for {name:?}"))?;
        Ok((name.to_owned(), total))
    });
    counted.collect()
}

/// The sum at the end of a dump.
fn total(dump: &str) -> Option<u64> {
    let line = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    line?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(cases: &[(&str, u64)]) -> Counts {
        let cases = cases
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        Counts {
            tools: "these".to_owned(),
            cases: cases.collect(),
        }
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let written = counts(&[("fork", 812), ("READ BINARY 128, plain", 400)]);
        assert_eq!(Counts::parse(&written.to_string()).unwrap(), written);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let error = Counts::parse("# fine\n12 fork\nfork 12\n").unwrap_err();
        assert!(error.to_string().starts_with("line 3:"), "{error}");
    }

    #[test]
    fn two_hundredths_are_let_pass_and_more_is_not() {
        let before = counts(&[("same", 7), ("edge", 1000), ("over", 1000), ("under", 1000)]);
        let now = counts(&[("same", 7), ("edge", 1020), ("over", 1021), ("under", 979)]);
        let comparison = compare(&before, &now, false);
        assert_eq!(comparison.differences, 2, "{}", comparison.text);
        for line in [
            "!         1021     +2.1 %  over",
            "!          979     -2.1 %  under",
            "          1020     +2.0 %  edge",
        ] {
            assert!(
                comparison.text.contains(line),
                "{line}\n{}",
                comparison.text
            );
        }
    }

    #[test]
    fn cases_that_came_and_went_are_differences_unless_only_some_were_asked_for() {
        let before = counts(&[("old", 5), ("kept", 6)]);
        let now = counts(&[("kept", 6), ("young", 7)]);
        assert_eq!(compare(&before, &now, false).differences, 2);
        assert_eq!(
            compare(&before, &counts(&[("kept", 6)]), true).differences,
            0
        );
    }

    #[test]
    fn other_tools_are_said() {
        let mut now = counts(&[("kept", 6)]);
        now.tools = "those".to_owned();
        let text = compare(&counts(&[("kept", 6)]), &now, false).text;
        assert!(text.contains("(these; here those)"), "{text}");
    }

    #[test]
    fn the_sum_of_a_dump() {
        assert_eq!(
            total("version: 1\nevents: Ir\nfn=(1) x\n0 5\n\ntotals: 1234\n"),
            Some(1234)
        );
        assert_eq!(total("events: Ir\n"), None);
    }
}
