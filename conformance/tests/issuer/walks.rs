//! Each recovery walked through once, from forgetting to using the new secret, as a person would.

use std::collections::BTreeMap;

use cie_conformance::issuer::policy::{Field, Medium};
use cie_conformance::issuer::{
    Awaiting, Claims, Done, Effect, Engine, Input, Level, ProcedureId, Secret, Standing, Typed,
};
use cie_crypto::encryption::{EncryptionScheme, decrypt};
use cie_crypto::pkcs1::sign_type1;
use cie_crypto::rsa::PrivateKey;

use crate::world::{
    CF, Drive, EMAIL, NIS, NUN, PEC, PHONE, begun, by_card, by_cf, card, change, choose, issuer,
    issuer_at, period,
};

/// A key of a telephone: that of another card serves.
pub(crate) fn device() -> PrivateKey {
    card().device_key.clone()
}

pub(crate) fn puk_claims() -> Claims {
    let object =
        cie_conformance::terminal::checks::security_object::SecurityObject::parse(&card().ef_sod);
    let hashes: BTreeMap<u8, Vec<u8>> = object.expect("the object").hashes.into_iter().collect();
    let claims = Claims::default()
        .with(Field::Nun, NUN)
        .with(Field::Nis, NIS);
    Claims {
        sod_hashes: Some(hashes),
        device_key: Some(device().public().clone()),
        ..claims.contact(Medium::Sms, PHONE)
    }
}

/// The card's answer to the challenge that a procedure waits with.
pub(crate) fn proof(issuer: &Engine, procedure: &ProcedureId) -> Input {
    match issuer.standing(procedure) {
        Some(Standing::Awaiting(Awaiting::Proof { challenge, .. })) => {
            Input::Proof(sign_type1(&card().services_key, &challenge).expect("a signature"))
        }
        other => panic!("no challenge: {other:?}"),
    }
}

#[test]
fn a_lost_puk_comes_back_in_two_halves() {
    let mut issuer = issuer();
    let id = begun(&issuer.start("cie-puk", puk_claims()));
    let first = proof(&issuer, &id);
    let reply = issuer.submit(&id, first).reply;
    assert!(
        matches!(reply.standing, Some(Standing::Cooling(_))),
        "{reply:?}"
    );
    issuer.advance(period("PT47H59M59S"));
    assert_eq!(issuer.outbox().sent().len(), 0);
    issuer.advance(period("PT1S"));
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    let hash = Secret::new(code).sha256();
    let code = Input::Code {
        code: Some(Typed::Sha256(hash)),
        link: None,
        repeat: Box::default(),
    };
    assert_eq!(issuer.submit(&id, code).reply.result, Ok(Done::Passed));
    let second = proof(&issuer, &id);
    let outcome = issuer.submit(&id, second);
    assert_eq!(outcome.reply.standing, Some(Standing::Completed));
    let [Effect::PukDisclosed { first, second }, Effect::Completed(_)] = &outcome.effects[..]
    else {
        panic!("{outcome:?}");
    };
    let open = |half: &[u8]| decrypt(&device(), EncryptionScheme::Pkcs1, half).expect("a half");
    assert_eq!([open(first), open(second)].concat(), b"87654321");
}

#[test]
fn a_forgotten_password_is_replaced() {
    let mut issuer = issuer();
    let id = begun(&issuer.start("cie-password", by_card()));
    issuer.human(&id);
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    issuer.submit(&id, Input::code(&code));
    for alias in [CF, NUN, EMAIL] {
        assert!(issuer.login("cie", alias, "Sample-Card-1").result.is_ok());
    }
    issuer.submit(&id, choose("Fresh-Start-26"));
    for alias in [CF, NUN, EMAIL] {
        let new = issuer.login("cie", alias, "Fresh-Start-26").result;
        assert_eq!(new, Ok(Done::LoggedIn(Level::One)));
        assert!(issuer.login("cie", alias, "Sample-Card-1").result.is_err());
    }
}

