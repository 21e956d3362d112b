//! The PIN of the social security institute: what its policies promise (N1 to N7), as data and nothing else.

use cie_conformance::issuer::account::AccountState;
use cie_conformance::issuer::policy::{Channel, Field, Medium};
use cie_conformance::issuer::{
    Claims, CloseReason, Done, Effect, Engine, Event, Input, ProcedureId, Refusal, Secret,
    Standing, Typed,
};
use rstest::rstest;

use crate::play::Play;
use crate::world::{CF, Drive, EMAIL, PEC, PHONE, begun, by_cf, change, issuer_at, period};

/// Mario with some of his contacts.
fn mario(contacts: &[Medium]) -> Claims {
    let address = |medium: Medium| match medium {
        Medium::Sms => PHONE,
        Medium::Email => EMAIL,
        Medium::Pec => PEC,
    };
    let add = |claims: Claims, medium: &Medium| claims.contact(*medium, address(*medium));
    contacts.iter().fold(by_cf(), add)
}

const ALL: [Medium; 3] = [Medium::Sms, Medium::Email, Medium::Pec];

#[test]
fn n1_who_never_made_the_first_access_cannot_reset() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let play = Play::new();
    let reply = issuer.start("inps-pin-reset", play.claims(4, "inps-pin-reset"));
    assert_eq!(
        reply.result,
        Err(Refusal::AccountState(AccountState::Issued))
    );
}

#[rstest]
#[case::none(&[], false)]
#[case::phone(&[Medium::Sms], false)]
#[case::mail(&[Medium::Email], false)]
#[case::certified(&[Medium::Pec], false)]
#[case::phone_and_mail(&[Medium::Sms, Medium::Email], true)]
#[case::phone_and_certified(&[Medium::Sms, Medium::Pec], true)]
#[case::mail_and_certified(&[Medium::Email, Medium::Pec], true)]
#[case::all(&ALL, true)]
fn n2_two_contacts_are_enough_and_one_is_not(#[case] contacts: &[Medium], #[case] fine: bool) {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let reply = issuer.start("inps-pin-reset", mario(contacts));
    assert_eq!(reply.result.is_ok(), fine, "{reply:?}");
}

#[test]
fn n2_a_wrong_third_contact_is_a_mismatch() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let claims = mario(&[Medium::Sms, Medium::Email]).contact(Medium::Pec, "other@pec.test");
    assert_eq!(
        issuer.start("inps-pin-reset", claims).result,
        Err(Refusal::Mismatch)
    );
}

/// A reset up to the first access, and the two parts of the PIN.
fn reset(issuer: &mut Engine) -> (ProcedureId, String, String) {
    let id = begun(&issuer.start("inps-pin-reset", mario(&ALL)));
    issuer.human(&id);
    let now = issuer.now();
    let message = issuer
        .outbox_mut()
        .take(now, |it| it.channel == Medium::Email)
        .expect("a message");
    let answer = Input::Code {
        code: message.var("code").map(|code| Typed::Text(code.into())),
        link: message.var("link").map(Secret::from),
        repeat: Box::new(by_cf()),
    };
    assert_eq!(issuer.submit(&id, answer).reply.result, Ok(Done::Passed));
    let first = issuer.take(Medium::Sms, "part").expect("the first part");
    let second = issuer.take(Medium::Email, "part").expect("the second part");
    (id, first, second)
}

#[test]
fn n3_the_long_pin_is_for_the_first_access_alone() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let (id, first, second) = reset(&mut issuer);
    let long = first.clone() + &second;
    for eight in ["AB12CD34", &first, &second] {
        assert_eq!(issuer.login("inps", CF, eight).result, Err(Refusal::Login));
    }
    assert_eq!(issuer.login("inps", CF, &long).result, Ok(Done::MustChange));
    assert_eq!(
        issuer.submit(&id, change(&long, "NEWPIN01")).reply.result,
        Ok(Done::Passed)
    );
    assert_eq!(issuer.login("inps", CF, &long).result, Err(Refusal::Login));
    assert!(issuer.login("inps", CF, "newpin01").result.is_ok());
    let again = issuer.submit(&id, change(&long, "NEWPIN02")).reply;
    assert_eq!(again.result, Err(Refusal::Completed));
}

#[test]
fn n4_the_parts_the_wrong_way_round_are_no_pin() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let (id, first, second) = reset(&mut issuer);
    let reply = issuer
        .submit(&id, change(&(second + &first), "NEWPIN01"))
        .reply;
    assert_eq!(reply.result, Err(Refusal::WrongSecret { tries_left: 2 }));
}

