//! The desktop family's walk through EF.SOD: positions first, tags compared, both generations.

use cie_crypto::hash::HashAlgorithm;
use cie_crypto::rsa::PublicKey;
use cie_crypto::{pkcs1, pss};

use crate::ber::{self, Node};
use crate::{Stop, certificate};

/// The files that the security object covers, as read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digests<'a> {
    pub(crate) services_number: &'a [u8],
    pub(crate) serial: &'a [u8],
    pub(crate) certificate: &'a [u8],
    pub(crate) device_key: &'a [u8],
    pub(crate) services_key: &'a [u8],
    pub(crate) parameters: &'a [u8],
}

impl<'a> Digests<'a> {
    fn content(&self, number: u8) -> Result<Option<&'a [u8]>, Stop> {
        let start =
            |file: &'a [u8], length| file.get(..length).ok_or(Stop::Crash("a file is too short"));
        Ok(Some(match number {
            0xA1 => start(self.services_number, 12)?,
            0xA2 => start(self.serial, 9)?,
            0xA3 => ber::trimmed(self.certificate)?,
            0xA4 => ber::trimmed(self.device_key)?,
            0xA5 => ber::trimmed(self.services_key)?,
            0x1B => ber::trimmed(self.parameters)?,
            _ => return Ok(None),
        }))
    }
}

/// What a wrong or unknown digest leads to in the older generation; the newer one always stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Is only printed.
    Printed,
    /// Stops; issuer and serial number of the signer must match as well.
    Stops,
}

/// The generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    V0,
    Pss,
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const RSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

fn identifier(node: Node<'_>, expected: &[u8]) -> Result<(), Stop> {
    match (node.tag, node.value == expected) {
        (0x06, true) => Ok(()),
        _ => Err(Stop::Parse("another object identifier")),
    }
}

/// Walks through the file and checks what the family checks.
pub(crate) fn verify(
    file: &[u8],
    files: &Digests<'_>,
    mismatch: Mismatch,
) -> Result<Generation, Stop> {
    let content = ber::first(file)?.child_tagged(0, 0x30)?;
    identifier(content.child(0)?, SIGNED_DATA)?;
    let data = content.child_tagged(1, 0xA0)?.child_tagged(0, 0x30)?;
    if data.child_tagged(0, 0x02)?.value != [3] {
        return Err(Stop::Parse("another version of SignedData"));
    }
    let digest = data
        .child_tagged(1, 0x31)?
        .child_tagged(0, 0x30)?
        .child_tagged(0, 0x06)?
        .value;
    let (generation, algorithm) = match digest {
        SHA256 => (Generation::V0, HashAlgorithm::Sha256),
        SHA512 => (Generation::Pss, HashAlgorithm::Sha512),
        _ => return Err(Stop::Parse("digest algorithm not supported")),
    };
    let encapsulated = data.child_tagged(2, 0x30)?;
    identifier(encapsulated.child(0)?, SECURITY_OBJECT)?;
    let octets = encapsulated.child_tagged(1, 0xA0)?.child_tagged(0, 0x04)?;
    let list = ber::first(octets.value)?;
    let signer = data.child_tagged(3, 0xA0)?.child_tagged(0, 0x30)?;
    // Exactly the fifth child: a list of revocations would stand in its place.
    let info = data.child_tagged(4, 0x31)?.child_tagged(0, 0x30)?;
    check_signer(info, signer, digest, list.raw, algorithm, mismatch)?;
    check_list(list, digest, algorithm, generation, files, mismatch)?;
    Ok(generation)
}

