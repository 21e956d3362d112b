//! What can happen to a card, and how to make it happen to a real one.

use crate::model::{Model, Seen, TRIVIAL};
use crate::support::Terminal;
use crate::support::commands::*;
use cie_emulator::Card;
use cie_emulator::card::Reset;
use cie_emulator::crypto::random::Seeded;
use cie_emulator::store::InMemory;
use cie_emulator::wire::CommandBuf;
use proptest::prelude::*;
use std::sync::Arc;

/// A PIN or PUK as somebody types it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    Right,
    /// One digit differs.
    Wrong(u8),
    /// The PIN the card was delivered with, whatever it is now.
    Delivered,
    /// The other of the two codes.
    OtherCode,
    NotDigits,
    /// This many bytes; 8 are wrong, 0 ask for the state.
    Length(u8),
}

/// A new PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewPin {
    /// One of [`GOOD`].
    Good(u8),
    Same,
    /// One of the sixteen.
    Trivial(u8),
    NotDigits,
    /// This many digits; 8 are good.
    Length(u8),
}

/// PINs nobody objects to; no half of any stands in public data of the test cards.
pub(crate) const GOOD: [&[u8; 8]; 2] = [b"48150726", b"93715062"];

/// Commands on PIN and PUK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    VerifyPin(Presented),
    VerifyPuk(Presented),
    Change(Presented, NewPin),
    ChangeLength(u8),
    ResetWithPin(NewPin),
    ResetTries,
    ResetTriesWithData,
    ResetWithPuk(Presented, NewPin),
    ResetWithPukLength(u8),
    ChangePuk,
    ResetPuk(u8),
    UnknownReference(u8),
}

impl Command {
    /// What is refused in every state because it does not exist.
    pub(crate) const fn nonexistent(&self, rrc_00: bool) -> Option<u16> {
        match self {
            Self::ChangePuk | Self::ResetPuk(_) => Some(0x6A86),
            Self::UnknownReference(_) => Some(0x6A88),
            Self::ResetWithPuk(..) | Self::ResetWithPukLength(_) if !rrc_00 => Some(0x6A86),
            _ => None,
        }
    }

    /// The reference whose value it compares, if it compares one.
    pub(crate) const fn compares(&self) -> Option<u8> {
        match self {
            Self::VerifyPin(_) | Self::Change(..) => Some(0x81),
            Self::VerifyPuk(_) | Self::ResetWithPuk(..) => Some(0x82),
            _ => None,
        }
    }

    /// Command data in this state.
    pub(crate) fn data(&self, model: &Model) -> Vec<u8> {
        let pin = |presented: &Presented| presented.bytes(&model.pin, model);
        let puk = |presented: &Presented| presented.bytes(&model.puk, model);
        match self {
            Self::VerifyPin(presented) => pin(presented),
            Self::VerifyPuk(presented) => puk(presented),
            Self::Change(old, new) => [pin(old), new.bytes(model)].concat(),
            Self::ResetWithPin(new) => new.bytes(model),
            Self::ResetWithPuk(presented, new) => [puk(presented), new.bytes(model)].concat(),
            Self::ChangeLength(n) | Self::ResetWithPukLength(n) => vec![b'5'; usize::from(*n)],
            Self::ResetTries => Vec::new(),
            Self::ResetTriesWithData | Self::ResetPuk(_) | Self::UnknownReference(_) => {
                GOOD[0].to_vec()
            }
            Self::ChangePuk => [model.puk, *GOOD[0]].concat(),
        }
    }

    pub(crate) fn build(&self, model: &Model) -> CommandBuf {
        let data = self.data(model);
        match self {
            Self::VerifyPin(_) => verify(0x81, &data),
            Self::VerifyPuk(_) => verify(0x82, &data),
            Self::Change(..) | Self::ChangeLength(_) => change(0x81, &data),
            Self::ChangePuk => change(0x82, &data),
            Self::ResetWithPin(_) => reset_retry_counter(0x02, 0x81, &data),
            Self::ResetTries | Self::ResetTriesWithData => reset_retry_counter(0x03, 0x81, &data),
            Self::ResetWithPuk(..) | Self::ResetWithPukLength(_) => {
                reset_retry_counter(0x00, 0x81, &data)
            }
            Self::ResetPuk(p1) => reset_retry_counter(*p1, 0x82, &data),
            Self::UnknownReference(reference) => verify(*reference, &data),
        }
    }
}

