//! What a new secret must be: its length, its alphabet, the classes of characters it has to show. One set of rules both
//! judges what people choose and makes what the issuer generates, so the two cannot disagree.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::{Draw, Secret};

/// The characters a secret is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// Decimal digits.
    Digits,
    /// Digits and capital letters; small ones count as capitals when they are compared.
    Alnum,
    /// Every printable ASCII character but the space.
    Printable,
}

const DIGITS: &[u8] = b"0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const SYMBOLS: &[u8] = b"!#$%&()*+,-./:;<=>?@[]^_{|}~";

impl Charset {
    /// The characters that a generated secret draws from.
    pub(super) fn alphabet(self) -> Vec<u8> {
        match self {
            Self::Digits => DIGITS.to_vec(),
            Self::Alnum => [DIGITS, UPPER].concat(),
            Self::Printable => [DIGITS, UPPER, LOWER, SYMBOLS].concat(),
        }
    }

    fn allows(self, byte: char) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Printable => byte.is_ascii_graphic(),
        }
    }

    /// The form in which secrets of this alphabet are kept and compared.
    #[must_use]
    pub fn canonical(self, secret: &Secret) -> Secret {
        match self {
            Self::Alnum => Secret::new(secret.reveal().to_ascii_uppercase()),
            Self::Digits | Self::Printable => secret.clone(),
        }
    }
}

/// A class of characters that a secret must show at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A capital letter.
    Upper,
    /// A small letter.
    Lower,
    /// A decimal digit.
    Digit,
    /// Anything printable that is neither letter nor digit.
    Symbol,
}

impl Class {
    fn holds(self, character: char) -> bool {
        match self {
            Self::Upper => character.is_ascii_uppercase(),
            Self::Lower => character.is_ascii_lowercase(),
            Self::Digit => character.is_ascii_digit(),
            Self::Symbol => character.is_ascii_punctuation(),
        }
    }

    fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Upper => UPPER,
            Self::Lower => LOWER,
            Self::Digit => DIGITS,
            Self::Symbol => SYMBOLS,
        }
    }
}

/// The rules of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRules {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// Its alphabet.
    pub charset: Charset,
    /// Classes that must occur.
    pub require: Vec<Class>,
    /// How often one character may stand in a row.
    pub max_run: Option<usize>,
}

/// A rule that a secret does not meet. Says nothing of the secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// Fewer characters than this.
    Short(usize),
    /// More characters than this.
    Long(usize),
    /// A character outside of the alphabet.
    Alphabet,
    /// A class is missing.
    Missing(Class),
    /// A character more often in a row than this.
    Run(usize),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(min) => write!(f, "at least {min} characters"),
            Self::Long(max) => write!(f, "at most {max} characters"),
            Self::Alphabet => f.write_str("a character that is not allowed"),
            Self::Missing(Class::Upper) => f.write_str("a capital letter is missing"),
            Self::Missing(Class::Lower) => f.write_str("a small letter is missing"),
            Self::Missing(Class::Digit) => f.write_str("a digit is missing"),
            Self::Missing(Class::Symbol) => f.write_str("a symbol is missing"),
            Self::Run(most) => write!(f, "at most {most} equal characters in a row"),
        }
    }
}

impl SecretRules {
    /// Every rule that `secret` breaks; none when it is fine.
    #[must_use]
    pub fn broken(&self, secret: &Secret) -> Vec<Broken> {
        let text = secret.reveal();
        let length = text.chars().count();
        let mut broken = Vec::new();
        if length < self.min {
            broken.push(Broken::Short(self.min));
        }
        if length > self.max {
            broken.push(Broken::Long(self.max));
        }
        if !text.chars().all(|character| self.charset.allows(character)) {
            broken.push(Broken::Alphabet);
        }
        let missing = |class: &&Class| !text.chars().any(|character| class.holds(character));
        broken.extend(
            self.require
                .iter()
                .filter(missing)
                .map(|class| Broken::Missing(*class)),
        );
        broken.extend(
            self.max_run
                .filter(|most| longest_run(text) > *most)
                .map(Broken::Run),
        );
        broken
    }

    /// A secret that meets the rules, of the shortest length they allow; the same for the same seed and purpose.
    #[must_use]
    pub fn generated(&self, seed: u64, purpose: &str) -> Secret {
        self.generate(&mut Draw::new(seed, purpose))
    }

    /// The same out of a stream.
    pub(super) fn generate(&self, draw: &mut Draw) -> Secret {
        // Draws until the rules are met; the loader refuses rules that nothing can meet, and those kept are met within a few.
        loop {
            let secret = draw.text(&self.charset.alphabet(), self.min);
            let secret = self.with_classes(&secret, draw);
            if self.broken(&secret).is_empty() {
                return secret;
            }
        }
    }

    /// Puts one character of each class asked for at a place of its own.
    fn with_classes(&self, secret: &Secret, draw: &mut Draw) -> Secret {
        let mut text: Vec<char> = secret.reveal().chars().collect();
        let mut places: Vec<usize> = (0..text.len()).collect();
        for class in &self.require {
            if places.is_empty() {
                break;
            }
            let place = places.swap_remove(draw.below(places.len()));
            let character = draw.below(class.alphabet().len());
            if let (Some(slot), Some(byte)) = (text.get_mut(place), class.alphabet().get(character))
            {
                *slot = char::from(*byte);
            }
        }
        Secret::new(text.into_iter().collect::<String>())
    }

    /// Why nothing could meet these rules, if so.
    pub(super) fn impossible(&self) -> Option<&'static str> {
        let unreachable = self.require.iter().any(|class| {
            let alphabet = self.charset.alphabet();
            !class.alphabet().iter().any(|byte| alphabet.contains(byte))
        });
        match self {
            _ if self.min == 0 || self.min > self.max => Some("the lengths allow no secret"),
            _ if self.max > 128 => Some("more than 128 characters are never asked of anybody"),
            _ if self.require.len() > self.min => {
                Some("more classes are required than the shortest secret has characters")
            }
            _ if unreachable => Some("a required class is not in the alphabet"),
            _ if self.max_run == Some(0) => Some("no character at all may occur"),
            _ => None,
        }
    }
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut last = None;
    for character in text.chars() {
        run = if last == Some(character) { run + 1 } else { 1 };
        last = Some(character);
        longest = longest.max(run);
    }
    longest
}
