//! The wall: what nobody asked about does not reach the card.

use cie_conformance::guard::{
    CardIdentity, Farewell, Guard, Guarded, Permit, SharedGuard, Stopped,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_conformance::target::{ScriptStep, ScriptedTarget, Target as _, TargetError, TargetKind};
use cie_emulator::wire::{Command, CommandBuf, StatusWord, ins};
use rstest::rstest;

use crate::card::{NIS, PIN, risk, setup, verify};

fn shared(allow: &str, hazard: Hazard) -> SharedGuard {
    let mut guard = Guard::new(TargetKind::Reader, setup(allow));
    guard
        .card_present(CardIdentity::default().with_nis(NIS))
        .unwrap();
    guard.begin_case(risk(hazard));
    SharedGuard::new(guard)
}

/// A target behind the wall that answers with these status words.
fn behind(guard: &SharedGuard, answers: &[u16]) -> Guarded<ScriptedTarget> {
    let steps = answers
        .iter()
        .map(|answer| ScriptStep::Answer(answer.to_be_bytes().to_vec()));
    Guarded::new(ScriptedTarget::new(&[0x3B], steps), guard.clone())
}

fn transmit(target: &mut Guarded<ScriptedTarget>, bytes: &[u8]) -> Result<StatusWord, TargetError> {
    let mut response = Vec::new();
    target.transmit(bytes, &mut response)?;
    Ok(StatusWord::from_bytes([response[0], response[1]]))
}

/// The same command as it would go protected: its data cannot be read.
fn protected(plain: &Command<'_>) -> Vec<u8> {
    let header = plain.header;
    vec![0x0C, header.ins, header.p1, header.p2, 2, 0x8E, 0x00]
}

const NOT_WEIGHED: &str = "the command was not sent: a command on PIN or PUK was about to reach the card without having been weighed; nothing was sent, and this is a fault of this program: please report it";

#[rstest]
#[case::plain(&[0x00, 0x20, 0x00, 0x81])]
#[case::with_data(&[0x00, 0x24, 0x00, 0x81, 0x01, 0x31])]
#[case::protected(&[0x0C, 0x20, 0x00, 0x81, 0x02, 0x8E, 0x00])]
#[case::chained(&[0x1C, 0x2C, 0x00, 0x81, 0x02, 0x8E, 0x00])]
#[case::odd(&[0x00, 0x21, 0x00, 0x81])]
#[case::malformed(&[0x00, 0x20, 0x00])]
fn a_code_that_nobody_weighed_stops_here(#[case] bytes: &[u8]) {
    let guard = shared("burns_pin", Hazard::BurnsPin);
    let mut target = behind(&guard, &[0x9000]);
    let error = transmit(&mut target, bytes).unwrap_err();
    assert_eq!(error.to_string(), NOT_WEIGHED);
    assert_eq!(target.describe(), "a recording, 1 exchanges left");
    assert!(guard.lock().take_refusal().is_some());
}

#[test]
fn a_permit_is_good_for_one_passage() {
    let guard = shared("", Hazard::None);
    let mut target = behind(&guard, &[0x63C3, 0x63C3]);
    let ask = verify(CodeName::Pin, "");
    assert_eq!(guard.lock().permit(&ask.view(), true), Ok(Permit::Send));
    let wire = protected(&ask.view());
    assert_eq!(transmit(&mut target, &wire), Ok(StatusWord(0x63C3)));
    let again = transmit(&mut target, &wire).unwrap_err();
    assert_eq!(again.to_string(), NOT_WEIGHED);
}

#[rstest]
#[case::in_the_clear(&[0x00, 0x20, 0x00, 0x81])]
#[case::for_the_other_code(&[0x0C, 0x20, 0x00, 0x82])]
#[case::for_another_instruction(&[0x0C, 0x24, 0x00, 0x81])]
fn a_permit_is_good_for_its_command(#[case] bytes: &[u8]) {
    let guard = shared("", Hazard::None);
    let mut target = behind(&guard, &[0x63C3]);
    let ask = verify(CodeName::Pin, "");
    guard.lock().permit(&ask.view(), true).unwrap();
    assert_eq!(
        transmit(&mut target, bytes).unwrap_err().to_string(),
        NOT_WEIGHED
    );
}

#[test]
fn files_and_keys_need_no_permit() {
    let guard = shared("", Hazard::None);
    let mut target = behind(&guard, &[0x9000, 0x9000]);
    let select = [0x00, ins::SELECT, 0x04, 0x0C, 0x01, 0xA0];
    assert_eq!(transmit(&mut target, &select), Ok(StatusWord::NO_ERROR));
    assert_eq!(
        transmit(&mut target, &[0x0C, 0x84, 0, 0, 2, 0x8E, 0]),
        Ok(StatusWord::NO_ERROR)
    );
    let erase = [0x00, 0x0E, 0x00, 0x00];
    let error = transmit(&mut target, &erase).unwrap_err().to_string();
    assert!(
        error.starts_with("the command was not sent: this instruction changes the card's memory and nothing restores it"),
        "{error}"
    );
}

#[test]
fn the_rest_of_an_answer_belongs_to_its_command() {
    let guard = shared("", Hazard::None);
    let mut target = behind(&guard, &[0x6102, 0x63C3]);
    let ask = verify(CodeName::Pin, "");
    guard.lock().permit(&ask.view(), false).unwrap();
    let wire = ask.to_bytes().unwrap();
    let first = transmit(&mut target, &wire).unwrap();
    guard.lock().observe(&ask.view(), first);
    let rest = CommandBuf::new(0, ins::GET_RESPONSE, 0, 0).le(cie_emulator::wire::Le::Exactly(2));
    let second = transmit(&mut target, &rest.to_bytes().unwrap()).unwrap();
    guard.lock().observe(&rest.view(), second);
    assert_eq!(guard.lock().tries_left(CodeName::Pin), Some(3));
}

#[test]
fn a_run_goes_through_the_wall_from_the_first_question_to_the_last_restoring() {
    let guard = shared("burns_pin", Hazard::BurnsPin);
    let mut target = behind(&guard, &[0x63C3, 0x9000, 0x63C2, 0x9000]);
    let mut send = |plain: &Command<'_>| transmit(&mut target, &protected(plain));
    let wrong = verify(CodeName::Pin, "13572469");
    guard.clear_way(&wrong.view(), true, &mut send).unwrap();
    let answer = send(&wrong.view()).unwrap();
    guard.lock().observe(&wrong.view(), answer);
    assert_eq!(guard.lock().tries_left(CodeName::Pin), Some(2));
    assert_eq!(guard.restore(true, &mut send), Farewell::AsFound);
    assert_eq!(target.describe(), "a recording, 0 exchanges left");
}

#[test]
fn a_card_lost_in_the_middle_is_told_apart_from_a_refusal() {
    let guard = shared("burns_pin", Hazard::BurnsPin);
    let mut target = Guarded::new(
        ScriptedTarget::new(&[], [ScriptStep::Error(TargetError::CardRemoved)]),
        guard.clone(),
    );
    let right = verify(CodeName::Pin, PIN);
    let stopped = guard
        .clear_way(&right.view(), true, |plain| {
            transmit(&mut target, &protected(plain))
        })
        .unwrap_err();
    assert_eq!(stopped, Stopped::Target(TargetError::CardRemoved));
}

#[test]
fn the_questions_before_a_spoiled_command_go_through_the_wall_whole() {
    let guard = shared("burns_pin", Hazard::BurnsPin);
    let mut target = behind(&guard, &[0x63C3, 0x9000, 0x6988]);
    let mut send = |plain: &Command<'_>| transmit(&mut target, &protected(plain));
    let right = verify(CodeName::Pin, PIN);
    let wire = protected(&right.view());
    guard
        .clear_way_altered(&right.view(), &wire, true, &mut send)
        .unwrap();
    let answer = send(&right.view()).unwrap();
    guard.lock().observe(&right.view(), answer);
    assert_eq!(guard.lock().latch(), None);
    assert_eq!(target.describe(), "a recording, 0 exchanges left");
}
