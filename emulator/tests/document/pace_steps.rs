//! PACE, step by step: every status word of its states, the values that are refused and those that must not be, and what
//! comes in between.

use super::cards::{CAN, Document, MRZ};
use super::hex;
use super::reader::{Base, Reader, SELECT_LDS};
use cie_emulator::apps::emrtd::{Domain, PaceOffer};
use cie_emulator::crypto::hash::sha1;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::wire::tlv::object;
use proptest::prelude::*;
use rstest::rstest;

const MSE: &str = "0022C1A40F800A04007F00070202040101830102";

pub(crate) fn curve() -> Domain {
    Domain::from_id(13).unwrap()
}

/// brainpoolP256r1 and AES-128: quick, and a wrong point is easily made.
fn modern() -> Reader {
    Reader::new(Document::offering(13, Suite::Aes128).card())
}

#[rstest]
fn every_offer_with_both_passwords(
    #[values(0, 1, 2, 12, 13, 15, 16, 18)] id: u8,
    #[values(Suite::TripleDes, Suite::Aes128, Suite::Aes192, Suite::Aes256)] suite: Suite,
    #[values(true, false)] mrz: bool,
) {
    let domain = Domain::from_id(id).unwrap();
    let mut reader = Reader::new(Document::offering(id, suite).card());
    let secret = sha1(&[MRZ.as_bytes()]);
    reader.ok("00A4000C");
    let sw = match mrz {
        true => reader.pace_with(&domain, suite, &secret, 1),
        false => reader.pace_with(&domain, suite, CAN.as_bytes(), 2),
    };
    assert_eq!(sw, 0x9000);
    // Q4: the master file stays selected; the document's files come with its selection.
    assert_eq!(reader.sm("00B0810006"), (vec![], 0x6A82));
    assert_eq!(reader.sm(SELECT_LDS), (vec![], 0x9000));
    assert_eq!(reader.sm("00B0810006"), (hex("615D5F1F5A43"), 0x9000));
}

#[rstest]
#[case::wrong_can(b"654321", 2)]
#[case::can_for_mrz(CAN.as_bytes(), 1)]
fn a_wrong_password(#[case] secret: &[u8], #[case] reference: u8) {
    let mut reader = modern();
    for _ in 0..12 {
        let sw = reader.pace_with(&curve(), Suite::Aes128, secret, reference);
        assert_eq!(sw, 0x6300, "no counter, no blocking");
    }
    assert_eq!(reader.pace(&curve(), Suite::Aes128), 0x9000);
}

