//! The password of levels 1 and 2: what its recovery and its activation promise (W1 to W7), and the login probe.

use cie_conformance::issuer::policy::{Field, Medium};
use cie_conformance::issuer::{
    Claims, CloseReason, Done, Engine, Event, Input, Level, ProcedureId, Refusal, Secret, Standing,
};
use rstest::rstest;

use crate::play::{cards, person};
use crate::walks::disclosed;
use crate::world::{CF, Drive, EMAIL, NUN, begun, by_card, choose, issuer, period};

/// A procedure for a password, with its code passed.
fn coded(issuer: &mut Engine) -> ProcedureId {
    let id = begun(&issuer.start("cie-password", by_card()));
    issuer.human(&id);
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    assert_eq!(
        issuer.submit(&id, Input::code(&code)).reply.result,
        Ok(Done::Passed)
    );
    id
}

#[rstest]
#[case::before("Sample-Card-1", Ok(Done::LoggedIn(Level::One)))]
#[case::wrong("Sample-Card-9", Err(Refusal::Login))]
fn w1_the_three_names_are_of_one_account(
    #[case] secret: &str,
    #[case] expected: Result<Done, Refusal>,
) {
    let mut issuer = issuer();
    for alias in [CF, NUN, EMAIL, "rssmra80a01h501u", " ca00000aa "] {
        assert_eq!(
            issuer.login("cie", alias, secret).result,
            expected,
            "{alias}"
        );
    }
}

#[test]
fn w2_the_old_password_is_good_until_the_new_one_is_set() {
    let mut issuer = issuer();
    let id = coded(&mut issuer);
    assert!(issuer.login("cie", CF, "Sample-Card-1").result.is_ok());
    issuer.submit(&id, choose("Fresh-Start-26"));
    assert_eq!(
        issuer.login("cie", CF, "Sample-Card-1").result,
        Err(Refusal::Login)
    );
    assert!(issuer.login("cie", CF, "Fresh-Start-26").result.is_ok());
}

#[test]
fn w3_without_a_telephone_the_code_goes_nowhere() {
    let mut issuer = issuer();
    let modern = person(2);
    let claims = Claims::default()
        .with(Field::Cf, modern.cf.clone().expect("a code"))
        .with(Field::Nun, modern.nun.clone());
    let id = begun(&issuer.start("cie-password", claims));
    assert_eq!(issuer.human(&id).result, Ok(Done::Passed));
    assert!(issuer.outbox().sent().is_empty());
    for left in [2, 1, 0] {
        let reply = issuer.submit(&id, Input::code("000000")).reply;
        assert_eq!(reply.tries_left(), Some(left));
    }
    assert_eq!(
        issuer.standing(&id),
        Some(Standing::Closed(CloseReason::Attempts))
    );
}

#[test]
fn w4_a_wrong_security_code_costs_nothing() {
    let mut issuer = issuer();
    let id = begun(&issuer.start("cie-password", by_card()));
    for _ in 0..20 {
        let reply = issuer.submit(&id, Input::Captcha("robot".to_owned())).reply;
        assert_eq!(reply.result, Err(Refusal::Captcha));
    }
    assert!(issuer.outbox().sent().is_empty());
    assert_eq!(issuer.human(&id).result, Ok(Done::Passed));
    assert_eq!(issuer.outbox().sent().len(), 1);
}

#[test]
fn w5_a_new_password_leaves_the_puk_and_other_accounts_alone() {
    let mut issuer = issuer();
    let id = coded(&mut issuer);
    issuer.submit(&id, choose("Fresh-Start-26"));
    assert!(
        issuer
            .login("posteid", EMAIL, "Sample-Post1")
            .result
            .is_ok()
    );
    assert_eq!(disclosed(&mut issuer), "87654321");
    assert!(issuer.login("cie", CF, "Fresh-Start-26").result.is_ok());
}

