//! The promises of the recovery, each by its number, with real cards of several citizens in several states.

use cie_conformance::issuer::Event;
use cie_conformance::issuer::registry::DocumentState;
use cie_conformance::issuer::wire::{Answer, Request, otp_hash};
use cie_conformance::terminal::ias::Reference;
use cie_crypto::pkcs1::sign_type1;
use cie_emulator::wire::StatusWord;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::sample::select;
use rstest::rstest;

use crate::lab::{Lab, card, citizen, opened, period, refused, terminal, verify, verify_puk};

const PERSONAS: [&str; 4] = [
    "adult-default",
    "adult-seeded",
    "adult-modern",
    "adult-sod-pss",
];

/// A wrong code, one digit off.
fn wrong(digits: &[u8; 8]) -> [u8; 8] {
    let mut wrong = *digits;
    wrong[7] = if wrong[7] == b'9' { b'0' } else { wrong[7] + 1 };
    wrong
}

fn counters(lab: &mut Lab) -> (Option<u8>, Option<u8>, [u8; 32]) {
    let state = lab
        .terminal
        .state()
        .expect("a card that can be looked into");
    (state.pin_tries, state.puk_tries, state.persistent_digest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// R1: the halves are the eight digits that the card takes.
    #[test]
    fn r1_the_halves_are_the_puk_of_the_card(persona in select(&PERSONAS[..]), seed in any::<u64>()) {
        let data = citizen(persona);
        let mut lab = Lab::new(&data, card(&data), seed);
        let puk = lab.recovered();
        assert_eq!(verify_puk(&mut lab.terminal, &puk), StatusWord::NO_ERROR);
    }

    /// R5: every challenge is new, and a signature over one passes for no other.
    #[test]
    fn r5_a_signature_passes_for_its_own_challenge_only(seed in any::<u64>()) {
        let data = citizen("adult-default");
        let mut lab = Lab::new(&data, card(&data), seed);
        let mut challenges = Vec::new();
        for _ in 0..2 {
            lab.go_to_the_second_proof();
            challenges.push(lab.client.challenge.clone());
            let old = lab.client.signatures.last().expect("a signature").clone();
            assert_eq!(refused(&lab.a04(old)), ("proof".to_owned(), true));
        }
        lab.a01();
        challenges.push(lab.client.challenge.clone());
        let old = lab.client.signatures.first().expect("a signature").clone();
        assert_eq!(refused(&lab.a02(old)), ("proof".to_owned(), true));
        challenges.sort();
        challenges.dedup();
        assert_eq!(challenges.len(), 3);
        assert!(challenges.iter().all(|challenge| challenge.len() == 16));
    }

    /// Bytes that are no signature prove nothing, whatever their length.
    #[test]
    fn noise_proves_nothing(seed in any::<u64>(), noise in prop::collection::vec(any::<u8>(), 1..400)) {
        let data = citizen("adult-default");
        let mut lab = Lab::new(&data, card(&data), seed);
        lab.a01();
        assert_eq!(refused(&lab.a02(noise)), ("proof".to_owned(), true));
    }
}

/// R7 and R8: no counter is touched, no code is needed, in whatever state the card is; and where the PUK is exhausted, the
/// right one is refused all the same.
#[rstest]
#[case::operational(0, 0, StatusWord::NO_ERROR)]
#[case::pin_blocked(3, 0, StatusWord::NO_ERROR)]
#[case::last_try_of_the_puk(2, 9, StatusWord::NO_ERROR)]
#[case::document_only(3, 10, StatusWord::AUTHENTICATION_METHOD_BLOCKED)]
fn r7_r8_the_card_is_as_it_was(#[case] pins: u8, #[case] puks: u8, #[case] then: StatusWord) {
    let data = citizen("adult-seeded");
    let mut lab = Lab::new(&data, card(&data), 11);
    for _ in 0..pins {
        verify(&mut lab.terminal, Reference::Pin, &wrong(data.pin.reveal()));
    }
    for _ in 0..puks {
        verify(&mut lab.terminal, Reference::Puk, &wrong(data.puk.reveal()));
    }
    let before = counters(&mut lab);
    assert_eq!(before.1, Some(10 - puks));
    let puk = lab.recovered();
    assert_eq!(counters(&mut lab), before);
    assert_eq!(puk.reveal(), data.puk.reveal());
    assert_eq!(verify_puk(&mut lab.terminal, &puk), then);
}

/// What can be left out of a recovery.
#[derive(Clone, Copy, Debug)]
enum LeftOut {
    FirstProof,
    Wait,
    Code,
    SecondProof,
}

/// R2: with any one of them left out, nothing is disclosed.
#[rstest]
#[case::first_proof(LeftOut::FirstProof)]
#[case::wait(LeftOut::Wait)]
#[case::code(LeftOut::Code)]
#[case::second_proof(LeftOut::SecondProof)]
fn r2_every_factor_is_needed(#[case] left_out: LeftOut) {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 21);
    lab.a01();
    let first = lab.signed();
    let mut noise = first.clone();
    noise[200] ^= 1;
    let answer = lab.a02(if matches!(left_out, LeftOut::FirstProof) {
        noise
    } else {
        first
    });
    assert_eq!(
        matches!(answer, Answer::Accepted { .. }),
        !matches!(left_out, LeftOut::FirstProof)
    );
    let wait = if matches!(left_out, LeftOut::Wait) {
        "PT47H59M59S"
    } else {
        "PT48H"
    };
    lab.issuer.advance(period(wait));
    let code = lab.code();
    assert_eq!(
        code.is_some(),
        matches!(left_out, LeftOut::Code | LeftOut::SecondProof)
    );
    let typed = match (left_out, code) {
        (LeftOut::Code, Some(code)) => otherwise(&code),
        (_, code) => code.unwrap_or_else(|| "000000".to_owned()),
    };
    let passed = matches!(lab.a03(&typed), Answer::Challenge(_));
    assert_eq!(passed, matches!(left_out, LeftOut::SecondProof));
    let second = match left_out {
        LeftOut::SecondProof => lab.client.signatures[0].clone(),
        _ => lab.signed(),
    };
    assert_eq!(opened(&lab.a04(second)), None);
}

fn otherwise(code: &str) -> String {
    let last = code.chars().last().expect("a digit");
    let other = if last == '9' { '0' } else { '9' };
    format!("{}{other}", &code[..code.len() - 1])
}

/// R3: no code before its time, and none to an address that is not on record.
#[test]
fn r3_the_code_waits_and_goes_to_the_record() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 31);
    lab.a01();
    let signature = lab.signed();
    lab.a02(signature);
    lab.issuer.advance(period("PT47H59M59S"));
    assert!(lab.issuer.outbox().sent().is_empty());
    lab.issuer.advance(period("PT1S"));
    let sent = lab.issuer.outbox().sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, crate::lab::PHONE);
}

