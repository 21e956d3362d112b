//! Secure messaging from the outside: every way a protected command can be wrong with a right checksum over it, every
//! counter that is not the next one, and the shape of every answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod counter;
mod refused;

use cie_emulator::card::Channel as State;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";
const VERIFY: [u8; 4] = [0x0C, 0x20, 0x00, 0x81];
const READ: [u8; 4] = [0x0C, 0xB0, 0x00, 0x00];
const READ_ODD: [u8; 4] = [0x0C, 0xB1, 0x00, 0x01];

fn channel(terminal: &mut Terminal) -> &mut Channel {
    terminal.channel.as_mut().unwrap()
}

/// The session is gone, nothing was counted, and a right command comes too late.
#[track_caller]
fn refused(mut terminal: Terminal, bytes: &[u8], sw: u16) {
    assert_eq!(terminal.raw(bytes), sw.to_be_bytes(), "{bytes:02X?}");
    let state = terminal.state();
    assert_eq!(state.channel, State::Plain);
    assert!(!state.verified.pin && !state.device_authenticated);
    assert_eq!((state.pin_left, state.puk_left), (3, 10));
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6882));
}

fn pin_object(channel: &Channel) -> Vec<u8> {
    channel.data_object(PIN, false)
}
