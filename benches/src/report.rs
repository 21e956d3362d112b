//! The tables as Markdown: the ratios with their goals, and the time of every benchmark by itself. What was not measured is
//! in them too, with the reason.

use std::fmt::Write as _;

use crate::SetupError;
use crate::criterion_files::{Timing, timings};
use crate::goals::{Goal, Origin, ROWS, Row};
use crate::results::{Figure, Measured, kept};

/// Between these lines of a file the tables stand.
const MARKERS: [&str; 2] = ["<!-- tables: begin -->", "<!-- tables: end -->"];

/// Both tables, and the machine they were made on.
///
/// # Errors
/// When a result is there and cannot be read.
pub fn tables() -> Result<String, SetupError> {
    let timings = timings()?;
    let mut out = format!("{}\n\n", machine());
    out += "| what | against | measured | goal | |\n|---|---|---|---|---|\n";
    let mut missing = Vec::new();
    for row in ROWS {
        match number(row.origin, &timings) {
            Measured::Figure(figure) => line(&mut out, row, &figure),
            Measured::Missing(why) => {
                missing.push(format!("- {}: {why}", row.what));
                let (what, baseline, goal) = (row.what, row.baseline, goal(row.goal));
                let _ = writeln!(out, "| {what} | {baseline} | – | {goal} | missing |");
            }
        }
    }
    if !missing.is_empty() {
        let _ = writeln!(out, "\nNot measured:\n{}", missing.join("\n"));
    }
    out.push('\n');
    out += "| one operation | undisturbed | median | 95 % confidence |\n|---|---|---|---|\n";
    for timing in &timings {
        let [low, high] = timing.interval.map(time);
        let (undisturbed, median) = (time(timing.undisturbed), time(timing.median));
        let id = &timing.id;
        let _ = writeln!(out, "| {id} | {undisturbed} | {median} | {low} – {high} |");
    }
    Ok(out)
}

/// Puts the tables between their markers.
///
/// # Errors
/// When the text has no markers.
pub fn put(text: &str, tables: &str) -> Result<String, SetupError> {
    let [begin, end] = MARKERS;
    let (before, rest) = text
        .split_once(begin)
        .ok_or("no line where the tables begin")?;
    let (_, after) = rest.split_once(end).ok_or("no line where the tables end")?;
    Ok(format!("{before}{begin}\n{tables}{end}{after}"))
}

fn number(origin: Origin, timings: &[Timing]) -> Measured {
    let not_run =
        || Measured::Missing("the bench was not run; `cargo bench -p cie-benches` does".into());
    match origin {
        Origin::Figure(name) => kept(name).unwrap_or_else(not_run),
        Origin::Ours(name) => match kept(name) {
            Some(Measured::Figure(figure)) => Measured::Figure(Figure {
                value: figure.ours.unwrap_or(f64::NAN),
                unit: "ns".to_owned(),
                ..Figure::default()
            }),
            other => other.unwrap_or_else(not_run),
        },
        Origin::Timing(id) => match of(timings, id) {
            Some(value) => Measured::Figure(Figure {
                value,
                unit: "ns".to_owned(),
                ..Figure::default()
            }),
            None => not_run(),
        },
        Origin::Ratio(ours, baseline) => match of(timings, ours).zip(of(timings, baseline)) {
            Some((ours, baseline)) => Measured::Figure(Figure {
                value: ours / baseline,
                ours: Some(ours),
                baseline: Some(baseline),
                ..Figure::default()
            }),
            None => not_run(),
        },
    }
}

/// An undisturbed moment of the benchmark of this name.
fn of(timings: &[Timing], id: &str) -> Option<f64> {
    let mut timings = timings.iter();
    timings
        .find(|timing| timing.id == id)
        .map(|timing| timing.undisturbed)
}

