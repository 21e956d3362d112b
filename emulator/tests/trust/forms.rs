//! The forms in which a secret could come out of a program: as text, as bytes, and as the ways in which programs write bytes.

use std::collections::HashMap;

/// A secret in one of its forms.
#[derive(Debug)]
pub(crate) struct Form {
    /// Which secret, in which form; never the secret.
    pub(crate) name: String,
    bytes: Vec<u8>,
    /// Whether letters or digits around it make it something else: for short secrets that other numbers contain by chance.
    alone: bool,
}

/// The forms of a code of eight digits: ASCII and BCD, each in hexadecimal of all kinds, in decimal lists and in base64.
pub(crate) fn of_code(name: &str, digits: &str) -> Vec<Form> {
    let bcd = hex::decode(digits).unwrap();
    let mut forms = of_text(name, digits, false);
    forms.push(form(name, "BCD", bcd.clone(), false));
    written(name, "BCD", &bcd, &mut forms);
    forms
}

/// The forms of a text; `alone` as in [`Form`].
pub(crate) fn of_text(name: &str, text: &str, alone: bool) -> Vec<Form> {
    let mut forms = vec![form(name, "ASCII", text.into(), alone)];
    written(name, "ASCII", text.as_bytes(), &mut forms);
    forms
}

/// The forms of a key.
pub(crate) fn of_key(name: &str, key: &[u8]) -> Vec<Form> {
    let mut forms = vec![form(name, "binary", key.to_vec(), false)];
    written(name, "binary", key, &mut forms);
    forms
}

fn form(name: &str, how: &str, bytes: Vec<u8>, alone: bool) -> Form {
    Form {
        name: format!("{name} as {how}"),
        bytes,
        alone,
    }
}

/// Bytes as programs write them.
fn written(name: &str, of: &str, bytes: &[u8], forms: &mut Vec<Form>) {
    let list = |separator: &str, one: &dyn Fn(&u8) -> String| {
        let all: Vec<String> = bytes.iter().map(one).collect();
        all.join(separator).into_bytes()
    };
    let upper = |byte: &u8| format!("{byte:02X}");
    let lower = |byte: &u8| format!("{byte:02x}");
    let mut add =
        |how: &str, bytes| forms.push(form(name, &format!("{how} of {of}"), bytes, false));
    add("hex in capitals", list("", &upper));
    add("hex in small letters", list("", &lower));
    for (how, separator) in [("spaces", " "), ("colons", ":"), ("hyphens", "-")] {
        add(&format!("capital hex with {how}"), list(separator, &upper));
        add(&format!("small hex with {how}"), list(separator, &lower));
    }
    add(
        "hex with prefixes",
        list(", ", &|byte| format!("{byte:#04x}")),
    );
    add("C escapes", list("", &|byte| format!("\\x{byte:02x}")));
    add("percent escapes", list("", &|byte| format!("%{byte:02X}")));
    add("HTML escapes", list("", &|byte| format!("&#{byte};")));
    add("JSON escapes", list("", &|byte| format!("\\u{byte:04x}")));
    add("decimal list", list(", ", &|byte| byte.to_string()));
    add("dense decimal list", list(",", &|byte| byte.to_string()));
    for before in 0..3 {
        // Four characters stand in a large output by chance.
        let core = base64_core(bytes, before);
        if core.len() > 4 {
            add(&format!("base64 after {before} bytes"), core);
        }
    }
}

/// The characters of base64 that depend on these bytes alone, when so many bytes (modulo 3) stand before them.
fn base64_core(bytes: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    // The first character may hold bits of the byte before.
    let skipped = [0, 4, 2][before];
    bits[skipped..]
        .chunks_exact(6)
        .map(|bits| ALPHABET[bits.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))])
        .collect()
}

/// What was looked at, for the line of numbers.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) bytes: usize,
    pub(crate) outputs: usize,
}

impl Scan {
    /// Looks for every form in an output; none may be there.
    #[track_caller]
    pub(crate) fn clean(&mut self, what: &str, output: &[u8], forms: &[Form]) {
        assert!(!output.is_empty(), "{what}: nothing to look at");
        self.bytes += output.len();
        self.outputs += 1;
        if let Some((at, form)) = find(output, forms) {
            panic!("{what}: {} at byte {at}", form.name);
        }
    }

    /// Prints what was done.
    pub(crate) fn told(&self, name: &str, forms: usize) {
        println!(
            "trust: {name}: {} bytes, of {} outputs scanned for {forms} forms of codes, passwords and keys, 0 found",
            self.bytes, self.outputs
        );
    }
}

/// Whether a form is in an output: for the exceptions, where it must be.
pub(crate) fn contains(output: &[u8], forms: &[Form]) -> bool {
    find(output, forms).is_some()
}

/// The first form that stands in an output. One pass for all of them: outputs have a hundred megabytes, forms come by the
/// hundred, and so each place is looked up by its first bytes.
fn find<'a>(output: &[u8], forms: &'a [Form]) -> Option<(usize, &'a Form)> {
    let mut pairs = vec![false; 1 << 16];
    let mut by_start: HashMap<&[u8], Vec<&Form>> = HashMap::new();
    for form in forms {
        pairs[usize::from(u16::from_be_bytes([form.bytes[0], form.bytes[1]]))] = true;
        by_start.entry(&form.bytes[..4]).or_default().push(form);
    }
    for (at, pair) in output.windows(2).enumerate() {
        if !pairs[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
            continue;
        }
        let candidates = output.get(at..at + 4).and_then(|start| by_start.get(start));
        let found = candidates.and_then(|forms| forms.iter().find(|form| stands(output, at, form)));
        if let Some(form) = found {
            return Some((at, form));
        }
    }
    None
}

fn stands(output: &[u8], at: usize, form: &Form) -> bool {
    let part = |at: Option<usize>| {
        at.and_then(|at| output.get(at))
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    let inside = || part(at.checked_sub(1)) || part(Some(at + form.bytes.len()));
    output[at..].starts_with(&form.bytes) && !(form.alone && inside())
}

/// A scanner that finds nothing proves nothing: every form is found where it stands.
#[test]
fn every_form_is_found_where_it_stands() {
    let forms = of_code("code", "30656991");
    let texts = [
        "PIN 30656991.",
        "3330363536393931",
        "33 30 36 35 36 39 39 31",
        "33:30:36:35:36:39:39:31",
        "[51, 48, 54, 53, 54, 57, 57, 49]",
        "[51,48,54,53,54,57,57,49]",
        "30 65 69 91",
        "0x30, 0x65, 0x69, 0x91",
        "%33%30%36%35%36%39%39%31",
        "MzA2NTY5OTE=",
        "eDMwNjU2OTkx",
        "eHgzMDY1Njk5MQ==",
    ];
    for text in texts {
        assert!(contains(text.as_bytes(), &forms), "{text}");
    }
    assert!(contains(&[0, 0x30, 0x65, 0x69, 0x91], &forms));
    assert!(!contains(b"30656891 3330363536383931 MzA2NTY4OTE=", &forms));
    let short = of_text("number", "482915", true);
    assert!(contains(b"CAN 482915", &short) && !contains(b"A482915B", &short));
}
