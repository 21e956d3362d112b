//! The judge's curves: steps of one scenario, cases of one run, jobs of one run.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Case, Catalogue, Source, load};

use super::{Curve, quickest, series};
use crate::{SetupError, cases_of, scenario_of};

fn all_pass(cases: &[Case], cards: &EmbeddedCards, jobs: usize) -> Result<(), SetupError> {
    let options = Options {
        jobs,
        ..Options::default()
    };
    let calm = AtomicBool::new(false);
    let finished = run(cases, cards, &options, &BTreeSet::new(), &Silent, &calm);
    let mut verdicts = finished.cases.iter().map(|case| case.verdict.word());
    match verdicts.all(|word| word == "passed") && finished.cases.len() == cases.len() {
        true => Ok(()),
        false => Err("a case of the growth bench does not pass".into()),
    }
}

pub(super) fn steps() -> Result<Curve, SetupError> {
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let (mut loading, mut running) = (Vec::new(), Vec::new());
    for steps in [10, 100, 1_000, 3_000, 10_000] {
        let text = scenario_of(steps);
        let catalogue = Catalogue::of(&[DEFAULT_CHIP], &["adult-default"], &["CIE-READ-001"]);
        let source = Source::new("bench.yaml", text.as_str());
        let seconds = quickest(|| match load(&source, &catalogue) {
            Ok(_) => Ok(()),
            Err(problems) => Err(format!("{problems:?}").into()),
        })?;
        loading.push((steps as f64, seconds * 1e3));
        let cases = cases_of(steps)?;
        all_pass(&cases, &cards, 1)?;
        let seconds = quickest(|| all_pass(&cases, &cards, 1))?;
        running.push((steps as f64, seconds * 1e3));
    }
    Ok(Curve {
        file: "scenario-steps",
        title: "One scenario: its steps",
        across: "steps of the scenario",
        up: "milliseconds",
        series: vec![series("load", loading), series("run", running)],
        straight: "in proportion to the steps",
    })
}

pub(super) fn cases() -> Result<Curve, SetupError> {
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let one = cases_of(20)?;
    let mut points = Vec::new();
    for count in [1_usize, 10, 100, 1_000, 10_000] {
        let cases: Vec<Case> = std::iter::repeat_n(&one, count)
            .flatten()
            .cloned()
            .collect();
        all_pass(&cases, &cards, 1)?;
        let seconds = quickest(|| all_pass(&cases, &cards, 1))?;
        points.push((count as f64, seconds * 1e3));
    }
    Ok(Curve {
        file: "cases",
        title: "One run: its cases, 20 steps each, one job",
        across: "cases",
        up: "milliseconds",
        series: vec![series("run", points)],
        straight: "in proportion to the cases",
    })
}

pub(super) fn jobs() -> Result<Curve, SetupError> {
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let one = cases_of(1_000)?;
    let cases: Vec<Case> = std::iter::repeat_n(&one, 32).flatten().cloned().collect();
    all_pass(&cases, &cards, 2)?;
    let mut points = Vec::new();
    for jobs in [1_usize, 2, 4, 8] {
        let seconds = quickest(|| all_pass(&cases, &cards, jobs))?;
        points.push((jobs as f64, 32.0 / seconds));
    }
    Ok(Curve {
        file: "jobs",
        title: "Throughput: jobs at once, on the processors of this machine",
        across: "jobs",
        up: "cases per second (1,000 steps each)",
        series: vec![series("run of 32 cases", points)],
        straight: "in proportion to the jobs",
    })
}
