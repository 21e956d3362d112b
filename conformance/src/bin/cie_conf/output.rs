//! Where words go: people read standard error, programs standard output.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use cie_conformance::report::text::Paint;
use cie_conformance::scenario::Problems;
use serde::Serialize;

use crate::failure::Failure;

/// Writes to standard output at once.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::Harness(format!("cannot write to standard output: {error}")),
        })
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| {
        Failure::Harness(format!("the result cannot be written as JSON: {error}"))
    })?;
    print(&format!("{text}\n"))
}

/// Writes a line, or several, to standard error. Nobody is left to tell when that is gone too.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Colour for standard error: on a terminal, unless `NO_COLOR` forbids it.
pub(crate) fn paint() -> Paint {
    if coloured(io::stderr().is_terminal()) {
        Paint::coloured()
    } else {
        Paint::plain()
    }
}

/// Colour for standard output.
pub(crate) fn paint_out() -> Paint {
    if coloured(io::stdout().is_terminal()) {
        Paint::coloured()
    } else {
        Paint::plain()
    }
}

fn coloured(terminal: bool) -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    terminal && !forbidden
}

/// Problems with their carets, and how many there are.
pub(crate) fn problems(problems: &Problems) -> String {
    let errors = problems
        .iter()
        .filter(|problem| !problem.code.is_warning())
        .count();
    let warnings = problems.iter().count() - errors;
    let rendered = problems.render(paint() == Paint::coloured());
    format!("{rendered}\n\n{}", counted(errors, warnings))
}

/// `2 errors, 1 warning`.
pub(crate) fn counted(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => {
            format!(
                "{}, {}",
                plural(errors, "error"),
                plural(warnings, "warning")
            )
        }
    }
}

/// `1 case`, `2 cases`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
