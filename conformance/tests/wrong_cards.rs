//! A judge that lets a wrong card pass is worthless: every deliberately wrong card is failed by at least one shipped
//! scenario, and the scenario cites the requirement that the card breaks. The right card passes the very same scenarios.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use cie_conformance::report::model::{CaseResult, Verdict};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Case, Catalogue, load};
use cie_emulator::card::{Defect, Flaw};
use rstest::rstest;

static SUITE: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let catalogue = Catalogue::embedded().unwrap_or_else(|problems| panic!("{problems}"));
    let files = cie_conformance::scenario::embedded::scenario_files();
    let cases = files.iter().flat_map(|file| {
        let loaded = load(file, &catalogue).unwrap_or_else(|problems| panic!("{problems}"));
        loaded.cases
    });
    cases.collect()
});

/// Runs every shipped case that cites the requirement.
fn judged(requirement: &str, flaw: Flaw) -> Vec<CaseResult> {
    let cases = SUITE.iter();
    let cites = |case: &&Case| case.requirements().any(|id| id == requirement);
    let cases: Vec<Case> = cases.filter(cites).cloned().collect();
    let cards = EmbeddedCards::altered(DEFAULT_CHIP, move |image| image.flaw = flaw);
    let calm = AtomicBool::new(false);
    run(
        &cases,
        &cards,
        &Options::default(),
        &BTreeSet::new(),
        &Silent,
        &calm,
    )
    .cases
}

fn names(results: &[CaseResult], verdict: Verdict) -> Vec<String> {
    let results = results.iter().filter(|result| result.verdict == verdict);
    results.map(CaseResult::name).collect()
}

#[rstest]
#[case(Defect::CompareFirst, "CIE-PIN-020")]
#[case(Defect::PinNeverBlocks, "CIE-PIN-005")]
#[case(Defect::PukNeverBlocks, "CIE-PUK-005")]
#[case(Defect::TriesNotRestored, "CIE-PIN-006")]
#[case(Defect::ChangeCostsNothing, "CIE-PIN-014")]
#[case(Defect::WrongLengthCosts, "CIE-PIN-009")]
#[case(Defect::PukBackAtPowerOn, "CIE-PUK-006")]
#[case(Defect::UnblockWithoutPuk, "CIE-PUK-003")]
#[case(Defect::PukUsedUpByUnblock, "CIE-PUK-012")]
#[case(Defect::UnblockVerifiesPin, "CIE-PUK-013")]
#[case(Defect::PinFlagSurvivesReset, "CIE-PIN-022")]
#[case(Defect::VerifyInPlain, "CIE-PIN-007")]
#[case(Defect::CounterLies, "CIE-PIN-002")]
#[case(Defect::ChecksumUnchecked, "CIE-SM-003")]
#[case(Defect::CounterStandsStill, "CIE-SM-014")]
#[case(Defect::PlainErrors, "CIE-SM-002")]
#[case(Defect::ErrorKeepsSession, "CIE-SM-010")]
#[case(Defect::PlainKeepsSession, "CIE-SM-011")]
#[case(Defect::DataNeedsLe, "CIE-SM-013")]
#[case(Defect::PaddingUnchecked, "CIE-SM-009")]
#[case(Defect::NoCounterJump, "CIE-DAPP-009")]
#[case(Defect::CertificateUnchecked, "CIE-DAPP-002")]
#[case(Defect::ProofUnchecked, "CIE-DAPP-005")]
#[case(Defect::ChallengeNotConsumed, "CIE-DAPP-006")]
#[case(Defect::ChallengeConstant, "CIE-DAPP-003")]
#[case(Defect::ExponentConstant, "CIE-DH-007")]
#[case(Defect::VerifyWithoutDevice, "CIE-PIN-008")]
#[case(Defect::CertificateReadable, "CIE-FILE-003")]
#[case(Defect::SignsWithoutPin, "CIE-SIGN-003")]
#[case(Defect::DigestInfoAdded, "CIE-SIGN-002")]
#[case(Defect::ServicesNeedPin, "CIE-NIS-001")]
#[case(Defect::LockTakesServices, "CIE-NIS-008")]
#[case(Defect::WarningForAll, "CIE-READ-003")]
#[case(Defect::NoWarningAtEnd, "CIE-READ-002")]
#[case(Defect::SuccessBeyondEnd, "CIE-READ-004")]
#[case(Defect::UnknownNameSelected, "CIE-SEL-006")]
#[case(Defect::FailedSelectLosesFile, "CIE-SEL-009")]
#[case(Defect::SelectionSurvivesReset, "CIE-SEL-014")]
#[case(Defect::ClassIgnored, "CIE-WIRE-002")]
#[case(Defect::UnknownInstructionOk, "CIE-WIRE-003")]
#[case(Defect::ChainNotAborted, "CIE-CHAIN-006")]
#[case(Defect::DocumentOpen, "ICAO-B-19")]
#[case(Defect::AccessUnchecked, "ICAO-C-03")]
#[case(Defect::AccessChallengeKept, "ICAO-C-04")]
#[case(Defect::NonceConstant, "CIE-DOC-012")]
#[case(Defect::TokenUnchecked, "ICAO-P-35")]
#[case(Defect::InterruptedPaceGoesOn, "ICAO-P-60")]
#[case(Defect::ChipKeysKept, "ICAO-I-02")]
#[case(Defect::ChipCounterKept, "CIE-DOC-013")]
#[case(Defect::FingerprintsOpen, "CIE-DOC-004")]
#[case(Defect::TerminalProofUnchecked, "CIE-DOC-006")]
#[case(Defect::RightsIgnored, "CIE-DOC-004")]
#[case::document_checksum(Defect::ChecksumUnchecked, "ICAO-C-13")]
#[case::document_session(Defect::ErrorKeepsSession, "ICAO-C-18")]
#[case::document_plain(Defect::PlainKeepsSession, "ICAO-C-16")]
#[case::document_counter(Defect::CounterStandsStill, "ICAO-C-14")]
fn is_caught(#[case] defect: Defect, #[case] requirement: &str) {
    let right = judged(requirement, Flaw::default());
    assert!(!right.is_empty(), "no shipped scenario cites {requirement}");
    assert_eq!(
        names(&right, Verdict::Failed),
        [""; 0],
        "the right card fails"
    );
    let wrong = judged(requirement, Flaw::of(defect));
    let caught = names(&wrong, Verdict::Failed);
    assert!(
        !caught.is_empty(),
        "{defect:?} passes all of {:?}",
        names(&wrong, Verdict::Passed)
    );
}

/// The table above misses no defect: one is added, the compiler does not ask, this does.
#[test]
fn every_defect_is_in_the_table() {
    let table = include_str!("wrong_cards.rs");
    for defect in Defect::ALL {
        let row = format!("#[case(Defect::{defect:?}, \"");
        assert!(table.contains(&row), "{defect:?} has no row");
    }
}
