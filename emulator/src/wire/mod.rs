//! Bytes to meaning and back: command and response APDUs, status words, BER-TLV, ATR.
//!
//! Views borrow the bytes they were parsed from; nothing here allocates to parse, does I/O, or knows what a CIE is.
//! Any byte string is either parsed or refused with an error; none can cause a panic.

mod atr;
mod command;
mod response;
mod status;
pub mod tlv;

pub use atr::{Atr, AtrError};
pub use command::{ApduError, Class, Command, CommandBuf, Header, Le, LengthForm};
pub use response::{Response, ResponseError};
pub use status::{StatusClass, StatusWord};

/// Instruction bytes the CIE knows, by their names in ISO/IEC 7816-4:2020 §5.6 (table 4) and ISO/IEC 7816-8.
pub mod ins {
    /// VERIFY.
    pub const VERIFY: u8 = 0x20;
    /// MANAGE SECURITY ENVIRONMENT.
    pub const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
    /// CHANGE REFERENCE DATA.
    pub const CHANGE_REFERENCE_DATA: u8 = 0x24;
    /// PERFORM SECURITY OPERATION.
    pub const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
    /// RESET RETRY COUNTER.
    pub const RESET_RETRY_COUNTER: u8 = 0x2C;
    /// EXTERNAL (or MUTUAL) AUTHENTICATE.
    pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
    /// GET CHALLENGE.
    pub const GET_CHALLENGE: u8 = 0x84;
    /// GENERAL AUTHENTICATE.
    pub const GENERAL_AUTHENTICATE: u8 = 0x86;
    /// INTERNAL AUTHENTICATE.
    pub const INTERNAL_AUTHENTICATE: u8 = 0x88;
    /// SELECT.
    pub const SELECT: u8 = 0xA4;
    /// READ BINARY, even instruction: the offset stands in P1-P2.
    pub const READ_BINARY: u8 = 0xB0;
    /// READ BINARY, odd instruction: the offset stands in a data object.
    pub const READ_BINARY_ODD: u8 = 0xB1;
    /// GET RESPONSE.
    pub const GET_RESPONSE: u8 = 0xC0;
    /// GET DATA, odd instruction: a data object list stands in the command data.
    pub const GET_DATA: u8 = 0xCB;

    /// The command's name in the standard, for people.
    #[must_use]
    pub const fn name(ins: u8) -> &'static str {
        match ins {
            VERIFY => "VERIFY",
            MANAGE_SECURITY_ENVIRONMENT => "MANAGE SECURITY ENVIRONMENT",
            CHANGE_REFERENCE_DATA => "CHANGE REFERENCE DATA",
            PERFORM_SECURITY_OPERATION => "PERFORM SECURITY OPERATION",
            RESET_RETRY_COUNTER => "RESET RETRY COUNTER",
            EXTERNAL_AUTHENTICATE => "EXTERNAL AUTHENTICATE",
            GET_CHALLENGE => "GET CHALLENGE",
            GENERAL_AUTHENTICATE => "GENERAL AUTHENTICATE",
            INTERNAL_AUTHENTICATE => "INTERNAL AUTHENTICATE",
            SELECT => "SELECT",
            READ_BINARY | READ_BINARY_ODD => "READ BINARY",
            GET_RESPONSE => "GET RESPONSE",
            GET_DATA => "GET DATA",
            _ => "unknown instruction",
        }
    }
}
