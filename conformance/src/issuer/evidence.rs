//! What a card shows of itself at the start of a recovery, checked: the security object is signed by somebody the issuer trusts,
//! and the service number, the number of the document and the services key are those whose hashes it lists. The number of the
//! document is typed by hand, because the card keeps it behind the PIN: its hash is enough.

use cie_crypto::ct;
use cie_crypto::hash::sha256;
use cie_crypto::rsa::PublicKey;
use cie_emulator::persona::Trust;
use x509_cert::der::Encode;

use super::engine::Claims;
use super::policy::Field;
use super::wire::{NIS_LENGTH, Start};
use crate::expect::certificate_signed_by;
use crate::terminal::checks::certificate::Certificate;
use crate::terminal::checks::security_object::{SecurityObject, check};

/// Number of the service number's hash.
const NIS: u8 = 0xA1;
/// Number of the document number's hash.
const NUN: u8 = 0xA2;
/// Number of the services key's hash.
const SERVICES_KEY: u8 = 0xA5;

/// Why a card's evidence is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The security object cannot be read, or its signature is not that of the certificate inside.
    #[error(
        "the security object is not a signed list of hashes; read EF.1006 whole and send it unchanged"
    )]
    SecurityObject,
    /// Nobody who is trusted stands behind the signer.
    #[error(
        "the signer of the security object is not trusted; enrol the card first, or use one of a synthetic citizen"
    )]
    Signer,
    /// The service number is not the one whose hash is listed.
    #[error("the service number is not this card's; read EF.1001 of the card that is proved")]
    Nis,
    /// The number of the document is not the one whose hash is listed.
    #[error(
        "the number of the document is not this card's; type the nine characters at its top right"
    )]
    Nun,
    /// The services key is not the one whose hash is listed, or none at all.
    #[error("the services key is not this card's; read EF.1005 of the card that is proved")]
    ServicesKey,
}

/// A card whose evidence was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The number of the document.
    pub nun: String,
    /// The service number, 12 digits.
    pub nis: String,
    /// The services key.
    pub key: PublicKey,
    /// Number and hash of each listed file.
    pub hashes: Vec<(u8, Vec<u8>)>,
}

/// What the issuer is told of a card that was checked.
impl From<Evidence> for Claims {
    fn from(card: Evidence) -> Self {
        let claims = Self::default()
            .with(Field::Nun, card.nun)
            .with(Field::Nis, card.nis);
        Self {
            sod_hashes: Some(card.hashes.into_iter().collect()),
            ..claims
        }
    }
}

/// Who may sign security objects: authorities, and signers of cards that were enrolled one by one.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    authorities: Vec<PublicKey>,
    signers: Vec<[u8; 32]>,
}

impl Trusted {
    /// The synthetic country's authority, which signs the signers of all invented citizens.
    ///
    /// # Errors
    /// One sentence, when the built-in certificates cannot be read.
    pub fn synthetic() -> Result<Self, String> {
        let trust = Trust::embedded().map_err(|error| error.to_string())?;
        let der = trust.country_signer().to_der();
        let der = der.map_err(|error| error.to_string())?;
        let authority = Certificate::parse(&der)?.public_key();
        let authority = authority.ok_or("the country's certificate has no RSA key")?;
        Ok(Self {
            authorities: vec![authority],
            signers: Vec::new(),
        })
    }

    /// Trusts the signer of this card from now on, as an issuer does that was shown the card: nobody here can judge the
    /// authorities of real cards.
    ///
    /// # Errors
    /// [`EvidenceError::SecurityObject`].
    pub fn enrol(&mut self, sod: &[u8]) -> Result<(), EvidenceError> {
        let object = verified(sod)?;
        self.signers.push(sha256(&[&object.certificate]));
        Ok(())
    }

    fn accepts(&self, certificate: &[u8]) -> bool {
        let digest = sha256(&[certificate]);
        let signed = |key| certificate_signed_by(certificate, key).is_ok();
        self.signers.contains(&digest) || self.authorities.iter().any(signed)
    }
}

/// Checks what A01 says of the card. Nothing is compared with a record yet: this is about the card alone.
///
/// # Errors
/// [`EvidenceError`], the first that applies.
pub fn check_card(start: &Start, trusted: &Trusted) -> Result<Evidence, EvidenceError> {
    let object = verified(&start.sod)?;
    if !trusted.accepts(&object.certificate) {
        return Err(EvidenceError::Signer);
    }
    let lists = |number: u8, content: &[u8]| {
        let digest = object.variant.algorithm().digest(&[content]);
        let mut listed = object.hashes.iter().filter(|(listed, _)| *listed == number);
        listed.next().is_some_and(|(_, hash)| ct::eq(hash, &digest)) && listed.next().is_none()
    };
    let digits = start.nis.len() == NIS_LENGTH && start.nis.bytes().all(|b| b.is_ascii_digit());
    if !digits || !lists(NIS, start.nis.as_bytes()) {
        return Err(EvidenceError::Nis);
    }
    if !lists(NUN, start.nun.as_bytes()) {
        return Err(EvidenceError::Nun);
    }
    let (modulus, exponent) = &start.card_key;
    let key = PublicKey::new(modulus, exponent).map_err(|_| EvidenceError::ServicesKey)?;
    // The file is the key's only encoding, so its hash can be had from the numbers.
    if !lists(SERVICES_KEY, &key.to_pkcs1_der()) {
        return Err(EvidenceError::ServicesKey);
    }
    Ok(Evidence {
        nun: start.nun.clone(),
        nis: start.nis.clone(),
        key,
        hashes: object.hashes,
    })
}

/// The object, when everything its signature needs is in order.
fn verified(sod: &[u8]) -> Result<SecurityObject, EvidenceError> {
    let (object, findings) = check(sod, &std::collections::BTreeMap::new());
    match object {
        Some(object) if findings.wrong().next().is_none() => Ok(object),
        Some(_) | None => Err(EvidenceError::SecurityObject),
    }
}

/// Whether `signature` proves possession of the services key: what the public key makes of it ends with the challenge. What
/// stands before it is the card's padding, at which verifiers in the field do not look.
#[must_use]
pub fn proves(key: &PublicKey, challenge: &[u8], signature: &[u8]) -> bool {
    let Ok(block) = key.apply(signature) else {
        return false;
    };
    let end = block.len().checked_sub(challenge.len());
    let end = end.and_then(|start| block.get(start..));
    !challenge.is_empty() && end.is_some_and(|end| ct::eq(end, challenge))
}
