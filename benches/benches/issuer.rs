//! A whole recovery of a lost PUK as the judge runs it: the issuer, its client and the embedded card, from taking the holder in
//! to the PIN that is unblocked. The baseline is the same judge on a scenario without an issuer.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::embedded::scenario_files;
use cie_conformance::scenario::{Case, Catalogue, load};
use criterion::{Criterion, criterion_group, criterion_main};

/// The cases of one of the program's own scenarios.
fn cases(id: &str) -> Vec<Case> {
    let Ok(catalogue) = Catalogue::embedded() else {
        return Vec::new();
    };
    let name = format!("scenarios/{id}.yaml");
    let file = scenario_files()
        .into_iter()
        .find(|file| file.name() == name);
    let loaded = file.and_then(|file| load(&file, &catalogue).ok());
    loaded.map_or_else(Vec::new, |loaded| loaded.cases)
}

fn issuer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("issuer");
    group.sample_size(20);
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let options = Options::default();
    let calm = AtomicBool::new(false);
    for (title, id) in [
        (
            "a lost PUK, from A01 to the new PIN",
            "issuer/puk/lost-and-found",
        ),
        (
            "baseline: unblocking with the PUK at hand",
            "articles/unblock-card",
        ),
    ] {
        let cases = cases(id);
        let case = cases.get(..1).unwrap_or_default();
        if case.is_empty() {
            eprintln!("{id} does not load");
            continue;
        }
        group.bench_function(title, |b| {
            b.iter(|| {
                let finished = run(case, &cards, &options, &BTreeSet::new(), &Silent, &calm);
                let result = &finished.cases[0];
                assert_eq!(result.verdict.word(), "passed", "{:?}", result.reason);
                finished.cases.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, issuer);
criterion_main!(benches);