impl Presented {
    fn bytes(&self, code: &[u8; 8], model: &Model) -> Vec<u8> {
        match self {
            Self::Right => code.to_vec(),
            Self::Wrong(at) => {
                let mut code = code.to_vec();
                let digit = &mut code[usize::from(at % 8)];
                *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
                code
            }
            Self::Delivered => model.factory_pin.to_vec(),
            Self::OtherCode if *code == model.puk => model.pin.to_vec(),
            Self::OtherCode => model.puk.to_vec(),
            Self::NotDigits => b"1234567x".to_vec(),
            Self::Length(n) => vec![b'0'; usize::from(*n)],
        }
    }
}

impl NewPin {
    fn bytes(&self, model: &Model) -> Vec<u8> {
        match self {
            Self::Good(i) => GOOD[usize::from(*i) % GOOD.len()].to_vec(),
            Self::Same => model.pin.to_vec(),
            Self::Trivial(i) => TRIVIAL[usize::from(*i) % TRIVIAL.len()].as_bytes().to_vec(),
            Self::NotDigits => b"4815\xFF726".to_vec(),
            Self::Length(n) => b"481507269371".repeat(2)[..usize::from(*n)].to_vec(),
        }
    }
}

/// Files with and without an access condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Nis,
    Serial,
    Certificate,
    Sod,
}

impl File {
    const fn id(self) -> u16 {
        match self {
            Self::Nis => 0x1001,
            Self::Serial => 0x1002,
            Self::Certificate => 0x1003,
            Self::Sod => 0x1006,
        }
    }
}

/// Everything that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Reset,
    PowerCycle,
    /// The memory moves into another card object, as it does when a process ends and another begins.
    Restore,
    Protected(Command),
    Clear(Command),
    /// A new key agreement, in plain.
    Agree,
    /// The terminal proves itself.
    Authenticate,
    BadChecksum,
    /// Another DF is selected under secure messaging, then the old one again.
    LeaveAndReturn,
    Read(File),
    PlainRead(File),
    /// A signature with key 81.
    Sign,
    /// A proof with key 83.
    Services,
}

impl Event {
    /// Makes it happen; the last answer, opened. The model is the one *before* the event: it knows the codes.
    pub(crate) fn apply(&self, terminal: &mut Terminal, model: &Model) -> Option<Seen> {
        match self {
            Self::Reset => {
                terminal.card.reset(Reset::Warm);
                None
            }
            Self::PowerCycle => {
                terminal.card.power_off();
                terminal.card.power_on();
                None
            }
            Self::Restore => {
                terminal.card = restored(&terminal.card, 8);
                None
            }
            Self::Protected(command) => Some(protected(terminal, &[command.build(model)])),
            Self::Clear(command) => Some(in_clear(terminal, &command.build(model))),
            Self::Agree => {
                terminal.select_cie();
                terminal.agree();
                Some(Seen {
                    protected: false,
                    sw: 0x9000,
                })
            }
            Self::Authenticate => Some(authenticate(terminal)),
            Self::BadChecksum => {
                let channel = terminal.channel.as_mut().unwrap();
                let mut bytes = channel.protect(&verify(0x81, &model.pin));
                let last_of_checksum = bytes.len() - 2;
                bytes[last_of_checksum] ^= 1;
                let sw = terminal.raw_plain(&bytes).sw;
                Some(Seen {
                    protected: false,
                    sw,
                })
            }
            Self::LeaveAndReturn => {
                Some(protected(terminal, &[select_mf(), select_application(CIE)]))
            }
            Self::Read(file) => Some(protected(terminal, &[select_ef(file.id()), read(0, 0)])),
            Self::PlainRead(file) => {
                terminal.select_cie();
                terminal.plain(&select_ef(file.id())).ok();
                Some(in_clear(terminal, &read(0, 0)))
            }
            Self::Sign => Some(protected(
                terminal,
                &[set_key(0x81), internal_authenticate(&[0x30; 51])],
            )),
            Self::Services => Some(protected(
                terminal,
                &[set_key(0x83), internal_authenticate(&[0x47; 16])],
            )),
        }
    }
}

