//! Each rule by its name, with the words a person reads.

use cie_conformance::guard::{CardIdentity, CaseRisk, Farewell, Ledger, Permit, Secrets, Setup};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::credentials::{CredentialPolicy, LastWrong, PukExhaustion, VerifyEmpty};
use cie_emulator::wire::{CommandBuf, StatusWord};
use rstest::rstest;

use crate::card::{
    Bench, Card, NIS, PIN, POLICY, PUK, Shared, change, code, reset, risk, setup, setup_with,
    verify,
};

const WRONG_PIN: &str = "13572469";
const WRONG_PUK: &str = "86420974";

fn refusal(bench: &mut Bench, command: &CommandBuf) -> String {
    bench.send(command).unwrap_err().to_string()
}

#[test]
fn the_tries_are_asked_for_before_each_wrong_pin() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    let wrong = verify(CodeName::Pin, "13572469");
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C2)));
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C1)));
    assert_eq!(
        bench.send(&wrong).unwrap_err().to_string(),
        "a wrong PIN with 1 try left would use up the last one; blocking the PIN needs --allow blocks_pin"
    );
    let sent: Vec<usize> = bench.card.log.iter().map(|c| c.data.len()).collect();
    assert_eq!(sent, [0, 8, 8, 0, 8, 0]);
    assert_eq!(bench.card.last_tries, 0);
}

#[rstest]
#[case::a_favourite("12345678")]
#[case::two_digits_off("13572486")]
#[case::the_puk(PUK)]
fn guesses_are_refused(#[case] value: &str) {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    assert_ne!(value, PIN);
    assert_eq!(
        bench
            .send(&verify(CodeName::Pin, value))
            .unwrap_err()
            .to_string(),
        "this PIN is a guess: a wrong value differs from the right one in exactly one digit, or is one that was right before in this run"
    );
    assert!(bench.card.log.is_empty());
}

#[test]
fn a_mistyped_pin_is_not_sent_on_the_last_try() {
    let card = Card::new(POLICY).with_pin("99990000").with_tries(1, 10);
    let mut bench = Bench::case(card, "", Hazard::None);
    assert_eq!(
        bench
            .send(&verify(CodeName::Pin, PIN))
            .unwrap_err()
            .to_string(),
        "the PIN has 1 try left and this run has not seen it accepted; verify it once with the issuer's software, then run again"
    );
    assert_eq!(bench.card.credentials.pin_left, 1);
}

#[rstest]
#[case::a_wrong_pin(
    "writes",
    Hazard::Writes,
    verify(CodeName::Pin, WRONG_PIN),
    "a wrong PIN is not sent to a physical card without --allow burns_pin"
)]
#[case::a_wrong_old_pin(
    "writes",
    Hazard::Writes,
    change(WRONG_PIN, "22223333"),
    "a wrong PIN is not sent to a physical card without --allow burns_pin"
)]
#[case::a_wrong_puk(
    "blocks_pin",
    Hazard::BlocksPin,
    verify(CodeName::Puk, WRONG_PUK),
    "a wrong PUK is not sent to a physical card without --allow burns_puk"
)]
#[case::a_change(
    "burns_pin",
    Hazard::BurnsPin,
    change(PIN, "22223333"),
    "changing or unblocking the PIN is not sent to a physical card without --allow writes"
)]
#[case::a_reset(
    "burns_pin",
    Hazard::BurnsPin,
    reset("22223333"),
    "changing or unblocking the PIN is not sent to a physical card without --allow writes"
)]
fn what_no_flag_covers(
    #[case] allow: &str,
    #[case] hazard: Hazard,
    #[case] command: CommandBuf,
    #[case] message: &str,
) {
    let mut bench = Bench::case(Card::new(POLICY), allow, hazard);
    assert_eq!(refusal(&mut bench, &command), message);
    assert!(bench.card.log.is_empty());
    assert_eq!(
        bench.guard.take_refusal().map(|r| r.exit_code().code()),
        Some(4)
    );
}

