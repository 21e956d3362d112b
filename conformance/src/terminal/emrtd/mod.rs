//! The travel document from the reader's side: basic access control, PACE, chip, terminal and active authentication
//! (ICAO 9303-11). Each step of a protocol is public and can be done with a fault; the data that come out are judged elsewhere.

pub mod active_authentication;
pub mod bac;
pub mod chip_authentication;
pub mod commands;
pub mod domain;
mod error;
pub mod fault;
pub mod pace;
pub mod password;
pub mod protocol;
pub mod security_infos;
pub mod terminal_authentication;

pub use active_authentication::ActiveKey;
pub use bac::{AccessFault, BasicAccess};
pub use chip_authentication::ChipAuthentication;
pub use domain::{Domain, KeyPair};
pub use error::DocumentError;
pub use fault::ExchangeFault;
pub use pace::{Pace, Round};
pub use password::Password;
pub use protocol::{Mapping, Protocol, identifier};
pub use security_infos::{ChipAuthenticationInfo, ChipKey, PaceInfo, SecurityInfos};
pub use terminal_authentication::{Authority, TerminalAuthentication, TerminalFault};
