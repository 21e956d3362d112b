//! Readers of the services number: programs for turnstiles, counters and back ends that need neither PIN nor channel.

use cie_conformance::target::Target;
use cie_crypto::pkcs1;
use cie_crypto::rsa::PublicKey;

use crate::Stop;
use crate::agreement::{Parser, public_key};
use crate::loops::{ReadLoop, read_plain};
use crate::reader::{Answer, Body, Manners, MoreData, Reader};

const IAS: &str = "00A4040C0DA0000000308000000009816001";
const CIE: &str = "00A4040C06A00000000039";
const SERVICES_KEY: &str = "002241A406800102840183";

/// What a services program ends up with.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) number: Vec<u8>,
    pub(crate) key_file: Vec<u8>,
    pub(crate) security_object: Vec<u8>,
    pub(crate) challenge: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Evidence {
    pub(crate) fn key(&self) -> Result<PublicKey, Stop> {
        public_key(&self.key_file, Parser::Positional)
    }

    /// The padding is taken off, what remains is the challenge.
    pub(crate) fn check_unpadded(&self) -> Result<(), Stop> {
        match pkcs1::recover_type1(&self.key()?, &self.signature) {
            Ok(message) if message == self.challenge => Ok(()),
            _ => Err(Stop::Mismatch("the services signature")),
        }
    }

    /// Only the end of the opened block is compared.
    pub(crate) fn check_tail(&self) -> Result<(), Stop> {
        match self.key()?.apply(&self.signature) {
            Ok(block) if block.ends_with(&self.challenge) => Ok(()),
            _ => Err(Stop::Mismatch("the services signature")),
        }
    }

    /// The challenge is looked for behind filling bytes and one zero.
    pub(crate) fn check_pattern(&self) -> Result<(), Stop> {
        let block = self
            .key()?
            .apply(&self.signature)
            .map_err(|_| Stop::Mismatch("the signature"))?;
        let wanted = [&[0xFF, 0xFF, 0x00], &self.challenge[..]].concat();
        match block.windows(wanted.len()).any(|window| window == wanted) {
            true => Ok(()),
            false => Err(Stop::Mismatch("the services signature")),
        }
    }
}

/// A program of this kind.
pub(crate) struct Services {
    pub(crate) reader: Reader,
}

impl Services {
    /// None of them fetches anything behind 61xx; some repeat after 6Cxx.
    pub(crate) fn connect(target: Box<dyn Target>, repeats: bool) -> Result<Self, Stop> {
        let manners = Manners {
            more_data: MoreData::Refused,
            body: Body::WhenOuterStatusAllows,
            repeats,
            empty_has_le: false,
            demands: true,
        };
        let mut reader = Reader::new(target, manners);
        reader.connect()?;
        Ok(Self { reader })
    }

    fn select(&mut self) -> Result<(), Stop> {
        self.reader.plain_hex(IAS)?;
        self.reader.plain_hex(CIE).map(|_| ())
    }

    /// INTERNAL AUTHENTICATE with key 83 over this many random bytes; the answer as it comes.
    fn challenged(&mut self, length: usize, le: bool) -> Result<(Vec<u8>, Answer), Stop> {
        let challenge = self.reader.draw(length);
        self.reader.plain_hex(SERVICES_KEY)?;
        let mut command = [&[0x00, 0x88, 0x00, 0x00, length as u8][..], &challenge].concat();
        if le {
            command.push(0x00);
        }
        let answer = self.reader.plain(&command)?;
        Ok((challenge, answer))
    }

    /// The shortest of all: one read by short identifier.
    pub(crate) fn short_id_number(&mut self) -> Result<Vec<u8>, Stop> {
        self.select()?;
        Ok(self.reader.plain_hex("00B081000C")?.data)
    }

