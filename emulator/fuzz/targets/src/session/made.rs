//! Commands that no recording has, and ways to spoil a protected one, chosen by the input.

use cie_conformance::terminal::Tamper;
use cie_emulator::wire::{CommandBuf, Header, Le, LengthForm, ins};

use crate::input::Input;

/// No Le, all there is, or a number.
pub(super) fn le(byte: u8) -> Option<Le> {
    match byte {
        0 => None,
        1 => Some(Le::Maximum),
        n => Some(Le::Exactly(u16::from(n))),
    }
}

/// A command of no recording.
pub(super) fn free(input: &mut Input<'_>) -> CommandBuf {
    const USUAL: [u8; 14] = [
        ins::VERIFY,
        ins::MANAGE_SECURITY_ENVIRONMENT,
        ins::CHANGE_REFERENCE_DATA,
        ins::PERFORM_SECURITY_OPERATION,
        ins::RESET_RETRY_COUNTER,
        ins::EXTERNAL_AUTHENTICATE,
        ins::GET_CHALLENGE,
        ins::GENERAL_AUTHENTICATE,
        ins::INTERNAL_AUTHENTICATE,
        ins::SELECT,
        ins::READ_BINARY,
        ins::READ_BINARY_ODD,
        ins::GET_RESPONSE,
        ins::GET_DATA,
    ];
    let kind = input.byte();
    let ins = match kind & 0x80 {
        0 => USUAL
            .get(usize::from(kind) % USUAL.len())
            .copied()
            .unwrap_or_default(),
        _ => input.byte(),
    };
    let shape = input.byte();
    let header = Header {
        cla: if shape & 1 == 0 { 0x00 } else { 0x10 },
        ins,
        p1: input.byte(),
        p2: input.byte(),
    };
    CommandBuf {
        header,
        le: le(input.byte()),
        form: match shape & 2 {
            0 => LengthForm::Short,
            _ => LengthForm::Extended,
        },
        data: input.short().to_vec(),
    }
}

/// One of the judge's ways to spoil a protected command; `None` for a bit anywhere.
pub(super) fn tamper(input: &mut Input<'_>) -> Option<Tamper> {
    const TAGS: [u32; 5] = [0x87, 0x85, 0x97, 0x8E, 0x81];
    let kind = input.byte();
    let value = input.byte();
    let tag = TAGS
        .get(usize::from(value) % TAGS.len())
        .copied()
        .unwrap_or(0x87);
    Some(match kind % 18 {
        0 => Tamper::FlipMacBit(value),
        1 => Tamper::FlipCryptogramBit(usize::from(value)),
        2 => Tamper::FlipHeaderBit {
            byte: 1 + value % 3,
            bit: value >> 5,
        },
        3 => Tamper::TruncateMac(usize::from(value % 8)),
        4 => Tamper::DropObject(tag),
        5 => Tamper::DuplicateObject(tag),
        6 => Tamper::ReorderObjects,
        7 => Tamper::ExtraObject {
            tag,
            value: input.short().to_vec(),
        },
        8 => Tamper::WrongPadding,
        9 => Tamper::WrongPaddingIndicator(value & 0xFE),
        10 => Tamper::EmptyCryptogram,
        11 => Tamper::UnalignedCryptogram,
        12 => Tamper::NonMinimalLength(tag),
        13 => Tamper::ReplayLast,
        14 => Tamper::SkipCounter(u64::from(value).max(1)),
        15 => Tamper::RepeatCounter,
        16 => Tamper::SendPlain,
        _ => return None,
    })
}

/// Some ways are no offence, or may happen to come out right; the card may answer.
pub(super) const fn may_pass(tamper: &Tamper) -> bool {
    matches!(
        tamper,
        Tamper::SendPlain
            | Tamper::ExtraObject { .. }
            | Tamper::WrongPaddingIndicator(_)
            | Tamper::OmitOuterLe
            | Tamper::NonMinimalLength(_)
            | Tamper::ReplayLast
            | Tamper::PlainUnderProtectedClass
    )
}
