//! The terminal's half of secure messaging (ISO/IEC 7816-4:2020 §10): two-key 3DES, retail MAC, counter incremented before
//! every use.

use super::terminal::Reply;
use cie_emulator::crypto::kdf::derive_key;
use cie_emulator::crypto::padding;
use cie_emulator::crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::wire::tlv::{Objects, object};
use cie_emulator::wire::{CommandBuf, LengthForm};

/// Session keys and send sequence counter.
#[derive(Clone)]
pub(crate) struct Channel {
    encryption: TripleDes,
    checksum: RetailMac,
    pub(crate) ssc: u64,
}

impl Channel {
    /// The session a shared secret opens.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self {
            encryption: TripleDes::new(&derive_key(secret, 1)),
            checksum: RetailMac::new(&derive_key(secret, 2)),
            ssc: 1,
        }
    }

    /// A command as a client protects it.
    pub(crate) fn protect(&mut self, command: &CommandBuf) -> Vec<u8> {
        let objects = self.objects(command);
        let header = command.header;
        self.seal(
            [header.cla | 0x0C, header.ins, header.p1, header.p2],
            &objects,
        )
    }

    /// The objects `87`/`85` and `97` of a command.
    pub(crate) fn objects(&self, command: &CommandBuf) -> Vec<u8> {
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            objects.extend(self.data_object(&command.data, command.header.ins & 1 == 1));
        }
        match (command.le, command.form) {
            (None, _) => {}
            (Some(le), LengthForm::Short) => {
                objects.extend([0x97, 1, u8::try_from(le.encoded()).unwrap()]);
            }
            (Some(le), LengthForm::Extended) => {
                objects.extend(object(0x97, &le.encoded().to_be_bytes()));
            }
        }
        objects
    }

    /// `87 .. 01 cryptogram`, or `85 .. cryptogram`.
    pub(crate) fn data_object(&self, data: &[u8], odd_ins: bool) -> Vec<u8> {
        let mut padded = data.to_vec();
        padding::pad(&mut padded, 8);
        self.encrypted_object(&padded, odd_ins)
    }

    /// The same around a plaintext that is padded already, rightly or wrongly.
    pub(crate) fn encrypted_object(&self, padded: &[u8], odd_ins: bool) -> Vec<u8> {
        let mut cryptogram = padded.to_vec();
        self.encryption
            .encrypt_cbc(&[0; 8], &mut cryptogram)
            .unwrap();
        if odd_ins {
            object(0x85, &cryptogram)
        } else {
            object(0x87, &[&[1], cryptogram.as_slice()].concat())
        }
    }

    /// Header, these objects, whatever they are, and a right checksum over them under the next counter.
    pub(crate) fn seal(&mut self, header: [u8; 4], objects: &[u8]) -> Vec<u8> {
        self.ssc = self.ssc.wrapping_add(1);
        let checksum = object(0x8E, &self.checksum_of(header, objects));
        Self::frame(header, &[objects, &checksum].concat())
    }

    /// The checksum under the counter as it stands.
    pub(crate) fn checksum_of(&self, header: [u8; 4], objects: &[u8]) -> [u8; 8] {
        self.checksum
            .mac_padded(&[&self.ssc.to_be_bytes(), &header, &[0x80, 0, 0, 0], objects])
    }

    /// A command APDU around a finished data field, Le `00` (or `0000`).
    pub(crate) fn frame(header: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut apdu = header.to_vec();
        match u8::try_from(body.len()) {
            Ok(lc) => {
                apdu.push(lc);
                apdu.extend(body);
                apdu.push(0);
            }
            Err(_) => {
                apdu.push(0);
                apdu.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
                apdu.extend(body);
                apdu.extend([0, 0]);
            }
        }
        apdu
    }

    /// Opens a response, strictly: `[87|85] 99 8E` and nothing else, right checksum, the same status word inside and out.
    pub(crate) fn open(&mut self, answer: &[u8], odd_ins: bool) -> Result<Reply, String> {
        self.ssc = self.ssc.wrapping_add(1);
        let (body, outer) = answer.split_last_chunk::<2>().ok_or("mute")?;
        let mut objects = Objects::new(body)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?
            .into_iter()
            .peekable();
        let data_tag = if odd_ins { 0x85 } else { 0x87 };
        let data = match objects.next_if(|object| object.tag.0 == data_tag) {
            Some(object) => self.decrypt(object.value, odd_ins)?,
            None => Vec::new(),
        };
        let inner = objects.next().filter(|object| object.tag.0 == 0x99);
        let inner = inner.ok_or("no status object where it belongs")?;
        if inner.value != outer {
            return Err(format!("{} inside, {outer:02X?} outside", inner.tag));
        }
        let checksum = objects.next().filter(|object| object.tag.0 == 0x8E);
        let checksum = checksum.ok_or("no checksum where it belongs")?;
        if objects.next().is_some() {
            return Err("something follows the checksum".to_owned());
        }
        let covered = &body[..body.len() - checksum.raw.len()];
        let expected = self
            .checksum
            .mac_padded(&[&self.ssc.to_be_bytes(), covered]);
        if checksum.value != expected {
            return Err(format!("wrong checksum under counter {:016X}", self.ssc));
        }
        let sw = u16::from_be_bytes(*outer);
        Ok(Reply { data, sw })
    }

    fn decrypt(&self, value: &[u8], odd_ins: bool) -> Result<Vec<u8>, String> {
        let cryptogram = match (odd_ins, value) {
            (true, cryptogram) | (false, [0x01, cryptogram @ ..]) => cryptogram,
            _ => return Err("no padding indicator 01".to_owned()),
        };
        let mut plain = cryptogram.to_vec();
        self.encryption
            .decrypt_cbc(&[0; 8], &mut plain)
            .map_err(|error| error.to_string())?;
        let length = padding::unpad(&plain)
            .map_err(|error| error.to_string())?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}
