//! Command chaining, plain and protected: whole chains, aborted ones, mixed ones, too long ones, and the commands that
//! cannot be chained.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::Channel;
use cie_emulator::wire::CommandBuf;
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";

fn agreement_template() -> CommandBuf {
    set_template(0x41A6, &Agreement::recorded().template())
}

#[rstest]
#[case::two_links(255)]
#[case::three_links(100)]
#[case::one_byte_links(1)]
fn a_plain_chain_is_one_command(#[case] size: usize) {
    let mut terminal = powered();
    terminal.select_cie();
    let template = agreement_template();
    let mut parts: Vec<&[u8]> = template.data.chunks(size).collect();
    let last = parts.pop().unwrap();
    for part in parts {
        let link = terminal.link(&template, 0x10, part, false);
        assert_eq!(
            link,
            Reply {
                data: vec![],
                sw: 0x9000
            }
        );
        assert!(terminal.state().unfinished_chain);
    }
    terminal.link(&template, 0x00, last, false).ok();
    assert!(!terminal.state().unfinished_chain);
    terminal.plain(&get_data(CARD_PUBLIC)).ok();
}

#[test]
fn an_extended_command_is_the_same_as_a_chain() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&agreement_template().extended()).ok();
    terminal.plain(&get_data(CARD_PUBLIC)).ok();
}

#[rstest]
#[case::in_one(231, 231)]
#[case::one_byte_more(232, 231)]
#[case::the_longest(245, 231)]
#[case::in_small_pieces(100, 7)]
fn a_protected_chain_signs_what_the_links_hold(#[case] length: usize, #[case] size: usize) {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&set_key(0x81)).ok();
    let data: Vec<u8> = (1..=length).map(|i| i as u8).collect();
    let command = internal_authenticate(&data);
    let mut parts: Vec<&[u8]> = data.chunks(size).collect();
    let last = parts.pop().unwrap();
    for part in parts {
        let link = terminal.link(&command, 0x10, part, true);
        assert_eq!(
            link,
            Reply {
                data: vec![],
                sw: 0x9000
            }
        );
    }
    let signature = terminal.link(&command, 0x00, last, true).ok();
    let key = card_data().signature_key.public();
    let signed = cie_emulator::crypto::pkcs1::recover_type1(key, &signature).unwrap();
    assert_eq!(signed, data);
}

/// First link of a chain of MSE SET 41A4, whose second half would make it whole.
fn first_link(terminal: &mut Terminal, protected: bool) -> CommandBuf {
    let whole = set_key(0x83);
    terminal
        .link(&whole, 0x10, &whole.data[..3], protected)
        .ok();
    whole
}

#[rstest]
#[case::select(select_mf(), 0x9000)]
#[case::unknown_instruction(CommandBuf::new(0, 0x70, 0, 0), 0x6D00)]
#[case::other_parameters_of_the_same_instruction(set_certificate_key(), 0x9000)]
#[case::wrong_parameters_of_the_same_instruction(set_template(0x41B8, &[]), 0x6A86)]
#[case::another_chain(set_template(0x81B6, &[0x80]), 0x6A80)]
fn another_command_aborts_a_chain_and_is_carried_out(
    #[case] other: CommandBuf,
    #[case] sw: u16,
    #[values(false, true)] protected: bool,
) {
    let mut terminal = authenticated();
    if !protected {
        terminal.select_cie();
    }
    let whole = first_link(&mut terminal, protected);
    let reply = if protected {
        terminal.sm(&other)
    } else {
        terminal.plain(&other)
    };
    assert_eq!(reply.sw, sw);
    assert!(!terminal.state().unfinished_chain);
    if terminal.state().current_df == Some("CIE") {
        let rest = terminal.link(&whole, 0x00, &whole.data[3..], protected);
        assert_eq!(rest.sw, 0x6A80, "the second half stands for itself");
    }
}

#[test]
fn a_chain_of_another_command_begins_anew() {
    let mut terminal = powered();
    terminal.select_cie();
    first_link(&mut terminal, false);
    let other = set_certificate_key();
    terminal.link(&other, 0x10, &other.data[..2], false).ok();
    terminal.link(&other, 0x00, &other.data[2..], false).ok();
}

