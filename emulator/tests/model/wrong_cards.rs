//! A machine that lets a wrong card pass is worthless: every deliberately wrong card whose flaw lies where the machine looks
//! must answer one of its lives differently, in no more steps than the right card passes.

use super::{Bench, SEED, STEPS};
use cie_emulator::card::{Defect, Flaw};

/// Flaws of the travel document's own protocols, which this machine does not speak.
const ELSEWHERE: [Defect; 10] = [
    Defect::AccessUnchecked,
    Defect::AccessChallengeKept,
    Defect::NonceConstant,
    Defect::TokenUnchecked,
    Defect::InterruptedPaceGoesOn,
    Defect::ChipKeysKept,
    Defect::ChipCounterKept,
    Defect::FingerprintsOpen,
    Defect::TerminalProofUnchecked,
    Defect::RightsIgnored,
];

#[test]
fn every_wrong_card_is_found_out() {
    let defects = Defect::ALL
        .into_iter()
        .filter(|defect| !ELSEWHERE.contains(defect));
    let (mut found, mut missed, mut most) = (0, Vec::new(), 0);
    for defect in defects {
        let bench = Bench::new(|image| image.flaw = Flaw::of(defect));
        let (coverage, result) = bench.run(STEPS, SEED, 0);
        match result {
            Err(difference) => {
                found += 1;
                most = most.max(coverage.steps);
                let difference: String = difference.chars().take(200).collect();
                println!("  {defect:?}: {} steps, {difference}", coverage.steps);
            }
            Ok(()) => missed.push(defect),
        }
    }
    println!(
        "trust: model_defects: {found} wrong cards found out, {} missed, each within {most} steps",
        missed.len()
    );
    assert!(missed.is_empty(), "taken for right: {missed:?}");
}
