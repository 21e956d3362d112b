//! The send sequence counter: every one that is not the next ends the session, and every message takes one.

use crate::support::commands::*;
use crate::support::*;
use crate::{PIN, channel, refused};
use cie_emulator::card::Channel as State;
use rstest::rstest;

#[test]
fn a_replayed_command_ends_the_session() {
    let mut terminal = authenticated();
    let bytes = channel(&mut terminal).protect(&select_ef(0x1001));
    assert_eq!(terminal.send_protected(&bytes, false).unwrap().sw, 0x9000);
    refused(terminal, &bytes, 0x6988);
}

#[rstest]
#[case::skipped(1)]
#[case::one_behind(-1)]
#[case::two_behind(-2)]
#[case::of_the_response_before(-3)]
#[case::far_ahead(1 << 32)]
#[case::at_its_beginning(i64::MIN)]
fn another_counter_ends_the_session(#[case] by: i64) {
    let mut terminal = authenticated();
    terminal.sm(&select_ef(0x1001)).ok();
    let channel = channel(&mut terminal);
    channel.ssc = channel.ssc.wrapping_add_signed(by);
    let bytes = channel.protect(&read(0, 0));
    refused(terminal, &bytes, 0x6988);
}

/// A client that saw a plain status word where a protected one was sent is one message behind; the card does not help it.
#[test]
fn a_client_that_did_not_count_an_answer_is_refused() {
    let mut terminal = authenticated();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C2);
    channel(&mut terminal).ssc -= 1;
    assert_eq!(terminal.try_sm(&select_ef(0x1002)), Err(0x6988));
    assert_eq!(terminal.state().channel, State::Plain);
}

#[test]
fn the_counter_counts_every_command_and_every_answer_errors_too() {
    let mut terminal = opened();
    for (round, command) in [
        select_ef(0x1001),
        select_ef(0x4242),
        read(0, 0),
        verify(0x81, PIN),
    ]
    .iter()
    .enumerate()
    {
        terminal.sm(command);
        let send_sequence_counter = 1 + 2 * (round as u64 + 1);
        assert_eq!(
            terminal.state().channel,
            State::Protected {
                send_sequence_counter
            }
        );
    }
}

#[test]
fn the_counter_goes_on_from_ffffffffffffffff_to_zero() {
    use cie_emulator::crypto::random::{Scripted, Seeded};
    let exponent = [&[0; 31][..], &[5]].concat();
    let script = Scripted::new([exponent, vec![0xFF; 8]], Seeded::new(1));
    let image = image(card_data(), "gemalto", "default");
    let mut terminal = Terminal::new(cie_emulator::Card::new(image, Box::new(script)));
    terminal.select_cie();
    terminal.agree();
    assert_eq!(terminal.prove_terminal(), [0xFF; 8]);
    terminal.sm(&set_device_key()).ok();
    terminal.sm(&internal_authenticate(&[0xFF; 8])).ok();
    channel(&mut terminal).ssc = u64::MAX;
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    assert_eq!(channel(&mut terminal).ssc, 1);
    assert_eq!(
        terminal.state().channel,
        State::Protected {
            send_sequence_counter: 1
        }
    );
}
