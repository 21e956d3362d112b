//! The commands on PIN and PUK: the channel is checked here, the rest is the credential object's.

use super::command::CredentialCommand;
use crate::apps::{Answer, Context, Refusal};
use crate::card::Defect;
use crate::credentials::{CredentialObject, Outcome};
use crate::wire::StatusWord;

pub(super) fn execute(
    context: &mut Context<'_>,
    command: CredentialCommand<'_>,
) -> Result<Answer, Refusal> {
    let policy = context.image.profile.credential_policy();
    if matches!(command, CredentialCommand::ResetWithPukAndNewPin(_)) && !policy.rrc_00 {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let flaw = context.image.flaw;
    let channel = context.protected || flaw.is(Defect::VerifyInPlain);
    let authenticated = context.ias.device_authenticated
        || flaw.is(Defect::VerifyWithoutDevice)
        || flaw.is(Defect::VerifyInPlain);
    if !channel || !authenticated {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
    }
    if let (CredentialCommand::Verify(_, [_, ..]), Some(sw)) =
        (&command, context.image.profile.verify_answer.0)
    {
        return Ok(sw.into());
    }
    let mut object = CredentialObject {
        credentials: context.credentials,
        verified: &mut context.ias.verified,
        policy: &policy,
        memory: context.memory,
        flaw,
    };
    let outcome = match command {
        CredentialCommand::Verify(reference, presented) => object.verify(reference, presented),
        CredentialCommand::Change(data) => object.change(data),
        CredentialCommand::ResetWithNewPin(data) => object.reset_with_new_pin(data),
        CredentialCommand::ResetTries(data) => object.reset_tries(data),
        CredentialCommand::ResetWithPukAndNewPin(data) => object.reset_with_puk_and_new_pin(data),
    }?;
    let outcome = match outcome {
        Outcome::Wrong(left) if flaw.is(Defect::CounterLies) => {
            Outcome::Wrong(left.saturating_add(1))
        }
        outcome => outcome,
    };
    Ok(status_of(outcome).into())
}

const fn status_of(outcome: Outcome) -> StatusWord {
    match outcome {
        Outcome::Done => StatusWord::NO_ERROR,
        Outcome::Wrong(left) => StatusWord::verification_failed(left),
        Outcome::Blocked => StatusWord::AUTHENTICATION_METHOD_BLOCKED,
        Outcome::WrongLength => StatusWord::WRONG_LENGTH,
        Outcome::NotAllowed => StatusWord::SECURITY_STATUS_NOT_SATISFIED,
        Outcome::NewPinRefused => StatusWord::INCORRECT_DATA,
    }
}