/// The rows of MANAGE SECURITY ENVIRONMENT.
#[rstest]
#[case::right("0022C1A40F 800A04007F00070202040101 830102", 0x9000)]
#[case::with_domain_parameters("0022C1A412 800A04007F00070202040101 830102 840102", 0x9000)]
#[case::another_order("0022C1A412 840102 830101 800A04007F00070202040101", 0x9000)]
#[case::with_le("0022C1A40F 800A04007F00070202040101 830102 00", 0x9000)]
#[case::tag_81("0022C1A40F 810A04007F00070202040101 830102", 0x6A80)]
#[case::tag_06("0022C1A40F 060A04007F00070202040101 830102", 0x6A80)]
#[case::no_protocol("0022C1A403 830102", 0x6A80)]
#[case::empty_protocol("0022C1A405 8000 830102", 0x6A80)]
#[case::protocol_twice(
    "0022C1A41B 800A04007F00070202040101 800A04007F00070202040101 830102",
    0x6A80
)]
#[case::no_password("0022C1A40C 800A04007F00070202040101", 0x6A80)]
#[case::empty_password("0022C1A40E 800A04007F00070202040101 8300", 0x6A80)]
#[case::long_password("0022C1A410 800A04007F00070202040101 830201FF", 0x6A80)]
#[case::password_cut("0022C1A412 800A04007F00070202040101 830301840102", 0x6A80)]
#[case::empty_parameters("0022C1A411 800A04007F00070202040101 830102 8400", 0x6A80)]
#[case::authorisation_template("0022C1A412 800A04007F00070202040101 830102 7F4C00", 0x6A80)]
#[case::nothing("0022C1A4", 0x6A80)]
#[case::not_objects("0022C1A402 80FF", 0x6A80)]
#[case::with_header("0022C1A411 800C060A04007F00070202040101 830102", 0x6A88)]
#[case::unknown_protocol("0022C1A40F 800A04007F00070202040201 830102", 0x6A88)]
#[case::integrated_mapping("0022C1A40F 800A04007F00070202040301 830102", 0x6A88)]
#[case::long_protocol("0022C1A411 800C04007F000702020401010202 830102", 0x6A88)]
#[case::short_protocol("0022C1A40D 800804007F0007020204 830102", 0x6A88)]
#[case::pin("0022C1A40F 800A04007F00070202040101 830103", 0x6A88)]
#[case::puk("0022C1A40F 800A04007F00070202040101 830104", 0x6A88)]
#[case::password_0("0022C1A40F 800A04007F00070202040101 830100", 0x6A88)]
#[case::password_ff("0022C1A40F 800A04007F00070202040101 8301FF", 0x6A88)]
#[case::other_parameters("0022C1A412 800A04007F00070202040101 830102 840101", 0x6A88)]
#[case::long_parameters("0022C1A413 800A04007F00070202040101 830102 84020002", 0x6A88)]
#[case::other_class("8022C1A40F 800A04007F00070202040101 830102", 0x6E00)]
#[case::without_pace("0022C1A4", 0x6A80)]
fn setting(#[case] command: &str, #[case] sw: u16) {
    let mut reader = Reader::cie();
    assert_eq!(reader.raw(&hex(command)), (vec![], sw));
    let (_, next) = reader.raw(&hex("10860000027C0000"));
    assert_eq!(next, if sw == 0x9000 { 0x9000 } else { 0x6985 });
}

#[test]
fn another_status_for_an_unknown_protocol() {
    let mut reader = Reader::new(Document::cie().with("pace_unknown_protocol=6A80").card());
    assert_eq!(
        reader.sw("0022C1A40F800A04007F00070202040201830102"),
        0x6A80
    );
    assert_eq!(
        reader.sw("0022C1A40F800A04007F00070202040101830103"),
        0x6A88
    );
}

/// Where one protocol is offered with two domains, one must be named.
#[test]
fn domain_parameters_must_be_named_where_there_are_two() {
    let mut document = Document::offering(13, Suite::Aes128);
    document
        .keys
        .pace
        .push(PaceOffer::new(12, Suite::Aes128).unwrap());
    let mut reader = Reader::new(document.card());
    let set = "800A04007F00070202040202830102";
    assert_eq!(reader.sw(&format!("0022C1A40F{set}")), 0x6A88);
    for id in ["0C", "0D"] {
        assert_eq!(reader.sw(&format!("0022C1A412{set}8401{id}")), 0x9000);
    }
}

/// A card that has come as far as a step of PACE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Nothing,
    Set,
    Nonce,
    Mapped,
    Agreed,
}

const STAGES: [Stage; 5] = [
    Stage::Nothing,
    Stage::Set,
    Stage::Nonce,
    Stage::Mapped,
    Stage::Agreed,
];

/// The reader at that stage.
pub(crate) fn at(stage: Stage) -> Reader {
    let mut reader = modern();
    if stage != Stage::Nothing {
        reader.ok("0022C1A40F800A04007F00070202040202830102");
    }
    if matches!(stage, Stage::Nonce | Stage::Mapped | Stage::Agreed) {
        reader.nonce(Suite::Aes128, CAN.as_bytes());
    }
    if matches!(stage, Stage::Mapped | Stage::Agreed) {
        reader.exchange(&Base::of(&curve()), 0x81);
    }
    if stage == Stage::Agreed {
        // A key on the wrong base is a key all the same; only the token will not fit.
        reader.exchange(&Base::of(&curve()), 0x83);
    }
    reader
}

