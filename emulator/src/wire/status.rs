//! Status words: SW1-SW2 as a type, with the standard's meanings in words.

use core::fmt;

/// The two status bytes that end every response, SW1 in the high byte (ISO/IEC 7816-4:2020 §5.6, tables 5 to 7).
///
/// Two different facts stay two different values: `63C0` (no try left, just now) is not `6983` (blocked before).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

/// The family a status word belongs to (ISO/IEC 7816-4:2020 table 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusClass {
    /// `9000`, or `61xx`: the command was carried out.
    Success,
    /// `62xx` or `63xx`: carried out, with something to tell.
    Warning,
    /// `64xx` to `6Fxx`: not carried out.
    Error,
    /// Anything else: not a status word of the standard.
    Unknown,
}

impl StatusWord {
    /// No further qualification.
    pub const NO_ERROR: Self = Self(0x9000);
    /// End of file reached before reading Ne bytes.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Authentication failed, no counter concerned (`6300`).
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// No precise diagnosis, memory unchanged (`6400`): execution stopped.
    pub const EXECUTION_ERROR: Self = Self(0x6400);
    /// Memory failure while writing.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Secure messaging not supported.
    pub const SECURE_MESSAGING_NOT_SUPPORTED: Self = Self(0x6882);
    /// Last command of the chain expected.
    pub const LAST_COMMAND_EXPECTED: Self = Self(0x6883);
    /// Command chaining not supported.
    pub const CHAINING_NOT_SUPPORTED: Self = Self(0x6884);
    /// Command incompatible with file structure.
    pub const INCOMPATIBLE_FILE_STRUCTURE: Self = Self(0x6981);
    /// Security status not satisfied.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// Authentication method blocked.
    pub const AUTHENTICATION_METHOD_BLOCKED: Self = Self(0x6983);
    /// Conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// Command not allowed: no current EF.
    pub const NO_CURRENT_EF: Self = Self(0x6986);
    /// Expected secure messaging data objects missing.
    pub const SM_DATA_OBJECTS_MISSING: Self = Self(0x6987);
    /// Incorrect secure messaging data objects.
    pub const SM_DATA_OBJECTS_INCORRECT: Self = Self(0x6988);
    /// Incorrect parameters in the command data field.
    pub const INCORRECT_DATA: Self = Self(0x6A80);
    /// Function not supported.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// File or application not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// Not enough memory space.
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// Incorrect parameters P1-P2.
    pub const INCORRECT_P1_P2: Self = Self(0x6A86);
    /// Referenced data or reference data not found.
    pub const REFERENCED_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// Wrong parameters P1-P2 (an offset outside the file).
    pub const WRONG_P1_P2: Self = Self(0x6B00);
    /// Instruction code not supported or invalid.
    pub const INS_NOT_SUPPORTED: Self = Self(0x6D00);
    /// Class not supported.
    pub const CLA_NOT_SUPPORTED: Self = Self(0x6E00);
    /// No precise diagnosis.
    pub const NO_PRECISE_DIAGNOSIS: Self = Self(0x6F00);

    /// `63Cx`: verification failed, `tries` (0 to 15) further tries allowed.
    #[must_use]
    pub const fn verification_failed(tries: u8) -> Self {
        Self(0x63C0 | (tries & 0x0F) as u16)
    }

    /// `61xx`: `available` bytes wait for GET RESPONSE; 256 or more is written `6100`.
    #[must_use]
    pub const fn response_available(available: usize) -> Self {
        let [.., low] = available.to_be_bytes();
        let number = if available < 256 { low } else { 0 };
        Self(u16::from_be_bytes([0x61, number]))
    }

    /// `6Cxx`: wrong Le, `exact` bytes are there; 256 is written `6C00`.
    #[must_use]
    pub const fn wrong_le(exact: usize) -> Self {
        let [.., low] = exact.to_be_bytes();
        Self(u16::from_be_bytes([0x6C, low]))
    }

