//! The commands clients send, in the bytes they send.

use super::hex;
use cie_emulator::wire::{CommandBuf, Le};

pub(crate) const IAS: &str = "A0000000308000000009816001";
pub(crate) const CIE: &str = "A00000000039";
pub(crate) const SELECT_MF: [u8; 4] = [0x00, 0xA4, 0x00, 0x00];

pub(crate) fn command(cla: u8, ins: u8, p1: u8, p2: u8, data: &[u8]) -> CommandBuf {
    CommandBuf::new(cla, ins, p1, p2).data(data)
}

pub(crate) fn select_application(aid: &str) -> CommandBuf {
    command(0, 0xA4, 0x04, 0x0C, &hex(aid))
}

pub(crate) fn select_mf() -> CommandBuf {
    CommandBuf::new(0, 0xA4, 0x00, 0x00)
}

pub(crate) fn select_ef(file_id: u16) -> CommandBuf {
    command(0, 0xA4, 0x02, 0x04, &file_id.to_be_bytes())
}

/// READ BINARY with Le as one byte.
pub(crate) fn read(offset: u16, le: u8) -> CommandBuf {
    let [p1, p2] = offset.to_be_bytes();
    CommandBuf::new(0, 0xB0, p1, p2).le(Le::from_short(le))
}

pub(crate) fn read_by_short_id(short: u8, offset: u8, le: u8) -> CommandBuf {
    CommandBuf::new(0, 0xB0, 0x80 | short, offset).le(Le::from_short(le))
}

/// Odd READ BINARY with a two-byte offset object.
pub(crate) fn read_odd(p1_p2: u16, offset: u16, le: u8) -> CommandBuf {
    let [p1, p2] = p1_p2.to_be_bytes();
    let data = [&[0x54, 2], &offset.to_be_bytes()[..]].concat();
    command(0, 0xB1, p1, p2, &data).le(Le::from_short(le))
}

pub(crate) fn get_data(header_list: &str) -> CommandBuf {
    command(0, 0xCB, 0x3F, 0xFF, &hex(header_list))
}

pub(crate) const DH_ALL: &str = "4D087006BFA10102A380";
pub(crate) const DH_G: &str = "4D0A7008BFA10104A3029700";
pub(crate) const DH_P: &str = "4D0A7008BFA10104A3029800";
pub(crate) const DH_Q: &str = "4D0A7008BFA10104A3029900";
pub(crate) const CA_KEY: &str = "4D097007BFA004037F4980";
pub(crate) const CARD_PUBLIC: &str = "4D04A6029100";

pub(crate) fn set_template(p1_p2: u16, data: &[u8]) -> CommandBuf {
    let [p1, p2] = p1_p2.to_be_bytes();
    command(0, 0x22, p1, p2, data)
}

/// MSE SET 41A4 for key 81 or 83, algorithm 02.
pub(crate) fn set_key(key: u8) -> CommandBuf {
    set_template(0x41A4, &[0x80, 1, 0x02, 0x84, 1, key])
}

pub(crate) fn set_device_key() -> CommandBuf {
    set_template(0x41A4, &hex("84018280019B"))
}

pub(crate) fn set_certificate_key() -> CommandBuf {
    set_template(0x81B6, &hex("800141830184"))
}

pub(crate) fn set_terminal_key(holder_reference: &[u8]) -> CommandBuf {
    set_template(
        0x81A4,
        &cie_emulator::wire::tlv::object(0x83, holder_reference),
    )
}

pub(crate) fn verify_certificate(certificate: &[u8]) -> CommandBuf {
    command(0, 0x2A, 0x00, 0xAE, certificate)
}

pub(crate) fn get_challenge() -> CommandBuf {
    CommandBuf::new(0, 0x84, 0, 0).le(Le::Exactly(8))
}

pub(crate) fn external_authenticate(proof: &[u8]) -> CommandBuf {
    command(0, 0x82, 0, 0, proof)
}

pub(crate) fn internal_authenticate(data: &[u8]) -> CommandBuf {
    command(0, 0x88, 0, 0, data)
}

pub(crate) fn verify(reference: u8, value: &[u8]) -> CommandBuf {
    command(0, 0x20, 0x00, reference, value)
}

pub(crate) fn change(reference: u8, old_and_new: &[u8]) -> CommandBuf {
    command(0, 0x24, 0x00, reference, old_and_new)
}

pub(crate) fn reset_retry_counter(p1: u8, reference: u8, data: &[u8]) -> CommandBuf {
    let command = command(0, 0x2C, p1, reference, data);
    // Clients send the form without data with Le 00.
    if data.is_empty() {
        command.le(Le::Maximum)
    } else {
        command
    }
}
