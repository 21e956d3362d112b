//! Data fields of responses, by the allow-list.

use super::place::{self, Place};
use super::{Kind, Octets, data};
use crate::apps::ias::{self, DataObject};
use crate::wire::tlv::{Objects, Tlv};
use crate::wire::{Command, Response, ins};

/// What a response brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// What every card of a family brings.
    Public,
    /// Control information of a file or application.
    Control,
    /// Content of a file, by its name.
    File(Option<String>),
    /// Bytes of one kind.
    Of(Kind),
    /// Objects of secure messaging.
    Protected,
    /// Anything.
    Unknown,
}

impl Answer {
    /// The answer to a plain command.
    pub(super) fn to(command: &Command<'_>, place: &Place) -> Self {
        let [_, ins, p1, _] = command.header.to_bytes();
        match (ins, p1) {
            (ins::SELECT, _) => Self::Control,
            (ins::READ_BINARY | ins::READ_BINARY_ODD, _) if place::is_read(command) => {
                match place.is_public() {
                    true => Self::Public,
                    false => Self::File(place.name()),
                }
            }
            (ins::GET_CHALLENGE, _) => Self::Of(Kind::Challenge),
            (ins::INTERNAL_AUTHENTICATE, _) | (ins::PERFORM_SECURITY_OPERATION, 0x9E) => {
                Self::Of(Kind::Signature)
            }
            (ins::GET_DATA, _) => match ias::Command::parse(command) {
                Ok(ias::Command::GetData(object)) => Self::object(object),
                Ok(_) | Err(_) => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    const fn object(object: DataObject) -> Self {
        match object {
            DataObject::DhParameters
            | DataObject::DhGenerator
            | DataObject::DhPrime
            | DataObject::DhOrder
            | DataObject::TerminalCaKey => Self::Public,
            DataObject::CardPublicValue => Self::Of(Kind::PublicValue),
        }
    }
}

/// A response: its status word always, its data as far as they are allowed.
pub(super) fn allowed(response: &[u8], answer: &Answer) -> Octets {
    let mut out = Octets::default();
    let Ok(parsed) = Response::parse(response) else {
        out.hide(Kind::Data, None, response.len());
        return out;
    };
    let data = parsed.data;
    match answer {
        Answer::Public => out.push(data),
        Answer::Control => control(data, &mut out),
        Answer::File(name) => out.hide(Kind::Personal, name.as_deref(), data.len()),
        Answer::Of(kind) => out.hide(*kind, None, data.len()),
        Answer::Protected => data::protected(data, &mut out),
        Answer::Unknown => out.hide(Kind::Data, None, data.len()),
    }
    out.push(&parsed.sw.to_bytes());
    out
}

/// A control template (ISO/IEC 7816-4:2020 §7.4.3): sizes, descriptors, identifiers, access rules.
fn control(data: &[u8], out: &mut Octets) {
    data::each(data, out, |template, out| {
        if !matches!(template.tag.0, 0x62 | 0x64 | 0x6F) {
            return false;
        }
        out.push(data::front(template));
        data::each(template.value, out, |object, out| {
            let shown = is_harmless(object);
            if shown {
                out.push(object.raw);
            }
            shown
        });
        true
    });
}

fn is_harmless(object: &Tlv<'_>) -> bool {
    match object.tag.0 {
        0x80..=0x83 | 0x88 | 0x8A => object.value.len() <= 6,
        0x84 => data::is_registered(object.value),
        0x8C => object.value.len() <= 16,
        0xA1 => Objects::new(object.value)
            .all(|rule| rule.is_ok_and(|rule| rule.tag.0 == 0x8C && rule.value.len() <= 16)),
        _ => false,
    }
}