fn line(out: &mut String, row: &Row, figure: &Figure) {
    let unit = figure.unit.as_str();
    let mut measured = value(figure.value, unit);
    if let Some([low, high]) = figure.spread {
        let _ = write!(measured, " ({} – {})", value(low, ""), value(high, ""));
    }
    if let (Some(ours), Some(baseline)) = (figure.ours, figure.baseline) {
        let _ = write!(measured, ": {} / {}", time(ours), time(baseline));
    }
    let met = match row.goal {
        Goal::AtMost(limit, of) => Some(figure.value <= limit && of == unit_or_times(unit)),
        Goal::AtLeast(limit, of) => Some(figure.value >= limit && of == unit_or_times(unit)),
        Goal::Told => None,
    };
    let verdict = met.map_or("", |met| if met { "met" } else { "**missed**" });
    let (what, baseline, goal) = (row.what, row.baseline, goal(row.goal));
    let _ = writeln!(
        out,
        "| {what} | {baseline} | {measured} | {goal} | {verdict} |"
    );
}

fn goal(goal: Goal) -> String {
    match goal {
        Goal::AtMost(limit, unit) => format!("≤ {limit} {unit}"),
        Goal::AtLeast(limit, unit) => format!("≥ {limit} {unit}"),
        Goal::Told => String::new(),
    }
}

fn unit_or_times(unit: &str) -> &str {
    match unit {
        "" => "×",
        unit => unit,
    }
}

fn value(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    match unit {
        "" => format!("{value:.digits$}"),
        unit => format!("{value:.digits$} {unit}"),
    }
}

/// Nanoseconds in the unit that people read.
#[must_use]
pub fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.0} ns"),
        middle if middle < 1e6 => format!("{:.2} µs", middle / 1e3),
        large => format!("{:.2} ms", large / 1e6),
    }
}

/// Processor, how many of them, and how busy they are now.
fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let arithmetic = cie_crypto::backend::name();
    format!(
        "Made on {count} processors ({model}), arithmetic: {arithmetic}; load when the tables were printed: {load}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_replace_what_stood_between_the_markers() {
        let text = "a\n<!-- tables: begin -->\nold\n<!-- tables: end -->\nb\n";
        let put_once = put(text, "new\n").expect("markers are there");
        assert_eq!(
            put_once,
            "a\n<!-- tables: begin -->\nnew\n<!-- tables: end -->\nb\n"
        );
        assert_eq!(put(&put_once, "new\n").expect("still there"), put_once);
        assert!(put("no markers", "new").is_err());
    }

    #[test]
    fn every_row_has_its_own_place_and_a_goal_that_can_be_read() {
        for (number, row) in ROWS.iter().enumerate() {
            assert!(!ROWS[..number].contains(row), "{}", row.what);
        }
        assert_eq!(goal(Goal::AtMost(1.2, "×")), "≤ 1.2 ×");
        assert_eq!(goal(Goal::AtLeast(50.0, "ms")), "≥ 50 ms");
    }

    /// A row that compares two benchmarks shows both, and is missing where one of them was not run.
    #[test]
    fn two_benchmarks_are_compared() {
        let timing = |id: &str, undisturbed| Timing {
            id: id.to_owned(),
            undisturbed,
            median: undisturbed,
            interval: [undisturbed; 2],
        };
        let timings = [timing("g/a", 3_000.0), timing("g/b", 2_000.0)];
        let Measured::Figure(figure) = number(Origin::Ratio("g/a", "g/b"), &timings) else {
            panic!("both were run");
        };
        assert_eq!(
            (figure.value, figure.ours, figure.baseline),
            (1.5, Some(3_000.0), Some(2_000.0))
        );
        let lone = number(Origin::Ratio("g/a", "g/c"), &timings);
        assert!(matches!(lone, Measured::Missing(_)), "{lone:?}");
    }

    #[test]
    fn a_missed_goal_says_so() {
        let row = Row {
            what: "a",
            baseline: "b",
            origin: Origin::Figure("c"),
            goal: Goal::AtMost(1.2, "×"),
        };
        let verdict = |value| {
            let mut out = String::new();
            let figure = Figure {
                value,
                ..Figure::default()
            };
            line(&mut out, &row, &figure);
            out
        };
        assert_eq!(verdict(1.2), "| a | b | 1.20 | ≤ 1.2 × | met |\n");
        assert_eq!(verdict(1.21), "| a | b | 1.21 | ≤ 1.2 × | **missed** |\n");
        assert!(verdict(f64::NAN).contains("missed"));
    }

    #[test]
    fn times_are_told_in_the_unit_people_read() {
        let told = [12.3, 1234.0, 12_345_678.0].map(time);
        assert_eq!(told, ["12 ns", "1.23 µs", "12.35 ms"]);
    }
}
