//! C10: the document outlives its codes: after a reset, what needs no code answers as on a fresh card, byte for byte. The
//! exhaustive search asks it of every memory that can be reached; here stand the questions, and one worn card.

use crate::model::Knobs;
use crate::start;
use crate::support::Terminal;
use crate::support::commands::*;

/// NIS, security object and the proof of the services key, as the registry's clients ask for them.
pub(crate) fn transcript(terminal: &mut Terminal) -> Vec<Vec<u8>> {
    terminal.reset();
    let mut answers = Vec::new();
    let mut send = |command: cie_emulator::wire::CommandBuf| {
        let answer = terminal.raw(&command.to_bytes().unwrap());
        answers.push(answer.clone());
        answer
    };
    send(select_application(IAS));
    send(select_application(CIE));
    send(read_by_short_id(1, 0, 12));
    send(select_ef(0x1005));
    send(read(0, 0));
    send(set_key(0x83));
    send(internal_authenticate(b"a challenge of 32 bytes, always."));
    send(select_application(CIE));
    send(select_ef(0x1006));
    let mut offset = 0;
    loop {
        let answer = send(read(offset, 0));
        let Some(length @ 1..) = answer.len().checked_sub(2) else {
            break;
        };
        offset += u16::try_from(length).unwrap();
    }
    answers
}

#[test]
fn c10_a_card_without_any_tries_left_is_still_a_document() {
    let (mut fresh, _) = start(Knobs::DEFAULT);
    let expected = transcript(&mut fresh);
    assert_eq!(expected[2].len(), 14, "twelve digits and 9000");
    assert_eq!(expected[6].len(), 258, "a signature and 9000");
    let (mut worn, _) = start(Knobs::DEFAULT);
    for _ in 0..3 {
        worn.verify(0x81, b"00000000");
    }
    for _ in 0..10 {
        worn.verify(0x82, b"00000000");
    }
    assert_eq!(transcript(&mut worn), expected);
}
