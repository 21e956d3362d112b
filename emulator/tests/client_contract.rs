//! What breaks first at the clients when a card gets it wrong: one test for each row of that list which concerns the card.
//! Other suites test the rules; this one is the list itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::Card;
use cie_emulator::chip::chips;
use cie_emulator::crypto::random::{Scripted, Seeded};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::wire::tlv::{Objects, Tag, Tlv};
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";

fn channel(terminal: &mut Terminal) -> &mut Channel {
    terminal.channel.as_mut().unwrap()
}

/// Phones index into the body of every answer of a session, errors included.
#[rstest]
#[case::wrong_pin(verify(0x81, b"00000000"))]
#[case::pin_missing(read_by_short_id(3, 0, 0))]
#[case::not_found(select_ef(0x4242))]
#[case::nothing_set(internal_authenticate(b"1"))]
#[case::unknown_instruction(CommandBuf::new(0, 0x70, 0, 0))]
fn no_bare_status_word_in_a_session(#[case] command: CommandBuf) {
    let mut terminal = authenticated();
    terminal.sm(&select_application(CIE)).ok();
    let bytes = channel(&mut terminal).protect(&command);
    let answer = terminal.raw(&bytes);
    assert_eq!(answer.len(), 16, "99 02 SW 8E 08 checksum SW");
    assert_eq!(answer[2..4], answer[14..], "the same inside and outside");
}

/// A desktop client reads 128 at a time until it is told that the file ended.
#[test]
fn a_short_last_part_is_told_by_6282() {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&select_ef(0x1004)).ok();
    let last = terminal.plain(&read(256, 0x80));
    assert_eq!((last.data.len(), last.sw), (14, 0x6282));
}

/// It would loop for ever on success without data.
#[test]
fn success_always_has_data() {
    let mut terminal = powered();
    for (df, file, _, size) in files() {
        terminal.plain(&select_application(df)).ok();
        terminal.plain(&select_ef(file)).ok();
        for le in [0, 0x80, 0xFF] {
            let reply = terminal.plain(&read(size as u16, le));
            assert_eq!(
                (reply.data.len(), reply.sw != 0x9000),
                (0, true),
                "{file:04X}"
            );
        }
    }
}

/// Phones ask for all there is, and drop the data of a warning.
#[test]
fn all_there_is_never_ends_in_6282() {
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&select_ef(0x1003)).ok();
    let size = contents(0x1003).len();
    for offset in (0..size).step_by(77) {
        assert_eq!(terminal.sm(&read(offset as u16, 0)).sw, 0x9000);
        assert_eq!(
            terminal
                .sm(&CommandBuf::new(0, 0xB0, (offset >> 8) as u8, offset as u8))
                .sw,
            0x9000
        );
    }
}

/// A phone loses the data behind `6100`, and a registry client has no GET RESPONSE at all.
#[rstest]
#[case::group(get_data(DH_ALL), 568)]
#[case::authority(get_data(CA_KEY), 560)]
#[case::proof(internal_authenticate(&[0x33; 32]), 256)]
#[case::proof_with_le(internal_authenticate(&[0x33; 32]).le(Le::Maximum), 256)]
fn long_answers_come_whole_and_never_behind_61xx(
    #[case] command: CommandBuf,
    #[case] length: usize,
) {
    let mut terminal = powered();
    terminal.select_cie();
    terminal.plain(&set_key(0x83)).ok();
    assert_eq!(terminal.plain(&command).ok().len(), length);
}

/// One client enrols a card under the text of EF.ID_Servizi and looks for it under bytes 5 to 10 of EF.SN.ICC.
#[rstest]
#[case(2)]
#[case(3)]
#[case(4)]
fn the_services_number_is_the_text_of_the_serial_number(#[case] seed: u64) {
    let card = personalise(&Persona::generate(seed).unwrap()).unwrap();
    let mut terminal = switched_on(image(&card, "gemalto", "default"));
    terminal.plain(&select_application(IAS)).ok();
    terminal.plain(&select_ef(0xD003)).ok();
    let serial = terminal.plain(&read(0, 0)).ok();
    terminal.select_cie();
    terminal.plain(&select_ef(0x1001)).ok();
    let services = terminal.plain(&read(0, 0)).ok();
    assert_eq!(services, hex::encode_upper(&serial[5..11]).into_bytes());
    assert_eq!(services.len(), 12);
    assert!(services.iter().all(u8::is_ascii_digit));
}

