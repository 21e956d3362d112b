//! Tampering as scenarios say it becomes tampering as the terminal does it. What no terminal can make of a command is done to
//! the bytes on their way.

use cie_emulator::wire::CommandBuf;

use crate::scenario::model::{
    CertificateFault, PlainTrouble, ProofFault, Replay, SecureMessagingObject, Tamper,
};
use crate::terminal::ias::Fault;
use crate::terminal::{ChannelError, Tamper as Spoiled, TerminalError};

/// What the terminal does to a protected command; `None` when nothing.
///
/// # Errors
/// One sentence, when a number does not fit.
pub(super) fn of(tamper: &Tamper) -> Result<Option<Spoiled>, String> {
    let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    if let Some(bit) = &tamper.flip_mac_bit {
        let bit = u8::try_from(bit.value).ok().filter(|bit| *bit < 64);
        let bit = bit.ok_or("flip_mac_bit is 0 to 63: the MAC has 64 bits")?;
        return Ok(Some(Spoiled::FlipMacBit(bit)));
    }
    if let Some(bit) = &tamper.flip_data_bit {
        return Ok(Some(Spoiled::FlipCryptogramBit(at(bit.value))));
    }
    if let Some(bit) = &tamper.flip_header_bit {
        let bit = u8::try_from(bit.value).ok().filter(|bit| *bit < 32);
        let bit = bit.ok_or("flip_header_bit is 0 to 31: the header has 32 bits")?;
        return Ok(Some(Spoiled::FlipHeaderBit {
            byte: 3 - bit / 8,
            bit: bit % 8,
        }));
    }
    let dropped = tamper.drop_do.as_ref();
    let dropped = dropped.filter(|object| object.value == SecureMessagingObject::Mac);
    if let Some(object) = dropped.or(tamper.strip_do.as_ref()) {
        return Ok(Some(Spoiled::DropObject(u32::from(object.value.tag()))));
    }
    if let Some(object) = &tamper.duplicate_do {
        return Ok(Some(Spoiled::DuplicateObject(u32::from(
            object.value.tag(),
        ))));
    }
    if let Some(object) = &tamper.insert_do {
        return Ok(Some(Spoiled::ExtraObject {
            tag: u32::from(object.value.tag.0),
            value: object.value.value.0.clone(),
        }));
    }
    if on(tamper.reorder.as_ref().map(|at| at.value)) {
        return Ok(Some(Spoiled::ReorderObjects));
    }
    if let Some(length) = &tamper.mac_length {
        return Ok(Some(Spoiled::TruncateMac(at(length.value))));
    }
    if let Some(skip) = &tamper.skip_ssc {
        return match skip.value {
            0 => Ok(None),
            -1 => Ok(Some(Spoiled::RepeatCounter)),
            skip => {
                let skip = u64::try_from(skip).map_err(|_| "skip_ssc does not fit")?;
                Ok(Some(Spoiled::SkipCounter(skip)))
            }
        };
    }
    if on(tamper.wrong_padding.as_ref().map(|at| at.value)) {
        return Ok(Some(Spoiled::WrongPadding));
    }
    if let Some(indicator) = &tamper.padding_indicator {
        return Ok(Some(Spoiled::WrongPaddingIndicator(indicator.value.0)));
    }
    if tamper
        .replay
        .as_ref()
        .is_some_and(|replay| replay.value == Replay::Last)
    {
        return Ok(Some(Spoiled::ReplayLast));
    }
    Ok(None)
}

fn on(flag: Option<bool>) -> bool {
    flag == Some(true)
}

/// Whether the cryptogram is left out before the MAC is made: then it is a command without data.
pub(super) fn leaves_data_out(tamper: &Tamper) -> bool {
    tamper.drop_do.as_ref().is_some_and(|object| {
        matches!(
            object.value,
            SecureMessagingObject::Cryptogram85 | SecureMessagingObject::Cryptogram87
        )
    })
}

/// Whether bytes are changed after the terminal has made them.
pub(super) const fn changes_the_wire(tamper: &Tamper) -> bool {
    tamper.class.is_some()
        || tamper.truncate.is_some()
        || tamper.append.is_some()
        || tamper.trouble.is_some()
}

/// Whether the first protected command of the session goes again.
pub(super) fn is_replay_of_first(tamper: &Tamper) -> bool {
    tamper
        .replay
        .as_ref()
        .is_some_and(|replay| replay.value == Replay::First)
}

/// Changes the bytes of a command on their way.
pub(super) fn alter(bytes: &mut Vec<u8>, tamper: &Tamper) {
    if let (Some(class), Some(first)) = (&tamper.class, bytes.first_mut()) {
        *first = class.value.0;
    }
    if let Some(trouble) = &tamper.trouble {
        match (trouble.value, bytes.get_mut(4)) {
            (PlainTrouble::LcTooLong, Some(lc)) => *lc = lc.wrapping_add(1),
            (PlainTrouble::LcTooShort, Some(lc)) => *lc = lc.wrapping_sub(1),
            (PlainTrouble::LcZero, Some(lc)) => *lc = 0,
            (PlainTrouble::ExtendedLength, _) => extend(bytes),
            (_, None) => {}
        }
    }
    if let Some(length) = &tamper.truncate {
        bytes.truncate(usize::try_from(length.value).unwrap_or(usize::MAX));
    }
    if let Some(more) = &tamper.append {
        bytes.extend_from_slice(&more.value.0);
    }
}

fn extend(bytes: &mut Vec<u8>) {
    let Ok(command) = cie_emulator::wire::Command::parse(bytes) else {
        return;
    };
    if let Ok(extended) = CommandBuf::from(command).extended().to_bytes() {
        *bytes = extended;
    }
}

/// A fault of the terminal's certificate.
pub(super) const fn certificate_fault(fault: CertificateFault) -> Fault {
    match fault {
        CertificateFault::Signature => Fault::CertificateSignature,
        CertificateFault::Remainder => Fault::CertificateRemainder,
        CertificateFault::Hash => Fault::CertificateHash,
        CertificateFault::AuthorityReference => Fault::CertificateOuterAuthority(*b"NOBODYCA"),
        CertificateFault::ProfileIdentifier => Fault::CertificateProfile(0x29),
        CertificateFault::Truncated => Fault::CertificateTruncated(353),
    }
}

/// A fault of the terminal's proof.
pub(super) const fn proof_fault(fault: ProofFault) -> Fault {
    match fault {
        ProofFault::Hash => Fault::ProofHash,
        ProofFault::Trailer => Fault::ProofTrailer,
        ProofFault::Key => Fault::ProofSignature,
        ProofFault::Challenge => Fault::ProofChallenge,
        ProofFault::SerialNumber => Fault::ProofSerialNumber,
        ProofFault::PublicValue => Fault::ProofKeyAgreement,
    }
}

/// Whether an error is about what the scenario asked of the terminal, not about the card.
pub(super) const fn is_terminals_fault(error: &TerminalError) -> bool {
    matches!(
        error,
        TerminalError::Channel(
            ChannelError::NotOpen
                | ChannelError::Closed(_)
                | ChannelError::NothingToSpoil(_)
                | ChannelError::CommandTooLong(_)
        )
    )
}
