//! INTERNAL AUTHENTICATE: the signature and services keys, PKCS#1 v1.5 type 1 over the caller's bytes as they are.

use super::device_authentication;
use super::environment::InternalKey;
use crate::apps::{Answer, Context, Refusal};
use crate::card::Defect;
use crate::wire::StatusWord;
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::pkcs1;

/// What PKCS#1 v1.5 adds at least: `00 01`, eight `FF`, `00`.
const PADDING_AT_LEAST: usize = 11;

/// Signs with the key the security environment names, or proves the chip. No DigestInfo is added and nothing is hashed;
/// the same bytes give the same signature.
pub(super) fn internal_authenticate(
    context: &mut Context<'_>,
    data: &[u8],
) -> Result<Answer, Refusal> {
    let keys = &context.image.ias;
    let flaw = context.image.flaw;
    let key = match context.ias.environment.internal {
        None => return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
        Some(InternalKey::DeviceAuthentication) => {
            return device_authentication::internal(context, data);
        }
        Some(InternalKey::Services) => {
            let locked = flaw.is(Defect::LockTakesServices) && context.credentials.is_locked();
            let unverified = flaw.is(Defect::ServicesNeedPin) && !context.ias.verified.pin;
            if locked || unverified {
                return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
            }
            &keys.services
        }
        Some(InternalKey::Signature) => {
            if !keys.signature_use.is_satisfied(context.security_status())
                && !flaw.is(Defect::SignsWithoutPin)
            {
                return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
            }
            &keys.signature
        }
    };
    if data.is_empty() || data.len() > key.size().saturating_sub(PADDING_AT_LEAST) {
        return Err(StatusWord::WRONG_LENGTH.into());
    }
    if flaw.is(Defect::DigestInfoAdded) {
        let signature = pkcs1::sign_digest(key, HashAlgorithm::Sha256, data);
        let signature = signature.map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
        context.reply.extend_from_slice(&signature);
        return Ok(StatusWord::NO_ERROR.into());
    }
    let signature = pkcs1::sign_type1(key, data).map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
    context.reply.extend_from_slice(&signature);
    Ok(StatusWord::NO_ERROR.into())
}
