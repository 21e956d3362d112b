//! Targets that are not cards: recordings keep to their script, decorators say when they acted.

use cie_conformance::target::{
    Alteration, Reset, ScriptStep, ScriptedTarget, Tampering, Target, TargetError, TargetKind, When,
};
use cie_conformance::terminal::{Terminal, TerminalError};
use cie_crypto::random::Seeded;
use rstest::rstest;

fn recording() -> ScriptedTarget {
    let steps = [
        ScriptStep::Exchange {
            command: vec![0x00, 0xA4, 0x00, 0x00],
            response: vec![0x90, 0x00],
        },
        ScriptStep::Error(TargetError::CardRemoved),
    ];
    ScriptedTarget::new(super::ATR, steps)
}

#[test]
fn a_recording_accepts_only_its_commands() {
    let mut target = recording();
    let mut response = vec![1, 2, 3];
    let error = target
        .transmit(&[0x00, 0xA4, 0x00, 0x0C], &mut response)
        .unwrap_err();
    assert!(matches!(error, TargetError::Harness(_)), "{error}");
    assert!(error.to_string().contains("00A4000C"));
    assert_eq!(response, Vec::<u8>::new());
}

#[test]
fn a_recording_ends_with_an_error() {
    let mut target = recording();
    let mut response = Vec::new();
    target
        .transmit(&[0x00, 0xA4, 0x00, 0x00], &mut response)
        .unwrap();
    assert_eq!(
        (response.as_slice(), target.remaining()),
        (&[0x90, 0x00][..], 1)
    );
    let error = target.transmit(&[0], &mut response).unwrap_err();
    assert_eq!(error, TargetError::CardRemoved);
    let error = target.transmit(&[0], &mut response).unwrap_err();
    assert!(matches!(error, TargetError::Harness(_)), "{error}");
}

#[rstest]
#[case::remove(|target: &mut dyn Target| target.remove())]
#[case::insert(|target: &mut dyn Target| target.insert())]
fn what_a_target_cannot_do_it_says(#[case] act: fn(&mut dyn Target) -> Result<(), TargetError>) {
    let mut target = recording();
    assert!(matches!(act(&mut target), Err(TargetError::Unsupported(_))));
}

#[test]
fn a_boxed_target_is_the_same_target() {
    let mut boxed: Box<dyn Target> = Box::new(recording());
    assert_eq!(boxed.kind(), TargetKind::Recording);
    assert_eq!(boxed.power_on().unwrap(), super::ATR);
    assert_eq!(boxed.reset(Reset::Warm).unwrap(), super::ATR);
    assert_eq!(boxed.state(), None);
    boxed.power_off().unwrap();
}

#[test]
fn a_decorator_acts_once_and_says_so() {
    let mut target = Tampering::new(
        ScriptedTarget::new(
            super::ATR,
            (0..3).map(|_| ScriptStep::Answer(vec![0x90, 0x00])),
        ),
        When::Exchange(1),
        Alteration::OuterStatus(0x6A82),
    );
    let mut answers = Vec::new();
    for expected in [false, true, true] {
        let mut response = Vec::new();
        target.transmit(&[0, 0, 0, 0], &mut response).unwrap();
        assert_eq!(target.applied(), expected);
        answers.push(response);
    }
    assert_eq!(
        answers,
        [vec![0x90, 0x00], vec![0x6A, 0x82], vec![0x90, 0x00]]
    );
}

#[rstest]
#[case::mute(Alteration::Mute, TerminalError::Target(TargetError::NoResponse))]
#[case::one_byte(Alteration::Truncate(1), TerminalError::NoStatus(1))]
#[case::nothing(Alteration::Truncate(0), TerminalError::NoStatus(0))]
fn no_answer_is_an_error_of_its_own(
    #[case] alteration: Alteration,
    #[case] expected: TerminalError,
) {
    let target = Tampering::new(recording(), When::Exchange(0), alteration);
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    let error = terminal
        .transmit_bytes(&[0x00, 0xA4, 0x00, 0x00])
        .unwrap_err();
    assert_eq!(error, expected);
    let record = &terminal.exchanges()[0];
    assert_eq!(record.error, Some(expected.to_string()));
    assert_eq!(record.sw, None);
}
