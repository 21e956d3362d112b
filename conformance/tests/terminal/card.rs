//! A card of its own for these tests: the least that answers a terminal, written from the protocol and not from the emulator.
//! It accepts every certificate and proof; what it can do is answer wrongly in one chosen respect.

use cie_conformance::target::{Reset, Target, TargetError, TargetKind};
use cie_crypto::dh::Group;
use cie_crypto::rsa::PrivateKey;
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_crypto::{hash, iso9796, kdf, padding, pkcs1};

use super::vectors::{self, TERMINAL_CA, array, field, session};

/// What is wrong with every protected answer; the checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmFault {
    PaddingMissing,
    PaddingTooLong,
    Indicator,
    InnerStatus,
    NoStatus,
    StatusOfOneByte,
    ChecksumOfFourBytes,
    EmptyCryptogram,
    UnalignedCryptogram,
    OddObjectForEvenInstruction,
    CounterTooHigh,
    LongLength,
}

/// What is wrong with the proof of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofFault {
    OtherKey,
    OtherChallenge,
    OtherSerialInClear,
    ShortSignature,
    NoTrailer,
}

pub(crate) struct Card {
    pub(crate) g: Vec<u8>,
    pub(crate) p: Vec<u8>,
    pub(crate) q: Vec<u8>,
    pub(crate) card_public: Vec<u8>,
    pub(crate) ca: [Vec<u8>; 4],
    pub(crate) serial: [u8; 8],
    pub(crate) combined: bool,
    pub(crate) device_key_file: Vec<u8>,
    pub(crate) sn_icc: Vec<u8>,
    pub(crate) sm_fault: Option<SmFault>,
    pub(crate) proof_fault: Option<ProofFault>,
    pub(crate) challenge_length: usize,
    key: PrivateKey,
    session: Option<Session>,
    chain: Vec<u8>,
    terminal_public: Vec<u8>,
    file: Vec<u8>,
}

struct Session {
    cipher: TripleDes,
    mac: RetailMac,
    counter: u64,
}

pub(crate) fn der_object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        n @ ..0x80 => vec![n as u8],
        n @ ..0x100 => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [tag, &length, value].concat()
}

impl Card {
    pub(crate) fn new() -> Self {
        let group = Group::rfc5114_2048_256();
        let key =
            PrivateKey::from_modulus_and_exponent(&session("ICC_N"), &session("ICC_D")).unwrap();
        let exponent = field(&TERMINAL_CA, "e");
        let exponent = [vec![0; 256 - exponent.len()], exponent].concat();
        let reference = [&[0; 4][..], &session("CAR")].concat();
        let authorization = hex::decode("A0000000003901").unwrap();
        Self {
            g: group.g().to_vec(),
            p: group.p().to_vec(),
            q: group.q().to_vec(),
            card_public: session("iccpub"),
            ca: [field(&TERMINAL_CA, "N"), exponent, reference, authorization],
            serial: array(&hex::decode("0012345678901234").unwrap()),
            combined: true,
            device_key_file: key.public().to_pkcs1_der(),
            sn_icc: hex::decode("5A0A80380012345678901234").unwrap(),
            sm_fault: None,
            proof_fault: None,
            challenge_length: 8,
            key,
            session: None,
            chain: Vec::new(),
            terminal_public: Vec::new(),
            file: Vec::new(),
        }
    }

    /// A card in the middle of a session with the recorded keys.
    pub(crate) fn in_session(counter: u64) -> Self {
        let session = Some(Session {
            cipher: TripleDes::new(&array(&session("sessENC"))),
            mac: RetailMac::new(&array(&session("sessMAC"))),
            counter,
        });
        Self {
            session,
            ..Self::new()
        }
    }

    fn get_data(&self, request: &[u8]) -> (Vec<u8>, u16) {
        let group = |objects: &[&[u8]]| {
            let inner = der_object(&[0xA3], &objects.concat());
            der_object(&[0x70], &der_object(&[0xBF, 0xA1, 0x01], &inner))
        };
        let g = der_object(&[0x97], &self.g);
        let p = der_object(&[0x98], &self.p);
        let q = der_object(&[0x99], &self.q);
        let answer = match hex::encode_upper(request).as_str() {
            "4D087006BFA10102A380" if self.combined => group(&[&g, &p, &q]),
            "4D0A7008BFA10104A3029700" => group(&[&g]),
            "4D0A7008BFA10104A3029800" => group(&[&p]),
            "4D0A7008BFA10104A3029900" => group(&[&q]),
            "4D097007BFA004037F4980" => {
                let tags: [&[u8]; 4] = [&[0x81], &[0x82], &[0x5F, 0x20], &[0x5F, 0x4C]];
                let parts: Vec<u8> = tags
                    .iter()
                    .zip(&self.ca)
                    .flat_map(|(t, v)| der_object(t, v))
                    .collect();
                let inner = der_object(&[0x7F, 0x49], &parts);
                der_object(&[0x70], &der_object(&[0xBF, 0xA0, 0x04], &inner))
            }
            "4D04A6029100" => der_object(&[0xA6], &der_object(&[0x91], &self.card_public)),
            _ => return (Vec::new(), 0x6A88),
        };
        (answer, 0x9000)
    }

