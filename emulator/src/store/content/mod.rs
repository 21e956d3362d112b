//! What a card file and an export say: the whole card as plain data, in types of its own, so that a change elsewhere in the
//! program cannot silently change what a stored card is. Here data become a card and a card becomes data; where the bytes
//! lie is not this room's business.

mod emrtd;
mod files;
mod keys;
mod persona;

use crate::card::{Flaw, Image, Memory};
use crate::chip::{Chip, Dialects, Limits, Profile};
use crate::credentials::{Code, Credentials, WritePoint};
use crate::persona::Persona;
use crate::wire::Atr;
use emrtd::EmrtdRecord;
use files::DfRecord;
use keys::KeysRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use thiserror::Error;

/// Bytes, as hexadecimal digits.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(transparent)]
struct Bytes(#[serde(with = "hex::serde")] Vec<u8>);

impl Bytes {
    fn array<const N: usize>(&self, at: &str) -> Result<[u8; N], ContentError> {
        self.0.as_slice().try_into().map_err(|_| {
            ContentError::new(
                at,
                format!("{N} bytes are expected here, not {}", self.0.len()),
            )
        })
    }
}

impl<T: AsRef<[u8]>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

/// Data that are well formed and still make no card.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{at}: {what}")]
pub struct ContentError {
    /// Which part.
    pub at: String,
    /// What is wrong with it.
    pub what: String,
}

impl ContentError {
    fn new(at: impl Into<String>, what: impl ToString) -> Self {
        Self {
            at: at.into(),
            what: what.to_string(),
        }
    }
}

/// What was burnt in, and whose card it is.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardRecord {
    /// The holder, as in a persona file. For people: nothing of the card is made of it again.
    persona: Value,
    chip: ChipRecord,
    profile: Map<String, Value>,
    pin: String,
    puk: String,
    ias: KeysRecord,
    emrtd: Option<EmrtdRecord>,
    files: Vec<DfRecord>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ChipRecord {
    id: String,
    aliases: Vec<String>,
    title: String,
    evidence: String,
    atr: Bytes,
    ef_atr: Bytes,
    dialects: Dialects,
    limits: Limits,
}

/// What survives power.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryRecord {
    pin: Secret,
    puk: Secret,
    pin_left: u8,
    puk_left: u8,
    /// How often the card was taken into use: every use draws random bytes of its own.
    pub(super) uses: u64,
    /// What was written last; nothing on a fresh card.
    pub(super) last: Option<WritePoint>,
}

/// Digits that nothing shows.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl CardRecord {
    /// The record of a card.
    pub(super) fn of(persona: &Persona, image: &Image) -> Result<Self, ContentError> {
        // Taken apart by name: whatever an image gets in future must find its place here.
        let Image {
            chip,
            profile,
            files,
            ias,
            emrtd,
            flaw,
            factory,
        } = image;
        if *flaw != Flaw::default() {
            return Err(ContentError::new(
                "card",
                "it is deliberately wrong; such cards live in memory only",
            ));
        }
        let Value::Object(profile) =
            serde_json::to_value(profile).map_err(|error| ContentError::new("profile", error))?
        else {
            return Err(ContentError::new(
                "profile",
                "it is not a set of parameters",
            ));
        };
        Ok(Self {
            persona: persona::record(persona),
            chip: ChipRecord::of(chip),
            profile,
            pin: digits(&factory.pin),
            puk: digits(&factory.puk),
            ias: KeysRecord::of(ias)?,
            emrtd: emrtd.as_ref().map(EmrtdRecord::of).transpose()?,
            files: files::records(files),
        })
    }

    /// The card.
    pub(super) fn to_image(&self) -> Result<Image, ContentError> {
        let profile = Profile::with(self.profile.iter().map(|(k, v)| (k.as_str(), v.clone())))
            .map_err(|error| ContentError::new("profile", error))?;
        let image = Image::new(
            Arc::new(self.chip.to_chip()?),
            profile,
            files::tree(&self.files)?,
            self.ias.to_keys()?,
            code("pin", &self.pin)?,
            code("puk", &self.puk)?,
        );
        Ok(match &self.emrtd {
            None => image,
            Some(keys) => image.with_document(keys.to_keys()?),
        })
    }

    /// Whose card it is.
    pub(super) fn to_persona(&self) -> Result<Persona, ContentError> {
        persona::read(&self.persona)
    }
}

impl Drop for CardRecord {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.pin);
        zeroize::Zeroize::zeroize(&mut self.puk);
    }
}

impl ChipRecord {
    fn of(chip: &Chip) -> Self {
        let Chip {
            id,
            aliases,
            title,
            evidence,
            atr,
            ef_atr,
            dialects,
            limits,
        } = chip.clone();
        Self {
            id,
            aliases,
            title,
            evidence,
            atr: atr.as_bytes().into(),
            ef_atr: ef_atr.into(),
            dialects,
            limits,
        }
    }

    fn to_chip(&self) -> Result<Chip, ContentError> {
        Ok(Chip {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            title: self.title.clone(),
            evidence: self.evidence.clone(),
            atr: Atr::parse(&self.atr.0).map_err(|error| ContentError::new("chip.atr", error))?,
            ef_atr: self.ef_atr.0.clone(),
            dialects: self.dialects,
            limits: self.limits,
        })
    }
}

impl MemoryRecord {
    pub(super) fn new(credentials: &Credentials, uses: u64, last: Option<WritePoint>) -> Self {
        Self {
            pin: Secret(digits(&credentials.pin)),
            puk: Secret(digits(&credentials.puk)),
            pin_left: credentials.pin_left,
            puk_left: credentials.puk_left,
            uses,
            last,
        }
    }

    /// The memory of a card with this profile: no more tries than it gives.
    pub(super) fn to_memory(&self, profile: &Profile) -> Result<Memory, ContentError> {
        for (what, left, most) in [
            ("memory.pin_left", self.pin_left, profile.pin_tries),
            ("memory.puk_left", self.puk_left, profile.puk_tries),
        ] {
            if left > most {
                let what_is_wrong =
                    format!("{left} tries are left and the card has {most} at most");
                return Err(ContentError::new(what, what_is_wrong));
            }
        }
        Ok(Memory {
            credentials: self.credentials()?,
        })
    }

    pub(super) fn credentials(&self) -> Result<Credentials, ContentError> {
        Ok(Credentials {
            pin: code("memory.pin", &self.pin.0)?,
            puk: code("memory.puk", &self.puk.0)?,
            pin_left: self.pin_left,
            puk_left: self.puk_left,
        })
    }
}

fn digits(code: &Code) -> String {
    code.reveal().iter().copied().map(char::from).collect()
}

fn code(at: &str, digits: &str) -> Result<Code, ContentError> {
    digits.parse().map_err(|error| ContentError::new(at, error))
}
