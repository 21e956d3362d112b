//! A command in words: name and parameters as ISO/IEC 7816-4:2020 and IAS ECC name them. From the bytes alone, so it serves
//! any card and any trace; values of PIN and PUK are never put into words.

use super::names;
use crate::apps::ias::{self, DataObject};
use crate::files::FileId;
use crate::wire::tlv::{Objects, Tag, Tlv};
use crate::wire::{Command, Header, Le, ins};

/// Command bytes in words, whatever the bytes are.
#[must_use]
pub fn describe(command: &[u8]) -> String {
    match Command::parse(command) {
        Ok(command) => describe_command(&command),
        Err(error) => format!("no command APDU: {error}"),
    }
}

/// A command in words. Of a protected command the header and the kinds of its data objects are all there is to tell.
#[must_use]
pub fn describe_command(command: &Command<'_>) -> String {
    let Header { cla, .. } = command.header;
    match cla {
        0x00 => plain(command),
        0x10 => format!(
            "{}, a link of {} in a chain",
            in_header(command.header),
            bytes(command.data.len())
        ),
        0x0C | 0x1C => format!(
            "{}, data hidden by secure messaging: {}",
            in_header(command.header),
            objects(command.data)
        ),
        _ => format!("{} with class {cla:02X}", name(command.header.ins)),
    }
}

/// The last link of a chain in words: its data are the end of something, and tell nothing alone.
pub(super) fn describe_last_link(command: &Command<'_>) -> String {
    format!(
        "{}, the last link of {} in a chain",
        in_header(command.header),
        bytes(command.data.len())
    )
}

/// A plain, unchained command: header and data both tell.
fn plain(command: &Command<'_>) -> String {
    let header = command.header;
    let data = command.data;
    let name = in_header(header);
    match header.ins {
        ins::SELECT => select(command),
        ins::READ_BINARY => format!("{name}, {}", wanted(command)),
        ins::READ_BINARY_ODD => match Tlv::read_only(data, Tag(0x54)) {
            Ok(offset) if offset.value.len() <= 3 => {
                let offset = offset
                    .value
                    .iter()
                    .fold(0_u32, |n, b| n << 8 | u32::from(*b));
                format!("{name} from offset {offset}, {}", wanted(command))
            }
            Ok(_) | Err(_) => format!("{name}, with no offset that can be read"),
        },
        ins::VERIFY if data.is_empty() => format!("{name} without data: asks for the tries left"),
        ins::RESET_RETRY_COUNTER if data.is_empty() => name,
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER => {
            format!("{name}, {}", bytes(data.len()))
        }
        ins::GET_DATA => get_data(command),
        ins::MANAGE_SECURITY_ENVIRONMENT => format!("{name}, {}", environment(header, data)),
        ins::GET_CHALLENGE | ins::GET_RESPONSE => format!("{name}, {}", wanted(command)),
        ins::PERFORM_SECURITY_OPERATION
        | ins::EXTERNAL_AUTHENTICATE
        | ins::INTERNAL_AUTHENTICATE
        | ins::GENERAL_AUTHENTICATE => format!("{name}, {}", bytes(data.len())),
        _ => name,
    }
}

/// What the header alone tells.
fn in_header(header: Header) -> String {
    let name = name(header.ins);
    let [p1, p2] = [header.p1, header.p2];
    match (header.ins, p1, p2) {
        (ins::READ_BINARY, _, _) if p1 & 0x80 == 0 => {
            format!("{name} of the current EF from offset {}", header.p1_p2())
        }
        (ins::READ_BINARY, _, _) => {
            format!(
                "{name} of short identifier {:02X} from offset {p2}",
                p1 & 0x7F
            )
        }
        (ins::READ_BINARY_ODD, 0, 0) => format!("{name} (odd) of the current EF"),
        (ins::READ_BINARY_ODD, 0, 1..=30) => format!("{name} (odd) of short identifier {p2:02X}"),
        (ins::READ_BINARY_ODD, _, _) => {
            format!(
                "{name} (odd) of {}",
                names::file(FileId::from_bytes([p1, p2]))
            )
        }
        (ins::VERIFY, 0x00, _) => format!("{name} {}", reference(p2)),
        (ins::CHANGE_REFERENCE_DATA, 0x00, _) => {
            format!("{name}, old and new {}", reference(p2))
        }
        (ins::RESET_RETRY_COUNTER, 0x00, _) => format!("{name} with PUK and new {}", reference(p2)),
        (ins::RESET_RETRY_COUNTER, 0x02, _) => format!("{name} with new {}", reference(p2)),
        (ins::RESET_RETRY_COUNTER, 0x03, _) => {
            format!("{name} of the {}, value unchanged", reference(p2))
        }
        (ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA4) => {
            format!("{name}: SET for INTERNAL AUTHENTICATE")
        }
        (ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA6) => format!("{name}: SET for key agreement"),
        (ins::MANAGE_SECURITY_ENVIRONMENT, 0x81, 0xB6) => {
            format!("{name}: SET for verifying a certificate")
        }
        (ins::MANAGE_SECURITY_ENVIRONMENT, 0x81, 0xA4) => {
            format!("{name}: SET for EXTERNAL AUTHENTICATE")
        }
        (ins::PERFORM_SECURITY_OPERATION, 0x00, 0xAE) => format!("{name}: VERIFY CERTIFICATE"),
        (ins::PERFORM_SECURITY_OPERATION, 0x9E, 0x9A) => {
            format!("{name}: COMPUTE DIGITAL SIGNATURE")
        }
        (ins::SELECT, _, _) | (ins::GET_DATA, 0x3F, 0xFF) | (_, 0, 0) => name,
        _ => format!("{name} with P1-P2 {:04X}", header.p1_p2()),
    }
}

