//! Which card this is: the numbers it can be named by, the number typed to give one up, and the fingerprint under which the
//! ledger remembers it. Numbers are personal: they are compared and hashed here, and shown nowhere.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The number on a card, as typed after `--sacrificial`: in full, in capitals, nothing guessed or completed.
#[derive(Clone, PartialEq, Eq)]
pub enum SerialNumber {
    /// Document number, printed top right and stored in EF 1002: a `C`, a letter, five digits, two letters.
    Document(String),
    /// Service number (NIS) of EF 1001: twelve digits.
    Nis(String),
}

/// Why something typed is not the number of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not the number of a card; type the document number in full (CA00000AA: the letter C, a letter, five digits, two letters) or the twelve digits of the NIS"
)]
pub struct SerialNumberError;

impl FromStr for SerialNumber {
    type Err = SerialNumberError;

    fn from_str(text: &str) -> Result<Self, SerialNumberError> {
        match text.as_bytes() {
            [b'C', letter, digits @ .., y, z]
                if digits.len() == 5
                    && digits.iter().all(u8::is_ascii_digit)
                    && [letter, y, z].into_iter().all(u8::is_ascii_uppercase) =>
            {
                Ok(Self::Document(text.to_owned()))
            }
            digits if digits.len() == 12 && digits.iter().all(u8::is_ascii_digit) => {
                Ok(Self::Nis(text.to_owned()))
            }
            _ => Err(SerialNumberError),
        }
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document(_) => "SerialNumber::Document(*********)",
            Self::Nis(_) => "SerialNumber::Nis(************)",
        })
    }
}

/// What has been read from the card present. Any part may be missing: the document number, for one, can only be read after the PIN.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CardIdentity {
    nis: Option<Vec<u8>>,
    document_number: Option<Vec<u8>>,
    chip_serial: Option<Vec<u8>>,
}

impl CardIdentity {
    /// With the content of EF 1001, twelve digits in ASCII.
    #[must_use]
    pub fn with_nis(mut self, nis: impl Into<Vec<u8>>) -> Self {
        self.nis = Some(nis.into());
        self
    }

    /// With the document number of EF 1002, nine characters in ASCII.
    #[must_use]
    pub fn with_document_number(mut self, number: impl Into<Vec<u8>>) -> Self {
        self.document_number = Some(number.into());
        self
    }

    /// With the serial number of the chip in EF.D003.
    #[must_use]
    pub fn with_chip_serial(mut self, serial: impl Into<Vec<u8>>) -> Self {
        self.chip_serial = Some(serial.into());
        self
    }

    /// Whether the card was given up by this number. `None` when that part of the identity has not been read.
    #[must_use]
    pub fn is(&self, typed: &SerialNumber) -> Option<bool> {
        let (read, typed) = match typed {
            SerialNumber::Document(number) => (&self.document_number, number),
            SerialNumber::Nis(nis) => (&self.nis, nis),
        };
        read.as_ref().map(|read| read == typed.as_bytes())
    }

    /// Whether two readings can be of the same card: nothing they both know differs, and they both know something.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let pairs = [
            (&self.nis, &other.nis),
            (&self.document_number, &other.document_number),
            (&self.chip_serial, &other.chip_serial),
        ];
        let mut known = pairs.into_iter().filter_map(|pair| match pair {
            (Some(here), Some(there)) => Some(here == there),
            (Some(_) | None, Some(_) | None) => None,
        });
        let first = known.next();
        first == Some(true) && known.all(|same| same)
    }

    /// What either reading knows.
    pub(super) fn joined(self, other: Self) -> Self {
        Self {
            nis: self.nis.or(other.nis),
            document_number: self.document_number.or(other.document_number),
            chip_serial: self.chip_serial.or(other.chip_serial),
        }
    }

    /// The fingerprints the ledger keeps for this card: one for each number it always gives without a PIN. Empty when neither has
    /// been read.
    #[must_use]
    pub fn keys(&self) -> Vec<CardKey> {
        let parts = [("nis", &self.nis), ("chip", &self.chip_serial)];
        parts
            .into_iter()
            .filter_map(|(kind, number)| Some(CardKey::of(kind, number.as_deref()?)))
            .collect()
    }
}

impl fmt::Debug for CardIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |part: &Option<Vec<u8>>| part.as_ref().map(|_| "***");
        f.debug_struct("CardIdentity")
            .field("nis", &known(&self.nis))
            .field("document_number", &known(&self.document_number))
            .field("chip_serial", &known(&self.chip_serial))
            .finish()
    }
}

/// The name of a card in the ledger: SHA-256 over the kind of number and the number, 32 bytes. It keeps numbers out of sight; twelve
/// digits can still be searched for, so the ledger stays a private file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardKey([u8; 32]);

impl CardKey {
    fn of(kind: &str, number: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"cie-conf ledger 1\0")
            .chain_update(kind)
            .chain_update([0])
            .chain_update(number);
        Self(digest.finalize().into())
    }

    /// Sixty-four hexadecimal digits, lower case.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Reads what [`to_hex`](Self::to_hex) writes; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes)).filter(|key| key.to_hex() == text)
    }
}