#[test]
fn get_response_aborts_a_chain_too() {
    let mut terminal = powered();
    terminal.select_cie();
    let whole = first_link(&mut terminal, false);
    assert_eq!(terminal.raw(&hex("00C0000000")), [0x6D, 0x00]);
    assert!(!terminal.state().unfinished_chain);
    let rest = terminal.link(&whole, 0x00, &whole.data[3..], false);
    assert_eq!(rest.sw, 0x6A80);
}

#[test]
fn a_plain_link_after_protected_ones_ends_the_session_and_the_chain() {
    let mut terminal = authenticated();
    let whole = first_link(&mut terminal, true);
    let rest = terminal.link(&whole, 0x00, &whole.data[3..], false);
    assert_eq!(rest.sw, 0x6A80);
    assert_eq!(terminal.state().channel, Channel::Plain);
}

#[test]
fn a_protected_link_after_plain_ones_is_refused_and_the_chain_is_gone() {
    let mut terminal = authenticated();
    terminal.select_cie();
    let whole = first_link(&mut terminal, false);
    let mut rest = whole.clone();
    rest.data = whole.data[3..].to_vec();
    assert_eq!(terminal.try_sm(&rest), Err(0x6882));
    assert!(!terminal.state().unfinished_chain);
}

#[rstest]
#[case::plain(false)]
#[case::protected(true)]
fn a_chain_above_the_limit_is_6700_and_gone(#[case] protected: bool) {
    let mut terminal = authenticated();
    if !protected {
        terminal.select_cie();
    }
    let limit = terminal.card.image().chip.limits.chain;
    let command = verify_certificate(&[]);
    let part = [0; 231];
    for _ in 0..limit / part.len() {
        terminal.link(&command, 0x10, &part, protected).ok();
    }
    let over = terminal.link(&command, 0x10, &part, protected);
    assert_eq!(
        over,
        Reply {
            data: vec![],
            sw: 0x6700
        }
    );
    assert!(!terminal.state().unfinished_chain);
}

#[test]
fn a_last_link_above_the_limit_is_6700_and_the_card_goes_on() {
    let mut terminal = authenticated();
    let limit = terminal.card.image().chip.limits.chain;
    let command = verify_certificate(&[]);
    for _ in 0..limit / 231 {
        terminal.link(&command, 0x10, &[0; 231], true).ok();
    }
    assert_eq!(terminal.link(&command, 0x00, &[0; 231], true).sw, 0x6700);
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}

#[rstest]
#[case::verify(verify(0x81, PIN))]
#[case::change(change(0x81, PIN))]
#[case::reset_retry_counter(reset_retry_counter(2, 0x81, PIN))]
#[case::select(select_application(CIE))]
#[case::read_binary(read(0, 0))]
#[case::read_binary_odd(read_odd(0, 0, 0))]
#[case::get_data(get_data(DH_G))]
#[case::get_challenge(get_challenge())]
fn commands_that_cannot_be_chained_are_6884(
    #[case] command: CommandBuf,
    #[values(false, true)] protected: bool,
) {
    let mut terminal = authenticated();
    if !protected {
        terminal.select_cie();
    }
    let part = command.data.clone();
    let reply = terminal.link(&command, 0x10, &part, protected);
    assert_eq!(
        reply,
        Reply {
            data: vec![],
            sw: 0x6884
        }
    );
    let state = terminal.state();
    assert!(!state.unfinished_chain);
    assert_eq!((state.pin_left, state.puk_left), (3, 10));
    assert_eq!(state.channel != Channel::Plain, protected);
}

#[test]
fn a_link_without_data_is_a_link() {
    let mut terminal = powered();
    terminal.select_cie();
    let whole = set_key(0x83);
    terminal.link(&whole, 0x10, &[], false).ok();
    terminal.link(&whole, 0x10, &whole.data, false).ok();
    terminal.link(&whole, 0x00, &[], false).ok();
    terminal.plain(&internal_authenticate(b"1234")).ok();
}
