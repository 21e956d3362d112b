//! The phone families that ask for all there is (Le 00). The older two look at the data of an answer and hardly at its status word;
//! the rewritten one does so only in the device authentication.

use cie_conformance::target::Target;

use crate::Stop;
use crate::agreement::{self, Parameters, Parser, Style};
use crate::loops::{ReadLoop, read_plain, read_protected};
use crate::reader::{Body, Manners, MoreData, Reader};

/// The generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Takes the parts of the authority's key by position.
    Positional,
    /// Takes them by tag.
    ByTag,
    /// Written anew: keeps the data of a plain 6282, accepts `6100` for a signature of the services key.
    Rewritten,
}

/// What the holder is told after VERIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Verified,
    Left(u8),
    /// Everything that is not understood counts as this.
    Blocked,
}

pub(crate) struct PhoneAllReads {
    pub(crate) reader: Reader,
    generation: Generation,
}

impl PhoneAllReads {
    pub(crate) fn connect(target: Box<dyn Target>, generation: Generation) -> Result<Self, Stop> {
        let more_data = match generation {
            Generation::Rewritten => MoreData::LastKept,
            Generation::Positional | Generation::ByTag => MoreData::LostWhenUnknown,
        };
        let manners = Manners {
            more_data,
            body: Body::Always,
            repeats: false,
            empty_has_le: true,
            demands: false,
        };
        let mut reader = Reader::new(target, manners);
        reader.connect()?;
        Ok(Self { reader, generation })
    }

    fn style(&self) -> Style {
        let parser = match self.generation {
            Generation::Positional => Parser::PositionalKey,
            Generation::ByTag | Generation::Rewritten => Parser::ByTag,
        };
        Style {
            parser,
            le_with_authority: false,
            shortest: false,
        }
    }

    fn plain_reads(&self) -> ReadLoop {
        match self.generation {
            Generation::Rewritten => ReadLoop::AllKeeping,
            Generation::Positional | Generation::ByTag => ReadLoop::AllDropping,
        }
    }

    /// The services number, by the only read whose status word counts.
    pub(crate) fn services_number(&mut self) -> Result<Vec<u8>, Stop> {
        self.reader
            .plain_hex("00A4040C0DA0000000308000000009816001")?;
        self.reader.plain_hex("00A4040406A00000000039")?;
        self.reader.plain_hex("00A40204021001")?;
        let answer = self.reader.plain_hex("00B000000C")?;
        match answer.sw {
            0x9000 => Ok(answer.data),
            sw => Err(Stop::Status(sw)),
        }
    }

    /// From the selection to the authenticated device.
    pub(crate) fn session(&mut self) -> Result<(), Stop> {
        let style = self.style();
        self.reader
            .plain_hex("00A4040C0DA0000000308000000009816001")?;
        self.reader.plain_hex("00A4040C06A00000000039")?;
        let mut one = |tag| {
            let command = format!("00CB3FFF0C4D0A7008BFA10104A302{tag}00");
            agreement::single(&self.reader.plain_hex(&command)?.data, style.parser)
        };
        let parameters = Parameters {
            g: one("97")?,
            p: one("98")?,
            q: one("99")?,
        };
        let reads = self.plain_reads();
        let device = read_plain(&mut self.reader, "1004", reads)?;
        let device = agreement::public_key(&device, style.parser)?;
        let authority = self.reader.plain_hex("00CB3FFF0B4D097007BFA004037F4980")?;
        let authority = agreement::authority(&authority.data, style.parser)?;
        let agreed = agreement::agree(&mut self.reader, &parameters, style)?;
        agreement::authenticate(&mut self.reader, &agreed, &authority, &device, style).map(|_| ())
    }

    pub(crate) fn verify(&mut self, pin: &str) -> Result<Told, Stop> {
        let answer = self.reader.protected("00200081", pin.as_bytes(), None)?;
        Ok(match status_text(answer.sw).as_str() {
            "9000" => Told::Verified,
            "ffc2" | "63c2" => Told::Left(2),
            "ffc1" | "63c1" => Told::Left(1),
            _ => Told::Blocked,
        })
    }

    /// A whole login: services number, session, PIN, certificate.
    pub(crate) fn login(&mut self, pin: &str) -> Result<(Told, Vec<u8>), Stop> {
        self.services_number()?;
        self.session()?;
        let told = self.verify(pin)?;
        // Reads under secure messaging compare a status that was widened from signed bytes, and drop what comes with 6282.
        let certificate = read_protected(&mut self.reader, "1003", ReadLoop::AllDropping)?;
        Ok((told, certificate))
    }

    /// What the TLS library passes goes to key 81 as it is.
    pub(crate) fn sign(&mut self, data: &[u8]) -> Result<Vec<u8>, Stop> {
        self.reader
            .protected_ok("002241A4", &[0x80, 0x01, 0x02, 0x84, 0x01, 0x81], None)?;
        Ok(self.reader.protected_ok("00880000", data, None)?.data)
    }
}

/// The status word as text, put together from signed bytes: the first one is lost when the second is above 7F.
pub(crate) fn status_text(sw: u16) -> String {
    let [sw1, sw2] = sw.to_be_bytes();
    let widened = i32::from(sw1 as i8) << 8 | i32::from(sw2 as i8);
    format!("{:04x}", widened & 0xFFFF)
}