    /// Reads 128 bytes at a time, selects with P2 = 0C, has room for 258 bytes of an answer.
    pub(crate) fn desktop(&mut self) -> Result<Evidence, Stop> {
        self.select()?;
        let number = self.exact_file("1001")?;
        let key_file = self.exact_file("1005")?;
        let (challenge, answer) = self.challenged(32, true)?;
        if answer.sw != 0x9000 {
            return Err(Stop::Status(answer.sw));
        }
        if answer.data.len() > 256 {
            return Err(Stop::Crash("the buffer has 258 bytes"));
        }
        self.select()?;
        let security_object = self.exact_file("1006")?;
        Ok(Evidence {
            number,
            key_file,
            security_object,
            challenge,
            signature: answer.data,
        })
    }

    fn exact_file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        self.reader.plain_hex(&format!("00A4020C02{id}"))?;
        ReadLoop::Exact(0x80).run(|offset, le| {
            let [high, low] = offset.to_be_bytes();
            self.reader.plain(&[0x00, 0xB0, high, low, le])
        })
    }

    /// Reads with Le 00 and drops what comes with 6282; no Le with the challenge.
    pub(crate) fn all_reads(&mut self) -> Result<Evidence, Stop> {
        let reads = ReadLoop::AllDropping;
        self.select()?;
        let number = read_plain(&mut self.reader, "1001", reads)?;
        let key_file = read_plain(&mut self.reader, "1005", reads)?;
        let (challenge, answer) = self.challenged(16, false)?;
        if answer.sw != 0x9000 {
            return Err(Stop::Status(answer.sw));
        }
        self.select()?;
        let security_object = read_plain(&mut self.reader, "1006", reads)?;
        Ok(Evidence {
            number,
            key_file,
            security_object,
            challenge,
            signature: answer.data,
        })
    }

    /// A small device: READ BINARY with odd instruction and short identifier, never beyond the end, pages of 228 bytes.
    pub(crate) fn small_device(&mut self) -> Result<Evidence, Stop> {
        self.reader.plain_hex(IAS)?;
        self.reader.plain_hex("00A4000C023F00")?;
        let sn_icc = self.odd_file(0x1C)?;
        if sn_icc.len() != 12 {
            return Err(Stop::Mismatch("EF.SN.ICC"));
        }
        self.reader.plain_hex(IAS)?;
        self.reader.plain_hex(CIE)?;
        let number = self.odd_read(1, 0, 12)?;
        let key_file = self.odd_file(5)?;
        let security_object = self.odd_file(6)?;
        let (challenge, answer) = self.challenged(8, true)?;
        let signature = answer.data;
        Ok(Evidence {
            number,
            key_file,
            security_object,
            challenge,
            signature,
        })
    }

    /// A whole file: its length stands in the first bytes, which are one data object.
    fn odd_file(&mut self, short: u8) -> Result<Vec<u8>, Stop> {
        let head = self.odd_read(short, 0, 6)?;
        let size = match head[1] {
            0x81 => 3 + usize::from(head[2]),
            0x82 => 4 + usize::from(u16::from_be_bytes([head[2], head[3]])),
            length => 2 + usize::from(length),
        };
        let mut content = Vec::new();
        while content.len() < size {
            let length = (size - content.len()).min(228);
            content.extend(self.odd_read(short, content.len(), length)?);
        }
        Ok(content)
    }

    /// EF.ATR has no length: its end is the status indicator, looked for in steps of four bytes from offset 33.
    pub(crate) fn scan_ef_atr(&mut self) -> Result<Vec<u8>, Stop> {
        self.reader.plain_hex(IAS)?;
        self.reader.plain_hex("00A4000C023F00")?;
        let mut content = self.odd_read(0x1D, 0, 33)?;
        while content.len() < 110 {
            content.extend(self.odd_read(0x1D, content.len(), 4)?);
            let end = content
                .windows(4)
                .position(|window| window == [0x82, 0x02, 0x90, 0x00]);
            if let Some(end) = end {
                content.truncate(end + 4);
                return Ok(content);
            }
        }
        Err(Stop::Endless)
    }

    fn odd_read(&mut self, short: u8, offset: usize, length: usize) -> Result<Vec<u8>, Stop> {
        let header = if length < 0x80 { 2 } else { 3 };
        let [high, low] = (offset as u16).to_be_bytes();
        let le = (length + header) as u8;
        let answer = self
            .reader
            .plain(&[0x00, 0xB1, 0x00, short, 0x04, 0x54, 0x02, high, low, le])?;
        match (answer.sw, answer.data.get(header..)) {
            (0x9000, Some(data)) if data.len() == length => Ok(data.to_vec()),
            (0x9000, _) => Err(Stop::Crash("fewer bytes than were copied")),
            (sw, _) => Err(Stop::Status(sw)),
        }
    }

    /// The rewritten phone family: number by short identifier, a challenge of text, and `6100` with one GET RESPONSE is as good as
    /// 9000.
    pub(crate) fn rewritten_phone(&mut self, challenge: &str) -> Result<Evidence, Stop> {
        let number = self.short_id_number()?;
        let key_file = read_plain(&mut self.reader, "1005", ReadLoop::AllKeeping)?;
        let security_object = read_plain(&mut self.reader, "1006", ReadLoop::AllKeeping)?;
        self.reader.plain_hex(SERVICES_KEY)?;
        let head = [0x00, 0x88, 0x00, 0x00, challenge.len() as u8];
        let answer = self
            .reader
            .raw(&[&head[..], challenge.as_bytes(), &[0x00]].concat())?;
        let signature = match answer.sw {
            0x9000 => answer.data,
            0x6100 => self.reader.raw(&[0x00, 0xC0, 0x00, 0x00, 0x00])?.data,
            sw => return Err(Stop::Status(sw)),
        };
        let challenge = challenge.as_bytes().to_vec();
        Ok(Evidence {
            number,
            key_file,
            security_object,
            challenge,
            signature,
        })
    }
}

