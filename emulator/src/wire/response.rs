//! Response APDUs: data and status word.

use super::StatusWord;
use thiserror::Error;

/// A response APDU, borrowed from the bytes that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Response data field, may be empty.
    pub data: &'a [u8],
    /// SW1-SW2.
    pub sw: StatusWord,
}

/// Why a byte string is not a response APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// Fewer bytes than the status word has. Nothing at all means that the card is mute: unpowered or removed.
    #[error("a response has at least the 2 bytes of the status word, this has {0}")]
    TooShort(usize),
}

impl<'a> Response<'a> {
    /// Reads a response: at least the two status bytes.
    ///
    /// # Errors
    /// [`ResponseError::TooShort`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ResponseError> {
        let Some((data, &sw)) = bytes.split_last_chunk::<2>() else {
            return Err(ResponseError::TooShort(bytes.len()));
        };
        Ok(Self {
            data,
            sw: StatusWord::from_bytes(sw),
        })
    }

    /// Appends data and status word to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.data);
        out.extend_from_slice(&self.sw.to_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mute_card_is_an_error_not_a_status() {
        assert_eq!(Response::parse(&[]), Err(ResponseError::TooShort(0)));
        assert_eq!(Response::parse(&[0x90]), Err(ResponseError::TooShort(1)));
    }

    proptest! {
        #[test]
        fn emit_after_parse_is_identity(bytes in proptest::collection::vec(any::<u8>(), 2..300)) {
            let mut again = Vec::new();
            Response::parse(&bytes).unwrap().emit(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}
