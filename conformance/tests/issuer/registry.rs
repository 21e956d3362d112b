//! What the registry promises (G1 to G3; G4 is with the files), PosteID (Q1 and Q2; Q3 is with the boundaries), and what comes from
//! outside that nobody should trust.

use cie_conformance::issuer::policy::{Field, Medium};
use cie_conformance::issuer::registry::DocumentState;
use cie_conformance::issuer::{
    Claims, CloseReason, Done, Engine, Event, Input, ProcedureId, Refusal, Standing,
};
use rstest::rstest;

use crate::play::{cards, person};
use crate::walks::{disclosed, puk_claims};
use crate::world::{Drive, EMAIL, NUN, begun, by_card, choose, issuer};

fn posteid(issuer: &mut Engine) -> ProcedureId {
    let id = begun(&issuer.start(
        "posteid-password",
        Claims::default().with(Field::Email, EMAIL),
    ));
    issuer.human(&id);
    id
}

#[test]
fn q1_the_link_alone_changes_nothing() {
    let mut issuer = issuer();
    let id = posteid(&mut issuer);
    let link = issuer.take(Medium::Email, "link").expect("a link");
    issuer.submit(&id, Input::link(&link));
    let reply = issuer.submit(&id, choose("Aa1!aaaa")).reply;
    assert_eq!(reply.result, Err(Refusal::WrongGate("code")));
    assert!(
        issuer
            .login("posteid", EMAIL, "Sample-Post1")
            .result
            .is_ok()
    );
}

#[test]
fn q2_a_code_before_the_link_is_refused_and_costs_no_try() {
    let mut issuer = issuer();
    let id = posteid(&mut issuer);
    for _ in 0..5 {
        let reply = issuer.submit(&id, Input::code("123456")).reply;
        assert_eq!(reply.result, Err(Refusal::WrongGate("code")));
    }
    let link = issuer.take(Medium::Email, "link").expect("a link");
    assert_eq!(
        issuer.submit(&id, Input::link(&link)).reply.result,
        Ok(Done::Passed)
    );
}

#[test]
fn g1_and_g2_neither_pin_nor_half_of_the_puk_is_in_any_message() {
    let mut issuer = issuer();
    // A card whose codes are not also part of its number.
    let card = &cards()[1];
    let halves = [card.puk.first_half(), card.puk.second_half()];
    let puk = disclosed(&mut issuer);
    assert_eq!(puk, "87654321");
    for message in issuer.outbox().sent() {
        assert!(
            message.vars().all(|name| ["code", "link"].contains(&name)),
            "{message:?}"
        );
    }
    let shown = format!("{:?}", issuer.registry());
    let pin = String::from_utf8_lossy(card.pin.reveal()).into_owned();
    assert!(!shown.contains(&pin));
    assert!(
        halves
            .iter()
            .all(|half| !shown.contains(&format!("\"{}\"", half.reveal_str())))
    );
}

#[rstest]
#[case::revoked(DocumentState::Revoked, true)]
#[case::replaced(DocumentState::Replaced, true)]
#[case::expired(DocumentState::Expired, false)]
fn g3_a_card_that_is_gone_ends_what_is_open_and_begins_nothing(
    #[case] state: DocumentState,
    #[case] gone: bool,
) {
    let mut issuer = issuer();
    let ids = [
        begun(&issuer.start("cie-puk", puk_claims())),
        begun(&issuer.start("cie-password", by_card())),
    ];
    let poste = posteid(&mut issuer);
    issuer.happens(Event::Document {
        nun: NUN.to_owned(),
        state,
    });
    for id in &ids {
        let closed = issuer.standing(id) == Some(Standing::Closed(CloseReason::Revoked));
        assert_eq!(closed, gone);
    }
    // PosteID has nothing to do with the card.
    assert!(matches!(
        issuer.standing(&poste),
        Some(Standing::Awaiting(_))
    ));
    let expected = if gone {
        Err(Refusal::DocumentState(state))
    } else {
        Ok(Done::Started)
    };
    assert_eq!(issuer.start("cie-puk", puk_claims()).result, expected);
    assert_eq!(issuer.start("cie-password", by_card()).result, expected);
}

#[test]
fn without_a_key_of_the_device_no_puk_is_asked_for() {
    let mut issuer = issuer();
    let claims = Claims {
        device_key: None,
        ..puk_claims()
    };
    assert_eq!(
        issuer.start("cie-puk", claims).result,
        Err(Refusal::DeviceKey)
    );
    let short = cie_crypto::rsa::PublicKey::new(&[0xFF; 64], &[1, 0, 1]).expect("a short key");
    let claims = Claims {
        device_key: Some(short),
        ..puk_claims()
    };
    assert_eq!(
        issuer.start("cie-puk", claims).result,
        Err(Refusal::DeviceKey)
    );
}

#[test]
fn the_security_object_of_another_card_is_refused() {
    let mut issuer = issuer();
    let claims = Claims {
        sod_hashes: Some(person(1).sod_hashes),
        ..puk_claims()
    };
    assert_eq!(
        issuer.start("cie-puk", claims).result,
        Err(Refusal::Mismatch)
    );
}

#[test]
fn words_from_outside_make_no_lines_of_their_own() {
    let mut issuer = issuer();
    let forged = "x\n0002 2026-01-01T00:00:00Z cie-puk #1 disclose: ok";
    let reply = issuer.start(forged, Claims::default());
    assert!(matches!(reply.result, Err(Refusal::UnknownPolicy(_))));
    assert_eq!(issuer.audit().to_string().lines().count(), 1);
}

#[test]
fn the_audit_of_a_recovery_reads_like_this() {
    let mut issuer = issuer();
    disclosed(&mut issuer);
    insta::assert_snapshot!(issuer.audit().to_string(), @r"
    0001 2026-03-01T09:00:00Z cie-puk #1 start app: ok
    0002 2026-03-01T09:00:00Z cie-puk #1 submit card_proof: ok
    0003 2026-03-03T09:00:00Z cie-puk #1 cooling: over
    0004 2026-03-03T09:00:00Z cie-puk #1 send sms: message 1
    0005 2026-03-03T09:00:00Z cie-puk #1 submit code: ok
    0006 2026-03-03T09:00:00Z cie-puk #1 submit card_proof: ok
    0007 2026-03-03T09:00:00Z cie-puk #1 disclose: ok
    0008 2026-03-03T09:00:00Z cie-puk #1 completed: ok
    ");
}
