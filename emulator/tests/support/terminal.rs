//! A terminal with a card in it.

use super::commands::*;
use super::{Agreement, Certificate, Channel, RND_IFD};
use cie_emulator::Card;
use cie_emulator::card::{CardState, Reset};
use cie_emulator::wire::CommandBuf;

/// Data of one chained link under secure messaging, in bytes.
const LINK: usize = 231;
/// Data of one chained plain link, in bytes.
const PLAIN_LINK: usize = 255;

/// An answer, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) data: Vec<u8>,
    pub(crate) sw: u16,
}

impl Reply {
    /// The data of a `9000`.
    #[track_caller]
    pub(crate) fn ok(self) -> Vec<u8> {
        assert_eq!(self.sw, 0x9000, "{:04X}", self.sw);
        self.data
    }
}

/// Card, session, and what was agreed.
pub(crate) struct Terminal {
    pub(crate) card: Card,
    /// Kept after the card forgot it, so that tests can knock at a closed door.
    pub(crate) channel: Option<Channel>,
    pub(crate) agreement: Agreement,
}

impl Terminal {
    pub(crate) fn new(mut card: Card) -> Self {
        card.power_on();
        Self {
            card,
            channel: None,
            agreement: Agreement::recorded(),
        }
    }

    pub(crate) fn fork(&self) -> Self {
        Self {
            card: self.card.fork(),
            channel: self.channel.clone(),
            agreement: self.agreement.clone(),
        }
    }

    pub(crate) fn state(&self) -> CardState {
        self.card.state()
    }

    pub(crate) fn reset(&mut self) {
        self.card.reset(Reset::Warm);
    }

    /// Bytes in, bytes out.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.card.transmit(bytes).to_vec()
    }

    /// Bytes in, an unprotected answer out.
    #[track_caller]
    pub(crate) fn raw_plain(&mut self, bytes: &[u8]) -> Reply {
        let answer = self.raw(bytes);
        let (data, sw) = answer.split_last_chunk::<2>().expect("the card is mute");
        Reply {
            data: data.to_vec(),
            sw: u16::from_be_bytes(*sw),
        }
    }

    /// Sends one command in plain.
    #[track_caller]
    pub(crate) fn plain(&mut self, command: &CommandBuf) -> Reply {
        self.raw_plain(&command.to_bytes().unwrap())
    }

    /// Sends one command protected and opens the answer, which must be protected.
    #[track_caller]
    pub(crate) fn sm(&mut self, command: &CommandBuf) -> Reply {
        match self.try_sm(command) {
            Ok(reply) => reply,
            Err(answer) => panic!("refused in plain: {answer:04X}"),
        }
    }

    /// The same; a plain answer of two bytes is the error.
    #[track_caller]
    pub(crate) fn try_sm(&mut self, command: &CommandBuf) -> Result<Reply, u16> {
        let bytes = self.channel.as_mut().unwrap().protect(command);
        self.send_protected(&bytes, command.header.ins & 1 == 1)
    }

    /// Sends bytes that are protected already.
    #[track_caller]
    pub(crate) fn send_protected(&mut self, bytes: &[u8], odd_ins: bool) -> Result<Reply, u16> {
        let answer = self.card.transmit(bytes);
        if let [a, b] = *answer {
            return Err(u16::from_be_bytes([a, b]));
        }
        match self.channel.as_mut().unwrap().open(answer, odd_ins) {
            Ok(reply) => Ok(reply),
            Err(reason) => panic!("{reason}: {answer:02X?}"),
        }
    }

    /// A command in links, as clients cut it: above 231 bytes protected, above 255 plain. Every link but the last must
    /// answer `9000` and nothing else.
    #[track_caller]
    pub(crate) fn chained(&mut self, command: &CommandBuf, protected: bool) -> Reply {
        let size = if protected { LINK } else { PLAIN_LINK };
        let mut parts: Vec<&[u8]> = command.data.chunks(size).collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let link = self.link(command, 0x10, part, protected);
            assert_eq!((link.sw, link.data.len()), (0x9000, 0), "a link");
        }
        self.link(command, 0x00, last, protected)
    }

    /// One link of a chain.
    #[track_caller]
    pub(crate) fn link(&mut self, whole: &CommandBuf, cla: u8, part: &[u8], sm: bool) -> Reply {
        let mut link = whole.clone();
        link.header.cla = cla;
        link.data = part.to_vec();
        if cla != 0 {
            link.le = None;
        }
        if sm {
            self.sm(&link)
        } else {
            self.plain(&link)
        }
    }

    pub(crate) fn select_cie(&mut self) {
        self.plain(&select_application(CIE)).ok();
    }

    /// Agrees on keys in plain and opens the channel; a DF with keys must be selected.
    pub(crate) fn agree(&mut self) {
        let template = set_template(0x41A6, &self.agreement.template());
        self.chained(&template, false).ok();
        let answer = self.plain(&get_data(CARD_PUBLIC)).ok();
        assert_eq!(answer.len(), 264);
        self.agreement.card_public = answer[8..].to_vec();
        self.channel = Some(self.agreement.channel());
    }

    /// The terminal proves itself to the card, up to EXTERNAL AUTHENTICATE.
    pub(crate) fn prove_terminal(&mut self) -> Vec<u8> {
        let certificate = Certificate::published();
        self.sm(&set_certificate_key()).ok();
        self.chained(&verify_certificate(&certificate.encoded()), true)
            .ok();
        self.sm(&set_terminal_key(&certificate.holder())).ok();
        let challenge = self.sm(&get_challenge()).ok();
        let proof = self.agreement.proof(&challenge);
        self.chained(&external_authenticate(&proof), true).ok();
        challenge
    }

    /// The chip proves itself to the terminal, and the counter jumps.
    pub(crate) fn prove_chip(&mut self, challenge: &[u8]) -> Vec<u8> {
        self.sm(&set_device_key()).ok();
        let proof = self.sm(&internal_authenticate(&RND_IFD)).ok();
        let counter = [&challenge[4..], &RND_IFD[4..]].concat();
        self.channel.as_mut().unwrap().ssc = u64::from_be_bytes(counter.try_into().unwrap());
        proof
    }

    /// Everything from a fresh selection to the counter's jump.
    pub(crate) fn authenticate(&mut self) {
        self.select_cie();
        self.agree();
        let challenge = self.prove_terminal();
        self.prove_chip(&challenge);
    }

    #[track_caller]
    pub(crate) fn verify(&mut self, reference: u8, value: &[u8]) -> u16 {
        self.sm(&verify(reference, value)).sw
    }
}
