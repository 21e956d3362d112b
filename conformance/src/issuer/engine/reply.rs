//! What the issuer answers, and what it did. A reply is for everybody to read: no code, no secret, no address is in it. What
//! is secret leaves as an effect, once, to whoever is to have it.

use super::event::Level;
use super::procedure::ProcedureId;
use crate::issuer::account::AccountState;
use crate::issuer::clock::Timestamp;
use crate::issuer::policy::{CodeKind, Generator, Medium, SendTo};
use crate::issuer::registry::DocumentState;
use crate::issuer::rules::Broken;
use crate::issuer::secret::Secret;

/// The answer to an event and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The answer.
    pub reply: Reply,
    /// What was done, in order; also what became due by the passing of time.
    pub effects: Vec<Effect>,
}

/// The answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The procedure it is about.
    pub procedure: Option<ProcedureId>,
    /// What happened, or why not.
    pub result: Result<Done, Refusal>,
    /// Where the procedure stands now.
    pub standing: Option<Standing>,
}

impl Reply {
    /// Whether the procedure is over, with or without success.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(
            self.standing,
            Some(Standing::Completed | Standing::Closed(_))
        )
    }

    /// Tries left at the gate, where a wrong answer has just been counted.
    #[must_use]
    pub fn tries_left(&self) -> Option<u32> {
        match &self.result {
            Err(Refusal::WrongCode { tries_left } | Refusal::WrongSecret { tries_left }) => {
                Some(*tries_left)
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.result {
            Err(refusal) => refusal.to_string(),
            Ok(done) => match &self.standing {
                Some(standing) => standing.to_string(),
                None => done.to_string(),
            },
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A procedure has begun.
    Started,
    /// The gate is passed.
    Passed,
    /// The code is on its way once more.
    Resent,
    /// Time has passed.
    Ticked,
    /// The change is recorded.
    Recorded,
    /// The login reached this level.
    LoggedIn(Level),
    /// The login's secret is right; a code was sent for level 2.
    LoginCodeSent,
    /// The login's secret is one that must be changed first.
    MustChange,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Started => "the procedure has begun",
            Self::Passed => "accepted",
            Self::Resent => "the code is on its way once more",
            Self::Ticked => "time has passed",
            Self::Recorded => "recorded",
            Self::LoggedIn(Level::One) => "logged in at level 1",
            Self::LoggedIn(Level::Two) => "logged in at level 2",
            Self::LoginCodeSent => "a code was sent",
            Self::MustChange => "the first secret must be changed",
        })
    }
}

/// Where a procedure stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A gate waits for an answer.
    Awaiting(Awaiting),
    /// Nothing can be done before this instant.
    Cooling(Timestamp),
    /// Every gate was passed.
    Completed,
    /// Ended without success.
    Closed(CloseReason),
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Awaiting(awaiting) => write!(f, "waiting for {}", awaiting.words()),
            Self::Cooling(until) => write!(f, "nothing more to do before {until}"),
            Self::Completed => f.write_str("completed"),
            Self::Closed(reason) => write!(f, "closed: {reason}"),
        }
    }
}

/// What a gate waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// The word.
    Captcha,
    /// A signature of this challenge, before this instant.
    Proof {
        /// The challenge.
        challenge: Vec<u8>,
        /// When it is void.
        until: Timestamp,
    },
    /// A code, a link or both.
    Code {
        /// Which.
        kind: CodeKind,
        /// Where it is sent.
        channel: SendTo,
    },
    /// A new secret.
    NewSecret,
    /// The secret in force, and a new one.
    Change {
        /// Who makes the new one.
        generator: Generator,
    },
}

impl Awaiting {
    /// Name of the gate.
    #[must_use]
    pub fn gate(&self) -> &'static str {
        match self {
            Self::Captcha => "captcha",
            Self::Proof { .. } => "card_proof",
            Self::Code { .. } => "code",
            Self::NewSecret => "choose_secret",
            Self::Change { .. } => "first_use_change",
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Captcha => "a sign of a human",
            Self::Proof { .. } => "a proof of the card",
            Self::Code {
                kind: CodeKind::Otp,
                ..
            } => "the code that was sent",
            Self::Code {
                kind: CodeKind::Link,
                ..
            } => "the link that was sent to be opened",
            Self::Code {
                kind: CodeKind::LinkAndCode,
                ..
            } => "the link and the code that were sent",
            Self::NewSecret => "a new secret",
            Self::Change {
                generator: Generator::User,
            } => "the secret in force and a new one",
            Self::Change {
                generator: Generator::System,
            } => "the secret in force and the new one that was shown",
        }
    }
}

/// Why a procedure ended without success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum CloseReason {
    /// Its time was over, or that of a code or challenge.
    #[error("expired")]
    Expired,
    /// Too many wrong answers.
    #[error("attempts")]
    Attempts,
    /// Nobody is behind it.
    #[error("mismatch")]
    Mismatch,
    /// The card's proof is wrong.
    #[error("proof")]
    Proof,
    /// The document or the account was revoked, replaced or stopped.
    #[error("revoked")]
    Revoked,
    /// A newer procedure took its place.
    #[error("superseded")]
    Superseded,
    /// The rules no longer allow it.
    #[error("ineligible")]
    Ineligible,
}