/// After an error PACE begins again.
pub(crate) fn begins_again(reader: &mut Reader) {
    for tag in [0, 0x81, 0x83, 0x85] {
        let value = if tag == 0 { vec![] } else { vec![0; 8] };
        let cla = if tag == 0x85 { 0x00 } else { 0x10 };
        assert_eq!(
            reader.general_authenticate(cla, tag, &value),
            (vec![], 0x6985)
        );
    }
    assert_eq!(reader.pace(&curve(), Suite::Aes128), 0x9000);
}

/// The rows of malformed GENERAL AUTHENTICATE: P_11 to P_22, P_31 to P_34.
#[rstest]
fn malformed_data(
    #[values(Stage::Set, Stage::Nonce, Stage::Mapped, Stage::Agreed)] stage: Stage,
    #[values(
        "8C00",
        "8C03810101",
        "",
        "00",
        "7C",
        "7C05",
        "7C0000",
        "7C0382",
        "7C03820101",
        "7C03840101",
        "7C03860101",
        "7C0681010186 0101",
        "7C06830101810101",
        "7C0685010186 0101",
        "8501AA",
        "810101",
        "7C02810000"
    )]
    data: &str,
) {
    let mut reader = at(stage);
    let data = hex(data);
    let mut command = vec![if stage == Stage::Agreed { 0x00 } else { 0x10 }, 0x86, 0, 0];
    if !data.is_empty() {
        command.push(u8::try_from(data.len()).unwrap());
        command.extend(data);
    }
    command.push(0);
    assert_eq!(reader.raw(&command), (vec![], 0x6A80));
    begins_again(&mut reader);
}

/// P_13: an object where the nonce is asked for.
#[test]
fn an_object_too_many_with_the_first_step() {
    let mut reader = at(Stage::Set);
    assert_eq!(
        reader.general_authenticate(0x10, 0x81, &[1]),
        (vec![], 0x6A80)
    );
    begins_again(&mut reader);
}

/// P_14: asking twice is allowed, and the second nonce counts.
#[test]
fn two_nonces() {
    let mut reader = modern();
    reader.ok("0022C1A40F800A04007F00070202040202830102");
    let first = reader.nonce(Suite::Aes128, CAN.as_bytes());
    let second = reader.nonce(Suite::Aes128, CAN.as_bytes());
    assert_ne!(first, second);
    for (nonce, sw) in [(second, 0x9000), (first, 0x6300)] {
        let mut reader = reader.fork();
        let (pair, card) = reader.exchange(&Base::of(&curve()), 0x81);
        let base = Base::of(&curve()).map(&nonce, &pair.agree(&card));
        let (pair, card) = reader.exchange(&base, 0x83);
        let shared = pair.agree(&card);
        let data = [
            object(0x06, &hex("04007F00070202040202")),
            object(0x86, &card),
        ]
        .concat();
        let key = Suite::Aes128.derive(shared.secret(), 2);
        let token = Suite::Aes128.token(&key, &object(0x7F49, &data)).unwrap();
        assert_eq!(reader.general_authenticate(0x00, 0x85, &token).1, sw);
    }
}

/// Steps in the wrong order.
#[rstest]
fn out_of_turn(#[values(0, 0x81, 0x83, 0x85)] tag: u32) {
    let turn = |stage| match stage {
        Stage::Nothing => &[][..],
        Stage::Set => &[0, 0x81],
        Stage::Nonce => &[0, 0x81],
        Stage::Mapped => &[0x83],
        Stage::Agreed => &[0x85],
    };
    for stage in STAGES
        .into_iter()
        .filter(|stage| !turn(*stage).contains(&tag))
    {
        let mut reader = at(stage);
        let cla = if stage == Stage::Agreed { 0x00 } else { 0x10 };
        let value = if tag == 0 { vec![] } else { vec![4; 65] };
        assert_eq!(
            reader.general_authenticate(cla, tag, &value),
            (vec![], 0x6985),
            "{stage:?}"
        );
        begins_again(&mut reader);
    }
}

/// P_58 to P_61, and every other command between the steps.
#[rstest]
fn another_command_in_between(
    #[values(
        "00B09C0001",
        "00A4020C02011C",
        "00A40000",
        "0084000008",
        SELECT_LDS,
        "00CA000000",
        "80B0000001",
        "00",
        "00C0000000",
        "0CB09C0001",
        "10A4020C02011C"
    )]
    command: &str,
) {
    for stage in [Stage::Set, Stage::Nonce, Stage::Mapped, Stage::Agreed] {
        let mut reader = at(stage);
        reader.raw(&hex(command));
        begins_again(&mut reader);
    }
}

