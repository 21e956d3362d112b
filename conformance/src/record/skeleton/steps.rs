//! Records as steps, in the text of YAML.

use std::fmt::Write as _;

use cie_emulator::phy::trace::file::{Exchange, Kind, Octets, Record, ResetKind};
use cie_emulator::wire::{Command, Le, ins};

use super::quoted;

/// The longest data that are expected byte by byte; longer ones by their length.
const SHOWN: usize = 64;

/// The steps of a case.
pub(super) fn of(records: Vec<&(usize, Record)>) -> Vec<String> {
    let mut out = Vec::new();
    let mut channel = false;
    let mut powered = false;
    let mut index = 0;
    while let Some((line, record)) = records.get(index) {
        index += 1;
        match record {
            Record::Exchange(exchange) => {
                if let Some((opened, length)) = opening(records.get(index - 1..).unwrap_or(&[])) {
                    out.push(format!("  - open: {opened}\n"));
                    channel = true;
                    index += length - 1;
                } else {
                    out.push(step(*line, exchange, &mut channel));
                }
            }
            // The runner gives power first.
            Record::PowerOn(_) if !powered => {}
            Record::PowerOn(_) => out.push("  - power_cycle: cold\n".to_owned()),
            Record::Reset(reset) => out.push(match reset.kind {
                ResetKind::Warm => "  - reset: warm\n".to_owned(),
                ResetKind::Cold => "  - reset: cold\n".to_owned(),
            }),
            Record::Insert(_) if powered => out.push("  - insert\n".to_owned()),
            Record::Remove(_) if powered => out.push("  - remove\n".to_owned()),
            Record::Insert(_) | Record::Remove(_) | Record::PowerOff(_) | Record::Case(_) => {}
        }
        if !matches!(record, Record::Exchange(_)) {
            channel = false;
        }
        // What `insert` does, power included, was told by it.
        powered = !matches!(record, Record::Insert(_)) && (powered || gives_power(record));
    }
    out
}

const fn gives_power(record: &Record) -> bool {
    matches!(record, Record::PowerOn(_) | Record::Reset(_))
}

/// Whether a channel is opened here: how, and with how many exchanges.
fn opening(records: &[&(usize, Record)]) -> Option<(&'static str, usize)> {
    let exchanges: Vec<&Exchange> = records
        .iter()
        .map_while(|(_, record)| match record {
            Record::Exchange(exchange) => Some(exchange),
            _ => None,
        })
        .collect();
    let is_agreement = |exchange: &&Exchange| {
        exchange.inner.is_none() && header(&exchange.command) == Some([0x22, 0x41, 0xA6])
    };
    let links = exchanges.iter().copied().take_while(is_agreement).count();
    let agreed = exchanges.iter().take(links).all(|link| succeeded(link));
    let value = exchanges.get(links)?;
    let gives_value = value.command.bytes().is_some_and(|bytes| {
        bytes.ends_with(&[0xA6, 0x02, 0x91, 0x00])
            || bytes.ends_with(&[0xA6, 0x02, 0x91, 0x00, 0x00])
    });
    if links == 0 || !agreed || !gives_value || !succeeded(value) {
        return None;
    }
    let agreement = links + 1;
    let rest = exchanges.get(agreement..).unwrap_or(&[]);
    Some(match authentication(rest) {
        Some(length) => ("device_authentication", agreement + length),
        None => ("key_agreement", agreement),
    })
}

/// The exchanges of a device authentication that worked: from the selection of the certificate's key to the card's proof.
fn authentication(exchanges: &[&Exchange]) -> Option<usize> {
    let inner = |exchange: &&Exchange| exchange.inner.as_ref().and_then(|i| header(&i.command));
    if exchanges.first().and_then(inner) != Some([0x22, 0x81, 0xB6]) {
        return None;
    }
    let length = exchanges
        .iter()
        .position(|exchange| {
            inner(exchange).is_some_and(|[ins, ..]| ins == ins::INTERNAL_AUTHENTICATE)
        })?
        .checked_add(1)?;
    let all = exchanges.get(..length)?;
    all.iter()
        .all(|exchange| succeeded(exchange))
        .then_some(length)
}

/// INS, P1, P2.
fn header(command: &Octets) -> Option<[u8; 3]> {
    let &[_, ins, p1, p2, ..] = command.beginning() else {
        return None;
    };
    Some([ins, p1, p2])
}

fn succeeded(exchange: &Exchange) -> bool {
    let response = match &exchange.inner {
        Some(inner) => &inner.response,
        None => &exchange.response,
    };
    matches!(response.split_status(), Some((_, [0x90, 0x00])))
}

