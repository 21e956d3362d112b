//! The commands of the application as meaning: bytes are looked at here and nowhere else.

use super::device_authentication::Certificate;
use super::environment::Template;
use super::objects::DataObject;
use crate::apps::Refusal;
use crate::credentials::Reference;
use crate::wire::{self, Le, StatusWord, ins};

/// A command of the IAS application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// GET DATA of a security data object.
    GetData(DataObject),
    /// MANAGE SECURITY ENVIRONMENT: SET.
    SetTemplate(Template<'a>),
    /// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE.
    VerifyCertificate(Certificate<'a>),
    /// GET CHALLENGE of 8 bytes.
    GetChallenge,
    /// EXTERNAL AUTHENTICATE: SN.IFD (8 bytes) and signature (up to 256 bytes).
    ExternalAuthenticate(&'a [u8]),
    /// INTERNAL AUTHENTICATE with whatever key the security environment names.
    InternalAuthenticate(&'a [u8]),
    /// One of the commands on PIN and PUK.
    Credential(CredentialCommand<'a>),
}

/// Commands on PIN and PUK. Lengths are judged by the credential object, not here: a wrong one is an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialCommand<'a> {
    /// VERIFY.
    Verify(Reference, &'a [u8]),
    /// CHANGE REFERENCE DATA, old and new PIN.
    Change(&'a [u8]),
    /// RESET RETRY COUNTER with a new PIN.
    ResetWithNewPin(&'a [u8]),
    /// RESET RETRY COUNTER of the tries alone.
    ResetTries(&'a [u8]),
    /// RESET RETRY COUNTER with PUK and new PIN.
    ResetWithPukAndNewPin(&'a [u8]),
}

impl<'a> Command<'a> {
    /// Reads a command.
    ///
    /// # Errors
    /// [`Refusal::Status`]: `6A86`, `6A88`, `6A80`, `6700` or `6D00`.
    pub fn parse(command: &wire::Command<'a>) -> Result<Self, Refusal> {
        let p1_p2 = command.header.p1_p2();
        let data = command.data;
        match command.header.ins {
            ins::GET_DATA => {
                expect_parameters(p1_p2, 0x3FFF)?;
                DataObject::parse(data).map(Self::GetData)
            }
            ins::MANAGE_SECURITY_ENVIRONMENT => Template::parse(p1_p2, data).map(Self::SetTemplate),
            ins::PERFORM_SECURITY_OPERATION => {
                expect_parameters(p1_p2, 0x00AE)?;
                Certificate::parse(data).map(Self::VerifyCertificate)
            }
            ins::GET_CHALLENGE => {
                expect_parameters(p1_p2, 0x0000)?;
                match (data, command.le) {
                    ([], None | Some(Le::Maximum | Le::Exactly(8))) => Ok(Self::GetChallenge),
                    _ => Err(StatusWord::WRONG_LENGTH.into()),
                }
            }
            ins::EXTERNAL_AUTHENTICATE => {
                expect_parameters(p1_p2, 0x0000)?;
                Ok(Self::ExternalAuthenticate(data))
            }
            ins::INTERNAL_AUTHENTICATE => {
                expect_parameters(p1_p2, 0x0000)?;
                Ok(Self::InternalAuthenticate(data))
            }
            ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER => {
                CredentialCommand::parse(command).map(Self::Credential)
            }
            _ => Err(StatusWord::INS_NOT_SUPPORTED.into()),
        }
    }
}

impl<'a> CredentialCommand<'a> {
    fn parse(command: &wire::Command<'a>) -> Result<Self, Refusal> {
        let reference = match command.header.p2 {
            0x81 => Reference::Pin,
            0x82 => Reference::Puk,
            _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
        };
        let data = command.data;
        match (command.header.ins, command.header.p1, reference) {
            (ins::VERIFY, 0x00, _) => Ok(Self::Verify(reference, data)),
            // The PUK cannot be changed, and nothing but the PIN can be unblocked.
            (ins::CHANGE_REFERENCE_DATA, 0x00, Reference::Pin) => Ok(Self::Change(data)),
            (ins::RESET_RETRY_COUNTER, 0x02, Reference::Pin) => Ok(Self::ResetWithNewPin(data)),
            (ins::RESET_RETRY_COUNTER, 0x03, Reference::Pin) => Ok(Self::ResetTries(data)),
            (ins::RESET_RETRY_COUNTER, 0x00, Reference::Pin) => {
                Ok(Self::ResetWithPukAndNewPin(data))
            }
            _ => Err(StatusWord::INCORRECT_P1_P2.into()),
        }
    }
}

fn expect_parameters(found: u16, expected: u16) -> Result<(), Refusal> {
    if found == expected {
        Ok(())
    } else {
        Err(StatusWord::INCORRECT_P1_P2.into())
    }
}
