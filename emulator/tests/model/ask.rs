//! What a terminal can ask, and in which bytes. Where the bytes depend on something only the terminal knows (a challenge,
//! a public value), the driver makes them.

use super::files::File;
use super::state::{Ef, State};
use crate::event::Command;
use crate::support::commands::*;
use crate::support::{Certificate, hex};
use cie_emulator::wire::{CommandBuf, Le};

/// A name for SELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Ias,
    Cie,
    Document,
    Unknown,
}

/// Where in a file to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Start,
    Middle,
    /// Five bytes before the end.
    NearEnd,
    End,
    Beyond,
}

impl At {
    /// The offset in a file of this size.
    pub(crate) fn offset(self, size: usize) -> usize {
        match self {
            Self::Start => 0,
            Self::Middle => size / 2,
            Self::NearEnd => size.saturating_sub(5),
            Self::End => size,
            Self::Beyond => size + 300,
        }
    }
}

/// How many bytes to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Le 00.
    All,
    /// No Le at all.
    Missing,
    /// At most 128.
    Exactly(u8),
}

/// What GET DATA can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    Group,
    Generator,
    Prime,
    Order,
    Authority,
    Unknown,
}

/// A certificate of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certified {
    /// The published one.
    Right,
    /// A byte of its signature is changed.
    Signature,
    /// A byte of the part that stands outside the signature is changed.
    Rest,
}

/// What a key is asked to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Empty,
    /// Twelve digits, as the desktop client sends.
    Digits,
    /// A DigestInfo of SHA-256.
    Digest,
    /// 245 bytes, the most there can be.
    Longest,
}

impl Input {
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Digits => b"123456789012".to_vec(),
            Self::Digest => {
                let mut bytes = hex("3031300D060960864801650304020105000420");
                bytes.extend([0xA7; 32]);
                bytes
            }
            Self::Longest => vec![0x5B; 245],
        }
    }
}

/// A command in meaning, whichever way it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// One of the four forms.
    SelectRoot(u8),
    /// With P2 `0C` or `04`.
    SelectName(Name, u8),
    /// With P2 `00`, `04` or `0C`, and Le or not.
    SelectFile(u16, u8, bool),
    Read(At, Length),
    ReadShort(u8, u8, Length),
    /// Odd READ BINARY; short identifier 0 is the current file.
    ReadOdd(u8, At),
    GetData(Object),
    /// Key agreement, in two links.
    Agree,
    /// The card's public value, which opens the session.
    CardPublic,
    SetKey(u8),
    SetDeviceKey,
    SetAuthority,
    Present(Certified),
    /// The holder reference of the published certificate, or another.
    SetTerminal(bool),
    Challenge,
    /// A right or wrong proof of the terminal.
    Prove(bool),
    /// INTERNAL AUTHENTICATE of the chip.
    ProveChip,
    /// INTERNAL AUTHENTICATE with key 81 or 83.
    Sign(Input),
    Code(Command),
    UnknownInstruction(u8),
    UnknownClass(u8),
    UnknownParameters,
    GetResponse,
}

/// The four forms of SELECT for the master file.
pub(crate) const ROOTS: [&str; 4] = ["00A40000", "00A4000C", "00A40000023F00", "00A4000C023F00"];

impl Ask {
    /// Offset of a read in this state.
    pub(crate) fn offset(at: At, state: &State) -> u16 {
        let size = match state.ef {
            Ef::File(id) => File::named(id).map_or(0, |file| file.bytes.len()),
            Ef::None | Ef::Unsure => 0,
        };
        u16::try_from(at.offset(size)).unwrap()
    }

