//! Answer to reset (ISO/IEC 7816-3:2006 §8): parse, build, check character.

use core::fmt;
use thiserror::Error;

/// The longest ATR: TS and 32 further characters.
const MAX_LEN: usize = 33;

/// An answer to reset whose structure and check character are right: 2 to 33 bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Atr {
    bytes: Vec<u8>,
    historical: core::ops::Range<usize>,
    /// Bit n is set when protocol T=n is offered.
    protocols: u16,
}

/// Why a byte string is not an ATR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AtrError {
    /// It ends before what T0 and the TDi bytes promise.
    #[error("the ATR ends before the bytes that T0 and TDi announce")]
    Truncated,
    /// TS is neither `3B` nor `3F`.
    #[error("the ATR begins with {0:02X}, not with 3B or 3F")]
    BadInitialCharacter(u8),
    /// More than 33 bytes.
    #[error("an ATR has at most 33 bytes, this has {0}")]
    TooLong(usize),
    /// The check character does not make the exclusive-or of T0 to TCK zero.
    #[error("the check character is {found:02X}, it should be {expected:02X}")]
    BadCheckCharacter {
        /// The byte that stands there.
        found: u8,
        /// The byte that should stand there.
        expected: u8,
    },
    /// Bytes follow the ATR.
    #[error("{0} bytes follow the ATR")]
    TrailingData(usize),
    /// More than 15 historical bytes.
    #[error("an ATR carries at most 15 historical bytes, not {0}")]
    TooManyHistoricalBytes(usize),
}

impl Atr {
    /// Reads an ATR and checks its structure and, when T=0 is not the only protocol, its check character.
    ///
    /// # Errors
    /// [`AtrError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AtrError> {
        if bytes.len() > MAX_LEN {
            return Err(AtrError::TooLong(bytes.len()));
        }
        let (&ts, rest) = bytes.split_first().ok_or(AtrError::Truncated)?;
        if ts != 0x3B && ts != 0x3F {
            return Err(AtrError::BadInitialCharacter(ts));
        }
        let (&t0, mut rest) = rest.split_first().ok_or(AtrError::Truncated)?;
        let mut protocols = 0_u16;
        let mut indicator = t0;
        while indicator & 0xF0 != 0 {
            let skipped = (indicator & 0x70).count_ones() as usize;
            rest = rest.get(skipped..).ok_or(AtrError::Truncated)?;
            if indicator & 0x80 == 0 {
                break;
            }
            let (&td, after) = rest.split_first().ok_or(AtrError::Truncated)?;
            protocols |= 1_u16 << (td & 0x0F);
            indicator = td;
            rest = after;
        }
        let count = usize::from(t0 & 0x0F);
        let start = bytes.len().saturating_sub(rest.len());
        let after = rest.get(count..).ok_or(AtrError::Truncated)?;
        if protocols == 0 {
            protocols = 1;
        }
        Self::check_end(bytes, after, protocols)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            historical: start..start.saturating_add(count),
            protocols,
        })
    }

    fn check_end(bytes: &[u8], after: &[u8], protocols: u16) -> Result<(), AtrError> {
        let only_t0 = protocols == 1;
        match *after {
            [] if only_t0 => Ok(()),
            [] => Err(AtrError::Truncated),
            [found] if !only_t0 => {
                let sum = check_character(bytes.get(1..).unwrap_or_default());
                if sum == 0 {
                    Ok(())
                } else {
                    Err(AtrError::BadCheckCharacter {
                        found,
                        expected: found ^ sum,
                    })
                }
            }
            _ => Err(AtrError::TrailingData(after.len())),
        }
    }

    /// The ATR that contactless PC/SC readers make of a card with these historical bytes (at most 15):
    /// `3B 8n 80 01`, T=0 and T=1 (PC/SC part 3 §3.1.3.2.3.1).
    ///
    /// # Errors
    /// [`AtrError::TooManyHistoricalBytes`].
    pub fn contactless(historical: &[u8]) -> Result<Self, AtrError> {
        let count = u8::try_from(historical.len())
            .ok()
            .filter(|n| *n <= 15)
            .ok_or(AtrError::TooManyHistoricalBytes(historical.len()))?;
        let mut bytes = vec![0x3B, 0x80 | count, 0x80, 0x01];
        bytes.extend_from_slice(historical);
        bytes.push(check_character(bytes.get(1..).unwrap_or_default()));
        Self::parse(&bytes)
    }

    /// The whole ATR.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The historical bytes.
    #[must_use]
    pub fn historical_bytes(&self) -> &[u8] {
        self.bytes.get(self.historical.clone()).unwrap_or_default()
    }

    /// Whether protocol T=`protocol` (0 to 15) is offered.
    #[must_use]
    pub const fn offers(&self, protocol: u8) -> bool {
        protocol < 16 && self.protocols & (1_u16 << protocol) != 0
    }
}

fn check_character(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.bytes))
    }
}

impl fmt::Debug for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atr({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn parse(hex: &str) -> Result<Atr, AtrError> {
        Atr::parse(&hex::decode(hex).unwrap())
    }

    #[test]
    fn a_cie_seen_in_the_field() {
        let atr = parse("3B8F80018031806549544A3444120FFF8290008D").unwrap();
        assert!(atr.offers(0) && atr.offers(1) && !atr.offers(2));
        assert_eq!(
            hex::encode_upper(atr.historical_bytes()),
            "8031806549544A3444120FFF829000"
        );
        assert_eq!(Atr::contactless(atr.historical_bytes()).unwrap(), atr);
    }

    #[rstest]
    #[case::no_historical_bytes("3B80800101", 0)]
    #[case::t0_only_has_no_check_character("3B00", 0)]
    #[case::t0_with_interface_bytes("3B1311AABBCC", 3)]
    fn accepted(#[case] hex: &str, #[case] historical: usize) {
        assert_eq!(parse(hex).unwrap().historical_bytes().len(), historical);
    }

    #[rstest]
    #[case::nothing("", AtrError::Truncated)]
    #[case::inverse_garbage("3C00", AtrError::BadInitialCharacter(0x3C))]
    #[case::historical_cut("3B8F8001", AtrError::Truncated)]
    #[case::no_check_character("3B808001", AtrError::Truncated)]
    #[case::wrong_check_character("3B80800102", AtrError::BadCheckCharacter { found: 2, expected: 1 })]
    #[case::more("3B8080010100", AtrError::TrailingData(2))]
    fn refused(#[case] hex: &str, #[case] error: AtrError) {
        assert_eq!(parse(hex), Err(error));
    }

    #[test]
    fn sixteen_historical_bytes_do_not_fit() {
        assert_eq!(
            Atr::contactless(&[0; 16]),
            Err(AtrError::TooManyHistoricalBytes(16))
        );
    }

    proptest! {
        #[test]
        fn what_is_built_is_parsed(historical in proptest::collection::vec(any::<u8>(), 0..=15)) {
            let atr = Atr::contactless(&historical).unwrap();
            prop_assert_eq!(atr.historical_bytes(), &historical[..]);
            prop_assert_eq!(Atr::parse(atr.as_bytes()).unwrap(), atr);
        }

        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(atr) = Atr::parse(&bytes) {
                prop_assert_eq!(atr.as_bytes(), &bytes[..]);
            }
        }
    }
}
