//! The card's half of a recovery, as a client drives it: everything in clear, without PIN or PUK. Service number, services key
//! and security object are read, and challenges are signed with key 83. Whether they are this card's is the issuer's business.

use cie_crypto::rsa::PublicKey;

use super::wire::{NIS_LENGTH, Start};
use crate::terminal::Terminal;
use crate::terminal::ias::{self, IasError, ReadLoop, Root, commands};

/// EF.ID_Servizi.
const SERVICE_NUMBER: u16 = 0x1001;
/// EF.Servizi_Int.Kpub.
const SERVICES_KEY: u16 = 0x1005;
/// EF.SOD of the IAS application.
const SECURITY_OBJECT: u16 = 0x1006;

/// What a card shows to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicSide {
    /// The service number, 12 digits.
    pub nis: String,
    /// The public half of key 83.
    pub key: PublicKey,
    /// EF.1006, as it was read.
    pub sod: Vec<u8>,
}

impl PublicSide {
    /// Reads it from wherever the card stands; an open channel ends.
    ///
    /// # Errors
    /// [`IasError`], when the card refuses or breaks a rule on the way.
    pub fn read(terminal: &mut Terminal, root: Root) -> Result<Self, IasError> {
        select(terminal, root)?;
        let nis = ias::read_file(terminal, SERVICE_NUMBER, ReadLoop::default())?;
        let nis = nis.content.iter().take(NIS_LENGTH).copied();
        let key = ias::read_file(terminal, SERVICES_KEY, ReadLoop::default())?;
        let sod = ias::read_file(terminal, SECURITY_OBJECT, ReadLoop::default())?;
        Ok(Self {
            nis: nis.map(char::from).collect(),
            key: ias::files::public_key(&key.content)?,
            sod: sod.content,
        })
    }

    /// A01 with what was read, what was typed, and the key of the device.
    #[must_use]
    pub fn start(&self, nun: &str, device_key: &PublicKey) -> Start {
        let numbers = |key: &PublicKey| (key.modulus().to_vec(), key.exponent().to_vec());
        Start {
            nun: nun.to_owned(),
            nis: self.nis.clone(),
            address_sms: None,
            address_email: None,
            sod: self.sod.clone(),
            card_key: numbers(&self.key),
            device_key: numbers(device_key),
        }
    }
}

/// Signs a challenge with key 83: MANAGE SECURITY ENVIRONMENT and INTERNAL AUTHENTICATE in clear.
///
/// # Errors
/// [`IasError`].
pub fn prove(terminal: &mut Terminal, root: Root, challenge: &[u8]) -> Result<Vec<u8>, IasError> {
    select(terminal, root)?;
    ias::signatures::services_authentication(terminal, challenge)
}

/// From wherever the card stands to the directory of the CIE, in clear.
fn select(terminal: &mut Terminal, root: Root) -> Result<(), IasError> {
    terminal.take_channel();
    terminal.demand("SELECT of the root", &root.command())?;
    let cie = commands::select_application(&commands::CIE_AID);
    terminal.demand("SELECT of the CIE's directory", &cie)?;
    Ok(())
}
