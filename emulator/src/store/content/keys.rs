//! Keys as data: the primes, from which everything else follows. Loading checks that the numbers belong together.

use super::files::ReadRecord;
use super::{Bytes, ContentError};
use crate::apps::ias::{Keys, TerminalCa};
use cie_crypto::dh::Group;
use cie_crypto::rsa::{PrivateKey, PublicKey};
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysRecord {
    signature: RsaRecord,
    signature_use: ReadRecord,
    device: RsaRecord,
    services: RsaRecord,
    terminal_ca: TerminalCaRecord,
    dh: GroupRecord,
    serial_number: Bytes,
}

/// Primes and public exponent.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RsaRecord {
    p: Bytes,
    q: Bytes,
    e: Bytes,
}

/// As [`RsaRecord`], with the full-length exponent of the key that terminals' certificates are verified with.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TerminalCaRecord {
    key: RsaRecord,
    chr: Bytes,
    cha: Bytes,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupRecord {
    p: Bytes,
    g: Bytes,
    q: Bytes,
}

impl KeysRecord {
    pub(super) fn of(keys: &Keys) -> Result<Self, ContentError> {
        Ok(Self {
            signature: RsaRecord::of("ias.signature", &keys.signature)?,
            signature_use: ReadRecord::of(keys.signature_use),
            device: RsaRecord::of("ias.device", &keys.device)?,
            services: RsaRecord::of("ias.services", &keys.services)?,
            terminal_ca: TerminalCaRecord::of(&keys.terminal_ca)?,
            dh: GroupRecord::of(&keys.dh),
            serial_number: keys.serial_number.into(),
        })
    }

    pub(super) fn to_keys(&self) -> Result<Keys, ContentError> {
        Ok(Keys {
            signature: self.signature.to_key("ias.signature")?,
            signature_use: self.signature_use.condition(),
            device: self.device.to_key("ias.device")?,
            services: self.services.to_key("ias.services")?,
            terminal_ca: self.terminal_ca.to_ca()?,
            dh: self.dh.to_group("ias.dh")?,
            serial_number: self.serial_number.array("ias.serial_number")?,
        })
    }
}

impl RsaRecord {
    pub(super) fn of(at: &str, key: &PrivateKey) -> Result<Self, ContentError> {
        Self::with_exponent(at, key, key.public().exponent())
    }

    fn with_exponent(at: &str, key: &PrivateKey, exponent: &[u8]) -> Result<Self, ContentError> {
        let [p, q] = key.reveal_primes().ok_or_else(|| {
            ContentError::new(at, "only a key whose primes are known can be stored")
        })?;
        Ok(Self {
            p: (&*p).into(),
            q: (&*q).into(),
            e: exponent.into(),
        })
    }

    pub(super) fn to_key(&self, at: &str) -> Result<PrivateKey, ContentError> {
        PrivateKey::from_primes(&self.p.0, &self.q.0, &self.e.0)
            .map_err(|error| ContentError::new(at, error))
    }
}

impl TerminalCaRecord {
    fn of(ca: &TerminalCa) -> Result<Self, ContentError> {
        Ok(Self {
            key: RsaRecord::with_exponent("ias.terminal_ca", &ca.verify, ca.public.exponent())?,
            chr: ca.holder_reference.into(),
            cha: ca.holder_authorisation.into(),
        })
    }

    fn to_ca(&self) -> Result<TerminalCa, ContentError> {
        let at = "ias.terminal_ca";
        let RsaRecord { p, q, e } = &self.key;
        let refused = |error| ContentError::new(at, error);
        let verify = PrivateKey::with_exponent(&p.0, &q.0, &e.0).map_err(refused)?;
        Ok(TerminalCa {
            public: PublicKey::new(verify.public().modulus(), &e.0).map_err(refused)?,
            verify,
            holder_reference: self.chr.array(at)?,
            holder_authorisation: self.cha.array(at)?,
        })
    }
}

impl GroupRecord {
    pub(super) fn of(group: &Group) -> Self {
        Self {
            p: group.p().into(),
            g: group.g().into(),
            q: group.q().into(),
        }
    }

    pub(super) fn to_group(&self, at: &str) -> Result<Group, ContentError> {
        let usual = Group::rfc5114_2048_256();
        // The usual group is the same object in every card: its tables are made once.
        if (usual.p(), usual.g(), usual.q()) == (&*self.p.0, &*self.g.0, &*self.q.0) {
            return Ok(usual.clone());
        }
        Group::new(&self.p.0, &self.g.0, &self.q.0).map_err(|error| ContentError::new(at, error))
    }
}

impl Drop for RsaRecord {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.p.0);
        zeroize::Zeroize::zeroize(&mut self.q.0);
    }
}
