//! What a terminal can do wrong in GENERAL AUTHENTICATE and in chip authentication, as data. Each changes exactly one thing, so
//! that a refusal has one reason; a few change nothing that is wrong, and must be accepted.

use cie_crypto::random::RandomSource;
use cie_emulator::wire::tlv;
use serde::Deserialize;

use super::DocumentError;
use super::domain::{Domain, KeyPair};

/// One deviation of a terminal in a key agreement of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeFault {
    /// 8C in place of 7C around the data.
    OuterTag,
    /// The data object without 7C around it.
    NoOuterTag,
    /// Another tag for the data object inside.
    InnerTag,
    /// One data object more behind the right one.
    ExtraObject,
    /// 7C, or the template, with nothing inside.
    NothingInside,
    /// No command data at all.
    NoData,
    /// The value lacks its last byte.
    Short,
    /// The value has one byte more.
    Long,
    /// A point with both coordinates zero, or the number zero.
    ZeroCoordinates,
    /// Every byte of the value is zero, the prefix of a point too.
    AllZero,
    /// A number or an x-coordinate that is not below the prime.
    BeyondPrime,
    /// A point that is not on the curve.
    OffCurve,
    /// The prefix of a compressed point in front of two coordinates.
    Prefix,
    /// The number one: it leads to a secret that everybody knows.
    One,
    /// The prime less one: it leads to one of two secrets.
    MinusOne,
    /// Right: a key whose x-coordinate begins with a zero byte; a number, with its leading zeros left out.
    SmallX,
    /// Right: a key whose x-coordinate begins like the prime.
    LargeX,
    /// Right: a key whose y-coordinate begins with a zero byte.
    SmallY,
    /// Right: a key whose y-coordinate begins like the prime.
    LargeY,
    /// A bit of the authentication token is another.
    TokenBit,
    /// The token covers object identifier and key without the 7F49 around them.
    TokenUnwrapped,
    /// The token covers the terminal's own key instead of the card's.
    TokenOwnKey,
    /// A reference to a key of the chip that it does not have.
    KeyReference,
}

impl ExchangeFault {
    /// A key pair with the property that is asked for; an ordinary one when none is.
    pub(super) fn pair(
        fault: Option<Self>,
        domain: &Domain,
        random: &mut dyn RandomSource,
    ) -> KeyPair {
        let prime = domain.prime();
        let top = prime.first().copied().unwrap_or_default();
        let y = match domain {
            Domain::Prime(_) => 0,
            Domain::Curve(_) => 1 + prime.len(),
        };
        let x = usize::from(y != 0);
        let begins = |at: usize, byte: u8| move |public: &[u8]| public.get(at) == Some(&byte);
        match fault {
            Some(Self::SmallX) => domain.fresh_with(random, begins(x, 0)),
            Some(Self::LargeX) => domain.fresh_with(random, begins(x, top)),
            Some(Self::SmallY) => domain.fresh_with(random, begins(y, 0)),
            Some(Self::LargeY) => domain.fresh_with(random, begins(y, top)),
            _ => domain.fresh(random),
        }
    }

    /// The value as it is sent.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when these domain parameters know no such fault.
    pub(super) fn value(
        fault: Option<Self>,
        domain: &Domain,
        value: &[u8],
    ) -> Result<Vec<u8>, DocumentError> {
        let mut out = value.to_vec();
        let curve = matches!(domain, Domain::Curve(_));
        if let Some(fault) = fault.filter(|fault| !fault.fits(curve)) {
            return Err(DocumentError::Terminals(format!(
                "{fault:?} is no fault of these domain parameters"
            )));
        }
        match fault {
            Some(Self::Short) => {
                out.pop();
            }
            Some(Self::Long) => out.push(0x01),
            Some(Self::AllZero) => out.fill(0),
            Some(Self::ZeroCoordinates) => {
                let skip = usize::from(curve);
                out.iter_mut().skip(skip).for_each(|byte| *byte = 0);
            }
            Some(Self::BeyondPrime) if curve => {
                out.iter_mut().skip(1).for_each(|byte| *byte = 0xFF);
            }
            Some(Self::BeyondPrime) => out = domain.prime(),
            Some(Self::OffCurve) => flip_last(&mut out),
            Some(Self::Prefix) => {
                if let Some(first) = out.first_mut() {
                    *first = 0x02;
                }
            }
            Some(Self::One) => {
                out.fill(0);
                flip_last(&mut out);
            }
            Some(Self::MinusOne) => {
                out = domain.prime();
                flip_last(&mut out);
            }
            Some(Self::SmallX) if !curve => {
                let zeros = out.iter().take_while(|byte| **byte == 0).count();
                out.drain(..zeros);
            }
            _ => {}
        }
        Ok(out)
    }

    /// Whether this deviation exists for points (`curve`) or for numbers.
    const fn fits(self, curve: bool) -> bool {
        match self {
            Self::OffCurve | Self::Prefix | Self::SmallY | Self::LargeY => curve,
            Self::One | Self::MinusOne => !curve,
            _ => true,
        }
    }

    /// The data field of GENERAL AUTHENTICATE around a value under this tag.
    pub(super) fn dynamic(fault: Option<Self>, tag: u32, value: &[u8]) -> Vec<u8> {
        let tag = match fault {
            Some(Self::InnerTag) => tag + 1,
            _ => tag,
        };
        let mut inner = match fault {
            Some(Self::NothingInside) => Vec::new(),
            _ => tlv::object(tag, value),
        };
        if fault == Some(Self::ExtraObject) {
            inner.extend_from_slice(&[0x86, 0x01, 0x01]);
        }
        match fault {
            Some(Self::NoData) => Vec::new(),
            Some(Self::NoOuterTag) => inner,
            Some(Self::OuterTag) => tlv::object(0x8C, &inner),
            _ => tlv::object(0x7C, &inner),
        }
    }
}

/// Changes the lowest bit of the last byte.
pub(super) fn flip_last(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}
