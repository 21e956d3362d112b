//! What a plain command would do to the codes of a card, read from its bytes alone: the list of instructions known to be
//! harmless, the forms of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER whose price is known, and a name for the
//! trouble with everything else. Nothing is decided here.

use cie_emulator::credentials::Code;
use cie_emulator::wire::{Command, ins};

use super::refusal::Unjudged;
use crate::scenario::model::CodeName;

/// A command as the guard sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Leaves codes, counters and memory as they are.
    Harmless,
    /// VERIFY without data: how many tries are left?
    AskTries(CodeName),
    /// A value is compared: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER with the PUK in its data.
    Present {
        /// With which code.
        code: CodeName,
        /// The value.
        value: Code,
        /// The PIN that is set when the value is right.
        then: Option<Code>,
    },
    /// RESET RETRY COUNTER: full tries, and a new PIN when there is one.
    Reset(Option<Code>),
    /// Cannot be weighed.
    Unjudged(Unjudged),
}

impl Meaning {
    /// Reads a plain command.
    pub(super) fn of(command: &Command<'_>) -> Self {
        let header = command.header;
        if header.cla == 0xFF {
            return Self::Unjudged(Unjudged::Reader);
        }
        if !is_credential(header.ins) {
            return other(header.cla, header.ins);
        }
        if header.cla != 0x00 {
            return Self::Unjudged(Unjudged::Class);
        }
        let meaning = match header.ins {
            ins::VERIFY => verify(header.p1, header.p2, command.data),
            ins::CHANGE_REFERENCE_DATA => change(header.p1, header.p2, command.data),
            ins::RESET_RETRY_COUNTER => reset(header.p1, header.p2, command.data),
            _ => Err(Unjudged::OddInstruction),
        };
        meaning.unwrap_or_else(Self::Unjudged)
    }

    /// Reads bytes that are not an APDU.
    pub(super) fn of_malformed(bytes: &[u8]) -> Self {
        match *bytes {
            [] | [_] => Self::Harmless,
            [0xFF, ..] => Self::Unjudged(Unjudged::Reader),
            [_, ins, ..] if is_credential(ins) => Self::Unjudged(Unjudged::Malformed),
            [cla, ins, ..] => other(cla, ins),
        }
    }
}

/// VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, even or odd.
pub(super) const fn is_credential(instruction: u8) -> bool {
    matches!(
        instruction & 0xFE,
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
    )
}

fn code_of(reference: u8) -> Result<CodeName, Unjudged> {
    match reference {
        0x81 => Ok(CodeName::Pin),
        0x82 => Ok(CodeName::Puk),
        _ => Err(Unjudged::Reference),
    }
}

fn only_pin(reference: u8) -> Result<(), Unjudged> {
    match code_of(reference)? {
        CodeName::Pin => Ok(()),
        CodeName::Puk => Err(Unjudged::Reference),
    }
}

fn digits(value: &[u8]) -> Result<Code, Unjudged> {
    match (value.len(), Code::from_digits(value)) {
        (8, Ok(code)) => Ok(code),
        (8, Err(_)) => Err(Unjudged::NotDigits),
        _ => Err(Unjudged::Length),
    }
}

fn two(data: &[u8]) -> Result<(Code, Code), Unjudged> {
    let (first, second) = data.split_at_checked(8).ok_or(Unjudged::Length)?;
    Ok((digits(first)?, digits(second)?))
}

/// VERIFY of ISO/IEC 7816-4:2020, P1 = `00`.
fn verify(p1: u8, p2: u8, data: &[u8]) -> Result<Meaning, Unjudged> {
    let code = code_of(p2)?;
    match (p1, data) {
        (0x00, []) => Ok(Meaning::AskTries(code)),
        (0x00, value) => Ok(Meaning::Present {
            code,
            value: digits(value)?,
            then: None,
        }),
        _ => Err(Unjudged::Parameter),
    }
}

/// CHANGE REFERENCE DATA of ISO/IEC 7816-4:2020, P1 = `00`: the value in force, then the new one.
fn change(p1: u8, p2: u8, data: &[u8]) -> Result<Meaning, Unjudged> {
    only_pin(p2)?;
    if p1 != 0x00 {
        return Err(Unjudged::Parameter);
    }
    let (value, new) = two(data)?;
    Ok(Meaning::Present {
        code: CodeName::Pin,
        value,
        then: Some(new),
    })
}

/// RESET RETRY COUNTER of ISO/IEC 7816-4:2020, P1 = `00`, `02` or `03`.
fn reset(p1: u8, p2: u8, data: &[u8]) -> Result<Meaning, Unjudged> {
    only_pin(p2)?;
    match (p1, data) {
        (0x03, []) => Ok(Meaning::Reset(None)),
        (0x02, new) => Ok(Meaning::Reset(Some(digits(new)?))),
        (0x00, both) => {
            let (value, new) = two(both)?;
            Ok(Meaning::Present {
                code: CodeName::Puk,
                value,
                then: Some(new),
            })
        }
        (0x03, _) => Err(Unjudged::Length),
        _ => Err(Unjudged::Parameter),
    }
}

/// Everything that is not about codes.
fn other(cla: u8, instruction: u8) -> Meaning {
    let reading = matches!(
        instruction,
        ins::GET_CHALLENGE | ins::SELECT | 0xB0..=0xB3 | ins::GET_RESPONSE | 0xCA | ins::GET_DATA
    );
    // In a proprietary class these mean something else: a card manager counts failed authentications.
    let authenticating = matches!(
        instruction,
        ins::MANAGE_SECURITY_ENVIRONMENT
            | 0x2A
            | 0x2B
            | ins::EXTERNAL_AUTHENTICATE
            | ins::GENERAL_AUTHENTICATE
            | 0x87
            | ins::INTERNAL_AUTHENTICATE
    );
    match instruction {
        _ if reading || (authenticating && cla & 0x80 == 0) => Meaning::Harmless,
        // ISO/IEC 7816-3:2006 §10.3.2: these values are procedure bytes and never instructions.
        0x60..=0x6F | 0x90..=0x9F => Meaning::Harmless,
        0xC2 | 0xC3 => Meaning::Unjudged(Unjudged::Envelope),
        0x04 | 0x0C..=0x0F | 0x44 | 0x46 | 0x47 | 0xD0..=0xDF | 0xE0..=0xEF | 0xFE => {
            Meaning::Unjudged(Unjudged::Writes)
        }
        _ => Meaning::Unjudged(Unjudged::Instruction),
    }
}
