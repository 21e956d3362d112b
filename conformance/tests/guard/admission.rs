//! Which cases run on a physical card, with the words of each refusal; and the plan that is shown.

use cie_conformance::guard::{
    Admission, Allowances, CardIdentity, CaseRisk, Guard, PlannedCase, Secrets, Setup, render_plan,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_conformance::target::TargetKind;
use rstest::rstest;

use crate::card::{Bench, Card, NIS, PIN, POLICY, code, risk, setup, verify};

fn reader(allow: &str) -> Guard {
    Guard::new(TargetKind::Reader, setup(allow))
}

fn skipped(admission: Admission) -> String {
    match admission {
        Admission::Skip { reason } => reason,
        other => panic!("not skipped: {other:?}"),
    }
}

fn refused(admission: Admission) -> String {
    match admission {
        Admission::Refuse { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[rstest]
#[case::burns_pin(
    Hazard::BurnsPin,
    "burns_pin on a physical card needs --allow burns_pin and the right PIN"
)]
#[case::burns_puk(
    Hazard::BurnsPuk,
    "burns_puk on a physical card needs --allow burns_puk and the right PIN and PUK"
)]
#[case::writes(
    Hazard::Writes,
    "writes on a physical card needs --allow writes and the right PIN"
)]
#[case::blocks_pin(
    Hazard::BlocksPin,
    "blocks_pin on a physical card needs --allow blocks_pin and the right PIN and PUK"
)]
#[case::bricks(
    Hazard::Bricks,
    "bricks costs the card: it needs --sacrificial with the card's number typed in full, and the scenario named explicitly"
)]
fn only_none_runs_by_default(#[case] hazard: Hazard, #[case] reason: &str) {
    let guard = reader("");
    assert_eq!(guard.admit(risk(Hazard::None)), Admission::Run);
    assert_eq!(skipped(guard.admit(risk(hazard))), reason);
}

#[rstest]
#[case::burns_pin("burns_pin", Hazard::BurnsPin)]
#[case::burns_puk("burns_puk", Hazard::BurnsPuk)]
#[case::writes("writes", Hazard::Writes)]
#[case::blocks_pin("blocks_pin", Hazard::BlocksPin)]
fn each_flag_admits_its_own_hazard(#[case] flag: &str, #[case] hazard: Hazard) {
    let guard = reader(flag);
    for other in [
        Hazard::BurnsPin,
        Hazard::BurnsPuk,
        Hazard::Writes,
        Hazard::BlocksPin,
    ] {
        assert_eq!(guard.admit(risk(other)) == Admission::Run, other == hazard);
    }
}

#[rstest]
#[case::pin(
    Hazard::BurnsPin,
    "burns_pin needs the right PIN: give it with --secret pin=…, CIE_CONF_PIN or --secrets FILE"
)]
#[case::writes(
    Hazard::Writes,
    "writes needs the right PIN: give it with --secret pin=…, CIE_CONF_PIN or --secrets FILE"
)]
fn without_the_pin_a_case_is_skipped(#[case] hazard: Hazard, #[case] reason: &str) {
    let setup = Setup {
        secrets: Secrets::none(),
        ..setup("burns_pin,writes")
    };
    let guard = Guard::new(TargetKind::Reader, setup);
    assert_eq!(skipped(guard.admit(risk(hazard))), reason);
}

#[test]
fn without_the_puk_nothing_blocks_the_pin() {
    let setup = Setup {
        secrets: Secrets::none().with(CodeName::Pin, code(PIN)),
        ..setup("blocks_pin")
    };
    let guard = Guard::new(TargetKind::Reader, setup);
    assert_eq!(
        skipped(guard.admit(risk(Hazard::BlocksPin))),
        "blocks_pin needs the right PUK: give it with --secret puk=…, CIE_CONF_PUK or --secrets FILE"
    );
}

#[rstest]
#[case::writes(
    Hazard::Writes,
    "writes needs a `restore: pin` in `finally`, which puts the lab's PIN back whatever happens"
)]
#[case::blocks_pin(
    Hazard::BlocksPin,
    "blocks_pin needs a `restore: pin` in `finally`, which puts the lab's PIN back whatever happens"
)]
fn what_is_changed_must_be_restored(#[case] hazard: Hazard, #[case] reason: &str) {
    let guard = reader("writes,blocks_pin");
    let forgetful = CaseRisk {
        restores: false,
        ..risk(hazard)
    };
    assert_eq!(refused(guard.admit(forgetful)), reason);
}

fn giving_up(serial: &str) -> Setup {
    Setup {
        sacrificial: Some(serial.parse().unwrap()),
        ..setup("")
    }
}

#[test]
fn a_card_is_given_up_by_its_number_and_by_name() {
    let mut guard = Guard::new(TargetKind::Reader, giving_up(NIS));
    let bricks = risk(Hazard::Bricks);
    assert_eq!(
        refused(guard.admit(bricks)),
        "the card present has not shown the number given with --sacrificial; give its NIS, which needs no PIN to read, or present the PIN first"
    );
    let card = CardIdentity::default().with_nis(NIS);
    guard.card_present(card).unwrap();
    assert_eq!(guard.admit(bricks), Admission::Run);
    let from_a_folder = CaseRisk {
        named_explicitly: false,
        ..bricks
    };
    assert_eq!(
        skipped(guard.admit(from_a_folder)),
        "bricks never runs from a folder or a glob: name the scenario explicitly beside --sacrificial"
    );
}

