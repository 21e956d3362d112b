//! What opens the document: the machine-readable zone, the number on its front, and the codes that a CIE does not take
//! (ICAO 9303-11 §4.3.2 and §9.7.2).

use std::fmt;

use cie_crypto::hash;
use cie_crypto::suite::Suite;
use zeroize::Zeroizing;

use super::DocumentError;

/// Counter of a password's key in the key derivation.
const PASSWORD: u32 = 3;

/// A password with its reference. `Debug` shows the reference only.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    reference: u8,
    secret: Zeroizing<Vec<u8>>,
}

impl Password {
    /// From the machine-readable zone, whole (its lines, with or without line breaks) or cut down to the 24 characters of
    /// number, date of birth and date of expiry with their check digits.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] for any other length.
    pub fn from_machine_readable_zone(zone: &str) -> Result<Self, DocumentError> {
        let information = information(zone)?;
        Ok(Self {
            reference: 1,
            secret: Zeroizing::new(hash::sha1(&[information.as_bytes()]).to_vec()),
        })
    }

    /// The card access number, its digits as text.
    #[must_use]
    pub fn from_card_access_number(digits: &[u8]) -> Self {
        Self::of_code(2, digits)
    }

    /// A code under any reference: 3 is the PIN, 4 the PUK of the protocol, which a CIE does not know.
    #[must_use]
    pub fn of_code(reference: u8, digits: &[u8]) -> Self {
        Self {
            reference,
            secret: Zeroizing::new(digits.to_vec()),
        }
    }

    /// The same under another reference.
    #[must_use]
    pub fn referred_to_as(self, reference: u8) -> Self {
        Self { reference, ..self }
    }

    /// The value of data object 83: 1 for the machine-readable zone, 2 for the card access number.
    #[must_use]
    pub const fn reference(&self) -> u8 {
        self.reference
    }

    /// A password that differs from this one in its first byte, digits staying digits.
    #[must_use]
    pub fn wrong(&self) -> Self {
        let mut wrong = self.clone();
        if let Some(first) = wrong.secret.first_mut() {
            *first ^= 1;
        }
        wrong
    }

    /// The key that protects the nonce of PACE (ICAO 9303-11 §4.4.3.1).
    #[must_use]
    pub fn nonce_key(&self, suite: Suite) -> Zeroizing<Vec<u8>> {
        suite.derive(&self.secret, PASSWORD)
    }

    /// The seed of the basic access keys, 16 bytes; shorter for a code, which opens nothing (ICAO 9303-11 §4.3.2).
    #[must_use]
    pub fn basic_access_seed(&self) -> &[u8] {
        self.secret.get(..16).unwrap_or(&self.secret)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({})", self.reference)
    }
}

/// The characters that are hashed: document number, date of birth, date of expiry, each with its check digit.
fn information(zone: &str) -> Result<Zeroizing<String>, DocumentError> {
    let zone: Zeroizing<String> =
        Zeroizing::new(zone.chars().filter(|c| !c.is_whitespace()).collect());
    let part = |from: usize, to: usize| {
        zone.get(from..to).ok_or_else(|| {
            DocumentError::Terminals("the machine-readable zone is not plain ASCII".to_owned())
        })
    };
    Ok(Zeroizing::new(match zone.len() {
        // Three lines of 30 (ICAO 9303-5). A number that does not fit its field goes on in the optional data.
        90 if part(14, 15)? == "<" => {
            let rest = part(15, 30)?.trim_end_matches('<');
            [part(5, 14)?, rest, part(30, 37)?, part(38, 45)?].concat()
        }
        90 => [part(5, 15)?, part(30, 37)?, part(38, 45)?].concat(),
        // Two lines of 36 (ICAO 9303-6) or 44 (ICAO 9303-4).
        length @ (72 | 88) => {
            let second = length / 2;
            let line = |from: usize, to: usize| part(second + from, second + to);
            [line(0, 10)?, line(13, 20)?, line(21, 28)?].concat()
        }
        _ if zone.len() >= 24 && zone.len() < 40 => zone.to_string(),
        length => {
            return Err(DocumentError::Terminals(format!(
                "a machine-readable zone of {length} characters; give the three lines of 30, the two lines of 36 or 44, or the 24 characters of number, birth and expiry with their check digits"
            )));
        }
    }))
}
