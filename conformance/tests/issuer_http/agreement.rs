//! H-1: whatever scenario there is at the issuer, walked over HTTP it leaves the same audit as in a run of the judge, to the byte.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use cie_conformance::issuer::audit::Audit;
use cie_conformance::report::model::{CaseResult, Verdict};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Observer, Options, run};
use cie_conformance::scenario::Case;
use cie_conformance::suite::{Suite, select};

use crate::client::Rehearsal;
use crate::steps::Walk;

/// Keeps what happened at the issuers of a run.
#[derive(Default)]
struct Auditor(Mutex<BTreeMap<String, String>>);

impl Observer for Auditor {
    fn case_finished(&self, _: &CaseResult) {}

    fn issuer_closed(&self, case: &Case, audit: &Audit) {
        let mut audits = self.0.lock().unwrap();
        audits.insert(case.name(), audit.to_string());
    }
}

fn cases() -> Vec<Case> {
    let suite = Suite::embedded().unwrap();
    select(&suite, &["issuer".to_owned()]).unwrap().cases
}

/// The audits of a run in one process, by the names of cases.
fn in_process(cases: &[Case]) -> BTreeMap<String, String> {
    let auditor = Auditor::default();
    let finished = run(
        cases,
        &EmbeddedCards::new(DEFAULT_CHIP),
        &Options::default(),
        &BTreeSet::new(),
        &auditor,
        &AtomicBool::new(false),
    );
    for case in &finished.cases {
        assert_eq!(case.verdict, Verdict::Passed, "{}", case.name());
    }
    auditor.0.into_inner().unwrap()
}

#[test]
fn every_scenario_at_the_issuer_leaves_the_same_audit_over_http() {
    let cases = cases();
    let audits = in_process(&cases);
    assert_eq!(audits.len(), cases.len(), "every case has an issuer");
    let (mut steps, mut lines) = (0, 0);
    let (mut answers, mut secrets) = (0, 0);
    for case in &cases {
        let name = case.name();
        let walk = Walk::through(case, Options::default().seed_of(&name));
        let audit = walk.rehearsal.audit();
        assert_eq!(audit, audits[&name], "{name}");
        assert_eq!(audit, walk.rehearsal.service.audit(), "{name}");
        let sent = sent(&walk.rehearsal);
        let heard = walk.rehearsal.heard.borrow();
        for secret in &sent {
            assert!(!audit.contains(secret), "{name}: the audit");
            for body in heard.iter() {
                let body = String::from_utf8_lossy(body);
                assert!(!body.contains(secret), "{name}: {body}");
            }
        }
        answers += heard.len();
        secrets += sent.len();
        steps += walk.steps;
        lines += audit.lines().count();
    }
    let scenarios = cases.len();
    println!(
        "trust: issuer over HTTP: {steps} steps, {scenarios} cases, {lines} audit lines as in process"
    );
    println!(
        "trust: issuer over HTTP, secrets: {secrets} secrets sent, in none of {answers} answers and {lines} audit lines"
    );
    assert!(secrets > 50, "{secrets} secrets are too few to tell");
}

/// Everything that was in messages: it is for letterboxes, and nowhere else.
fn sent(rehearsal: &Rehearsal) -> Vec<String> {
    let sent = rehearsal.known("/v1/sent");
    let messages = sent["messages"].as_array().unwrap().iter();
    let vars = messages.flat_map(|message| message["vars"].as_object().unwrap().values());
    vars.map(|secret| secret.as_str().unwrap().to_owned())
        .collect()
}

/// Another seed, other codes; the same seed, the same ones.
#[test]
fn the_same_seed_sends_the_same_codes() {
    let code = |seed| {
        let rehearsal = Rehearsal::open(crate::client::OPENS, seed);
        crate::repeated::to_the_code(&rehearsal);
        let sent = rehearsal.known("/v1/sent");
        sent["messages"][0]["vars"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(code(7), code(7));
    assert_ne!(code(7), code(8));
}
