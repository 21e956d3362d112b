//! Any bytes at all: the card answers every one of them with at least a status word, keeps its counters, and goes on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::card::Channel as State;
use cie_emulator::wire::{CommandBuf, Le};
use proptest::prelude::*;
use support::commands::*;
use support::*;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Instructions the card knows, and some others.
fn instruction() -> impl Strategy<Value = u8> {
    let known = [
        0x20, 0x22, 0x24, 0x2A, 0x2C, 0x82, 0x84, 0x86, 0x88, 0xA4, 0xB0, 0xB1, 0xC0, 0xCB,
    ];
    prop_oneof![9 => prop::sample::select(known.to_vec()), 1 => any::<u8>()]
}

fn parameter() -> impl Strategy<Value = u8> {
    let usual = [
        0x00, 0x02, 0x03, 0x04, 0x0C, 0x3F, 0x41, 0x81, 0xA4, 0xA6, 0xAE, 0xB6, 0xFF,
    ];
    prop_oneof![4 => prop::sample::select(usual.to_vec()), 1 => any::<u8>()]
}

/// Data that look like something, with a byte changed now and then.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let usual: Vec<Vec<u8>> = vec![
        vec![],
        hex(IAS),
        hex(CIE),
        hex("1001"),
        hex("3F00"),
        hex(DH_ALL),
        hex(CARD_PUBLIC),
        hex("800102840181"),
        hex("84018280019B"),
        hex("54020000"),
        hex("800141830184"),
        Agreement::recorded().template(),
        Certificate::published().encoded(),
        b"12345678".to_vec(),
        b"1234567848150726".to_vec(),
        vec![0; 264],
    ];
    prop_oneof![
        3 => prop::sample::select(usual.clone()),
        2 => (prop::sample::select(usual), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut data, at, byte)| {
            if !data.is_empty() {
                let at = at.index(data.len());
                data[at] = byte;
            }
            data
        }),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

fn le() -> impl Strategy<Value = Option<Le>> {
    prop::option::of(any::<u16>().prop_map(|le| Le::from_extended(le % 300)))
}

fn any_command() -> impl Strategy<Value = CommandBuf> {
    let chained = prop::bool::weighted(0.15);
    (
        chained,
        instruction(),
        parameter(),
        parameter(),
        data(),
        le(),
    )
        .prop_map(|(chained, ins, p1, p2, data, le)| {
            let mut command = command(if chained { 0x10 } else { 0 }, ins, p1, p2, &data);
            command.le = le;
            command
        })
}

/// A card in the middle of things.
fn busy() -> Terminal {
    let mut terminal = authenticated();
    terminal.verify(0x81, b"00000000");
    terminal.verify(0x82, b"00000000");
    terminal.sm(&select_ef(0x1003)).ok();
    terminal
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_plain_bytes(rows in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8)) {
        let mut terminal = busy();
        for bytes in rows {
            prop_assert!(terminal.raw(&bytes).len() >= 2);
            let state = terminal.state();
            prop_assert!(state.powered);
            prop_assert_eq!((state.pin_left, state.puk_left), (2, 9));
        }
    }

    #[test]
    fn any_plain_commands(rows in prop::collection::vec(any_command(), 1..12)) {
        let mut terminal = busy();
        for command in rows {
            let reply = terminal.plain(&command);
            prop_assert!(reply.data.is_empty() || reply.sw == 0x9000 || reply.sw == 0x6282);
            prop_assert_ne!(reply.sw & 0xFFF0, 0x63C0, "nothing is compared in plain");
            let state = terminal.state();
            prop_assert_eq!((state.pin_left, state.puk_left), (2, 9));
            prop_assert!(!state.verified.pin && !state.verified.puk);
        }
        // And the card is none the worse for it.
        terminal.reset();
        terminal.agreement = Agreement::recorded();
        terminal.authenticate();
        prop_assert_eq!(terminal.verify(0x81, b"12345678"), 0x9000);
    }

    /// Whatever stands inside a rightly protected command, the answer is protected and the session goes on.
    #[test]
    fn any_protected_commands(rows in prop::collection::vec(any_command(), 1..12)) {
        let mut terminal = busy();
        for mut command in rows {
            let long_le = command.le.is_some_and(|le| le.encoded() > 255);
            if long_le {
                command = command.extended();
            }
            let before = terminal.state();
            let reply = terminal.try_sm(&command);
            prop_assert!(reply.is_ok(), "{:?}", reply);
            let after = terminal.state();
            let State::Protected { send_sequence_counter } = after.channel else {
                return Err(TestCaseError::fail("the session ended"));
            };
            // The chip's proof may be among the commands, and the counter jumps after it.
            terminal.channel.as_mut().unwrap().ssc = send_sequence_counter;
            // Only a right value of the sample card, which may well be among the data, gives tries back.
            let sw = reply.unwrap().sw;
            prop_assert!(after.pin_left <= before.pin_left || sw == 0x9000);
            prop_assert!(after.puk_left <= before.puk_left || sw == 0x9000);
        }
    }

    /// Any objects under a right checksum: either understood and answered protected, or refused and the session gone.
    #[test]
    fn any_protected_objects(
        header in (instruction(), parameter(), parameter()),
        chained in prop::bool::weighted(0.1),
        objects in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            prop::collection::vec((prop::sample::select(vec![0x81_u8, 0x85, 0x87, 0x8E, 0x97, 0x99]), prop::collection::vec(any::<u8>(), 0..20)), 0..4)
                .prop_map(|rows| rows.iter().flat_map(|(tag, value)| cie_emulator::wire::tlv::object(u32::from(*tag), value)).collect()),
        ],
    ) {
        let mut terminal = busy();
        let header = [if chained { 0x1C } else { 0x0C }, header.0, header.1, header.2];
        let bytes = terminal.channel.as_mut().unwrap().seal(header, &objects);
        let odd_ins = header[1] & 1 == 1;
        match terminal.send_protected(&bytes, odd_ins) {
            Ok(_) => prop_assert_ne!(terminal.state().channel, State::Plain),
            Err(sw) => {
                prop_assert_eq!(sw, 0x6988);
                let state = terminal.state();
                prop_assert_eq!(state.channel, State::Plain);
                prop_assert!(!state.device_authenticated);
                prop_assert_eq!((state.pin_left, state.puk_left), (2, 9));
            }
        }
    }

    /// Without a session a protected class says so, whatever follows.
    #[test]
    fn any_protected_bytes_without_a_session(body in prop::collection::vec(any::<u8>(), 1..200), class in prop_oneof![Just(0x0C), Just(0x1C)]) {
        let mut terminal = powered();
        let bytes = [&[class, 0x20, 0x00, 0x81, u8::try_from(body.len()).unwrap()], &body[..]].concat();
        prop_assert_eq!(terminal.raw(&bytes), [0x68, 0x82]);
    }
}