#[rstest]
#[case::none(
    Hazard::None,
    verify(CodeName::Pin, WRONG_PIN),
    "a wrong PIN is more than this case announced (hazard none); raise its hazard to burns_pin, or mend the step"
)]
#[case::burns_pin(
    Hazard::BurnsPin,
    verify(CodeName::Puk, WRONG_PUK),
    "a wrong PUK is more than this case announced (hazard burns_pin); raise its hazard to burns_puk, or mend the step"
)]
#[case::burns_puk(
    Hazard::BurnsPuk,
    change(PIN, "22223333"),
    "changing or unblocking the PIN is more than this case announced (hazard burns_puk); raise its hazard to writes, or mend the step"
)]
fn what_the_case_did_not_announce(
    #[case] hazard: Hazard,
    #[case] command: CommandBuf,
    #[case] message: &str,
) {
    let allow = "burns_pin,burns_puk,writes,blocks_pin";
    let mut bench = Bench::case(Card::new(POLICY), allow, hazard);
    assert_eq!(refusal(&mut bench, &command), message);
    assert!(bench.card.log.is_empty());
}

#[test]
fn the_last_try_must_be_announced_too() {
    let mut bench = Bench::case(Card::new(POLICY), "blocks_pin", Hazard::BurnsPin);
    bench.guard.begin_case(risk(Hazard::BlocksPin));
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    bench.send(&wrong).unwrap();
    bench.send(&wrong).unwrap();
    bench.guard.begin_case(CaseRisk {
        hazard: Hazard::None,
        ..risk(Hazard::None)
    });
    assert_eq!(
        refusal(&mut bench, &wrong),
        "a wrong PIN is more than this case announced (hazard none); raise its hazard to burns_pin, or mend the step"
    );
}

#[test]
fn without_a_code_no_value_can_be_judged() {
    let setup = Setup {
        secrets: Secrets::none(),
        ..setup("burns_pin")
    };
    let mut bench = Bench::new(Card::new(POLICY), setup);
    bench.guard.begin_case(risk(Hazard::None));
    assert_eq!(
        refusal(&mut bench, &verify(CodeName::Pin, PIN)),
        "the right PIN of this card is not known; give it with --secret pin=…, CIE_CONF_PIN or --secrets FILE"
    );
}

#[test]
fn the_pin_is_blocked_with_a_way_back_only() {
    let mut bench = Bench::case(Card::new(POLICY), "blocks_pin", Hazard::BlocksPin);
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    for answer in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        assert_eq!(bench.send(&wrong), Ok(StatusWord(answer)));
    }
    assert_eq!(
        bench.send(&verify(CodeName::Pin, PIN)),
        Ok(StatusWord(0x6983))
    );
    assert_eq!(bench.guard.latch(), None);
    assert!(bench.guard.needs_restoring());
    assert_eq!(bench.restore(), Farewell::AsFound);
    assert_eq!(
        (
            bench.card.credentials.pin_left,
            bench.card.credentials.puk_left
        ),
        (3, 10)
    );
    assert_eq!(bench.card.credentials.pin, code(PIN));
}

#[test]
fn without_the_puk_the_last_try_stays() {
    let secrets = Secrets::none().with(CodeName::Pin, code(PIN));
    let mut bench = Bench::new(
        Card::new(POLICY),
        Setup {
            secrets,
            ..setup("blocks_pin,writes")
        },
    );
    bench.guard.begin_case(risk(Hazard::Writes));
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    bench.send(&wrong).unwrap();
    bench.send(&wrong).unwrap();
    assert_eq!(
        refusal(&mut bench, &wrong),
        "blocking the PIN is more than this case announced (hazard writes); raise its hazard to blocks_pin, or mend the step"
    );
    assert_eq!(bench.card.credentials.pin_left, 1);
}

