//! The commands of the IAS application, by meaning: pure functions, so that a negative case can take one and spoil it.

use cie_emulator::wire::{CommandBuf, Le, ins, tlv};

/// AID of the IAS application, 13 bytes.
pub const IAS_AID: [u8; 13] = [
    0xA0, 0x00, 0x00, 0x00, 0x30, 0x80, 0x00, 0x00, 0x00, 0x09, 0x81, 0x60, 0x01,
];
/// AID of the DF of the CIE, 6 bytes.
pub const CIE_AID: [u8; 6] = [0xA0, 0x00, 0x00, 0x00, 0x00, 0x39];

/// Signature key, needs device authentication and PIN.
pub const SIGNATURE_KEY: u8 = 0x81;
/// Device authentication key, public part in EF.1004.
pub const DEVICE_KEY: u8 = 0x82;
/// Services key, public part in EF.1005, needs nothing.
pub const SERVICES_KEY: u8 = 0x83;
/// Public key of the terminals' certification authority.
pub const CA_KEY: u8 = 0x84;
/// Diffie-Hellman domain parameters.
pub const DH_PARAMETERS: u8 = 0x81;

/// RSA PKCS#1 type 1 without formatting.
pub const ALGORITHM_SIGN: u8 = 0x02;
/// ISO/IEC 9796-2 scheme 1 with SHA-256.
pub const ALGORITHM_VERIFY_CERTIFICATE: u8 = 0x41;
/// Device authentication with RSA and SHA-256, key agreement included.
pub const ALGORITHM_DEVICE_AUTHENTICATION: u8 = 0x9B;

/// SELECT the master file, 4 bytes on the wire.
#[must_use]
pub const fn select_master_file() -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x00, 0x00)
}

/// SELECT an application by its AID, no response data wanted.
#[must_use]
pub fn select_application(aid: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x04, 0x0C).data(aid)
}

/// SELECT an EF below the current DF.
#[must_use]
pub fn select_file(file: u16) -> CommandBuf {
    CommandBuf::new(0x00, ins::SELECT, 0x02, 0x04).data(file.to_be_bytes())
}

/// READ BINARY of the current EF; offsets up to 32767 (the highest bit means something else).
#[must_use]
pub const fn read_binary(offset: u16, le: Le) -> CommandBuf {
    let [p1, p2] = offset.to_be_bytes();
    CommandBuf::new(0x00, ins::READ_BINARY, p1, p2).le(le)
}

/// READ BINARY by short file identifier (1 to 30), which becomes current.
#[must_use]
pub const fn read_binary_by_short_id(short_file_id: u8, offset: u8, le: Le) -> CommandBuf {
    CommandBuf::new(0x00, ins::READ_BINARY, 0x80 | short_file_id, offset).le(le)
}

/// GET DATA with this data object list, without Le as clients send it.
#[must_use]
pub fn get_data(request: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::GET_DATA, 0x3F, 0xFF).data(request)
}

/// The request for all domain parameters at once.
pub const ALL_PARAMETERS: [u8; 10] = [0x4D, 0x08, 0x70, 0x06, 0xBF, 0xA1, 0x01, 0x02, 0xA3, 0x80];

/// The request for one domain parameter: `97` g, `98` p, `99` q.
#[must_use]
pub const fn one_parameter(tag: u8) -> [u8; 12] {
    [
        0x4D, 0x0A, 0x70, 0x08, 0xBF, 0xA1, 0x01, 0x04, 0xA3, 0x02, tag, 0x00,
    ]
}

/// The request for the public key of the terminals' certification authority.
pub const CA_PUBLIC_KEY: [u8; 11] = [
    0x4D, 0x09, 0x70, 0x07, 0xBF, 0xA0, 0x04, 0x03, 0x7F, 0x49, 0x80,
];
/// The request for the card's public value of the key agreement.
pub const CARD_PUBLIC_VALUE: [u8; 6] = [0x4D, 0x04, 0xA6, 0x02, 0x91, 0x00];

/// MANAGE SECURITY ENVIRONMENT, SET.
#[must_use]
pub fn manage_security_environment(p1: u8, p2: u8, template: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, p1, p2).data(template)
}

/// SET the key agreement template with the terminal's public value.
#[must_use]
pub fn set_key_agreement(algorithm: u8, parameters: u8, public_value: &[u8]) -> CommandBuf {
    let mut template = vec![0x80, 0x01, algorithm, 0x83, 0x01, parameters];
    tlv::write(&mut template, tlv::Tag(0x91), public_value);
    manage_security_environment(0x41, 0xA6, &template)
}

/// SET the verification template: the key that the next certificate is verified with. With Le, as the desktop clients send it.
#[must_use]
pub fn set_verification(algorithm: u8, key: u8) -> CommandBuf {
    manage_security_environment(0x81, 0xB6, &[0x80, 0x01, algorithm, 0x83, 0x01, key])
        .le(Le::Maximum)
}

/// SET the external authentication template: the key of the certificate whose holder reference this is, 12 bytes.
#[must_use]
pub fn set_external_authentication(holder_reference: &[u8]) -> CommandBuf {
    manage_security_environment(0x81, 0xA4, &tlv::object(0x83, holder_reference))
}

/// SET the internal authentication template for a signature: algorithm, then key.
#[must_use]
pub fn set_signature(algorithm: u8, key: u8) -> CommandBuf {
    manage_security_environment(0x41, 0xA4, &[0x80, 0x01, algorithm, 0x84, 0x01, key])
}

/// SET the internal authentication template for device authentication: key, then algorithm.
#[must_use]
pub fn set_device_authentication(key: u8, algorithm: u8) -> CommandBuf {
    manage_security_environment(0x41, 0xA4, &[0x84, 0x01, key, 0x80, 0x01, algorithm])
}

/// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE.
#[must_use]
pub fn verify_certificate(certificate: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::PERFORM_SECURITY_OPERATION, 0x00, 0xAE).data(certificate)
}

/// GET CHALLENGE of this many bytes.
#[must_use]
pub const fn get_challenge(length: u8) -> CommandBuf {
    CommandBuf::new(0x00, ins::GET_CHALLENGE, 0x00, 0x00).le(Le::from_short(length))
}

/// EXTERNAL AUTHENTICATE with this proof.
#[must_use]
pub fn external_authenticate(proof: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::EXTERNAL_AUTHENTICATE, 0x00, 0x00).data(proof)
}

/// INTERNAL AUTHENTICATE over these bytes, without Le as clients send it.
#[must_use]
pub fn internal_authenticate(data: &[u8]) -> CommandBuf {
    CommandBuf::new(0x00, ins::INTERNAL_AUTHENTICATE, 0x00, 0x00).data(data)
}

/// GET RESPONSE for this many bytes, `Le::Maximum` for all.
#[must_use]
pub const fn get_response(le: Le) -> CommandBuf {
    CommandBuf::new(0x00, ins::GET_RESPONSE, 0x00, 0x00).le(le)
}
