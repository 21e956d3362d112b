//! Terminal Authentication version 1 (TR-03110-3 §B.2): a chain of certificates from the authority the card trusts down to
//! the terminal, then the terminal's signature over the chip's name, a challenge and its own key of Chip Authentication.

use super::keys::Cvca;
use super::terminal_certificate::{CvCertificate, CvError, CvPublicKey, Role};
use crate::apps::{Answer, Context, Refusal};
use crate::card::Defect;
use crate::wire::StatusWord;

/// Certificates a session remembers; a chain has two, and links of the authority before them.
const REMEMBERED: usize = 8;

/// Somebody who may issue certificates, or prove himself.
#[derive(Clone)]
struct Holder {
    name: Vec<u8>,
    key: CvPublicKey,
    role: Role,
    /// What this and all certificates above entitle to.
    rights: u8,
}

/// How far the terminal has come.
#[derive(Clone, Default)]
pub(super) struct Chain {
    /// Whose key verifies the next certificate.
    issuer: Option<Holder>,
    /// Holders of the certificates verified so far.
    verified: Vec<Holder>,
    /// Who is going to prove himself.
    terminal: Option<Holder>,
    rights: u8,
}

impl Chain {
    /// What the terminal has proven to be entitled to.
    pub(super) const fn rights(&self) -> u8 {
        self.rights
    }

    fn find(&self, name: &[u8]) -> Option<&Holder> {
        self.verified
            .iter()
            .rev()
            .find(|holder| holder.name == name)
    }
}

impl Holder {
    fn trusted(cvca: &Cvca) -> Self {
        Self {
            name: cvca.reference.clone(),
            key: cvca.key.clone(),
            role: Role::Cvca,
            rights: 0x03,
        }
    }

    /// TR-03110-3 §C.1.1: who certifies whom.
    const fn may_issue(&self, role: Role) -> bool {
        matches!(
            (self.role, role),
            (Role::Cvca, Role::Cvca | Role::DocumentVerifier)
                | (Role::DocumentVerifier, Role::InspectionSystem)
        )
    }
}

fn cvca<'a>(context: &Context<'a>) -> Result<&'a Cvca, StatusWord> {
    let keys = context.image.emrtd.as_ref();
    keys.and_then(|keys| keys.terminal_authentication.as_ref())
        .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)
}

/// Chip Authentication comes first, and everything here inside its session.
fn require_chip(context: &Context<'_>) -> Result<(), StatusWord> {
    match context.protected && context.emrtd.terminal_key.is_some() {
        true => Ok(()),
        false => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

/// MANAGE SECURITY ENVIRONMENT: SET DST, the issuer by name.
pub(super) fn set_issuer(context: &mut Context<'_>, name: &[u8]) -> Result<Answer, Refusal> {
    let cvca = cvca(context)?;
    require_chip(context)?;
    let issuer = match context.emrtd.chain.find(name) {
        Some(holder) => holder.clone(),
        None if cvca.reference == name => Holder::trusted(cvca),
        None => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
    };
    context.emrtd.chain.issuer = Some(issuer);
    Ok(StatusWord::NO_ERROR.into())
}

/// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE with the issuer's key.
pub(super) fn verify_certificate(
    context: &mut Context<'_>,
    certificate: &[u8],
) -> Result<Answer, Refusal> {
    let cvca = cvca(context)?;
    require_chip(context)?;
    let failed = context.image.profile.authentication_failed.0;
    let chain = &mut context.emrtd.chain;
    let issuer = chain
        .issuer
        .take()
        .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let certificate =
        CvCertificate::verify(certificate, &issuer.key).map_err(|error| match error {
            CvError::Malformed | CvError::Algorithm => StatusWord::INCORRECT_DATA,
            CvError::Signature => failed,
        })?;
    let in_time = certificate.effective <= certificate.expires
        && certificate.expires >= cvca.today
        && cvca.expires >= cvca.today;
    if certificate.authority != issuer.name || !issuer.may_issue(certificate.role) || !in_time {
        return Err(failed.into());
    }
    if chain.verified.len() >= REMEMBERED {
        chain.verified.remove(0);
    }
    chain.verified.push(Holder {
        rights: issuer.rights & certificate.rights,
        name: certificate.holder,
        key: certificate.key,
        role: certificate.role,
    });
    Ok(StatusWord::NO_ERROR.into())
}

/// MANAGE SECURITY ENVIRONMENT: SET AT, the terminal by name.
pub(super) fn set_terminal(context: &mut Context<'_>, name: &[u8]) -> Result<Answer, Refusal> {
    cvca(context)?;
    require_chip(context)?;
    let chain = &mut context.emrtd.chain;
    let terminal = chain
        .find(name)
        .filter(|holder| holder.role == Role::InspectionSystem);
    let terminal = terminal
        .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?
        .clone();
    chain.terminal = Some(terminal);
    Ok(StatusWord::NO_ERROR.into())
}

/// EXTERNAL AUTHENTICATE inside the session of Chip Authentication: the terminal's signature.
pub(super) fn authenticate(context: &mut Context<'_>, signature: &[u8]) -> Result<Answer, Refusal> {
    let challenge = context.emrtd.challenge.take();
    require_chip(context)?;
    let state = &mut *context.emrtd;
    let (Some(terminal), Some(challenge), Some(access), Some(key)) = (
        &state.chain.terminal,
        challenge,
        &state.access,
        &state.terminal_key,
    ) else {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    let message = [access.chip_name.as_slice(), &challenge, key].concat();
    let flaw = context.image.flaw;
    let right =
        terminal.key.verifies(&message, signature) || flaw.is(Defect::TerminalProofUnchecked);
    state.chain.rights = match right {
        true if flaw.is(Defect::RightsIgnored) => u8::MAX,
        true => terminal.rights,
        false => 0,
    };
    match right {
        true => Ok(StatusWord::NO_ERROR.into()),
        false => Err(context.image.profile.authentication_failed.0.into()),
    }
}