fn name(instruction: u8) -> String {
    match ins::name(instruction) {
        "unknown instruction" => format!("unknown instruction {instruction:02X}"),
        name => name.to_owned(),
    }
}

fn reference(p2: u8) -> String {
    match p2 {
        0x81 => "PIN".to_owned(),
        0x82 => "PUK".to_owned(),
        _ => format!("reference {p2:02X}"),
    }
}

fn select(command: &Command<'_>) -> String {
    let target = match (command.header.p1, command.data) {
        (0x00, []) => "the MF (no data)".to_owned(),
        (0x00, &[hi, lo]) => names::file(FileId::from_bytes([hi, lo])),
        (0x02, &[hi, lo]) => format!(
            "{} under the current DF",
            names::file(FileId::from_bytes([hi, lo]))
        ),
        (0x04, name) => {
            let digits = hex::encode_upper(name);
            match names::application(name) {
                Some(application) => format!("the {application} application ({digits})"),
                None => format!("the application {digits}"),
            }
        }
        (p1, data) => format!("with P1 {p1:02X} and {} of data", bytes(data.len())),
    };
    let answer = match (command.header.p2, command.le) {
        (_, None) | (0x0C, _) => "status word only",
        (0x00, _) => "asks for control information",
        (0x04, _) => "asks for control parameters",
        _ => "with an unknown P2",
    };
    format!("SELECT {target}, {answer}")
}

fn get_data(command: &Command<'_>) -> String {
    let name = in_header(command.header);
    let what = match ias::Command::parse(command) {
        Ok(ias::Command::GetData(object)) => match object {
            DataObject::DhParameters => "g, p and q of the key agreement",
            DataObject::DhGenerator => "generator g of the key agreement",
            DataObject::DhPrime => "prime p of the key agreement",
            DataObject::DhOrder => "order q of the key agreement",
            DataObject::TerminalCaKey => "public key of the terminals' authority",
            DataObject::CardPublicValue => "the card's public value, secure messaging follows",
        },
        Ok(_) | Err(_) => "an object the CIE does not have",
    };
    format!("{name}: {what}")
}

/// Objects that are told one by one: a right command has four at most, a hostile one as many as it has room for.
const MOST_OBJECTS: usize = 12;

/// The references of a control reference template; long values by their length.
fn environment(header: Header, data: &[u8]) -> String {
    let mut out = Vec::new();
    for object in Objects::new(data) {
        if out.len() == MOST_OBJECTS {
            out.push("and more".to_owned());
            break;
        }
        let Ok(object) = object else {
            out.push("data objects that cannot be read".to_owned());
            break;
        };
        out.push(match (object.tag.0, header.p1_p2(), object.value) {
            (0x80, _, &[reference]) => {
                format!(
                    "algorithm {reference:02X} ({})",
                    names::algorithm(reference)
                )
            }
            (0x84, _, &[reference]) => {
                format!("key {reference:02X} ({})", names::private_key(reference))
            }
            (0x83, 0x41A6, &[reference]) => format!("domain parameters {reference:02X}"),
            (0x83, _, &[reference]) => format!("public key {reference:02X}"),
            (0x83, _, holder) => format!("certificate holder {}", hex::encode_upper(holder)),
            (0x91, _, value) => format!("public value of {}", bytes(value.len())),
            (_, _, value) => format!("object {} of {}", object.tag, bytes(value.len())),
        });
    }
    if out.is_empty() {
        out.push("no data objects".to_owned());
    }
    out.join(", ")
}

/// The kinds of data objects in a protected command.
fn objects(data: &[u8]) -> String {
    let mut out = Vec::new();
    for object in Objects::new(data) {
        if out.len() == MOST_OBJECTS {
            out.push("and more".to_owned());
            break;
        }
        let Ok(object) = object else {
            out.push("bytes that are no data objects".to_owned());
            break;
        };
        out.push(match object.tag.0 {
            0x85 => format!("cryptogram of {}", bytes(object.value.len())),
            // The first byte tells the padding.
            0x87 => format!(
                "cryptogram of {}",
                bytes(object.value.len().saturating_sub(1))
            ),
            0x97 => "Le".to_owned(),
            0x8E => "checksum".to_owned(),
            _ => format!("object {} of {}", object.tag, bytes(object.value.len())),
        });
    }
    if out.is_empty() {
        out.push("no data objects".to_owned());
    }
    out.join(", ")
}

