//! Whatever is typed into a walk: nothing panics, there is always something to type next, and the audit keeps no code, even where
//! the conversation shows it.

use std::collections::BTreeSet;

use cie_conformance::issuer::walk::{Condition, Outcome, Tone, Walk, Wish};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use crate::play::POLICIES;
use crate::world::{people, policies};

const COMMANDS: [&str; 16] = [
    "advance",
    "advance 10m",
    "advance 48h",
    "advance 9999999999h",
    "until 2026-03-04T09:00:00Z",
    "until 9999-12-31T00:00:00Z",
    "outbox",
    "audit",
    "state",
    "resend",
    "again",
    "help",
    "login CA00000AA Sample-Card-1",
    "login RSSMRA80A01H501U AB12CD34 send",
    "other",
    "=",
];

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(String::new()),
        2 => prop::sample::select(&COMMANDS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,24}",
    ]
}

fn walk(policy: &str, seed: u64, card: Condition) -> Walk {
    let wish = Wish {
        policy: policy.to_owned(),
        person: None,
        at: None,
        channel: None,
        seed,
        card,
    };
    Walk::new(policies().as_ref().clone(), people(), &wish).expect("a walk")
}

/// The codes, links and parts that a conversation has shown.
fn shown(text: &str, codes: &mut BTreeSet<String>) {
    let words: Vec<&str> = text.split([' ', ',']).filter(|it| !it.is_empty()).collect();
    for pair in words.windows(2) {
        let names = ["code", "link", "part"];
        // Four digits stand in instants and numbers of lines too.
        if let [name, value] = pair
            && names.contains(name)
            && value.len() >= 6
        {
            codes.insert((*value).to_owned());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_there_is_something_to_type_next(
        policy in prop::sample::select(&POLICIES[..]),
        seed in any::<u64>(),
        document_only in any::<bool>(),
        lines in prop::collection::vec(line(), 1..40),
    ) {
        let card = if document_only { Condition::DocumentOnly } else { Condition::PinBlocked };
        let mut walk = walk(policy, seed, card);
        assert!(!walk.opening().is_empty());
        let mut codes = BTreeSet::new();
        for line in &lines {
            for said in walk.hear(line) {
                assert!(!said.text.contains('\n'), "{:?}", said.text);
                if said.tone == Tone::Letter {
                    shown(&said.text, &mut codes);
                }
            }
            assert!(walk.prompt().ends_with("> "), "{line:?}: {:?}", walk.prompt());
            if walk.is_left() {
                break;
            }
        }
        let audit: Vec<String> = walk.hear("audit").into_iter().map(|it| it.text).collect();
        for (line, code) in audit.iter().flat_map(|line| codes.iter().map(move |code| (line, code))) {
            assert!(!line.contains(code.as_str()), "{line}");
        }
    }

    /// The next line after a wrong one may be right: nothing that is typed once keeps a person from the end.
    #[test]
    fn enter_leads_to_an_end_from_wherever_one_is(
        policy in prop::sample::select(&POLICIES[..]),
        lines in prop::collection::vec("[ -~]{0,12}", 0..4),
    ) {
        let mut walk = walk(policy, 3, Condition::Operational);
        for line in &lines {
            walk.hear(line);
        }
        if walk.is_left() {
            return Ok(());
        }
        walk.hear("again");
        for _ in 0..12 {
            walk.hear("");
        }
        let limited = walk.hear("audit").iter().any(|it| it.text.contains("too many requests"));
        assert!(limited || walk.outcome() == Outcome::Completed, "{policy} {lines:?}: {:?}", walk.outcome());
    }
}
