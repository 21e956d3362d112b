//! The judge: loading a scenario of 5,000 steps, running it against the same commands sent directly, and running many cases on
//! one and on two processors. All of it with the allocator that `cie-conf` has.

#[path = "../themes/harness.rs"]
mod harness;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use cie_benches::results::{Figure, Measured, keep, kept};
use cie_benches::{SetupError, cases_of, reading_card, scenario_of};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Case, Catalogue, Source, load};
use cie_crypto::hash::sha256;
use harness::{Bench, Routine};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const STEPS: usize = 5_000;
/// Cases of a run with several jobs.
const CASES: usize = 16;

/// Runs all; gives how many passed.
fn passed(cases: &[Case], cards: &EmbeddedCards, jobs: usize) -> usize {
    let options = Options {
        jobs,
        ..Options::default()
    };
    let calm = AtomicBool::new(false);
    let finished = run(cases, cards, &options, &BTreeSet::new(), &Silent, &calm);
    let verdicts = finished.cases.iter().map(|case| case.verdict.word());
    verdicts.filter(|word| *word == "passed").count()
}

fn steps(bench: &mut Bench) -> Result<(), SetupError> {
    let catalogue = Catalogue::of(&[DEFAULT_CHIP], &["adult-default"], &["CIE-READ-001"]);
    let text = scenario_of(STEPS);
    let source = Source::new("bench.yaml", text.as_str());
    bench.alone(
        "judge",
        STEPS as u64,
        Routine {
            name: "load a scenario, one step",
            run: &mut || load(&source, &catalogue).map_or(0, |loaded| loaded.cases.len()),
        },
    );
    let (cases, cards) = (cases_of(STEPS)?, EmbeddedCards::new(DEFAULT_CHIP));
    if passed(&cases, &cards, 1) != 1 {
        return Err("the scenario of the bench does not pass".into());
    }
    let mut card = reading_card()?;
    let name = "run a scenario, one step";
    bench.against(
        "judge",
        STEPS as u64,
        Routine {
            name,
            run: &mut || passed(&cases, &cards, 1),
        },
        Routine {
            name: "baseline: the same reads, called directly",
            run: &mut || {
                (0..STEPS)
                    .map(|step| {
                        let [high, low] = u16::try_from(step % 1000).unwrap_or(0).to_be_bytes();
                        let command = [0x00, 0xB0, high, low, 16];
                        card.transmit(black_box(&command)).len()
                    })
                    .sum()
            },
        },
    )?;
    let Some(Measured::Figure(figure)) = kept(&format!("judge/{name}")) else {
        return Ok(());
    };
    let (Some(ours), Some(baseline)) = (figure.ours, figure.baseline) else {
        return Ok(());
    };
    let over = Figure {
        value: (ours - baseline) / 1e3,
        spread: None,
        unit: "µs".to_owned(),
        ..figure
    };
    keep("judge/a step over direct calls", &Measured::Figure(over))
}

fn jobs(bench: &mut Bench) -> Result<(), SetupError> {
    let one = cases_of(STEPS / 5)?;
    let many: Vec<Case> = std::iter::repeat_n(one, CASES).flatten().collect();
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    if passed(&many, &cards, 2) != CASES {
        return Err("the cases of the bench do not pass".into());
    }
    bench.against(
        "judge",
        1,
        Routine {
            name: "16 cases, one job",
            run: &mut || passed(&many, &cards, 1),
        },
        Routine {
            name: "baseline: 16 cases, two jobs",
            run: &mut || passed(&many, &cards, 2),
        },
    )
}

/// What two processors of this machine are good for when nothing is shared: no run can do better.
fn processors(bench: &mut Bench) -> Result<(), SetupError> {
    const HALF: usize = 12 << 20;
    let hash = || usize::from(sha256(&[black_box(&[0x5A; 64 << 10])])[0]);
    let half = || {
        (0..HALF / (64 << 10))
            .map(|_| hash())
            .fold(0, usize::wrapping_add)
    };
    bench.against(
        "judge",
        1,
        Routine {
            name: "hashing, one thread",
            run: &mut || half().wrapping_add(half()),
        },
        Routine {
            name: "baseline: hashing, two threads",
            run: &mut || {
                std::thread::scope(|scope| {
                    let other = scope.spawn(half);
                    half().wrapping_add(other.join().unwrap_or(0))
                })
            },
        },
    )
}

fn main() -> ExitCode {
    harness::run(|bench| {
        steps(bench)?;
        jobs(bench)?;
        processors(bench)
    })
}
