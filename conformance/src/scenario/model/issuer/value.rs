//! What people tell the issuer: facts about themselves, codes they received, secrets they choose.

use serde::Deserialize;

use crate::issuer::policy::Field;
use crate::scenario::model::reference::CodeName;
use crate::scenario::model::shorthand::text_or_choice;

/// A text that somebody gives: as it stands, or `right`, `wrong`, or a function.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GivenFunction")]
enum GivenFunction {
    /// What an earlier take_code read.
    Captured(String),
    /// One that differs from it in its last character.
    Spoiled(Box<Given>),
    /// Several, one after the other.
    Join(Vec<Given>),
    /// The first digits of the code's first half, as many as told: {first_digits: 4}. Of the PUK.
    FirstDigits(u32),
    /// As many digits of the code's second half, of the PUK.
    SecondDigits(u32),
    /// The whole code, as only its holder knows it.
    Code(CodeName),
}

/// A text that somebody gives to the issuer.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// What is on record of the person in question.
    Right,
    /// A value of the right form that is not the one on record.
    Wrong,
    /// This text.
    Text(String),
    /// What an earlier step read.
    Captured(String),
    /// Another value with its last character changed.
    Spoiled(Box<Self>),
    /// Several, one after the other.
    Join(Vec<Self>),
    /// Digits of the first half of the PUK.
    FirstDigits(u32),
    /// Digits of the second half of the PUK.
    SecondDigits(u32),
    /// The code itself.
    Code(CodeName),
}

impl From<GivenFunction> for Given {
    fn from(function: GivenFunction) -> Self {
        match function {
            GivenFunction::Captured(name) => Self::Captured(name),
            GivenFunction::Spoiled(value) => Self::Spoiled(value),
            GivenFunction::Join(parts) => Self::Join(parts),
            GivenFunction::FirstDigits(count) => Self::FirstDigits(count),
            GivenFunction::SecondDigits(count) => Self::SecondDigits(count),
            GivenFunction::Code(name) => Self::Code(name),
        }
    }
}

text_or_choice!(
    Given,
    "Given",
    "right, wrong, a text in quotes, or a function such as {captured: otp}, {spoiled: {captured: otp}}, {join: [...]}",
    GivenFunction,
    |text| {
        Ok(match text {
            "right" => Self::Right,
            "wrong" => Self::Wrong,
            _ => Self::Text(text.to_owned()),
        })
    }
);

impl Given {
    /// The names of captures it needs.
    pub fn captures(&self) -> Vec<&str> {
        match self {
            Self::Captured(name) => vec![name],
            Self::Spoiled(value) => value.captures(),
            Self::Join(parts) => parts.iter().flat_map(Self::captures).collect(),
            Self::Right | Self::Wrong | Self::Text(_) => Vec::new(),
            Self::FirstDigits(_) | Self::SecondDigits(_) | Self::Code(_) => Vec::new(),
        }
    }
}

/// What somebody tells of themselves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Fiscal code.
    pub cf: Option<Given>,
    /// Number of the card.
    pub nun: Option<Given>,
    /// Service number of the card.
    pub nis: Option<Given>,
    /// Digits of the first half of the PUK.
    pub puk_first: Option<Given>,
    /// Password or PIN in force.
    pub current_secret: Option<Given>,
    /// Number of the health card.
    pub health_card: Option<Given>,
    /// Telephone.
    pub sms: Option<Given>,
    /// E-mail.
    pub email: Option<Given>,
    /// Certified e-mail.
    pub pec: Option<Given>,
}

impl Facts {
    /// Those that can be a user name.
    pub fn aliases(&self) -> impl Iterator<Item = (Field, &Given)> {
        let named = [
            (Field::Cf, &self.cf),
            (Field::Nun, &self.nun),
            (Field::Email, &self.email),
        ];
        let given = named.into_iter();
        given.filter_map(|(field, value)| value.as_ref().map(|value| (field, value)))
    }

    /// The names of captures they need.
    pub fn captures(&self) -> Vec<&str> {
        let facts = [
            &self.cf,
            &self.nun,
            &self.nis,
            &self.puk_first,
            &self.current_secret,
            &self.health_card,
            &self.sms,
            &self.email,
            &self.pec,
        ];
        let given = facts.into_iter().flatten();
        given.flat_map(Given::captures).collect()
    }
}
