//! What is tried next: everything everywhere, but mostly what leads deeper, so that the states behind a whole login are
//! visited as often as those before it.

use super::ask::{Ask, At, Certified, Input, Length, Name, Object};
use super::files::{CARD_ACCESS, DG1};
use super::state::{Df, Introduction, Known, State};
use super::transition::{Depth, Fault, Power, Transition};
use crate::event::{Command, NewPin, Presented, command};
use cie_emulator::store::Tear;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// A step from this state; some may turn out to be left open by the documents.
pub(crate) fn transition(state: &State) -> BoxedStrategy<Transition> {
    let (channel, device) = (state.codes.channel, state.codes.device);
    let weigh = |inside, outside| if channel { inside } else { outside };
    let mut steps: Vec<(u32, BoxedStrategy<Transition>)> = vec![
        (1, power()),
        (weigh(2, 30), ask().prop_map(Transition::Plain).boxed()),
        (weigh(25, 3), ask().prop_map(Transition::Protected).boxed()),
        (weigh(1, 5), login()),
        (
            weigh(2, 1),
            select(Fault::ALL.to_vec())
                .prop_map(Transition::Spoiled)
                .boxed(),
        ),
        (
            1,
            any::<bool>()
                .prop_map(|protected| Transition::Link { protected })
                .boxed(),
        ),
        (
            weigh(1, 8),
            next_plain(state).prop_map(Transition::Plain).boxed(),
        ),
    ];
    if channel && !device {
        let next = next_introduction(&state.introduction);
        steps.push((50, next.prop_map(Transition::Protected).boxed()));
        steps.push((10, introduction().prop_map(Transition::Protected).boxed()));
    }
    if state.df == Some(Df::Document) {
        steps.push((40, document().prop_map(Transition::Plain).boxed()));
    }
    if device {
        steps.push((60, code().prop_map(Transition::Protected).boxed()));
        steps.push((4, torn()));
        steps.push((14, with_pin().prop_map(Transition::Protected).boxed()));
    }
    Union::new_weighted(steps).boxed()
}

fn power() -> BoxedStrategy<Transition> {
    select(vec![Power::Warm, Power::Cold, Power::Moved])
        .prop_map(Transition::Power)
        .boxed()
}

fn login() -> BoxedStrategy<Transition> {
    prop_oneof![
        2 => Just(Depth::Session),
        1 => Just(Depth::Terminal),
        3 => Just(Depth::Chip),
    ]
    .prop_map(Transition::Login)
    .boxed()
}

fn code() -> impl Strategy<Value = Ask> {
    command().prop_map(Ask::Code)
}

fn torn() -> BoxedStrategy<Transition> {
    use Presented::{Right, Wrong};
    let commands = vec![
        Command::VerifyPin(Right),
        Command::VerifyPin(Wrong(2)),
        Command::VerifyPuk(Right),
        Command::VerifyPuk(Wrong(5)),
        Command::Change(Right, NewPin::Good(0)),
        Command::Change(Wrong(1), NewPin::Good(0)),
        Command::ResetWithPin(NewPin::Good(1)),
        Command::ResetTries,
    ];
    (
        select(commands),
        select(vec![Tear::BeforeCommit, Tear::AfterCommit]),
    )
        .prop_map(|(code, tear)| Transition::Torn(code, tear))
        .boxed()
}

/// What the PIN is for.
fn with_pin() -> impl Strategy<Value = Ask> {
    prop_oneof![
        2 => Just(Ask::SetKey(0x81)),
        2 => input().prop_map(Ask::Sign),
        1 => select(vec![0x1002, 0x1003]).prop_map(|id| Ask::SelectFile(id, 0x04, false)),
        2 => (at(), length()).prop_map(|(at, length)| Ask::Read(at, length)),
        1 => (select(vec![2, 3]), length()).prop_map(|(short, length)| Ask::ReadShort(short, 0, length)),
        1 => Just(Ask::Code(Command::VerifyPin(Presented::Right))),
        1 => select(vec![Command::VerifyPin, Command::VerifyPuk])
            .prop_map(|code| Ask::Code(code(Presented::Length(0)))),
    ]
}

/// The step that clients take next, and now and then the same wrongly or one too early.
fn next_introduction(introduction: &Introduction) -> BoxedStrategy<Ask> {
    let Introduction {
        authority,
        certificate,
        terminal,
        challenge,
        ..
    } = introduction;
    let asks = match (authority, certificate, terminal, challenge) {
        (Known::Yes, Known::Yes, Known::Yes, Known::Yes) => {
            vec![Ask::Prove(true), Ask::Prove(false)]
        }
        (Known::Yes, Known::Yes, Known::Yes, _) => vec![Ask::Challenge, Ask::Prove(true)],
        (Known::Yes, Known::Yes, ..) => vec![Ask::SetTerminal(true)],
        (Known::Yes, ..) => vec![
            Ask::Present(Certified::Right),
            Ask::Present(Certified::Right),
            Ask::Present(Certified::Signature),
            Ask::Present(Certified::Rest),
        ],
        _ => vec![Ask::SetAuthority],
    };
    select(asks).boxed()
}

