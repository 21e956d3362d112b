//! What a command is, read from its bytes: harmless, not to be weighed, or perhaps another one when it arrives.

use cie_conformance::guard::{Permit, Setup};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_emulator::wire::{CommandBuf, ins};
use rstest::rstest;

use crate::card::{Bench, Card, NIS, PIN, POLICY, change, risk, setup, verify};

/// Raw bytes in hexadecimal. A card that was given up gets them, in a case that says so.
#[rstest]
#[case::chained("1020008108 3133353732343638", "VERIFY has a class byte other than 00")]
#[case::protected_already("0C20008108 3133353732343638", "VERIFY has a class byte other than 00")]
#[case::another_channel("0120008108 3133353732343638", "VERIFY has a class byte other than 00")]
#[case::proprietary("8020008108 3133353732343638", "VERIFY has a class byte other than 00")]
#[case::odd_verify("0021008108 3133353732343638", "VERIFY has an odd instruction byte")]
#[case::odd_reset("002D038100", "RESET RETRY COUNTER has an odd instruction byte")]
#[case::global_reference(
    "0020000108 3133353732343638",
    "VERIFY names a reference that is not the one of a code it applies to"
)]
#[case::no_reference(
    "00200000",
    "VERIFY names a reference that is not the one of a code it applies to"
)]
#[case::another_reference(
    "00200083",
    "VERIFY names a reference that is not the one of a code it applies to"
)]
#[case::change_of_the_puk(
    "0024008210 38363432303937353836343230393734",
    "CHANGE REFERENCE DATA names a reference that is not the one of a code it applies to"
)]
#[case::reset_of_the_puk(
    "002C0382",
    "RESET RETRY COUNTER names a reference that is not the one of a code it applies to"
)]
#[case::log_out("0020FF81", "VERIFY has a P1 whose effect is not known")]
#[case::change_without_the_old(
    "0024018108 3133353732343638",
    "CHANGE REFERENCE DATA has a P1 whose effect is not known"
)]
#[case::reset_by_the_code_alone(
    "002C018108 3836343230393735",
    "RESET RETRY COUNTER has a P1 whose effect is not known"
)]
#[case::half_a_pin(
    "0020008104 31333537",
    "VERIFY carries data of another length than the codes have"
)]
#[case::twelve_digits(
    "002000810C 313335373234363831333537",
    "VERIFY carries data of another length than the codes have"
)]
#[case::half_a_change(
    "0024008108 3133353732343638",
    "CHANGE REFERENCE DATA carries data of another length than the codes have"
)]
#[case::a_reset_with_data(
    "002C038108 3133353732343638",
    "RESET RETRY COUNTER carries data of another length than the codes have"
)]
#[case::letters(
    "0020008108 3133353732343661",
    "VERIFY carries something else than digits"
)]
#[case::a_new_pin_of_letters(
    "002C028108 6162636465666768",
    "RESET RETRY COUNTER carries something else than digits"
)]
#[case::malformed("0020008108 313335", "VERIFY is malformed")]
#[case::header_cut("0020", "VERIFY is malformed")]
#[case::lc_zero("0024008100 3133353732343638", "CHANGE REFERENCE DATA is malformed")]
#[case::envelope(
    "00C200000D 0020008108313335373234363800",
    "ENVELOPE carries another command that is not looked into"
)]
#[case::update_binary(
    "00D6000001 00",
    "this instruction changes the card's memory and nothing restores it"
)]
#[case::terminate(
    "00FE0000",
    "this instruction changes the card's memory and nothing restores it"
)]
#[case::delete_file(
    "00E40000",
    "this instruction changes the card's memory and nothing restores it"
)]
#[case::generate_key(
    "00460000",
    "this instruction changes the card's memory and nothing restores it"
)]
#[case::card_manager(
    "8050000008 0000000000000000",
    "this instruction is not known to leave the card as it is (6x and 9x are never instructions)"
)]
#[case::card_manager_proof(
    "8082000010 00000000000000000000000000000000",
    "EXTERNAL AUTHENTICATE is not known to leave the card as it is (6x and 9x are never instructions)"
)]
fn what_cannot_be_weighed_is_refused(#[case] hex: &str, #[case] what: &str) {
    let bytes = hex::decode(hex.replace(' ', "")).unwrap();
    let allow = "burns_pin,burns_puk,writes,blocks_pin";
    let mut bench = Bench::case(Card::new(POLICY), allow, Hazard::BlocksPin);
    let message = format!(
        "{what}: what it costs cannot be known; it is sent only by a scenario of hazard bricks, named explicitly, to the card given with --sacrificial"
    );
    assert_eq!(
        bench.guard.permit_bytes(&bytes).unwrap_err().to_string(),
        message
    );
    // A card that was given up gets it.
    let mut given_up = Bench::new(
        Card::new(POLICY),
        Setup {
            sacrificial: Some(NIS.parse().unwrap()),
            ..setup("")
        },
    );
    assert!(given_up.guard.permit_bytes(&bytes).is_err());
    given_up.guard.begin_case(risk(Hazard::Bricks));
    assert_eq!(given_up.guard.permit_bytes(&bytes), Ok(Permit::Send));
}

