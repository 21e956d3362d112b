//! The two phone families without access to the ATR: the older one finds the chip in EF.ATR, the newer one parses strict DER after
//! stripping trailing zeros.

use cie_conformance::target::Target;

use crate::agreement::{self, Parameters, Parser, Style};
use crate::atr::{EfAtrType, type_by_ef_atr};
use crate::loops::{ReadLoop, read_plain, read_protected};
use crate::reader::{Body, Manners, MoreData, Reader};
use crate::{Stop, ber, certificate};

const IAS: &str = "00A4040C0DA0000000308000000009816001";
const CIE: &str = "00A4040C06A00000000039";

/// The newer family.
pub(crate) struct StrictDerPhone {
    pub(crate) reader: Reader,
}

/// What the newer family makes of the answer to VERIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Verified,
    Wrong(u8),
    Blocked,
    WrongLength,
    Other(u16),
}

impl StrictDerPhone {
    pub(crate) fn connect(target: Box<dyn Target>) -> Result<Self, Stop> {
        let manners = Manners {
            more_data: MoreData::Fetched,
            body: Body::Always,
            repeats: true,
            empty_has_le: false,
            demands: true,
        };
        let mut reader = Reader::new(target, manners);
        reader.connect()?;
        Ok(Self { reader })
    }

    /// The application by name, and by master file where the name is unknown; then the DF of the CIE.
    pub(crate) fn select(&mut self) -> Result<(), Stop> {
        match self.reader.plain_hex(IAS) {
            Err(Stop::Status(0x6A82)) => self.reader.plain_hex("00A40000")?,
            other => other?,
        };
        self.reader.plain_hex(CIE).map(|_| ())
    }

    pub(crate) fn file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        read_plain(&mut self.reader, id, ReadLoop::ExactUnlessEmpty(0xFF))
    }

    /// EF.ATR, behind the selection of the master file by its identifier.
    pub(crate) fn chip(&mut self) -> Result<Option<EfAtrType>, Stop> {
        self.select()?;
        self.reader.plain_hex("00A40000023F00")?;
        Ok(type_by_ef_atr(&self.file("2F01")?))
    }

    pub(crate) fn session(&mut self) -> Result<(), Stop> {
        let style = Style {
            parser: Parser::Strict,
            le_with_authority: false,
            shortest: false,
        };
        self.select()?;
        self.file("1001")?;
        self.select()?;
        let mut one = |tag| {
            let command = format!("00CB3FFF0C4D0A7008BFA10104A302{tag}00");
            agreement::single(&self.reader.plain_hex(&command)?.data, style.parser)
        };
        let parameters = Parameters {
            g: one("97")?,
            p: one("98")?,
            q: one("99")?,
        };
        let device = agreement::public_key(&self.file("1004")?, style.parser)?;
        let authority = self.reader.plain_hex("00CB3FFF0B4D097007BFA004037F4980")?;
        let authority = agreement::authority(&authority.data, style.parser)?;
        let agreed = agreement::agree(&mut self.reader, &parameters, style)?;
        agreement::authenticate(&mut self.reader, &agreed, &authority, &device, style).map(|_| ())
    }

    pub(crate) fn verify(&mut self, pin: &str) -> Result<Told, Stop> {
        let sw = self.reader.protected("00200081", pin.as_bytes(), None)?.sw;
        Ok(match sw {
            0x9000 => Told::Verified,
            0x6983 => Told::Blocked,
            0x6700 => Told::WrongLength,
            0x6300..=0x63FF => Told::Wrong((sw as u8).wrapping_sub(0xC0)),
            sw => Told::Other(sw),
        })
    }

    /// The certificate: holder by attribute, the whole of it strict DER.
    pub(crate) fn certificate(&mut self) -> Result<Vec<u8>, Stop> {
        let file = read_protected(&mut self.reader, "1003", ReadLoop::ExactUnlessEmpty(0x80))?;
        certificate::strict(&file)?;
        Ok(file)
    }

    /// Key 81, its reference before the algorithm.
    pub(crate) fn sign(&mut self, data: &[u8]) -> Result<Vec<u8>, Stop> {
        self.reader
            .protected_ok("002241A4", &[0x84, 0x01, 0x81, 0x80, 0x01, 0x02], None)?;
        Ok(self.reader.protected_ok("00880000", data, None)?.data)
    }

    /// Services number, services key file and security object, each after its own selection, then key 83.
    pub(crate) fn services(&mut self, challenge: &[u8]) -> Result<[Vec<u8>; 4], Stop> {
        let mut files = Vec::new();
        for id in ["1001", "1005", "1006"] {
            self.select()?;
            files.push(self.file(id)?);
        }
        self.reader.plain_hex("002241A406840183800102")?;
        let command = [
            &[0x00, 0x88, 0x00, 0x00, challenge.len() as u8][..],
            challenge,
        ]
        .concat();
        let answer = self.reader.plain(&command)?;
        if answer.sw != 0x9000 {
            return Err(Stop::Status(answer.sw));
        }
        ber::strict(&files[1])?;
        files.push(answer.data);
        files.try_into().map_err(|_| Stop::Crash("four answers"))
    }
}

