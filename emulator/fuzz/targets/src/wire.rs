//! Bytes that are, or are not, APDUs, answers to reset and BER-TLV data objects: what is read is what is written again, nothing
//! is larger than its input, and what is shown of a command never shows its codes.

use cie_conformance::terminal::checks::{certificate, security_object};
use cie_conformance::terminal::emrtd::{ActiveKey, SecurityInfos};
use cie_emulator::phy::trace::{Bytes, Secrets, TlvNode, describe, tree};
use cie_emulator::wire::tlv::{Objects, Tag, Tlv, object};
use cie_emulator::wire::{Atr, Command, CommandBuf, Header, Le, LengthForm, Response, ins};

use crate::input::Input;

/// Command and response APDUs, answers to reset, and the words for them.
pub(crate) fn apdu(bytes: &[u8]) {
    if let Ok(command) = Command::parse(bytes) {
        let mut again = Vec::new();
        command
            .emit(&mut again)
            .expect("what was read can be written");
        assert_eq!(again, bytes, "a command is written as it was read");
        assert!(command.data.len() <= bytes.len());
        assert!(command.ne().is_none_or(|ne| (1..=65536).contains(&ne)));
        masked(bytes, &command);
    }
    if let Ok(response) = Response::parse(bytes) {
        let mut again = Vec::new();
        response.emit(&mut again);
        assert_eq!(again, bytes, "a response is written as it was read");
        assert!(response.sw.tries_left().is_none_or(|tries| tries < 16));
        assert!(!response.sw.to_string().is_empty());
    }
    if let Ok(atr) = Atr::parse(bytes) {
        assert_eq!(atr.as_bytes(), bytes);
        assert!(atr.historical_bytes().len() < 16);
    }
    let words = describe(bytes);
    assert!(
        !words.is_empty() && words.len() < 400 + 8 * bytes.len(),
        "{words}"
    );
    built(Input::new(bytes));
}

/// Codes in clear are not shown.
fn masked(bytes: &[u8], command: &Command<'_>) {
    let shown = Bytes::of_command(bytes, Secrets::Masked);
    assert_eq!(shown.shown().len(), bytes.len());
    let credential = matches!(
        command.header.ins,
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
    );
    if credential && command.header.cla & 0x0C == 0 {
        let seen = Command::parse(shown.shown()).map(|command| command.data.to_vec());
        let zeros = vec![0; command.data.len()];
        // With Lc taken out as well there is nothing left to parse.
        assert!(seen.is_err() || seen == Ok(zeros), "{shown}");
    }
}

/// A command made of any parts is read back as it was made.
fn built(mut input: Input<'_>) {
    let header = Header {
        cla: input.byte(),
        ins: input.byte(),
        p1: input.byte(),
        p2: input.byte(),
    };
    let kind = input.byte();
    let le = (kind & 1 == 1).then(|| Le::from_extended(input.word()));
    let extended = kind & 2 == 2;
    let data = input.rest().to_vec();
    let long = data.len() > 255 || le.is_some_and(|le| le.encoded() > 255);
    let bare = data.is_empty() && le.is_none();
    let form = match (extended || long) && !bare {
        true => LengthForm::Extended,
        false => LengthForm::Short,
    };
    let command = CommandBuf {
        header,
        data,
        le,
        form,
    };
    let bytes = command.to_bytes().expect("short enough for a command");
    let read = Command::parse(&bytes).map(CommandBuf::from);
    assert_eq!(read, Ok(command));
}

/// BER-TLV: objects, their children, and the tree that is shown of them.
pub(crate) fn tlv(bytes: &[u8]) {
    let mut seen = 0;
    objects(bytes, 0, &mut seen);
    if let Some(nodes) = tree(bytes) {
        let (count, digits) = nodes.iter().map(size).fold((0, 0), add);
        assert!(
            count <= bytes.len(),
            "{count} objects in {} bytes",
            bytes.len()
        );
        assert!(digits <= 2 * bytes.len());
    }
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}

fn size(node: &TlvNode) -> (usize, usize) {
    let own = (1, node.value.as_ref().map_or(0, String::len));
    node.children.iter().map(size).fold(own, add)
}

/// Deeper than anything a card says.
const DEEPEST: usize = 40;

fn objects(bytes: &[u8], depth: usize, seen: &mut usize) {
    let mut at = 0;
    let mut reader = Objects::new(bytes);
    for object in reader.by_ref() {
        let Ok(found) = object else {
            break;
        };
        *seen += 1;
        assert_eq!(bytes.get(at..at + found.raw.len()), Some(found.raw));
        at += found.raw.len();
        written_again(&found);
        // The work of a deep nest is the square of its length: only the beginning of it.
        if found.tag.is_constructed() && depth < DEEPEST && *seen < 2000 {
            objects(found.value, depth + 1, seen);
        }
    }
    assert!(at <= bytes.len());
    assert!(reader.next().is_none(), "nothing follows an error");
}

/// The shortest form of an object says the same.
fn written_again(found: &Tlv<'_>) {
    let written = object(found.tag.0, found.value);
    assert!(
        written.len() <= found.raw.len(),
        "the shortest form is longer"
    );
    let read = Tlv::read_only(&written, found.tag);
    assert_eq!(read.map(|read| read.value), Ok(found.value));
    let other = Tag(found.tag.0 ^ 1);
    assert!(Tlv::read_only(&written, other).is_err());
}

/// What a card serves, before the judge: security infos, certificate, security object, the key of active authentication.
pub(crate) fn served_files(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let kind = input.byte();
    let file = input.rest();
    match kind % 4 {
        0 => {
            if let Ok(infos) = SecurityInfos::parse(file) {
                let total: usize = infos.all.iter().map(Vec::len).sum();
                assert!(total <= file.len());
            }
        }
        1 => {
            let (certificate, findings) = certificate::check(file, None);
            // Nothing passes that could not be read.
            assert!(certificate.is_some() || !findings.all_ok());
        }
        2 => {
            let files = [(1, file.to_vec())].into();
            let (object, findings) = security_object::check(file, &files);
            assert!(object.is_some() || !findings.all_ok());
        }
        _ => {
            let _ = ActiveKey::parse(file);
        }
    }
}
