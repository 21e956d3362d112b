//! What the document proves and is opened with: passwords, PACE, the key pairs of Chip Authentication and (in profiles that
//! are no CIE) Active Authentication from the published pools of `fixtures/keys/`, the authority that certifies terminals.
//! Keys are read, never generated; a seed picks one of each pool.

use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::apps::emrtd::{
    self, ActiveAuthenticationKey, ChipAuthenticationKey, CvDate, CvPublicKey, Cvca, PaceOffer,
    RsaPadding, StaticKey,
};
use crate::crypto::dh::Group;
use crate::crypto::ec::{Curve, Point, Scalar};
use crate::crypto::hash::HashAlgorithm;
use crate::crypto::iso9796::Trailer;
use crate::crypto::rsa::PrivateKey;
use crate::crypto::suite::Suite;
use crate::persona::error::PersonaError;
use crate::persona::trust::Trust;
use crate::persona::{Date, keys};

use super::security_infos::{ec_public_key, rsa_public_key};
use super::{CVCA_REFERENCE, Can, Mrz, Protocols};

/// Domain parameter id of the 2048-bit group with a 256-bit subgroup (ICAO 9303-11 table 6).
const RFC5114_2048_256: u8 = 2;

/// PACE as the document offers it.
pub(super) fn pace_offer(protocols: Protocols) -> Result<PaceOffer, PersonaError> {
    let (domain, suite) = match protocols {
        Protocols::Cie => (RFC5114_2048_256, Suite::TripleDes),
        Protocols::Modern | Protocols::ActiveRsa | Protocols::ActiveEcdsa => {
            (Curve::BrainpoolP256r1.domain_parameter_id(), Suite::Aes128)
        }
    };
    PaceOffer::new(domain, suite).ok_or_else(|| refused("it has no such domain parameters"))
}

fn refused(reason: impl fmt::Display) -> PersonaError {
    PersonaError::Encode {
        object: "the keys of the document",
        reason: reason.to_string(),
    }
}

/// A key of Chip Authentication, and its public half as it travels: a number as long as the modulus, or an uncompressed point.
pub(super) struct Chip {
    pub(super) key: ChipAuthenticationKey,
    pub(super) public: Vec<u8>,
}

/// A key of Active Authentication, and its public half as `SubjectPublicKeyInfo`.
pub(super) struct Active {
    pub(super) key: ActiveAuthenticationKey,
    pub(super) public_key_info: Vec<u8>,
}

/// All of it together, as the application wants it.
pub(super) fn keys(
    mrz: &Mrz,
    can: Can,
    offer: PaceOffer,
    chip: ChipAuthenticationKey,
    active: Option<Active>,
    authority: Cvca,
) -> Result<emrtd::Keys, PersonaError> {
    Ok(emrtd::Keys {
        mrz: emrtd::MrzInformation::new(&mrz.information()).map_err(refused)?,
        can: emrtd::Can::new(can.as_str()).map_err(refused)?,
        pace: vec![offer],
        chip_authentication: vec![chip],
        active_authentication: active.map(|active| active.key),
        terminal_authentication: Some(authority),
    })
}

/// The synthetic authority, valid to the end of 2047, on a card that believes it is the day of its issue.
pub(super) fn authority(issued: Date, trust: &Trust) -> Result<Cvca, PersonaError> {
    let day = |date: Date| CvDate::new(date.year(), date.month(), date.day());
    let today = day(issued).ok_or_else(|| {
        refused(format!(
            "it is issued on {issued}; terminals' certificates know the years 2000 to 2099"
        ))
    })?;
    let expires = CvDate::new(2047, 12, 31).ok_or_else(|| refused("no last day"))?;
    Ok(Cvca {
        reference: CVCA_REFERENCE.as_bytes().to_vec(),
        key: CvPublicKey::Rsa {
            key: trust.cvca_public_key()?.clone(),
            padding: RsaPadding::Pkcs1,
            hash: HashAlgorithm::Sha256,
        },
        expires,
        today,
    })
}

const FILE: &str = "travel-document.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pools {
    #[serde(rename = "note")]
    _note: String,
    #[serde(rename = "how")]
    _how: String,
    chip_dh_rfc5114_2048_256: Vec<Pair>,
    chip_ec_brainpool_p256r1: Vec<Pair>,
    active_ec_p256: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    private: String,
    public: String,
}

/// How many RSA keys of Active Authentication there are, `active-NN.pem`.
const ACTIVE_RSA: u64 = 3;

