//! The keys and passwords of the document application as data. Standardised groups and curves go by their id (ICAO 9303-11
//! table 6), cipher suites by the last number of their object identifiers.

use super::keys::{GroupRecord, RsaRecord};
use super::{Bytes, ContentError};
use crate::apps::emrtd::{
    ActiveAuthenticationKey, Can, ChipAuthenticationKey, CvDate, CvPublicKey, Cvca, Domain, Keys,
    MrzInformation, PaceOffer, RsaPadding, StaticKey,
};
use cie_crypto::ec::{Point, Scalar};
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::iso9796::Trailer;
use cie_crypto::rsa::PublicKey;
use cie_crypto::suite::Suite;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmrtdRecord {
    mrz: String,
    can: String,
    pace: Vec<PaceRecord>,
    chip_authentication: Vec<ChipAuthenticationRecord>,
    active_authentication: Option<ActiveAuthenticationRecord>,
    terminal_authentication: Option<CvcaRecord>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum DomainRecord {
    Standardised(u8),
    Group(GroupRecord),
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PaceRecord {
    domain: DomainRecord,
    suite: u8,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ChipAuthenticationRecord {
    key_id: Option<Bytes>,
    suite: u8,
    domain: DomainRecord,
    private: Bytes,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ActiveAuthenticationRecord {
    Rsa {
        key: RsaRecord,
        hash: HashRecord,
        /// The hash's identifier before `CC`; nothing: the trailer is `BC`.
        trailer: Option<u8>,
    },
    Ecdsa {
        curve: u8,
        private: Bytes,
        hash: HashRecord,
    },
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CvcaRecord {
    reference: Bytes,
    key: CvKeyRecord,
    expires: Bytes,
    today: Bytes,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CvKeyRecord {
    Rsa {
        modulus: Bytes,
        exponent: Bytes,
        pss: bool,
        hash: HashRecord,
    },
    Ecdsa {
        curve: u8,
        point: Bytes,
        hash: HashRecord,
    },
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum HashRecord {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl EmrtdRecord {
    pub(super) fn of(keys: &Keys) -> Result<Self, ContentError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            mrz: text(keys.mrz.reveal()),
            can: text(keys.can.secret()),
            pace: keys.pace.iter().map(PaceRecord::of).collect(),
            chip_authentication: keys
                .chip_authentication
                .iter()
                .map(ChipAuthenticationRecord::of)
                .collect(),
            active_authentication: keys
                .active_authentication
                .as_ref()
                .map(ActiveAuthenticationRecord::of)
                .transpose()?,
            terminal_authentication: keys.terminal_authentication.as_ref().map(CvcaRecord::of),
        })
    }

    pub(super) fn to_keys(&self) -> Result<Keys, ContentError> {
        let at = |error| ContentError::new("emrtd", error);
        Ok(Keys {
            mrz: MrzInformation::new(&self.mrz).map_err(at)?,
            can: Can::new(&self.can).map_err(at)?,
            pace: self
                .pace
                .iter()
                .map(PaceRecord::to_offer)
                .collect::<Result<_, _>>()?,
            chip_authentication: self
                .chip_authentication
                .iter()
                .map(ChipAuthenticationRecord::to_key)
                .collect::<Result<_, _>>()?,
            active_authentication: self
                .active_authentication
                .as_ref()
                .map(ActiveAuthenticationRecord::to_key)
                .transpose()?,
            terminal_authentication: self
                .terminal_authentication
                .as_ref()
                .map(CvcaRecord::to_cvca)
                .transpose()?,
        })
    }
}

impl Drop for EmrtdRecord {
    fn drop(&mut self) {
        self.mrz.zeroize();
        self.can.zeroize();
    }
}

impl DomainRecord {
    fn of(domain: &Domain) -> Self {
        match (domain.id(), domain) {
            (Some(id), _) => Self::Standardised(id),
            (None, Domain::Modular(group)) => Self::Group(GroupRecord::of(group)),
            // Every curve has an id.
            (None, Domain::Elliptic(curve)) => Self::Standardised(curve.domain_parameter_id()),
        }
    }

    fn to_domain(&self) -> Result<Domain, ContentError> {
        match self {
            Self::Group(group) => Ok(Domain::Modular(group.to_group("emrtd")?)),
            Self::Standardised(id) => Domain::from_id(*id).ok_or_else(|| {
                ContentError::new(
                    "emrtd",
                    format!("there are no domain parameters with id {id}"),
                )
            }),
        }
    }
}

impl PaceRecord {
    fn of(offer: &PaceOffer) -> Self {
        Self {
            domain: DomainRecord::of(&offer.domain),
            suite: offer.suite.oid_suffix(),
        }
    }

    fn to_offer(&self) -> Result<PaceOffer, ContentError> {
        Ok(PaceOffer {
            domain: self.domain.to_domain()?,
            suite: suite(self.suite)?,
        })
    }
}

impl ChipAuthenticationRecord {
    fn of(key: &ChipAuthenticationKey) -> Self {
        let (domain, private) = match &key.key {
            StaticKey::Modular { group, exponent } => {
                (Domain::Modular(group.clone()), exponent.clone())
            }
            StaticKey::Elliptic(scalar) => (Domain::Elliptic(scalar.curve()), scalar.to_bytes()),
        };
        Self {
            key_id: key.key_id.as_ref().map(Bytes::from),
            suite: key.suite.oid_suffix(),
            domain: DomainRecord::of(&domain),
            private: (&*private).into(),
        }
    }

    fn to_key(&self) -> Result<ChipAuthenticationKey, ContentError> {
        Ok(ChipAuthenticationKey {
            key_id: self.key_id.as_ref().map(|id| id.0.clone()),
            suite: suite(self.suite)?,
            key: match self.domain.to_domain()? {
                Domain::Modular(group) => StaticKey::Modular {
                    group,
                    exponent: Zeroizing::new(self.private.0.clone()),
                },
                Domain::Elliptic(curve) => {
                    let at = |error| ContentError::new("emrtd.chip_authentication", error);
                    StaticKey::Elliptic(Scalar::new(curve, &self.private.0).map_err(at)?)
                }
            },
        })
    }
}

impl Drop for ChipAuthenticationRecord {
    fn drop(&mut self) {
        self.private.0.zeroize();
    }
}

const ACTIVE: &str = "emrtd.active_authentication";

impl ActiveAuthenticationRecord {
    fn of(key: &ActiveAuthenticationKey) -> Result<Self, ContentError> {
        Ok(match key {
            ActiveAuthenticationKey::Rsa { key, hash, trailer } => Self::Rsa {
                key: RsaRecord::of(ACTIVE, key)?,
                hash: HashRecord::of(*hash),
                trailer: match trailer {
                    Trailer::Implicit => None,
                    Trailer::Explicit(identifier) => Some(*identifier),
                },
            },
            ActiveAuthenticationKey::Ecdsa { key, hash } => Self::Ecdsa {
                curve: key.curve().domain_parameter_id(),
                private: (&*key.to_bytes()).into(),
                hash: HashRecord::of(*hash),
            },
        })
    }

    fn to_key(&self) -> Result<ActiveAuthenticationKey, ContentError> {
        Ok(match self {
            Self::Rsa { key, hash, trailer } => ActiveAuthenticationKey::Rsa {
                key: key.to_key(ACTIVE)?,
                hash: hash.algorithm(),
                trailer: trailer.map_or(Trailer::Implicit, Trailer::Explicit),
            },
            Self::Ecdsa {
                curve,
                private,
                hash,
            } => ActiveAuthenticationKey::Ecdsa {
                key: Scalar::new(elliptic(*curve)?, &private.0)
                    .map_err(|error| ContentError::new(ACTIVE, error))?,
                hash: hash.algorithm(),
            },
        })
    }
}

const TERMINAL: &str = "emrtd.terminal_authentication";

impl CvcaRecord {
    fn of(cvca: &Cvca) -> Self {
        Self {
            reference: (&cvca.reference).into(),
            key: CvKeyRecord::of(&cvca.key),
            expires: cvca.expires.to_bytes().into(),
            today: cvca.today.to_bytes().into(),
        }
    }

    fn to_cvca(&self) -> Result<Cvca, ContentError> {
        let date = |bytes: &Bytes| {
            CvDate::from_bytes(&bytes.0).ok_or_else(|| {
                ContentError::new(
                    TERMINAL,
                    "a date is six bytes, one for each digit of YYMMDD",
                )
            })
        };
        Ok(Cvca {
            reference: self.reference.0.clone(),
            key: self.key.to_key()?,
            expires: date(&self.expires)?,
            today: date(&self.today)?,
        })
    }
}

impl CvKeyRecord {
    fn of(key: &CvPublicKey) -> Self {
        match key {
            CvPublicKey::Rsa { key, padding, hash } => Self::Rsa {
                modulus: key.modulus().into(),
                exponent: key.exponent().into(),
                pss: *padding == RsaPadding::Pss,
                hash: HashRecord::of(*hash),
            },
            CvPublicKey::Ecdsa { key, hash } => Self::Ecdsa {
                curve: key.curve().domain_parameter_id(),
                point: key.encoded().into(),
                hash: HashRecord::of(*hash),
            },
        }
    }

    fn to_key(&self) -> Result<CvPublicKey, ContentError> {
        Ok(match self {
            Self::Rsa {
                modulus,
                exponent,
                pss,
                hash,
            } => CvPublicKey::Rsa {
                key: PublicKey::new(&modulus.0, &exponent.0)
                    .map_err(|error| ContentError::new(TERMINAL, error))?,
                padding: if *pss {
                    RsaPadding::Pss
                } else {
                    RsaPadding::Pkcs1
                },
                hash: hash.algorithm(),
            },
            Self::Ecdsa { curve, point, hash } => CvPublicKey::Ecdsa {
                key: Point::decode(elliptic(*curve)?, &point.0)
                    .map_err(|error| ContentError::new(TERMINAL, error))?,
                hash: hash.algorithm(),
            },
        })
    }
}

impl HashRecord {
    const fn of(hash: HashAlgorithm) -> Self {
        match hash {
            HashAlgorithm::Sha1 => Self::Sha1,
            HashAlgorithm::Sha224 => Self::Sha224,
            HashAlgorithm::Sha256 => Self::Sha256,
            HashAlgorithm::Sha384 => Self::Sha384,
            HashAlgorithm::Sha512 => Self::Sha512,
        }
    }

    const fn algorithm(self) -> HashAlgorithm {
        match self {
            Self::Sha1 => HashAlgorithm::Sha1,
            Self::Sha224 => HashAlgorithm::Sha224,
            Self::Sha256 => HashAlgorithm::Sha256,
            Self::Sha384 => HashAlgorithm::Sha384,
            Self::Sha512 => HashAlgorithm::Sha512,
        }
    }
}

fn suite(suffix: u8) -> Result<Suite, ContentError> {
    Suite::from_oid_suffix(suffix)
        .ok_or_else(|| ContentError::new("emrtd", format!("there is no cipher suite {suffix}")))
}

fn elliptic(id: u8) -> Result<cie_crypto::ec::Curve, ContentError> {
    cie_crypto::ec::Curve::from_domain_parameter_id(id)
        .ok_or_else(|| ContentError::new("emrtd", format!("there is no curve with id {id}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::pkcs1(RsaPadding::Pkcs1, false)]
    #[case::pss(RsaPadding::Pss, true)]
    fn the_padding_of_a_terminal_authority_is_kept(#[case] padding: RsaPadding, #[case] pss: bool) {
        let mut modulus = vec![0xC5; 256];
        modulus[0] = 0xD5;
        let key = CvPublicKey::Rsa {
            key: PublicKey::new(&modulus, &[1, 0, 1]).unwrap(),
            padding,
            hash: HashAlgorithm::Sha256,
        };
        let record = CvKeyRecord::of(&key);
        let written = serde_json::to_value(&record).unwrap();
        assert_eq!(written["rsa"]["pss"], pss);
        let CvPublicKey::Rsa { padding: read, .. } = record.to_key().unwrap() else {
            panic!("another kind of key");
        };
        assert_eq!(read == RsaPadding::Pss, pss);
    }
}