#[rstest]
#[case::puk_nearly_used_up(
    1,
    "a wrong PIN with 1 try left would use up the last one; the PUK has too few tries left to unblock it"
)]
#[case::puk_used_up(
    0,
    "a wrong PIN with 1 try left would use up the last one; the PUK has too few tries left to unblock it"
)]
fn a_puk_without_tries_is_no_way_back(#[case] puk_left: u8, #[case] message: &str) {
    let policy = CredentialPolicy {
        puk_exhaustion: PukExhaustion::PukObjectOnly,
        ..POLICY
    };
    let mut bench = Bench::case(
        Card::new(policy).with_tries(3, puk_left),
        "blocks_pin",
        Hazard::BlocksPin,
    );
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    bench.send(&wrong).unwrap();
    bench.send(&wrong).unwrap();
    assert_eq!(refusal(&mut bench, &wrong), message);
    assert_eq!(bench.card.last_tries, 0);
}

#[test]
fn a_wrong_puk_is_followed_by_a_right_one_and_two_are_all() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_puk", Hazard::BurnsPuk);
    let (wrong, right) = (verify(CodeName::Puk, WRONG_PUK), verify(CodeName::Puk, PUK));
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C9)));
    assert_eq!(
        refusal(&mut bench, &wrong),
        "another wrong PUK only after a right one; present the right PUK first"
    );
    assert_eq!(bench.send(&right), Ok(StatusWord::NO_ERROR));
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C9)));
    assert_eq!(bench.send(&right), Ok(StatusWord::NO_ERROR));
    assert_eq!(
        refusal(&mut bench, &wrong),
        "2 wrong PUKs were sent in this run, which is all a run may send; start another one"
    );
    assert_eq!(bench.card.wrong_puks, 2);
    assert_eq!(bench.card.credentials.puk_left, 10);
}

#[test]
fn the_last_puk_try_is_never_used() {
    let mut bench = Bench::case(
        Card::new(CredentialPolicy {
            puk_success_resets: false,
            ..POLICY
        })
        .with_tries(3, 2),
        "burns_puk",
        Hazard::BurnsPuk,
    );
    let wrong = verify(CodeName::Puk, WRONG_PUK);
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C1)));
    bench.send(&verify(CodeName::Puk, PUK)).unwrap();
    assert_eq!(
        refusal(&mut bench, &wrong),
        "a wrong PUK with 1 try left would use up the last one; that costs the card; give it up with --sacrificial, or take another one"
    );
}

#[test]
fn a_card_without_a_name_is_sent_no_wrong_puk() {
    let mut guard = cie_conformance::guard::Guard::new(
        cie_conformance::target::TargetKind::Reader,
        setup("burns_puk"),
    );
    guard.begin_case(risk(Hazard::BurnsPuk));
    let right = verify(CodeName::Puk, PUK);
    assert_eq!(
        guard.permit(&right.view(), true),
        Ok(Permit::ReadTriesFirst(CodeName::Puk))
    );
    let ask = verify(CodeName::Puk, "");
    assert_eq!(guard.permit(&ask.view(), true), Ok(Permit::Send));
    guard.observe(&ask.view(), StatusWord(0x63CA));
    assert_eq!(
        guard.permit(&right.view(), true).unwrap_err().to_string(),
        "the card has not been identified, and what it has been through is remembered per card; read EF 1001 or EF.D003 first"
    );
}

#[test]
fn a_card_that_does_not_tell_is_established_with_the_right_pin() {
    let silent = CredentialPolicy {
        verify_empty: VerifyEmpty::WrongLength,
        ..POLICY
    };
    let mut bench = Bench::case(Card::new(silent), "burns_pin", Hazard::BurnsPin);
    let wrong = verify(CodeName::Pin, WRONG_PIN);
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C2)));
    assert_eq!(bench.send(&wrong), Ok(StatusWord(0x63C1)));
    assert!(refusal(&mut bench, &wrong).starts_with("a wrong PIN with 1 try left"));
    let sent: Vec<usize> = bench
        .card
        .log
        .iter()
        .map(|command| command.data.len())
        .collect();
    assert_eq!(
        sent,
        [0, 8, 8, 8],
        "asked, proved, and then what the answers told"
    );
    assert_eq!(
        refusal(&mut bench, &verify(CodeName::Puk, PUK)),
        "the card does not tell here how many tries its PUK has left, and a mistake could cost the card; open the channel it needs first. A card that never tells is sent its PUK only when it is given up with --sacrificial"
    );
}

