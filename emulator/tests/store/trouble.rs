//! The disk that gives up while a card is in use: the card falls silent, and whoever runs it can ask why.

use crate::stored;
use crate::support::{Terminal, commands};
use cie_emulator::store;
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

/// A card in a file that can be forbidden to change from one moment to the next, as a disk does that has given up.
fn on_a_failing_disk() -> (File, PathBuf) {
    let (_directory, path, _) = stored("adult-default");
    let memory = rustix::fs::memfd_create("card", MemfdFlags::ALLOW_SEALING).unwrap();
    let mut memory = File::from(memory);
    memory.write_all(&fs::read(path).unwrap()).unwrap();
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd()).into();
    (memory, path)
}

#[test]
fn a_card_that_cannot_write_falls_silent_and_says_why() {
    let (disk, path) = on_a_failing_disk();
    let stored = store::open(&path).unwrap();
    let trouble = stored.trouble();
    let mut terminal = Terminal::new(stored.into_card().unwrap());
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C2);
    assert_eq!(
        (trouble.text(), format!("{trouble:?}")),
        (None, "none".to_owned())
    );

    rustix::fs::fcntl_add_seals(&disk, SealFlags::WRITE).unwrap();
    let verify = |terminal: &mut Terminal| {
        let bytes = terminal
            .channel
            .as_mut()
            .unwrap()
            .protect(&commands::verify(0x81, b"12345678"));
        terminal.raw(&bytes)
    };
    assert!(
        verify(&mut terminal).is_empty(),
        "no answer without a durable try"
    );
    assert!(!terminal.card.is_powered());
    let said = trouble.text().unwrap().to_owned();
    assert!(
        said.contains("can no longer be written (Operation not permitted"),
        "{said}"
    );
    assert!(said.contains("Make room or repair the disk"), "{said}");
    assert_eq!(format!("{trouble:?}"), said);

    // Powered up again it serves, and still answers no PIN: nobody knows what the disk holds.
    terminal.card.power_on();
    assert_eq!(terminal.state().pin_left, 2, "what is on the disk counts");
    terminal.channel = None;
    terminal.authenticate();
    assert!(verify(&mut terminal).is_empty());
    assert_eq!(trouble.text(), Some(&*said), "the first reason stays");
    drop(terminal);
    assert_eq!(
        store::read(&path).unwrap().memory.credentials.pin_left,
        2,
        "what was answered is there"
    );
}

#[test]
fn a_card_that_cannot_be_taken_into_use_is_not_taken() {
    let (disk, path) = on_a_failing_disk();
    rustix::fs::fcntl_add_seals(&disk, SealFlags::WRITE).unwrap();
    let refused = store::open(&path).unwrap().into_card().err().unwrap();
    let said = refused.to_string();
    assert!(
        said.contains("cannot write") && said.contains("/proc/self/fd/"),
        "{said}"
    );
    assert!(
        said.ends_with("; a card must be readable and writable for whoever uses it"),
        "{said}"
    );
    assert_eq!(store::read(&path).unwrap().uses, 0);
}
