//! Words for failures: numbers of bytes, names of keys and values as the language writes
//! them. No judging here.

use cie_emulator::wire::StatusWord;

use crate::scenario::model::{Bytes, CodeName, KeyReference, PersonaField, PublicKeySource};
use crate::scenario::text::StatusMask;

/// `1 byte`, `8 bytes`.
pub(super) fn count(bytes: usize) -> String {
    plural(bytes, "byte")
}

/// `1 try` never comes here: for words that take an s.
pub(super) fn plural(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

/// Bytes as a report shows them.
pub(super) fn hex(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

/// A status word, or those a mask allows, in words where there is one meaning.
pub(super) fn status(mask: StatusMask) -> String {
    match mask.mask {
        0xFFFF => StatusWord(mask.value).to_string(),
        _ => mask.to_string(),
    }
}

/// A value in words, when it is or contains a secret; `None` when it may be shown.
pub(super) fn secret(value: &Bytes) -> Option<String> {
    match value {
        Bytes::Right(code) => Some(format!("the {} in force", code_name(*code))),
        Bytes::Wrong(code) => Some(format!("a wrong {}", code_name(*code))),
        Bytes::Original(code) => Some(format!("the {} as personalised", code_name(*code))),
        Bytes::Recovered(code) => Some(format!("the recovered {}", code_name(*code))),
        Bytes::FirstHalf(code) => Some(format!("the first half of the {}", code_name(*code))),
        Bytes::SecondHalf(code) => Some(format!("the second half of the {}", code_name(*code))),
        Bytes::Concat(parts) => parts
            .iter()
            .find_map(secret)
            .map(|part| format!("a value with {part}")),
        Bytes::HexText(bytes) => secret(bytes).map(|part| format!("the hex digits of {part}")),
        Bytes::Given(_) | Bytes::Captured(_) | Bytes::Persona(_) => None,
        Bytes::File(_) | Bytes::DocumentFile(_) | Bytes::Random(_) | Bytes::Fill(_) => None,
    }
}

/// What a value is, beside its bytes: ` (the capture "x")`. Empty for bytes that stand in the scenario.
pub(super) fn origin(value: &Bytes) -> String {
    match value {
        Bytes::Captured(name) => format!(" (the capture \"{name}\")"),
        Bytes::Persona(field) => format!(" (the {} of the persona)", persona_field(*field)),
        Bytes::File(file) => format!(" (file {file} as personalised)"),
        Bytes::DocumentFile(file) => format!(" ({file} as personalised)"),
        Bytes::HexText(bytes) => match origin(bytes) {
            origin if origin.is_empty() => origin,
            origin => format!("{origin} in hex digits"),
        },
        Bytes::Given(_) | Bytes::Random(_) | Bytes::Fill(_) | Bytes::Concat(_) => String::new(),
        Bytes::Right(_) | Bytes::Wrong(_) | Bytes::Original(_) => String::new(),
        Bytes::Recovered(_) | Bytes::FirstHalf(_) | Bytes::SecondHalf(_) => String::new(),
    }
}

fn persona_field(field: PersonaField) -> &'static str {
    match field {
        PersonaField::Nis => "NIS",
        PersonaField::DocumentNumber => "document number",
        PersonaField::ChipSerial => "chip serial number",
        PersonaField::Can => "CAN",
        PersonaField::Mrz => "MRZ",
        PersonaField::Surname => "surname",
        PersonaField::GivenName => "given names",
        PersonaField::FiscalCode => "tax code",
        PersonaField::DateOfBirth => "date of birth",
        PersonaField::DateOfExpiry => "date of expiry",
    }
}

/// PIN or PUK.
pub(super) fn code_name(code: CodeName) -> &'static str {
    match code {
        CodeName::Pin => "PIN",
        CodeName::Puk => "PUK",
    }
}

/// A public key by its source.
pub(super) fn key(source: &PublicKeySource) -> String {
    match source {
        PublicKeySource::File(file) => format!("the key in file {file}"),
        PublicKeySource::Captured(name) => format!("the key captured as \"{name}\""),
        PublicKeySource::Key(reference) => match reference {
            KeyReference::Sign => "key sign (81)".to_owned(),
            KeyReference::Device => "key device (82)".to_owned(),
            KeyReference::Services => "key services (83)".to_owned(),
            KeyReference::CertificationAuthority => "key ca (84)".to_owned(),
            KeyReference::DomainParameters => "key domain_parameters (81)".to_owned(),
            KeyReference::Raw(byte) => format!("key {byte:02X}"),
        },
        PublicKeySource::Trust(name) => format!("the key of \"{name}\" in the trust store"),
    }
}
