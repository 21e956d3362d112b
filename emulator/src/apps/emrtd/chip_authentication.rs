//! Chip Authentication version 1 (ICAO 9303-11 §6.2): the chip's static key and a fresh one of the terminal give the keys of
//! a new session. In one step for 3DES, in two for every cipher; the answer still goes out under the old keys.

use super::agreement::KeyPair;
use super::keys::{ChipAuthenticationKey, Keys};
use super::pace::Exchange;
use crate::apps::{After, Answer, Context, Refusal};
use crate::card::Defect;
use crate::secure_messaging::SecureSession;
use crate::wire::StatusWord;
use crate::wire::tlv::{self, Tlv};
use cie_crypto::kdf::{ENC, MAC};
use cie_crypto::suite::Suite;

fn keys<'a>(context: &Context<'a>) -> Result<&'a [ChipAuthenticationKey], StatusWord> {
    let keys: Option<&'a Keys> = context.image.emrtd.as_ref();
    keys.map(|keys| keys.chip_authentication.as_slice())
        .filter(|keys| !keys.is_empty())
        .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)
}

/// The one key with this id, or the only one where none is named.
fn find(
    keys: &[ChipAuthenticationKey],
    key_id: Option<&[u8]>,
    fits: impl Fn(&ChipAuthenticationKey) -> bool,
) -> Result<usize, StatusWord> {
    let named = |key: &ChipAuthenticationKey| key_id.is_none() || key.key_id.as_deref() == key_id;
    let mut matching = (0..).zip(keys).filter(|(_, key)| named(key) && fits(key));
    match (matching.next(), matching.next()) {
        (Some((index, _)), None) => Ok(index),
        _ => Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
    }
}

/// MANAGE SECURITY ENVIRONMENT: SET KAT, the form in one step (3DES only).
pub(super) fn set_key(
    context: &mut Context<'_>,
    terminal: &[u8],
    key_id: Option<&[u8]>,
) -> Result<Answer, Refusal> {
    require_access(context)?;
    let index = find(keys(context)?, key_id, |key| key.suite == Suite::TripleDes)?;
    agree(context, index, terminal)
}

/// MANAGE SECURITY ENVIRONMENT: SET AT, the first of two steps. Nothing is decided yet, so it is taken without a session too.
pub(super) fn set_protocol(
    context: &mut Context<'_>,
    oid: &[u8],
    key_id: Option<&[u8]>,
) -> Result<Answer, Refusal> {
    let index = find(keys(context)?, key_id, |key| key.oid() == oid)?;
    context.emrtd.exchange = Exchange::ChipAuthentication(index);
    Ok(StatusWord::NO_ERROR.into())
}

/// GENERAL AUTHENTICATE with the terminal's key, the second step.
pub(super) fn general_authenticate(
    context: &mut Context<'_>,
    index: usize,
    object: Option<Tlv<'_>>,
) -> Result<Answer, Refusal> {
    if context.chained {
        return Err(context.image.profile.pace_chaining.0.into());
    }
    require_access(context)?;
    let terminal = object.filter(|object| object.tag.0 == 0x80);
    let terminal = terminal.ok_or(StatusWord::INCORRECT_DATA)?;
    let answer = agree(context, index, terminal.value)?;
    tlv::write(context.reply, tlv::Tag(0x7C), &[]);
    Ok(answer)
}

fn agree(context: &mut Context<'_>, index: usize, terminal: &[u8]) -> Result<Answer, Refusal> {
    let profile = &context.image.profile;
    let key = keys(context)?
        .get(index)
        .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let (base, pair) = KeyPair::of(&key.key);
    let shared = pair
        .agree(terminal, profile.pace_subgroup_check)
        .map_err(|_| profile.chip_key_refused.0)?;
    let encryption = key.suite.derive(shared.secret(), ENC);
    let checksum = key.suite.derive(shared.secret(), MAC);
    let counter = u64::from(context.image.flaw.is(Defect::ChipCounterKept)) << 1;
    let session = SecureSession::with_suite(key.suite, &encryption, &checksum, counter)
        .ok_or(StatusWord::NO_PRECISE_DIAGNOSIS)?;
    context.emrtd.chain_begins(base.compress(terminal));
    let after = match context.image.flaw.is(Defect::ChipKeysKept) {
        true => After::Nothing,
        false => After::Open(Box::new(session)),
    };
    Ok(Answer {
        sw: StatusWord::NO_ERROR,
        after,
    })
}

fn require_access(context: &Context<'_>) -> Result<(), StatusWord> {
    match context.protected && context.emrtd.access.is_some() {
        true => Ok(()),
        false => Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED),
    }
}
