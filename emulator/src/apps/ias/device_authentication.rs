//! Device authentication: the terminal's certificate and proof, then the chip's proof (IAS ECC, RSA with SHA-256,
//! ISO/IEC 9796-2 scheme 1), and the jump of the send sequence counter that ends it.

use super::key_agreement::KeyAgreement;
use super::keys::{Keys, TerminalCa};
use super::objects::left_padded;
use crate::apps::{After, Answer, Context, Refusal};
use crate::card::{Defect, Flaw};
use crate::credentials::Verified;
use crate::wire::StatusWord;
use crate::wire::tlv::{Objects, Tag, Tlv};
use cie_crypto::ct;
use cie_crypto::hash::sha256;
use cie_crypto::iso9796::{self, Recovered};
use cie_crypto::rsa::PublicKey;

/// Certificate profile identifier of the terminals known.
const CERTIFICATE_PROFILE: u8 = 0x8A;
/// Length of everything in a certificate's content before the modulus.
const CERTIFICATE_HEAD: usize = 37;
/// Length of the public exponent that ends the content.
const CERTIFICATE_EXPONENT: usize = 4;
/// What ISO/IEC 9796-2 adds to the recoverable part: header, SHA-256, trailer.
const RECOVERY_OVERHEAD: usize = 34;

/// The key of a terminal, taken from its verified certificate.
#[derive(Clone, Debug)]
pub(super) struct TerminalKey {
    /// Certificate holder reference, 12 bytes.
    pub(super) holder_reference: Vec<u8>,
    key: PublicKey,
}

/// A card-verifiable certificate as sent: data object `7F21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// `5F37`: signature with recoverable content; one client omits its leading zeros.
    signature: &'a [u8],
    /// `5F38`: the rest of the content.
    remainder: &'a [u8],
    /// `42`: certification authority reference, 8 bytes.
    authority_reference: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads the command data field.
    ///
    /// # Errors
    /// `6A80` when it is not `7F21 { 5F37 5F38 42 }`.
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, Refusal> {
        let malformed = |_| StatusWord::INCORRECT_DATA;
        let certificate = Tlv::read_only(data, Tag(0x7F21)).map_err(malformed)?;
        let mut objects: Objects<'a> = certificate.children();
        let mut next = |tag: u32| match objects.next() {
            Some(Ok(object)) if object.tag == Tag(tag) => Ok(object.value),
            _ => Err(StatusWord::INCORRECT_DATA),
        };
        let parsed = Self {
            signature: next(0x5F37)?,
            remainder: next(0x5F38)?,
            authority_reference: next(0x42)?,
        };
        if objects.next().is_some() {
            return Err(StatusWord::INCORRECT_DATA.into());
        }
        Ok(parsed)
    }
}

