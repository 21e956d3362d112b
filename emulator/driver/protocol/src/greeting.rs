//! The greeting: each side names the protocol and its version before anything else is said.

use std::time::Duration;

/// The version of the protocol spoken here. Sides with different versions part with a sentence.
pub const VERSION: u16 = 1;

/// How long the driver waits for an answer unless the card side asks for something else.
pub const DEFAULT_ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// The longest a card side can make the driver wait: all clients of the reader wait with it.
pub const LONGEST_ANSWER_LIMIT: Duration = Duration::from_secs(600);

const MAGIC: &[u8; 8] = b"CIE-IFD\0";

/// The body of `Hello` and of `Welcome`: 8 bytes of name, 2 of version, 4 of answer limit in milliseconds, big-endian.
/// Longer bodies are read as far as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// How long an answer may take before the driver gives the card side up, in milliseconds on the wire.
    pub answer_limit: Duration,
}

/// Why a greeting was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GreetingError {
    /// Something else speaks there.
    #[error("the other side does not speak the protocol of the CIE reader driver")]
    Stranger,
    /// Another version.
    #[error(
        "the other side speaks version {0} of the reader protocol, this one {VERSION}: install driver and program of the same release"
    )]
    Version(u16),
}

impl Hello {
    /// The body as bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 14] {
        let mut bytes = [0; 14];
        let limit = u32::try_from(self.answer_limit.as_millis()).unwrap_or(u32::MAX);
        let fields = MAGIC
            .iter()
            .copied()
            .chain(VERSION.to_be_bytes())
            .chain(limit.to_be_bytes());
        for (byte, field) in bytes.iter_mut().zip(fields) {
            *byte = field;
        }
        bytes
    }

    /// Reads a body. The answer limit is brought between 0.1 seconds and [`LONGEST_ANSWER_LIMIT`].
    ///
    /// # Errors
    /// When the body names another protocol or another version.
    pub fn parse(body: &[u8]) -> Result<Self, GreetingError> {
        let (magic, rest) = body.split_first_chunk().ok_or(GreetingError::Stranger)?;
        if magic != MAGIC {
            return Err(GreetingError::Stranger);
        }
        let (version, rest) = rest.split_first_chunk().ok_or(GreetingError::Stranger)?;
        let version = u16::from_be_bytes(*version);
        if version != VERSION {
            return Err(GreetingError::Version(version));
        }
        let (limit, _) = rest.split_first_chunk().ok_or(GreetingError::Stranger)?;
        let limit = Duration::from_millis(u32::from_be_bytes(*limit).into());
        Ok(Self {
            answer_limit: limit.clamp(Duration::from_millis(100), LONGEST_ANSWER_LIMIT),
        })
    }
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            answer_limit: DEFAULT_ANSWER_LIMIT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_greeting_is_read_as_it_was_written() {
        let hello = Hello {
            answer_limit: Duration::from_millis(2500),
        };
        assert_eq!(Hello::parse(&hello.to_bytes()), Ok(hello));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = Hello::default().to_bytes();
        bytes[9] = 7;
        assert_eq!(Hello::parse(&bytes), Err(GreetingError::Version(7)));
    }

    #[test]
    fn no_card_side_makes_pcscd_wait_for_ever() {
        let hello = Hello {
            answer_limit: Duration::MAX,
        };
        let read = Hello::parse(&hello.to_bytes()).unwrap();
        assert_eq!(read.answer_limit, LONGEST_ANSWER_LIMIT);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body: Vec<u8>) {
            if let Ok(hello) = Hello::parse(&body) {
                prop_assert_eq!(&hello.to_bytes()[..10], &body[..10]);
            }
        }
    }
}
