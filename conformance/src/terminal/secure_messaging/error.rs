//! What can be wrong with a protected answer, one variant per reason, because "the channel broke" helps nobody.

use cie_emulator::wire::StatusWord;
use cie_emulator::wire::tlv::{Tag, TlvError};

/// Why a protected answer was refused, or a protected command could not be made.
///
/// Clauses are of ISO/IEC 7816-4:2020 §10 (secure messaging), which IAS-ECC 1.0.1 and ICAO 9303-11 §9.8 profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The data field is not a row of data objects.
    #[error("the protected answer is not a row of data objects (ISO/IEC 7816-4:2020 §10.2): {0}")]
    Structure(#[from] TlvError),
    /// A length field is longer than it needs to be; clients misread it.
    #[error("the length of data object {0} is not minimal (ISO/IEC 8825-1 §10.1)")]
    NonMinimalLength(Tag),
    /// Not one of `87`, `85`, `99`, `8E`.
    #[error("data object {0} does not belong into a protected answer (ISO/IEC 7816-4:2020 §10.3)")]
    UnknownObject(Tag),
    /// `85` after an even instruction or `87` after an odd one.
    #[error(
        "data object {found} carries the data, but instruction {ins:02X} asks for {expected} (ISO/IEC 7816-4:2020 §10.3)"
    )]
    WrongCryptogramObject {
        /// The object that belongs there.
        expected: Tag,
        /// The object that is there.
        found: Tag,
        /// The instruction byte of the command.
        ins: u8,
    },
    /// An object came twice.
    #[error("data object {0} comes twice in the protected answer")]
    DuplicateObject(Tag),
    /// The objects are not in the order `87`/`85`, `99`, `8E`.
    #[error(
        "data object {0} is not in its place: the order is cryptogram, status 99, checksum 8E (observed client behaviour)"
    )]
    WrongOrder(Tag),
    /// Objects, but no `8E`.
    #[error("no checksum (data object 8E) in the protected answer (ISO/IEC 7816-4:2020 §10.4)")]
    MissingChecksum,
    /// `8E` has not 8 bytes.
    #[error("the checksum has {0} bytes, expected 8 (ISO/IEC 7816-4:2020 §10.4)")]
    ChecksumLength(usize),
    /// `8E` is not the MAC over what came.
    #[error(
        "the checksum is wrong: other keys, another counter (here {counter:016X}), or bytes changed on the way (ISO/IEC 9797-1)"
    )]
    WrongChecksum {
        /// The send sequence counter it was checked with.
        counter: u64,
    },
    /// Objects, but no `99`.
    #[error("no status (data object 99) in the protected answer (ISO/IEC 7816-4:2020 §10.3)")]
    MissingStatus,
    /// `99` has not 2 bytes.
    #[error("the protected status has {0} bytes, expected 2")]
    StatusLength(usize),
    /// The status inside is not the status outside.
    #[error(
        "the protected status is {inner}, the one outside {outer}; they must be equal (observed client behaviour)"
    )]
    StatusMismatch {
        /// In data object `99`.
        inner: StatusWord,
        /// At the end of the answer.
        outer: StatusWord,
    },
    /// Only a status word came.
    #[error(
        "the answer to a protected command is the bare status {sw}; every protected command is answered with objects 99 and 8E (ISO/IEC 7816-4:2020 §10.2)"
    )]
    PlainResponse {
        /// That status word.
        sw: StatusWord,
    },
    /// The padding-content indicator of `87` is not `01`.
    #[error("the padding indicator is {0:02X}, expected 01 (ISO/IEC 7816-4:2020 §10.3)")]
    WrongPaddingIndicator(u8),
    /// The cryptogram is empty or not whole cipher blocks.
    #[error("a cryptogram of {0} bytes; it has a whole number of cipher blocks, at least one")]
    CryptogramLength(usize),
    /// No `80 00…` at the end of the deciphered data.
    #[error(
        "the deciphered data do not end in the padding 80 00… (ISO/IEC 9797-1 padding method 2)"
    )]
    WrongPadding,
    /// Fewer than two bytes came.
    #[error("an answer of {0} bytes; the two status bytes are always there")]
    TooShort(usize),
    /// The channel was closed by an earlier refusal.
    #[error("the channel is closed: {0}; agree on new keys")]
    Closed(String),
    /// There is no channel.
    #[error("no secure messaging channel is open; open one, or send the command plain")]
    NotOpen,
    /// The command lacks what should have been spoiled: the case would prove nothing.
    #[error("nothing to spoil: {0}; tamper with a command that has it")]
    NothingToSpoil(&'static str),
    /// The command cannot be protected.
    #[error("the command does not fit a protected APDU: {0}")]
    CommandTooLong(String),
}