#[test]
fn a_posteid_password_takes_the_link_and_the_code() {
    let mut issuer = issuer();
    let id = begun(&issuer.start(
        "posteid-password",
        Claims::default().with(Field::Email, EMAIL),
    ));
    issuer.human(&id);
    let link = issuer.take(Medium::Email, "link").expect("a link");
    issuer.submit(&id, Input::link(&link));
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    issuer.submit(&id, Input::code(&code));
    let reply = issuer.submit(&id, choose("Aa1!aaaa")).reply;
    assert_eq!(reply.standing, Some(Standing::Completed));
    assert!(issuer.login("posteid", EMAIL, "Aa1!aaaa").result.is_ok());
}

#[test]
fn a_pin_of_the_institute_is_reset_in_two_parts() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let claims = by_cf()
        .contact(Medium::Sms, PHONE)
        .contact(Medium::Pec, PEC);
    let id = begun(&issuer.start("inps-pin-reset", claims));
    issuer.human(&id);
    let now = issuer.now();
    let message = issuer
        .outbox_mut()
        .take(now, |it| it.channel == Medium::Email)
        .expect("a message");
    let (code, link) = (
        message.var("code").expect("a code"),
        message.var("link").expect("a link"),
    );
    let answer = Input::Code {
        code: Some(Typed::Text(code.into())),
        link: Some(link.into()),
        repeat: Box::new(by_cf()),
    };
    issuer.submit(&id, answer);
    let first = issuer.take(Medium::Sms, "part").expect("a part");
    let second = issuer.take(Medium::Email, "part").expect("a part");
    let pin = format!("{first}{second}");
    assert_eq!(pin.len(), 16);
    assert!(issuer.login("inps", CF, "AB12CD34").result.is_err());
    assert_eq!(issuer.login("inps", CF, &pin).result, Ok(Done::MustChange));
    let swapped = format!("{second}{first}");
    assert!(
        issuer
            .submit(&id, change(&swapped, "11223344"))
            .reply
            .result
            .is_err()
    );
    let reply = issuer.submit(&id, change(&pin, "11223344")).reply;
    assert_eq!(reply.standing, Some(Standing::Completed));
    assert!(issuer.login("inps", CF, &pin).result.is_err());
    assert_eq!(
        issuer.login("inps", CF, "11223344").result,
        Ok(Done::LoggedIn(Level::One))
    );
}

#[test]
fn a_known_pin_of_the_institute_is_changed_into_the_one_shown() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let claims = Claims {
        current_secret: Some("ab12cd34".into()),
        ..by_cf()
    };
    let policy = "inps-pin-change".to_owned();
    let channel = cie_conformance::issuer::policy::Channel::Web;
    let outcome = issuer.happens(cie_conformance::issuer::Event::Start {
        policy,
        channel,
        claims,
    });
    let id = begun(&outcome.reply);
    let [Effect::SecretShown(shown)] = &outcome.effects[..] else {
        panic!("{outcome:?}");
    };
    let other = issuer.submit(&id, change("AB12CD34", "11223344")).reply;
    assert!(other.result.is_err());
    let reply = issuer.submit(&id, change("AB12CD34", shown.reveal())).reply;
    assert_eq!(reply.standing, Some(Standing::Completed));
    assert!(issuer.login("inps", CF, shown.reveal()).result.is_ok());
}

/// The PUK out of a whole recovery.
pub(crate) fn disclosed(issuer: &mut Engine) -> String {
    let id = begun(&issuer.start("cie-puk", puk_claims()));
    let first = proof(issuer, &id);
    issuer.submit(&id, first);
    issuer.advance(period("PT48H"));
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    issuer.submit(&id, Input::code(&code));
    let second = proof(issuer, &id);
    let outcome = issuer.submit(&id, second);
    let halves = outcome.effects.iter().find_map(|effect| match effect {
        Effect::PukDisclosed { first, second } => Some([first.clone(), second.clone()]),
        _ => None,
    });
    let [first, second] = halves.expect("two halves");
    let open = |half: &[u8]| decrypt(&device(), EncryptionScheme::Pkcs1, half).expect("a half");
    let (first, second) = (open(&first), open(&second));
    assert_eq!((first.len(), second.len()), (4, 4));
    String::from_utf8([first, second].concat()).expect("digits")
}