#[rstest]
#[case::read_binary("00B0000000")]
#[case::get_data("00CB3FFF04 5C027F49")]
#[case::get_challenge("0084000008")]
#[case::external_authenticate("0082000008 0000000000000000")]
#[case::pace("10860000027C00 00")]
#[case::never_an_instruction("00600000")]
#[case::unknown_class("80B0000000")]
#[case::one_byte("20")]
#[case::nothing("")]
#[case::cut_select("00A4")]
#[case::tries("00200081")]
#[case::tries_with_le("0020008200")]
fn what_is_harmless_is_sent(#[case] hex: &str) {
    let bytes = hex::decode(hex.replace(' ', "")).unwrap();
    let mut bench = Bench::case(Card::new(POLICY), "", Hazard::None);
    assert_eq!(bench.guard.permit_bytes(&bytes), Ok(Permit::Send));
}

#[test]
fn class_ff_never_reaches_the_reader() {
    let mut bench = Bench::new(
        Card::new(POLICY),
        Setup {
            sacrificial: Some(NIS.parse().unwrap()),
            ..setup("")
        },
    );
    bench.guard.begin_case(risk(Hazard::Bricks));
    let message = bench
        .guard
        .permit_bytes(&[0xFF, 0, 0, 0])
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(
            "this instruction has the class byte FF, which readers take for themselves: "
        ),
        "{message}"
    );
}

#[test]
fn a_spoiled_value_counts_as_wrong() {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin", Hazard::None);
    bench.send(&verify(CodeName::Pin, PIN)).unwrap();
    let right = verify(CodeName::Pin, PIN);
    let wire = [0x0C, 0x20, 0x00, 0x81, 0x1D];
    assert_eq!(
        bench.guard.permit_altered(&right.view(), &wire, false),
        Ok(Permit::Send)
    );
    assert_eq!(
        bench
            .guard
            .permit_altered(&right.view(), &wire, true)
            .unwrap_err()
            .to_string(),
        "a wrong PIN is more than this case announced (hazard none); raise its hazard to burns_pin, or mend the step"
    );
}

#[rstest]
#[case::another_class(verify(CodeName::Pin, PIN), [0x00, 0x20, 0x00, 0x81], false)]
#[case::another_reference(verify(CodeName::Pin, PIN), [0x0C, 0x20, 0x00, 0x80], false)]
#[case::another_instruction(verify(CodeName::Pin, PIN), [0x0C, 0x24, 0x00, 0x81], false)]
#[case::a_select_turned_into_a_change(CommandBuf::new(0, ins::SELECT, 0, 0x81), [0x0C, 0x24, 0x00, 0x81], false)]
#[case::a_spoiled_new_pin(change(PIN, "22223333"), [0x0C, 0x24, 0x00, 0x81], true)]
#[case::tries_with_something_added(verify(CodeName::Pin, ""), [0x0C, 0x20, 0x00, 0x81], true)]
fn what_may_become_another_command_is_refused(
    #[case] plain: CommandBuf,
    #[case] wire: [u8; 4],
    #[case] value_may_change: bool,
) {
    let mut bench = Bench::case(Card::new(POLICY), "burns_pin,writes", Hazard::Writes);
    bench.send(&verify(CodeName::Pin, PIN)).unwrap();
    let refused = bench
        .guard
        .permit_altered(&plain.view(), &wire, value_may_change);
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains(" was altered after it was built: what it costs cannot be known"),
        "{message}"
    );
}
