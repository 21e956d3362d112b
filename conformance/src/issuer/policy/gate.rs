//! The gates a recovery can be made of: a closed catalogue with their parameters. A policy chooses and orders them; it cannot
//! add one, and the engine has no other code for any service.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::issuer::clock::Period;
use crate::issuer::rules::{Charset, Class, SecretRules};
use crate::scenario::At;

/// One gate.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The person is found in the registry. Always the first gate, and only the first.
    Identify(At<Identify>),
    /// Somebody who is no machine answers; here the word `human` does.
    Captcha(At<Captcha>),
    /// The card signs a challenge.
    CardProof(At<CardProof>),
    /// Nothing happens for a while.
    Cooling(At<Cooling>),
    /// A code, a link, or both are sent and come back.
    Code(At<CodeGate>),
    /// The person chooses a new secret.
    ChooseSecret(At<ChooseSecret>),
    /// The issuer makes a new secret and sends it in parts.
    IssueSecret(At<IssueSecret>),
    /// The PUK is handed out, encrypted.
    Disclose(At<Disclose>),
    /// The secret in force is given and replaced: the first access after an issue, or a change.
    FirstUseChange(At<FirstUseChange>),
}

impl Gate {
    /// Its name in policies, replies and audit lines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identify(_) => "identify",
            Self::Captcha(_) => "captcha",
            Self::CardProof(_) => "card_proof",
            Self::Cooling(_) => "cooling",
            Self::Code(_) => "code",
            Self::ChooseSecret(_) => "choose_secret",
            Self::IssueSecret(_) => "issue_secret",
            Self::Disclose(_) => "disclose",
            Self::FirstUseChange(_) => "first_use_change",
        }
    }

    /// Whether passing it hands something out or replaces a secret.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        match self {
            Self::ChooseSecret(_)
            | Self::IssueSecret(_)
            | Self::Disclose(_)
            | Self::FirstUseChange(_) => true,
            Self::Identify(_)
            | Self::Captcha(_)
            | Self::CardProof(_)
            | Self::Cooling(_)
            | Self::Code(_) => false,
        }
    }
}

/// What a person must tell of themselves.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// Everything that must be given and be right.
    pub fields: Vec<At<Field>>,
    /// Contacts that must be given too.
    pub contacts: Option<ContactsWanted>,
    /// First digits of the PUK that are asked for, with the field `puk_first`: 1 to 4.
    pub puk_digits: Option<At<u32>>,
    /// Whether somebody who is not found is told so.
    pub on_mismatch: OnMismatch,
}

/// A fact by which a person is found or recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Fiscal code.
    Cf,
    /// Number of the card.
    Nun,
    /// Services identifier of the card.
    Nis,
    /// The e-mail address on record.
    Email,
    /// The hashes in the security object that the card carries.
    Sod,
    /// Digits of the first half of the PUK.
    PukFirst,
    /// The account's secret in force.
    CurrentSecret,
    /// The number of the health card.
    HealthCard,
}

impl Field {
    /// Its name in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cf => "cf",
            Self::Nun => "nun",
            Self::Nis => "nis",
            Self::Email => "email",
            Self::Sod => "sod",
            Self::PukFirst => "puk_first",
            Self::CurrentSecret => "current_secret",
            Self::HealthCard => "health_card",
        }
    }

    /// Whether one person at most has this value, so that it finds them.
    #[must_use]
    pub fn finds(self) -> bool {
        matches!(self, Self::Cf | Self::Nun | Self::Nis | Self::Email)
    }

    /// Whether a wrong value is a guess at a secret, and counts as a start.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::PukFirst | Self::CurrentSecret)
    }
}

/// Contacts that must be given, and be those on record.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactsWanted {
    /// How many of them at least.
    pub at_least: At<u32>,
    /// Which count.
    pub of: Vec<Medium>,
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// Short message to a telephone.
    Sms,
    /// E-mail.
    Email,
    /// Certified e-mail.
    Pec,
}

impl Medium {
    /// Its name in policies and audit lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Pec => "pec",
        }
    }
}

/// What somebody who is not found hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMismatch {
    /// That the data do not match.
    Reject,
    /// What everybody hears; nothing is sent, and no code ever passes.
    Silent,
}

/// The gate has no parameters: reading pictures is not what is tested.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Captcha {}

/// A proof of possession of the card.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CardProof {
    /// The card's key.
    pub key: CardKey,
    /// Length of the challenge in bytes: 8 to 64.
    pub bytes: At<u32>,
    /// How long the challenge is good for.
    pub ttl: Period,
    /// What of the recovered block is compared.
    #[serde(default)]
    pub compare: Comparison,
}

/// Keys of the card that prove its presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardKey {
    /// The services key, 83, which needs neither PIN nor PUK.
    Services,
}