/// A card made of the memory of another; its random bytes come from this seed.
pub(crate) fn restored(card: &Card, seed: u64) -> Card {
    let (image, memory) = (Arc::clone(card.image()), card.memory().clone());
    let random = Box::new(Seeded::new(seed));
    let mut card = Card::with_memory(image, memory, random, Box::new(InMemory));
    card.power_on();
    card
}

fn in_clear(terminal: &mut Terminal, command: &CommandBuf) -> Seen {
    let sw = terminal.plain(command).sw;
    Seen {
        protected: false,
        sw,
    }
}

/// These commands under secure messaging; a refusal of the channel ends the row.
fn protected(terminal: &mut Terminal, commands: &[CommandBuf]) -> Seen {
    let mut sw = 0;
    for command in commands {
        match terminal.try_sm(command) {
            Ok(reply) => sw = reply.sw,
            Err(sw) => {
                return Seen {
                    protected: false,
                    sw,
                };
            }
        }
    }
    Seen {
        protected: true,
        sw,
    }
}

fn authenticate(terminal: &mut Terminal) -> Seen {
    let before = terminal.channel.clone();
    if let Err(sw) = terminal.try_sm(&set_certificate_key()) {
        return Seen {
            protected: false,
            sw,
        };
    }
    assert!(before.is_some());
    terminal.prove_terminal();
    Seen {
        protected: true,
        sw: 0x9000,
    }
}

fn presented() -> impl Strategy<Value = Presented> {
    prop_oneof![
        6 => Just(Presented::Right),
        8 => (0..8_u8).prop_map(Presented::Wrong),
        1 => Just(Presented::Delivered),
        1 => Just(Presented::OtherCode),
        1 => Just(Presented::NotDigits),
        3 => (0..=17_u8).prop_map(Presented::Length),
    ]
}

fn eight_presented() -> impl Strategy<Value = Presented> {
    presented().prop_filter(
        "eight bytes",
        |p| !matches!(p, Presented::Length(n) if *n != 8),
    )
}

fn new_pin() -> impl Strategy<Value = NewPin> {
    prop_oneof![
        6 => (0..2_u8).prop_map(NewPin::Good),
        1 => Just(NewPin::Same),
        2 => (0..16_u8).prop_map(NewPin::Trivial),
        1 => Just(NewPin::NotDigits),
    ]
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        12 => presented().prop_map(Command::VerifyPin),
        16 => presented().prop_map(Command::VerifyPuk),
        6 => (eight_presented(), new_pin()).prop_map(|(old, new)| Command::Change(old, new)),
        1 => (0..=33_u8).prop_map(Command::ChangeLength),
        6 => prop_oneof![4 => new_pin(), 1 => (1..=17_u8).prop_map(NewPin::Length)].prop_map(Command::ResetWithPin),
        4 => Just(Command::ResetTries),
        1 => Just(Command::ResetTriesWithData),
        4 => (eight_presented(), new_pin()).prop_map(|(puk, new)| Command::ResetWithPuk(puk, new)),
        1 => (0..=33_u8).prop_map(Command::ResetWithPukLength),
        1 => Just(Command::ChangePuk),
        1 => prop_oneof![Just(0_u8), Just(2), Just(3)].prop_map(Command::ResetPuk),
        1 => prop_oneof![Just(0_u8), Just(0x80), Just(0x83), Just(0x01)].prop_map(Command::UnknownReference),
    ]
}

fn file() -> impl Strategy<Value = File> {
    prop_oneof![
        Just(File::Nis),
        Just(File::Serial),
        Just(File::Certificate),
        Just(File::Sod)
    ]
}

/// Any event; those that end a session are rarer, and the way back into one is never far.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        80 => command().prop_map(Event::Protected),
        2 => command().prop_map(Event::Clear),
        1 => Just(Event::Reset),
        1 => Just(Event::PowerCycle),
        1 => Just(Event::Restore),
        2 => Just(Event::Agree),
        2 => Just(Event::Authenticate),
        1 => Just(Event::BadChecksum),
        1 => Just(Event::LeaveAndReturn),
        3 => file().prop_map(Event::Read),
        1 => file().prop_map(Event::PlainRead),
        1 => Just(Event::Sign),
        1 => Just(Event::Services),
    ]
}

/// A whole life.
pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 1..=64)
}
