//! Terminal authentication version 1 (TR-03110 part 1 §2.2, part 3 §B.14 and appendix C): a chain of card-verifiable
//! certificates from the country's authority over a document verifier to this terminal, then a proof over the chip's challenge.
//! Authority and terminal sign with RSASSA-PKCS1-v1_5 and SHA-256; the keys are published test keys.

use std::fmt;

use cie_crypto::hash::HashAlgorithm;
use cie_crypto::pkcs1;
use cie_crypto::rsa::{PrivateKey, PublicKey};
use cie_emulator::wire::CommandBuf;
use cie_emulator::wire::tlv;

use super::super::ias::published::terminal_key;
use super::super::{Terminal, TerminalError};
use super::DocumentError;
use super::commands;
use super::fault::flip_last;

/// `id-TA-RSA-v1-5-SHA-256`.
const ALGORITHM: [u8; 10] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01, 0x02];
/// `id-IS`, the authorisations of inspection systems.
const INSPECTION_SYSTEM: [u8; 9] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x01];
/// YYMMDD, a digit in each byte.
const EFFECTIVE: [u8; 6] = [1, 9, 0, 1, 0, 1];
const EXPIRES: [u8; 6] = [4, 7, 1, 2, 3, 1];
/// A day before any card of this project was made.
const LONG_AGO: [u8; 6] = [1, 9, 0, 2, 0, 1];
const VERIFIER: &[u8] = b"ITDVEMU000001";
const TERMINAL: &[u8] = b"ITISEMU000001";
/// Role bits of a document verifier with all its rights.
const VERIFIER_ROLE: u8 = 0x83;

/// The country's authority, which the card knows by name and key.
#[derive(Clone)]
pub struct Authority {
    /// Its reference, as in EF.CVCA.
    pub reference: Vec<u8>,
    /// Its key.
    pub key: PrivateKey,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", String::from_utf8_lossy(&self.reference))
    }
}

/// What is wrong with the chain or the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TerminalFault {
    /// One bit of the terminal's certificate's signature.
    CertificateSignature,
    /// The certificate's body is changed after it was signed.
    CertificateBody,
    /// The first certificate names an authority that the card does not know.
    UnknownAuthority,
    /// The certificate ends early.
    CertificateTruncated,
    /// The terminal's certificate expired before the card was made.
    CertificateExpired,
    /// One bit of the proof.
    ProofSignature,
    /// The proof covers another challenge.
    ProofChallenge,
    /// The proof covers another key of chip authentication.
    ProofKey,
    /// The proof names another chip.
    ProofIdentifier,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The reference of the key it is verified with.
    pub authority: Vec<u8>,
    /// Body and signature.
    pub certificate: Vec<u8>,
}

/// A terminal with its chain of certificates.
#[derive(Clone, Debug)]
pub struct TerminalAuthentication {
    authority: Authority,
    /// Of both the document verifier and the terminal.
    key: &'static PrivateKey,
    identifier: Vec<u8>,
    compressed_key: Vec<u8>,
}

impl TerminalAuthentication {
    /// Below this authority. `identifier` names the chip: the document number with its check digit after basic access control,
    /// the short form of the card's ephemeral key after PACE. `compressed_key` is the short form of the terminal's key of chip
    /// authentication.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when the published key is damaged.
    pub fn new(
        authority: Authority,
        identifier: Vec<u8>,
        compressed_key: Vec<u8>,
    ) -> Result<Self, DocumentError> {
        let key = terminal_key()
            .ok_or_else(|| DocumentError::Terminals("its published key is damaged".into()))?;
        Ok(Self {
            authority,
            key,
            identifier,
            compressed_key,
        })
    }

