//! What files, applications and data objects are called.

use crate::files::FileId;
use crate::wire::tlv::Tag;

/// The name of a file of the CIE.
#[must_use]
pub const fn file_name(file_id: FileId) -> Option<&'static str> {
    Some(match file_id {
        FileId::MASTER_FILE => "MF",
        FileId::EF_DIR => "EF.DIR",
        FileId::EF_ATR => "EF.ATR/INFO",
        FileId::EF_SN_ICC => "EF.SN.ICC",
        FileId::EF_DH => "EF.DH",
        FileId::EF_ID_SERVIZI => "EF.ID_Servizi",
        FileId::EF_SERIALE => "EF.Seriale",
        FileId::EF_CERT_CIE => "EF.Cert_CIE",
        FileId::EF_INT_KPUB => "EF.Int.Kpub",
        FileId::EF_SERVIZI_INT_KPUB => "EF.Servizi_Int.Kpub",
        FileId::EF_SOD => "EF.SOD",
        FileId::EF_CIE_KPUB => "EF.CIE.Kpub",
        _ => return None,
    })
}

/// A file with its name, if it has one: `EF.SN.ICC (D003)`, `file 1234`.
pub(super) fn file(file_id: FileId) -> String {
    match file_name(file_id) {
        Some(name) => format!("{name} ({file_id})"),
        None => format!("file {file_id}"),
    }
}

/// An application by its DF name.
pub(super) const fn application(df_name: &[u8]) -> Option<&'static str> {
    Some(match df_name {
        [
            0xA0,
            0x00,
            0x00,
            0x00,
            0x30,
            0x80,
            0x00,
            0x00,
            0x00,
            0x09,
            0x81,
            0x60,
            0x01,
        ] => "IAS",
        [0xA0, 0x00, 0x00, 0x00, 0x00, 0x39] => "CIE",
        [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01] => "eMRTD",
        _ => return None,
    })
}

/// A private key of the CIE DF.
pub(super) const fn private_key(reference: u8) -> &'static str {
    match reference {
        0x81 => "the holder's signature key",
        0x82 => "the device authentication key",
        0x83 => "the services key",
        _ => "no key of the CIE",
    }
}

/// What an algorithm reference of the security environment stands for.
pub(super) const fn algorithm(reference: u8) -> &'static str {
    match reference {
        0x02 => "PKCS#1 v1.5 signature, block type 1",
        0x41 => "ISO/IEC 9796-2 with SHA-256",
        0x9B => "device authentication",
        _ => "unknown algorithm",
    }
}

/// What a data object is called where it stands: `parents` are the tags around it, the outermost first.
pub(super) fn data_object(parents: &[Tag], tag: Tag) -> Option<&'static str> {
    let parent = parents.last().map(|tag| tag.0);
    Some(match (parent, tag.0) {
        (None | Some(0x62 | 0x6F), _) => return outermost(parent, tag.0),
        (Some(0xA1), 0x8C) => "access rules in compact form",
        (Some(0x61), 0x4F) => "application identifier",
        (Some(0x70), 0xBFA101) => "domain parameters of the key agreement",
        (Some(0x70), 0xBFA004) => "public key of the terminals' authority",
        (Some(0xA3), 0x97) => "generator g",
        (Some(0xA3), 0x98) => "prime p",
        (Some(0xA3), 0x99) => "order q",
        (Some(0x7F49), 0x81) => "modulus",
        (Some(0x7F49), 0x82) => "exponent",
        (_, 0x7F49) => "public key",
        (_, 0x5F20) => "certificate holder reference",
        (_, 0x5F4C) => "certificate holder authorisation",
        (Some(0xA6), 0x91) => "the card's public value",
        (_, tag) => return universal(tag),
    })
}

const fn outermost(parent: Option<u32>, tag: u32) -> Option<&'static str> {
    Some(match (parent, tag) {
        (None, 0x53) => "discretionary data",
        (None, 0x5A) => "card number",
        (None, 0x61) => "application template",
        (None, 0x62) => "file control parameters",
        (None, 0x6F) => "file control information",
        (None, 0x70) => "security data objects",
        (None, 0x85 | 0x87) => "cryptogram",
        (None, 0x99) => "processing status",
        (None, 0x8E) => "cryptographic checksum",
        (None, 0xA6) => "key agreement template",
        (Some(_), 0x80) => "size in bytes",
        (Some(_), 0x82) => "file descriptor",
        (Some(_), 0x83) => "file identifier",
        (Some(_), 0x84) => "DF name",
        (Some(_), 0x88) => "short file identifier, in bits 8 to 4",
        (Some(_), 0x8A) => "life cycle status",
        (Some(_), 0xA1) => "access rules for the contact interface",
        (_, tag) => return universal(tag),
    })
}

/// The universal types of ASN.1 (ISO/IEC 8825-1) that certificates and keys are made of.
const fn universal(tag: u32) -> Option<&'static str> {
    Some(match tag {
        0x01 => "BOOLEAN",
        0x02 => "INTEGER",
        0x03 => "BIT STRING",
        0x04 => "OCTET STRING",
        0x05 => "NULL",
        0x06 => "OBJECT IDENTIFIER",
        0x0C => "UTF8String",
        0x13 => "PrintableString",
        0x17 => "UTCTime",
        0x18 => "GeneralizedTime",
        0x30 => "SEQUENCE",
        0x31 => "SET",
        _ => return None,
    })
}
