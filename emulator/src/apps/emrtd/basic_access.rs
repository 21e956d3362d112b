//! BAC (ICAO 9303-11 §4.3): a challenge, then both sides prove that they know the MRZ.

use super::state::{Access, Procedure};
use crate::apps::{After, Answer, Context, Refusal};
use crate::card::Defect;
use crate::secure_messaging::SecureSession;
use crate::wire::StatusWord;
use cie_crypto::ct;
use cie_crypto::kdf::{ENC, MAC, derive_key_sha1};
use cie_crypto::triple_des::{RetailMac, TripleDes};
use zeroize::Zeroizing;

/// RND.IFD, RND.IC and K.IFD, and the checksum.
const PROOF: usize = 32 + 8;

/// GET CHALLENGE: eight random bytes, good for one EXTERNAL AUTHENTICATE.
pub(super) fn get_challenge(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut challenge = [0; 8];
    context.random.fill(&mut challenge);
    context.reply.extend_from_slice(&challenge);
    context.emrtd.challenge = Some(challenge);
    Ok(StatusWord::NO_ERROR.into())
}

/// EXTERNAL AUTHENTICATE in plain.
pub(super) fn authenticate(context: &mut Context<'_>, proof: &[u8]) -> Result<Answer, Refusal> {
    let image = context.image;
    let keys = image.emrtd.as_ref().ok_or(StatusWord::INS_NOT_SUPPORTED)?;
    let flaw = image.flaw;
    let challenge = match flaw.is(Defect::AccessChallengeKept) {
        true => context.emrtd.challenge,
        false => context.emrtd.challenge.take(),
    };
    if !image.profile.bac {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let proof = <&[u8; PROOF]>::try_from(proof).map_err(|_| StatusWord::WRONG_LENGTH)?;
    let failed = image.profile.password_failed.0;
    let challenge = challenge.ok_or(failed)?;
    let secret = keys.mrz.secret();
    let (seed, _) = secret.split_at(16);
    let keys_of = |seed: &[u8]| {
        let encryption = Zeroizing::new(derive_key_sha1(seed, ENC));
        let checksum = Zeroizing::new(derive_key_sha1(seed, MAC));
        (encryption, checksum)
    };
    let (encryption, checksum) = keys_of(seed);
    let (encryption, checksum) = (TripleDes::new(&encryption), RetailMac::new(&checksum));
    let (cryptogram, mac) = proof.split_at(32);
    if !ct::eq(&checksum.mac_padded(&[cryptogram]), mac) {
        return Err(failed.into());
    }
    let mut plain = Zeroizing::new(cryptogram.to_vec());
    encryption
        .decrypt_cbc(&[0; 8], &mut plain)
        .map_err(|_| failed)?;
    let (terminal_random, rest) = plain.split_first_chunk::<8>().ok_or(failed)?;
    let (returned, terminal_key) = rest.split_first_chunk::<8>().ok_or(failed)?;
    if !ct::eq(returned, &challenge) && !flaw.is(Defect::AccessUnchecked) {
        return Err(failed.into());
    }
    let mut card_key = Zeroizing::new([0; 16]);
    context.random.fill(&mut *card_key);
    let mut answer = [&challenge[..], terminal_random, &*card_key].concat();
    encryption
        .encrypt_cbc(&[0; 8], &mut answer)
        .map_err(|_| failed)?;
    let seed: Zeroizing<Vec<u8>> = Zeroizing::new(
        card_key
            .iter()
            .zip(terminal_key)
            .map(|(a, b)| a ^ b)
            .collect(),
    );
    let (session_encryption, session_checksum) = keys_of(&seed);
    let counter = first_counter(challenge, *terminal_random);
    let session = SecureSession::new(&session_encryption, &session_checksum, counter);
    context.reply.extend_from_slice(&answer);
    context
        .reply
        .extend_from_slice(&checksum.mac_padded(&[&answer]));
    context.ias.secure_messaging_ended();
    context.emrtd.session_begins(Access {
        procedure: Procedure::Bac,
        chip_name: keys.mrz.document_number().to_vec(),
    });
    Ok(Answer {
        sw: StatusWord::NO_ERROR,
        after: After::Open(Box::new(session)),
    })
}

/// The last four bytes of RND.IC, then the last four of RND.IFD.
const fn first_counter(card: [u8; 8], terminal: [u8; 8]) -> u64 {
    let [_, _, _, _, a, b, c, d] = card;
    let [_, _, _, _, e, f, g, h] = terminal;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
