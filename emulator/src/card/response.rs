//! Plain answers on their way out: whole, or as the profile has it behind `61xx` and `6Cxx`, and GET RESPONSE, which fetches
//! what waits.

use super::Card;
use crate::chip::GetResponse;
use crate::wire::{Command, Le, Response, StatusWord, ins};
use zeroize::Zeroizing;

/// An answer that waits for GET RESPONSE.
#[derive(Clone)]
pub(super) struct Pending {
    data: Zeroizing<Vec<u8>>,
    taken: usize,
    sw: StatusWord,
}

/// Clients take these answers whole, domain parameters and proofs of more than 256 bytes, whatever Le they write. Every other
/// answer ends where Le does (ISO/IEC 7816-4:2020 §5.2).
const WHOLE: [u8; 2] = [ins::GET_DATA, ins::INTERNAL_AUTHENTICATE];

impl Card {
    /// Sends a plain answer whole, or as the profile has it behind `6Cxx` or `61xx`.
    pub(super) fn send_plain(&mut self, sw: StatusWord, command: &Command<'_>) {
        let reply = &self.buffers.reply;
        let profile = &self.image.profile;
        let available = reply.len();
        let fits_not = matches!(command.le, Some(Le::Exactly(n)) if usize::from(n) != available);
        let out = &mut self.buffers.out;
        if profile.wrong_le_6cxx && fits_not && (1..=256).contains(&available) {
            out.extend_from_slice(&StatusWord::wrong_le(available).to_bytes());
            return;
        }
        let too_long = command.ne().is_none_or(|ne| available > ne);
        let waits = match profile.get_response {
            GetResponse::Never => false,
            GetResponse::InternalAuthenticate => {
                command.header.ins == ins::INTERNAL_AUTHENTICATE && command.le.is_none()
            }
            GetResponse::Always => too_long,
        };
        if waits && available > 0 {
            let waiting = StatusWord::response_available(available);
            out.extend_from_slice(&waiting.to_bytes());
            self.session.pending = Some(Pending {
                data: reply.clone(),
                taken: 0,
                sw,
            });
            return;
        }
        let data = match command.le {
            Some(Le::Exactly(n)) if !WHOLE.contains(&command.header.ins) => {
                reply.get(..usize::from(n)).unwrap_or(reply)
            }
            _ => reply,
        };
        Response { data, sw }.emit(out);
    }

    /// GET RESPONSE (ISO/IEC 7816-4:2020 §11.8.1): the one plain command that leaves a session alone.
    pub(super) fn get_response(&mut self, command: &Command<'_>) {
        let out = &mut self.buffers.out;
        let sw = match (self.session.pending.take(), command.ne()) {
            _ if self.image.profile.get_response == GetResponse::Never => {
                StatusWord::INS_NOT_SUPPORTED
            }
            _ if command.header.p1_p2() != 0 => StatusWord::INCORRECT_P1_P2,
            (None, _) => StatusWord::CONDITIONS_NOT_SATISFIED,
            (Some(_), None) => StatusWord::WRONG_LENGTH,
            (Some(mut pending), Some(ne)) => {
                let rest = pending.data.get(pending.taken..).unwrap_or_default();
                let part = rest.get(..ne).unwrap_or(rest);
                out.extend_from_slice(part);
                let left = rest.len().saturating_sub(part.len());
                pending.taken = pending.taken.saturating_add(part.len());
                if left == 0 {
                    pending.sw
                } else {
                    self.session.pending = Some(pending);
                    StatusWord::response_available(left)
                }
            }
        };
        out.extend_from_slice(&sw.to_bytes());
    }
}
