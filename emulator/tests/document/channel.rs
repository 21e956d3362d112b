//! The reader's half of secure messaging (ICAO 9303-11 §9.8), for 3DES and AES.

use cie_emulator::crypto::aes_sm::{AesCbc, AesCmac};
use cie_emulator::crypto::padding;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::wire::tlv::{Objects, object};
use cie_emulator::wire::{CommandBuf, LengthForm};

/// Keys and counter.
#[derive(Clone)]
pub(crate) struct Channel {
    suite: Suite,
    encryption: Vec<u8>,
    checksum: Vec<u8>,
    pub(crate) ssc: u64,
}

impl Channel {
    pub(crate) fn new(suite: Suite, encryption: &[u8], checksum: &[u8], ssc: u64) -> Self {
        Self {
            suite,
            encryption: encryption.to_vec(),
            checksum: checksum.to_vec(),
            ssc,
        }
    }

    /// The channel that a shared secret opens, with the counter at zero.
    pub(crate) fn of_secret(suite: Suite, secret: &[u8]) -> Self {
        Self::new(suite, &suite.derive(secret, 1), &suite.derive(secret, 2), 0)
    }

    fn counter(&self) -> Vec<u8> {
        let mut counter = vec![0; self.suite.block() - 8];
        counter.extend(self.ssc.to_be_bytes());
        counter
    }

    fn cipher(&self, data: &mut [u8], encrypt: bool) {
        if self.suite == Suite::TripleDes {
            let cipher = TripleDes::new(self.encryption.as_slice().try_into().unwrap());
            let iv = [0; 8];
            if encrypt {
                cipher.encrypt_cbc(&iv, data).unwrap();
            } else {
                cipher.decrypt_cbc(&iv, data).unwrap();
            }
            return;
        }
        let cipher = AesCbc::new(&self.encryption).unwrap();
        let iv = cipher.encrypt_block(&self.counter().try_into().unwrap());
        if encrypt {
            cipher.encrypt_cbc(&iv, data).unwrap();
        } else {
            cipher.decrypt_cbc(&iv, data).unwrap();
        }
    }

    fn mac(&self, data: &[u8]) -> [u8; 8] {
        let mut padded = data.to_vec();
        padding::pad(&mut padded, self.suite.block());
        match self.suite {
            // The retail MAC pads by itself.
            Suite::TripleDes => {
                RetailMac::new(self.checksum.as_slice().try_into().unwrap()).mac_padded(&[data])
            }
            _ => AesCmac::new(&self.checksum).unwrap().mac(&[&padded]),
        }
    }

    /// The protected form of a command.
    pub(crate) fn protect(&mut self, command: &CommandBuf) -> Vec<u8> {
        self.ssc += 1;
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            let mut body = command.data.clone();
            padding::pad(&mut body, self.suite.block());
            self.cipher(&mut body, true);
            objects.extend(if command.header.ins & 1 == 1 {
                object(0x85, &body)
            } else {
                object(0x87, &[&[1], body.as_slice()].concat())
            });
        }
        match (command.le, command.form) {
            (None, _) => {}
            (Some(le), LengthForm::Short) => {
                objects.extend([0x97, 1, le.encoded() as u8]);
            }
            (Some(le), LengthForm::Extended) => {
                objects.extend(object(0x97, &le.encoded().to_be_bytes()));
            }
        }
        self.seal(command, &objects)
    }

    /// These objects, whatever they are, and a right checksum.
    pub(crate) fn seal(&self, command: &CommandBuf, objects: &[u8]) -> Vec<u8> {
        let mut header = command.header;
        header.cla |= 0x0C;
        let mut covered = header.to_bytes().to_vec();
        padding::pad(&mut covered, self.suite.block());
        let mac = self.mac(&[self.counter(), covered, objects.to_vec()].concat());
        let body = [objects, &object(0x8E, &mac)].concat();
        let mut apdu = header.to_bytes().to_vec();
        let short = body.len() < 256 && command.form == LengthForm::Short;
        if short {
            apdu.push(body.len() as u8);
        } else {
            apdu.push(0);
            apdu.extend((body.len() as u16).to_be_bytes());
        }
        apdu.extend(body);
        apdu.extend(if short { &[0][..] } else { &[0, 0] });
        apdu
    }

    /// Opens an answer: `[87|85] 99 8E`, or `None` for a bare status word.
    pub(crate) fn open(&mut self, answer: &[u8]) -> Option<(Vec<u8>, u16)> {
        let (body, outer) = answer.split_last_chunk::<2>().unwrap();
        if body.is_empty() {
            return None;
        }
        self.ssc += 1;
        let objects: Vec<_> = Objects::new(body).map(Result::unwrap).collect();
        let (data, rest) = match objects[0].tag.0 {
            0x87 => (&objects[0].value[1..], &objects[1..]),
            0x85 => (objects[0].value, &objects[1..]),
            _ => (&[][..], &objects[..]),
        };
        assert_eq!(
            rest.iter().map(|o| o.tag.0).collect::<Vec<_>>(),
            [0x99, 0x8E]
        );
        assert_eq!(rest[0].value, outer);
        let covered = &body[..body.len() - rest[1].raw.len()];
        assert_eq!(
            rest[1].value,
            self.mac(&[&self.counter(), covered].concat()),
            "checksum under counter {}",
            self.ssc
        );
        let mut plain = data.to_vec();
        self.cipher(&mut plain, false);
        if !plain.is_empty() {
            let length = padding::unpad(&plain).unwrap().len();
            plain.truncate(length);
        }
        Some((plain, u16::from_be_bytes(*outer)))
    }
}
