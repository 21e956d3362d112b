//! SELECT (ISO/IEC 7816-4:2020 §11.2.2), in every form that clients of the CIE send.

use super::{Answer, Context, Refusal, emrtd};
use crate::card::Defect;
use crate::chip::{CardAccess, Choice, RootSelection};
use crate::files::{ControlTemplate, DfIndex, FileId, Root, Selection, write_control_information};
use crate::wire::{Command, StatusWord};

/// What to select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    /// The master file, without naming it: no data.
    MasterFile,
    /// MF, DF or EF by identifier (P1 = `00`).
    File(FileId),
    /// An EF under the current DF (P1 = `02`).
    ElementaryFile(FileId),
    /// A DF by its whole name (P1 = `04`).
    DfName(&'a [u8]),
    /// An EF or a DF, but which one is not said.
    Unnamed,
}

/// A SELECT, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Select<'a> {
    target: Target<'a>,
    template: ControlTemplate,
}

impl<'a> Select<'a> {
    pub(super) fn parse(command: &Command<'a>) -> Result<Self, Refusal> {
        let template = match command.header.p2 {
            0x00 => ControlTemplate::FileControlInformation,
            0x04 => ControlTemplate::FileControlParameters,
            0x0C => ControlTemplate::None,
            _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
        };
        let target = match (command.header.p1, command.data) {
            (0x00, []) => Target::MasterFile,
            (0x00, &[hi, lo]) => Target::File(FileId::from_bytes([hi, lo])),
            (0x02 | 0x04, []) => Target::Unnamed,
            (0x02, &[hi, lo]) => Target::ElementaryFile(FileId::from_bytes([hi, lo])),
            (0x04, name @ [_, ..]) if name.len() <= 16 => Target::DfName(name),
            (0x00 | 0x02 | 0x04, _) => return Err(StatusWord::WRONG_LENGTH.into()),
            _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
        };
        // Clients that leave Le out want the status word alone.
        let template = command.le.map_or(ControlTemplate::None, |_| template);
        Ok(Self { target, template })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Answer, Refusal> {
        let flaw = context.image.flaw;
        if self.target == Target::Unnamed {
            return Err(unnamed(context));
        }
        let Some(selection) = self.find(context) else {
            if flaw.is(Defect::FailedSelectLosesFile) {
                context.selection.ef = None;
            }
            if flaw.is(Defect::UnknownNameSelected) && matches!(self.target, Target::DfName(_)) {
                return Ok(StatusWord::NO_ERROR.into());
            }
            return Err(StatusWord::FILE_NOT_FOUND.into());
        };
        self.check_document_access(context, selection)?;
        if selection.ef.is_none() {
            let document = emrtd::is_selected(context.image, selection);
            let mf = context.image.files.by_file_id(FileId::MASTER_FILE);
            let ias = !document && (selection.root == Root::Ias || selection.df != mf);
            context.emrtd.application_selected(ias);
            let same = context.selection.df == selection.df;
            let verified = context.ias.verified;
            context.ias.application_selected(same);
            if flaw.is(Defect::PinFlagSurvivesReset) {
                context.ias.verified = verified;
            }
        }
        *context.selection = selection;
        let files = &context.image.files;
        if let Some(df) = selection.df.and_then(|df| files.df(df)) {
            write_control_information(
                context.reply,
                self.template,
                df,
                files.current_ef(selection),
            );
        }
        Ok(StatusWord::NO_ERROR.into())
    }

    /// Files of the document may be selected before they may be read, unless the profile has it otherwise.
    fn check_document_access(
        self,
        context: &Context<'_>,
        selection: Selection,
    ) -> Result<(), Refusal> {
        let image = context.image;
        let Some(file) = image.files.current_ef(selection) else {
            return Ok(());
        };
        let refused = image.profile.document_select_refuses
            && emrtd::has_file(image, selection, file)
            && !file.read.is_satisfied(context.security_status());
        match refused {
            true => Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into()),
            false => Ok(()),
        }
    }

    fn find(self, context: &Context<'_>) -> Option<Selection> {
        let files = &context.image.files;
        let current = context.selection.df;
        // The master file by its identifier: who is in IAS stays there, everybody else enters the card's own.
        let root = context.selection.root;
        match self.target {
            Target::MasterFile => {
                if refuses(context, RootSelection::MasterFile) {
                    return None;
                }
                files
                    .by_file_id(FileId::MASTER_FILE)
                    .map(|mf| only_df(mf, root))
            }
            Target::File(id) => match files.by_file_id(id) {
                Some(df) => Some(only_df(df, root)),
                None => elementary(context, current?, id),
            },
            Target::ElementaryFile(FileId::EF_CARD_ACCESS) if current.is_none() => {
                let profile = &context.image.profile;
                let mf = files.by_file_id(FileId::MASTER_FILE);
                let there = profile.card_access_unselected != CardAccess::Nothing;
                elementary(context, mf.filter(|_| there)?, FileId::EF_CARD_ACCESS)
            }
            Target::ElementaryFile(id) => elementary(context, current?, id),
            Target::Unnamed => None,
            Target::DfName(name) => {
                let df = files.by_df_name(name)?;
                let is_root = files.by_file_id(FileId::MASTER_FILE) == Some(df);
                if is_root && refuses(context, RootSelection::ApplicationIdentifier) {
                    return None;
                }
                let document = files.by_df_name(&emrtd::AID) == Some(df);
                Some(only_df(df, if document { Root::Card } else { Root::Ias }))
            }
        }
    }
}

const fn only_df(df: DfIndex, root: Root) -> Selection {
    Selection {
        df: Some(df),
        ef: None,
        root,
    }
}

/// Inside a session of the document it is the data object that is missing, although the checksum is right (ICAO 9303-11
/// §9.8.6).
fn unnamed(context: &Context<'_>) -> Refusal {
    match context.protected && context.emrtd.has_session() {
        true => Refusal::SessionEnds(context.image.profile.document_sm_object_missing.0),
        false => StatusWord::WRONG_LENGTH.into(),
    }
}

fn elementary(context: &Context<'_>, df: DfIndex, id: FileId) -> Option<Selection> {
    context
        .image
        .files
        .ef_by_file_id(df, id)
        .map(|ef| Selection {
            df: Some(df),
            ef: Some(ef),
            root: context.selection.root,
        })
}

/// A strict card knows its own family's way to the root only.
fn refuses(context: &Context<'_>, form: RootSelection) -> bool {
    context.image.profile.dialects == Choice::Strict && context.image.chip.dialects.root != form
}
