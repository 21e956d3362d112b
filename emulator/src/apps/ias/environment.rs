//! MANAGE SECURITY ENVIRONMENT: SET (ISO/IEC 7816-4:2020 §11.5.11), in the templates and orders clients send.

use super::key_agreement::KeyAgreement;
use crate::apps::{Answer, Context, Refusal};
use crate::card::Defect;
use crate::files::FileId;
use crate::wire::StatusWord;
use crate::wire::tlv::Objects;
use cie_crypto::random::Seeded;

/// Algorithm reference: PKCS#1 v1.5 type 1, no data formatting.
const ALGORITHM_SIGN: u8 = 0x02;
/// Algorithm reference: ISO/IEC 9796-2 scheme 1 with SHA-256.
const ALGORITHM_VERIFY_CERTIFICATE: u8 = 0x41;
/// Algorithm reference: device authentication and its key agreement.
const ALGORITHM_DEVICE_AUTHENTICATION: u8 = 0x9B;
/// Key references of the CIE DF (bit 8: local).
const KEY_SIGNATURE: u8 = 0x81;
const KEY_DEVICE_AUTHENTICATION: u8 = 0x82;
const KEY_SERVICES: u8 = 0x83;
const KEY_TERMINAL_CA: u8 = 0x84;
/// Reference of the domain parameters.
const DOMAIN_PARAMETERS: u8 = 0x81;

/// What INTERNAL AUTHENTICATE will use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InternalKey {
    /// Key 81: the holder's signature, for TLS and documents.
    Signature,
    /// Key 82: proof of the chip within the device authentication.
    DeviceAuthentication,
    /// Key 83: services, without PIN.
    Services,
}

/// What has been set so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SecurityEnvironment {
    pub(super) internal: Option<InternalKey>,
    /// The terminal CA key is set for VERIFY CERTIFICATE.
    pub(super) verification: bool,
    /// The terminal's key, named by its certificate holder reference, is set for EXTERNAL AUTHENTICATE.
    pub(super) external: bool,
}

/// A control reference template, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template<'a> {
    /// `41 A4`: internal authentication.
    Internal {
        /// Algorithm reference, DO `80`.
        algorithm: u8,
        /// Private key reference, DO `84`.
        key: u8,
    },
    /// `41 A6`: key agreement.
    KeyAgreement {
        /// Algorithm reference, DO `80`.
        algorithm: u8,
        /// Domain parameters reference, DO `83`.
        parameters: u8,
        /// The terminal's public value, DO `91`, exactly as received.
        public_value: &'a [u8],
    },
    /// `81 B6`: verification of a certificate.
    Verification {
        /// Algorithm reference, DO `80`.
        algorithm: u8,
        /// Public key reference, DO `83`.
        key: u8,
    },
    /// `81 A4`: external authentication.
    External {
        /// Certificate holder reference, DO `83`, 12 bytes in the terminals known.
        holder_reference: &'a [u8],
    },
}

impl<'a> Template<'a> {
    /// Reads a template; its data objects may come in any order, each exactly once.
    ///
    /// # Errors
    /// `6A86` for other parameters, `6A80` for missing, repeated, unknown or malformed objects.
    pub fn parse(p1_p2: u16, data: &'a [u8]) -> Result<Self, Refusal> {
        match p1_p2 {
            0x41A4 => {
                let [algorithm, key] = fields(data, [0x80, 0x84])?;
                Ok(Self::Internal {
                    algorithm: byte(algorithm)?,
                    key: byte(key)?,
                })
            }
            0x41A6 => {
                let [algorithm, parameters, public_value] = fields(data, [0x80, 0x83, 0x91])?;
                Ok(Self::KeyAgreement {
                    algorithm: byte(algorithm)?,
                    parameters: byte(parameters)?,
                    public_value,
                })
            }
            0x81B6 => {
                let [algorithm, key] = fields(data, [0x80, 0x83])?;
                Ok(Self::Verification {
                    algorithm: byte(algorithm)?,
                    key: byte(key)?,
                })
            }
            0x81A4 => {
                let [holder_reference] = fields(data, [0x83])?;
                Ok(Self::External { holder_reference })
            }
            _ => Err(StatusWord::INCORRECT_P1_P2.into()),
        }
    }
}

