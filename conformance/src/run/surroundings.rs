//! What expectations refer to beyond the answer: the session's values, captures and keys.

use cie_crypto::rsa::PublicKey;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::session::{Session, Trouble};
use crate::expect::Surroundings;
use crate::scenario::model::{Application, Bytes, PublicKeySource};
use crate::target::CardState;

/// A session, as expectations see it.
pub(super) struct Around<'a> {
    pub(super) session: &'a mut Session,
    pub(super) today: &'a str,
}

impl Surroundings for Around<'_> {
    fn bytes(&mut self, value: &Bytes) -> Result<Vec<u8>, String> {
        self.session.bytes(value).map_err(|trouble| match trouble {
            Trouble::Harness(what) | Trouble::Rule(what) => what,
            Trouble::Lost(error) => error.to_string(),
        })
    }

    fn captured(&self, name: &str) -> Option<&[u8]> {
        self.session.captures.get(name).map(Vec::as_slice)
    }

    fn public_key(&mut self, source: &PublicKeySource) -> Result<PublicKey, String> {
        match source {
            PublicKeySource::File(file) => key_in(self.session.facts.file(file.0)?),
            PublicKeySource::Captured(name) => {
                let captured = self.session.captures.get(name);
                key_in(captured.ok_or_else(|| format!("nothing was captured under \"{name}\""))?)
            }
            PublicKeySource::Key(key) => self.session.facts.key(*key).cloned(),
            PublicKeySource::Trust(name) => key_in(self.session.facts.trusted(name)?),
        }
    }

    fn today(&self) -> String {
        self.today.to_owned()
    }

    fn application_of(&self, state: &CardState) -> Option<Application> {
        let selected = state.selected_application.as_deref()?;
        [Application::Ias, Application::Cie, Application::Emrtd]
            .into_iter()
            .find(|application| application.aid() == Some(selected))
    }
}

/// The RSA key in a bare RSAPublicKey or in a certificate; zero bytes behind it are padding of the file.
fn key_in(bytes: &[u8]) -> Result<PublicKey, String> {
    let object = trimmed(bytes);
    if let Ok(key) = PublicKey::from_pkcs1_der(object) {
        return Ok(key);
    }
    let certificate = Certificate::from_der(object)
        .map_err(|error| format!("there is neither an RSA key nor a certificate: {error}"))?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    let bits = info
        .subject_public_key
        .to_der()
        .map_err(|error| error.to_string())?;
    // BIT STRING: tag, length, number of unused bits, then the key.
    let (tlv, _) = cie_emulator::wire::tlv::Tlv::read(&bits).map_err(|error| error.to_string())?;
    let key = tlv
        .value
        .split_first()
        .map(|(_, key)| key)
        .unwrap_or_default();
    PublicKey::from_pkcs1_der(key)
        .map_err(|error| format!("the certificate holds no RSA key: {error}"))
}

/// The first data object of a file.
fn trimmed(bytes: &[u8]) -> &[u8] {
    cie_emulator::wire::tlv::Tlv::read(bytes).map_or(bytes, |(object, _)| object.raw)
}
