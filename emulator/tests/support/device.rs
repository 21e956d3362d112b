//! Key agreement and device authentication from the terminal's side: every message as a value that a test can spoil.

use super::published::{CERTIFICATE_SIGNER, TERMINAL_KEY, vector};
use super::{Channel, hex};
use cie_emulator::crypto::dh::Group;
use cie_emulator::crypto::hash::sha256;
use cie_emulator::crypto::iso9796;
use cie_emulator::wire::tlv::{constructed, object};

/// The terminal's serial number.
pub(crate) const SN_IFD: [u8; 8] = [0x20, 0, 0, 0, 0, 0, 0, 1];
/// The terminal's challenge to the chip.
pub(crate) const RND_IFD: [u8; 8] = [0x7A, 0x4F, 0x57, 0x9E, 0x2F, 0xF7, 0xAC, 0xE2];

/// The terminal's side of a key agreement.
#[derive(Clone)]
pub(crate) struct Agreement {
    pub(crate) exponent: Vec<u8>,
    /// Data object `91` as sent; may differ from the full length.
    pub(crate) own_public: Vec<u8>,
    pub(crate) card_public: Vec<u8>,
}

impl Agreement {
    /// With the exponent of the recorded session.
    pub(crate) fn recorded() -> Self {
        Self {
            exponent: vector("x_ifd"),
            own_public: vector("ifdpub"),
            card_public: Vec::new(),
        }
    }

    pub(crate) fn with_exponent(exponent: &[u8]) -> Self {
        Self {
            exponent: exponent.to_vec(),
            own_public: Group::rfc5114_2048_256().public_value(exponent),
            card_public: Vec::new(),
        }
    }

    /// The data field of MSE SET 41A6.
    pub(crate) fn template(&self) -> Vec<u8> {
        [&hex("80019B830181")[..], &object(0x91, &self.own_public)].concat()
    }

    /// The session, with the shared secret at its full length.
    pub(crate) fn channel(&self) -> Channel {
        let group = Group::rfc5114_2048_256();
        let secret = group.shared_secret(&self.exponent, &self.card_public);
        Channel::new(&secret.unwrap())
    }

    /// SN.IFD and the terminal's proof for a challenge of the card.
    pub(crate) fn proof(&self, challenge: &[u8]) -> Vec<u8> {
        self.proof_with(&SN_IFD, challenge, &vector("prnd"))
    }

    pub(crate) fn proof_with(&self, serial: &[u8], challenge: &[u8], padding: &[u8]) -> Vec<u8> {
        let group = Group::rfc5114_2048_256();
        let hash = sha256(&[
            padding,
            &self.own_public,
            serial,
            challenge,
            &self.card_public,
            group.g(),
            group.p(),
            group.q(),
        ]);
        let signature = iso9796::sign_block(&TERMINAL_KEY, padding, &hash).unwrap();
        [serial, &signature].concat()
    }

    /// What the chip's proof must hash to, given the padding it chose.
    pub(crate) fn chip_hash(&self, padding: &[u8], serial: &[u8], random: &[u8]) -> [u8; 32] {
        let group = Group::rfc5114_2048_256();
        sha256(&[
            padding,
            &self.card_public,
            serial,
            random,
            &self.own_public,
            group.g(),
            group.p(),
            group.q(),
        ])
    }
}

/// A terminal certificate before it is signed.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// 297 bytes: profile, authority, holder, authorisation, algorithm, modulus, exponent.
    pub(crate) content: Vec<u8>,
    /// Data object `42`.
    pub(crate) authority: Vec<u8>,
}

impl Certificate {
    pub(crate) fn published() -> Self {
        Self {
            content: vector("cert_content"),
            authority: vector("CAR"),
        }
    }

    /// Certificate holder reference.
    pub(crate) fn holder(&self) -> Vec<u8> {
        self.content[9..21].to_vec()
    }

    /// Signature with recovery over the first 222 bytes, and the rest of the content.
    pub(crate) fn signed(&self) -> (Vec<u8>, Vec<u8>) {
        let (recoverable, rest) = self.content.split_at(222);
        let hash = sha256(&[&self.content]);
        let signature = iso9796::sign_block(&CERTIFICATE_SIGNER, recoverable, &hash).unwrap();
        (signature, rest.to_vec())
    }

    /// `7F21 { 5F37 5F38 42 }`.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let (signature, rest) = if self.content == vector("cert_content") {
            (vector("sig"), self.content[222..].to_vec())
        } else {
            self.signed()
        };
        Self::assemble(&signature, &rest, &self.authority)
    }

    pub(crate) fn assemble(signature: &[u8], rest: &[u8], authority: &[u8]) -> Vec<u8> {
        constructed(
            0x7F21,
            &[
                &object(0x5F37, signature),
                &object(0x5F38, rest),
                &object(0x42, authority),
            ],
        )
    }
}
