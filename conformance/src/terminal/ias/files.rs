//! Selecting and reading files with the loops of real clients: each loop depends on one behaviour at the end of a file, and each
//! is checked for it.

use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::tlv::Tlv;
use cie_emulator::wire::{CommandBuf, Le, StatusWord};

use super::super::{SendOptions, Terminal, TerminalError};
use super::commands;
use super::rules::{IasError, Rule, require};

/// How the root is selected; chips differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// SELECT of the master file, four bytes.
    #[default]
    MasterFile,
    /// SELECT of the IAS application by its AID.
    IasApplication,
}

impl Root {
    /// Its SELECT.
    #[must_use]
    pub fn command(self) -> CommandBuf {
        match self {
            Self::MasterFile => commands::select_master_file(),
            Self::IasApplication => commands::select_application(&commands::IAS_AID),
        }
    }
}

/// How a file is read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadLoop {
    /// This many bytes at a time, 1 to 255; the file ends with `6282` and the last bytes, or with `6B00`.
    Exact(u8),
    /// Le `00`; the file ends with `6B00`, all data come with `9000`.
    Maximum,
}

impl Default for ReadLoop {
    /// 128 bytes, as the desktop clients read.
    fn default() -> Self {
        Self::Exact(0x80)
    }
}

/// A file read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// The content.
    pub content: Vec<u8>,
    /// READ BINARY commands it took.
    pub commands: usize,
    /// The status word that ended the loop: `6282` or `6B00`.
    pub ended_by: StatusWord,
}

/// Selects an EF and reads it, through the channel when one is open.
///
/// # Errors
/// [`IasError::Terminal`] when SELECT or READ BINARY are refused, [`IasError::Broken`] for answers that break a client's loop.
pub fn read_file(terminal: &mut Terminal, file: u16, how: ReadLoop) -> Result<FileRead, IasError> {
    terminal.demand("SELECT of an EF", &commands::select_file(file))?;
    read_current(terminal, how)
}

/// Reads the current EF from its beginning to its end.
///
/// # Errors
/// As [`read_file`].
pub fn read_current(terminal: &mut Terminal, how: ReadLoop) -> Result<FileRead, IasError> {
    let (le, most) = match how {
        ReadLoop::Exact(length) => (Le::from_short(length), usize::from(length).max(1)),
        ReadLoop::Maximum => (Le::Maximum, 256),
    };
    let mut content = Vec::new();
    let mut commands = 0;
    loop {
        let offset = u16::try_from(content.len())
            .ok()
            .filter(|offset| *offset < 0x8000);
        let offset = offset.ok_or_else(|| {
            IasError::broken(Rule::FileEnds, "32768 bytes were read and the file goes on")
        })?;
        let command = commands::read_binary(offset, le);
        let reply = terminal.transmit_whole(&command, &SendOptions::default())?;
        commands += 1;
        require(Rule::ReadLength, reply.data.len() <= most, || {
            format!(
                "{} bytes at offset {offset}, asked for {most}",
                reply.data.len()
            )
        })?;
        content.extend_from_slice(&reply.data);
        match (reply.sw, how) {
            (StatusWord::NO_ERROR, _) if reply.data.is_empty() => {
                let detail = format!("9000 without data at offset {offset}");
                return Err(IasError::broken(Rule::ReadProgress, detail));
            }
            (StatusWord::NO_ERROR, _) => {}
            (StatusWord::END_OF_FILE, ReadLoop::Maximum) => {
                let detail = format!("6282 with {} bytes at offset {offset}", reply.data.len());
                return Err(IasError::broken(Rule::ReadMaximum, detail));
            }
            (StatusWord::END_OF_FILE | StatusWord::WRONG_P1_P2, _) if !content.is_empty() => {
                return Ok(FileRead {
                    content,
                    commands,
                    ended_by: reply.sw,
                });
            }
            (sw, _) => {
                let step = "READ BINARY";
                return Err(TerminalError::Status { step, sw }.into());
            }
        }
    }
}

/// The key in a public key file (EF.1004, EF.1005): a bare `RSAPublicKey` with a modulus of 256 bytes beginning above `6A`,
/// and nothing after it but the zero bytes some chips pad their files with.
///
/// # Errors
/// [`IasError::Broken`] with [`Rule::PublicKeyFile`] or [`Rule::PublicKeyModulus`].
pub fn public_key(file: &[u8]) -> Result<PublicKey, IasError> {
    let object = match Tlv::read(file) {
        Ok((object, padding)) if padding.iter().all(|byte| *byte == 0) => object.raw,
        Ok(_) | Err(_) => file,
    };
    let key = PublicKey::from_pkcs1_der(object)
        .map_err(|error| IasError::broken(Rule::PublicKeyFile, error.to_string()))?;
    let fits = key.size() == 256 && key.modulus().first().is_some_and(|first| *first > 0x6A);
    require(Rule::PublicKeyModulus, fits, || {
        format!(
            "a modulus of {} bits; 256 bytes, beginning above 6A",
            key.bits()
        )
    })?;
    Ok(key)
}
