//! Small models searched to their end: from every situation that can be reached, everything that can be done, up to a depth.
//! What is promised is checked at every step, and the numbers are printed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cie_conformance::issuer::policy::Gate;
use cie_conformance::issuer::{Awaiting, Done, Effect, Standing};
use rstest::rstest;

use crate::acts::{Act, Answer};
use crate::play::{POLICIES, Play};
use crate::world::issuer_at;

/// What can be done in a model of one policy and one person.
fn alphabet(policy: usize, waits: &[&'static str]) -> Vec<Act> {
    let mut acts = vec![
        Act::Start(policy, 0, true),
        Act::Answer(0, Answer::Right),
        Act::Answer(0, Answer::Wrong),
        Act::Answer(0, Answer::Careless),
        Act::Answer(0, Answer::Old(1)),
        Act::Answer(0, Answer::Replay(1)),
        // The procedure before the newest, which a newer start has closed.
        Act::Answer(1, Answer::Right),
        Act::Resend(0),
    ];
    acts.extend(waits.iter().map(|length| Act::Wait(length)));
    acts
}

/// The gates a procedure must have been seen to pass before its last effect.
fn expected(policy: &str) -> Vec<&'static str> {
    let policies = crate::world::policies();
    let gates = &policies.get(policy).expect("a policy").gates;
    gates
        .iter()
        .map(Gate::name)
        .filter(|name| *name != "identify")
        .collect()
}

#[derive(Default)]
struct Search {
    transitions: usize,
    disclosures: usize,
    standings: BTreeSet<String>,
}

impl Search {
    /// The promises that one step must keep; `path` are the acts that lead up to it.
    fn check(&mut self, play: &Play, path: &[Act]) {
        self.transitions += 1;
        let Some(seen) = play.seen.last() else {
            return;
        };
        for (id, before) in &seen.before {
            let over = matches!(before, Standing::Completed | Standing::Closed(_));
            assert!(!over || seen.after[id] == *before, "E1: {path:?}");
        }
        let live = seen
            .after
            .values()
            .filter(|it| !matches!(it, Standing::Completed | Standing::Closed(_)));
        assert!(live.count() <= 1, "E5: {path:?}");
        for standing in seen.after.values() {
            self.standings.insert(kind(standing));
        }
        let ends = |effect: &&Effect| {
            matches!(
                effect,
                Effect::PukDisclosed { .. } | Effect::SecretSet { .. }
            )
        };
        if seen.outcome.effects.iter().any(|effect| ends(&effect)) {
            self.disclosures += 1;
            let id = seen.outcome.reply.procedure.as_ref().expect("a procedure");
            let passed = passes(play, id);
            let all = expected(play.begun[id].policy);
            assert_eq!(passed, all, "E2: {path:?}");
        }
    }
}

/// The gates a procedure has passed, by answers and by waiting.
fn passes(play: &Play, id: &cie_conformance::issuer::ProcedureId) -> Vec<&'static str> {
    let mut gates = Vec::new();
    for seen in &play.seen {
        let before = seen.before.get(id);
        if let Some(Standing::Cooling(_)) = before
            && matches!(seen.after.get(id), Some(Standing::Awaiting(_)))
        {
            gates.push("cooling");
        }
        let about = seen.outcome.reply.procedure.as_ref() == Some(id);
        if let (true, Ok(Done::Passed), Some(Standing::Awaiting(awaiting))) =
            (about, &seen.outcome.reply.result, before)
        {
            gates.push(awaiting.gate());
        }
        for effect in seen.outcome.effects.iter().filter(|_| about) {
            match effect {
                Effect::SecretIssued { .. } => gates.push("issue_secret"),
                Effect::PukDisclosed { .. } => gates.push("disclose"),
                _ => {}
            }
        }
    }
    gates
}

fn kind(standing: &Standing) -> String {
    match standing {
        Standing::Awaiting(Awaiting::Proof { .. }) => "proof".to_owned(),
        Standing::Awaiting(awaiting) => awaiting.gate().to_owned(),
        Standing::Cooling(_) => "cooling".to_owned(),
        Standing::Completed => "completed".to_owned(),
        Standing::Closed(reason) => format!("closed {reason}"),
    }
}

#[rstest]
#[case::cie_puk("cie-puk", &["PT3M", "PT48H", "P8D"], 7)]
#[case::cie_password("cie-password", &["PT10M", "PT2H"], 7)]
#[case::posteid_password("posteid-password", &["PT10M", "P2D"], 8)]
#[case::inps_pin_reset("inps-pin-reset", &["PT24H", "P31D"], 8)]
fn every_way_through_keeps_the_promises(
    #[case] policy: &str,
    #[case] waits: &[&'static str],
    #[case] depth: usize,
) {
    let place = POLICIES
        .iter()
        .position(|it| *it == policy)
        .expect("a policy");
    let alphabet = alphabet(place, waits);
    let mut search = Search::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let start = Play::with(issuer_at("2021-05-01T09:00:00Z"));
    let mut queue: VecDeque<(Vec<Act>, Play)> = VecDeque::from([(Vec::new(), start)]);
    while let Some((path, before)) = queue.pop_front() {
        for act in &alphabet {
            let mut play = before.clone();
            let steps = play.seen.len();
            play.act(act);
            if play.seen.len() == steps {
                continue;
            }
            let mut longer = path.clone();
            longer.push(act.clone());
            search.check(&play, &longer);
            let situation = play.engine.situation();
            let new = !known.contains_key(&situation);
            known.entry(situation).or_insert(longer.len());
            if new && longer.len() < depth {
                queue.push_back((longer, play));
            }
        }
    }
    assert!(search.disclosures > 0, "no way leads to the end");
    for name in ["completed", "closed expired", "closed superseded"] {
        assert!(
            search.standings.contains(name),
            "{name}: {:?}",
            search.standings
        );
    }
    println!(
        "trust: issuer: {} states, {policy}, {} transitions, {} ends with a secret, every way of at most {depth} acts",
        known.len(),
        search.transitions,
        search.disclosures
    );
}
