//! How costs grow: with steps, cases, jobs, cards, exchanges and sizes. Every curve is a few points, each the quickest of
//! several rounds, and a line that shows what growing in proportion would look like.

mod cards;
mod files;
mod judge;
pub mod plot;

use std::time::{Duration, Instant};

use crate::SetupError;

/// One line of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is, for the legend.
    pub name: String,
    /// Where it goes through; both numbers above zero.
    pub points: Vec<(f64, f64)>,
}

/// One plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name of the file, without its ending.
    pub file: &'static str,
    /// Above it.
    pub title: &'static str,
    /// Below it.
    pub across: &'static str,
    /// Beside it.
    pub up: &'static str,
    /// Its lines.
    pub series: Vec<Series>,
    /// What the straight line is called.
    pub straight: &'static str,
}

/// The word on which the bench `process` counts the memory of as many cards as the numbers after it say.
pub const MEMORY_OF_CARDS: &str = "cards-memory";

/// Measures one curve.
type Measure = fn() -> Result<Curve, SetupError>;

/// All curves by the names of their files.
pub const CURVES: [(&str, Measure); 7] = [
    ("scenario-steps", judge::steps),
    ("cases", judge::cases),
    ("jobs", judge::jobs),
    ("cards", cards::time),
    (MEMORY_OF_CARDS, cards::memory),
    ("trace-length", files::trace),
    ("file-size", files::sizes),
];

/// Seconds of the quickest of a few runs.
///
/// # Errors
/// Those of the work.
fn quickest(mut work: impl FnMut() -> Result<(), SetupError>) -> Result<f64, SetupError> {
    const ROUNDS: usize = 12;
    const ENOUGH: Duration = Duration::from_millis(1500);
    let started = Instant::now();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let round = Instant::now();
        work()?;
        best = best.min(round.elapsed().as_secs_f64());
        if started.elapsed() > ENOUGH {
            break;
        }
    }
    Ok(best)
}

fn series(name: &str, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.to_owned(),
        points,
    }
}