/// A second before and at midnight in Rome.
#[rstest]
#[case::last_day_of_issue("inps-pin-issue", "2020-09-30T21:59:59Z", 1, true)]
#[case::first_day_without("inps-pin-issue", "2020-09-30T22:00:00Z", 1, false)]
#[case::a_minor_still("inps-pin-issue", "2020-09-30T22:00:00Z", 5, true)]
#[case::a_minor_to_the_end("inps-pin-issue", "2021-09-30T21:59:59Z", 5, true)]
#[case::a_minor_no_longer("inps-pin-issue", "2021-09-30T22:00:00Z", 5, false)]
#[case::last_day_of_resets("inps-pin-reset", "2021-09-30T21:59:59Z", 0, true)]
#[case::no_more_resets("inps-pin-reset", "2021-09-30T22:00:00Z", 0, false)]
#[case::but_abroad("inps-pin-reset", "2021-09-30T22:00:00Z", 3, true)]
#[case::last_day_of_changes("inps-pin-change", "2021-09-30T21:59:59Z", 0, true)]
#[case::no_more_changes("inps-pin-change", "2021-09-30T22:00:00Z", 0, false)]
fn n5_midnight_in_rome(
    #[case] policy: &str,
    #[case] now: &str,
    #[case] who: usize,
    #[case] fine: bool,
) {
    let mut issuer = issuer_at(now);
    let claims = Play::new().claims(who, policy);
    let reply = issuer.start(policy, claims);
    assert_eq!(reply.result.is_ok(), fine, "{reply:?}");
    if !fine {
        assert!(
            matches!(reply.result, Err(Refusal::Ineligible(Some(_)))),
            "{reply:?}"
        );
    }
}

#[test]
fn n5_midnight_closes_what_is_open() {
    let mut issuer = issuer_at("2021-09-30T21:00:00Z");
    let id = begun(&issuer.start("inps-pin-reset", mario(&ALL)));
    issuer.advance(period("PT59M59S"));
    assert!(!matches!(issuer.standing(&id), Some(Standing::Closed(_))));
    issuer.advance(period("PT1S"));
    assert_eq!(
        issuer.standing(&id),
        Some(Standing::Closed(CloseReason::Ineligible))
    );
}

#[rstest]
#[case::app("mobile_app", false)]
#[case::browser_of_a_telephone("mobile_browser", true)]
#[case::web("web", true)]
fn n6_a_browser_on_a_telephone_is_the_web_and_the_app_is_not(
    #[case] channel: &str,
    #[case] fine: bool,
) {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let channel = Channel::named(channel).expect("a channel");
    for (policy, claims) in [
        ("inps-pin-reset", mario(&ALL)),
        (
            "inps-pin-change",
            Claims {
                current_secret: Some("AB12CD34".into()),
                ..by_cf()
            },
        ),
    ] {
        let reply = issuer.start_by(policy, channel, claims);
        assert_eq!(reply.result.is_ok(), fine, "{policy}: {reply:?}");
        if !fine {
            assert_eq!(reply.result, Err(Refusal::Channel("mobile_app")));
        }
    }
}

#[test]
fn n7_only_the_pin_that_was_shown_is_taken() {
    let mut issuer = issuer_at("2021-05-01T09:00:00Z");
    let claims = Claims {
        current_secret: Some("AB12CD34".into()),
        ..by_cf()
    };
    let (policy, channel) = ("inps-pin-change".to_owned(), Channel::Web);
    let outcome = issuer.happens(Event::Start {
        policy,
        channel,
        claims,
    });
    let [Effect::SecretShown(shown)] = &outcome.effects[..] else {
        panic!("{outcome:?}");
    };
    let id = begun(&outcome.reply);
    let other = issuer.submit(&id, change("AB12CD34", "11111111")).reply;
    assert_eq!(other.result, Err(Refusal::NotTheShown));
    assert!(issuer.login("inps", CF, "AB12CD34").result.is_ok());
    let right = issuer.submit(&id, change("AB12CD34", shown.reveal())).reply;
    assert_eq!(right.standing, Some(Standing::Completed));
}

#[test]
fn a_lost_first_pin_is_revoked_and_requested_again() {
    let mut issuer = issuer_at("2020-09-01T09:00:00Z");
    let claims = by_cf()
        .with(Field::HealthCard, "80380000100000000001")
        .contact(Medium::Email, EMAIL);
    let account = "inps".to_owned();
    let event = Event::Revoke {
        account,
        claims: claims.clone(),
    };
    let wrong = claims.with(Field::HealthCard, "80380000100000000002");
    let wrong = Event::Revoke {
        account: "inps".to_owned(),
        claims: wrong,
    };
    assert_eq!(issuer.happens(wrong).reply.result, Err(Refusal::Mismatch));
    assert_eq!(issuer.happens(event).reply.result, Ok(Done::Recorded));
    assert_eq!(
        issuer.login("inps", CF, "AB12CD34").result,
        Err(Refusal::Login)
    );
    let id = begun(&issuer.start("inps-pin-issue", mario(&ALL)));
    issuer.human(&id);
    let long = issuer.take(Medium::Sms, "part").expect("a part")
        + &issuer.take(Medium::Email, "part").expect("a part");
    assert_eq!(
        issuer.submit(&id, change(&long, "NEWPIN01")).reply.standing,
        Some(Standing::Completed)
    );
}
