//! The runner behind the guard, on a target that pretends to be a physical card: one card for the whole run, no look inside,
//! and every byte through the wall. Whatever is allowed, no case leaves the card worse than it found it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use cie_conformance::guard::{
    Allowances, CardIdentity, Guard, Guarded, Secrets, Setup as GuardSetup, SharedGuard,
};
use cie_conformance::report::model::{CaseResult, StopKind, Verdict};
use cie_conformance::run::{EmbeddedCards, Facts, Finished, Options, Provider, Setup, Silent, run};
use cie_conformance::scenario::model::CodeName;
use cie_conformance::scenario::{Case, Catalogue, Source, embedded, load};
use cie_conformance::target::{Embedded, Reset, Target, TargetError, TargetKind};
use cie_emulator::Card;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::persona::{Persona, personalise};

/// The one card, shared by everybody who holds a handle to it.
#[derive(Clone)]
struct Physical(Arc<Mutex<Embedded>>);

impl Target for Physical {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }
    fn describe(&self) -> String {
        "a card that pretends to be physical".to_owned()
    }
    fn power_off(&mut self) -> Result<(), TargetError> {
        self.0.lock().unwrap().power_off()
    }
    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.0.lock().unwrap().reset(reset)
    }
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        self.0.lock().unwrap().transmit(command, response)
    }
}

struct Reader {
    card: Physical,
    facts: Arc<Facts>,
    guard: SharedGuard,
}

impl Reader {
    fn new(allow: &str) -> Self {
        let persona = Persona::builtin("adult-default").unwrap();
        let data = personalise(&persona).unwrap();
        let image = data
            .clone()
            .into_image(chip("bit4id2").unwrap(), Profile::with([]).unwrap());
        let image = Arc::new(image.unwrap());
        let facts = Arc::new(Facts::of(&persona, &data, &image).unwrap());
        let card = Card::new(image, Box::new(Seeded::new(9)));
        let setup = GuardSetup {
            allow: if allow.is_empty() {
                Allowances::default()
            } else {
                allow.parse().unwrap()
            },
            secrets: Secrets::none()
                .with(CodeName::Pin, "12345678".parse().unwrap())
                .with(CodeName::Puk, "87654321".parse().unwrap()),
            ..GuardSetup::default()
        };
        let mut guard = Guard::new(TargetKind::Reader, setup);
        guard
            .card_present(CardIdentity::default().with_nis(*b"123456789012"))
            .unwrap();
        Self {
            card: Physical(Arc::new(Mutex::new(Embedded::of(card, String::new())))),
            facts,
            guard: SharedGuard::new(guard),
        }
    }

    /// Tries of PIN and PUK, and whether the lab's PIN is in force: seen from inside, which no reader can.
    fn counters(&self) -> (u8, u8) {
        let state = self.card.0.lock().unwrap().state().unwrap();
        (state.pin_tries.unwrap(), state.puk_tries.unwrap())
    }

    fn digest(&self) -> [u8; 32] {
        self.card
            .0
            .lock()
            .unwrap()
            .state()
            .unwrap()
            .persistent_digest
    }
}

impl Provider for Reader {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }
    fn describe(&self) -> String {
        self.card.describe()
    }
    fn capacity(&self) -> usize {
        1
    }
    fn guard(&self) -> Option<SharedGuard> {
        Some(self.guard.clone())
    }
    fn card(&self, _: &Case, _: u64) -> Result<Setup, String> {
        Ok(Setup {
            target: Box::new(Guarded::new(self.card.clone(), self.guard.clone())),
            facts: Arc::clone(&self.facts),
            profile: None,
            chip: Some(chip("bit4id2").unwrap()),
        })
    }
}

fn suite(folders: &[&str]) -> Vec<Case> {
    let catalogue = Catalogue::embedded().unwrap();
    let files = embedded::scenario_files();
    let cases = files
        .iter()
        .flat_map(|file| load(file, &catalogue).unwrap().cases);
    cases
        .filter(|case| folders.iter().any(|folder| case.id.starts_with(folder)))
        .collect()
}

fn judge(reader: &Reader, cases: &[Case]) -> Finished {
    let options = Options::default();
    run(
        cases,
        reader,
        &options,
        &BTreeSet::new(),
        &Silent,
        &AtomicBool::new(false),
    )
}

