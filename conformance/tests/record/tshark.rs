//! The capture of a trace as tshark sees it: instructions and status words, dissected. tshark is a program of the machine, so
//! this is left to the lane that has one (`CIE_PCSC=1`); the bytes themselves are looked at everywhere.

use std::process::Command;

use cie_emulator::phy::trace::file::Recording;
use cie_emulator::phy::trace::pcap::{View, write};

use crate::fixtures::folder;

fn trace() -> Recording {
    Recording::open(&folder().join("login.jsonl")).unwrap()
}

fn capture(view: View) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&trace(), view, &mut bytes).unwrap();
    bytes
}

/// Packets of a classic capture: their data.
fn packets(capture: &[u8]) -> Vec<&[u8]> {
    let number = |at: usize| -> usize {
        let bytes: [u8; 4] = capture[at..at + 4].try_into().unwrap();
        // The byte order is told by the first bytes.
        let value = match capture[0] {
            0xA1 => u32::from_be_bytes(bytes),
            _ => u32::from_le_bytes(bytes),
        };
        value.try_into().unwrap()
    };
    assert_eq!(number(20), 252, "the link type");
    let (mut at, mut found) = (24, Vec::new());
    while at < capture.len() {
        let length = number(at + 8);
        found.push(&capture[at + 16..at + 16 + length]);
        at += 16 + length;
    }
    found
}

#[test]
fn a_capture_has_every_answer_to_reset_command_and_response() {
    let capture = capture(View::Wire);
    let packets = packets(&capture);
    assert_eq!(packets.len(), 1 + 2 * (trace().records.len() - 2));
    assert!(packets[0].starts_with(
        b"\x00\x0C\x00\x0Ciso7816.atr\0\x00\x23\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x3B"
    ));
    assert!(packets[1].starts_with(
        b"\x00\x0C\x00\x08iso7816\0\x00\x23\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xA4"
    ));
    assert!(packets[2].ends_with(&[0x90, 0x00]));
}

#[test]
fn tshark_dissects_commands_and_status_words() {
    if std::env::var_os("CIE_PCSC").is_none_or(|value| value != "1") {
        println!("tshark is left to the lane with CIE_PCSC=1");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.pcap");
    std::fs::write(&path, capture(View::Plain)).unwrap();
    let fields = [
        "iso7816.apdu.ins",
        "iso7816.apdu.sw1",
        "iso7816.apdu.sw2",
        "iso7816.atr.init_char",
    ];
    let output = Command::new("tshark")
        .arg("-r")
        .arg(&path)
        .args(["-T", "fields"])
        .args(fields.iter().flat_map(|field| ["-e", *field]))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines[0][3], "0x3b");
    let instructions: Vec<&str> = lines
        .iter()
        .map(|line| line[0])
        .filter(|ins| !ins.is_empty())
        .collect();
    for wanted in ["0xa4", "0xb0", "0x20", "0x84", "0x88"] {
        assert!(instructions.contains(&wanted), "{wanted}: {instructions:?}");
    }
    let statuses: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line[1], line[2]))
        .filter(|(sw1, _)| !sw1.is_empty())
        .collect();
    // tshark 4.0 takes the class of a chained command for one it does not know, and leaves its instruction alone.
    let trace = trace();
    let chained = crate::support::exchanges(&trace)
        .into_iter()
        .filter(|exchange| {
            let inner = exchange.inner.as_ref().map(|inner| &inner.command);
            inner.unwrap_or(&exchange.command).beginning().first() == Some(&0x10)
        });
    assert_eq!(statuses.len(), instructions.len() + chained.count());
    assert!(
        statuses.contains(&("0x90", "0x00")) && statuses.contains(&("0x69", "0x82")),
        "{statuses:?}"
    );
}
