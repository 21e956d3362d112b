//! The commands of the travel document, by meaning: pure functions, so that a negative case can take one and spoil it.

use cie_emulator::wire::{CommandBuf, Le, ins, tlv};

/// AID of the travel document, 7 bytes (ICAO 9303-10 §3.11).
pub const DOCUMENT_AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// EF.CardAccess, below the master file.
pub const CARD_ACCESS: u16 = 0x011C;
/// EF.COM.
pub const COM: u16 = 0x011E;
/// EF.SOD.
pub const SOD: u16 = 0x011D;

/// SELECT the travel document by its AID, no response data wanted.
#[must_use]
pub fn select_document() -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x04, 0x0C).data(DOCUMENT_AID)
}

/// SELECT the master file by its identifier, no response data wanted.
#[must_use]
pub fn select_master_file() -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x00, 0x0C).data([0x3F, 0x00])
}

/// SELECT an elementary file of the current directory, no response data wanted.
#[must_use]
pub fn select_file(file: u16) -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x02, 0x0C).data(file.to_be_bytes())
}

/// GET CHALLENGE of 8 bytes.
#[must_use]
pub const fn get_challenge() -> CommandBuf {
    CommandBuf::new(0x00, ins::GET_CHALLENGE, 0x00, 0x00).le(Le::Exactly(8))
}

/// EXTERNAL AUTHENTICATE of basic access control; 40 bytes are expected back.
#[must_use]
pub fn mutual_authenticate(cryptogram: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::EXTERNAL_AUTHENTICATE, 0x00, 0x00)
        .data(cryptogram)
        .le(Le::Exactly(40))
}

/// SET the template of PACE: protocol, password, and domain parameters where they must be named.
#[must_use]
pub fn set_pace(protocol: &[u8], password: u8, domain_parameters: Option<u8>) -> CommandBuf {
    let mut template = tlv::object(0x80, protocol);
    template.extend(tlv::object(0x83, &[password]));
    if let Some(id) = domain_parameters {
        template.extend(tlv::object(0x84, &[id]));
    }
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4).data(template)
}

/// GENERAL AUTHENTICATE with this data field; `chained` when another one follows.
#[must_use]
pub fn general_authenticate(chained: bool, data: &[u8]) -> CommandBuf {
    let cla = if chained { 0x10 } else { 0x00 };
    CommandBuf::new(cla, ins::GENERAL_AUTHENTICATE, 0x00, 0x00)
        .data(data)
        .le(Le::Maximum)
}

/// SET the key agreement template of chip authentication: the terminal's public key, and the chip's key where it must be
/// named (ICAO 9303-11 §6.2.4.1).
#[must_use]
pub fn set_key_agreement(public_key: &[u8], key_id: Option<&[u8]>) -> CommandBuf {
    let mut template = tlv::object(0x91, public_key);
    if let Some(id) = key_id {
        template.extend(tlv::object(0x84, id));
    }
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA6).data(template)
}

/// SET the authentication template of chip authentication (ICAO 9303-11 §6.2.4.2).
#[must_use]
pub fn set_chip_authentication(protocol: &[u8], key_id: Option<&[u8]>) -> CommandBuf {
    let mut template = tlv::object(0x80, protocol);
    if let Some(id) = key_id {
        template.extend(tlv::object(0x84, id));
    }
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA4).data(template)
}

/// SET the template that verifies a card-verifiable certificate: the authority's reference (TR-03110 part 3 §B.14.2).
#[must_use]
pub fn set_verification(authority: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0x81, 0xB6)
        .data(tlv::object(0x83, authority))
}

/// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE, the certificate's body and signature.
#[must_use]
pub fn verify_certificate(body_and_signature: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::PERFORM_SECURITY_OPERATION, 0x00, 0xBE).data(body_and_signature)
}

/// SET the template of the terminal's authentication: the holder's reference of its certificate.
#[must_use]
pub fn set_terminal_key(holder: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0x81, 0xA4)
        .data(tlv::object(0x83, holder))
}

/// EXTERNAL AUTHENTICATE of terminal authentication.
#[must_use]
pub fn external_authenticate(signature: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::EXTERNAL_AUTHENTICATE, 0x00, 0x00).data(signature)
}

/// INTERNAL AUTHENTICATE of active authentication (ICAO 9303-11 §6.1).
#[must_use]
pub fn active_authenticate(challenge: &[u8], le: Le) -> CommandBuf {
    CommandBuf::new(0x00, ins::INTERNAL_AUTHENTICATE, 0x00, 0x00)
        .data(challenge)
        .le(le)
}
