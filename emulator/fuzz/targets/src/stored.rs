//! Card files and exports from strangers. Bytes alone never get past the digests, so most inputs are changes to the *contents* of
//! a right file, sealed again: what is refused is left as it is, what is accepted is a card that lives.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use cie_crypto::hash::sha256;
use cie_emulator::spec::CardSpec;
use cie_emulator::store::{self, Existing, Fault, StoreError};
use serde_json::Value;
use tempfile::TempDir;

use crate::input::Input;

const PAGE: usize = 4096;

/// A right file, and what stands in it.
struct Base {
    file: Vec<u8>,
    contents: Value,
    memory: Value,
    export: Value,
}

static BASES: LazyLock<[Base; 2]> =
    LazyLock::new(|| ["adult-default", "persona=adult-modern,chip=nxp,pin_tries=5"].map(base));

fn base(words: &str) -> Base {
    let folder = folder();
    let path = folder.path().join("card.cie");
    let spec: CardSpec = words.parse().expect("a right line");
    let issued = spec.issue().expect("a right card");
    store::create(&path, &issued.persona, &issued.card, Existing::Refused).expect("a new file");
    let file = fs::read(&path).expect("the file");
    let export = store::export(&path).expect("a right file");
    let record = file.get(PAGE..2 * PAGE).unwrap_or_default();
    let length = record.get(12..14).and_then(|length| length.try_into().ok());
    let length = usize::from(u16::from_be_bytes(length.expect("two bytes")));
    Base {
        contents: json(file.get(3 * PAGE..)),
        memory: json(record.get(14..14 + length)),
        export: json(Some(export.as_bytes())),
        file,
    }
}

fn json(bytes: Option<&[u8]>) -> Value {
    serde_json::from_slice(bytes.unwrap_or_default()).expect("JSON")
}

/// A folder in memory where there is one: every new card file waits for the disk.
fn folder() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// Card files, and exports to be imported.
pub(crate) fn stored_card(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let kind = input.byte();
    let Some(base) = BASES.get(usize::from(kind >> 7)) else {
        return;
    };
    let folder = folder();
    let path = folder.path().join("card.cie");
    match kind % 6 {
        0 => file(&path, input.rest()),
        1 => file(&path, &patched(&base.file, &mut input)),
        2 => {
            let contents = edited(&base.contents, &mut input);
            let memory = base.memory.to_string();
            file(&path, &sealed(&contents, [(0, &memory), (1, &memory)]));
        }
        3 => {
            let sequences = [u64::from(input.word()), u64::from(input.word())];
            let memory = edited(&base.memory, &mut input);
            let (contents, other) = (base.contents.to_string(), base.memory.to_string());
            let records = [(sequences[0], &*memory), (sequences[1], &*other)];
            file(&path, &sealed(&contents, records));
        }
        4 => import(&path, input.rest()),
        _ => import(&path, edited(&base.export, &mut input).as_bytes()),
    }
}

/// A file with these contents and records, every digest right: the layout as its description has it.
fn sealed(contents: &str, records: [(u64, &str); 2]) -> Vec<u8> {
    let mut file = b"CIE-CARD\r\n\x1a\n".to_vec();
    file.extend(store::FORMAT.to_be_bytes());
    file.extend((contents.len() as u64).to_be_bytes());
    file.extend([0; 8]);
    file.extend(sha256(&[contents.as_bytes()]));
    let digest = sha256(&[&file]);
    file.extend(digest);
    for (page, (sequence, memory)) in (1..).zip(records) {
        file.resize(page * PAGE, 0);
        let length = u16::try_from(memory.len()).unwrap_or(u16::MAX);
        let mut record = b"MEMO".to_vec();
        record.extend(sequence.to_be_bytes());
        record.extend(length.to_be_bytes());
        record.extend(memory.as_bytes());
        let digest = sha256(&[&record]);
        record.extend(digest);
        record.truncate(PAGE);
        file.extend(record);
    }
    file.resize(3 * PAGE, 0);
    file.extend(contents.as_bytes());
    file
}

/// The bytes with stretches of them replaced.
fn patched(bytes: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        let at = usize::from(input.word()).min(bytes.len());
        let end = (at + usize::from(input.byte())).min(bytes.len());
        bytes.splice(at..end, input.short().iter().copied());
    }
    bytes
}

/// The text of a value of which a few nodes are others.
fn edited(value: &Value, input: &mut Input<'_>) -> String {
    let mut value = value.clone();
    for _ in 0..6 {
        if input.is_empty() {
            break;
        }
        let mut number = usize::from(input.word()) % nodes(&value).max(1);
        let donor = nth(&value, &mut usize::from(input.word()).min(nodes(&value))).cloned();
        if let Some(node) = nth_mut(&mut value, &mut number) {
            edit(node, donor, input);
        }
    }
    value.to_string()
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum::<usize>(),
        Value::Object(entries) => entries.values().map(nodes).sum(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a Value, number: &mut usize) -> Option<&'a Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter().find_map(|item| nth(item, number)),
        Value::Object(entries) => entries.values().find_map(|item| nth(item, number)),
        _ => None,
    }
}

fn nth_mut<'a>(value: &'a mut Value, number: &mut usize) -> Option<&'a mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth_mut(item, number)),
        Value::Object(entries) => entries.values_mut().find_map(|item| nth_mut(item, number)),
        _ => None,
    }
}

