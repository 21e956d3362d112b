//! The word that whoever asks for something over HTTP must know. It is compared in constant time and never shown by `Debug`.

use std::fmt;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

/// Characters of the shortest token taken from a file.
const SHORTEST: usize = 16;

/// Characters of the longest.
const LONGEST: usize = 256;

/// A secret word of printable ASCII characters.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// Why a text is no token. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Too short or too long.
    #[error("the token has {0} characters; write between {SHORTEST} and {LONGEST}")]
    Length(usize),
    /// Something that no HTTP header carries unharmed.
    #[error("character {0} of the token is not a letter, a digit or one of - . _ ~ + / =")]
    Character(usize),
}

impl Token {
    /// A token out of random bytes, 16 at least for a token that nobody guesses.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(hex::encode(bytes)))
    }

    /// A token as people or files have it; space around it does not count.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let wrong = text
            .chars()
            .position(|c| !(c.is_ascii_alphanumeric() || "-._~+/=".contains(c)));
        if let Some(at) = wrong {
            return Err(TokenError::Character(at.saturating_add(1)));
        }
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return Err(TokenError::Length(text.len()));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Whether this is what somebody offers.
    #[must_use]
    pub fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    /// The word, for the one who shall know it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(**)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn one_word_and_no_other() {
        let token = Token::from_random(&[0xAB; 16]);
        assert!(token.is("ab".repeat(16).as_bytes()));
        assert!(!token.is(b"") && !token.is("ab".repeat(15).as_bytes()));
        assert!(!token.is("ac".repeat(16).as_bytes()));
        assert_eq!(format!("{token:?}"), "Token(**)");
    }

    #[rstest]
    #[case::plain("0123456789abcdef\n", Ok(()))]
    #[case::short("0123456789abcde", Err(TokenError::Length(15)))]
    #[case::empty("", Err(TokenError::Length(0)))]
    #[case::space("0123456789 abcdef", Err(TokenError::Character(11)))]
    #[case::not_ascii("0123456789\u{e8}abcdef", Err(TokenError::Character(11)))]
    fn read(#[case] text: &str, #[case] expected: Result<(), TokenError>) {
        assert_eq!(Token::parse(text).map(drop), expected);
    }
}