/// R4: once in a procedure, the same in the next.
#[test]
fn r4_disclosed_once() {
    let data = citizen("adult-modern");
    let mut lab = Lab::new(&data, card(&data), 41);
    let first = lab.recovered();
    let again = lab.client.signatures.last().expect("a signature").clone();
    assert_eq!(refused(&lab.a04(again)), ("completed".to_owned(), true));
    assert_eq!(lab.recovered().reveal(), first.reveal());
}

/// R6: another card, by its papers or by its key.
#[test]
fn r6_another_card_is_refused() {
    let (mine, other) = (citizen("adult-default"), citizen("adult-modern"));
    let mut lab = Lab::new(&mine, card(&other), 51);
    assert_eq!(refused(&lab.a01()).0, "mismatch");
    lab.terminal = terminal(card(&mine));
    lab.a01();
    let challenge = lab.client.challenge.clone();
    let forged = sign_type1(&other.services_key, &challenge).expect("a signature");
    assert_eq!(refused(&lab.a02(forged)), ("proof".to_owned(), true));
}

/// R9: the client is forgotten but for the name of its procedure, and asking changes nothing.
#[test]
fn r9_gone_on_with_after_a_restart() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 61);
    lab.a01();
    let signature = lab.signed();
    lab.a02(signature);
    lab.terminal = terminal(card(&data));
    let before = lab.issuer.audit().to_string();
    for _ in 0..3 {
        assert!(matches!(lab.a05(), Answer::State(_)));
    }
    assert_eq!(lab.issuer.audit().to_string(), before);
    lab.issuer.advance(period("PT48H"));
    let code = lab.code().expect("a code");
    lab.a03(&code);
    let second = lab.signed();
    let puk = opened(&lab.a04(second)).expect("the PUK");
    assert_eq!(puk.reveal(), data.puk.reveal());
}

