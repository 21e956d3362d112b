//! Real clients and a real pcscd, which only a machine that has them can try: `CIE_PCSC=1` says so, and then a missing
//! program is a failure.

use crate::support::{Served, eventually};
use cie_pcscd::PrivateDaemon;
use rustix::process::Signal;
use std::process::{Command, Output};

fn wanted() -> bool {
    let wanted = std::env::var_os("CIE_PCSC").is_some_and(|value| value == "1");
    if !wanted {
        println!("left to the lane with a real pcscd (CIE_PCSC=1)");
    }
    wanted
}

fn output(command: &mut Command) -> String {
    let Output { stdout, stderr, .. } = command.output().unwrap();
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}

/// opensc-tool in a reader, until it gets through.
fn opensc(daemon: &PrivateDaemon, reader: &str, expected: &str) -> String {
    eventually(expected, || {
        let mut command = Command::new("opensc-tool");
        command.args([
            "-r",
            reader,
            "-c",
            "default",
            "-s",
            "00A4040C06A00000000039",
        ]);
        let found = output(daemon.serve(&mut command));
        found.contains(expected).then_some(found)
    })
}

#[test]
fn through_our_driver() {
    if !wanted() {
        return;
    }
    let mut daemon = PrivateDaemon::builder().reader("Served").start().unwrap();
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let served = Served::start(&["--json", "--via", &way]);
    opensc(&daemon, "0", "Received (SW1=0x90, SW2=0x00)");
    assert_eq!(served.event("exchange")["sw"], "9000");
    let mut scan = Command::new("timeout");
    scan.args(["3", "pcsc_scan", "-n"])
        .stdin(std::process::Stdio::null());
    let seen = output(daemon.serve(&mut scan));
    assert!(
        seen.contains("Served 00 00") && seen.contains("Card inserted"),
        "{seen}"
    );
    daemon.restart().unwrap();
    opensc(&daemon, "0", "Received (SW1=0x90, SW2=0x00)");
    served.signal(Signal::TERM);
    assert_eq!(served.end().0.code(), Some(0));
    eventually("empty reader", || {
        let mut list = Command::new("opensc-tool");
        list.arg("-l");
        output(daemon.serve(&mut list))
            .contains("No ")
            .then_some(())
    });
}

/// A client sees an error where an answer is lost, an empty reader where the card is gone, and both pass.
#[test]
fn faults_through_our_driver() {
    if !wanted() {
        return;
    }
    let daemon = PrivateDaemon::builder().reader("Served").start().unwrap();
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let served = Served::start(&[
        "--json",
        "--via",
        &way,
        "--fault",
        "sw=6F00@00A4040C,#1",
        "--fault",
        "lost@00A4040C,#2",
        "--fault",
        "gone=100ms@00A4040C,#3",
    ]);
    opensc(&daemon, "0", "Received (SW1=0x6F, SW2=0x00)");
    opensc(&daemon, "0", "APDU transmit failed");
    assert_eq!(served.event("exchange")["sw"], "6F00");
    opensc(&daemon, "0", "APDU transmit failed");
    assert_eq!(served.event("removed")["card"], 1);
    assert_eq!(served.event("inserted")["card"], 1);
    opensc(&daemon, "0", "Received (SW1=0x90, SW2=0x00)");
}

#[test]
fn through_vpcd() {
    if !wanted() {
        return;
    }
    let daemon = PrivateDaemon::builder().vpcd().start().unwrap();
    let outside = crate::support::command(&["--json", "--via", "vpcd"]);
    let mut inside = daemon.enter(&outside).unwrap();
    inside
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let served = Served::spawn(inside);
    opensc(&daemon, "0", "Received (SW1=0x90, SW2=0x00)");
    assert_eq!(served.event("exchange")["sw"], "9000");
    served.signal(Signal::TERM);
    assert_eq!(served.end().0.code(), Some(0));
}

#[test]
fn with_a_daemon_of_its_own() {
    if !wanted() {
        return;
    }
    let served = Served::start(&[
        "--start-pcscd",
        "private",
        "--card",
        "seed=1",
        "--card",
        "seed=2",
    ]);
    let told = served.told("PCSCLITE_CSOCK_NAME=");
    let socket = told.split_once('=').unwrap().1.to_owned();
    served.line("2  -- power on");
    let listed = output(
        Command::new("opensc-tool")
            .arg("-l")
            .env("PCSCLITE_CSOCK_NAME", &socket),
    );
    assert!(
        listed.contains("CIE Emulator 1") && listed.contains("CIE Emulator 2"),
        "{listed}"
    );
    served.signal(Signal::TERM);
    assert_eq!(served.end().0.code(), Some(0));
    assert!(!std::path::Path::new(&socket).exists(), "nothing is left");
}

#[test]
fn the_doctor_measures_vpcd() {
    if !wanted() {
        return;
    }
    let daemon = PrivateDaemon::builder().vpcd().start().unwrap();
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_cie-card"));
    doctor.args(["doctor", "--json", "--exchanges", "3"]);
    let said = daemon.enter(&doctor).unwrap().output().unwrap().stdout;
    let diagnosis: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let trap = diagnosis["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == "vpcd.trap")
        .unwrap_or_else(|| panic!("{diagnosis}"));
    let what = trap["what"].as_str().unwrap();
    assert!(what.contains("without quick acknowledgement"), "{what}");
}
