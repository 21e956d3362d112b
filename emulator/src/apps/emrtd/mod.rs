//! The document application (ICAO Doc 9303 LDS1): access to the data groups by BAC or PACE, Chip Authentication, Terminal
//! Authentication and Active Authentication, version 1 of each. Files and their access conditions are not here.

mod keys;
mod password;
mod terminal_certificate;

pub use keys::{
    ActiveAuthenticationKey, ChipAuthenticationKey, Cvca, Domain, Keys, PaceOffer, StaticKey,
};
pub use password::{Can, MrzInformation, PasswordError, check_digit};
pub use terminal_certificate::{CvCertificate, CvDate, CvError, CvPublicKey, Role, RsaPadding};

/// DF name of the document application.
pub const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