/// What of a recovered signature block is compared with the challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Its rightmost bytes, as the verifiers in the field do. Safe with the exponent 65537, not with 3.
    #[default]
    Rightmost,
    /// The whole block of type 1, RFC 8017 §9.2 without the `DigestInfo`.
    Type1,
}

/// A wait.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cooling {
    /// How long.
    pub duration: Period,
}

/// A code that is sent and typed back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeGate {
    /// What is sent.
    pub kind: CodeKind,
    /// Where it is sent.
    pub channel: SendTo,
    /// Characters of the code; not of the link, which has a length of its own. Must be absent for a link alone.
    pub len: Option<At<u32>>,
    /// Characters of the code are of this alphabet.
    #[serde(default = "digits")]
    pub charset: Charset,
    /// How long it is good for.
    pub ttl: Period,
    /// Wrong codes until the procedure closes.
    pub max_tries: At<u32>,
    /// How often it is sent at most; a new one voids the one before.
    #[serde(default = "one")]
    pub max_sends: At<u32>,
    /// What must be told again together with the code.
    #[serde(default)]
    pub repeat: Vec<At<Field>>,
}

fn digits() -> Charset {
    Charset::Digits
}

fn one() -> At<u32> {
    At {
        value: 1,
        span: None,
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
pub enum CodeKind {
    /// Characters to type.
    #[serde(rename = "otp")]
    Otp,
    /// A link to open.
    #[serde(rename = "link")]
    Link,
    /// A link to open, and characters to type there.
    #[serde(rename = "link+code")]
    LinkAndCode,
}

impl CodeKind {
    /// Whether there are characters to type.
    #[must_use]
    pub fn has_code(self) -> bool {
        matches!(self, Self::Otp | Self::LinkAndCode)
    }

    /// Whether there is a link to open.
    #[must_use]
    pub fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::LinkAndCode)
    }
}

/// Where a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendTo {
    /// To the telephone on record.
    Sms,
    /// To the e-mail address on record.
    Email,
    /// To the certified e-mail address on record.
    Pec,
    /// To the contact that was told when the person was identified, as it is on record.
    SameContact,
}

/// A secret of the person's choice.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseSecret {
    /// Fewest characters.
    pub min: At<u32>,
    /// Most characters.
    pub max: At<u32>,
    /// Its alphabet.
    pub charset: Charset,
    /// Classes of characters that must occur.
    #[serde(default)]
    pub require: Vec<Class>,
    /// How often one character may stand in a row.
    pub max_run: Option<u32>,
    /// How many secrets, the one in force included, it must differ from.
    #[serde(default)]
    pub history: u32,
}

impl ChooseSecret {
    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> SecretRules {
        SecretRules {
            min: self.min.value as usize,
            max: self.max.value as usize,
            charset: self.charset,
            require: self.require.clone(),
            max_run: self.max_run.map(|most| most as usize),
        }
    }
}

/// A secret of the issuer's making.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueSecret {
    /// Its alphabet.
    pub charset: Charset,
    /// Its parts in order, each on a way of its own.
    pub parts: At<Vec<Part>>,
}

/// A part of an issued secret.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Characters.
    pub len: At<u32>,
    /// The ways it may go; the first that the person has is taken.
    pub channel: Vec<Medium>,
}

/// The PUK, handed out.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disclose {
    /// What is handed out.
    pub secret: Disclosed,
    /// In how many parts: the two halves that are kept apart.
    pub parts: At<u32>,
    /// To whom it is encrypted.
    pub encrypt_to: EncryptTo,
    /// How.
    pub padding: Padding,
}

/// What can be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disclosed {
    /// The PUK of the card.
    Puk,
}

/// To whom a disclosure is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EncryptTo {
    /// The RSA key that the device gave when the procedure began.
    DeviceKey,
}

/// Padding of the encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP with SHA-1 and MGF1 over SHA-1, the default of the scheme's definition.
    OaepSha1,
    /// RSAES-OAEP with SHA-256 and MGF1 over SHA-256.
    OaepSha256,
}

/// The secret in force is replaced.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstUseChange {
    /// Characters of the new one.
    pub len: At<u32>,
    /// Its alphabet.
    pub charset: Charset,
    /// Who makes it.
    pub generator: Generator,
    /// Wrong secrets in force until the procedure closes.
    pub max_tries: At<u32>,
}

impl FirstUseChange {
    /// The rules of the new secret.
    #[must_use]
    pub fn rules(&self) -> SecretRules {
        SecretRules {
            min: self.len.value as usize,
            max: self.len.value as usize,
            charset: self.charset,
            require: Vec::new(),
            max_run: None,
        }
    }
}

/// Who makes a new secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// The person.
    User,
    /// The issuer, which shows it once.
    System,
}
