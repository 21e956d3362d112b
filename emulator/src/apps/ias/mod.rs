//! The IAS application of the CIE (IAS ECC 1.0.1 as its clients know it): key agreement, device authentication, PIN and
//! PUK, signature and services keys. `command` turns bytes into meaning, the other files execute it.

mod command;
mod credentials;
mod device_authentication;
mod environment;
mod key_agreement;
mod keys;
mod objects;
mod signature;

pub use command::Command;
pub use keys::{Keys, TerminalCa};
pub use objects::{DataObject, write_object};

use super::{Answer, Context, Refusal};
use crate::credentials::Verified;
use crate::wire::ins;
use environment::SecurityEnvironment;
use key_agreement::KeyAgreement;

/// The application's part of a session: everything here dies with a reset.
#[derive(Clone, Default)]
pub struct State {
    environment: SecurityEnvironment,
    key_agreement: Option<Box<KeyAgreement>>,
    terminal_key: Option<Box<device_authentication::TerminalKey>>,
    challenge: Option<[u8; 8]>,
    /// The challenge the terminal answered rightly: half of the next send sequence counter.
    answered_challenge: Option<[u8; 8]>,
    /// EXTERNAL AUTHENTICATE succeeded in this secure messaging session.
    pub device_authenticated: bool,
    /// What the holder has proven in this session.
    pub verified: Verified,
}

impl State {
    /// Secure messaging ended: nothing that was proven or agreed through it survives.
    pub fn secure_messaging_ended(&mut self) {
        *self = Self::default();
    }

    /// A DF was selected. Another one than before ends what was proven in the old one; the keys agreed stay.
    pub(super) fn application_selected(&mut self, same: bool) {
        self.environment = SecurityEnvironment::default();
        if !same {
            let key_agreement = self.key_agreement.take();
            *self = Self {
                key_agreement,
                ..Self::default()
            };
        }
    }
}

/// Whether the application knows this instruction.
#[must_use]
pub const fn knows(instruction: u8) -> bool {
    matches!(
        instruction,
        ins::VERIFY
            | ins::MANAGE_SECURITY_ENVIRONMENT
            | ins::CHANGE_REFERENCE_DATA
            | ins::PERFORM_SECURITY_OPERATION
            | ins::RESET_RETRY_COUNTER
            | ins::EXTERNAL_AUTHENTICATE
            | ins::GET_CHALLENGE
            | ins::INTERNAL_AUTHENTICATE
            | ins::GET_DATA
    )
}

impl Command<'_> {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Refusal`]: the status word to answer, or the loss of power while writing.
    pub fn execute(self, context: &mut Context<'_>) -> Result<Answer, Refusal> {
        match self {
            Self::GetData(object) => objects::get_data(context, object),
            Self::SetTemplate(template) => environment::set(context, template),
            Self::VerifyCertificate(certificate) => {
                device_authentication::verify_certificate(context, &certificate)
            }
            Self::GetChallenge => device_authentication::get_challenge(context),
            Self::ExternalAuthenticate(proof) => device_authentication::external(context, proof),
            Self::InternalAuthenticate(data) => signature::internal_authenticate(context, data),
            Self::Credential(command) => credentials::execute(context, command),
        }
    }
}