/// R10: one number from the first message to the last.
#[test]
fn r10_another_number_is_refused_and_harms_nothing() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 71);
    lab.go_to_the_second_proof();
    let (procedure, right) = (lab.client.procedure.clone(), lab.client.nun.clone());
    let nun = "CA99999ZZ".to_owned();
    let signature = lab.signed();
    let code = otp_hash("000000");
    for request in [
        Request::State {
            procedure: procedure.clone(),
            nun: nun.clone(),
        },
        Request::Code {
            procedure: procedure.clone(),
            nun: nun.clone(),
            hash: code,
        },
        Request::SecondProof {
            procedure,
            nun,
            signature: signature.clone(),
        },
    ] {
        assert_eq!(
            refused(&lab.sends(&request)),
            ("mismatch".to_owned(), false),
            "{request:?}"
        );
    }
    assert_eq!(lab.client.nun, right);
    let puk = opened(&lab.a04(signature)).expect("the PUK");
    assert_eq!(puk.reveal(), data.puk.reveal());
}

/// G3 and O3: a revoked document closes what is under way; while nothing arrives, nothing succeeds.
#[test]
fn g3_o3_revoked_or_without_messages_nothing_comes_of_it() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 81);
    lab.go_to_the_second_proof();
    let now = lab.issuer.now();
    let nun = lab.client.nun.clone();
    let state = DocumentState::Revoked;
    lab.issuer.step(now, Event::Document { nun, state });
    let signature = lab.signed();
    assert_eq!(refused(&lab.a04(signature)), ("revoked".to_owned(), true));
    assert_eq!(refused(&lab.a01()), ("document_state".to_owned(), false));

    let mut lab = Lab::new(&data, card(&data), 82);
    lab.drop_everything();
    lab.a01();
    let signature = lab.signed();
    lab.a02(signature);
    lab.issuer.advance(period("PT48H"));
    assert_eq!(lab.code(), None);
}

/// E6: neither answers nor the audit hold a code, a half of the PUK, or the PUK.
#[test]
fn e6_nothing_secret_is_written_down() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 91);
    lab.a01();
    let signature = lab.signed();
    lab.a02(signature);
    lab.issuer.advance(period("PT48H"));
    let code = lab.code().expect("a code");
    lab.a03(&code);
    let signature = lab.signed();
    let answer = lab.a04(signature);
    let puk = opened(&answer).expect("the PUK");
    let puk = std::str::from_utf8(puk.reveal())
        .expect("digits")
        .to_owned();
    let written = format!(
        "{}{:?}{:?}",
        lab.issuer.audit(),
        lab.issuer.outbox().sent(),
        lab.issuer
    );
    for secret in [code.as_str(), &puk, &puk[..4], &puk[4..]] {
        let shown = lab.issuer.audit().to_string();
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!written.contains(&code) && !written.contains(&puk));
}

/// A first message that is refused begins nothing and leaves a trace: when, and why, and nothing of what was sent.
#[test]
fn a_refused_first_message_leaves_a_trace() {
    let (mine, other) = (citizen("adult-default"), citizen("adult-modern"));
    let mut lab = Lab::new(&mine, card(&other), 101);
    assert_eq!(refused(&lab.a01()), ("mismatch".to_owned(), false));
    let audit = lab.issuer.audit().to_string();
    assert_eq!(
        audit,
        "0001 2026-03-02T09:00:00Z cie-puk start app: the number of the document is not this card's; type the nine characters at its top right\n"
    );
    assert!(lab.issuer.procedures().is_empty());
    for sent in [mine.document_number.as_str(), crate::lab::PHONE] {
        assert!(!audit.contains(sent), "{audit}");
    }
}

/// So does a message that is for another procedure, person or gate; what stands there goes on.
#[test]
fn a_message_that_is_turned_away_leaves_a_trace() {
    let data = citizen("adult-default");
    let mut lab = Lab::new(&data, card(&data), 111);
    lab.a01();
    let signature = lab.signed();
    assert_eq!(refused(&lab.a04(signature.clone())).0, "wrong_gate");
    let last = lab.last_told();
    assert!(
        last.ends_with("cie-puk #1 submit: the last proof, where the first is asked for"),
        "{last}"
    );
    assert!(matches!(lab.a02(signature), Answer::Accepted { .. }));
    lab.client.nun = "CA99999ZZ".to_owned();
    assert_eq!(refused(&lab.a03("000000")).0, "mismatch");
    let last = lab.last_told();
    assert!(
        last.ends_with("submit: another number of the card than at the start"),
        "{last}"
    );
    assert!(!last.contains("CA99999ZZ"), "{last}");
}
