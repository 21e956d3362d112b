//! A reader of documents: plain and protected commands, BAC, PACE and Chip Authentication from the other side.

use super::cards::{CAN, Document, MRZ};
use super::channel::Channel;
use super::hex;
use cie_emulator::Card;
use cie_emulator::apps::emrtd::Domain;
use cie_emulator::crypto::ec::{Point, Scalar};
use cie_emulator::crypto::hash::sha1;
use cie_emulator::crypto::random::{RandomSource, Seeded};
use cie_emulator::crypto::suite::Suite;
use cie_emulator::crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::wire::tlv::{Tlv, object};
use cie_emulator::wire::{Command, CommandBuf};

/// A card in a reader.
pub(crate) struct Reader {
    pub(crate) card: Card,
    pub(crate) channel: Option<Channel>,
    random: Seeded,
    /// The chip's ephemeral key of the last PACE.
    pub(crate) last_card_key: Vec<u8>,
    /// The answers, where they are kept.
    pub(crate) log: Option<Vec<Vec<u8>>>,
}

/// An answer: data and status word.
pub(crate) type Answer = (Vec<u8>, u16);

pub(crate) const SELECT_LDS: &str = "00A4040C07A0000002471001";
pub(crate) const SELECT_IAS: &str = "00A4040C0DA0000000308000000009816001";
pub(crate) const SELECT_CIE: &str = "00A4040C06A00000000039";

impl Reader {
    pub(crate) fn new(card: Card) -> Self {
        Self {
            card,
            channel: None,
            random: Seeded::new(99),
            last_card_key: Vec::new(),
            log: None,
        }
    }

    /// The CIE as seen, with power.
    pub(crate) fn cie() -> Self {
        Self::new(Document::cie().card())
    }

    pub(crate) fn fork(&self) -> Self {
        Self {
            card: self.card.fork(),
            channel: self.channel.clone(),
            random: self.random.clone(),
            last_card_key: self.last_card_key.clone(),
            log: None,
        }
    }

    fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.transmit(command).to_vec();
        if let Some(log) = &mut self.log {
            log.push(answer.clone());
        }
        answer
    }

    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, command: &[u8]) -> Answer {
        let answer = self.transmit(command);
        let (data, sw) = answer.split_last_chunk::<2>().unwrap();
        (data.to_vec(), u16::from_be_bytes(*sw))
    }

    /// Sends a plain command and returns the status word.
    pub(crate) fn sw(&mut self, command: &str) -> u16 {
        self.raw(&hex(command)).1
    }

    /// Sends a plain command that succeeds.
    pub(crate) fn ok(&mut self, command: &str) -> Vec<u8> {
        let (data, sw) = self.raw(&hex(command));
        assert_eq!(sw, 0x9000, "{command}");
        data
    }

    /// Sends a command through the channel; the answer is protected.
    pub(crate) fn sm(&mut self, command: &str) -> Answer {
        let bytes = hex(command);
        self.sm_command(&Command::parse(&bytes).unwrap().into())
    }

    pub(crate) fn sm_command(&mut self, command: &CommandBuf) -> Answer {
        let protected = self.channel.as_mut().unwrap().protect(command);
        let answer = self.transmit(&protected);
        let opened = self.channel.as_mut().unwrap().open(&answer);
        opened.unwrap_or_else(|| panic!("bare status word {answer:02X?}"))
    }

    /// Sends a command through the channel; the answer is a bare status word.
    pub(crate) fn sm_bare(&mut self, command: &str) -> u16 {
        let bytes = hex(command);
        let command = CommandBuf::from(Command::parse(&bytes).unwrap());
        let protected = self.channel.as_mut().unwrap().protect(&command);
        let (data, sw) = self.raw(&protected);
        assert!(data.is_empty(), "{data:02X?}");
        sw
    }

    /// BAC with the MRZ of the sample document; the status word, and on success the channel is open.
    pub(crate) fn bac(&mut self) -> u16 {
        self.bac_with(MRZ)
    }

    pub(crate) fn bac_with(&mut self, mrz: &str) -> u16 {
        let (challenge, sw) = self.raw(&hex("0084000008"));
        if sw != 0x9000 {
            return sw;
        }
        let (command, key) = self.bac_proof(mrz, &challenge);
        let (answer, sw) = self.raw(&command);
        if sw == 0x9000 {
            self.bac_opened(mrz, &answer, &key);
        }
        sw
    }

    /// EXTERNAL AUTHENTICATE for a challenge, and K.IFD.
    pub(crate) fn bac_proof(&mut self, mrz: &str, challenge: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let seed = sha1(&[mrz.as_bytes()]);
        let mut own = [0; 24];
        self.random.fill(&mut own);
        let mut plain = [&own[..8], challenge, &own[8..]].concat();
        let (encryption, checksum) = keys(&seed[..16]);
        encryption.encrypt_cbc(&[0; 8], &mut plain).unwrap();
        let mac = checksum.mac_padded(&[&plain]);
        let command = [&hex("0082000028"), &plain, &mac[..], &[0x28]].concat();
        (command, own[8..].to_vec())
    }

    fn bac_opened(&mut self, mrz: &str, answer: &[u8], key: &[u8]) {
        let seed = sha1(&[mrz.as_bytes()]);
        let (encryption, checksum) = keys(&seed[..16]);
        let (cryptogram, mac) = answer.split_at(32);
        assert_eq!(checksum.mac_padded(&[cryptogram]), mac);
        let mut plain = cryptogram.to_vec();
        encryption.decrypt_cbc(&[0; 8], &mut plain).unwrap();
        let seed: Vec<u8> = plain[16..].iter().zip(key).map(|(a, b)| a ^ b).collect();
        let ssc = [&plain[4..8], &plain[12..16]].concat();
        let suite = Suite::TripleDes;
        self.channel = Some(Channel::new(
            suite,
            &suite.derive(&seed, 1),
            &suite.derive(&seed, 2),
            u64::from_be_bytes(ssc.try_into().unwrap()),
        ));
    }

    /// One GENERAL AUTHENTICATE in the clear: an object inside `7C`, extended where it must be.
    pub(crate) fn general_authenticate(&mut self, cla: u8, tag: u32, value: &[u8]) -> Answer {
        let inner = if tag == 0 { vec![] } else { object(tag, value) };
        let data = object(0x7C, &inner);
        let command = CommandBuf::new(cla, 0x86, 0, 0)
            .data(data)
            .le(cie_emulator::wire::Le::Maximum);
        self.raw(&command.to_bytes().unwrap())
    }

    /// PACE with the CAN; the status word of the last step, and on success the channel is open.
    pub(crate) fn pace(&mut self, domain: &Domain, suite: Suite) -> u16 {
        self.pace_with(domain, suite, CAN.as_bytes(), 2)
    }

    pub(crate) fn pace_with(
        &mut self,
        domain: &Domain,
        suite: Suite,
        secret: &[u8],
        reference: u8,
    ) -> u16 {
        let oid = oid(domain, suite);
        let data = [object(0x80, &oid), object(0x83, &[reference])].concat();
        let mse = CommandBuf::new(0, 0x22, 0xC1, 0xA4).data(data);
        let (_, sw) = self.raw(&mse.to_bytes().unwrap());
        if sw != 0x9000 {
            return sw;
        }
        let nonce = self.nonce(suite, secret);
        let (mapped, card) = self.exchange(&Base::of(domain), 0x81);
        let base = Base::of(domain).map(&nonce, &mapped.agree(&card));
        let (own, card) = self.exchange(&base, 0x83);
        let shared = own.agree(&card);
        let mac = suite.derive(shared.secret(), 2);
        let token = |key: &[u8]| {
            let tag = if matches!(domain, Domain::Modular(_)) {
                0x84
            } else {
                0x86
            };
            let data = object(0x7F49, &[object(0x06, &oid), object(tag, key)].concat());
            suite.token(&mac, &data).unwrap()
        };
        let (answer, sw) = self.general_authenticate(0x00, 0x85, &token(&card));
        if sw == 0x9000 {
            assert_eq!(answer, object(0x7C, &object(0x86, &token(&own.public))));
            self.channel = Some(Channel::of_secret(suite, shared.secret()));
            self.last_card_key = card;
        }
        sw
    }

    /// The nonce, decrypted.
    pub(crate) fn nonce(&mut self, suite: Suite, secret: &[u8]) -> Vec<u8> {
        let (answer, sw) = self.general_authenticate(0x10, 0, &[]);
        assert_eq!(sw, 0x9000);
        let mut nonce = inner(&answer, 0x80);
        suite.decrypt(&suite.derive(secret, 3), &mut nonce).unwrap();
        nonce
    }

    /// Sends a fresh public key on this base and returns the pair and the card's.
    pub(crate) fn exchange(&mut self, base: &Base, tag: u32) -> (Pair, Vec<u8>) {
        let pair = base.draw(&mut self.random);
        let (answer, sw) = self.general_authenticate(0x10, tag, &pair.public);
        assert_eq!(sw, 0x9000);
        (pair, inner(&answer, tag + 1))
    }
}

