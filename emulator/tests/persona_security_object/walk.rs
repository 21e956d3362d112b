//! The walker: one function for each structure on the way, the first broken rule as the error.

use std::collections::BTreeMap;

use cie_emulator::crypto::hash::HashAlgorithm;
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::crypto::{pkcs1, pss};
use cie_emulator::persona::SodVariant;
use cie_emulator::wire::tlv::{self, Tag, Tlv};

const ID_SIGNED_DATA: &str = "2A864886F70D010702";
const LDS_SECURITY_OBJECT: &str = "678108010101";
pub(crate) const SHA_256: &str = "608648016503040201";
pub(crate) const SHA_512: &str = "608648016503040203";
const CONTENT_TYPE: &str = "2A864886F70D010903";
const MESSAGE_DIGEST: &str = "2A864886F70D010904";
const SHA_256_WITH_RSA: &str = "2A864886F70D01010B";
const RSASSA_PSS: &str = "2A864886F70D01010A";

/// What a walk found; or, as an error, the first rule that was broken.
pub(crate) struct Walked {
    pub(crate) variant: SodVariant,
    pub(crate) numbers: Vec<u8>,
}

pub(crate) type Step<T> = Result<T, String>;

/// Child `index` of an object, which must carry `tag`.
fn child<'a>(of: &Tlv<'a>, index: usize, tag: u32, name: &str) -> Step<Tlv<'a>> {
    let found = of
        .children()
        .nth(index)
        .ok_or(format!("{name}: no child {index}"))?;
    let found = found.map_err(|error| format!("{name}: {error}"))?;
    match found.tag == Tag(tag) {
        true => Ok(found),
        false => Err(format!("{name}: tag {} where {tag:02X} belongs", found.tag)),
    }
}

fn same(found: &[u8], expected: &str, name: &str) -> Step<()> {
    match hex::encode_upper(found) == expected {
        true => Ok(()),
        false => Err(format!(
            "{name}: {} is not {expected}",
            hex::encode_upper(found)
        )),
    }
}

fn object_identifier(sequence: &Tlv<'_>, expected: &str, name: &str) -> Step<()> {
    same(child(sequence, 0, 0x06, name)?.value, expected, name)
}

pub(crate) fn walk(file: &[u8], files: &BTreeMap<u8, Vec<u8>>) -> Step<Walked> {
    let outer = Tlv::read_only(file, Tag(0x77)).map_err(|error| error.to_string())?;
    let content_info = child(&outer, 0, 0x30, "ContentInfo")?;
    same(
        child(&content_info, 0, 0x06, "contentType")?.value,
        ID_SIGNED_DATA,
        "contentType",
    )?;
    let signed_data = child(
        &child(&content_info, 1, 0xA0, "content")?,
        0,
        0x30,
        "SignedData",
    )?;
    same(
        child(&signed_data, 0, 0x02, "version")?.value,
        "03",
        "version",
    )?;
    let digests = child(&signed_data, 1, 0x31, "digestAlgorithms")?;
    let algorithm = child(
        &child(&digests, 0, 0x30, "digestAlgorithm")?,
        0,
        0x06,
        "digest OID",
    )?;
    let (variant, hash, hash_oid) = match hex::encode_upper(algorithm.value).as_str() {
        SHA_256 => (SodVariant::V0, HashAlgorithm::Sha256, SHA_256),
        SHA_512 => (SodVariant::Pss, HashAlgorithm::Sha512, SHA_512),
        other => return Err(format!("digest algorithm {other} is not supported")),
    };
    let encapsulated = child(&signed_data, 2, 0x30, "encapContentInfo")?;
    object_identifier(&encapsulated, LDS_SECURITY_OBJECT, "eContentType")?;
    let content = child(
        &child(&encapsulated, 1, 0xA0, "eContent")?,
        0,
        0x04,
        "eContent",
    )?;
    let certificate = child(
        &child(&signed_data, 3, 0xA0, "certificates")?,
        0,
        0x30,
        "certificate",
    )?;
    let signers = child(&signed_data, 4, 0x31, "signerInfos at index 4")?;
    if signed_data.children().count() != 5 || signers.children().count() != 1 {
        return Err("something follows the one signer info".to_owned());
    }
    let signer = child(&signers, 0, 0x30, "SignerInfo")?;
    let attributes = signer_info(&signer, &certificate, hash_oid)?;
    same(
        attributes.digest,
        &hex::encode_upper(hash.digest(&[content.value])),
        "messageDigest",
    )?;
    signature(&signer, variant, &key_of(&certificate)?, attributes.stored)?;
    let numbers = data_groups(content.value, variant, hash, hash_oid, files)?;
    Ok(Walked { variant, numbers })
}

struct SignedAttributes<'a> {
    /// The value field of messageDigest.
    digest: &'a [u8],
    /// The attributes as stored, without the A0 header.
    stored: &'a [u8],
}

