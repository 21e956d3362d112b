//! What the document can do, as `SecurityInfos` (ICAO 9303-11 §9.2): EF.CardAccess for everybody, EF.DG14 with the public key
//! of Chip Authentication. Encoding only: which protocols and keys a card has is the persona's choice.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::Encode;
use der::asn1::{BitStringRef, UintRef};

use crate::apps::emrtd::{ActiveAuthenticationKey, PaceOffer, StaticKey};
use crate::crypto::dh::Group;
use crate::crypto::ec::Curve;
use crate::crypto::rsa::PublicKey;
use crate::persona::error::PersonaError;
use crate::wire::tlv;

use super::keys::{Active, Chip};

/// id-TA.
const TERMINAL_AUTHENTICATION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.2");
/// id-PK-DH.
const PUBLIC_KEY_DH: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1.1");
/// id-PK-ECDH.
const PUBLIC_KEY_ECDH: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1.2");
/// id-icao-mrtd-security-aaProtocolObject.
const ACTIVE_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.5");
/// ecdsa-plain-SHA256 (BSI TR-03111 §5.2.1).
const ECDSA_PLAIN_SHA256: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.1.4.1.3");
/// dhKeyAgreement of PKCS#3.
const DH_KEY_AGREEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.3.1");
/// prime-field of ANSI X9.62.
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");

fn encoding(error: der::Error) -> PersonaError {
    PersonaError::Encode {
        object: "the security infos of the document",
        reason: error.to_string(),
    }
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv::constructed(0x30, parts)
}

fn oid(identifier: &ObjectIdentifier) -> Vec<u8> {
    tlv::object(0x06, identifier.as_bytes())
}

fn number(value: u8) -> Vec<u8> {
    tlv::object(0x02, &[value])
}

/// A positive INTEGER from big-endian bytes.
fn positive(bytes: &[u8]) -> Result<Vec<u8>, PersonaError> {
    UintRef::new(bytes)
        .and_then(|number| number.to_der())
        .map_err(encoding)
}

/// A SET OF in DER: ordered by encoding.
fn set_of(mut infos: Vec<Vec<u8>>) -> Vec<u8> {
    infos.sort();
    tlv::object(0x31, &infos.concat())
}

fn pace_info(offer: &PaceOffer) -> Vec<u8> {
    let parameters = offer.domain.id().map_or_else(Vec::new, number);
    sequence(&[&tlv::object(0x06, &offer.oid()), &number(2), &parameters])
}

/// EF.CardAccess: the one kind of PACE that the document offers.
pub(super) fn ef_card_access(offer: &PaceOffer) -> Vec<u8> {
    set_of(vec![pace_info(offer)])
}

/// EF.DG14: Terminal Authentication version 1, Chip Authentication version 1 with its public key, PACE as in EF.CardAccess, and
/// the signature algorithm of Active Authentication where that is ECDSA.
pub(super) fn dg14(
    offer: &PaceOffer,
    chip: &Chip,
    active: Option<&Active>,
) -> Result<Vec<u8>, PersonaError> {
    let (key_protocol, key) = match &chip.key.key {
        StaticKey::Modular { group, .. } => (PUBLIC_KEY_DH, dh_public_key(group, &chip.public)?),
        StaticKey::Elliptic(private) => (
            PUBLIC_KEY_ECDH,
            ec_public_key(private.curve(), &chip.public)?,
        ),
    };
    let mut infos = vec![
        sequence(&[&oid(&TERMINAL_AUTHENTICATION), &number(1)]),
        sequence(&[&tlv::object(0x06, &chip.key.oid()), &number(1)]),
        pace_info(offer),
        sequence(&[&oid(&key_protocol), &key]),
    ];
    match active.map(|active| &active.key) {
        Some(ActiveAuthenticationKey::Ecdsa { .. }) => infos.push(sequence(&[
            &oid(&ACTIVE_AUTHENTICATION),
            &number(1),
            &oid(&ECDSA_PLAIN_SHA256),
        ])),
        Some(ActiveAuthenticationKey::Rsa { .. }) | None => {}
    }
    Ok(tlv::object(0x6E, &set_of(infos)))
}

/// `SubjectPublicKeyInfo` of a PKCS#3 key with its domain parameters p and g.
fn dh_public_key(group: &Group, key: &[u8]) -> Result<Vec<u8>, PersonaError> {
    let parameters = sequence(&[&positive(group.p())?, &positive(group.g())?]);
    let algorithm = sequence(&[&oid(&DH_KEY_AGREEMENT), &parameters]);
    Ok(sequence(&[&algorithm, &bits(&positive(key)?)?]))
}

/// `SubjectPublicKeyInfo` of a point, with the curve as numbers, as BSI TR-03110-3 §A.1.1.2 asks for.
pub(super) fn ec_public_key(curve: Curve, key: &[u8]) -> Result<Vec<u8>, PersonaError> {
    let domain = curve.parameters();
    let parameters = sequence(&[
        &number(1),
        &sequence(&[&oid(&PRIME_FIELD), &positive(&domain.p)?]),
        &sequence(&[&tlv::object(0x04, &domain.a), &tlv::object(0x04, &domain.b)]),
        &tlv::object(0x04, &domain.g),
        &positive(&domain.n)?,
        &number(1),
    ]);
    let algorithm = sequence(&[&oid(&ID_EC_PUBLIC_KEY), &parameters]);
    Ok(sequence(&[&algorithm, &bits(key)?]))
}

/// `SubjectPublicKeyInfo` of an RSA key.
pub(super) fn rsa_public_key(key: &PublicKey) -> Result<Vec<u8>, PersonaError> {
    let algorithm = sequence(&[&oid(&RSA_ENCRYPTION), &tlv::object(0x05, &[])]);
    Ok(sequence(&[&algorithm, &bits(&key.to_pkcs1_der())?]))
}

fn bits(bytes: &[u8]) -> Result<Vec<u8>, PersonaError> {
    BitStringRef::from_bytes(bytes)
        .and_then(|bits| bits.to_der())
        .map_err(encoding)
}
