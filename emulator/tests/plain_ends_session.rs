//! Any plain command but GET RESPONSE ends secure messaging, and is then carried out as if there had been none.
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

/// PIN and PUK verified, a private file selected.
fn verified() -> Terminal {
    let mut terminal = authenticated();
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    assert_eq!(terminal.verify(0x82, b"87654321"), 0x9000);
    terminal.sm(&select_ef(0x1003)).ok();
    terminal
}

#[rstest]
#[case::select_application(select_application(IAS), 0x9000)]
#[case::select_mf(select_mf(), 0x9000)]
#[case::select_ef(select_ef(0x1001), 0x9000)]
#[case::select_nothing_there(select_ef(0x4242), 0x6A82)]
#[case::read_public(read_by_short_id(1, 0, 0x0C), 0x9000)]
#[case::read_private(read(0, 0), 0x6982)]
#[case::get_data(get_data(CA_KEY), 0x9000)]
#[case::set_key(set_key(0x83), 0x9000)]
#[case::get_challenge(get_challenge(), 0x9000)]
#[case::verify(verify(0x81, PIN), 0x6982)]
#[case::change(change(0x81, b"1234567848150726"), 0x6982)]
#[case::unblock(reset_retry_counter(2, 0x81, b"48150726"), 0x6982)]
#[case::unblock_without_data(reset_retry_counter(3, 0x81, b""), 0x6982)]
#[case::internal_authenticate(internal_authenticate(b"1234"), 0x6985)]
#[case::unknown_instruction(CommandBuf::new(0, 0x70, 0, 0), 0x6D00)]
#[case::unknown_class(CommandBuf::new(0x80, 0xA4, 0, 0), 0x6E00)]
#[case::chained(CommandBuf::new(0x10, 0x22, 0x41, 0xA4), 0x9000)]
fn a_plain_command_ends_the_session_and_is_carried_out(
    #[case] command: CommandBuf,
    #[case] sw: u16,
) {
    let mut terminal = verified();
    assert_eq!(terminal.plain(&command).sw, sw);
    let state = terminal.state();
    assert_eq!(state.channel, Channel::Plain);
    assert!(!state.verified.pin && !state.verified.puk && !state.device_authenticated);
    assert_eq!((state.pin_left, state.puk_left), (3, 10));
    assert_eq!(terminal.try_sm(&verify(0x81, PIN)), Err(0x6882));
}

/// What was set up through the session is gone with it: the key of the environment, the challenge, the agreed values.
#[test]
fn the_security_environment_goes_with_the_session() {
    let mut terminal = verified();
    terminal.sm(&set_key(0x83)).ok();
    terminal.plain(&select_ef(0x1001)).ok();
    assert_eq!(terminal.plain(&internal_authenticate(b"1")).sw, 0x6985);
    assert_eq!(terminal.plain(&get_data(CARD_PUBLIC)).sw, 0x6985);
}

/// The selection is no secret: it stays.
#[test]
fn the_selection_stays() {
    let mut terminal = verified();
    terminal.plain(&get_challenge()).ok();
    let state = terminal.state();
    assert_eq!(state.current_df, Some("CIE"));
    assert_eq!(terminal.plain(&read(0, 0)).sw, 0x6982, "1003, in plain");
}

/// Nothing protected is ever sent in plain, however the session ended.
#[rstest]
#[case::plain_command(|t: &mut Terminal| { t.plain(&get_challenge()).ok(); })]
#[case::wrong_checksum(|t: &mut Terminal| {
    let mut bytes = t.channel.as_mut().unwrap().protect(&read(0, 0));
    let at = bytes.len() - 2;
    bytes[at] ^= 0x80;
    assert_eq!(t.raw(&bytes), [0x69, 0x88]);
})]
#[case::malformed(|t: &mut Terminal| assert_eq!(t.raw(&[0x0C]), [0x67, 0x00]))]
fn no_private_file_in_plain_after_the_session(#[case] end: fn(&mut Terminal)) {
    let mut terminal = verified();
    assert_eq!(terminal.sm(&read(0, 0)).ok().len(), 231);
    end(&mut terminal);
    for file in [0x1002, 0x1003, 0x1007] {
        terminal.select_cie();
        terminal.plain(&select_ef(file)).ok();
        let reply = terminal.plain(&read(0, 0));
        assert_eq!(
            reply,
            Reply {
                data: vec![],
                sw: 0x6982
            }
        );
    }
}

#[test]
fn a_new_plain_agreement_begins_a_new_session_without_any_rights() {
    let mut terminal = verified();
    terminal.agree();
    let state = terminal.state();
    assert_eq!(
        state.channel,
        Channel::Protected {
            send_sequence_counter: 1
        }
    );
    assert!(!state.verified.pin && !state.device_authenticated);
    assert_eq!(terminal.verify(0x81, PIN), 0x6982);
    let challenge = terminal.prove_terminal();
    terminal.prove_chip(&challenge);
    assert_eq!(terminal.verify(0x81, PIN), 0x9000);
}
