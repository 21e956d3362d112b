//! Which card is in the reader, by what it says to everybody: its numbers, for the guard and its ledger, and its public keys, for
//! expectations. Only SELECT, READ BINARY and GET DATA are sent; a card that says less is known less.

use std::collections::BTreeMap;

use cie_crypto::random::Seeded;

use crate::guard::CardIdentity;
use crate::run::Reading;
use crate::scenario::model::{KeyReference, PersonaField};
use crate::target::{Target, TargetError};
use crate::terminal::ias::{self, IasError, ReadLoop, Root, commands, files};
use crate::terminal::{Terminal, TerminalError};

/// EF.SN.ICC: ten bytes of the issuer and the type, then the number of the chip (`5A` object).
const SERIAL_NUMBER: u16 = 0xD003;
/// EF.ID_Servizi: the service number.
const SERVICE_NUMBER: u16 = 0x1001;

/// What a card says of itself.
pub(super) struct Identified {
    /// For the guard.
    pub(super) identity: CardIdentity,
    /// For expectations.
    pub(super) reading: Reading,
}

/// Reads the numbers of the card that has power now. The card is to be restarted before anything else is done with it.
///
/// # Errors
/// Those of the target; what the card refuses is left out.
pub(super) fn identify(
    target: Box<dyn Target>,
    root: Root,
    with_keys: bool,
) -> Result<Identified, TargetError> {
    let mut reader = Reader {
        // Nothing random is sent.
        terminal: Terminal::new(target, Box::new(Seeded::new(0))),
    };
    let mut identity = CardIdentity::default();
    let mut reading = Reading::default();
    reader.select(&root.command())?;
    let serial = reader.file(SERIAL_NUMBER)?;
    reader.select(&commands::select_application(&commands::CIE_AID))?;
    // Some chips keep it with the application.
    let serial = match serial {
        Some(serial) => Some(serial),
        None => reader.file(SERIAL_NUMBER)?,
    };
    if let Some(number) = serial.as_deref().and_then(chip_serial) {
        identity = identity.with_chip_serial(number);
        reading
            .fields
            .insert(PersonaField::ChipSerial, number.to_vec());
    }
    if let Some(number) = reader.file(SERVICE_NUMBER)? {
        // Twelve digits; some chips pad their files.
        let digits: Vec<u8> = number.into_iter().take(12).collect();
        identity = identity.with_nis(digits.clone());
        reading.fields.insert(PersonaField::Nis, digits);
    }
    if with_keys {
        reader.keys(&mut reading)?;
    }
    Ok(Identified { identity, reading })
}

/// The number of the chip in EF.SN.ICC, 12 bytes: the last eight.
fn chip_serial(file: &[u8]) -> Option<&[u8]> {
    file.get(4..12)
}

struct Reader {
    terminal: Terminal,
}

impl Reader {
    fn select(&mut self, command: &cie_emulator::wire::CommandBuf) -> Result<(), TargetError> {
        said(
            self.terminal
                .demand("SELECT", command)
                .map_err(IasError::from),
        )
        .map(drop)
    }

    fn file(&mut self, file: u16) -> Result<Option<Vec<u8>>, TargetError> {
        let read = said(ias::read_file(
            &mut self.terminal,
            file,
            ReadLoop::default(),
        ))?;
        Ok(read.map(|read| read.content))
    }

    fn keys(&mut self, reading: &mut Reading) -> Result<(), TargetError> {
        let mut keys = BTreeMap::new();
        for (file, reference) in [
            (0x1004, commands::DEVICE_KEY),
            (0x1005, commands::SERVICES_KEY),
        ] {
            let Some(content) = self.file(file)? else {
                continue;
            };
            if let Ok(key) = files::public_key(&content) {
                keys.insert(reference, key);
            }
            reading.files.insert(file, content);
        }
        if let Some(ca) = said(ias::read_ca_key(&mut self.terminal))?
            && let Ok(key) = ca.public_key()
        {
            keys.insert(KeyReference::CertificationAuthority.byte(), key);
        }
        reading.keys = keys;
        Ok(())
    }
}

/// What the card refused, or said in a way that breaks a rule, is not known; a card that is lost is lost.
fn said<T>(result: Result<T, IasError>) -> Result<Option<T>, TargetError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(IasError::Terminal(TerminalError::Target(error))) => Err(error),
        Err(_) => Ok(None),
    }
}
