//! The IAS application from the reader's side: selection and files, key agreement, device authentication, codes, signatures.
//! [`commands`] are the building blocks, [`prepare`] to [`DeviceAuthentication`] the correct flow; each step of it is public.

pub mod certificate;
pub mod commands;
pub mod credentials;
pub mod device_authentication;
pub mod files;
pub mod key_agreement;
pub mod parameters;
pub mod published;
mod rules;
pub mod signatures;

use cie_crypto::rsa::PublicKey;

use super::Terminal;

pub use credentials::{Code, Reference};
pub use device_authentication::{DeviceAuthentication, Fault, Step};
pub use files::{FileRead, ReadLoop, Root, read_current, read_file};
pub use key_agreement::{KeyAgreement, TerminalShare, agree_keys};
pub use parameters::{CaKey, Dialect, DomainParameters, read_ca_key, read_parameters};
pub use rules::{IasError, Rule};

/// How a session is opened; chips differ. The default suits every chip that selects by master file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// How the root is selected.
    pub root: Root,
    /// How the domain parameters are asked for.
    pub dialect: Dialect,
    /// How files are read.
    pub read_loop: ReadLoop,
    /// Whether EF.SN.ICC is read, and the serial number of the card's proof compared with it.
    pub check_serial_number: bool,
}

/// What is read in plain before the channel opens.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Domain parameters.
    pub parameters: DomainParameters,
    /// Public key of the terminals' authority.
    pub ca: CaKey,
    /// Public key of the card's device key, of EF.1004.
    pub device_key: PublicKey,
    /// Bytes 4 to 11 of EF.SN.ICC, when asked for.
    pub serial_number: Option<[u8; 8]>,
}

/// Selects the root and the DF of the CIE, and reads all that a session needs.
///
/// # Errors
/// [`IasError`].
pub fn prepare(terminal: &mut Terminal, options: OpenOptions) -> Result<Prepared, IasError> {
    terminal.take_channel();
    terminal.demand("SELECT of the root", &options.root.command())?;
    let serial_number = match options.check_serial_number {
        true => Some(read_serial_number(terminal, options.read_loop)?),
        false => None,
    };
    terminal.demand(
        "SELECT of the CIE application",
        &commands::select_application(&commands::CIE_AID),
    )?;
    let parameters = read_parameters(terminal, options.dialect)?;
    let file = read_file(terminal, 0x1004, options.read_loop)?;
    Ok(Prepared {
        parameters,
        device_key: files::public_key(&file.content)?,
        ca: read_ca_key(terminal)?,
        serial_number,
    })
}

fn read_serial_number(terminal: &mut Terminal, how: ReadLoop) -> Result<[u8; 8], IasError> {
    let file = read_file(terminal, 0xD003, how)?;
    let serial = file
        .content
        .get(4..12)
        .and_then(|bytes| bytes.try_into().ok());
    serial.ok_or_else(|| {
        let detail = format!("EF.SN.ICC has {} bytes, expected 12", file.content.len());
        IasError::broken(Rule::ProofSerialNumber, detail)
    })
}

/// From power-on to an open channel, device not authenticated.
///
/// # Errors
/// [`IasError`].
pub fn open_key_agreement(
    terminal: &mut Terminal,
    options: OpenOptions,
) -> Result<(Prepared, KeyAgreement), IasError> {
    let prepared = prepare(terminal, options)?;
    let agreement = agree_keys(terminal, &prepared.parameters)?;
    Ok((prepared, agreement))
}

/// From power-on to an authenticated device, the counter set anew.
///
/// # Errors
/// [`IasError`].
pub fn open_device_authentication(
    terminal: &mut Terminal,
    options: OpenOptions,
) -> Result<DeviceAuthentication, IasError> {
    let (prepared, agreement) = open_key_agreement(terminal, options)?;
    let mut authentication = DeviceAuthentication::new(
        agreement,
        prepared.ca,
        prepared.device_key,
        prepared.serial_number,
    );
    authentication.run(terminal)?;
    Ok(authentication)
}
