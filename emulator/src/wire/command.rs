//! Command APDUs: cases 1 to 4, short and extended, as a borrowed view, and an owned one to build them.

use thiserror::Error;

/// The four mandatory bytes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
}

impl Header {
    /// CLA INS P1 P2 as they stand on the wire.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }

    /// P1-P2 as one big-endian number.
    #[must_use]
    pub const fn p1_p2(self) -> u16 {
        u16::from_be_bytes([self.p1, self.p2])
    }
}

/// What a class byte says (ISO/IEC 7816-4:2020 §5.4.1), for the classes a CIE accepts: `00`, `0C`, `10`, `1C`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// The command is not the last of a chain.
    pub chained: bool,
    /// Secure messaging, the header being part of the checksum.
    pub protected: bool,
}

impl Class {
    /// `00`.
    pub const PLAIN: Self = Self {
        chained: false,
        protected: false,
    };

    /// Reads a class byte; `None` for every class a CIE does not accept.
    #[must_use]
    pub const fn from_byte(cla: u8) -> Option<Self> {
        match cla {
            0x00 | 0x0C | 0x10 | 0x1C => Some(Self {
                chained: cla & 0x10 != 0,
                protected: cla & 0x0C != 0,
            }),
            _ => None,
        }
    }
}

/// Whether the length fields are written in one byte or in three and two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// Lc and Le of one byte.
    Short,
    /// Lc of three bytes, Le of two (three when there is no data).
    Extended,
}

/// The Le field: how many bytes the terminal wants.
///
/// "All there is" and "exactly 256" are different wishes and stay different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Le {
    /// Written `00` or `0000`: as many as there are, at most 256 or 65536.
    Maximum,
    /// This many bytes, never 0 (that would be `Maximum`).
    Exactly(u16),
}

impl Le {
    /// Reads a one-byte Le field.
    #[must_use]
    pub const fn from_short(byte: u8) -> Self {
        Self::from_extended(byte as u16)
    }

    /// Reads a two-byte Le field.
    #[must_use]
    pub const fn from_extended(value: u16) -> Self {
        match value {
            0 => Self::Maximum,
            n => Self::Exactly(n),
        }
    }

    /// The number written in the field: 0 for `Maximum`.
    #[must_use]
    pub const fn encoded(self) -> u16 {
        match self {
            Self::Maximum => 0,
            Self::Exactly(n) => n,
        }
    }
}

/// Why a byte string is not a command APDU. A card answers `6700` to each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ApduError {
    /// Fewer bytes than the header has.
    #[error("a command has at least 4 bytes (CLA INS P1 P2), this has {0}")]
    TooShort(usize),
    /// The body fits no case of ISO/IEC 7816-4:2020 §5.2.
    #[error(
        "the length fields do not fit: {found} bytes in all, but the body says {lc} bytes of data; expected {lc} + header and length fields"
    )]
    LengthMismatch {
        /// Nc as written in the Lc field.
        lc: usize,
        /// Length of the whole command in bytes.
        found: usize,
    },
    /// Lc of three bytes that says zero, or a lone zero before the end.
    #[error("an extended length field is cut short or says zero bytes of data")]
    BadExtendedLength,
    /// The data do not fit the length field when building.
    #[error("{0} bytes of data do not fit a command APDU (65535 at most)")]
    DataTooLong(usize),
}

/// A command APDU, borrowed from the bytes that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// CLA INS P1 P2.
    pub header: Header,
    /// Command data field, empty in cases 1 and 2.
    pub data: &'a [u8],
    /// Le field, absent in cases 1 and 3.
    pub le: Option<Le>,
    /// How the length fields were written. Case 1 counts as short.
    pub form: LengthForm,
}

