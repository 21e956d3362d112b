//! READ BINARY, even and odd instruction (ISO/IEC 7816-4:2020 §11.2.3), by current EF or short identifier.

use super::{Answer, Context, Refusal, emrtd};
use crate::card::Defect;
use crate::chip::CardAccess;
use crate::files::{DfIndex, FileId, ReadLimits, Selection, ShortFileId, read_binary};
use crate::wire::tlv::{self, Tag, Tlv};
use crate::wire::{Command, Le, StatusWord, ins};

/// Tag of the offset data object in the command.
const OFFSET: Tag = Tag(0x54);
/// Tag of the discretionary data object in the response.
const DISCRETIONARY: Tag = Tag(0x53);

/// Which file to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Current,
    Short(ShortFileId),
    File(FileId),
}

/// A READ BINARY, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReadBinary {
    source: Source,
    offset: usize,
    le: Option<Le>,
    /// The answer is wrapped in data object `53`.
    wrapped: bool,
}

impl ReadBinary {
    pub(super) fn parse(command: &Command<'_>) -> Result<Self, Refusal> {
        if command.header.ins == ins::READ_BINARY {
            Self::parse_even(command)
        } else {
            Self::parse_odd(command)
        }
    }

    fn parse_even(command: &Command<'_>) -> Result<Self, Refusal> {
        if !command.data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH.into());
        }
        let [p1, p2] = [command.header.p1, command.header.p2];
        let (source, offset) = if p1 & 0x80 == 0 {
            (Source::Current, usize::from(u16::from_be_bytes([p1, p2])))
        } else {
            let short = ShortFileId::new(p1 & 0x7F).ok_or(StatusWord::INCORRECT_P1_P2)?;
            (Source::Short(short), usize::from(p2))
        };
        Ok(Self {
            source,
            offset,
            le: command.le,
            wrapped: false,
        })
    }

    fn parse_odd(command: &Command<'_>) -> Result<Self, Refusal> {
        let source = match [command.header.p1, command.header.p2] {
            [0, 0] => Source::Current,
            [0, short @ 1..=30] => {
                Source::Short(ShortFileId::new(short).ok_or(StatusWord::INCORRECT_P1_P2)?)
            }
            id => Source::File(FileId::from_bytes(id)),
        };
        let offset =
            Tlv::read_only(command.data, OFFSET).map_err(|_| StatusWord::INCORRECT_DATA)?;
        let offset = match *offset.value {
            [a] => usize::from(a),
            [a, b] => usize::from(u16::from_be_bytes([a, b])),
            [a, b, c] => usize::try_from(u32::from_be_bytes([0, a, b, c]))
                .map_err(|_| StatusWord::INCORRECT_DATA)?,
            _ => return Err(StatusWord::INCORRECT_DATA.into()),
        };
        Ok(Self {
            source,
            offset,
            le: command.le,
            wrapped: true,
        })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Answer, Refusal> {
        let image = context.image;
        let selection = self.locate(context)?;
        *context.selection = selection;
        let file = image
            .files
            .current_ef(selection)
            .ok_or(StatusWord::NO_CURRENT_EF)?;
        let of_document = emrtd::has_file(image, selection, file);
        let flaw = image.flaw;
        let open = flaw.is(Defect::CertificateReadable) && file.file_id == FileId::EF_CERT_CIE
            || flaw.is(Defect::DocumentOpen) && of_document;
        if !file.read.is_satisfied(context.security_status()) && !open {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
        }
        if of_document {
            return self.document_answer(context, &file.contents);
        }
        let limits = &image.chip.limits;
        let at_most = if context.protected {
            limits.read_all
        } else {
            limits.read_exact
        };
        if self.wrapped {
            return self.wrapped_answer(context, &file.contents, limits.read_all, at_most);
        }
        let limits = ReadLimits {
            all: limits.read_all,
            at_most,
        };
        let outcome = read_binary(&file.contents, self.offset, self.le, limits);
        context.reply.extend_from_slice(outcome.data);
        let at_end = self.offset.saturating_add(outcome.data.len()) == file.contents.len();
        let sw = match outcome.sw {
            StatusWord::NO_ERROR
                if at_end && self.le_is_all() && flaw.is(Defect::WarningForAll) =>
            {
                StatusWord::END_OF_FILE
            }
            StatusWord::END_OF_FILE if flaw.is(Defect::NoWarningAtEnd) => StatusWord::NO_ERROR,
            StatusWord::WRONG_P1_P2 if flaw.is(Defect::SuccessBeyondEnd) => StatusWord::NO_ERROR,
            sw => sw,
        };
        Ok(sw.into())
    }

    /// A file of the document: Le must be there, and is a limit rather than a demand.
    fn document_answer(
        self,
        context: &mut Context<'_>,
        contents: &[u8],
    ) -> Result<Answer, Refusal> {
        let profile = &context.image.profile;
        let room = context.room.min(context.image.chip.limits.read_exact);
        let answer = match (self.le, self.wrapped) {
            (None, _) => return Err(StatusWord::WRONG_LENGTH.into()),
            (Some(_), true) => self.wrapped_answer(context, contents, room, room)?,
            (Some(_), false) => {
                let limits = ReadLimits {
                    all: room,
                    at_most: room,
                };
                let outcome = read_binary(contents, self.offset, self.le, limits);
                context.reply.extend_from_slice(outcome.data);
                outcome.sw.into()
            }
        };
        Ok(match answer.sw {
            StatusWord::END_OF_FILE if !profile.document_end_warning => StatusWord::NO_ERROR.into(),
            StatusWord::WRONG_P1_P2 => profile.document_beyond_end.0.into(),
            _ => answer,
        })
    }

    const fn le_is_all(self) -> bool {
        matches!(self.le, None | Some(Le::Maximum))
    }

    /// Le counts the whole data object `53`, so its header is taken off before reading.
    fn wrapped_answer(
        self,
        context: &mut Context<'_>,
        contents: &[u8],
        all: usize,
        at_most: usize,
    ) -> Result<Answer, Refusal> {
        let le = match self.le {
            None | Some(Le::Maximum) => None,
            Some(Le::Exactly(n)) => {
                let fits = content_that_fits(usize::from(n).min(at_most));
                let fits = u16::try_from(fits).unwrap_or(u16::MAX);
                if fits == 0 {
                    return Err(StatusWord::WRONG_LENGTH.into());
                }
                Some(Le::Exactly(fits))
            }
        };
        let limits = ReadLimits {
            all: content_that_fits(all),
            at_most: content_that_fits(at_most),
        };
        let outcome = read_binary(contents, self.offset, le, limits);
        if !outcome.data.is_empty() {
            tlv::write(context.reply, DISCRETIONARY, outcome.data);
        }
        Ok(outcome.sw.into())
    }

    fn locate(self, context: &Context<'_>) -> Result<Selection, Refusal> {
        let files = &context.image.files;
        let Some(df) = (context.selection.df).or_else(|| self.unselected(context)) else {
            return Err(context.image.profile.no_selection.0.into());
        };
        let ef = match self.source {
            Source::Current => return Ok(*context.selection),
            Source::Short(short) => files.ef_by_short_id(df, short, context.selection.root),
            Source::File(id) => files.ef_by_file_id(df, id),
        };
        let ef = ef.ok_or(StatusWord::FILE_NOT_FOUND)?;
        Ok(Selection {
            df: Some(df),
            ef: Some(ef),
            ..*context.selection
        })
    }
}