/// Why something was refused. The sentences are for everybody to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such policy.
    #[error("there is no procedure `{0}`")]
    UnknownPolicy(String),
    /// There is no such account.
    #[error("there is no account `{0}`")]
    UnknownAccount(String),
    /// There is no such procedure.
    #[error("there is no procedure of this number")]
    UnknownProcedure,
    /// Not there.
    #[error("this cannot be done through {0}")]
    Channel(&'static str),
    /// No revision covers the day.
    #[error("this procedure is not in force on that day")]
    NotInForce,
    /// The data do not match those on record.
    #[error("the data do not match those on record")]
    Mismatch,
    /// Not for this person; what to do instead, when the policy says.
    #[error("{}", .0.as_deref().unwrap_or("this procedure is not open to you"))]
    Ineligible(Option<String>),
    /// Not in this state of the account.
    #[error("the account is {}, which does not allow it", .0.name())]
    AccountState(AccountState),
    /// Not in this state of the document.
    #[error("the document is {}, which does not allow it", .0.name())]
    DocumentState(DocumentState),
    /// Too many starts.
    #[error("too many requests; try again later")]
    Limit,
    /// One is open already.
    #[error("a request is open already")]
    AlreadyOpen,
    /// The device's key is missing, or too short for what is to be encrypted to it.
    #[error("a key of the device is needed, of 1024 bits at least")]
    DeviceKey,
    /// The procedure is over.
    #[error("closed: {0}")]
    Closed(CloseReason),
    /// The procedure is over, with success.
    #[error("this procedure is completed")]
    Completed,
    /// The answer is to another gate than this.
    #[error("something else is asked for: {0}")]
    WrongGate(&'static str),
    /// Too early.
    #[error("nothing more to do before {0}")]
    NotYet(Timestamp),
    /// A machine, perhaps.
    #[error("the security code is wrong; try again")]
    Captcha,
    /// The signature does not prove the card.
    #[error("this does not prove the card")]
    Proof,
    /// A wrong code, or something told again that differs.
    #[error("wrong code; {tries_left} tries left")]
    WrongCode {
        /// How many more may be wrong, the last of which closes.
        tries_left: u32,
    },
    /// The code is void.
    #[error("the code is no longer good; ask for another")]
    CodeVoid,
    /// Nothing more is sent.
    #[error("no more codes are sent")]
    NoMoreSends,
    /// The new secret breaks rules.
    #[error("not good enough: {}", words(.0))]
    Rules(Vec<Broken>),
    /// The two are not the same.
    #[error("the two entries differ")]
    ConfirmDiffers,
    /// It was used before.
    #[error("this was used before; choose another")]
    UsedBefore,
    /// The secret in force is wrong.
    #[error("wrong; {tries_left} tries left")]
    WrongSecret {
        /// How many more may be wrong, the last of which closes.
        tries_left: u32,
    },
    /// Another one than was shown.
    #[error("this is not the one that was shown")]
    NotTheShown,
    /// Wrong user name or secret, or an account not in use.
    #[error("user name or password is wrong")]
    Login,
    /// The account has no second level, or the person no way to get its code.
    #[error("level 2 cannot be reached with this account")]
    NoSecondFactor,
}

fn words(broken: &[Broken]) -> String {
    let words: Vec<String> = broken.iter().map(Broken::to_string).collect();
    words.join(", ")
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A message went into the outbox.
    Sent {
        /// Its number there.
        seq: u64,
        /// How it travels.
        channel: Medium,
    },
    /// The account's secret was replaced by one of the person's choice, and the account is active.
    SecretSet {
        /// Name of the account.
        account: String,
        /// Number of the holder's card.
        nun: String,
    },
    /// The account's secret was replaced by one of the issuer's making that must be changed.
    SecretIssued {
        /// Name of the account.
        account: String,
        /// Number of the holder's card.
        nun: String,
    },
    /// A new secret is shown, this once.
    SecretShown(Secret),
    /// The halves of the PUK, each encrypted to the device's key by itself.
    PukDisclosed {
        /// First half: 4 digits, encrypted.
        first: Vec<u8>,
        /// Second half.
        second: Vec<u8>,
    },
    /// A procedure passed its last gate.
    Completed(ProcedureId),
    /// A procedure ended without success.
    Closed(ProcedureId, CloseReason),
    /// A document has another state.
    DocumentChanged {
        /// Number of the card.
        nun: String,
        /// Its state.
        state: DocumentState,
    },
    /// An account has another state.
    AccountChanged {
        /// Name of the account.
        account: String,
        /// Number of the holder's card.
        nun: String,
        /// Its state.
        state: AccountState,
    },
}