fn with(results: &[CaseResult], verdict: Verdict) -> Vec<&CaseResult> {
    results
        .iter()
        .filter(|result| result.verdict == verdict)
        .collect()
}

#[test]
fn without_permission_only_harmless_cases_run_and_nothing_changes() {
    let reader = Reader::new("");
    let before = reader.digest();
    let finished = judge(&reader, &suite(&["pin/", "puk/", "services/", "select/"]));
    assert_eq!(reader.digest(), before);
    for case in &finished.cases {
        let ran = !matches!(case.verdict, Verdict::Skipped | Verdict::NotApplicable);
        assert!(
            !ran || case.hazard == "none",
            "{} has hazard {} and ran",
            case.name(),
            case.hazard
        );
    }
    assert!(!with(&finished.cases, Verdict::Passed).is_empty());
    let skipped = with(&finished.cases, Verdict::Skipped);
    assert!(skipped.len() > 20, "{} skipped", skipped.len());
    let says_how = |case: &&&CaseResult| {
        case.reason.as_deref().unwrap().contains("--allow")
            || case.reason.as_deref().unwrap().contains("--sacrificial")
    };
    assert_eq!(
        skipped.iter().filter(says_how).count(),
        skipped.len(),
        "every skip says which flag would allow it"
    );
    assert!(finished.stopped.is_none());
}

/// The watch looks at the card after every case: whatever ran, the tries that were found are there again.
#[test]
fn with_every_permission_but_the_last_the_card_is_left_as_it_was() {
    let reader = Reader::new("burns_pin,writes,blocks_pin");
    let before = reader.digest();
    let mut dangerous = 0;
    for case in suite(&["pin/", "puk/"]) {
        let finished = judge(&reader, std::slice::from_ref(&case));
        let ran = |case: &&CaseResult| case.hazard != "none" && case.verdict == Verdict::Passed;
        dangerous += finished.cases.iter().filter(ran).count();
        let (pin, puk) = reader.counters();
        assert!(puk > 5, "{}: {puk} tries of the PUK are left", case.name());
        if finished
            .stopped
            .as_ref()
            .is_some_and(|stop| stop.kind == StopKind::Refused)
        {
            panic!("{} shut the run: {:?}", case.name(), finished.stopped);
        }
        assert!(pin >= 1, "{}: the PIN is blocked", case.name());
    }
    assert!(
        dangerous >= 10,
        "{dangerous} dangerous cases ran and passed"
    );
    assert_eq!(
        reader.digest(),
        before,
        "the lab's PIN is in force and no try is missing"
    );
}

/// The embedded card and the same card behind the guard agree wherever both give a judgement.
#[test]
fn verdicts_are_those_of_the_embedded_card() {
    let cases = suite(&["services/", "read/", "sod/"]);
    let reader = Reader::new("");
    let guarded = judge(&reader, &cases);
    let cards = EmbeddedCards::new("bit4id2");
    let free = run(
        &cases,
        &cards,
        &Options::default(),
        &BTreeSet::new(),
        &Silent,
        &AtomicBool::new(false),
    );
    let mut compared = 0;
    for (guarded, free) in guarded.cases.iter().zip(&free.cases) {
        if matches!(guarded.verdict, Verdict::Passed | Verdict::Failed) {
            assert_eq!(
                guarded.verdict,
                free.verdict,
                "{}: {:?}",
                guarded.name(),
                guarded.reason
            );
            compared += 1;
        }
    }
    assert!(compared > 5, "{compared} cases were compared");
}

/// Whatever is allowed, a scenario that cuts the power in the middle of a write says nothing about a card in a reader.
#[test]
fn power_is_cut_in_no_physical_card() {
    let text = "cie-scenario: 1\nid: tear/own\ntitle: own\nrequirements: [CIE-RST-006]\nhazard: none\nsteps:\n  - select: ias\n  - tear: { at: pin_try_taken, side: before }\n";
    let source = Source::new("tear/own.yaml", text);
    let cases = load(&source, &Catalogue::embedded().unwrap())
        .unwrap()
        .cases;
    let reader = Reader::new("burns_pin,writes,blocks_pin");
    let finished = judge(&reader, &cases);
    let [case] = &finished.cases[..] else {
        panic!("one case")
    };
    assert_eq!(case.verdict, Verdict::NotApplicable);
    let reason = case.reason.as_deref().unwrap();
    assert!(
        reason.contains("only the embedded emulator can"),
        "{reason}"
    );
}