/// Version, identity and attributes of the signer info.
fn signer_info<'a>(
    signer: &Tlv<'a>,
    certificate: &Tlv<'a>,
    hash_oid: &str,
) -> Step<SignedAttributes<'a>> {
    same(
        child(signer, 0, 0x02, "signer version")?.value,
        "01",
        "signer version",
    )?;
    let sid = child(signer, 1, 0x30, "sid")?;
    let to_be_signed = child(certificate, 0, 0x30, "tbsCertificate")?;
    same(
        child(
            &child(&to_be_signed, 0, 0xA0, "X.509 version")?,
            0,
            0x02,
            "X.509 version",
        )?
        .value,
        "02",
        "X.509 version",
    )?;
    let serial = child(&to_be_signed, 1, 0x02, "certificate serial")?;
    let issuer = child(&to_be_signed, 3, 0x30, "certificate issuer")?;
    same(
        child(&sid, 0, 0x30, "issuer name")?.raw,
        &hex::encode_upper(issuer.raw),
        "issuer name",
    )?;
    same(
        child(&sid, 1, 0x02, "serial")?.raw,
        &hex::encode_upper(serial.raw),
        "serial",
    )?;
    object_identifier(
        &child(signer, 2, 0x30, "signer digest")?,
        hash_oid,
        "signer digest",
    )?;
    let attributes = child(signer, 3, 0xA0, "signedAttrs")?;
    let content_type = child(&attributes, 0, 0x30, "first attribute")?;
    object_identifier(&content_type, CONTENT_TYPE, "first attribute")?;
    let value = child(
        &child(&content_type, 1, 0x31, "contentType values")?,
        0,
        0x06,
        "contentType value",
    )?;
    same(value.value, LDS_SECURITY_OBJECT, "contentType value")?;
    let message_digest = child(&attributes, 1, 0x30, "second attribute")?;
    object_identifier(&message_digest, MESSAGE_DIGEST, "second attribute")?;
    let digest = child(
        &child(&message_digest, 1, 0x31, "digest values")?,
        0,
        0x04,
        "digest value",
    )?;
    if attributes.children().count() != 2 {
        return Err("more than two signed attributes".to_owned());
    }
    Ok(SignedAttributes {
        digest: digest.value,
        stored: attributes.value,
    })
}

/// The RSA key of a certificate: child 6 of the part that is signed.
fn key_of(certificate: &Tlv<'_>) -> Step<PublicKey> {
    let to_be_signed = child(certificate, 0, 0x30, "tbsCertificate")?;
    let info = child(&to_be_signed, 6, 0x30, "subjectPublicKeyInfo")?;
    let bits = child(&info, 1, 0x03, "subjectPublicKey")?;
    let key = bits
        .value
        .strip_prefix(&[0])
        .ok_or("unused bits in the key")?;
    PublicKey::from_pkcs1_der(key).map_err(|error| error.to_string())
}

/// The signature over the attributes re-headed as a SET.
fn signature(signer: &Tlv<'_>, variant: SodVariant, key: &PublicKey, stored: &[u8]) -> Step<()> {
    let message = tlv::object(0x31, stored);
    let algorithm = child(signer, 4, 0x30, "signature algorithm")?;
    let signature = child(signer, 5, 0x04, "signature")?.value;
    if signer.children().count() != 6 {
        return Err("unsigned attributes".to_owned());
    }
    match variant {
        SodVariant::V0 => {
            object_identifier(&algorithm, SHA_256_WITH_RSA, "signature algorithm")?;
            let recovered =
                pkcs1::recover_type1(key, signature).map_err(|error| error.to_string())?;
            let prefix = HashAlgorithm::Sha256.digest_info_prefix();
            let expected = [prefix, &HashAlgorithm::Sha256.digest(&[&message])].concat();
            same(&recovered, &hex::encode_upper(expected), "signature")
        }
        SodVariant::Pss => {
            object_identifier(&algorithm, RSASSA_PSS, "signature algorithm")?;
            let parameters = child(&algorithm, 1, 0x30, "PSS parameters")?;
            let hash = child(
                &child(&parameters, 0, 0xA0, "PSS hash")?,
                0,
                0x30,
                "PSS hash",
            )?;
            object_identifier(&hash, SHA_512, "PSS hash")?;
            match pss::verify(key, HashAlgorithm::Sha512, 64, &message, signature) {
                true => Ok(()),
                false => Err("signature: PSS does not verify".to_owned()),
            }
        }
    }
}

/// The LDS security object: version, algorithm, and every digest against its file.
fn data_groups(
    content: &[u8],
    variant: SodVariant,
    hash: HashAlgorithm,
    hash_oid: &str,
    files: &BTreeMap<u8, Vec<u8>>,
) -> Step<Vec<u8>> {
    let object = Tlv::read_only(content, Tag(0x30)).map_err(|error| error.to_string())?;
    let (version, children) = match variant {
        SodVariant::V0 => ("00", 3),
        SodVariant::Pss => ("01", 4),
    };
    same(
        child(&object, 0, 0x02, "LDS version")?.value,
        version,
        "LDS version",
    )?;
    object_identifier(
        &child(&object, 1, 0x30, "LDS digest")?,
        hash_oid,
        "LDS digest",
    )?;
    if object.children().count() != children {
        return Err(format!(
            "LDS security object of version {version} without {children} parts"
        ));
    }
    let list = child(&object, 2, 0x30, "data group hashes")?;
    let mut numbers = Vec::new();
    for entry in list.children() {
        let entry = entry.map_err(|error| error.to_string())?;
        let [number] = child(&entry, 0, 0x02, "number")?.value else {
            return Err("number of more than one byte".to_owned());
        };
        let digest = child(&entry, 1, 0x04, "digest")?;
        let file = files
            .get(number)
            .ok_or(format!("{number:02X}: digest of no known file"))?;
        same(
            digest.value,
            &hex::encode_upper(hash.digest(&[file])),
            "digest of a file",
        )?;
        numbers.push(*number);
    }
    Ok(numbers)
}
