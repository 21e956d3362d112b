//! What several suites share: the fixtures, and keys that are costly to make.
#![allow(dead_code, reason = "every suite uses a part of it")]

use std::sync::LazyLock;

use cie_crypto::rsa::PrivateKey;
use serde_json::Value;

pub(crate) static SESSION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(
        "../../../../fixtures/vectors/ias-session.json"
    ))
    .unwrap()
});

pub(crate) static TERMINAL_CA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(
        "../../../../fixtures/vectors/ias-terminal-ca.json"
    ))
    .unwrap()
});

/// The private exponent with which every client signs its terminal certificate; the clients publish it.
pub(crate) const TERMINAL_CA_EXPONENT: &str = "186B31488C25DCF85D953D3630C0D073BA1C6AA24581AD254F3B6719C5D72CCA3E5CDC5A1E5316578D75954FF73B237B532C9F8DE4A2C4C911385A23E63E33E47EE45E66EFD49B18E02CFF87598C39109E8F86A66BC330249CE3FCAD655DCDBF98C9C5E479321AF53B517D041061880A647BBE0FF813683470E6C50094CE81D064E204E351BD3AE0A7947D8E91C3FD5C0A15233C349A5215A4E66E21C5D33498E71991EA24473B29F1475F6FD9BE3996E19BD474FAD1B41EA0DCD2FC16C9BFFA071BFEC1B22415184811C1985FBFE3E7B4F44A4B3C8DFAB4D90CECFC5E608D673E6762C62CB798341271149BA688162EC7D0E3468F65A94AB4AD1AB67E37BFC1";

/// A key of 1536 bits, for tests only.
pub(crate) static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::from_pem(include_str!("../data/rsa-1536-pkcs1.pem")).unwrap());

pub(crate) fn field(source: &Value, name: &str) -> Vec<u8> {
    hex::decode(source[name].as_str().unwrap()).unwrap()
}

pub(crate) fn session(name: &str) -> Vec<u8> {
    field(&SESSION, name)
}

pub(crate) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// One of the fixtures of the document side.
pub(crate) fn vectors(name: &str) -> Value {
    let path = format!(
        "{}/../../fixtures/vectors/emrtd-{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