#[test]
fn in_the_clear_no_tries_can_be_established() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::BurnsPin);
    bench.protected = false;
    assert_eq!(
        refusal(&mut bench, &verify(CodeName::Pin, WRONG_PIN)),
        "the tries left of the PIN cannot be established: the card answered 6982 (security status not satisfied) to the right value; open the channel it needs first"
    );
    assert_eq!(
        bench.send(&verify(CodeName::Pin, PIN)),
        Ok(StatusWord(0x6982))
    );
    bench.protected = true;
    assert_eq!(
        bench.send(&verify(CodeName::Pin, WRONG_PIN)),
        Ok(StatusWord(0x63C2))
    );
}

#[test]
fn an_accepted_pin_is_no_proof_that_tries_came_back() {
    let mut card = Card::new(POLICY);
    card.never_gives_back = true;
    let mut bench = Bench::case(card, "burns_pin", Hazard::BurnsPin);
    let (wrong, right) = (verify(CodeName::Pin, WRONG_PIN), verify(CodeName::Pin, PIN));
    bench.send(&wrong).unwrap();
    bench.send(&wrong).unwrap();
    bench.send(&right).unwrap();
    assert_eq!(
        refusal(&mut bench, &wrong),
        "the PIN had 1 try left when it was accepted and the card has not shown that it gave tries back; open a new session, in which it can be asked"
    );
    bench.card.verified = Default::default();
    bench.guard.new_session();
    assert!(refusal(&mut bench, &wrong).starts_with("a wrong PIN with 1 try left"));
    assert_eq!(bench.card.last_tries, 0);
}

#[test]
fn the_pin_before_is_wrong_and_no_guess() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin,writes", Hazard::Writes);
    bench.send(&change(PIN, "22223333")).unwrap();
    assert_eq!(
        bench.send(&verify(CodeName::Pin, PIN)),
        Ok(StatusWord(0x63C2))
    );
    assert_eq!(bench.restore(), Farewell::AsFound);
}

#[test]
fn a_pin_that_may_be_mistyped_is_tried_unseen_once() {
    let silent = CredentialPolicy {
        verify_empty: VerifyEmpty::WrongLength,
        ..POLICY
    };
    let card = Card::new(silent).with_pin("99990000");
    let mut bench = Bench::case(card, "", Hazard::None);
    let right = verify(CodeName::Pin, PIN);
    bench.send_with(&right, false, true).unwrap();
    assert_eq!(
        refusal(&mut bench, &right),
        "a PIN said to be right was refused by this card before, or its answer was lost, and the card does not tell how many tries are left; verify the right one with the issuer's software, then take `refused_pin_left` out of the card's entry in the ledger"
    );
    assert_eq!(bench.card.credentials.pin_left, 2);
}

#[test]
fn a_puk_answered_blocked_out_of_the_blue_stays_counted() {
    let silent = CredentialPolicy {
        verify_empty: VerifyEmpty::WrongLength,
        last_wrong: LastWrong::Blocked,
        ..POLICY
    };
    let mut card = Card::new(silent).with_tries(3, 1);
    card.credentials.puk = code("66665555");
    let ledger = Shared::default();
    let mut setup = setup_with("", Box::new(ledger.clone()));
    setup.sacrificial = Some(NIS.parse().unwrap());
    let mut bench = Bench::new(card, setup);
    bench.guard.begin_case(risk(Hazard::Bricks));
    let answer = bench.send(&verify(CodeName::Puk, PUK));
    assert_eq!(answer, Ok(StatusWord(0x6983)));
    let card = CardIdentity::default().with_nis(NIS).keys();
    assert_eq!(ledger.life(&card).unwrap().wrong_puks, 1);
}