    /// The command, where it can be told without the terminal's own values.
    pub(crate) fn command(&self, state: &State) -> Option<CommandBuf> {
        Some(match *self {
            Self::SelectRoot(form) => {
                let bytes = hex(ROOTS[usize::from(form) % ROOTS.len()]);
                command(
                    0,
                    0xA4,
                    bytes[2],
                    bytes[3],
                    bytes.get(5..).unwrap_or_default(),
                )
            }
            Self::SelectName(name, p2) => command(0, 0xA4, 0x04, p2, &name.bytes()),
            Self::SelectFile(id, p2, le) => {
                let select = command(0, 0xA4, 0x02, p2, &id.to_be_bytes());
                if le { select.le(Le::Maximum) } else { select }
            }
            Self::Read(at, length) => length.of(read(Self::offset(at, state), 0)),
            Self::ReadShort(short, at, length) => length.of(read_by_short_id(short, at, 0)),
            Self::ReadOdd(short, at) => {
                read_odd(u16::from(short), Self::offset(at, state), ODD_LENGTH)
            }
            Self::GetData(object) => get_data(object.header_list()),
            Self::SetKey(key) => set_key(key),
            Self::SetDeviceKey => set_device_key(),
            Self::SetAuthority => set_certificate_key(),
            Self::Present(certified) => {
                let mut bytes = Certificate::published().encoded();
                match certified {
                    Certified::Right => {}
                    Certified::Signature => bytes[40] ^= 0x10,
                    Certified::Rest => bytes[300] ^= 0x10,
                }
                verify_certificate(&bytes)
            }
            Self::SetTerminal(right) => {
                let mut holder = Certificate::published().holder();
                if !right {
                    holder[5] ^= 1;
                }
                set_terminal_key(&holder)
            }
            Self::Challenge => get_challenge(),
            Self::ProveChip => internal_authenticate(&crate::support::RND_IFD),
            Self::Sign(input) => internal_authenticate(&input.bytes()),
            Self::Code(code) => code.build(&state.codes),
            Self::UnknownInstruction(ins) => CommandBuf::new(0, ins, 0, 0),
            Self::UnknownClass(cla) => CommandBuf::new(cla, 0xA4, 0, 0),
            Self::UnknownParameters => command(0, 0xA4, 0x05, 0x00, &[0x3F, 0x00]),
            Self::GetResponse => CommandBuf::new(0, 0xC0, 0, 0).le(Le::Maximum),
            Self::Agree | Self::CardPublic | Self::Prove(_) => return None,
        })
    }

    /// The instruction.
    pub(crate) fn instruction(&self, state: &State) -> u8 {
        match self {
            Self::Agree => 0x22,
            Self::CardPublic => 0xCB,
            Self::Prove(_) => 0x82,
            _ => self.command(state).map_or(0, |command| command.header.ins),
        }
    }

    /// What kind of thing is asked.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::SelectRoot(_) => "SELECT root",
            Self::SelectName(..) => "SELECT name",
            Self::SelectFile(..) => "SELECT file",
            Self::Read(..) => "READ BINARY",
            Self::ReadShort(..) => "READ BINARY short id",
            Self::ReadOdd(..) => "READ BINARY odd",
            Self::GetData(_) => "GET DATA",
            Self::Agree => "MSE key agreement",
            Self::CardPublic => "GET DATA card public",
            Self::SetKey(_) => "MSE key 81/83",
            Self::SetDeviceKey => "MSE key 82",
            Self::SetAuthority => "MSE authority",
            Self::Present(_) => "PSO VERIFY CERTIFICATE",
            Self::SetTerminal(_) => "MSE terminal",
            Self::Challenge => "GET CHALLENGE",
            Self::Prove(_) => "EXTERNAL AUTHENTICATE",
            Self::ProveChip => "INTERNAL AUTHENTICATE chip",
            Self::Sign(_) => "INTERNAL AUTHENTICATE key",
            Self::Code(code) => code.kind(),
            Self::UnknownInstruction(_) => "unknown instruction",
            Self::UnknownClass(_) => "unknown class",
            Self::UnknownParameters => "unknown parameters",
            Self::GetResponse => "GET RESPONSE",
        }
    }
}

/// Le of odd reads: data object and all.
pub(crate) const ODD_LENGTH: u8 = 32;

impl Length {
    fn of(self, mut command: CommandBuf) -> CommandBuf {
        command.le = match self {
            Self::All => Some(Le::Maximum),
            Self::Missing => None,
            Self::Exactly(n) => Some(Le::from_short(n)),
        };
        command
    }
}

impl Name {
    fn bytes(self) -> Vec<u8> {
        hex(match self {
            Self::Ias => IAS,
            Self::Cie => CIE,
            Self::Document => "A0000002471001",
            Self::Unknown => "A0000000041010",
        })
    }
}

impl Object {
    fn header_list(self) -> &'static str {
        match self {
            Self::Group => DH_ALL,
            Self::Generator => DH_G,
            Self::Prime => DH_P,
            Self::Order => DH_Q,
            Self::Authority => CA_KEY,
            Self::Unknown => "4D087006BFA90102A080",
        }
    }

    /// Length of the answer in bytes.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Group => 568,
            Self::Generator | Self::Prime => 274,
            Self::Order => 42,
            Self::Authority => 560,
            Self::Unknown => 0,
        }
    }
}