/// PSO VERIFY CERTIFICATE: checks the certificate with the CA key and keeps the terminal's key.
pub(super) fn verify_certificate(
    context: &mut Context<'_>,
    certificate: &Certificate<'_>,
) -> Result<Answer, Refusal> {
    require_channel(context)?;
    if !context.ias.environment.verification {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    context.ias.terminal_key = None;
    context.ias.environment.external = false;
    let flaw = context.image.flaw;
    let key = terminal_key(&context.image.ias.terminal_ca, certificate, flaw)
        .ok_or(context.image.profile.authentication_failed.0)?;
    context.ias.terminal_key = Some(Box::new(key));
    Ok(StatusWord::NO_ERROR.into())
}

fn terminal_key(ca: &TerminalCa, certificate: &Certificate<'_>, flaw: Flaw) -> Option<TerminalKey> {
    let own_reference = ca.holder_reference.get(4..)?;
    let unchecked = flaw.is(Defect::CertificateUnchecked);
    if certificate.authority_reference != own_reference && !unchecked {
        return None;
    }
    let size = ca.public.size();
    if certificate.signature.len() > size {
        return None;
    }
    let signature = left_padded(certificate.signature, size);
    let Recovered { m1, hash } = iso9796::recover_block_crt(&ca.verify, &signature).ok()?;
    let content = [m1.as_slice(), certificate.remainder].concat();
    if !ct::eq(&sha256(&[&content]), &hash) && !unchecked {
        return None;
    }
    let (head, key) = content.split_at_checked(CERTIFICATE_HEAD)?;
    if head.first() != Some(&CERTIFICATE_PROFILE) || head.get(1..9)? != own_reference {
        return None;
    }
    let (modulus, exponent) = key.split_at_checked(key.len().checked_sub(CERTIFICATE_EXPONENT)?)?;
    Some(TerminalKey {
        holder_reference: head.get(9..21)?.to_vec(),
        key: PublicKey::new(modulus, exponent).ok()?,
    })
}

/// GET CHALLENGE: eight random bytes, good for one EXTERNAL AUTHENTICATE.
pub(super) fn get_challenge(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut challenge = [0; 8];
    if !context.image.flaw.is(Defect::ChallengeConstant) {
        context.random.fill(&mut challenge);
    }
    context.reply.extend_from_slice(&challenge);
    context.ias.challenge = Some(challenge);
    Ok(StatusWord::NO_ERROR.into())
}

/// EXTERNAL AUTHENTICATE: `proof` is SN.IFD (8 bytes) and a signature of up to the modulus length.
pub(super) fn external(context: &mut Context<'_>, proof: &[u8]) -> Result<Answer, Refusal> {
    require_channel(context)?;
    if !context.ias.environment.external {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let agreement = context.ias.key_agreement.as_ref();
    let terminal = context.ias.terminal_key.as_ref();
    let (Some(agreement), Some(terminal)) = (agreement, terminal) else {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    let size = terminal.key.size();
    let Some((serial_number, signature)) = proof
        .split_at_checked(8)
        .filter(|(_, signature)| (1..=size).contains(&signature.len()))
    else {
        return Err(StatusWord::WRONG_LENGTH.into());
    };
    let flaw = context.image.flaw;
    let challenge = context
        .ias
        .challenge
        .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    if !flaw.is(Defect::ChallengeNotConsumed) {
        context.ias.challenge = None;
    }
    let right = iso9796::recover_block(&terminal.key, &left_padded(signature, size)).is_ok_and(
        |Recovered { m1, hash }| {
            let keys = &context.image.ias;
            let expected = sha256(&[
                &m1,
                &agreement.terminal_public,
                serial_number,
                &challenge,
                &agreement.card_public,
                keys.dh.g(),
                keys.dh.p(),
                keys.dh.q(),
            ]);
            ct::eq(&expected, &hash)
        },
    );
    let right = right || flaw.is(Defect::ProofUnchecked);
    context.ias.device_authenticated = right;
    if !flaw.is(Defect::PinFlagSurvivesReset) {
        context.ias.verified = Verified::default();
    }
    context.ias.answered_challenge = right.then_some(challenge);
    if right {
        Ok(StatusWord::NO_ERROR.into())
    } else {
        Err(context.image.profile.authentication_failed.0.into())
    }
}

/// INTERNAL AUTHENTICATE with key 82: SN.ICC (8 bytes) and the chip's signature, after the terminal proved itself.
pub(super) fn internal(
    context: &mut Context<'_>,
    terminal_random: &[u8],
) -> Result<Answer, Refusal> {
    require_channel(context)?;
    let Ok(terminal_random) = <[u8; 8]>::try_from(terminal_random) else {
        return Err(StatusWord::WRONG_LENGTH.into());
    };
    let (Some(agreement), Some(challenge)) =
        (&context.ias.key_agreement, context.ias.answered_challenge)
    else {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    let keys = &context.image.ias;
    let mut padding = vec![0; keys.device.size().saturating_sub(RECOVERY_OVERHEAD)];
    context.random.fill(&mut padding);
    let hash = proof_hash(keys, agreement, &padding, terminal_random);
    let signature = iso9796::sign_block(&keys.device, &padding, &hash)
        .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
    // One proof for one challenge: a second would set the counter back under the same keys.
    context.ias.answered_challenge = None;
    context.reply.extend_from_slice(&keys.serial_number);
    context.reply.extend_from_slice(&signature);
    Ok(Answer {
        sw: StatusWord::NO_ERROR,
        after: After::SetCounter(next_counter(challenge, terminal_random)),
    })
}

fn proof_hash(
    keys: &Keys,
    agreement: &KeyAgreement,
    padding: &[u8],
    terminal_random: [u8; 8],
) -> [u8; 32] {
    sha256(&[
        padding,
        &agreement.card_public,
        &keys.serial_number,
        &terminal_random,
        &agreement.terminal_public,
        keys.dh.g(),
        keys.dh.p(),
        keys.dh.q(),
    ])
}

/// The last four bytes of RND.ICC, then the last four of RND.IFD.
const fn next_counter(card: [u8; 8], terminal: [u8; 8]) -> u64 {
    let [_, _, _, _, a, b, c, d] = card;
    let [_, _, _, _, e, f, g, h] = terminal;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn require_channel(context: &Context<'_>) -> Result<(), Refusal> {
    if context.protected {
        Ok(())
    } else {
        Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into())
    }
}
