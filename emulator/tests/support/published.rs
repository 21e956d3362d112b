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

/// The terminal's private exponent; its modulus stands in the recorded certificate.
const TERMINAL_EXPONENT: &str = "
    4716C2A38CCC7A07B415EB1A6175F2AAA0E49CEAF1BA75CBA09A684B04D81118
    79D3E2CCD8B94D3C5CF6C55753F0ED9587910B3C77258A01460FE84C2EDE5764
    EEBE9C37FB95CD69CEAF09F4B1357C276314AB43EC5B3CEFB0403F868F688E2E
    C09A4973E987756F8DA7A101A2CA75A54A8C4CCF9A1B6147E4DE56423AF70B20
    67179C5EEB646867863478D752C7F412DB277541575AA0619D30BCCC8D87E617
    0B33439A2C93F2D97E18C0A82343A6012A5BB1822808F01B5CFD85673AC0964C
    5F3CFD2DAF8142359764A9ADB9E3F76DB613461C1BC913DC9AC0AB50D365F77C
    B93194C98AA966D89CDD555125A5E59ECF4FA3F0C3FD610CD3D056439338FD81";

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
    let content = vector("cert_content");
    PrivateKey::from_modulus_and_exponent(&content[37..293], &hex(TERMINAL_EXPONENT)).unwrap()
});