#[rstest]
#[case::nis("999999999999")]
#[case::document("CA00000AA")]
fn another_card_is_never_given_up(#[case] serial: &str) {
    let mut guard = Guard::new(TargetKind::Reader, giving_up(serial));
    let card = CardIdentity::default().with_nis(NIS);
    guard
        .card_present(card.with_document_number("CA12345AA"))
        .unwrap();
    assert_eq!(
        refused(guard.admit(risk(Hazard::Bricks))),
        "the number given with --sacrificial is not the one of the card present; nothing was sent"
    );
}

#[rstest]
#[case::document("CA00000AA", true)]
#[case::nis("123456789012", true)]
#[case::lower_case("ca00000aa", false)]
#[case::cut_short("CA00000A", false)]
#[case::with_a_space("CA00000AA ", false)]
#[case::eleven_digits("12345678901", false)]
#[case::a_pattern("C*", false)]
#[case::other_digits("١٢٣٤٥٦", false)]
#[case::empty("", false)]
fn numbers_are_typed_in_full(#[case] text: &str, #[case] good: bool) {
    let parsed = text.parse::<cie_conformance::guard::SerialNumber>();
    assert_eq!(parsed.is_ok(), good);
    if let Ok(serial) = parsed {
        assert!(!format!("{serial:?}").contains(text));
    }
}

#[rstest]
#[case::one("burns_pin", "--allow burns_pin")]
#[case::two("writes,burns_pin", "--allow burns_pin,writes")]
#[case::spaces("writes, blocks_pin", "--allow writes,blocks_pin")]
fn allowances_are_read(#[case] text: &str, #[case] shown: &str) {
    assert_eq!(text.parse::<Allowances>().unwrap().to_string(), shown);
}

#[rstest]
#[case::none(
    "none",
    "--allow none says nothing: scenarios without hazard always run; leave it out"
)]
#[case::bricks(
    "bricks",
    "--allow bricks does not exist: a card is given up by typing its number in full, --sacrificial CA00000AA"
)]
#[case::unknown(
    "burn_pin",
    "--allow burn_pin: no such hazard; write burns_pin, burns_puk, writes or blocks_pin"
)]
fn allowances_that_are_none(#[case] text: &str, #[case] message: &str) {
    assert_eq!(text.parse::<Allowances>().unwrap_err().to_string(), message);
}

#[rstest]
#[case::emulator(TargetKind::Emulator)]
#[case::recording(TargetKind::Recording)]
fn where_nothing_can_be_harmed_everything_runs(#[case] target: TargetKind) {
    let mut guard = Guard::new(target, Setup::default());
    let risk = CaseRisk {
        named_explicitly: false,
        restores: false,
        ..risk(Hazard::Bricks)
    };
    assert_eq!(guard.begin_case(risk), Admission::Run);
    let guess = verify(CodeName::Puk, "00000000");
    assert_eq!(
        guard.permit(&guess.view(), false),
        Ok(cie_conformance::guard::Permit::Send)
    );
    assert_eq!(guard.pass(&[0xFF, 0x00, 0x00, 0x00]), Ok(()));
}

#[test]
fn a_shut_run_admits_nothing() {
    let card = Card::new(POLICY).with_pin("99990000");
    let mut bench = Bench::case(card, "", Hazard::None);
    bench.send(&verify(CodeName::Pin, PIN)).unwrap();
    assert_eq!(
        refused(bench.guard.admit(risk(Hazard::None))),
        "the run is shut: the card refused the right PIN and has 2 tries left for it; check that it was typed correctly"
    );
}

#[test]
fn the_plan_says_what_is_sent_and_why_it_may() {
    let mut guard = reader("burns_pin,burns_puk");
    guard
        .card_present(CardIdentity::default().with_nis(NIS))
        .unwrap();
    let case = |name: &str, hazard, wrong_pins, wrong_puks| PlannedCase {
        name: name.to_owned(),
        risk: risk(hazard),
        admission: guard.admit(risk(hazard)),
        wrong_pins,
        wrong_puks,
    };
    let cases = [
        case("ias/select", Hazard::None, 0, 0),
        case("pin/wrong[chip=stm3]", Hazard::BurnsPin, 2, 0),
        case("puk/wrong", Hazard::BurnsPuk, 0, 1),
        case("pin/change", Hazard::Writes, 0, 0),
    ];
    assert_eq!(
        render_plan(&guard, "the card in reader ABC 1", &cases),
        "\
Plan for the card in reader ABC 1
  run     ias/select (the PIN is put back)
  run     pin/wrong[chip=stm3] (burns_pin, at most 2 wrong PINs, the PIN is put back)
  run     puk/wrong (burns_puk, at most 1 wrong PUK, the PIN is put back)
  skip    pin/change: writes on a physical card needs --allow writes and the right PIN
3 of 4 cases run
Sent at most: 2 wrong PINs, 1 wrong PUK
Allowed by: --allow burns_pin,burns_puk
Wrong PUKs of this card so far: 0 of 5 in its life; 2 at most in this run
Before each wrong value the tries left are asked for; the run stops at the last one, and at the first counter that drops unexpectedly
"
    );
}
