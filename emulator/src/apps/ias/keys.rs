//! The keys burnt into the application.

use crate::files::AccessCondition;
use cie_crypto::dh::Group;
use cie_crypto::rsa::{PrivateKey, PublicKey};

/// The public key of the authority that certifies terminals, and the references it goes by.
#[derive(Clone, Debug)]
pub struct TerminalCa {
    /// The key as GET DATA serves it: modulus and (full-length) exponent of 256 bytes each.
    pub public: PublicKey,
    /// The same exponentiation by way of the primes, which a synthetic authority's card may know.
    pub verify: PrivateKey,
    /// Certificate holder reference, 12 bytes; its last 8 are the authority reference in certificates.
    pub holder_reference: [u8; 12],
    /// Certificate holder authorisation, 7 bytes.
    pub holder_authorisation: [u8; 7],
}

/// Keys and parameters of the IAS application.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Key 81: signature and TLS client authentication.
    pub signature: PrivateKey,
    /// When key 81 may be used.
    pub signature_use: AccessCondition,
    /// Key 82: device authentication.
    pub device: PrivateKey,
    /// Key 83: services, in plain and without PIN.
    pub services: PrivateKey,
    /// Key 84.
    pub terminal_ca: TerminalCa,
    /// Domain parameters of the key agreement.
    pub dh: Group,
    /// SN.ICC: the 8 bytes that open the answer of the device authentication.
    pub serial_number: [u8; 8],
}