impl ReadBinary {
    /// The master file, where the profile lets EF.CardAccess be read before anything is selected.
    fn unselected(self, context: &Context<'_>) -> Option<DfIndex> {
        let files = &context.image.files;
        let wanted = context.image.profile.card_access_unselected == CardAccess::Read;
        let mf = files.by_file_id(FileId::MASTER_FILE).filter(|_| wanted)?;
        let card_access = files.ef_by_file_id(mf, FileId::EF_CARD_ACCESS)?;
        let named = match self.source {
            Source::Current => false,
            Source::Short(short) => files.ef(mf, card_access)?.short_file_id == Some(short),
            Source::File(id) => id == FileId::EF_CARD_ACCESS,
        };
        named.then_some(mf)
    }
}

/// The longest content whose one-byte-tag data object takes at most `total` bytes.
const fn content_that_fits(total: usize) -> usize {
    match total {
        0..=1 => 0,
        2..=129 => total.saturating_sub(2),
        130 => 127,
        131..=258 => total.saturating_sub(3),
        259 => 255,
        _ => total.saturating_sub(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_content_that_fits(total in 2_usize..3000) {
            let size = |n: usize| tlv::object(0x53, &vec![0; n]).len();
            let n = content_that_fits(total);
            prop_assert!(size(n) <= total && size(n + 1) > total);
        }
    }
}