    /// From the two bytes as they stand at the end of a response.
    #[must_use]
    pub const fn from_bytes(sw1_sw2: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(sw1_sw2))
    }

    /// The two bytes as they stand at the end of a response.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// SW1.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.to_bytes()[0]
    }

    /// SW2.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.to_bytes()[1]
    }

    /// Tries left, for `63Cx` and only for it. `6983` is not "zero tries left": nothing was compared.
    #[must_use]
    pub const fn tries_left(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 {
            Some((self.0 & 0x0F) as u8)
        } else {
            None
        }
    }

    /// Bytes waiting for GET RESPONSE, for `61xx`; `6100` means 256 or more.
    #[must_use]
    pub const fn bytes_available(self) -> Option<usize> {
        match self.to_bytes() {
            [0x61, 0] => Some(256),
            [0x61, n] => Some(n as usize),
            _ => None,
        }
    }

    /// Whether the command was carried out without a warning (`9000`).
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == Self::NO_ERROR.0
    }

    /// The family of this status word.
    #[must_use]
    pub const fn class(self) -> StatusClass {
        match self.sw1() {
            0x90 if self.sw2() == 0 => StatusClass::Success,
            0x61 => StatusClass::Success,
            0x62 | 0x63 => StatusClass::Warning,
            0x64..=0x6F => StatusClass::Error,
            _ => StatusClass::Unknown,
        }
    }

    /// The standard's meaning, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        if self.tries_left().is_some() {
            return "verification failed";
        }
        match self {
            Self::NO_ERROR => "no error",
            Self::END_OF_FILE => "end of file reached before reading Ne bytes",
            Self::AUTHENTICATION_FAILED => "authentication failed",
            Self::EXECUTION_ERROR => "execution error, memory unchanged",
            Self::MEMORY_FAILURE => "memory failure",
            Self::WRONG_LENGTH => "wrong length",
            Self::SECURE_MESSAGING_NOT_SUPPORTED => "secure messaging not supported",
            Self::LAST_COMMAND_EXPECTED => "last command of the chain expected",
            Self::CHAINING_NOT_SUPPORTED => "command chaining not supported",
            Self::INCOMPATIBLE_FILE_STRUCTURE => "command incompatible with file structure",
            Self::SECURITY_STATUS_NOT_SATISFIED => "security status not satisfied",
            Self::AUTHENTICATION_METHOD_BLOCKED => "authentication method blocked",
            Self::CONDITIONS_NOT_SATISFIED => "conditions of use not satisfied",
            Self::NO_CURRENT_EF => "command not allowed, no current EF",
            Self::SM_DATA_OBJECTS_MISSING => "secure messaging data objects missing",
            Self::SM_DATA_OBJECTS_INCORRECT => "secure messaging data objects incorrect",
            Self::INCORRECT_DATA => "incorrect parameters in the command data field",
            Self::FUNCTION_NOT_SUPPORTED => "function not supported",
            Self::FILE_NOT_FOUND => "file or application not found",
            Self::NOT_ENOUGH_MEMORY => "not enough memory space",
            Self::INCORRECT_P1_P2 => "incorrect parameters P1-P2",
            Self::REFERENCED_DATA_NOT_FOUND => "referenced data not found",
            Self::WRONG_P1_P2 => "offset outside the file",
            Self::INS_NOT_SUPPORTED => "instruction not supported",
            Self::CLA_NOT_SUPPORTED => "class not supported",
            Self::NO_PRECISE_DIAGNOSIS => "no precise diagnosis",
            _ => match self.sw1() {
                0x61 => "response bytes available",
                0x62 => "warning, memory unchanged",
                0x63 => "warning, memory changed",
                0x64 => "execution error, memory unchanged",
                0x65 => "execution error, memory changed",
                0x66 => "security related error",
                0x68 => "function in class byte not supported",
                0x69 => "command not allowed",
                0x6A => "wrong parameters",
                0x6C => "wrong Le field",
                _ => "not a status word of ISO/IEC 7816-4",
            },
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} ({}", self.0, self.meaning())?;
        match (self.tries_left(), self.to_bytes()) {
            (Some(1), _) => write!(f, ", 1 try left")?,
            (Some(tries), _) => write!(f, ", {tries} tries left")?,
            (None, [0x61, 0]) => write!(f, ", 256 or more")?,
            (None, [0x61 | 0x6C, n]) => write!(f, ", {n}")?,
            _ => {}
        }
        f.write_str(")")
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::two_left(0x63C2, Some(2))]
    #[case::none_left(0x63C0, Some(0))]
    #[case::fifteen(0x63CF, Some(15))]
    #[case::blocked_is_another_fact(0x6983, None)]
    #[case::failed_without_counter(0x6300, None)]
    #[case::mask_trap(0x6FC0, None)]
    #[case::sign_extension_trap(0xFFC2, None)]
    fn tries_left(#[case] sw: u16, #[case] tries: Option<u8>) {
        assert_eq!(StatusWord(sw).tries_left(), tries);
    }

    #[rstest]
    #[case(0x9000, "9000 (no error)")]
    #[case(0x63C1, "63C1 (verification failed, 1 try left)")]
    #[case(0x63C9, "63C9 (verification failed, 9 tries left)")]
    #[case(0x6983, "6983 (authentication method blocked)")]
    #[case(0x6C0C, "6C0C (wrong Le field, 12)")]
    #[case(0x6100, "6100 (response bytes available, 256 or more)")]
    #[case(0x1234, "1234 (not a status word of ISO/IEC 7816-4)")]
    fn words(#[case] sw: u16, #[case] text: &str) {
        assert_eq!(StatusWord(sw).to_string(), text);
    }
}
