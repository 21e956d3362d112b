//! What can happen to the issuer. Everything that comes from outside comes as one of these; none of them carries a PIN.

use std::collections::BTreeMap;

use cie_crypto::rsa::PublicKey;

use super::procedure::ProcedureId;
use crate::issuer::account::AccountState;
use crate::issuer::policy::{Channel, Field, Medium};
use crate::issuer::registry::DocumentState;
use crate::issuer::secret::Secret;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody begins a procedure.
    Start {
        /// Name of the policy.
        policy: String,
        /// Where.
        channel: Channel,
        /// What they tell of themselves.
        claims: Claims,
    },
    /// Somebody answers the gate at which a procedure stands.
    Submit {
        /// The procedure.
        procedure: ProcedureId,
        /// The answer.
        input: Input,
    },
    /// Somebody asks for the code once more.
    Resend {
        /// The procedure.
        procedure: ProcedureId,
    },
    /// Nothing but time.
    Tick,
    /// A document expires, is revoked or replaced.
    Document {
        /// Number of the card.
        nun: String,
        /// Its state from now on.
        state: DocumentState,
    },
    /// An operator stops an account, or lets it go on.
    Operator {
        /// Name of the account.
        account: String,
        /// Number of the holder's card.
        nun: String,
        /// Its state from now on: suspended, active or revoked.
        state: AccountState,
    },
    /// A holder ends their account.
    Revoke {
        /// Name of the account.
        account: String,
        /// What they tell of themselves.
        claims: Claims,
    },
    /// Somebody logs in: a probe of the secret in force, no session comes of it.
    Login {
        /// Name of the account.
        account: String,
        /// By whichever fact the account has for user name.
        alias: String,
        /// The secret.
        secret: Secret,
        /// How far: level 1 is the secret alone, level 2 takes a code too.
        level: Level,
        /// The code of level 2; without it, one is sent.
        otp: Option<Secret>,
    },
}

/// How far a login goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// User name and secret.
    One,
    /// And a code.
    Two,
}

/// What somebody tells of themselves. What is not told is absent.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Facts that are texts: `cf`, `nun`, `nis`, `email`, `health_card`.
    pub facts: BTreeMap<Field, String>,
    /// Contacts.
    pub contacts: BTreeMap<Medium, String>,
    /// First digits of the PUK.
    pub puk_first: Option<Secret>,
    /// The account's secret in force.
    pub current_secret: Option<Secret>,
    /// Hashes of the security object that the card carries, by number. Whoever builds this has checked its signature.
    pub sod_hashes: Option<BTreeMap<u8, Vec<u8>>>,
    /// The device's key, to which a PUK is encrypted.
    pub device_key: Option<PublicKey>,
}

impl Claims {
    /// Adds a fact that is a text.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.facts.insert(field, value.into());
        self
    }

    /// Adds a contact.
    #[must_use]
    pub fn contact(mut self, medium: Medium, address: impl Into<String>) -> Self {
        self.contacts.insert(medium, address.into());
        self
    }

    /// The text of a fact, without spaces around it.
    #[must_use]
    pub fn fact(&self, field: Field) -> Option<&str> {
        self.facts.get(&field).map(|value| value.trim())
    }
}

/// An answer to a gate.
#[derive(Clone, Debug)]
pub enum Input {
    /// The word that shows that no machine answers: `human`.
    Captcha(String),
    /// A signature of the challenge, as long as the key's modulus.
    Proof(Vec<u8>),
    /// A code, a link or both, and what must be told again.
    Code {
        /// The code.
        code: Option<Typed>,
        /// The link's token.
        link: Option<Secret>,
        /// What must be told again.
        repeat: Box<Claims>,
    },
    /// A new secret, twice.
    Choose {
        /// The secret.
        new: Secret,
        /// The same once more.
        confirm: Secret,
    },
    /// The secret in force, and a new one, twice.
    Change {
        /// The secret in force.
        current: Secret,
        /// The new one.
        new: Secret,
        /// The same once more.
        confirm: Secret,
    },
}

impl Input {
    /// A code alone.
    #[must_use]
    pub fn code(code: &str) -> Self {
        Self::Code {
            code: Some(Typed::Text(Secret::new(code))),
            link: None,
            repeat: Box::default(),
        }
    }

    /// A link alone.
    #[must_use]
    pub fn link(token: &str) -> Self {
        Self::Code {
            code: None,
            link: Some(Secret::new(token)),
            repeat: Box::default(),
        }
    }
}

/// A code as it comes back.
#[derive(Clone, Debug)]
pub enum Typed {
    /// As it was typed.
    Text(Secret),
    /// Its SHA-256, as clients that hash it send.
    Sha256([u8; 32]),
}