/// A phone library strips zero bytes at the end of an answer before it reads DER.
#[test]
fn no_answer_with_der_ends_in_00() {
    let mut terminal = powered();
    terminal.select_cie();
    for list in [DH_ALL, DH_G, DH_P, DH_Q, CA_KEY] {
        let answer = terminal.plain(&get_data(list)).ok();
        assert_ne!(answer.last(), Some(&0), "{list}");
    }
    for _ in 0..40 {
        terminal.agree();
        let value = &terminal.agreement.card_public;
        assert_eq!(value.len(), 256);
        assert_ne!(value.last(), Some(&0));
    }
    for seed in 0..8 {
        let card = personalise(&Persona::generate(seed).unwrap()).unwrap();
        for (file, contents) in card.files() {
            assert_ne!(contents.last(), Some(&0), "{file:04X} of seed {seed}");
        }
    }
}

/// Every length of an answer is the shortest that holds it, all the way in.
#[test]
fn every_length_is_minimal() {
    fn check(bytes: &[u8]) {
        for object in Objects::new(bytes) {
            let object = object.unwrap();
            let mut shortest = Vec::new();
            cie_emulator::wire::tlv::write(&mut shortest, object.tag, object.value);
            assert_eq!(object.raw, shortest, "{}", object.tag);
            let first = object.raw[0];
            if first & 0x20 != 0 {
                check(object.value);
            }
        }
    }
    let mut terminal = powered();
    terminal.select_cie();
    for list in [DH_ALL, DH_G, DH_P, DH_Q, CA_KEY] {
        check(&terminal.plain(&get_data(list)).ok());
    }
    for file in [0xD004, 0x1003, 0x1004, 0x1005, 0x1007] {
        check(&contents(file));
    }
}

/// Phones run raw RSA over g and the card's value: both have the length of p.
#[test]
fn numbers_keep_their_leading_zeros() {
    // g to the power of 319 begins with a zero byte.
    let exponent = [&[0; 30][..], &319_u16.to_be_bytes()].concat();
    let script = Scripted::new([exponent], Seeded::new(0));
    let image = image(card_data(), "gemalto", "default");
    let mut terminal = Terminal::new(Card::new(image, Box::new(script)));
    terminal.select_cie();
    terminal.agree();
    let value = &terminal.agreement.card_public;
    assert_eq!((value.len(), value[0]), (256, 0));
    assert_eq!(terminal.plain(&get_data(DH_G)).ok().len(), 274);
}

/// Clients disagree about a secret that begins with two zero bytes: 254 bytes or 256. It never comes to that.
#[test]
fn no_secret_begins_with_two_zero_bytes() {
    let (bad, good) = (2313_u16, 5_u16);
    let exponents = [bad, good].map(|small| [&[0; 30][..], &small.to_be_bytes()].concat());
    let script = Scripted::new(exponents, Seeded::new(0));
    let image = image(card_data(), "gemalto", "default");
    let mut terminal = Terminal::new(Card::new(image, Box::new(script)));
    // The terminal's exponent is 1: the card's value is the secret.
    terminal.agreement = Agreement::with_exponent(&[1]);
    terminal.select_cie();
    terminal.agree();
    assert_ne!(terminal.agreement.card_public[..2], [0, 0]);
}

/// One client takes the first two objects by position, another crashes without the second.
#[test]
fn the_authoritys_key_has_81_82_5f20_5f4c_in_this_order() {
    let mut terminal = powered();
    terminal.select_cie();
    let answer = terminal.plain(&get_data(CA_KEY)).ok();
    let mut object = Tlv::read_only(&answer, Tag(0x70)).unwrap();
    for tag in [0xBF_A0_04, 0x7F49] {
        object = Tlv::read_only(object.value, Tag(tag)).unwrap();
    }
    let children: Vec<(u32, usize)> = object
        .children()
        .map(|child| child.map(|child| (child.tag.0, child.value.len())).unwrap())
        .collect();
    assert_eq!(
        children,
        [(0x81, 256), (0x82, 256), (0x5F20, 12), (0x5F4C, 7)]
    );
}

/// `80` alone is the indefinite form to one parser.
#[test]
fn a_length_of_128_has_two_bytes() {
    let mut terminal = authenticated();
    let bytes = channel(&mut terminal).protect(&read_odd(5, 0, 125));
    assert_eq!(terminal.raw(&bytes)[..3], [0x85, 0x81, 0x80]);
}

