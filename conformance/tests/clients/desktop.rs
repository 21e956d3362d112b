//! The desktop family: reads 128 bytes at a time, knows the chip by its ATR, keeps half of the PIN from enrolment. Here are the
//! blocks, enrolment and the PKCS#11 library; PIN manager, document signer and minidriver are made of the same blocks.

use cie_conformance::target::Target;
use cie_crypto::hash;
use cie_crypto::rsa::PublicKey;

use crate::agreement::{self, Agreed, Authority, Parameters, Parser, Style};
use crate::atr::{GEMALTO, NXP};
use crate::ber;
use crate::loops::{ReadLoop, read_plain, read_protected};
use crate::reader::{Answer, Body, Manners, MoreData, Reader};
use crate::security_object::{self, Digests, Mismatch};
use crate::{Stop, certificate};

const MANNERS: Manners = Manners {
    more_data: MoreData::Fetched,
    body: Body::WhenOuterStatusAllows,
    repeats: true,
    empty_has_le: true,
    demands: true,
};

pub(crate) const STYLE: Style = Style {
    parser: Parser::Positional,
    le_with_authority: true,
    shortest: true,
};

const READS: ReadLoop = ReadLoop::Exact(0x80);

/// What enrolment leaves on the computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrolment {
    /// The file is called so: the content of EF.1001.
    pub(crate) name: String,
    /// Key and IV come from the signature of the services key over the number of the card.
    pub(crate) cache_key: [u8; 64],
    pub(crate) pin_half: String,
    /// EF.1003 as read, not trimmed.
    pub(crate) certificate: Vec<u8>,
    /// What is shown to the holder.
    pub(crate) shown_name: String,
    pub(crate) shown_serial: String,
}

/// How the program takes the answer to VERIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Verified,
    Incorrect(Option<u8>),
    Locked,
    /// Anything else; enrolment logs it and goes on, everybody else stops.
    Odd(u16),
}

/// A program of the family, in front of one card.
pub(crate) struct Desktop {
    pub(crate) reader: Reader,
    family: u8,
    /// Read once and kept for the life of the process.
    pub(crate) parameters: Option<Parameters>,
    pub(crate) authority: Option<Authority>,
    pub(crate) device: Option<PublicKey>,
    pub(crate) enrolment: Option<Enrolment>,
    /// The number of the card as twelve digits, from EF.SN.ICC.
    pub(crate) number: Option<String>,
}

impl Desktop {
    /// Looks at the ATR with `recognise`; a card it does not know is left alone.
    pub(crate) fn connect(
        target: Box<dyn Target>,
        recognise: fn(&[u8]) -> Option<u8>,
    ) -> Result<Self, Stop> {
        let mut reader = Reader::new(target, MANNERS);
        let family = recognise(&reader.connect()?).ok_or(Stop::NotRecognised)?;
        Ok(Self {
            reader,
            family,
            parameters: None,
            authority: None,
            device: None,
            enrolment: None,
            number: None,
        })
    }

    pub(crate) fn root(&mut self) -> Result<Answer, Stop> {
        match self.family >= NXP {
            true => self.reader.plain_hex("00A40000"),
            false => self
                .reader
                .plain_hex("00A4040C0DA0000000308000000009816001"),
        }
    }

    pub(crate) fn cie(&mut self) -> Result<Answer, Stop> {
        self.reader.plain_hex("00A4040C06A00000000039")
    }

