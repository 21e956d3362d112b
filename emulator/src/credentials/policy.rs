//! What public sources leave open about PIN and PUK, as named parameters.

use serde::{Deserialize, Serialize};

/// What ten wrong PUKs take with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PukExhaustion {
    /// The PIN too: the card stays an identity document and no longer authenticates.
    AuthLocked,
    /// The PUK only: a PIN that still works goes on working.
    PukObjectOnly,
}

/// What the last wrong try answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LastWrong {
    /// `63C0`.
    Remaining,
    /// `6983` at once.
    Blocked,
}

/// What VERIFY without data answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyEmpty {
    /// The state: `9000`, `63Cx` or `6983`.
    Report,
    /// `6700`.
    WrongLength,
}

/// Whether a value of the wrong length costs a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BadLength {
    /// `6700`, no try taken.
    Ignore,
    /// As any wrong value.
    Count,
}

/// Which new PINs the card itself refuses, beyond what is not eight digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NewPinCheck {
    /// None.
    None,
    /// The sixteen trivial values.
    Trivial,
}

/// The rules of one card's PIN and PUK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialPolicy {
    /// Tries of the PIN, 1 to 15.
    pub pin_tries: u8,
    /// Tries of the PUK, 1 to 15.
    pub puk_tries: u8,
    /// What an exhausted PUK takes with it.
    pub puk_exhaustion: PukExhaustion,
    /// What the last wrong try answers.
    pub last_wrong: LastWrong,
    /// What VERIFY without data answers.
    pub verify_empty: VerifyEmpty,
    /// Whether a wrong length costs a try.
    pub bad_length: BadLength,
    /// Which new PINs are refused.
    pub new_pin_check: NewPinCheck,
    /// Whether a right PUK gives back the PUK's tries.
    pub puk_success_resets: bool,
    /// Whether RESET RETRY COUNTER with P1 = `00` (PUK and new PIN in the data) exists.
    pub rrc_00: bool,
    /// Whether CHANGE REFERENCE DATA leaves the PIN verified.
    pub change_verifies_pin: bool,
    /// Whether RESET RETRY COUNTER needs a verified PUK. Always true on a card; false only in models without access rules.
    pub rrc_needs_puk: bool,
}
