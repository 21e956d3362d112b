//! The document application (ICAO Doc 9303 LDS1): access to the data groups by BAC or PACE, Chip Authentication, Terminal
//! Authentication and Active Authentication, version 1 of each. Files and their access conditions are not here.

mod active_authentication;
mod agreement;
mod basic_access;
mod chip_authentication;
mod command;
mod keys;
mod pace;
mod password;
mod state;
mod terminal_authentication;
mod terminal_certificate;

pub use command::{Command, Environment};
pub use keys::{
    ActiveAuthenticationKey, ChipAuthenticationKey, Cvca, Domain, Keys, PaceOffer, StaticKey,
};
pub use password::{Can, MrzInformation, PasswordError, check_digit};
pub use state::{Procedure, Proven, State};
pub use terminal_certificate::{CvCertificate, CvDate, CvError, CvPublicKey, Role, RsaPadding};

use super::{Answer, Context, Refusal};
use crate::card::Image;
use crate::files::{ElementaryFile, FileId, Root, Selection};
use crate::wire::{self, StatusWord, ins};
use pace::Exchange;

/// DF name of the document application.
pub const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// Whether the document application is selected.
#[must_use]
pub fn is_selected(image: &Image, selection: Selection) -> bool {
    selection.df.is_some() && image.files.by_df_name(&AID) == selection.df
}

/// Whether this file belongs to the document: those under the application, and EF.CardAccess and EF.CardSecurity under the
/// master file.
pub(super) fn has_file(image: &Image, selection: Selection, file: &ElementaryFile) -> bool {
    let of_the_card = matches!(
        file.file_id,
        FileId::EF_CARD_ACCESS | FileId::EF_CARD_SECURITY
    );
    image.emrtd.is_some() && (of_the_card || is_selected(image, selection))
}

/// Whether this application answers the command, rather than IAS: it does while it is selected, and PACE and BAC are also
/// asked of the card as a whole, before any application is selected.
#[must_use]
pub(super) fn answers(context: &Context<'_>, command: &wire::Command<'_>) -> bool {
    let image = context.image;
    if image.emrtd.is_none() {
        return false;
    }
    let Some(df) = context.selection.df else {
        return answers_as_card(context, command);
    };
    if is_selected(image, *context.selection) {
        return true;
    }
    image.files.by_file_id(FileId::MASTER_FILE) == Some(df) && answers_as_card(context, command)
}

/// The commands of PACE, and those of BAC as long as they cannot be meant for IAS.
fn answers_as_card(context: &Context<'_>, command: &wire::Command<'_>) -> bool {
    let anywhere = context.image.profile.bac_anywhere;
    let bac = anywhere && !context.protected && context.selection.root == Root::Card;
    match command.header.ins {
        ins::GENERAL_AUTHENTICATE => true,
        ins::MANAGE_SECURITY_ENVIRONMENT => command.header.p1_p2() == 0xC1A4,
        ins::GET_CHALLENGE => bac,
        ins::EXTERNAL_AUTHENTICATE => bac && command.data.len() == 40,
        _ => false,
    }
}

impl Command<'_> {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Refusal`]: the status word to answer.
    pub fn execute(self, context: &mut Context<'_>) -> Result<Answer, Refusal> {
        match self {
            Self::GetChallenge => basic_access::get_challenge(context),
            Self::ExternalAuthenticate(proof) if context.protected => {
                terminal_authentication::authenticate(context, proof)
            }
            Self::ExternalAuthenticate(proof) => basic_access::authenticate(context, proof),
            Self::InternalAuthenticate(challenge) => {
                active_authentication::internal_authenticate(context, challenge)
            }
            Self::SetEnvironment(environment) => environment.execute(context),
            Self::VerifyCertificate(certificate) => {
                terminal_authentication::verify_certificate(context, certificate)
            }
            Self::GeneralAuthenticate(object) => match std::mem::take(&mut context.emrtd.running) {
                Exchange::Idle => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
                Exchange::ChipAuthentication(index) => {
                    chip_authentication::general_authenticate(context, index, object)
                }
                exchange => pace::step(context, exchange, object),
            },
        }
    }
}

impl Environment<'_> {
    fn execute(self, context: &mut Context<'_>) -> Result<Answer, Refusal> {
        match self {
            Self::Pace {
                oid,
                password,
                parameters,
            } => pace::set(context, oid, password, parameters),
            Self::ChipKey { public_key, key_id } => {
                chip_authentication::set_key(context, public_key, key_id)
            }
            Self::ChipProtocol { oid, key_id } => {
                chip_authentication::set_protocol(context, oid, key_id)
            }
            Self::Authority(name) => terminal_authentication::set_issuer(context, name),
            Self::Terminal(name) => terminal_authentication::set_terminal(context, name),
        }
    }
}