impl<'a> Command<'a> {
    /// Reads a command (ISO/IEC 7816-4:2020 §5.2): 4 to 65544 bytes.
    ///
    /// # Errors
    /// [`ApduError`] when the bytes fit none of the seven encodings.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ApduError> {
        let Some((&[cla, ins, p1, p2], body)) = bytes.split_first_chunk::<4>() else {
            return Err(ApduError::TooShort(bytes.len()));
        };
        let header = Header { cla, ins, p1, p2 };
        let (data, le, form) = match *body {
            [] => (body, None, LengthForm::Short),
            [le] => (&[][..], Some(Le::from_short(le)), LengthForm::Short),
            [0, ref rest @ ..] => Self::parse_extended(rest, bytes.len())?,
            [lc, ref rest @ ..] => Self::parse_short(lc, rest, bytes.len())?,
        };
        Ok(Self {
            header,
            data,
            le,
            form,
        })
    }

    fn parse_short(lc: u8, rest: &'a [u8], found: usize) -> Result<Body<'a>, ApduError> {
        let lc = usize::from(lc);
        let mismatch = ApduError::LengthMismatch { lc, found };
        let (data, le) = rest.split_at_checked(lc).ok_or(mismatch)?;
        match *le {
            [] => Ok((data, None, LengthForm::Short)),
            [le] => Ok((data, Some(Le::from_short(le)), LengthForm::Short)),
            _ => Err(mismatch),
        }
    }

    fn parse_extended(rest: &'a [u8], found: usize) -> Result<Body<'a>, ApduError> {
        let Some((&length, rest)) = rest.split_first_chunk::<2>() else {
            return Err(ApduError::BadExtendedLength);
        };
        let length = u16::from_be_bytes(length);
        if rest.is_empty() {
            return Ok((rest, Some(Le::from_extended(length)), LengthForm::Extended));
        }
        if length == 0 {
            return Err(ApduError::BadExtendedLength);
        }
        let lc = usize::from(length);
        let mismatch = ApduError::LengthMismatch { lc, found };
        let (data, le) = rest.split_at_checked(lc).ok_or(mismatch)?;
        match *le {
            [] => Ok((data, None, LengthForm::Extended)),
            [hi, lo] => Ok((
                data,
                Some(Le::from_extended(u16::from_be_bytes([hi, lo]))),
                LengthForm::Extended,
            )),
            _ => Err(mismatch),
        }
    }

    /// Ne: the most bytes of response data the terminal expects; `None` when there is no Le field.
    #[must_use]
    pub const fn ne(&self) -> Option<usize> {
        match (self.le, self.form) {
            (None, _) => None,
            (Some(Le::Maximum), LengthForm::Short) => Some(256),
            (Some(Le::Maximum), LengthForm::Extended) => Some(65536),
            (Some(Le::Exactly(n)), _) => Some(n as usize),
        }
    }

    /// Appends the command to `out`, in its own length form; falls back to extended where short cannot hold it.
    ///
    /// # Errors
    /// [`ApduError::DataTooLong`] above 65535 bytes of data; `out` is then unchanged.
    pub fn emit(&self, out: &mut Vec<u8>) -> Result<(), ApduError> {
        let Ok(lc) = u16::try_from(self.data.len()) else {
            return Err(ApduError::DataTooLong(self.data.len()));
        };
        let le_is_long = matches!(self.le, Some(Le::Exactly(n)) if n > 0xFF);
        let extended = self.form == LengthForm::Extended || lc > 0xFF || le_is_long;
        out.extend_from_slice(&self.header.to_bytes());
        if lc > 0 {
            if extended {
                out.push(0);
                out.extend_from_slice(&lc.to_be_bytes());
            } else {
                out.extend(lc.to_be_bytes().last());
            }
            out.extend_from_slice(self.data);
        }
        match self.le {
            None => {}
            Some(le) if extended => {
                if lc == 0 {
                    out.push(0);
                }
                out.extend_from_slice(&le.encoded().to_be_bytes());
            }
            Some(le) => out.extend(le.encoded().to_be_bytes().last()),
        }
        Ok(())
    }
}

type Body<'a> = (&'a [u8], Option<Le>, LengthForm);

/// A command APDU that owns its data: what terminals and tests build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandBuf {
    /// CLA INS P1 P2.
    pub header: Header,
    /// Command data field.
    pub data: Vec<u8>,
    /// Le field.
    pub le: Option<Le>,
    /// Preferred length form; extended is used anyway where short cannot hold the lengths.
    pub form: LengthForm,
}

impl CommandBuf {
    /// A case 1 command: header only.
    #[must_use]
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            header: Header { cla, ins, p1, p2 },
            data: Vec::new(),
            le: None,
            form: LengthForm::Short,
        }
    }

    /// With this command data field.
    #[must_use]
    pub fn data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    /// With this Le field.
    #[must_use]
    pub const fn le(mut self, le: Le) -> Self {
        self.le = Some(le);
        self
    }

    /// With extended length fields.
    #[must_use]
    pub const fn extended(mut self) -> Self {
        self.form = LengthForm::Extended;
        self
    }

    /// The borrowed view of this command.
    #[must_use]
    pub fn view(&self) -> Command<'_> {
        Command {
            header: self.header,
            data: &self.data,
            le: self.le,
            form: self.form,
        }
    }

    /// The bytes on the wire.
    ///
    /// # Errors
    /// [`ApduError::DataTooLong`] above 65535 bytes of data.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ApduError> {
        let mut out = Vec::with_capacity(self.data.len().saturating_add(9));
        self.view().emit(&mut out)?;
        Ok(out)
    }
}

