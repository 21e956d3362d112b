//! Object identifiers of the document's protocols, and what they stand for (ICAO 9303-11 §9.2).

use cie_crypto::suite::Suite;

use super::DocumentError;

/// `0.4.0.127.0.7.2.2`: the protocols of TR-03110.
const BASE: [u8; 7] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02];
const PACE: u8 = 4;
const CHIP_AUTHENTICATION: u8 = 3;
const PUBLIC_KEY: u8 = 1;
const TERMINAL_AUTHENTICATION: u8 = 2;

/// How the two sides come to a new generator, and over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// Generic mapping over a group modulo a prime.
    GenericDh,
    /// Generic mapping over a curve.
    GenericEcdh,
    /// A mapping that this judge does not do, by its number.
    Other(u8),
}

/// A protocol by its object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// PACE.
    Pace(Mapping, Suite),
    /// Chip authentication, over a curve or not.
    ChipAuthentication {
        /// Over a curve.
        curve: bool,
        /// Algorithms of the session it opens.
        suite: Suite,
    },
    /// A public key of chip authentication, of a curve or not.
    ChipAuthenticationKey {
        /// Of a curve.
        curve: bool,
    },
    /// Terminal authentication.
    TerminalAuthentication,
    /// Active authentication.
    ActiveAuthentication,
}

/// `2.23.136.1.1.5`.
const ACTIVE_AUTHENTICATION: [u8; 6] = [0x67, 0x81, 0x08, 0x01, 0x01, 0x05];

impl Protocol {
    /// Reads an object identifier, its bytes without tag and length; `None` for one that stands for nothing here.
    #[must_use]
    pub fn from_identifier(identifier: &[u8]) -> Option<Self> {
        if identifier == ACTIVE_AUTHENTICATION {
            return Some(Self::ActiveAuthentication);
        }
        match identifier.strip_prefix(&BASE)? {
            [PACE, mapping, suite] => {
                let mapping = match mapping {
                    1 => Mapping::GenericDh,
                    2 => Mapping::GenericEcdh,
                    other => Mapping::Other(*other),
                };
                Some(Self::Pace(mapping, Suite::from_oid_suffix(*suite)?))
            }
            [CHIP_AUTHENTICATION, kind @ (1 | 2), suite] => Some(Self::ChipAuthentication {
                curve: *kind == 2,
                suite: Suite::from_oid_suffix(*suite)?,
            }),
            [PUBLIC_KEY, kind @ (1 | 2)] => Some(Self::ChipAuthenticationKey { curve: *kind == 2 }),
            [TERMINAL_AUTHENTICATION] => Some(Self::TerminalAuthentication),
            _ => None,
        }
    }
}

/// The bytes of an object identifier written in dots, without tag and length (ISO/IEC 8825-1 §8.19).
///
/// # Errors
/// [`DocumentError::Terminals`] when it is none.
pub fn identifier(dots: &str) -> Result<Vec<u8>, DocumentError> {
    let parsed = der::asn1::ObjectIdentifier::new(dots).map_err(|error| {
        DocumentError::Terminals(format!("\"{dots}\" is no object identifier: {error}"))
    })?;
    Ok(parsed.as_bytes().to_vec())
}
