//! What can go wrong between a persona file and a finished card, and what to do about it.

use super::codes::CodesError;

/// A value of a persona that cannot be what it claims to be. Shown with file, line and column when it came from a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a calendar day.
    #[error("`{0}` is not a date; write an existing day between 1900 and 2099 as YYYY-MM-DD")]
    Date(String),
    /// Not a document number of the CIE.
    #[error(
        "`{0}` is not a CIE document number; write C, a letter, five digits, two letters, e.g. CA00000AA"
    )]
    DocumentNumber(String),
    /// Not a services identifier.
    #[error("`{0}` is not a NIS; write twelve digits")]
    Nis(String),
    /// Not a cadastral code.
    #[error("`{0}` is not a cadastral code; write a letter and three digits, e.g. H501 for Roma")]
    CadastralCode(String),
    /// Not a fiscal code, or its check character is wrong.
    #[error(
        "`{0}` is not a fiscal code; write 16 characters with the right check character, or leave it out to have it computed"
    )]
    FiscalCode(String),
    /// Not a person's name.
    #[error(
        "`{0}` is not a name; write 1 to 40 letters, with spaces, apostrophes or hyphens between them"
    )]
    Name(String),
    /// Not a card access number.
    #[error("`{0}` is not a card access number; write six digits in quotes, e.g. \"123456\"")]
    Can(String),
    /// Not the abbreviation of a province.
    #[error("`{0}` is not a province; write two capital letters, e.g. RM, or EE for abroad")]
    Province(String),
    /// Not a line of an address.
    #[error(
        "`{0}` is not a line of an address; write 1 to 60 letters, digits, single spaces and ' - . , /"
    )]
    AddressLine(String),
    /// Not a number of digits that are replaced between homonyms.
    #[error("{0} digits of a fiscal code cannot be letters; write 1 to 7")]
    Homocody(u8),
    /// Not the content of EF.SN.ICC.
    #[error(
        "`{0}` is not the content of EF.SN.ICC; write 12 bytes in hexadecimal that begin with 5A0A"
    )]
    SerialNumber(String),
}

/// Loading or personalising failed.
#[derive(Debug, thiserror::Error)]
pub enum PersonaError {
    /// The YAML of a persona was refused; `line` and `column` count from 1.
    #[error("{file}:{line}:{column}: {message}")]
    Load {
        /// Name of the file as given to the loader.
        file: String,
        /// Line of the offending value.
        line: u64,
        /// Column of the offending value.
        column: u64,
        /// What is wrong, and what to write instead.
        message: String,
        /// The same with the lines of the file around it and a caret, for people.
        snippet: String,
    },
    /// The file could not be read.
    #[error("cannot read persona file {file}: {source}; check the path and its permissions")]
    Read {
        /// Name of the file.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No built-in persona has this id.
    #[error("there is no built-in persona `{id}`; choose one of {known}, or give a file")]
    Unknown {
        /// The id asked for.
        id: String,
        /// The ids there are.
        known: String,
    },
    /// A value that no parser let through, found in a persona built by hand.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Two values of the persona contradict each other.
    #[error("persona `{id}` contradicts itself: {what}")]
    Contradiction {
        /// Id of the persona.
        id: String,
        /// The two values, and which to change.
        what: String,
    },
    /// The receipt and letter, or the codes on them, could not be made.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// A key, certificate or other file embedded in the program is missing or damaged.
    #[error("embedded fixture `{file}` is unusable: {reason}; restore fixtures/ and build again")]
    Fixture {
        /// Path below `fixtures/`.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate or security object could not be encoded.
    #[error(
        "cannot encode {object}: {reason}; this is a defect of the emulator, please report it with the persona"
    )]
    Encode {
        /// The object being built.
        object: &'static str,
        /// What the encoder said.
        reason: String,
    },
    /// No certificate serial number gave files that end in a byte other than 00.
    #[error(
        "no acceptable certificate after {attempts} serial numbers; choose another seed for persona `{id}`"
    )]
    Exhausted {
        /// Id of the persona.
        id: String,
        /// Serial numbers tried.
        attempts: u32,
    },
}