fn pools() -> Result<&'static Pools, PersonaError> {
    static POOLS: OnceLock<Pools> = OnceLock::new();
    match POOLS.get() {
        Some(pools) => Ok(pools),
        None => {
            let pools = serde_json::from_str(keys::text(FILE)?).map_err(unusable)?;
            Ok(POOLS.get_or_init(|| pools))
        }
    }
}

fn unusable(reason: impl fmt::Display) -> PersonaError {
    keys::unusable(FILE, &reason.to_string())
}

/// The pair of a pool for a seed.
fn pick(pool: &[Pair], seed: u64) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), PersonaError> {
    let pair = seed
        .checked_rem(pool.len() as u64)
        .and_then(|index| usize::try_from(index).ok())
        .and_then(|index| pool.get(index))
        .ok_or_else(|| unusable("a pool is empty"))?;
    let private = hex::decode(&pair.private).map_err(unusable)?;
    let public = hex::decode(&pair.public).map_err(unusable)?;
    Ok((Zeroizing::new(private), public))
}

fn point(pool: &[Pair], curve: Curve, seed: u64) -> Result<(Scalar, Point), PersonaError> {
    let (private, public) = pick(pool, seed)?;
    let private = Scalar::new(curve, &private).map_err(unusable)?;
    Ok((private, Point::decode(curve, &public).map_err(unusable)?))
}

/// The key of Chip Authentication for a seed.
pub(super) fn chip_key(protocols: Protocols, seed: u64) -> Result<Chip, PersonaError> {
    let pools = pools()?;
    let (suite, key, public) = match protocols {
        Protocols::Cie => {
            let (exponent, public) = pick(&pools.chip_dh_rfc5114_2048_256, seed)?;
            let group = Group::rfc5114_2048_256().clone();
            (
                Suite::TripleDes,
                StaticKey::Modular { group, exponent },
                public,
            )
        }
        Protocols::Modern | Protocols::ActiveRsa | Protocols::ActiveEcdsa => {
            let pool = &pools.chip_ec_brainpool_p256r1;
            let (private, public) = point(pool, Curve::BrainpoolP256r1, seed)?;
            let key = StaticKey::Elliptic(private);
            (Suite::Aes128, key, public.encoded().to_vec())
        }
    };
    let key = ChipAuthenticationKey {
        key_id: None,
        suite,
        key,
    };
    Ok(Chip { key, public })
}

/// The key of Active Authentication for a seed; none for documents that follow the CIE. RSA with SHA-1 and the one-byte
/// trailer, because that is the only form that every reader knows.
pub(super) fn active_key(protocols: Protocols, seed: u64) -> Result<Option<Active>, PersonaError> {
    match protocols {
        Protocols::Cie | Protocols::Modern => Ok(None),
        Protocols::ActiveRsa => {
            let name = format!("active-{:02}.pem", seed % ACTIVE_RSA);
            let key = PrivateKey::from_pem(keys::text(&name)?)
                .map_err(|error| keys::unusable(&name, &error.to_string()))?;
            Ok(Some(Active {
                public_key_info: rsa_public_key(key.public())?,
                key: ActiveAuthenticationKey::Rsa {
                    key,
                    hash: HashAlgorithm::Sha1,
                    trailer: Trailer::Implicit,
                },
            }))
        }
        Protocols::ActiveEcdsa => {
            let (key, public) = point(&pools()?.active_ec_p256, Curve::P256, seed)?;
            Ok(Some(Active {
                public_key_info: ec_public_key(Curve::P256, public.encoded())?,
                key: ActiveAuthenticationKey::Ecdsa {
                    key,
                    hash: HashAlgorithm::Sha256,
                },
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_key_belongs_to_its_private_key() {
        for seed in 0..5 {
            for protocols in [Protocols::Cie, Protocols::Modern] {
                let chip = chip_key(protocols, seed).unwrap();
                assert_eq!(chip.key.key.public(), chip.public, "{seed}");
                assert_ne!(chip.public.first(), Some(&0));
            }
        }
        for seed in 0..3 {
            let (private, public) =
                point(&pools().unwrap().active_ec_p256, Curve::P256, seed).unwrap();
            assert_eq!(private.public(), public, "{seed}");
            match active_key(Protocols::ActiveRsa, seed).unwrap().unwrap().key {
                ActiveAuthenticationKey::Rsa { key, .. } => {
                    assert_eq!(key.public().bits(), 1536);
                    assert!(key.public().modulus()[0] > 0x6A);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