fn edit(node: &mut Value, donor: Option<Value>, input: &mut Input<'_>) {
    let kind = input.byte();
    match (kind % 12, &mut *node) {
        (0, _) => *node = Value::Null,
        (1, _) => *node = Value::Bool(kind & 0x80 != 0),
        (2, _) => *node = Value::from(u64::from(input.word())),
        (3, _) => *node = Value::from(-i64::from(input.word())),
        (4, _) => *node = Value::from(String::from_utf8_lossy(input.short())),
        (5, _) => *node = Value::from(hex::encode(input.short())),
        (6, Value::String(text)) => {
            let cut = usize::from(input.byte()).min(text.len());
            if text.is_char_boundary(cut) {
                text.truncate(cut);
            }
        }
        (7, Value::String(text)) => text.push_str(&hex::encode(input.short())),
        (8, Value::String(text)) => {
            let mut bytes = text.clone().into_bytes();
            let at = usize::from(input.word()) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = input.byte();
            }
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        (9, Value::Array(items)) => items.extend(donor),
        (9, Value::Object(entries)) => {
            let name = String::from_utf8_lossy(input.short()).into_owned();
            entries.insert(name, donor.unwrap_or_default());
        }
        (10, Value::Array(items)) => drop(items.pop()),
        (10, Value::Object(entries)) => {
            let at = usize::from(input.byte()) % entries.len().max(1);
            let key = entries.keys().nth(at).cloned();
            key.and_then(|key| entries.remove(&key));
        }
        (11, Value::Number(number)) => {
            let by = u64::from(input.byte());
            *node = Value::from(number.as_u64().unwrap_or_default().wrapping_add(by));
        }
        (6.., _) => *node = donor.unwrap_or_default(),
    }
}

/// A file with these bytes: a card or an error, never touched by looking.
fn file(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a new file");
    let read = store::read(path).map(|snapshot| snapshot.memory.credentials);
    let report = store::check(path);
    let export = store::export(path);
    let same = || fs::read(path).expect("the file") == bytes;
    assert!(same(), "looking at a file changed it");
    match read {
        Err(error) => {
            refused(&error, path);
            let opened = store::open(path).err().map(|error| error.to_string());
            assert_eq!(opened, Some(error.to_string()));
            assert!(export.is_err(), "no card, and an export");
            assert!(report.is_ok_and(|report| !report.is_sound()) || is_foreign(&error));
            assert!(same(), "a file was refused and changed");
        }
        Ok(_) => {
            assert!(report.is_ok(), "a card that cannot be checked");
            lives(path, &export.expect("a card can be exported"));
        }
    }
}

fn is_foreign(error: &StoreError) -> bool {
    matches!(error.fault, Fault::NotACard | Fault::Newer { .. })
}

fn refused(error: &StoreError, path: &Path) {
    let words = error.to_string();
    assert!(words.starts_with(&path.display().to_string()), "{words}");
}

/// A card that was read: comes back from its export as it was, is taken into use, answers, and stays what it is.
fn lives(path: &Path, export: &str) {
    let copy = path.with_extension("copy");
    let document = path.with_extension("json");
    fs::write(&document, export).expect("a new file");
    store::import(&document, &copy, Existing::Refused).expect("an export can be imported");
    let again = store::export(&copy).expect("what was imported can be exported");
    assert_eq!(*again, export, "export, import, export");
    let before = store::read(path).expect("it was read before");
    let mut card = store::open(path)
        .and_then(|card| card.into_card())
        .expect("nobody else has it");
    assert!(card.power_on().as_bytes().len() >= 2);
    for command in [
        &[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39][..],
        &[0x00, 0xB0, 0x81, 0x00, 0x00],
        &[0x00, 0xB0, 0x86, 0x00, 0x80],
        &[
            0x00, 0xCB, 0x3F, 0xFF, 0x0A, 0x4D, 8, 0x70, 6, 0xBF, 0xA1, 1, 2, 0xA3, 0x80,
        ],
        &[0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00],
        &[0x00, 0xB0, 0x9C, 0x00, 0x00],
        &[0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 2, 0x47, 0x10, 1],
        &[0x00, 0x84, 0x00, 0x00, 0x08],
        &[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39],
        &[0x00, 0x22, 0x41, 0xA4, 0x06, 0x80, 1, 2, 0x84, 1, 0x83],
        &[0x00, 0x88, 0x00, 0x00, 0x04, 1, 2, 3, 4],
    ] {
        assert!(card.transmit(command).len() >= 2);
    }
    drop(card);
    let after = store::read(path).expect("it was read before");
    assert_eq!(after.memory, before.memory);
    assert_eq!(after.uses, before.uses.saturating_add(1));
}

/// An export with this text: a card, or an error with a place, and then nothing is left behind.
fn import(path: &Path, text: &[u8]) {
    let document = path.with_extension("json");
    fs::write(&document, text).expect("a new file");
    match store::import(&document, path, Existing::Refused) {
        Ok(()) => {
            let export = store::export(path).expect("what was imported can be exported");
            lives_from(path, &export);
        }
        Err(error) => {
            let words = error.to_string();
            let syntax = serde_json::from_slice::<Value>(text).is_err();
            assert!(!syntax || words.contains(" at line "), "{words}");
            let left: Vec<_> = fs::read_dir(path.parent().expect("a folder"))
                .expect("the folder")
                .collect();
            assert_eq!(left.len(), 1, "something was left behind");
        }
    }
}

fn lives_from(path: &Path, export: &str) {
    let document = path.with_extension("json");
    fs::remove_file(&document).expect("the export");
    lives(path, export);
}