/// One exchange.
fn step(line: usize, exchange: &Exchange, channel: &mut bool) -> String {
    let protected = exchange
        .command
        .beginning()
        .first()
        .is_some_and(|cla| cla & 0x0C == 0x0C && cla & 0x80 == 0);
    let (command, response) = match &exchange.inner {
        Some(inner) if !inner.response.is_empty() => (&inner.command, &inner.response),
        Some(inner) => (&inner.command, &exchange.response),
        None => (&exchange.command, &exchange.response),
    };
    if protected && (exchange.inner.is_none() || !*channel) {
        return note(
            line,
            exchange,
            "it was protected with keys that cannot come again",
        );
    }
    let Some(verb) = verb(command, response) else {
        let hidden: Vec<String> = command.hidden().map(ToString::to_string).collect();
        return note(
            line,
            exchange,
            &format!("{} was left out", hidden.join(" ")),
        );
    };
    let mut out = format!("  - {verb}\n");
    if *channel && !protected {
        out.push_str("    channel: plain\n");
    }
    let _ = writeln!(out, "    note: {}", quoted(&exchange.words));
    let expected = expected(response);
    let came_plain = exchange
        .inner
        .as_ref()
        .is_some_and(|inner| inner.response.is_empty());
    let expected = match came_plain {
        true => format!("{expected}, channel: plain"),
        false => expected,
    };
    if expected != OK {
        let _ = writeln!(out, "    expect: {{ {expected} }}");
    }
    // A session ends with the first command, or answer, that is outside of it.
    *channel = *channel && protected && !came_plain;
    out
}

fn note(line: usize, exchange: &Exchange, why: &str) -> String {
    let text = format!("line {line}, {}: not repeated, {why}", exchange.words);
    format!("  - note: {}\n", quoted(&text))
}

/// The verb with its parameters; `None` when the command cannot be made again.
fn verb(command: &Octets, response: &Octets) -> Option<String> {
    if let Some(bytes) = command.bytes() {
        let digits = hex::encode_upper(&bytes);
        return Some(match Command::parse(&bytes) {
            Ok(_) => format!("apdu: \"{digits}\""),
            Err(_) if bytes.is_empty() => return None,
            Err(_) => format!("bytes: \"{digits}\""),
        });
    }
    let filled = command.filled(0);
    let parsed = Command::parse(&filled).ok()?;
    let mut hidden = command.hidden();
    let (Some(first), None) = (hidden.next(), hidden.next()) else {
        return None;
    };
    let wrong = response
        .split_status()
        .is_some_and(|(_, [sw1, _])| sw1 == 0x63);
    let value = if wrong { "wrong" } else { "right" };
    let [cla, ins, p1, _] = parsed.header.to_bytes();
    if cla != 0 || first.length != parsed.data.len() {
        return None;
    }
    match (ins, p1, first.kind, first.length) {
        (ins::VERIFY, 0, Kind::Pin, 8) => {
            Some(format!("verify: {{ reference: pin, value: {value} }}"))
        }
        (ins::VERIFY, 0, Kind::Puk, 8) => {
            Some(format!("verify: {{ reference: puk, value: {value} }}"))
        }
        (ins::CHANGE_REFERENCE_DATA, 0, Kind::Pin, 16) => Some(format!(
            "change_reference_data: {{ reference: pin, old: {value}, new: original }}"
        )),
        (ins::RESET_RETRY_COUNTER, 2, Kind::Pin, 8) => {
            Some("reset_retry_counter: { reference: pin, new_value: original }".to_owned())
        }
        (ins::INTERNAL_AUTHENTICATE, 0, Kind::Input, length) => {
            let le = match parsed.le {
                None => String::new(),
                Some(Le::Maximum) => ", le: max".to_owned(),
                Some(Le::Exactly(length)) => format!(", le: {length}"),
            };
            Some(format!(
                "internal_authenticate: {{ data: {{ random: {length} }}{le} }}"
            ))
        }
        _ => None,
    }
}

/// What a step expects that says nothing.
const OK: &str = "sw: \"9000\"";

fn expected(response: &Octets) -> String {
    let Some((data, [sw1, sw2])) = response.split_status() else {
        return "sw: mute".to_owned();
    };
    let mut out = format!("sw: \"{sw1:02X}{sw2:02X}\"");
    let _ = match data.bytes() {
        Some(bytes) if bytes.is_empty() => Ok(()),
        Some(bytes) if bytes.len() <= SHOWN => {
            write!(out, ", data: \"{}\"", hex::encode_upper(&bytes))
        }
        _ => write!(out, ", length: {}", data.len()),
    };
    out
}
