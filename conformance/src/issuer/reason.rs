//! One word for each way in which the issuer says no: what error bodies carry and scenarios expect. The sentences for people are
//! the refusals' own.

use super::engine::{CloseReason, Refusal, Reply, Standing};

/// The word of a reply that refuses; `None` for one that grants. A refusal that ends its procedure says why it ended.
#[must_use]
pub fn reason(reply: &Reply) -> Option<&'static str> {
    let refusal = reply.result.as_ref().err()?;
    match &reply.standing {
        Some(Standing::Closed(reason)) => Some(of_close(*reason)),
        Some(Standing::Completed | Standing::Cooling(_) | Standing::Awaiting(_)) | None => {
            Some(of_refusal(refusal))
        }
    }
}

/// Every word there is, for messages about words that are none.
pub const WORDS: [&str; 35] = [
    "account_state",
    "already_open",
    "attempts",
    "captcha",
    "channel",
    "code_void",
    "completed",
    "confirm_differs",
    "device_key",
    "document_state",
    "expired",
    "ineligible",
    "limit",
    "login",
    "mismatch",
    "no_more_sends",
    "no_second_factor",
    "none",
    "not_in_force",
    "not_the_shown",
    "not_yet",
    "proof",
    "request",
    "revoked",
    "rules",
    "security_object",
    "signer",
    "superseded",
    "unknown_account",
    "unknown_policy",
    "unknown_procedure",
    "used_before",
    "wrong_code",
    "wrong_gate",
    "wrong_secret",
];

const fn of_close(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Expired => "expired",
        CloseReason::Attempts => "attempts",
        CloseReason::Mismatch => "mismatch",
        CloseReason::Proof => "proof",
        CloseReason::Revoked => "revoked",
        CloseReason::Superseded => "superseded",
        CloseReason::Ineligible => "ineligible",
    }
}

/// The word of a refusal by itself.
#[must_use]
pub const fn of_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownPolicy(_) => "unknown_policy",
        Refusal::UnknownAccount(_) => "unknown_account",
        Refusal::UnknownProcedure => "unknown_procedure",
        Refusal::Channel(_) => "channel",
        Refusal::NotInForce => "not_in_force",
        Refusal::Mismatch => "mismatch",
        Refusal::Ineligible(_) => "ineligible",
        Refusal::AccountState(_) => "account_state",
        Refusal::DocumentState(_) => "document_state",
        Refusal::Limit => "limit",
        Refusal::AlreadyOpen => "already_open",
        Refusal::DeviceKey => "device_key",
        Refusal::Closed(reason) => of_close(*reason),
        Refusal::Completed => "completed",
        Refusal::WrongGate(_) => "wrong_gate",
        Refusal::NotYet(_) => "not_yet",
        Refusal::Captcha => "captcha",
        Refusal::Proof => "proof",
        Refusal::WrongCode { .. } => "wrong_code",
        Refusal::CodeVoid => "code_void",
        Refusal::NoMoreSends => "no_more_sends",
        Refusal::Rules(_) => "rules",
        Refusal::ConfirmDiffers => "confirm_differs",
        Refusal::UsedBefore => "used_before",
        Refusal::WrongSecret { .. } => "wrong_secret",
        Refusal::NotTheShown => "not_the_shown",
        Refusal::Login => "login",
        Refusal::NoSecondFactor => "no_second_factor",
    }
}