fn keys(seed: &[u8]) -> (TripleDes, RetailMac) {
    let key = |counter| -> [u8; 16] {
        Suite::TripleDes
            .derive(seed, counter)
            .as_slice()
            .try_into()
            .unwrap()
    };
    (TripleDes::new(&key(1)), RetailMac::new(&key(2)))
}

/// The one object inside `7C`.
pub(crate) fn inner(answer: &[u8], tag: u32) -> Vec<u8> {
    let outer = Tlv::read_only(answer, cie_emulator::wire::tlv::Tag(0x7C)).unwrap();
    let object = Tlv::read_only(outer.value, cie_emulator::wire::tlv::Tag(tag)).unwrap();
    object.value.to_vec()
}

pub(crate) fn oid(domain: &Domain, suite: Suite) -> Vec<u8> {
    let kind = if matches!(domain, Domain::Modular(_)) {
        1
    } else {
        2
    };
    [&hex("04007F0007020204")[..], &[kind, suite.oid_suffix()]].concat()
}

/// A base element, from the reader's side.
#[derive(Clone)]
pub(crate) enum Base {
    Modular(cie_emulator::crypto::dh::Group),
    Elliptic(Point),
}

/// The reader's key pair.
pub(crate) struct Pair {
    base: Base,
    private: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

/// What both share.
pub(crate) enum Shared {
    Modular(Vec<u8>),
    Elliptic(Point),
}

impl Base {
    pub(crate) fn of(domain: &Domain) -> Self {
        match domain {
            Domain::Modular(group) => Self::Modular(group.clone()),
            Domain::Elliptic(curve) => Self::Elliptic(Point::generator(*curve)),
        }
    }

    pub(crate) fn draw(&self, random: &mut dyn RandomSource) -> Pair {
        let private = match self {
            Self::Modular(group) => group.random_exponent(random).to_vec(),
            Self::Elliptic(point) => Scalar::random(point.curve(), random).to_bytes().to_vec(),
        };
        self.pair(private)
    }

    pub(crate) fn pair(&self, private: Vec<u8>) -> Pair {
        let public = match self {
            Self::Modular(group) => group.public_value(&private),
            Self::Elliptic(point) => {
                let scalar = Scalar::new(point.curve(), &private).unwrap();
                point.mul(&scalar).unwrap().encoded().to_vec()
            }
        };
        Pair {
            base: self.clone(),
            private,
            public,
        }
    }

    pub(crate) fn map(&self, nonce: &[u8], shared: &Shared) -> Self {
        match (self, shared) {
            (Self::Modular(group), Shared::Modular(secret)) => {
                Self::Modular(group.map_nonce(nonce, secret).unwrap())
            }
            (Self::Elliptic(_), Shared::Elliptic(point)) => {
                Self::Elliptic(Point::map_nonce(nonce, point).unwrap())
            }
            _ => panic!("two domains"),
        }
    }
}

impl Pair {
    pub(crate) fn agree(&self, card: &[u8]) -> Shared {
        match &self.base {
            Base::Modular(group) => {
                Shared::Modular(group.shared_secret(&self.private, card).unwrap().to_vec())
            }
            Base::Elliptic(point) => {
                let scalar = Scalar::new(point.curve(), &self.private).unwrap();
                let card = Point::decode(point.curve(), card).unwrap();
                Shared::Elliptic(card.mul(&scalar).unwrap())
            }
        }
    }
}

impl Shared {
    pub(crate) fn secret(&self) -> &[u8] {
        match self {
            Self::Modular(secret) => secret,
            Self::Elliptic(point) => point.x(),
        }
    }
}
