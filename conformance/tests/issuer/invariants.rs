//! The invariants of the engine, E1 to E12 and O1 to O4, each a property over random histories of up to 64 acts.

use std::collections::{BTreeMap, BTreeSet};

use cie_conformance::issuer::account::AccountState;
use cie_conformance::issuer::clock::Timestamp;
use cie_conformance::issuer::outbox::Fault;
use cie_conformance::issuer::policy::{Field, Gate, Medium};
use cie_conformance::issuer::rules::{Charset, Class, SecretRules};
use cie_conformance::issuer::{
    Awaiting, Claims, CloseReason, Done, Effect, Input, Level, ProcedureId, Refusal, Standing,
};
use proptest::prelude::*;

use crate::acts::{Act, Answer, acts};
use crate::play::{Play, Seen, cards};
use crate::world::{Drive, at, begun, issuer, period};

fn is_over(standing: &Standing) -> bool {
    matches!(standing, Standing::Completed | Standing::Closed(_))
}

/// Names of the gates that each procedure has passed, in order, and the effects it had, checked as they come.
#[derive(Default)]
struct Passed(BTreeMap<ProcedureId, Vec<&'static str>>);

impl Passed {
    fn begin(&mut self, id: &ProcedureId) {
        self.0.entry(id.clone()).or_insert_with(|| vec!["identify"]);
    }

    fn pass(&mut self, id: &ProcedureId, gate: &'static str) {
        self.0.entry(id.clone()).or_default().push(gate);
    }

    fn step(&mut self, seen: &Seen) {
        if seen.outcome.reply.result == Ok(Done::Started) {
            self.begin(seen.outcome.reply.procedure.as_ref().expect("a procedure"));
        }
        for (id, before) in &seen.before {
            let cooled = matches!(before, Standing::Cooling(_))
                && matches!(seen.after[id], Standing::Awaiting(_) | Standing::Completed);
            if cooled {
                self.pass(id, "cooling");
            }
        }
        if let (true, Some(id)) = (Play::passed(seen), &seen.procedure)
            && let Standing::Awaiting(awaiting) = &seen.before[id]
        {
            self.pass(id, awaiting.gate());
        }
        for effect in &seen.outcome.effects {
            // Gates that pass by themselves do so in the procedure that the step is about.
            let by_itself = match effect {
                Effect::SecretIssued { .. } => "issue_secret",
                Effect::PukDisclosed { .. } => "disclose",
                _ => continue,
            };
            let id = seen.outcome.reply.procedure.as_ref().expect("a procedure");
            self.pass(id, by_itself);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn e1_what_is_over_stays_over_and_does_nothing(acts in acts()) {
        for seen in &Play::of(&acts).seen {
            for (id, before) in seen.before.iter().filter(|(_, it)| is_over(it)) {
                prop_assert_eq!(before, &seen.after[id]);
            }
            let over = seen.procedure.as_ref().is_some_and(|id| is_over(&seen.before[id]));
            if over {
                prop_assert!(seen.outcome.reply.result.is_err());
                prop_assert!(seen.outcome.effects.is_empty(), "{:?}", seen.outcome.effects);
            }
        }
    }

    #[test]
    fn e2_effects_come_after_every_gate_before_them_in_order(acts in acts()) {
        let play = Play::of(&acts);
        let mut passed = Passed::default();
        for seen in &play.seen {
            passed.step(seen);
            for effect in &seen.outcome.effects {
                let ends = matches!(effect, Effect::SecretSet { .. } | Effect::SecretIssued { .. } | Effect::PukDisclosed { .. } | Effect::Completed(_));
                if !ends { continue; }
                let id = seen.outcome.reply.procedure.as_ref().expect("a procedure");
                let names: Vec<&str> = play.policy(id).gates.iter().map(Gate::name).collect();
                let done = &passed.0[id];
                prop_assert!(names.starts_with(done), "{done:?} of {names:?}");
                if let Effect::Completed(id) = effect {
                    prop_assert_eq!(&passed.0[id], &names);
                }
            }
        }
    }

    #[test]
    fn e3_a_code_passes_once_and_only_the_newest_in_its_time(acts in acts()) {
        let play = Play::of(&acts);
        let mut used: BTreeSet<(ProcedureId, String)> = BTreeSet::new();
        let mut before = 0;
        for seen in &play.seen {
            if let (true, Some(given), Some(id)) = (Play::passed(seen), &seen.given, &seen.procedure) {
                prop_assert!(used.insert((id.clone(), given.clone())), "a code passed twice");
                let about = &play.begun[id];
                let template = format!("{}.code", about.policy);
                let own = play.engine.outbox().sent()[..before].iter().rev().find(|message| {
                    let addresses = crate::play::person(about.person).contacts;
                    message.template == template && addresses.get(message.channel) == Some(message.to.as_str())
                }).expect("a message");
                let newest = [own.var("code"), own.var("link")];
                prop_assert!(newest.contains(&Some(given.as_str())), "an older code passed");
                let gates = play.policy(id).gates.iter();
                let longest = gates.filter_map(|gate| match gate { Gate::Code(gate) => Some(gate.ttl), _ => None }).max();
                prop_assert!(seen.at < longest.expect("a code").after(own.at), "an expired code passed");
            }
            before += seen.outcome.effects.iter().filter(|it| matches!(it, Effect::Sent { .. })).count();
        }
    }

    #[test]
    fn e4_wrong_answers_are_counted_and_the_last_one_closes(acts in acts()) {
        let play = Play::of(&acts);
        let mut left: BTreeMap<(ProcedureId, &str, usize), u32> = BTreeMap::new();
        let mut passes: BTreeMap<ProcedureId, usize> = BTreeMap::new();
        for seen in &play.seen {
            let Some(id) = &seen.procedure else { continue };
            if Play::passed(seen) { *passes.entry(id.clone()).or_default() += 1; }
            let Some(tries) = seen.outcome.reply.tries_left() else { continue };
            let Standing::Awaiting(awaiting) = &seen.before[id] else { panic!("{seen:?}") };
            let key = (id.clone(), awaiting.gate(), passes.get(id).copied().unwrap_or_default());
            let expected = left.get(&key).copied().unwrap_or(3);
            prop_assert_eq!(tries, expected - 1, "three tries, each counted");
            prop_assert_eq!(tries == 0, seen.outcome.reply.is_closed());
            if tries == 0 {
                prop_assert_eq!(&seen.after[id], &Standing::Closed(CloseReason::Attempts));
            }
            left.insert(key, tries);
        }
    }

    #[test]
    fn e5_and_o4_no_more_procedures_than_the_limits_allow(acts in acts()) {
        let play = Play::of(&acts);
        let mut starts: BTreeMap<(&str, usize), Vec<Timestamp>> = BTreeMap::new();
        for seen in &play.seen {
            let mut open: BTreeMap<(&str, usize), u32> = BTreeMap::new();
            for (id, _) in seen.after.iter().filter(|(id, it)| !is_over(it) && play.engine.subject(id).is_some()) {
                let about = &play.begun[id];
                *open.entry((about.policy, about.person)).or_default() += 1;
            }
            for ((policy, _), count) in open {
                let limits = &play.engine.policies().get(policy).expect("a policy").limits;
                prop_assert!(count <= limits.open.value);
            }
            if seen.outcome.reply.result == Ok(Done::Started) {
                let id = seen.outcome.reply.procedure.as_ref().expect("a procedure");
                if play.engine.subject(id).is_none() { continue; }
                let about = &play.begun[id];
                let limits = &play.policy(id).limits;
                let all = starts.entry((about.policy, about.person)).or_default();
                all.push(seen.at);
                let window = all.iter().filter(|at| limits.starts.per.after(**at) > seen.at);
                prop_assert!(window.count() <= limits.starts.max.value as usize);
            }
        }
    }

    #[test]
    fn e6_nothing_secret_is_in_replies_and_audit(acts in acts()) {
        let play = Play::of(&acts);
        let mut secrets: BTreeSet<String> = play.known.values().flat_map(|(now, before)| [Some(now.clone()), before.clone()]).flatten().collect();
        for message in play.engine.outbox().sent() {
            secrets.extend(message.vars().filter_map(|name| message.var(name)).map(str::to_owned));
            let shown = format!("{message:?}");
            let leaked = shown.contains(message.var("code").unwrap_or("no code"));
            prop_assert!(!leaked, "{}", shown);
        }
        secrets.extend(cards().iter().map(|card| String::from_utf8_lossy(card.puk.reveal()).into_owned()));
        // Shorter ones occur in numbers by chance.
        let secrets: Vec<String> = secrets.into_iter().filter(|secret| secret.len() >= 6).collect();
        let lines = play.engine.audit().lines().iter().map(|line| format!("{} {} {}", line.about, line.what, line.outcome));
        let replies = play.seen.iter().map(|seen| format!("{} {:?}", seen.outcome.reply.message(), seen.outcome.reply.result));
        for text in lines.chain(replies) {
            prop_assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        }
        let shown = format!("{:?}", play.engine);
        let leaked = secrets.iter().find(|secret| shown.contains(&format!("\"{secret}\"")));
        prop_assert_eq!(leaked, None);
    }

    #[test]
    fn e7_parts_of_a_secret_go_separate_ways(acts in acts()) {
        let play = Play::of(&acts);
        for seen in &play.seen {
            let Some(Effect::SecretIssued { .. }) = seen.outcome.effects.iter().find(|it| matches!(it, Effect::SecretIssued { .. })) else { continue };
            let sent: Vec<u64> = seen.outcome.effects.iter().filter_map(|it| match it { Effect::Sent { seq, .. } => Some(*seq), _ => None }).collect();
            let parts: Vec<_> = sent.iter().filter_map(|seq| play.engine.outbox().message(*seq)).filter(|it| it.var("part").is_some()).collect();
            prop_assert_eq!(parts.len(), 2);
            prop_assert_ne!(parts[0].channel, parts[1].channel);
            prop_assert_ne!(&parts[0].to, &parts[1].to);
            prop_assert!(parts.iter().all(|part| part.var("part").map(str::len) == Some(8)));
        }
    }

    #[test]
    fn e8_strangers_hear_what_everybody_hears(script in prop::collection::vec((0..6_usize, 0..3_usize), 1..48)) {
        let (mut known, mut stranger) = (issuer(), issuer());
        let (mut ids, mut others) = (Vec::new(), Vec::new());
        for (what, which) in script {
            let mut replies = Vec::new();
            for (engine, email, ids) in [(&mut known, "mario.rossi@example.org", &mut ids), (&mut stranger, "nobody@example.org", &mut others)] {
                let id: Option<ProcedureId> = ids.iter().rev().nth(which).cloned();
                replies.push(match (what, id) {
                    (0, _) => {
                        let reply = engine.start("posteid-password", Claims::default().with(Field::Email, email));
                        ids.extend(reply.procedure.clone());
                        reply
                    }
                    (1, Some(id)) => engine.human(&id),
                    (2, Some(id)) => engine.submit(&id, Input::link("guess")).reply,
                    (3, Some(id)) => engine.submit(&id, Input::code("guess")).reply,
                    (4, Some(id)) => engine.happens(cie_conformance::issuer::Event::Resend { procedure: id }).reply,
                    _ => engine.advance(period(["PT20M", "PT1H", "P11D"][which])).reply,
                });
            }
            prop_assert_eq!(&replies[0], &replies[1]);
        }
        prop_assert!(stranger.outbox().sent().is_empty());
    }

    #[test]
    fn e9_the_same_history_gives_the_same_run_however_time_is_cut(acts in acts()) {
        let once = Play::of(&acts);
        let again = Play::of(&acts);
        prop_assert_eq!(once.engine.audit().to_string(), again.engine.audit().to_string());
        let mut fine = Play::new();
        for act in &acts {
            if let Act::Wait(length) = act {
                // The same wait, cut at every instant at which something is due.
                let end = period(length).after(fine.engine.now());
                while let Some(due) = fine.engine.next_due().filter(|due| *due < end) {
                    fine.engine.step(due, cie_conformance::issuer::Event::Tick);
                }
            }
            let wait = matches!(act, Act::Wait(_));
            if !wait { fine.act(act); continue; }
            let reached = once_reached(&once, fine.seen.len());
            fine.act(&Act::Past);
            fine.engine.step(reached, cie_conformance::issuer::Event::Tick);
        }
        prop_assert_eq!(once.engine.audit().to_string(), fine.engine.audit().to_string());
        prop_assert_eq!(once.engine.outbox().sent(), fine.engine.outbox().sent());
    }

    #[test]
    fn e10_time_does_not_go_back(acts in acts()) {
        let mut last = at("2021-05-01T09:00:00Z");
        for seen in &Play::of(&acts).seen {
            prop_assert!(seen.at >= last);
            if matches!(seen.act, Act::Past) {
                prop_assert_eq!(seen.at, last);
                prop_assert_eq!(&seen.before, &seen.after);
                prop_assert!(seen.outcome.effects.is_empty());
            }
            last = seen.at;
        }
    }

    #[test]
    fn e11_what_is_generated_meets_its_rules(seed: u64, min in 4..24_usize, more in 0..8_usize, which in 0..3_usize, classes: [bool; 4], run in prop::option::of(1..4_usize)) {
        let charset = [Charset::Digits, Charset::Alnum, Charset::Printable][which];
        let fits = |class: &Class| match charset {
            Charset::Digits => *class == Class::Digit,
            Charset::Alnum => matches!(class, Class::Digit | Class::Upper),
            Charset::Printable => true,
        };
        let all = [Class::Upper, Class::Lower, Class::Digit, Class::Symbol];
        let require = all.into_iter().zip(classes).filter(|(class, wanted)| *wanted && fits(class)).map(|(class, _)| class).collect();
        let rules = SecretRules { min, max: min + more, charset, require, max_run: run };
        let secret = rules.generated(seed, "a property");
        prop_assert_eq!(rules.broken(&secret), vec![]);
    }

    #[test]
    fn e12_the_old_secret_works_until_the_new_one_is_set(acts in acts()) {
        let mut play = Play::new();
        for act in &acts {
            play.act(act);
            for ((account, who), (now, before)) in &play.known {
                let mut probe = play.engine.clone();
                let person = crate::play::person(*who);
                let alias = match account.as_str() { "posteid" => person.contacts.email.clone().expect("an address").to_string(), _ => person.cf.clone().expect("a code") };
                let state = play.engine.registry().get(&person.nun).expect("somebody").account(account).state();
                let expected = match state {
                    AccountState::Active => Ok(Done::LoggedIn(Level::One)),
                    AccountState::Issued => Ok(Done::MustChange),
                    AccountState::NotActivated | AccountState::Suspended | AccountState::Revoked => Err(Refusal::Login),
                };
                prop_assert_eq!(probe.login(account, &alias, now).result, expected, "{} of {}", account, who);
                if let Some(before) = before.as_ref().filter(|before| *before != now) {
                    prop_assert_eq!(probe.login(account, &alias, before).result, Err(Refusal::Login));
                }
            }
        }
    }

    #[test]
    fn o1_messages_are_numbered_without_gaps_and_never_rewritten(acts in acts()) {
        let mut play = Play::new();
        let mut before = Vec::new();
        for act in &acts {
            play.act(act);
            let sent = play.engine.outbox().sent();
            prop_assert_eq!(&sent[..before.len()], &before[..]);
            prop_assert!(sent.iter().zip(1..).all(|(message, number)| message.seq == number));
            before = sent.to_vec();
        }
    }

    #[test]
    fn o2_no_fault_of_delivery_lets_a_code_pass_twice(acts in acts(), fault in prop::sample::select(vec![Fault::Duplicate, Fault::Reorder, Fault::Delay(period("PT5M"))])) {
        let mut play = Play::new();
        play.engine.outbox_mut().fault_all(Some(fault));
        acts.iter().filter(|act| !matches!(act, Act::Delivery(_))).for_each(|act| play.act(act));
        let mut used = BTreeSet::new();
        for seen in play.seen.iter().filter(|seen| Play::passed(seen)) {
            if let Some(given) = &seen.given {
                prop_assert!(used.insert((seen.procedure.clone(), given.clone())));
            }
        }
    }

    #[test]
    fn o3_without_messages_nobody_gets_anywhere(acts in acts()) {
        let mut play = Play::new();
        play.engine.outbox_mut().fault_all(Some(Fault::Drop));
        let honest = |act: &&Act| !matches!(act, Act::Delivery(_) | Act::Answer(_, Answer::Old(_)));
        acts.iter().filter(honest).for_each(|act| play.act(act));
        for effect in play.seen.iter().flat_map(|seen| &seen.outcome.effects) {
            let disclosed = matches!(effect, Effect::PukDisclosed { .. });
            prop_assert!(!disclosed);
            // Knowing the PIN, one changes it without messages; an issued one is of no use to anybody.
            if let Effect::SecretSet { account, .. } = effect {
                prop_assert_eq!(account.as_str(), "inps");
            }
        }
    }
}

/// The time a play had reached after so many steps.
fn once_reached(play: &Play, steps: usize) -> Timestamp {
    play.seen[steps].at
}

#[test]
fn random_histories_get_everywhere() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut steps, mut ends, mut gates) = (0, BTreeMap::<String, usize>::new(), BTreeSet::new());
    for _ in 0..300 {
        let acts = acts().new_tree(&mut runner).expect("a tree").current();
        let play = Play::of(&acts);
        steps += play.seen.len();
        for seen in &play.seen {
            for standing in seen.after.values() {
                if let Standing::Awaiting(awaiting) = standing {
                    gates.insert(awaiting.gate());
                }
            }
        }
        for id in &play.order {
            let end = match play.engine.standing(id).expect("a standing") {
                Standing::Completed => format!("completed {}", play.begun[id].policy),
                Standing::Closed(reason) => format!("closed {reason}"),
                Standing::Awaiting(_) | Standing::Cooling(_) => "open".to_owned(),
            };
            *ends.entry(end).or_default() += 1;
        }
    }
    for policy in crate::play::POLICIES {
        assert!(
            ends.contains_key(&format!("completed {policy}")),
            "{policy}: {ends:?}"
        );
    }
    for reason in ["expired", "attempts", "proof", "revoked", "superseded"] {
        assert!(
            ends.contains_key(&format!("closed {reason}")),
            "{reason}: {ends:?}"
        );
    }
    assert_eq!(gates.len(), 5, "{gates:?}");
    println!(
        "trust: issuer histories: {steps} steps, 300 runs, 7 policies, {} ends",
        ends.len()
    );
}

#[test]
fn a_challenge_is_there_only_where_a_proof_is_waited_for() {
    let mut issuer = issuer();
    let id = begun(&issuer.start("cie-puk", crate::walks::puk_claims()));
    let proof = crate::walks::proof(&issuer, &id);
    assert!(matches!(
        issuer.standing(&id),
        Some(Standing::Awaiting(Awaiting::Proof { .. }))
    ));
    issuer.submit(&id, proof.clone());
    assert!(matches!(issuer.standing(&id), Some(Standing::Cooling(_))));
    issuer.advance(period("PT48H"));
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    issuer.submit(&id, Input::code(&code));
    let replayed = issuer.submit(&id, proof);
    assert_eq!(replayed.reply.result, Err(Refusal::Proof));
    assert_eq!(
        replayed.reply.standing,
        Some(Standing::Closed(CloseReason::Proof))
    );
}