#[rstest]
#[case::first_half(0, true)]
#[case::second_half(4, false)]
fn w6_activation_takes_the_first_half_of_the_puk(#[case] from: usize, #[case] fine: bool) {
    let mut issuer = issuer();
    let (card, seeded) = (&cards()[1], person(1));
    let puk = String::from_utf8_lossy(card.puk.reveal()).into_owned();
    let claims = Claims {
        puk_first: Some(Secret::new(&puk[from..from + 4])),
        ..Claims::default()
            .with(Field::Cf, seeded.cf.clone().expect("a code"))
            .with(Field::Nun, seeded.nun.clone())
    };
    let reply = issuer.start("cie-activate", claims);
    assert_eq!(reply.result.is_ok(), fine, "{reply:?}");
    if !fine {
        return;
    }
    let id = begun(&reply);
    for medium in [Medium::Sms, Medium::Email] {
        let code = issuer.take(medium, "code").expect("a code");
        assert_eq!(code.len(), 4);
        issuer.submit(&id, Input::code(&code));
    }
    let reply = issuer.submit(&id, choose("Fresh-Start-26")).reply;
    assert_eq!(reply.standing, Some(Standing::Completed));
    assert!(
        issuer
            .login("cie", &seeded.nun, "Fresh-Start-26")
            .result
            .is_ok()
    );
}

#[test]
fn w6_guesses_at_the_half_are_as_limited_as_starts() {
    let mut issuer = issuer();
    let seeded = person(1);
    let claims = |digits: &str| Claims {
        puk_first: Some(Secret::new(digits)),
        ..Claims::default()
            .with(Field::Cf, seeded.cf.clone().expect("a code"))
            .with(Field::Nun, seeded.nun.clone())
    };
    for digits in ["xxxx", "yyyy", "zzzz"] {
        assert_eq!(
            issuer.start("cie-activate", claims(digits)).result,
            Err(Refusal::Mismatch)
        );
    }
    let puk = cards()[1].puk.first_half();
    assert_eq!(
        issuer
            .start("cie-activate", claims(puk.reveal_str()))
            .result,
        Err(Refusal::Limit)
    );
}

#[test]
fn w7_two_different_entries_set_nothing_and_lose_nothing() {
    let mut issuer = issuer();
    let id = coded(&mut issuer);
    let (new, confirm) = (Secret::new("Fresh-Start-26"), Secret::new("Fresh-Start-27"));
    let reply = issuer.submit(&id, Input::Choose { new, confirm }).reply;
    assert_eq!(reply.result, Err(Refusal::ConfirmDiffers));
    assert!(issuer.login("cie", CF, "Sample-Card-1").result.is_ok());
    assert_eq!(
        issuer.submit(&id, choose("Sample-Card-1")).reply.result,
        Err(Refusal::UsedBefore)
    );
    assert_eq!(
        issuer.submit(&id, choose("Fresh-Start-26")).reply.result,
        Ok(Done::Passed)
    );
}

#[test]
fn level_two_takes_a_code_that_passes_once() {
    let mut issuer = issuer();
    let login = |issuer: &mut Engine, otp: Option<&str>| {
        let event = Event::Login {
            account: "cie".to_owned(),
            alias: NUN.to_owned(),
            secret: Secret::new("Sample-Card-1"),
            level: Level::Two,
            otp: otp.map(Secret::new),
        };
        issuer.happens(event).reply.result
    };
    assert_eq!(login(&mut issuer, Some("000000")), Err(Refusal::CodeVoid));
    assert_eq!(login(&mut issuer, None), Ok(Done::LoginCodeSent));
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    assert_eq!(
        login(&mut issuer, Some("wrong!")),
        Err(Refusal::WrongCode { tries_left: 2 })
    );
    assert_eq!(
        login(&mut issuer, Some(&code)),
        Ok(Done::LoggedIn(Level::Two))
    );
    assert_eq!(login(&mut issuer, Some(&code)), Err(Refusal::CodeVoid));
    login(&mut issuer, None).expect("another code");
    let code = issuer.take(Medium::Sms, "code").expect("a code");
    issuer.advance(period("PT10M"));
    assert_eq!(login(&mut issuer, Some(&code)), Err(Refusal::CodeVoid));
}
