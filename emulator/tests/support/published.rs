//! The keys every client program publishes: the terminal's key pair and the exponent that signs its certificate. TEST ONLY,
//! like everything else that rests on them.

use super::hex;
use cie_emulator::crypto::rsa::PrivateKey;
use serde_json::Value;
use std::sync::LazyLock;

/// The exponent that signs terminal certificates under whatever modulus a card serves.
const CERTIFICATE_EXPONENT: &str = "
    186B31488C25DCF85D953D3630C0D073BA1C6AA24581AD254F3B6719C5D72CCA
    3E5CDC5A1E5316578D75954FF73B237B532C9F8DE4A2C4C911385A23E63E33E4
    7EE45E66EFD49B18E02CFF87598C39109E8F86A66BC330249CE3FCAD655DCDBF
    98C9C5E479321AF53B517D041061880A647BBE0FF813683470E6C50094CE81D0
    64E204E351BD3AE0A7947D8E91C3FD5C0A15233C349A5215A4E66E21C5D33498
    E71991EA24473B29F1475F6FD9BE3996E19BD474FAD1B41EA0DCD2FC16C9BFFA
    071BFEC1B22415184811C1985FBFE3E7B4F44A4B3C8DFAB4D90CECFC5E608D67
    3E6762C62CB798341271149BA688162EC7D0E3468F65A94AB4AD1AB67E37BFC1";

/// The primes of the terminal's key, which its published exponents give away; with them a proof costs a quarter.
const TERMINAL_PRIMES: [&str; 2] = [
    "
    E9281D696BCF26576ADA4491BDBB48057CDD3E78D846D9616469E2B48151098D
    B688704F676EB93F7ED50C7A725BFDA26BFF10630A0AA9658684B881E007F0F1
    A53208DA67E2D62216B01990DBBC93CB2870B99F87742FFA87A17129C9FAD525
    F6CF2AE6F45A04C0FC0750F2CA4D5B4F54273FC5993BA965851D38EFA92C36DD",
    "
    CC654A024BDF9C450AF93E9CDB0E08869E457166F032D961FAB56A34230A9500
    9ED7762D25A04C34B55FB455CEDF7398DB580837E8DCC070D72B260427754C14
    6E7641950A7880FE0CB3B39EC7E4C96FA36DAAB3E996302E13F78503BB133425
    3DD2044965FF77FA04D8F75727291D8C2457F910A3AB7F6A19ED7DCFD0A43BE1",
];

static VECTOR: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../fixtures/vectors/ias-session.json")).unwrap()
});

static AUTHORITY: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../fixtures/keys/terminal-ca.json")).unwrap()
});

/// A field of the recorded session.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    hex(VECTOR[name].as_str().unwrap())
}

/// What signs terminal certificates for the card's own authority key.
pub(crate) static CERTIFICATE_SIGNER: LazyLock<PrivateKey> = LazyLock::new(|| {
    let field = |name: &str| hex(AUTHORITY[name].as_str().unwrap());
    PrivateKey::with_exponent(&field("p"), &field("q"), &hex(CERTIFICATE_EXPONENT)).unwrap()
});

/// The terminal's own key.
pub(crate) static TERMINAL_KEY: LazyLock<PrivateKey> = LazyLock::new(|| {
    let [p, q] = TERMINAL_PRIMES.map(hex);
    let key = PrivateKey::from_primes(&p, &q, &[1, 0, 1]).unwrap();
    assert_eq!(key.public().modulus(), &vector("cert_content")[37..293]);
    key
});