    pub(crate) fn file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        read_plain(&mut self.reader, id, READS)
    }

    pub(crate) fn secret_file(&mut self, id: &str) -> Result<Vec<u8>, Stop> {
        read_protected(&mut self.reader, id, READS)
    }

    /// EF.SN.ICC; bytes 5 to 10 in hexadecimal are the number of the card.
    pub(crate) fn read_number(&mut self) -> Result<Vec<u8>, Stop> {
        let file = self.file("D003")?;
        let number = file
            .get(5..11)
            .ok_or(Stop::Crash("EF.SN.ICC is too short"))?;
        self.number = Some(hex::encode_upper(number));
        Ok(file)
    }

    pub(crate) fn read_device_key(&mut self) -> Result<Vec<u8>, Stop> {
        let file = self.file("1004")?;
        self.device = Some(agreement::public_key(&file, Parser::Positional)?);
        Ok(file)
    }

    /// The services key signs the number of the card; the signature becomes the key of the cache.
    pub(crate) fn cache_key(&mut self) -> Result<[u8; 64], Stop> {
        let number = self.number.clone().ok_or(Stop::Crash("no number"))?;
        self.reader.plain_hex("002241A406800102840183")?;
        let answer = self
            .reader
            .plain_hex(&format!("008800000C{}", hex::encode(&number)))?;
        Ok(hash::sha512(&[&answer.data]))
    }

    pub(crate) fn read_parameters(&mut self) -> Result<(), Stop> {
        let get_data = |list: &str| format!("00CB3FFF{:02X}{list}", list.len() / 2);
        self.parameters = Some(match self.family == GEMALTO {
            true => {
                let answer = self.reader.plain_hex(&get_data("4D087006BFA10102A380"))?;
                agreement::combined(&answer.data, Parser::Positional)?
            }
            false => {
                let mut one = |tag| {
                    let list = format!("4D0A7008BFA10104A302{tag}00");
                    agreement::single(
                        &self.reader.plain_hex(&get_data(&list))?.data,
                        Parser::Positional,
                    )
                };
                Parameters {
                    g: one("97")?,
                    p: one("98")?,
                    q: one("99")?,
                }
            }
        });
        Ok(())
    }

    pub(crate) fn read_authority(&mut self) -> Result<(), Stop> {
        let answer = self.reader.plain_hex("00CB3FFF0B4D097007BFA004037F4980")?;
        self.authority = Some(agreement::authority(&answer.data, Parser::Positional)?);
        Ok(())
    }

    pub(crate) fn agree(&mut self) -> Result<Agreed, Stop> {
        let parameters = self
            .parameters
            .clone()
            .ok_or(Stop::Crash("no parameters"))?;
        agreement::agree(&mut self.reader, &parameters, STYLE)
    }

    pub(crate) fn device_authentication(&mut self, agreed: &Agreed) -> Result<[u8; 8], Stop> {
        let authority = self
            .authority
            .clone()
            .ok_or(Stop::Crash("the authority's key was never read"))?;
        let device = self.device.clone().ok_or(Stop::Crash("no device key"))?;
        agreement::authenticate(&mut self.reader, agreed, &authority, &device, STYLE)
    }

    /// ROOT, CIE, then whatever is not yet known, and a session with the device authenticated.
    pub(crate) fn session(&mut self) -> Result<(), Stop> {
        self.root()?;
        self.cie()?;
        if self.parameters.is_none() {
            self.read_parameters()?;
        }
        if self.device.is_none() {
            self.read_device_key()?;
        }
        if self.authority.is_none() {
            self.read_authority()?;
        }
        let agreed = self.agree()?;
        self.device_authentication(&agreed)?;
        Ok(())
    }

    pub(crate) fn verify(&mut self, reference: u8, code: &str) -> Result<Verdict, Stop> {
        let header = format!("002000{reference:02X}");
        let answer = self.reader.protected(&header, code.as_bytes(), None)?;
        Ok(match answer.sw {
            0x9000 => Verdict::Verified,
            0x6983 => Verdict::Locked,
            0x63C0..=0x63CF => Verdict::Incorrect(Some(answer.sw as u8 & 0x0F)),
            0x6700 | 0x6300 => Verdict::Incorrect(None),
            sw => Verdict::Odd(sw),
        })
    }

    /// VERIFY that must succeed.
    pub(crate) fn demand(&mut self, reference: u8, code: &str) -> Result<(), Stop> {
        match self.verify(reference, code)? {
            Verdict::Verified => Ok(()),
            verdict => Err(Stop::Code(verdict)),
        }
    }

    pub(crate) fn half(&self) -> Result<String, Stop> {
        let enrolment = self
            .enrolment
            .as_ref()
            .ok_or(Stop::Crash("the card was never enrolled"))?;
        Ok(enrolment.pin_half.clone())
    }

    // --- enrolment -------------------------------------------------------------------------------------------------

    /// Enrolment with the whole PIN. `mismatch` is what a wrong digest in an old security object leads to.
    pub(crate) fn enrol(&mut self, pin: &str, mismatch: Mismatch) -> Result<(), Stop> {
        self.reader.reset()?;
        self.root()?;
        self.read_number()?;
        self.cie()?;
        let device_file = self.read_device_key()?;
        let cache_key = self.cache_key()?;
        let services_number = self.file("1001")?;
        let security_object = self.file("1006")?;
        let services_file = self.file("1005")?;
        self.root()?;
        let parameters_file = self.file("D004")?;
        (self.parameters, self.authority, self.device) = (None, None, None);
        self.session()?;
        match self.verify(0x81, pin)? {
            Verdict::Verified | Verdict::Odd(_) => {}
            verdict => return Err(Stop::Code(verdict)),
        }
        let serial = self.secret_file("1002")?;
        let certificate = self.secret_file("1003")?;
        let shown_name = certificate::name_by_object_identifiers(&certificate)?;
        let digests = Digests {
            services_number: &services_number,
            serial: &serial,
            certificate: &certificate,
            device_key: &device_file,
            services_key: &services_file,
            parameters: &parameters_file,
        };
        security_object::verify(&security_object, &digests, mismatch)?;
        self.enrolment = Some(Enrolment {
            name: String::from_utf8_lossy(&services_number).into_owned(),
            cache_key,
            pin_half: pin[..4].to_owned(),
            certificate,
            shown_name,
            shown_serial: String::from_utf8_lossy(&serial).into_owned(),
        });
        self.reader.reset()
    }

    // --- PKCS#11 ---------------------------------------------------------------------------------------------------

    /// Whether this is a card for the library at all.
    pub(crate) fn matches(&mut self) -> Result<(), Stop> {
        self.root()?;
        self.read_number()?;
        self.reader.reset()
    }

    /// The first session; the cache of enrolment is looked for under the number of the card, and must open with its key.
    pub(crate) fn open_session(&mut self) -> Result<(), Stop> {
        self.root()?;
        self.read_number()?;
        self.cie()?;
        self.read_device_key()?;
        let cache_key = self.cache_key()?;
        let enrolment = self.enrolment.as_ref().ok_or(Stop::NotEnrolled)?;
        if Some(&enrolment.name) != self.number.as_ref() {
            return Err(Stop::NotEnrolled);
        }
        if enrolment.cache_key != cache_key {
            return Err(Stop::Mismatch("the cache does not open"));
        }
        ber::first(&enrolment.certificate)?;
        self.reader.reset()
    }

    /// Login with the second half of the PIN.
    pub(crate) fn login(&mut self, half: &str) -> Result<(), Stop> {
        let pin = self.half()? + half;
        self.reader.reset()?;
        self.session()?;
        self.demand(0x81, &pin)?;
        self.reader.reset()
    }

    /// Login of the security officer: the whole PUK.
    pub(crate) fn login_officer(&mut self, puk: &str) -> Result<(), Stop> {
        self.reader.reset()?;
        self.session()?;
        self.demand(0x82, puk)?;
        self.reader.reset()
    }

    /// Key 81 over these bytes, as they are.
    pub(crate) fn signature(&mut self, data: &[u8]) -> Result<Vec<u8>, Stop> {
        self.reader
            .protected_ok("002241A4", &[0x80, 0x01, 0x02, 0x84, 0x01, 0x81], None)?;
        Ok(self.reader.protected_ok("00880000", data, None)?.data)
    }

    /// A signature after a login: everything again, the PIN included.
    pub(crate) fn sign(&mut self, half: &str, data: &[u8]) -> Result<Vec<u8>, Stop> {
        let pin = self.half()? + half;
        self.reader.reset()?;
        self.session()?;
        self.demand(0x81, &pin)?;
        let signature = self.signature(data)?;
        self.reader.reset()?;
        Ok(signature)
    }

    /// A new PIN after a login of the officer: tries first, then the value.
    pub(crate) fn init_pin(&mut self, puk: &str, new_half: &str) -> Result<(), Stop> {
        let pin = self.half()? + new_half;
        self.reader.reset()?;
        self.session()?;
        self.demand(0x82, puk)?;
        self.reader.protected_ok("002C0381", &[], None)?;
        self.reader.protected_ok("002C0281", pin.as_bytes(), None)?;
        self.reader.reset()
    }

    /// Another PIN after a login of the holder.
    pub(crate) fn set_pin(&mut self, old_half: &str, new_half: &str) -> Result<(), Stop> {
        let half = self.half()?;
        self.reader.reset()?;
        self.root()?;
        self.cie()?;
        let agreed = self.agree()?;
        self.device_authentication(&agreed)?;
        self.demand(0x81, &(half.clone() + old_half))?;
        let codes = half.clone() + old_half + &half + new_half;
        self.reader
            .protected_ok("00240081", codes.as_bytes(), None)?;
        self.reader.reset()
    }

    /// The same without a login before: cannot work, since the authority's key is never read.
    pub(crate) fn set_pin_without_login(&mut self) -> Result<(), Stop> {
        (self.parameters, self.authority, self.device) = (None, None, None);
        self.reader.reset()?;
        self.root()?;
        self.read_parameters()?;
        self.cie()?;
        self.read_number()?;
        self.read_device_key()?;
        let agreed = self.agree()?;
        self.device_authentication(&agreed).map(|_| ())
    }
}
