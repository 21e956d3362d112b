//! Active Authentication (ICAO 9303-11 §6.1): the chip signs the terminal's challenge. A CIE has no key for it.

use super::keys::ActiveAuthenticationKey;
use crate::apps::{Answer, Context, Refusal};
use crate::wire::StatusWord;
use cie_crypto::ec::ecdsa;
use cie_crypto::iso9796::{self, Trailer};

/// INTERNAL AUTHENTICATE with a challenge of 8 bytes.
pub(super) fn internal_authenticate(
    context: &mut Context<'_>,
    challenge: &[u8],
) -> Result<Answer, Refusal> {
    let keys = context.image.emrtd.as_ref();
    let key = keys
        .and_then(|keys| keys.active_authentication.as_ref())
        .ok_or(StatusWord::INS_NOT_SUPPORTED)?;
    if !context.protected || context.emrtd.access.is_none() {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
    }
    if challenge.len() != 8 {
        return Err(StatusWord::WRONG_LENGTH.into());
    }
    let signature = match key {
        ActiveAuthenticationKey::Rsa { key, hash, trailer } => {
            let trailer_len = match trailer {
                Trailer::Implicit => 1_usize,
                Trailer::Explicit(_) => 2,
            };
            // The first byte of the message representative, the digest and the trailer are not M1's.
            let room = key.size().saturating_sub(hash.digest_len());
            let mut m1 = vec![0; room.saturating_sub(1).saturating_sub(trailer_len)];
            context.random.fill(&mut m1);
            let digest = hash.digest(&[&m1, challenge]);
            iso9796::sign_with_trailer(key, &m1, &digest, *trailer)
                .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?
        }
        ActiveAuthenticationKey::Ecdsa { key, hash } => {
            ecdsa::sign(key, &hash.digest(&[challenge]), context.random)
        }
    };
    context.reply.extend_from_slice(&signature);
    Ok(StatusWord::NO_ERROR.into())
}
