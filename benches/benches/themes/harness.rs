//! What every bench file does with a routine and its baseline: criterion times each by itself, for the curious; then both are
//! timed in turn, for the ratio. `--test` runs everything once and keeps nothing.

use std::hint::black_box;
use std::time::Duration;

use cie_benches::SetupError;
use cie_benches::pair::pair;
use cie_benches::results::{Measured, keep, target_directory};
use criterion::{Criterion, Throughput};

/// How long a routine and its baseline are timed in turn.
const PAIRED: Duration = Duration::from_secs(2);

/// The benches of one file.
pub(crate) struct Bench {
    criterion: Criterion,
    measuring: bool,
    filter: Option<String>,
}

/// Something to be timed.
pub(crate) struct Routine<'a> {
    pub(crate) name: &'a str,
    pub(crate) run: &'a mut dyn FnMut() -> usize,
}

impl Bench {
    fn new() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        // Where the reporter looks, also when the program is started by hand.
        let criterion = match target_directory() {
            Ok(target) => Criterion::default().output_directory(&target.join("criterion")),
            Err(_) => Criterion::default(),
        };
        let criterion = criterion
            .sample_size(30)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_millis(1500));
        let listed = arguments.iter().any(|argument| argument == "--list");
        let bench = arguments.iter().any(|argument| argument == "--bench");
        let test = arguments.iter().any(|argument| argument == "--test");
        Self {
            criterion: criterion.configure_from_args(),
            measuring: bench && !test && !listed,
            filter: arguments.into_iter().find(|word| !word.starts_with('-')),
        }
    }

    /// Times a routine. `calls` is how many operations one run of it does: the numbers shown are for one.
    pub(crate) fn alone(&mut self, group: &str, calls: u64, routine: Routine<'_>) {
        let mut group = self.criterion.benchmark_group(group);
        group.throughput(Throughput::Elements(calls));
        group.bench_function(routine.name, |b| b.iter(|| black_box((routine.run)())));
        group.finish();
    }

    /// Times a routine and its baseline, and keeps their ratio under the name of both.
    pub(crate) fn against(
        &mut self,
        group: &str,
        calls: u64,
        ours: Routine<'_>,
        baseline: Routine<'_>,
    ) -> Result<(), SetupError> {
        let name = format!("{group}/{}", ours.name);
        let wanted = |side: &str| {
            let filter = self.filter.as_deref();
            filter.is_none_or(|filter| format!("{group}/{side}").contains(filter))
        };
        if !wanted(ours.name) && !wanted(baseline.name) {
            return Ok(());
        }
        let (run, base) = (ours.run, baseline.run);
        self.alone(
            group,
            calls,
            Routine {
                name: baseline.name,
                run: base,
            },
        );
        self.alone(
            group,
            calls,
            Routine {
                name: ours.name,
                run,
            },
        );
        if !self.measuring {
            return Ok(());
        }
        let mut run = || {
            black_box(run());
        };
        let mut base = || {
            black_box(base());
        };
        let figure = pair(PAIRED, calls, &mut run, &mut base)?;
        println!(
            "{name}: {:.3} x its baseline ({})",
            figure.value, figure.how
        );
        keep(&name, &Measured::Figure(figure))
    }
}

/// Runs the benches of a file; says what could not be set up.
pub(crate) fn run(
    benches: impl FnOnce(&mut Bench) -> Result<(), SetupError>,
) -> std::process::ExitCode {
    let mut bench = Bench::new();
    let result = benches(&mut bench);
    bench.criterion.final_summary();
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benches could not be run: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
