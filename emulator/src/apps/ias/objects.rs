//! GET DATA: security data objects, served as BER with minimal lengths, whole and in one answer.

use super::keys::Keys;
use crate::apps::{After, Answer, Context, Refusal};
use crate::chip::{Choice, DhDialect};
use crate::wire::StatusWord;
use crate::wire::tlv;

/// The security data objects clients ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataObject {
    /// g, p and q of the key agreement together.
    DhParameters,
    /// Generator g.
    DhGenerator,
    /// Prime p.
    DhPrime,
    /// Order q of the subgroup.
    DhOrder,
    /// The public key of the terminals' authority.
    TerminalCaKey,
    /// The card's public value of the running key agreement.
    CardPublicValue,
}

/// Extended header lists (ISO/IEC 7816-4:2020 §8.4.7) and what they ask for. Matched as a whole: the lengths in a header
/// list do not describe the bytes that follow.
const REQUESTS: [(&[u8], DataObject); 6] = [
    (
        &[0x4D, 0x08, 0x70, 0x06, 0xBF, 0xA1, 0x01, 0x02, 0xA3, 0x80],
        DataObject::DhParameters,
    ),
    (
        &[
            0x4D, 0x0A, 0x70, 0x08, 0xBF, 0xA1, 0x01, 0x04, 0xA3, 0x02, 0x97, 0x00,
        ],
        DataObject::DhGenerator,
    ),
    (
        &[
            0x4D, 0x0A, 0x70, 0x08, 0xBF, 0xA1, 0x01, 0x04, 0xA3, 0x02, 0x98, 0x00,
        ],
        DataObject::DhPrime,
    ),
    (
        &[
            0x4D, 0x0A, 0x70, 0x08, 0xBF, 0xA1, 0x01, 0x04, 0xA3, 0x02, 0x99, 0x00,
        ],
        DataObject::DhOrder,
    ),
    (
        &[
            0x4D, 0x09, 0x70, 0x07, 0xBF, 0xA0, 0x04, 0x03, 0x7F, 0x49, 0x80,
        ],
        DataObject::TerminalCaKey,
    ),
    (
        &[0x4D, 0x04, 0xA6, 0x02, 0x91, 0x00],
        DataObject::CardPublicValue,
    ),
];

impl DataObject {
    /// Reads the command data field.
    ///
    /// # Errors
    /// `6A88` for a header list that names something else, `6A80` for what is no header list.
    pub(super) fn parse(data: &[u8]) -> Result<Self, Refusal> {
        if let Some((_, object)) = REQUESTS.iter().find(|(request, _)| *request == data) {
            return Ok(*object);
        }
        match data.split_first_chunk::<2>() {
            Some(([0x4D, length], list)) if usize::from(*length) == list.len() => {
                Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into())
            }
            _ => Err(StatusWord::INCORRECT_DATA.into()),
        }
    }

    /// The dialect a request belongs to, if it belongs to one.
    const fn dialect(self) -> Option<DhDialect> {
        match self {
            Self::DhParameters => Some(DhDialect::Combined),
            Self::DhGenerator | Self::DhPrime | Self::DhOrder => Some(DhDialect::Separate),
            Self::TerminalCaKey | Self::CardPublicValue => None,
        }
    }
}

pub(super) fn get_data(context: &mut Context<'_>, object: DataObject) -> Result<Answer, Refusal> {
    let image = context.image;
    if context.selection.df.is_none() {
        return Err(image.profile.no_selection.0.into());
    }
    let other_dialect = object
        .dialect()
        .is_some_and(|dialect| dialect != image.chip.dialects.dh_parameters);
    if other_dialect && image.profile.dialects == Choice::Strict {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into());
    }
    if object != DataObject::CardPublicValue {
        write_object(context.reply, object, &image.ias);
        return Ok(StatusWord::NO_ERROR.into());
    }
    let agreement = context
        .ias
        .key_agreement
        .as_mut()
        .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let value = tlv::object(0x91, &agreement.card_public);
    context.reply.extend(tlv::object(0xA6, &value));
    let first = !std::mem::replace(&mut agreement.served, true);
    if first {
        // A challenge from before the session is none of its own.
        context.ias.challenge = None;
        context.emrtd.session_ended();
    }
    Ok(Answer {
        sw: StatusWord::NO_ERROR,
        after: if first {
            After::Open(Box::new(agreement.session()))
        } else {
            After::Nothing
        },
    })
}

/// Appends the answer for a static object; nothing for [`DataObject::CardPublicValue`], which only a session has.
pub fn write_object(out: &mut Vec<u8>, object: DataObject, keys: &Keys) {
    let g = || tlv::object(0x97, keys.dh.g());
    let p = || tlv::object(0x98, keys.dh.p());
    let q = || tlv::object(0x99, keys.dh.q());
    let domain_parameters = |content: &[u8]| {
        let template = tlv::object(0xA3, content);
        tlv::object(0x70, &tlv::object(0xBF_A1_01, &template))
    };
    out.extend(match object {
        DataObject::DhParameters => domain_parameters(&[g(), p(), q()].concat()),
        DataObject::DhGenerator => domain_parameters(&g()),
        DataObject::DhPrime => domain_parameters(&p()),
        DataObject::DhOrder => domain_parameters(&q()),
        DataObject::TerminalCaKey => terminal_ca(keys),
        DataObject::CardPublicValue => Vec::new(),
    });
}

fn terminal_ca(keys: &Keys) -> Vec<u8> {
    let ca = &keys.terminal_ca;
    let size = ca.public.size();
    let content = [
        tlv::object(0x81, &left_padded(ca.public.modulus(), size)),
        tlv::object(0x82, &left_padded(ca.public.exponent(), size)),
        tlv::object(0x5F20, &ca.holder_reference),
        tlv::object(0x5F4C, &ca.holder_authorisation),
    ]
    .concat();
    let key = tlv::object(0x7F49, &content);
    tlv::object(0x70, &tlv::object(0xBF_A0_04, &key))
}

/// `value` with leading zeros up to `size` bytes.
pub(super) fn left_padded(value: &[u8], size: usize) -> Vec<u8> {
    let mut out = vec![0; size.saturating_sub(value.len())];
    out.extend_from_slice(value);
    out
}