/// The values of exactly these objects, whatever their order.
fn fields<const N: usize>(data: &[u8], tags: [u32; N]) -> Result<[&[u8]; N], Refusal> {
    let mut found: [Option<&[u8]>; N] = [None; N];
    for object in Objects::new(data) {
        let object = object.map_err(|_| StatusWord::INCORRECT_DATA)?;
        let slot = tags
            .iter()
            .zip(&mut found)
            .find_map(|(tag, slot)| (*tag == object.tag.0).then_some(slot))
            .ok_or(StatusWord::INCORRECT_DATA)?;
        if slot.replace(object.value).is_some() {
            return Err(StatusWord::INCORRECT_DATA.into());
        }
    }
    if found.iter().any(Option::is_none) {
        return Err(StatusWord::INCORRECT_DATA.into());
    }
    Ok(found.map(Option::unwrap_or_default))
}

const fn byte(value: &[u8]) -> Result<u8, StatusWord> {
    match *value {
        [byte] => Ok(byte),
        _ => Err(StatusWord::INCORRECT_DATA),
    }
}

/// Sets a template. The keys live in the CIE DF: elsewhere they do not exist.
pub(super) fn set(context: &mut Context<'_>, template: Template<'_>) -> Result<Answer, Refusal> {
    if context.selection.df.is_none()
        || context.selection.df == context.image.files.by_file_id(FileId::MASTER_FILE)
    {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into());
    }
    match template {
        Template::Internal { algorithm, key } => {
            let (key, expected) = match key {
                KEY_SIGNATURE => (InternalKey::Signature, ALGORITHM_SIGN),
                KEY_SERVICES => (InternalKey::Services, ALGORITHM_SIGN),
                KEY_DEVICE_AUTHENTICATION => (
                    InternalKey::DeviceAuthentication,
                    ALGORITHM_DEVICE_AUTHENTICATION,
                ),
                _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
            };
            expect_algorithm(algorithm, expected)?;
            context.ias.environment.internal = Some(key);
        }
        Template::KeyAgreement {
            algorithm,
            parameters,
            public_value,
        } => {
            expect_reference(parameters, DOMAIN_PARAMETERS)?;
            expect_algorithm(algorithm, ALGORITHM_DEVICE_AUTHENTICATION)?;
            if context.protected {
                // A new agreement begins in plain; inside a session it would leave two sets of keys in force.
                return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
            }
            let agreement = if context.image.flaw.is(Defect::ExponentConstant) {
                let mut constant = Seeded::new(0);
                KeyAgreement::agree(&context.image.ias, public_value, &mut constant)?
            } else {
                KeyAgreement::agree(&context.image.ias, public_value, context.random)?
            };
            let verified = context.ias.verified;
            context.ias.secure_messaging_ended();
            if context.image.flaw.is(Defect::PinFlagSurvivesReset) {
                context.ias.verified = verified;
            }
            context.ias.key_agreement = Some(Box::new(agreement));
        }
        Template::Verification { algorithm, key } => {
            expect_reference(key, KEY_TERMINAL_CA)?;
            expect_algorithm(algorithm, ALGORITHM_VERIFY_CERTIFICATE)?;
            context.ias.environment.verification = true;
        }
        Template::External { holder_reference } => {
            let known = context
                .ias
                .terminal_key
                .as_ref()
                .is_some_and(|key| key.holder_reference == holder_reference);
            if !known {
                return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into());
            }
            context.ias.environment.external = true;
        }
    }
    Ok(StatusWord::NO_ERROR.into())
}

fn expect_algorithm(found: u8, expected: u8) -> Result<(), Refusal> {
    if found == expected {
        Ok(())
    } else {
        Err(StatusWord::INCORRECT_DATA.into())
    }
}

fn expect_reference(found: u8, expected: u8) -> Result<(), Refusal> {
    if found == expected {
        Ok(())
    } else {
        Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into())
    }
}