    /// The chain: of the document verifier, and of the terminal with these rights (bit 1: EF.DG3).
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when a key cannot sign.
    pub fn chain(
        &self,
        rights: u8,
        fault: Option<TerminalFault>,
    ) -> Result<[Link; 2], DocumentError> {
        let authority = &self.authority;
        let verifier = certificate(
            &authority.reference,
            self.key.public(),
            VERIFIER,
            (VERIFIER_ROLE, EXPIRES),
            &authority.key,
        )?;
        let expires = match fault {
            Some(TerminalFault::CertificateExpired) => LONG_AGO,
            _ => EXPIRES,
        };
        let own = (rights, expires);
        let mut terminal = certificate(VERIFIER, self.key.public(), TERMINAL, own, self.key)?;
        match fault {
            Some(TerminalFault::CertificateSignature) => flip_last(&mut terminal),
            Some(TerminalFault::CertificateBody) => {
                if let Some(byte) = terminal.get_mut(100) {
                    *byte ^= 1;
                }
            }
            Some(TerminalFault::CertificateTruncated) => {
                terminal.pop();
            }
            _ => {}
        }
        let first = match fault {
            Some(TerminalFault::UnknownAuthority) => b"XXCVCANOBODY01".to_vec(),
            _ => authority.reference.clone(),
        };
        let link = |authority, certificate| Link {
            authority,
            certificate,
        };
        Ok([link(first, verifier), link(VERIFIER.to_vec(), terminal)])
    }

    /// The proof over the chip's challenge.
    ///
    /// # Errors
    /// [`DocumentError::Terminals`] when the key cannot sign.
    pub fn proof(
        &self,
        challenge: &[u8],
        fault: Option<TerminalFault>,
    ) -> Result<CommandBuf, DocumentError> {
        let (mut identifier, mut challenge) = (self.identifier.clone(), challenge.to_vec());
        let mut key = self.compressed_key.clone();
        match fault {
            Some(TerminalFault::ProofChallenge) => flip_last(&mut challenge),
            Some(TerminalFault::ProofKey) => flip_last(&mut key),
            Some(TerminalFault::ProofIdentifier) => flip_last(&mut identifier),
            _ => {}
        }
        let message = [identifier, challenge, key].concat();
        let mut signature = sign(self.key, &message)?;
        if fault == Some(TerminalFault::ProofSignature) {
            flip_last(&mut signature);
        }
        Ok(commands::external_authenticate(&signature))
    }

    /// The whole protocol, inside the channel of chip authentication.
    ///
    /// # Errors
    /// [`DocumentError`] of the first step that fails.
    pub fn run(
        &self,
        terminal: &mut Terminal,
        rights: u8,
        fault: Option<TerminalFault>,
    ) -> Result<(), DocumentError> {
        for link in self.chain(rights, fault)? {
            let set = commands::set_verification(&link.authority);
            terminal.demand("MSE SET, certificate authority", &set)?;
            let verify = commands::verify_certificate(&link.certificate);
            terminal.demand("PSO VERIFY CERTIFICATE", &verify)?;
        }
        terminal.demand(
            "MSE SET, terminal's key",
            &commands::set_terminal_key(TERMINAL),
        )?;
        let reply = terminal.demand("GET CHALLENGE", &commands::get_challenge())?;
        let proof = self.proof(&reply.data, fault)?;
        let reply = terminal.transmit(&proof)?;
        if !reply.sw.is_ok() {
            let step = "EXTERNAL AUTHENTICATE, terminal authentication";
            return Err(TerminalError::Status { step, sw: reply.sw }.into());
        }
        Ok(())
    }
}

/// Body and signature of a certificate (TR-03110 part 3 §C.1).
fn certificate(
    authority: &[u8],
    key: &PublicKey,
    holder: &[u8],
    (rights, expires): (u8, [u8; 6]),
    signer: &PrivateKey,
) -> Result<Vec<u8>, DocumentError> {
    let key = [
        tlv::object(0x06, &ALGORITHM),
        tlv::object(0x81, key.modulus()),
        tlv::object(0x82, key.exponent()),
    ]
    .concat();
    let authorisation = [
        tlv::object(0x06, &INSPECTION_SYSTEM),
        tlv::object(0x53, &[rights]),
    ]
    .concat();
    let content = [
        tlv::object(0x5F29, &[0x00]),
        tlv::object(0x42, authority),
        tlv::object(0x7F49, &key),
        tlv::object(0x5F20, holder),
        tlv::object(0x7F4C, &authorisation),
        tlv::object(0x5F25, &EFFECTIVE),
        tlv::object(0x5F24, &expires),
    ]
    .concat();
    let body = tlv::object(0x7F4E, &content);
    let signature = sign(signer, &body)?;
    Ok([body, tlv::object(0x5F37, &signature)].concat())
}

fn sign(key: &PrivateKey, message: &[u8]) -> Result<Vec<u8>, DocumentError> {
    pkcs1::sign_digest(key, HashAlgorithm::Sha256, message).map_err(DocumentError::terminals)
}
