//! What criterion wrote down: for each benchmark its samples and its estimates. Only the fields needed are read.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::SetupError;
use crate::link::undisturbed;
use crate::results::target_directory;

/// One benchmark's time for one operation, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Group and name.
    pub id: String,
    /// What an undisturbed moment takes: the tenth part of the way from the quickest sample to the slowest.
    pub undisturbed: f64,
    /// The median of the samples.
    pub median: f64,
    /// Its 95 % confidence interval.
    pub interval: [f64; 2],
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: Option<f64>,
}

#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// All benchmarks of the last run, by name; none when there was no run.
///
/// # Errors
/// When a file of criterion's is there and cannot be read.
pub fn timings() -> Result<Vec<Timing>, SetupError> {
    let root = match std::env::var_os("CRITERION_HOME") {
        Some(home) => home.into(),
        None => target_directory()?.join("criterion"),
    };
    let mut timings = Vec::new();
    for group in directories(&root) {
        for benchmark in directories(&group) {
            let new = benchmark.join("new");
            if new.join("benchmark.json").is_file() {
                timings.push(timing(&new)?);
            }
        }
    }
    timings.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(timings)
}

fn directories(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

fn timing(directory: &Path) -> Result<Timing, SetupError> {
    let benchmark: Benchmark = read(&directory.join("benchmark.json"))?;
    let sample: Sample = read(&directory.join("sample.json"))?;
    let Estimates { median } = read(&directory.join("estimates.json"))?;
    let calls = benchmark
        .throughput
        .and_then(|throughput| throughput.elements);
    let calls = calls.unwrap_or(1.0);
    let samples = sample.times.iter().zip(&sample.iters);
    let name = benchmark.function_id.unwrap_or_default();
    Ok(Timing {
        id: format!("{}/{name}", benchmark.group_id),
        undisturbed: undisturbed(samples.map(|(time, iterations)| time / iterations / calls))?,
        median: median.point_estimate / calls,
        interval: [
            median.confidence_interval.lower_bound / calls,
            median.confidence_interval.upper_bound / calls,
        ],
    })
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, SetupError> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parsed = serde_json::from_slice(&text);
    Ok(parsed.map_err(|error| format!("{}: {error}", path.display()))?)
}