/// The older family.
pub(crate) struct EfAtrPhone {
    pub(crate) reader: Reader,
    pub(crate) chip: Option<EfAtrType>,
}

impl EfAtrPhone {
    pub(crate) fn connect(target: Box<dyn Target>) -> Result<Self, Stop> {
        let manners = Manners {
            more_data: MoreData::Fetched,
            body: Body::WhenOuterStatusAllows,
            repeats: true,
            empty_has_le: true,
            demands: true,
        };
        let mut reader = Reader::new(target, manners);
        reader.connect()?;
        reader.plain_hex("00A40000023F00")?;
        let content = read_plain(&mut reader, "2F01", ReadLoop::Exact(0x80))?;
        Ok(Self {
            chip: type_by_ef_atr(&content),
            reader,
        })
    }

    /// Whether it selects the root by master file.
    pub(crate) fn by_master_file(&self) -> bool {
        self.chip == Some(EfAtrType::Nxp)
    }

    /// Whether it asks for the domain parameters at once.
    pub(crate) fn combined(&self) -> bool {
        matches!(
            self.chip,
            Some(EfAtrType::Gemalto | EfAtrType::Gemalto2 | EfAtrType::St)
        )
    }

    fn select(&mut self) -> Result<(), Stop> {
        match self.by_master_file() {
            true => self.reader.plain_hex("00A40000")?,
            false => self.reader.plain_hex(IAS)?,
        };
        self.reader.plain_hex(CIE).map(|_| ())
    }

    fn file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        read_plain(&mut self.reader, id, ReadLoop::Exact(0x80))
    }

    pub(crate) fn session(&mut self) -> Result<(), Stop> {
        let style = Style {
            parser: Parser::Positional,
            le_with_authority: true,
            shortest: false,
        };
        self.select()?;
        self.file("1001")?;
        self.select()?;
        let mut one = |tag| {
            let command = format!("00CB3FFF0C4D0A7008BFA10104A302{tag}00");
            agreement::single(&self.reader.plain_hex(&command)?.data, style.parser)
        };
        let parameters = match matches!(self.chip, Some(EfAtrType::Nxp | EfAtrType::Actalis) | None)
        {
            true => Parameters {
                g: one("97")?,
                p: one("98")?,
                q: one("99")?,
            },
            false => {
                let answer = self.reader.plain_hex("00CB3FFF0A4D087006BFA10102A380")?;
                agreement::combined(&answer.data, style.parser)?
            }
        };
        self.file("1001")?;
        let device = agreement::public_key(&self.file("1004")?, style.parser)?;
        let authority = self.reader.plain_hex("00CB3FFF0B4D097007BFA004037F4980")?;
        let authority = agreement::authority(&authority.data, style.parser)?;
        let agreed = agreement::agree(&mut self.reader, &parameters, style)?;
        agreement::authenticate(&mut self.reader, &agreed, &authority, &device, style).map(|_| ())
    }

    /// VERIFY: tries left are in the status word, everything else but 9000 is an error.
    pub(crate) fn verify(&mut self, reference: u8, code: &str) -> Result<(), Stop> {
        self.reader
            .protected_ok(&format!("002000{reference:02X}"), code.as_bytes(), None)
            .map(|_| ())
    }

    pub(crate) fn certificate(&mut self) -> Result<Vec<u8>, Stop> {
        read_protected(&mut self.reader, "1003", ReadLoop::Exact(0x80))
    }

    pub(crate) fn sign(&mut self, data: &[u8]) -> Result<Vec<u8>, Stop> {
        self.reader
            .protected_ok("002241A4", &[0x80, 0x01, 0x02, 0x84, 0x01, 0x81], None)?;
        Ok(self.reader.protected_ok("00880000", data, None)?.data)
    }

    pub(crate) fn change(&mut self, old: &str, new: &str) -> Result<(), Stop> {
        self.session()?;
        self.verify(0x81, old)?;
        self.reader
            .protected_ok("00240081", format!("{old}{new}").as_bytes(), None)
            .map(|_| ())
    }

    pub(crate) fn unblock(&mut self, puk: &str, new: &str) -> Result<(), Stop> {
        self.session()?;
        self.verify(0x82, puk)?;
        self.reader
            .protected_ok("002C0281", new.as_bytes(), None)
            .map(|_| ())
    }

    /// What the remote recovery of the PUK asks for: a signature of key 83, its key, the security object.
    pub(crate) fn recovery(&mut self, challenge: &[u8]) -> Result<[Vec<u8>; 3], Stop> {
        self.select()?;
        self.reader.plain_hex("002241A406800102840183")?;
        let command = [
            &[0x00, 0x88, 0x00, 0x00, challenge.len() as u8][..],
            challenge,
        ]
        .concat();
        let answer = self.reader.plain(&command)?;
        if answer.sw != 0x9000 {
            return Err(Stop::Status(answer.sw));
        }
        Ok([answer.data, self.file("1005")?, self.file("1006")?])
    }
}
