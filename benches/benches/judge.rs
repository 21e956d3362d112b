//! The judge on a scenario of 5,000 steps: loading, running, reporting; the baseline is the same commands sent directly.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use cie_benches::{reading_card, scenario_of};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Catalogue, Source, load};
use criterion::{Criterion, criterion_group, criterion_main};

const STEPS: usize = 5_000;

fn judge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("5,000 steps");
    group.sample_size(10);
    let text = scenario_of(STEPS);
    let catalogue = Catalogue::of(&[DEFAULT_CHIP], &["adult-default"], &["CIE-READ-001"]);
    let source = Source::new("bench.yaml", text.as_str());
    group.bench_function("load", |b| b.iter(|| load(&source, &catalogue).is_ok()));
    let Ok(loaded) = load(&source, &catalogue) else {
        eprintln!("the scenario of the bench does not load");
        return;
    };
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let options = Options::default();
    let calm = AtomicBool::new(false);
    group.bench_function("run", |b| {
        b.iter(|| {
            let finished = run(
                &loaded.cases,
                &cards,
                &options,
                &BTreeSet::new(),
                &Silent,
                &calm,
            );
            assert_eq!(
                finished.cases[0].verdict.word(),
                "passed",
                "{:?}",
                finished.cases[0].reason
            );
            finished.cases.len()
        });
    });
    let Ok(mut card) = reading_card() else { return };
    group.bench_function("baseline: the same reads, called directly", |b| {
        b.iter(|| {
            for step in 0..STEPS {
                let [high, low] = u16::try_from(step % 1000).unwrap_or(0).to_be_bytes();
                black_box(card.transmit(&[0x00, 0xB0, high, low, 16]).len());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
