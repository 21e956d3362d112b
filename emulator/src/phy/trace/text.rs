//! An event as lines for people.

use super::{Event, Exchange, TlvNode, tree};
use crate::card::Reset;
use crate::wire::Command;
use std::fmt::Write as _;

/// Bytes of data on one line.
const PER_LINE: usize = 32;

/// What to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// The data objects of responses as a tree.
    pub tlv: bool,
}

/// An event as lines, each ended; `number` counts the exchanges of a trace from 1.
///
/// `>` is what was sent (header, Lc, data, Le apart), `<` what came back, `*` what changed in the card.
#[must_use]
pub fn render(event: &Event, number: usize, options: TextOptions) -> String {
    match event {
        Event::PowerOn(atr) => reset("power on", atr),
        Event::PowerOff => "-- power off\n".to_owned(),
        Event::Reset(Reset::Cold, atr) => reset("cold reset", atr),
        Event::Reset(Reset::Warm, atr) => reset("warm reset", atr),
        Event::Exchange(one) => exchange(one, number, options),
    }
}

fn reset(what: &str, atr: &[u8]) -> String {
    if atr.is_empty() {
        format!("-- {what}: no answer\n")
    } else {
        format!("-- {what}: ATR {}\n", hex::encode_upper(atr))
    }
}

fn exchange(exchange: &Exchange, number: usize, options: TextOptions) -> String {
    let mut out = format!(
        "{number}. {} [{}]\n",
        exchange.description,
        exchange.passage().words()
    );
    lines(&mut out, "  > ", &sent(exchange));
    let data = exchange.data();
    if !data.is_empty() {
        let digits: Vec<String> = data.chunks(PER_LINE).map(hex::encode_upper).collect();
        lines(&mut out, "  < ", &digits);
    }
    let status = match exchange.status() {
        Some(sw) => sw.to_string(),
        None => "no answer: the card is mute; !on gives it power".to_owned(),
    };
    let length = match data.len() {
        0 => String::new(),
        1 => ", 1 byte".to_owned(),
        n => format!(", {n} bytes"),
    };
    lines(&mut out, "  < ", &[status + &length]);
    if let Some(nodes) = tree(data).filter(|_| options.tlv) {
        write_tree(&mut out, &nodes, 3);
    }
    lines(&mut out, "  * ", &exchange.changes());
    out
}

/// Header, Lc, data and Le apart; bytes that are no command APDU as they stand.
fn sent(exchange: &Exchange) -> Vec<String> {
    let bytes = &exchange.command;
    let end = bytes.shown().len();
    let Ok(command) = Command::parse(bytes.shown()) else {
        return vec![bytes.to_string()];
    };
    let data = command.data.len();
    let extended = bytes.shown().get(4) == Some(&0) && end > 5;
    let start: usize = match (data, extended) {
        (0, _) => 4,
        (_, false) => 5,
        (_, true) => 7,
    };
    let data_end = start.saturating_add(data);
    let mut first = bytes.digits(0..4);
    let mut more = Vec::new();
    if start > 4 {
        first = format!("{first} {} ", bytes.digits(4..start));
        for from in (start..data_end).step_by(PER_LINE) {
            more.push(bytes.digits(from..data_end.min(from.saturating_add(PER_LINE))));
        }
    }
    let le = bytes.digits(data_end..end);
    if !more.is_empty() && more.len() == 1 {
        first.push_str(&more.remove(0));
    }
    let mut out = vec![first.trim_end().to_owned()];
    out.append(&mut more);
    if let Some(last) = out.last_mut().filter(|_| !le.is_empty()) {
        last.push(' ');
        last.push_str(&le);
    }
    out
}

fn lines(out: &mut String, prefix: &str, lines: &[impl AsRef<str>]) {
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{prefix}{}", line.as_ref());
    }
}

fn write_tree(out: &mut String, nodes: &[TlvNode], depth: usize) {
    for node in nodes {
        let name = node.name.map(|name| format!(" {name}")).unwrap_or_default();
        let value = match node.value.as_deref() {
            None => String::new(),
            Some(digits) => match digits.get(..2 * PER_LINE) {
                Some(start) if digits.len() > 2 * PER_LINE => format!(": {start}..."),
                _ => format!(": {digits}"),
            },
        };
        let _ = writeln!(
            out,
            "{:indent$}{}{name} ({}){value}",
            "",
            node.tag,
            node.length,
            indent = depth.saturating_mul(2)
        );
        write_tree(out, &node.children, depth.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phy::trace::{Bytes, Secrets, describe};
    use rstest::rstest;

    fn shown(command: &str, response: &str) -> String {
        let command = hex::decode(command).unwrap();
        let event = Event::Exchange(Exchange {
            description: describe(&command),
            command: Bytes::of_command(&command, Secrets::Masked),
            response: hex::decode(response).unwrap(),
            before: None,
            after: None,
        });
        render(&event, 4, TextOptions { tlv: true })
    }

    #[rstest]
    #[case::case_1("00A40000", "9000", "  > 00A40000\n  < 9000 (no error)\n")]
    #[case::case_2(
        "0084000008",
        "01029000",
        "  > 00840000 08\n  < 0102\n  < 9000 (no error), 2 bytes\n"
    )]
    #[case::case_3(
        "00200081023132",
        "63C2",
        "  > 00200081 02 ****\n  < 63C2 (verification failed, 2 tries left)\n"
    )]
    #[case::case_4(
        "00CB3FFF0241420000",
        "6A80",
        "  > 00CB3FFF0241420000\n  < 6A80 (incorrect parameters in the command data field)\n"
    )]
    #[case::extended(
        "00CB3FFF00000241420000",
        "6A80",
        "  > 00CB3FFF 000002 4142 0000\n  < 6A80 (incorrect parameters in the command data field)\n"
    )]
    #[case::extended_le(
        "00B00000000100",
        "6B00",
        "  > 00B00000 000100\n  < 6B00 (offset outside the file)\n"
    )]
    #[case::mute(
        "00A40000",
        "",
        "  > 00A40000\n  < no answer: the card is mute; !on gives it power\n"
    )]
    #[case::tree(
        "00840000",
        "5A01FF9000",
        "  > 00840000\n  < 5A01FF\n  < 9000 (no error), 3 bytes\n      5A card number (1): FF\n"
    )]
    fn fields_stand_apart(#[case] command: &str, #[case] response: &str, #[case] expected: &str) {
        let text = shown(command, response);
        let (title, rest) = text.split_once('\n').unwrap();
        assert!(title.starts_with("4. "), "{title}");
        assert_eq!(rest, expected);
    }

    #[test]
    fn long_data_are_broken_and_complete() {
        let data = "AB".repeat(70);
        let text = shown(&format!("0088000046{data}00"), &format!("{data}9000"));
        let sent: String = text
            .lines()
            .filter_map(|l| l.strip_prefix("  > "))
            .collect();
        assert_eq!(sent.replace(' ', ""), format!("0088000046{data}00"));
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
