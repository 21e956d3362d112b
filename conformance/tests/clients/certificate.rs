//! What the families take out of the holder's certificate.

use cie_crypto::rsa::PublicKey;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use crate::Stop;
use crate::agreement::{Parser, public_key};
use crate::ber::{self, Node};

/// To-be-signed part; the version must be 3, said explicitly.
fn body(file: &[u8]) -> Result<Node<'_>, Stop> {
    let body = ber::first(file)?.child_tagged(0, 0x30)?;
    let version = body.child_tagged(0, 0xA0)?.child_tagged(0, 0x02)?;
    match version.value {
        [2] => Ok(body),
        _ => Err(Stop::Parse("not version 3")),
    }
}

fn attribute(subject: Node<'_>, identifier: &[u8]) -> Result<Option<String>, Stop> {
    let mut found = None;
    for set in ber::objects(subject.value)? {
        let pair = set.child_tagged(0, 0x30)?;
        if pair.child_tagged(0, 0x06)?.value == identifier {
            // Any kind of string will do, and the last one wins.
            found = Some(String::from_utf8_lossy(pair.child(1)?.value).into_owned());
        }
    }
    Ok(found)
}

fn subject_attribute(file: &[u8], identifier: &[u8]) -> Result<String, Stop> {
    attribute(body(file)?.child_tagged(5, 0x30)?, identifier)?
        .ok_or(Stop::Parse("an attribute is missing"))
}

/// Given name and surname by their object identifiers, as the desktop programs show the holder.
pub(crate) fn name_by_object_identifiers(file: &[u8]) -> Result<String, Stop> {
    let given = subject_attribute(file, &[0x55, 0x04, 0x2A])?;
    let surname = subject_attribute(file, &[0x55, 0x04, 0x04])?;
    Ok(format!("{given} {surname}"))
}

/// The same by searching the bytes of the whole certificate and taking the string behind.
pub(crate) fn name_by_search(file: &[u8]) -> Result<String, Stop> {
    let behind = |needle: &[u8]| {
        let at = file
            .windows(needle.len())
            .position(|window| window == needle);
        let at = at.ok_or(Stop::Parse("not found"))? + needle.len();
        let string = ber::first(&file[at..])?.value;
        Ok::<_, Stop>(String::from_utf8_lossy(string).into_owned())
    };
    Ok(format!(
        "{} {}",
        behind(&[0x06, 0x03, 0x55, 0x04, 0x2A])?,
        behind(&[0x06, 0x03, 0x55, 0x04, 0x04])?
    ))
}

/// The document number: nine characters behind the first six of the serial number attribute.
pub(crate) fn document_number(file: &[u8]) -> Result<String, Stop> {
    let serial = subject_attribute(file, &[0x55, 0x04, 0x05])?;
    serial
        .get(6..15)
        .map(str::to_owned)
        .ok_or(Stop::Parse("the serial number is short"))
}

/// The fiscal code: the common name.
pub(crate) fn fiscal_code(file: &[u8]) -> Result<String, Stop> {
    subject_attribute(file, &[0x55, 0x04, 0x03])
}

/// The key, read by another implementation of X.509.
pub(crate) fn key(file: &[u8]) -> Result<PublicKey, Stop> {
    let certificate =
        Certificate::from_der(ber::trimmed(file)?).map_err(|_| Stop::Parse("X.509"))?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    public_key(info.subject_public_key.raw_bytes(), Parser::Positional)
}

/// The key of any version 3 certificate found by position, and the encoded issuer and serial number.
pub(crate) fn signer(certificate: &[u8]) -> Result<(PublicKey, Vec<u8>, Vec<u8>), Stop> {
    let body = body(certificate)?;
    let info = body.child_tagged(6, 0x30)?.child_tagged(1, 0x03)?;
    let key = public_key(
        info.value.get(1..).ok_or(Stop::Parse("no key"))?,
        Parser::Positional,
    )?;
    Ok((
        key,
        body.child(3)?.raw.to_vec(),
        body.child(1)?.raw.to_vec(),
    ))
}

/// Whether the certificate survives a full decoding, from bytes without trailing zeros and back.
pub(crate) fn strict(file: &[u8]) -> Result<(), Stop> {
    let object = ber::strict(file)?;
    let certificate = Certificate::from_der(object.raw).map_err(|_| Stop::Parse("X.509"))?;
    match certificate.to_der() {
        Ok(again) if again == object.raw => Ok(()),
        _ => Err(Stop::Parse("another encoding")),
    }
}