/// One client makes a negative number of a low byte from `80` up.
#[test]
fn no_long_length_of_a_flow_has_a_low_byte_above_7f() {
    let mut terminal = opened();
    terminal.prove_terminal();
    terminal.sm(&set_device_key()).ok();
    let mut answers = Vec::new();
    let bytes = channel(&mut terminal).protect(&internal_authenticate(&RND_IFD));
    answers.push(terminal.raw(&bytes));
    let mut terminal = authenticated();
    terminal.verify(0x81, PIN);
    terminal.sm(&set_key(0x81)).ok();
    for command in [internal_authenticate(&[1; 51]), read_by_short_id(3, 0, 0)] {
        let bytes = channel(&mut terminal).protect(&command);
        let answer = terminal.raw(&bytes);
        channel(&mut terminal).open(&answer, false).unwrap().ok();
        answers.push(answer);
    }
    for answer in answers {
        if answer[1] == 0x82 {
            assert!(answer[3] < 0x80, "{:02X?}", &answer[..4]);
        } else {
            assert_eq!(answer[1], 0x81);
        }
    }
}

/// Desktop and phone open the answer of every link of a chain.
#[test]
fn every_link_is_answered_by_a_whole_protected_answer() {
    let mut terminal = opened();
    terminal.sm(&set_certificate_key()).ok();
    let certificate = verify_certificate(&Certificate::published().encoded());
    let (first, last) = certificate.data.split_at(231);
    for (cla, part) in [(0x10, first), (0x00, last)] {
        let mut link = certificate.clone();
        (link.header.cla, link.data) = (cla, part.to_vec());
        let bytes = channel(&mut terminal).protect(&link);
        assert_eq!(bytes[0], cla | 0x0C);
        let answer = terminal.raw(&bytes);
        assert_eq!((answer.len(), &answer[..4]), (16, &hex("99029000")[..]));
        channel(&mut terminal).open(&answer, false).unwrap().ok();
    }
}

/// Clients hash the first eight bytes of the answer as the chip's serial number.
#[test]
fn the_chips_serial_number_has_eight_bytes() {
    let mut terminal = opened();
    let challenge = terminal.prove_terminal();
    let answer = terminal.prove_chip(&challenge);
    assert_eq!(answer.len(), 8 + 256);
    assert_eq!(answer[..8], contents(0xD003)[4..]);
}

/// Every PC/SC client connects with T=1.
#[test]
fn every_answer_to_reset_offers_t_1() {
    for chip in chips().unwrap() {
        assert_eq!(chip.atr.as_bytes()[3] & 0x0F, 1, "{}", chip.id);
    }
}

/// No client notices; the holder would.
#[test]
fn a_right_pin_gives_all_tries_back() {
    let mut terminal = authenticated();
    for _ in 0..2 {
        terminal.verify(0x81, b"00000000");
        terminal.verify(0x81, b"00000000");
        assert_eq!(terminal.verify(0x81, PIN), 0x9000);
        assert_eq!(terminal.state().pin_left, 3);
    }
}

/// The security object lists the six files clients know and no other, each number in one byte: `02 01 A1`, also where that
/// reads as negative.
#[rstest]
#[case::sha_256("adult-default", "0420")]
#[case::sha_512_pss("adult-sod-pss", "0440")]
fn the_security_object_lists_known_files_in_one_byte_each(
    #[case] persona: &str,
    #[case] digest: &str,
) {
    let card = personalise(&Persona::builtin(persona).unwrap()).unwrap();
    let sod = &card.ef_sod;
    let listed: Vec<u8> = sod
        .windows(7)
        .filter(|w| w[0] == 0x30 && w[2..4] == [0x02, 0x01] && w[5..] == hex(digest))
        .map(|w| w[4])
        .collect();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0x1B, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5]);
    assert!(!sod.windows(4).any(|w| w == hex("020200A1")));
}

/// Two desktop clients demand version 3 of both certificates.
#[test]
fn certificates_are_version_3() {
    let version_3 = hex("A003020102");
    let certificate = contents(0x1003);
    // SEQUENCE { SEQUENCE { [0] version
    assert_eq!(certificate[8..13], version_3);
    assert!(contents(0x1006).windows(5).any(|w| w == version_3));
}

/// A second key 83, or another serial number, under the same name would open a cache with the wrong key.
#[test]
fn one_persona_is_one_card() {
    let again = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    assert_eq!(again.files(), card_data().files());
}