    fn agree(&mut self, template: &[u8]) {
        self.terminal_public = template[10..].to_vec();
        let group = Group::rfc5114_2048_256();
        let secret = group
            .shared_secret(&session("x_icc"), &self.terminal_public)
            .unwrap();
        self.session = Some(Session {
            cipher: TripleDes::new(&kdf::derive_key(&secret, 1)),
            mac: RetailMac::new(&kdf::derive_key(&secret, 2)),
            counter: 1,
        });
    }

    fn prove(&self, random: &[u8]) -> Vec<u8> {
        let mut random = random.to_vec();
        if self.proof_fault == Some(ProofFault::OtherChallenge) {
            random[0] ^= 1;
        }
        let padding = session("prnd2");
        let digest = hash::sha256(&[
            &padding,
            &self.card_public,
            &self.serial,
            &random,
            &self.terminal_public,
            &self.g,
            &self.p,
            &self.q,
        ]);
        let mut signature = iso9796::sign_block(&self.key, &padding, &digest).unwrap();
        let mut serial = self.serial;
        match self.proof_fault {
            Some(ProofFault::OtherKey) => signature[255] ^= 1,
            Some(ProofFault::OtherSerialInClear) => serial[0] ^= 1,
            Some(ProofFault::ShortSignature) => signature.truncate(255),
            Some(ProofFault::NoTrailer) => {
                let block = [&[0x6A][..], &padding, &digest, &[0xCC]].concat();
                signature = self.key.apply(&block).unwrap();
            }
            Some(ProofFault::OtherChallenge) | None => {}
        }
        [&serial[..], &signature].concat()
    }

    /// Plain command to data and status.
    fn execute(&mut self, header: [u8; 4], data: &[u8], le: Option<u8>) -> (Vec<u8>, u16) {
        let protected = self.session.is_some();
        if header[0] & 0x10 != 0 {
            self.chain.extend_from_slice(data);
            return (Vec::new(), 0x9000);
        }
        let data = [std::mem::take(&mut self.chain), data.to_vec()].concat();
        match [header[1], header[2], header[3]] {
            [0xA4, 0x02, _] => {
                self.file = match data[..] {
                    [0x10, 0x04] => self.device_key_file.clone(),
                    [0xD0, 0x03] => self.sn_icc.clone(),
                    [0x10, 0x03] => (0..300).map(|n| n as u8).collect(),
                    _ => return (Vec::new(), 0x6A82),
                };
                (Vec::new(), 0x9000)
            }
            [0xB0, high, low] => self.read(usize::from(u16::from_be_bytes([high, low])), le),
            [0xCB, ..] => self.get_data(&data),
            [0x22, 0x41, 0xA6] if !protected => {
                self.agree(&data);
                (Vec::new(), 0x9000)
            }
            [0x84, ..] => (
                session("challenge")[..self.challenge_length].to_vec(),
                0x9000,
            ),
            [0x88, ..] if data.len() == 8 && protected => (self.prove(&data), 0x9000),
            [0x88, ..] => (pkcs1::sign_type1(&self.key, &data).unwrap(), 0x9000),
            [0x20, ..] if data != b"12345678" => (Vec::new(), 0x63C2),
            [0xA4 | 0x22 | 0x2A | 0x82 | 0x20 | 0x2C, ..] => (Vec::new(), 0x9000),
            _ => (Vec::new(), 0x6D00),
        }
    }