fn check_signer(
    info: Node<'_>,
    signer: Node<'_>,
    digest: &[u8],
    signed: &[u8],
    algorithm: HashAlgorithm,
    mismatch: Mismatch,
) -> Result<(), Stop> {
    if info.child_tagged(0, 0x02)?.value != [1] {
        return Err(Stop::Parse("another version of SignerInfo"));
    }
    let name = info.child_tagged(1, 0x30)?;
    let (issuer, serial) = (name.child_tagged(0, 0x30)?, name.child_tagged(1, 0x02)?);
    identifier(info.child_tagged(2, 0x30)?.child(0)?, digest)?;
    let attributes = info.child_tagged(3, 0xA0)?;
    let content_type = attributes.child_tagged(0, 0x30)?;
    identifier(content_type.child(0)?, CONTENT_TYPE)?;
    identifier(
        content_type.child_tagged(1, 0x31)?.child(0)?,
        SECURITY_OBJECT,
    )?;
    let message_digest = attributes.child_tagged(1, 0x30)?;
    identifier(message_digest.child(0)?, MESSAGE_DIGEST)?;
    let found = message_digest
        .child_tagged(1, 0x31)?
        .child_tagged(0, 0x04)?
        .value;
    if found != algorithm.digest(&[signed]) {
        return Err(Stop::Mismatch("the message digest"));
    }
    let (key, certified_issuer, certified_serial) = certificate::signer(signer.raw)?;
    if mismatch == Mismatch::Stops
        && (issuer.raw != certified_issuer || serial.raw != certified_serial)
    {
        return Err(Stop::Mismatch("issuer or serial number of the signer"));
    }
    let set = set_of(attributes.value);
    let signature = info.child_tagged(5, 0x04)?.value;
    check_signature(
        info.child_tagged(4, 0x30)?,
        &key,
        algorithm,
        &set,
        signature,
    )
}

/// What is signed: the attributes under the tag of a SET.
fn set_of(attributes: &[u8]) -> Vec<u8> {
    let [high, low] = (attributes.len() as u16).to_be_bytes();
    let header = match attributes.len() {
        ..0x80 => vec![0x31, low],
        0x80..0x100 => vec![0x31, 0x81, low],
        _ => vec![0x31, 0x82, high, low],
    };
    [header, attributes.to_vec()].concat()
}

fn check_signature(
    identified: Node<'_>,
    key: &PublicKey,
    algorithm: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Stop> {
    let right = match algorithm {
        HashAlgorithm::Sha256 => {
            identifier(identified.child(0)?, RSA_SHA256)?;
            // The block is opened by hand and its prefix, with NULL, compared.
            let expected = [
                algorithm.digest_info_prefix(),
                &algorithm.digest(&[message]),
            ]
            .concat();
            pkcs1::recover_type1(key, signature).is_ok_and(|found| found == expected)
        }
        _ => {
            identifier(identified.child(0)?, RSA_PSS)?;
            let hash = identified
                .child_tagged(1, 0x30)?
                .child_tagged(0, 0xA0)?
                .child_tagged(0, 0x30)?;
            identifier(hash.child(0)?, SHA512)?;
            pss::verify(key, algorithm, 64, message, signature)
        }
    };
    match right {
        true => Ok(()),
        false => Err(Stop::Mismatch("the signature of the security object")),
    }
}

fn check_list(
    list: Node<'_>,
    digest: &[u8],
    algorithm: HashAlgorithm,
    generation: Generation,
    files: &Digests<'_>,
    mismatch: Mismatch,
) -> Result<(), Stop> {
    let version = match generation {
        Generation::V0 => [0],
        Generation::Pss => [1],
    };
    if list.child_tagged(0, 0x02)?.value != version {
        return Err(Stop::Parse("another version of the list"));
    }
    identifier(list.child_tagged(1, 0x30)?.child(0)?, digest)?;
    for entry in ber::objects(list.child_tagged(2, 0x30)?.value)? {
        // One byte is compared, so the number must be one byte even where that makes it negative.
        let number = *entry
            .child_tagged(0, 0x02)?
            .value
            .first()
            .ok_or(Stop::Parse("no number"))?;
        let expected = entry.child_tagged(1, 0x04)?.value;
        let right = files
            .content(number)?
            .is_some_and(|file| algorithm.digest(&[file]) == expected);
        if !right && (generation == Generation::Pss || mismatch == Mismatch::Stops) {
            return Err(Stop::Mismatch("a digest of the security object"));
        }
    }
    Ok(())
}

/// The digest with this number, and the algorithm: all that back ends and services look at.
pub(crate) fn digest_of(file: &[u8], number: u8) -> Result<(HashAlgorithm, Vec<u8>), Stop> {
    let data = ber::first(file)?.child(0)?.child(1)?.child(0)?;
    let list = ber::first(data.child(2)?.child(1)?.child(0)?.value)?;
    let algorithm = match list.child(1)?.child(0)?.value {
        SHA256 => HashAlgorithm::Sha256,
        _ => HashAlgorithm::Sha512,
    };
    let entries = ber::objects(list.child(2)?.value)?;
    let entry = entries
        .into_iter()
        .find(|entry| entry.child(0).is_ok_and(|n| n.value == [number]));
    let entry = entry.ok_or(Stop::Mismatch("the digest is not listed"))?;
    Ok((algorithm, entry.child(1)?.value.to_vec()))
}