/// What Le asks for.
fn wanted(command: &Command<'_>) -> String {
    match command.le {
        None => "no length given".to_owned(),
        Some(Le::Maximum) => "all there is".to_owned(),
        Some(Le::Exactly(n)) => bytes(usize::from(n)),
    }
}

fn bytes(n: usize) -> String {
    match n {
        1 => "1 byte".to_owned(),
        n => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::mf("00A40000", "SELECT the MF (no data), status word only")]
    #[case::ef(
        "00A4020402D003",
        "SELECT EF.SN.ICC (D003) under the current DF, status word only"
    )]
    #[case::fcp(
        "00A4020402123400",
        "SELECT file 1234 under the current DF, asks for control parameters"
    )]
    #[case::ias(
        "00A4040C0DA0000000308000000009816001",
        "SELECT the IAS application (A0000000308000000009816001), status word only"
    )]
    #[case::cie(
        "00A4040006A0000000003900",
        "SELECT the CIE application (A00000000039), asks for control information"
    )]
    #[case::other("00A4040C02BEEF", "SELECT the application BEEF, status word only")]
    #[case::read(
        "00B0010080",
        "READ BINARY of the current EF from offset 256, 128 bytes"
    )]
    #[case::read_short(
        "00B0850000",
        "READ BINARY of short identifier 05 from offset 0, all there is"
    )]
    #[case::read_odd(
        "00B1000604540200E4E7",
        "READ BINARY (odd) of short identifier 06 from offset 228, 231 bytes"
    )]
    #[case::verify("00200081083132333435363738", "VERIFY PIN, 8 bytes")]
    #[case::verify_empty("00200082", "VERIFY PUK without data: asks for the tries left")]
    #[case::verify_other("0020008001FF", "VERIFY reference 80, 1 byte")]
    #[case::change(
        "0024008110313233343536373831323334353637 39",
        "CHANGE REFERENCE DATA, old and new PIN, 16 bytes"
    )]
    #[case::unblock(
        "002C0281083132333435363739",
        "RESET RETRY COUNTER with new PIN, 8 bytes"
    )]
    #[case::tries("002C0381", "RESET RETRY COUNTER of the PIN, value unchanged")]
    #[case::get_data(
        "00CB3FFF064D04A6029100",
        "GET DATA: the card's public value, secure messaging follows"
    )]
    #[case::get_other("00CB3FFF044D027F49", "GET DATA: an object the CIE does not have")]
    #[case::services(
        "002241A406800102840183",
        "MANAGE SECURITY ENVIRONMENT: SET for INTERNAL AUTHENTICATE, algorithm 02 (PKCS#1 v1.5 signature, block type 1), key 83 (the services key)"
    )]
    #[case::agreement(
        "002241A60A80019B830181910201FF",
        "MANAGE SECURITY ENVIRONMENT: SET for key agreement, algorithm 9B (device authentication), domain parameters 81, public value of 2 bytes"
    )]
    #[case::authenticate("0088000003010203", "INTERNAL AUTHENTICATE, 3 bytes")]
    #[case::challenge("0084000008", "GET CHALLENGE, 8 bytes")]
    #[case::link(
        "102A00AE03010203",
        "PERFORM SECURITY OPERATION: VERIFY CERTIFICATE, a link of 3 bytes in a chain"
    )]
    #[case::protected(
        "0CB000000D9701808E08010203040506070800",
        "READ BINARY of the current EF from offset 0, data hidden by secure messaging: Le, checksum"
    )]
    #[case::lengths(
        "0CA4040C0C8703",
        "no command APDU: the length fields do not fit: 7 bytes in all, but the body says 12 bytes of data; expected 12 + header and length fields"
    )]
    #[case::protected_verify(
        "0C20008115 8709010102030405060708 8E080102030405060708",
        "VERIFY PIN, data hidden by secure messaging: cryptogram of 8 bytes, checksum"
    )]
    #[case::class("80CA9F7F00", "unknown instruction CA with class 80")]
    #[case::instruction("00CA9F7F00", "unknown instruction CA with P1-P2 9F7F")]
    #[case::short(
        "00A4",
        "no command APDU: a command has at least 4 bytes (CLA INS P1 P2), this has 2"
    )]
    fn words(#[case] hex: &str, #[case] expected: &str) {
        let bytes = hex::decode(hex.replace(' ', "")).unwrap();
        assert_eq!(describe(&bytes), expected);
    }

    proptest! {
        #[test]
        fn any_bytes_have_words(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(!describe(&bytes).is_empty());
        }

        /// Half a PIN in the words would be as bad as half a PIN in the bytes.
        #[test]
        fn no_pin_in_words(pin in "[0-9]{8}", ins in prop::sample::select(vec![0x20_u8, 0x24, 0x2C]), p1 in 0_u8..4) {
            let mut command = vec![0x00, ins, p1, 0x81, 0x08];
            command.extend(pin.as_bytes());
            let text = describe(&command);
            prop_assert!(!text.contains(&pin) && !text.contains(&hex::encode(pin.as_bytes())));
        }
    }
}