/// The dumper: takes sizes from the control parameters of a SELECT, reads at most 200 bytes at a time, and always asks for the
/// signature with GET RESPONSE of extended length.
pub(crate) struct Dumper {
    pub(crate) reader: Reader,
}

impl Dumper {
    pub(crate) fn connect(target: Box<dyn Target>) -> Result<Self, Stop> {
        let Services { mut reader } = Services::connect(target, false)?;
        reader.plain_hex(IAS)?;
        Ok(Self { reader })
    }

    pub(crate) fn cie(&mut self) -> Result<(), Stop> {
        self.reader.plain_hex(CIE).map(|_| ())
    }

    /// A file; files that are not to be read give their status word.
    pub(crate) fn file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        let template = self.reader.plain_hex(&format!("00A4020402{id}00"))?.data;
        let size = match template[..] {
            [0x62, _, 0x80, 0x02, high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
            _ => {
                return Err(Stop::Parse(
                    "the control parameters do not begin with the size",
                ));
            }
        };
        let mut content = Vec::new();
        while content.len() < size {
            let [high, low] = (content.len() as u16).to_be_bytes();
            let length = (size - content.len()).min(200) as u8;
            let answer = self.reader.raw(&[0x00, 0xB0, high, low, length])?;
            if answer.sw != 0x9000 {
                return Err(Stop::Status(answer.sw));
            }
            content.extend(answer.data);
        }
        Ok(content)
    }

    /// The "document" of a security data object, which none of them has.
    pub(crate) fn object(&mut self, tag: &str) -> Result<u16, Stop> {
        let command = hex::decode(format!("00CB3FFF0A4D087006{tag}02A080"))
            .map_err(|_| Stop::Crash("digits"))?;
        Ok(self.reader.raw(&command)?.sw)
    }

    pub(crate) fn signature(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Stop> {
        self.reader.plain_hex(SERVICES_KEY)?;
        let head = [0x00, 0x88, 0x00, 0x00, challenge.len() as u8];
        self.reader.raw(&[&head[..], challenge].concat())?;
        let answer = self
            .reader
            .raw(&[0x00, 0xC0, 0x00, 0x00, 0x00, 0x01, 0x00])?;
        match answer.sw {
            0x9000 => Ok(answer.data),
            sw => Err(Stop::Status(sw)),
        }
    }
}
