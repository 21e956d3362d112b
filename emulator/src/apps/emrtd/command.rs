//! The commands of the application as meaning: bytes are looked at here and nowhere else.

use crate::apps::Refusal;
use crate::wire::tlv::{Objects, Tag, Tlv};
use crate::wire::{self, Le, StatusWord, ins};

/// A command of the document application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// GET CHALLENGE of 8 bytes.
    GetChallenge,
    /// EXTERNAL (MUTUAL) AUTHENTICATE: BAC in plain, Terminal Authentication inside a session.
    ExternalAuthenticate(&'a [u8]),
    /// INTERNAL AUTHENTICATE: Active Authentication.
    InternalAuthenticate(&'a [u8]),
    /// MANAGE SECURITY ENVIRONMENT of one of the protocols.
    SetEnvironment(Environment<'a>),
    /// PERFORM SECURITY OPERATION: VERIFY CERTIFICATE, body and signature.
    VerifyCertificate(&'a [u8]),
    /// GENERAL AUTHENTICATE with the one object inside its dynamic authentication data, if there is one.
    GeneralAuthenticate(Option<Tlv<'a>>),
}

/// What a MANAGE SECURITY ENVIRONMENT sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment<'a> {
    /// `C1 A4`: PACE.
    Pace {
        /// Value of the protocol's object identifier, DO `80`.
        oid: &'a [u8],
        /// Password reference, DO `83`.
        password: u8,
        /// Domain parameters reference, DO `84`.
        parameters: Option<&'a [u8]>,
    },
    /// `41 A6`: Chip Authentication in one step.
    ChipKey {
        /// The terminal's public key, DO `91`.
        public_key: &'a [u8],
        /// Which key of the card, DO `84`.
        key_id: Option<&'a [u8]>,
    },
    /// `41 A4`: Chip Authentication, followed by GENERAL AUTHENTICATE.
    ChipProtocol {
        /// Value of the protocol's object identifier, DO `80`.
        oid: &'a [u8],
        /// Which key of the card, DO `84`.
        key_id: Option<&'a [u8]>,
    },
    /// `81 B6`: the authority whose key verifies the next certificate, DO `83`.
    Authority(&'a [u8]),
    /// `81 A4`: the holder of the key that EXTERNAL AUTHENTICATE will prove, DO `83`.
    Terminal(&'a [u8]),
}

impl<'a> Command<'a> {
    /// Reads a command.
    ///
    /// # Errors
    /// [`Refusal::Status`]: `6A86`, `6A80`, `6700` or `6D00`.
    pub fn parse(command: &wire::Command<'a>) -> Result<Self, Refusal> {
        let p1_p2 = command.header.p1_p2();
        let data = command.data;
        match command.header.ins {
            ins::GET_CHALLENGE => {
                expect(p1_p2, 0)?;
                match (data, command.le) {
                    ([], Some(Le::Maximum | Le::Exactly(8))) => Ok(Self::GetChallenge),
                    _ => Err(StatusWord::WRONG_LENGTH.into()),
                }
            }
            ins::EXTERNAL_AUTHENTICATE => {
                expect(p1_p2, 0).map(|()| Self::ExternalAuthenticate(data))
            }
            ins::INTERNAL_AUTHENTICATE => {
                expect(p1_p2, 0).map(|()| Self::InternalAuthenticate(data))
            }
            ins::MANAGE_SECURITY_ENVIRONMENT => {
                Environment::parse(p1_p2, data).map(Self::SetEnvironment)
            }
            ins::PERFORM_SECURITY_OPERATION => {
                expect(p1_p2, 0x00BE).map(|()| Self::VerifyCertificate(data))
            }
            ins::GENERAL_AUTHENTICATE => {
                expect(p1_p2, 0)?;
                dynamic_authentication_data(data).map(Self::GeneralAuthenticate)
            }
            _ => Err(StatusWord::INS_NOT_SUPPORTED.into()),
        }
    }
}

impl<'a> Environment<'a> {
    fn parse(p1_p2: u16, data: &'a [u8]) -> Result<Self, Refusal> {
        match p1_p2 {
            0xC1A4 => {
                let [oid, password, parameters] = fields(data, [0x80, 0x83, 0x84])?;
                let [password] = *required(password)? else {
                    return Err(StatusWord::INCORRECT_DATA.into());
                };
                Ok(Self::Pace {
                    oid: required(oid)?,
                    password,
                    parameters,
                })
            }
            0x41A6 => {
                let [public_key, key_id] = fields(data, [0x91, 0x84])?;
                let public_key = required(public_key)?;
                Ok(Self::ChipKey { public_key, key_id })
            }
            0x41A4 => {
                let [oid, key_id] = fields(data, [0x80, 0x84])?;
                let oid = required(oid)?;
                Ok(Self::ChipProtocol { oid, key_id })
            }
            0x81B6 => {
                let [name] = fields(data, [0x83])?;
                Ok(Self::Authority(required(name)?))
            }
            0x81A4 => {
                // The protocol may be named; the terminal's certificate says it anyway.
                let [name, _protocol] = fields(data, [0x83, 0x80])?;
                Ok(Self::Terminal(required(name)?))
            }
            _ => Err(StatusWord::INCORRECT_P1_P2.into()),
        }
    }
}

fn expect(found: u16, expected: u16) -> Result<(), Refusal> {
    match found == expected {
        true => Ok(()),
        false => Err(StatusWord::INCORRECT_P1_P2.into()),
    }
}

fn required(value: Option<&[u8]>) -> Result<&[u8], StatusWord> {
    value.ok_or(StatusWord::INCORRECT_DATA)
}

/// The values of these objects, whatever their order; each at most once, none of them empty, no others.
fn fields<const N: usize>(data: &[u8], tags: [u32; N]) -> Result<[Option<&[u8]>; N], StatusWord> {
    let mut found: [Option<&[u8]>; N] = [None; N];
    for object in Objects::new(data) {
        let object = object.map_err(|_| StatusWord::INCORRECT_DATA)?;
        let slot = tags
            .iter()
            .zip(&mut found)
            .find_map(|(tag, slot)| (*tag == object.tag.0).then_some(slot))
            .ok_or(StatusWord::INCORRECT_DATA)?;
        if object.value.is_empty() || slot.replace(object.value).is_some() {
            return Err(StatusWord::INCORRECT_DATA);
        }
    }
    Ok(found)
}

/// `7C` around nothing or around one object.
fn dynamic_authentication_data(data: &[u8]) -> Result<Option<Tlv<'_>>, Refusal> {
    let outer = Tlv::read_only(data, Tag(0x7C)).map_err(|_| StatusWord::INCORRECT_DATA)?;
    let mut objects = outer.children();
    let first = objects.next().transpose();
    match (first, objects.next()) {
        (Ok(object), None) => Ok(object),
        _ => Err(StatusWord::INCORRECT_DATA.into()),
    }
}
