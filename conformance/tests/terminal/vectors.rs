//! What the suites of the terminal share: the recorded session and its values.

use std::sync::LazyLock;

use cie_emulator::wire::{CommandBuf, Le};
use serde_json::Value;

pub(crate) static SESSION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../fixtures/vectors/ias-session.json")).unwrap()
});

pub(crate) static TERMINAL_CA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(
        "../../../fixtures/vectors/ias-terminal-ca.json"
    ))
    .unwrap()
});

pub(crate) fn field(source: &Value, name: &str) -> Vec<u8> {
    hex::decode(source[name].as_str().unwrap()).unwrap()
}

pub(crate) fn session(name: &str) -> Vec<u8> {
    field(&SESSION, name)
}

pub(crate) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// One row of the recorded session.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) plain: CommandBuf,
    pub(crate) command: Vec<u8>,
    pub(crate) response: Vec<u8>,
}

pub(crate) fn rows() -> Vec<Row> {
    let row = |row: &Value| {
        let bytes = |at: usize| hex::decode(row[at].as_str().unwrap()).unwrap();
        let [cla, ins, p1, p2] = array(&bytes(1));
        let mut plain = CommandBuf::new(cla, ins, p1, p2).data(bytes(2));
        if let Some(le) = row[3].as_str() {
            plain = plain.le(Le::from_short(u8::from_str_radix(le, 16).unwrap()));
        }
        Row {
            name: row[0].as_str().unwrap().to_owned(),
            plain,
            command: bytes(4),
            response: bytes(5),
        }
    };
    SESSION["log"].as_array().unwrap().iter().map(row).collect()
}