/// P_54 to P_57: the class byte says which step is the last.
#[rstest]
#[case::first(Stage::Set, 0x00, 0, &[])]
#[case::second(Stage::Nonce, 0x00, 0x81, &[4; 65])]
#[case::third(Stage::Mapped, 0x00, 0x83, &[4; 65])]
#[case::last(Stage::Agreed, 0x10, 0x85, &[4; 8])]
fn chaining(#[case] stage: Stage, #[case] cla: u8, #[case] tag: u32, #[case] value: &[u8]) {
    let mut reader = at(stage);
    assert_eq!(
        reader.general_authenticate(cla, tag, value),
        (vec![], 0x6883)
    );
    begins_again(&mut reader);
}

/// P_37 to P_40.
#[rstest]
fn other_classes(#[values(Stage::Set, Stage::Nonce, Stage::Mapped, Stage::Agreed)] stage: Stage) {
    let mut reader = at(stage);
    assert_eq!(
        reader.general_authenticate(0x80, 0x81, &[0; 8]),
        (vec![], 0x6E00)
    );
    begins_again(&mut reader);
}

/// PACE inside a session: in front of Chip Authentication it replaces the session, behind it it is refused.
#[test]
fn pace_inside_a_session() {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sm(MSE), (vec![], 0x9000));
    let command = cie_emulator::wire::CommandBuf::new(0x10, 0x86, 0, 0)
        .data(hex("7C00"))
        .le(cie_emulator::wire::Le::Maximum);
    let (answer, sw) = reader.sm_command(&command);
    assert_eq!((answer.len(), sw), (20, 0x9000));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Set,
    Step(u32),
    Malformed,
    Other,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Set),
        2 => Just(Event::Step(0)),
        4 => prop::sample::select(vec![0x81, 0x83, 0x85]).prop_map(Event::Step),
        1 => Just(Event::Malformed),
        1 => Just(Event::Other),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Any order of commands leaves the documented state: this is the table of the states, once more.
    #[test]
    fn any_order_of_steps(events in prop::collection::vec(any_event(), 1..14)) {
        let mut reader = modern();
        let mut stage = Stage::Nothing;
        for event in events {
            let (sw, next, expected) = apply(&mut reader, stage, event);
            prop_assert_eq!(sw, expected, "{:?} at {:?}", event, stage);
            stage = next;
        }
    }
}

fn apply(reader: &mut Reader, stage: Stage, event: Event) -> (u16, Stage, u16) {
    let generator = Base::of(&curve()).pair(vec![5]).public;
    let cla = if stage == Stage::Agreed { 0x00 } else { 0x10 };
    match event {
        Event::Set => (
            reader.sw("0022C1A40F800A04007F00070202040202830102"),
            Stage::Set,
            0x9000,
        ),
        Event::Malformed => {
            let sw = reader.sw(&format!("{cla:02X}860000028C0000"));
            (sw, Stage::Nothing, 0x6A80)
        }
        Event::Other => (reader.sw("0084000008"), Stage::Nothing, 0x9000),
        Event::Step(tag) => {
            let value = match tag {
                0 => vec![],
                0x85 => vec![0; 8],
                _ => generator,
            };
            let sw = reader.general_authenticate(cla, tag, &value).1;
            let (next, expected) = match (stage, tag) {
                (Stage::Set | Stage::Nonce, 0) => (Stage::Nonce, 0x9000),
                (Stage::Nonce, 0x81) => (Stage::Mapped, 0x9000),
                (Stage::Mapped, 0x83) => (Stage::Agreed, 0x9000),
                (Stage::Agreed, 0x85) => (Stage::Nothing, 0x6300),
                (Stage::Set, 0x81) => (Stage::Nothing, 0x6A80),
                _ => (Stage::Nothing, 0x6985),
            };
            (sw, next, expected)
        }
    }
}