    fn read(&self, offset: usize, le: Option<u8>) -> (Vec<u8>, u16) {
        let rest = self.file.get(offset..).unwrap_or_default();
        match le {
            _ if rest.is_empty() => (Vec::new(), 0x6B00),
            None | Some(0) => (rest[..rest.len().min(231)].to_vec(), 0x9000),
            Some(n) if rest.len() < usize::from(n) => (rest.to_vec(), 0x6282),
            Some(n) => (rest[..usize::from(n)].to_vec(), 0x9000),
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let header: [u8; 4] = array(&command[..4]);
        if header[0] & 0x0C == 0 {
            if header[1..] != [0xCB, 0x3F, 0xFF] {
                self.session = None;
            }
            let (data, le) = match command[4..] {
                [] => (&[][..], None),
                [le] => (&[][..], Some(le)),
                [lc, ref rest @ ..] => {
                    let (data, le) = rest.split_at(usize::from(lc));
                    (data, le.first().copied())
                }
            };
            // GET DATA for the card's public value comes while keys exist already.
            let (data, sw) = self.execute(header, data, le);
            return [&data[..], &sw.to_be_bytes()].concat();
        }
        match self.unprotect(header, &command[4..]) {
            Some((data, le)) => {
                let header = [header[0] & !0x0C, header[1], header[2], header[3]];
                let (answer, sw) = self.execute(header, &data, le);
                let sealed = self.protect(header[1], &answer, sw);
                self.after_proof(header[1], &data);
                sealed
            }
            None => {
                self.session = None;
                vec![0x69, 0x88]
            }
        }
    }

    /// INTERNAL AUTHENTICATE with a challenge sets the counter for the next command.
    fn after_proof(&mut self, ins: u8, data: &[u8]) {
        if let (0x88, [.., a, b, c, d], Some(session)) = (ins, data, self.session.as_mut())
            && data.len() == 8
        {
            let counter = [&vectors::session("challenge")[4..], &[*a, *b, *c, *d]].concat();
            session.counter = u64::from_be_bytes(array(&counter));
        }
    }

    /// Data and Le of a protected command; `None` when anything is wrong with it.
    fn unprotect(&mut self, header: [u8; 4], rest: &[u8]) -> Option<(Vec<u8>, Option<u8>)> {
        let session = self.session.as_mut()?;
        session.counter += 1;
        let (&lc, rest) = rest.split_first()?;
        let body = rest.get(..usize::from(lc))?;
        let (objects, mac) = body.split_at_checked(body.len().checked_sub(10)?)?;
        let padded_header = [&header[..], &[0x80, 0, 0, 0]].concat();
        let expected =
            session
                .mac
                .mac_padded(&[&session.counter.to_be_bytes(), &padded_header, objects]);
        if mac[..2] != [0x8E, 8] || mac[2..] != expected {
            return None;
        }
        let (mut data, mut le, mut at, mut last_tag) = (Vec::new(), None, 0, 0);
        while at < objects.len() {
            let tag = objects[at];
            let (length, skip) = match objects[at + 1] {
                0x81 => (usize::from(objects[at + 2]), 3),
                n => (usize::from(n), 2),
            };
            if (skip == 3 && length < 0x80) || tag <= last_tag {
                return None;
            }
            last_tag = tag;
            let value = &objects[at + skip..at + skip + length];
            at += skip + length;
            match (tag, header[1] & 1, value) {
                (0x87, 0, [1, cryptogram @ ..]) | (0x85, 1, cryptogram) => {
                    data = cryptogram.to_vec();
                    session.cipher.decrypt_cbc(&[0; 8], &mut data).ok()?;
                    data = padding::unpad(&data).ok()?.to_vec();
                }
                (0x97, _, [value]) => le = Some(*value),
                _ => return None,
            }
        }
        Some((data, le))
    }

    fn protect(&mut self, ins: u8, data: &[u8], sw: u16) -> Vec<u8> {
        let fault = self.sm_fault;
        let Some(session) = self.session.as_mut() else {
            return sw.to_be_bytes().to_vec();
        };
        session.counter += 1;
        if fault == Some(SmFault::CounterTooHigh) {
            session.counter += 1;
        }
        let mut body = cryptogram(session, ins, data, fault);
        let status = match fault {
            Some(SmFault::InnerStatus) => vec![0x99, 2, 0x62, 0x00],
            Some(SmFault::NoStatus) => Vec::new(),
            Some(SmFault::StatusOfOneByte) => vec![0x99, 1, 0x90],
            Some(SmFault::LongLength) => [&[0x99, 0x81, 2][..], &sw.to_be_bytes()].concat(),
            _ => [&[0x99, 2][..], &sw.to_be_bytes()].concat(),
        };
        body.extend(status);
        let mac = session
            .mac
            .mac_padded(&[&session.counter.to_be_bytes(), &body]);
        match fault {
            Some(SmFault::ChecksumOfFourBytes) => body.extend(der_object(&[0x8E], &mac[..4])),
            _ => body.extend(der_object(&[0x8E], &mac)),
        }
        body.extend(sw.to_be_bytes());
        body
    }
}

fn cryptogram(session: &Session, ins: u8, data: &[u8], fault: Option<SmFault>) -> Vec<u8> {
    if data.is_empty() {
        return Vec::new();
    }
    let mut content = data.to_vec();
    match fault {
        Some(SmFault::PaddingMissing) => {
            content.resize((content.len() + 1).next_multiple_of(8), 0xFF);
        }
        Some(SmFault::PaddingTooLong) => {
            padding::pad(&mut content, 8);
            content.extend([0; 8]);
        }
        _ => padding::pad(&mut content, 8),
    }
    session.cipher.encrypt_cbc(&[0; 8], &mut content).unwrap();
    let indicator = match fault {
        Some(SmFault::Indicator) => 2,
        _ => 1,
    };
    match fault {
        Some(SmFault::EmptyCryptogram) => content.clear(),
        Some(SmFault::UnalignedCryptogram) => content.truncate(content.len() - 1),
        _ => {}
    }
    if ins & 1 == 1 || fault == Some(SmFault::OddObjectForEvenInstruction) {
        return der_object(&[0x85], &content);
    }
    der_object(&[0x87], &[&[indicator][..], &content].concat())
}

impl Target for Card {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        "the card of the terminal's tests".into()
    }

    fn reset(&mut self, _reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.session = None;
        Ok(super::ATR.to_vec())
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        *response = self.answer(command);
        Ok(())
    }
}
