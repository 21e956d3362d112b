//! What the interface of this project's own says and hears, as JSON. Fields that are not known are refused; what holds a secret
//! prints nothing of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::issuer::engine::{Claims, Input, Typed};
use crate::issuer::policy::{CodeKind, Field, Medium, SendTo};
use crate::issuer::secret::Secret;

/// A procedure begins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    /// The policy: `cie-password`, for example.
    pub(super) policy: String,
    /// Where the person goes through it: `web`, `app`, `mobile_app` or `mobile_browser`.
    pub(super) channel: String,
    /// What the person tells of themselves.
    #[serde(default)]
    pub(super) identify: Told,
}

/// What a person tells of themselves; what is not told is absent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Told {
    /// Fiscal code.
    cf: Option<String>,
    /// Number of the card.
    nun: Option<String>,
    /// Service number of the card.
    nis: Option<String>,
    /// Number of the health card.
    health_card: Option<String>,
    /// First digits of the PUK.
    #[schemars(with = "Option<String>")]
    puk_first: Option<Secret>,
    /// Password or PIN in force.
    #[schemars(with = "Option<String>")]
    current_secret: Option<Secret>,
    /// Telephone.
    sms: Option<String>,
    /// E-mail: a contact, and a fact that finds people.
    email: Option<String>,
    /// Certified e-mail.
    pec: Option<String>,
}

impl Told {
    /// As the engine has it.
    pub(super) fn claims(self) -> Claims {
        let mut claims = Claims {
            puk_first: self.puk_first,
            current_secret: self.current_secret,
            ..Claims::default()
        };
        let facts = [
            (Field::Cf, self.cf),
            (Field::Nun, self.nun),
            (Field::Nis, self.nis),
            (Field::HealthCard, self.health_card),
            // An address is a contact, and a fact that finds its holder.
            (Field::Email, self.email.clone()),
        ];
        for (field, value) in facts {
            claims.facts.extend(value.map(|value| (field, value)));
        }
        let contacts = [
            (Medium::Sms, self.sms),
            (Medium::Email, self.email),
            (Medium::Pec, self.pec),
        ];
        for (medium, address) in contacts {
            claims.contacts.extend(address.map(|it| (medium, it)));
        }
        claims
    }
}

/// Something is given at the gate where a procedure stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "gate", content = "input", rename_all = "snake_case")]
pub(super) enum Submission {
    /// The word that shows that no machine answers: `human`.
    Captcha(String),
    /// The card's signature.
    CardProof(ProofGiven),
    /// What was sent.
    Code(CodeGiven),
    /// A new secret.
    ChooseSecret(NewSecret),
    /// The secret in force, and a new one.
    FirstUseChange(Change),
}

/// A signature of the challenge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofGiven {
    /// Hexadecimal, as long as the key's modulus.
    signature: String,
}

/// A code, a link's token or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeGiven {
    /// The code.
    #[schemars(with = "Option<String>")]
    code: Option<Secret>,
    /// The link's token.
    #[schemars(with = "Option<String>")]
    link: Option<Secret>,
    /// What must be told again.
    #[serde(default)]
    repeat: Told,
}

/// A new secret, twice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    /// The secret.
    #[schemars(with = "String")]
    new: Secret,
    /// The same once more.
    #[schemars(with = "String")]
    confirm: Secret,
}

/// The secret in force, and a new one, twice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The secret in force.
    #[schemars(with = "String")]
    current: Secret,
    /// The new one.
    #[schemars(with = "String")]
    new: Secret,
    /// The same once more.
    #[schemars(with = "String")]
    confirm: Secret,
}

impl Submission {
    /// As the engine has it.
    ///
    /// # Errors
    /// A sentence about what cannot be read.
    pub(super) fn input(self) -> Result<Input, String> {
        Ok(match self {
            Self::Captcha(word) => Input::Captcha(word),
            Self::CardProof(proof) => {
                let bytes = hex::decode(&proof.signature);
                Input::Proof(bytes.map_err(|_| "the signature is not hexadecimal".to_owned())?)
            }
            Self::Code(given) => Input::Code {
                code: given.code.map(Typed::Text),
                link: given.link,
                repeat: Box::new(given.repeat.claims()),
            },
            Self::ChooseSecret(NewSecret { new, confirm }) => Input::Choose { new, confirm },
            Self::FirstUseChange(Change {
                current,
                new,
                confirm,
            }) => Input::Change {
                current,
                new,
                confirm,
            },
        })
    }
}

/// A probe of the secret in force; no session comes of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The account; `cie` when absent.
    #[serde(default = "cie")]
    pub(super) account: String,
    /// By whichever fact the account has for user name.
    pub(super) alias: String,
    /// The secret in force.
    #[schemars(with = "String")]
    pub(super) password: Secret,
    /// The code of level 2.
    #[schemars(with = "Option<String>")]
    pub(super) otp: Option<Secret>,
    /// Asks for level 2 without its code, which is then sent.
    #[serde(default)]
    pub(super) second_level: bool,
}

fn cie() -> String {
    "cie".to_owned()
}

/// A holder ends an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// The account.
    pub(super) account: String,
    /// What the holder tells of themselves.
    #[serde(default)]
    pub(super) identify: Told,
}

/// Where a procedure stands. No secret is in it, but what is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Procedure {
    /// Its name.
    pub(super) id: String,
    /// Whether it waits, cools, or is over.
    pub(super) state: State,
    /// The gate it stands at; absent when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gate: Option<&'static str>,
    /// Until when the challenge is good, or there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
    /// The challenge to sign, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) challenge: Option<String>,
    /// What was sent, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<SentWhat>,
    /// Why it ended without success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// One sentence for people.
    pub(super) message: String,
    /// A secret of the issuer's making, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<String>,
    /// The halves of the PUK, each encrypted to the device's key: base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) puk: Option<[String; 2]>,
}

/// The states of a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// A gate waits for an answer.
    Awaiting,
    /// Nothing can be done before an instant.
    Cooling,
    /// Every gate was passed.
    Completed,
    /// Ended without success.
    Closed,
}

/// What a code gate has sent.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(super) struct SentWhat {
    /// `otp`, `link` or `link+code`.
    kind: &'static str,
    /// `sms`, `email`, `pec`, or `same_contact` for the contact that was told at the beginning.
    channel: &'static str,
}

impl SentWhat {
    pub(super) const fn new(kind: CodeKind, channel: SendTo) -> Self {
        Self {
            kind: match kind {
                CodeKind::Otp => "otp",
                CodeKind::Link => "link",
                CodeKind::LinkAndCode => "link+code",
            },
            channel: match channel {
                SendTo::Sms => "sms",
                SendTo::Email => "email",
                SendTo::Pec => "pec",
                SendTo::SameContact => "same_contact",
            },
        }
    }
}

/// A refusal.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Refused {
    /// Why, in a word.
    pub(super) reason: String,
    /// Why, in a sentence for people.
    pub(super) message: String,
    /// How many more answers may be wrong, the last of which closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tries_left: Option<u32>,
    /// Whether the procedure is over.
    pub(super) closed: bool,
}

/// How far a login came.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LoggedIn {
    /// 0 when the first secret must be changed, 1 after the secret alone, 2 with the code.
    pub(super) level: u8,
    /// One sentence for people.
    pub(super) message: String,
}

/// Something was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Noted {
    /// One sentence for people.
    pub(super) message: String,
}
