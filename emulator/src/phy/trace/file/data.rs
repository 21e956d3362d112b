//! Data fields of commands, by the allow-list.

use super::{Kind, Octets};
use crate::apps::ias;
use crate::wire::tlv::{Objects, Tag, Tlv};
use crate::wire::{Command, ins};

/// The first bytes of application identifiers that are registered internationally (ISO/IEC 7816-5): such a name is published.
const REGISTERED: [u8; 3] = [0xA0, 0x00, 0x00];
/// The beginning of the object identifiers of the protocols of BSI TR-03110.
const TR_03110: [u8; 5] = [0x04, 0x00, 0x7F, 0x00, 0x07];

/// Whether an application may be named.
pub(super) fn is_registered(name: &[u8]) -> bool {
    name.len() <= 16 && (name.starts_with(&REGISTERED) || REGISTERED.starts_with(name))
}

/// Whether these are the objects of a protected command: well formed, ending in a checksum.
pub(super) fn is_protected(data: &[u8]) -> bool {
    let mut last = None;
    for object in Objects::new(data) {
        match object {
            Ok(object) if matches!(object.tag.0, 0x85 | 0x87 | 0x97 | 0x8E) => {
                last = Some(object.tag.0);
            }
            Ok(_) | Err(_) => return false,
        }
    }
    last == Some(0x8E)
}

/// The data field of a plain command that is no link of a chain.
pub(super) fn plain(command: &Command<'_>, out: &mut Octets) {
    let data = command.data;
    let [_, _, p1, p2] = command.header.to_bytes();
    let kind = match (command.header.ins, p1, p2) {
        (ins::VERIFY, _, 0x81) => Kind::Pin,
        (ins::VERIFY, _, 0x82) => Kind::Puk,
        (ins::CHANGE_REFERENCE_DATA, _, 0x81) | (ins::RESET_RETRY_COUNTER, 0x02, 0x81) => Kind::Pin,
        (ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER, _, _) => Kind::Secret,
        (ins::SELECT, 0x04, _) if is_registered(data) => return out.push(data),
        (ins::SELECT, _, _) if p1 != 0x04 && data.len() <= 2 => return out.push(data),
        (ins::READ_BINARY_ODD, _, _) if is_offset(data) => return out.push(data),
        (ins::GET_DATA, _, _) if is_request(command) => return out.push(data),
        (ins::MANAGE_SECURITY_ENVIRONMENT, _, _) => return template(data, out),
        (ins::INTERNAL_AUTHENTICATE, _, _) | (ins::PERFORM_SECURITY_OPERATION, 0x9E, _) => {
            Kind::Input
        }
        (ins::EXTERNAL_AUTHENTICATE, _, _) => Kind::Signature,
        (ins::PERFORM_SECURITY_OPERATION, 0x00, _) => Kind::Terminal,
        _ => Kind::Data,
    };
    out.hide(kind, None, data.len());
}

fn is_offset(data: &[u8]) -> bool {
    Tlv::read_only(data, Tag(0x54)).is_ok_and(|offset| offset.value.len() <= 3)
}

fn is_request(command: &Command<'_>) -> bool {
    matches!(ias::Command::parse(command), Ok(ias::Command::GetData(_)))
}

/// The references of a control reference template.
fn template(data: &[u8], out: &mut Octets) {
    each(data, out, |object, out| {
        let value = object.value;
        let hidden = match (object.tag.0, value) {
            (0x80 | 0x83 | 0x84, [_]) => {
                out.push(object.raw);
                return true;
            }
            (0x80, _) if value.starts_with(&TR_03110) && value.len() <= 16 => {
                out.push(object.raw);
                return true;
            }
            (0x83, _) => Kind::Terminal,
            (0x91, _) => Kind::PublicValue,
            _ => return false,
        };
        out.push(front(object));
        out.hide(hidden, None, value.len());
        true
    });
}

/// The objects of secure messaging, in a command or a response.
pub(super) fn protected(data: &[u8], out: &mut Octets) {
    each(data, out, |object, out| {
        let value = object.value;
        match object.tag.0 {
            0x97 | 0x99 if value.len() <= 2 => out.push(object.raw),
            0x85 => {
                out.push(front(object));
                out.hide(Kind::Cryptogram, None, value.len());
            }
            0x87 => {
                out.push(front(object));
                // The first byte tells the padding.
                let shown = usize::from(value.first() == Some(&0x01));
                out.push(value.get(..shown).unwrap_or_default());
                out.hide(Kind::Cryptogram, None, value.len().saturating_sub(shown));
            }
            0x8E => {
                out.push(front(object));
                out.hide(Kind::Checksum, None, value.len());
            }
            _ => return false,
        }
        true
    });
}

/// Tag and length.
pub(super) fn front<'a>(object: &Tlv<'a>) -> &'a [u8] {
    let length = object.raw.len().saturating_sub(object.value.len());
    object.raw.get(..length).unwrap_or_default()
}

/// Shows each object as `show` does; those it does not know, and what is no object, are left out.
pub(super) fn each(
    data: &[u8],
    out: &mut Octets,
    mut show: impl FnMut(&Tlv<'_>, &mut Octets) -> bool,
) {
    let mut rest = data;
    while !rest.is_empty() {
        let Ok((object, after)) = Tlv::read(rest) else {
            out.hide(Kind::Data, None, rest.len());
            return;
        };
        if !show(&object, out) {
            out.hide(Kind::Data, None, object.raw.len());
        }
        rest = after;
    }
}