impl From<Command<'_>> for CommandBuf {
    fn from(command: Command<'_>) -> Self {
        Self {
            header: command.header,
            data: command.data.to_vec(),
            le: command.le,
            form: command.form,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn parsed(hex: &str) -> Result<CommandBuf, ApduError> {
        Command::parse(&hex::decode(hex).unwrap()).map(CommandBuf::from)
    }

    #[rstest]
    #[case::case_1("00A40000", "", None, LengthForm::Short)]
    #[case::case_2_short("00B0000080", "", Some(Le::Exactly(0x80)), LengthForm::Short)]
    #[case::case_2_short_all("00B0000000", "", Some(Le::Maximum), LengthForm::Short)]
    #[case::case_3_short("00A4020402D003", "D003", None, LengthForm::Short)]
    #[case::case_4_short("00A4020402D00300", "D003", Some(Le::Maximum), LengthForm::Short)]
    #[case::case_2_extended("00C00000000100", "", Some(Le::Exactly(256)), LengthForm::Extended)]
    #[case::case_2_extended_all("00B00000000000", "", Some(Le::Maximum), LengthForm::Extended)]
    #[case::case_3_extended("00A40204000002D003", "D003", None, LengthForm::Extended)]
    #[case::case_4_extended(
        "00A40204000002D0030000",
        "D003",
        Some(Le::Maximum),
        LengthForm::Extended
    )]
    fn the_seven_encodings(
        #[case] hex: &str,
        #[case] data: &str,
        #[case] le: Option<Le>,
        #[case] form: LengthForm,
    ) {
        let command = parsed(hex).unwrap();
        assert_eq!(command.data, hex::decode(data).unwrap());
        assert_eq!((command.le, command.form), (le, form));
        assert_eq!(command.to_bytes().unwrap(), hex::decode(hex).unwrap());
    }

    #[rstest]
    #[case::empty("", ApduError::TooShort(0))]
    #[case::header_cut("00A400", ApduError::TooShort(3))]
    #[case::data_cut("00A4020402D0", ApduError::LengthMismatch { lc: 2, found: 6 })]
    #[case::data_and_more("00A4020401D0000000", ApduError::LengthMismatch { lc: 1, found: 9 })]
    #[case::extended_cut("00A402040000", ApduError::BadExtendedLength)]
    #[case::extended_zero("00A40204000000D003", ApduError::BadExtendedLength)]
    #[case::extended_data_cut("00A40204000003D003", ApduError::LengthMismatch { lc: 3, found: 9 })]
    #[case::extended_one_byte_le("00A40204000001D000", ApduError::LengthMismatch { lc: 1, found: 9 })]
    fn refused(#[case] hex: &str, #[case] error: ApduError) {
        assert_eq!(parsed(hex), Err(error));
    }

    #[rstest]
    #[case(0x00, Some((false, false)))]
    #[case(0x10, Some((true, false)))]
    #[case(0x0C, Some((false, true)))]
    #[case(0x1C, Some((true, true)))]
    #[case(0x04, None)]
    #[case(0x08, None)]
    #[case(0x01, None)]
    #[case(0x80, None)]
    #[case(0xFF, None)]
    fn class_bytes(#[case] cla: u8, #[case] meaning: Option<(bool, bool)>) {
        assert_eq!(
            Class::from_byte(cla).map(|c| (c.chained, c.protected)),
            meaning
        );
    }

    prop_compose! {
        fn any_command()(
            header in any::<[u8; 4]>(),
            data in proptest::collection::vec(any::<u8>(), 0..600),
            le in proptest::option::of(any::<u16>()),
            extended in any::<bool>(),
        ) -> CommandBuf {
            let [cla, ins, p1, p2] = header;
            let le = le.map(Le::from_extended);
            let long = data.len() > 255 || matches!(le, Some(Le::Exactly(n)) if n > 255);
            let bare = data.is_empty() && le.is_none();
            let form = if (extended || long) && !bare { LengthForm::Extended } else { LengthForm::Short };
            CommandBuf { header: Header { cla, ins, p1, p2 }, data, le, form }
        }
    }

    proptest! {
        #[test]
        fn parse_after_emit_is_identity(command in any_command()) {
            let bytes = command.to_bytes().unwrap();
            prop_assert_eq!(CommandBuf::from(Command::parse(&bytes).unwrap()), command);
        }

        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(command) = Command::parse(&bytes) {
                let mut again = Vec::new();
                command.emit(&mut again).unwrap();
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
