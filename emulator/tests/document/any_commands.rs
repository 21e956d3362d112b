//! Any command whatever, in plain and inside a session: the card answers, and either the session goes on under its counter
//! or nothing is left of it.

use super::reader::{Reader, SELECT_LDS};
use cie_emulator::card::Channel;
use cie_emulator::wire::{CommandBuf, Header, Le, LengthForm};
use proptest::prelude::*;
use std::sync::{LazyLock, Mutex};

static OPEN: LazyLock<Mutex<Reader>> = LazyLock::new(|| {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    Mutex::new(reader)
});

fn instruction() -> impl Strategy<Value = u8> {
    let known = [
        0x20, 0x22, 0x24, 0x2A, 0x2C, 0x82, 0x84, 0x86, 0x88, 0xA4, 0xB0, 0xB1, 0xC0, 0xCB,
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()), 1 => any::<u8>()]
}

fn parameters() -> impl Strategy<Value = (u8, u8)> {
    let known = [
        (0x00, 0x00),
        (0x41, 0xA4),
        (0x41, 0xA6),
        (0x81, 0xB6),
        (0x81, 0xA4),
        (0xC1, 0xA4),
        (0x00, 0xBE),
        (0x04, 0x0C),
        (0x02, 0x0C),
        (0x9E, 0x00),
        (0x00, 0x1E),
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()), 1 => any::<(u8, u8)>()]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let shaped = prop::sample::select(vec![0x54_u8, 0x7C, 0x80, 0x83, 0x84, 0x91]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        (shaped, prop::collection::vec(any::<u8>(), 0..100))
            .prop_map(|(tag, value)| { cie_emulator::wire::tlv::object(u32::from(tag), &value) }),
        Just(super::hex("A0000002471001")),
        Just(super::hex("011E")),
    ]
}

prop_compose! {
    fn any_command()(
        ins in instruction(),
        (p1, p2) in parameters(),
        chained in prop::bool::weighted(0.2),
        data in data(),
        le in prop::option::of(any::<u16>()),
        extended in any::<bool>(),
    ) -> CommandBuf {
        let form = if extended { LengthForm::Extended } else { LengthForm::Short };
        let le = le.map(|le| if extended { le } else { le & 0xFF }).map(Le::from_extended);
        let cla = if chained { 0x10 } else { 0x00 };
        CommandBuf { header: Header { cla, ins, p1, p2 }, data, le, form }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn inside_a_session(commands in prop::collection::vec(any_command(), 1..6)) {
        let mut reader = OPEN.lock().unwrap().fork();
        for command in commands {
            let protected = reader.channel.as_mut().unwrap().protect(&command);
            let answer = reader.card.transmit(&protected).to_vec();
            prop_assert!(answer.len() >= 2);
            // A protected answer is checked here, checksum and counter and all.
            let opened = reader.channel.as_mut().unwrap().open(&answer);
            let state = reader.card.state();
            match opened {
                Some(_) => prop_assert_ne!(state.channel, Channel::Plain),
                None => {
                    prop_assert_eq!(state.channel, Channel::Plain);
                    prop_assert_eq!(state.document, Default::default());
                    return Ok(());
                }
            }
        }
    }

    #[test]
    fn in_plain(commands in prop::collection::vec(any_command(), 1..12), select in any::<bool>()) {
        let mut reader = Reader::new(OPEN.lock().unwrap().card.fork());
        reader.card.power_on();
        if select {
            reader.ok(SELECT_LDS);
        }
        for command in commands {
            let (_, sw) = reader.raw(&command.to_bytes().unwrap());
            prop_assert!(matches!(sw >> 8, 0x90 | 0x61..=0x6F), "{sw:04X}");
            // Nobody guesses a password.
            prop_assert_eq!(reader.card.state().document, Default::default());
        }
    }
}