fn certified() -> impl Strategy<Value = Certified> {
    select(vec![
        Certified::Right,
        Certified::Signature,
        Certified::Rest,
    ])
}

fn introduction() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::SetAuthority),
        certified().prop_map(Ask::Present),
        any::<bool>().prop_map(Ask::SetTerminal),
        Just(Ask::Challenge),
        any::<bool>().prop_map(Ask::Prove),
        Just(Ask::SetDeviceKey),
        Just(Ask::ProveChip),
    ]
}

/// The files of the document, which nobody may read yet.
fn document() -> impl Strategy<Value = Ask> {
    select(vec![
        Ask::SelectFile(DG1, 0x0C, false),
        Ask::Read(At::Start, Length::All),
        Ask::ReadShort(1, 0, Length::Exactly(12)),
        Ask::SelectFile(0x1001, 0x0C, false),
        Ask::Code(Command::VerifyPin(Presented::Right)),
    ])
}

/// In clear, what leads somewhere from here.
fn next_plain(state: &State) -> BoxedStrategy<Ask> {
    match (state.df, state.agreement) {
        (Some(Df::Cie), Known::Yes) => Just(Ask::CardPublic).boxed(),
        (Some(Df::Cie), _) => {
            let asks = vec![Ask::Agree, Ask::SetKey(0x83), Ask::Sign(Input::Digits)];
            select(asks).boxed()
        }
        _ => Just(Ask::SelectName(Name::Cie, 0x0C)).boxed(),
    }
}

fn input() -> impl Strategy<Value = Input> {
    select(vec![
        Input::Empty,
        Input::Digits,
        Input::Digest,
        Input::Longest,
    ])
}

fn at() -> impl Strategy<Value = At> {
    select(vec![
        At::Start,
        At::Start,
        At::Middle,
        At::NearEnd,
        At::End,
        At::Beyond,
    ])
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![
        Just(Length::All),
        Just(Length::Missing),
        select(vec![1_u8, 12, 128]).prop_map(Length::Exactly),
    ]
}

fn file() -> impl Strategy<Value = u16> {
    prop_oneof![
        1 => select(vec![0x2F00, 0x2F01, 0xD003, 0xD004, CARD_ACCESS, DG1, 0x4242]),
        2 => 0x1001..=0x1006_u16,
    ]
}

fn short() -> impl Strategy<Value = u8> {
    prop_oneof![
        1 => select(vec![0x1B_u8, 0x1D, 0x1E, 0x0A]),
        2 => 1..=6_u8,
    ]
}

fn selection() -> impl Strategy<Value = Ask> {
    prop_oneof![
        1 => (0..4_u8).prop_map(Ask::SelectRoot),
        3 => (
            select(vec![Name::Ias, Name::Cie, Name::Cie, Name::Cie, Name::Document, Name::Unknown]),
            select(vec![0x04_u8, 0x0C]),
        ).prop_map(|(name, p2)| Ask::SelectName(name, p2)),
        6 => (file(), select(vec![0x00_u8, 0x04, 0x04, 0x0C]), any::<bool>())
            .prop_map(|(id, p2, le)| Ask::SelectFile(id, p2, le)),
    ]
}

fn reading() -> impl Strategy<Value = Ask> {
    let object = vec![
        Object::Group,
        Object::Generator,
        Object::Prime,
        Object::Order,
        Object::Authority,
        Object::Unknown,
    ];
    prop_oneof![
        6 => (at(), length()).prop_map(|(at, length)| Ask::Read(at, length)),
        4 => (short(), select(vec![0_u8, 10, 200]), length())
            .prop_map(|(short, at, length)| Ask::ReadShort(short, at, length)),
        2 => (prop_oneof![Just(0_u8), short()], at()).prop_map(|(short, at)| Ask::ReadOdd(short, at)),
        2 => select(object).prop_map(Ask::GetData),
    ]
}

/// Any command at all.
fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        8 => selection(),
        10 => reading(),
        2 => select(vec![0x81_u8, 0x83, 0x83, 0x90]).prop_map(Ask::SetKey),
        2 => input().prop_map(Ask::Sign),
        2 => code(),
        1 => Just(Ask::Agree),
        1 => Just(Ask::CardPublic),
        1 => Just(Ask::SetDeviceKey),
        1 => Just(Ask::ProveChip),
        1 => Just(Ask::Challenge),
        1 => introduction(),
        1 => select(vec![0xD6_u8, 0x0E, 0xE2, 0xFE]).prop_map(Ask::UnknownInstruction),
        1 => select(vec![0x80_u8, 0xA0]).prop_map(Ask::UnknownClass),
        1 => Just(Ask::UnknownParameters),
        1 => Just(Ask::GetResponse),
    ]
}
