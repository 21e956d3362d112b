//! The recorded session, spoken again by the terminal, byte for byte.

use super::vectors::{array, rows, session};
use cie_conformance::target::ScriptedTarget;
use cie_conformance::terminal::{Protection, SessionKeys, Terminal};
use cie_crypto::random::Seeded;

use super::ATR;

#[test]
fn every_command_of_the_session_is_protected_as_recorded() {
    let pairs = rows().into_iter().map(|row| (row.command, row.response));
    let target = Box::new(ScriptedTarget::replaying(ATR, pairs));
    let mut terminal = Terminal::new(target, Box::new(Seeded::new(1)));
    let keys = SessionKeys::new(array(&session("sessENC")), array(&session("sessMAC")));
    terminal.open_channel(&keys, 1);

    for row in rows() {
        let reply = terminal.transmit(&row.plain).unwrap();
        assert_eq!(reply.channel, Protection::Protected, "{}", row.name);
        assert_eq!(reply.sw.to_bytes(), row.response[row.response.len() - 2..]);
        if row.name == "INTERNAL AUTH" {
            let counter = u64::from_be_bytes(array(&session("SSC_after")));
            terminal
                .channel_mut()
                .unwrap()
                .messaging
                .set_counter(counter);
        }
    }
    assert_eq!(terminal.exchanges().len(), rows().len());
}

#[test]
fn keys_come_from_the_shared_secret() {
    let pairs = rows()
        .into_iter()
        .take(1)
        .map(|row| (row.command, row.response));
    let target = Box::new(ScriptedTarget::replaying(ATR, pairs));
    let mut terminal = Terminal::new(target, Box::new(Seeded::new(1)));
    terminal.open_channel(&SessionKeys::from_secret(&session("secret")), 1);
    assert!(terminal.transmit(&rows()[0].plain).unwrap().sw.is_ok());
}
