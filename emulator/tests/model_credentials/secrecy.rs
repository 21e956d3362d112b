//! C11: no answer of the card, as it crosses the wire or decrypted, holds a code or half of one.

use crate::event::{Command, Event, GOOD, NewPin, Presented, events};
use crate::invariants::{config, knobs};
use crate::model::Model;
use crate::start;
use crate::support::Terminal;
use crate::support::commands::*;
use cie_emulator::wire::CommandBuf;
use proptest::prelude::*;

/// Everything a code could look like: ASCII, packed BCD, hexadecimal text of ASCII, and its halves in ASCII. (Halves in BCD
/// are two bytes, which any signature holds by chance.)
fn disguises(code: &[u8; 8]) -> Vec<Vec<u8>> {
    let ascii = code.to_vec();
    let bcd = hex::decode(code).unwrap();
    let hexadecimal = hex::encode(code).into_bytes();
    let halves = [code[..4].to_vec(), code[4..].to_vec()];
    [vec![ascii, bcd, hexadecimal], halves.to_vec()].concat()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

/// A cryptogram under fresh keys holds any four bytes sooner or later, but never eight digits.
fn scan_cryptogram(answer: &[u8], secrets: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let whole: Vec<Vec<u8>> = secrets.iter().filter(|s| s.len() >= 8).cloned().collect();
    assert!(!whole.is_empty());
    scan(answer, &whole)
}

fn scan(answer: &[u8], secrets: &[Vec<u8>]) -> Result<(), TestCaseError> {
    for secret in secrets {
        prop_assert!(!holds(answer, secret), "a code in {:02X?}", answer);
    }
    Ok(())
}

/// Everything that can be asked without changing anything, in plain and protected, whole files included.
fn questions() -> Vec<CommandBuf> {
    let mut questions = vec![
        get_data(CA_KEY),
        get_data(DH_ALL),
        set_key(0x83),
        internal_authenticate(b"48150726"),
        set_key(0x81),
        internal_authenticate(b"93715062"),
        verify(0x81, b""),
        verify(0x82, b""),
        get_challenge(),
    ];
    for file in [0x1001_u16, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007] {
        questions.push(select_ef(file).le(cie_emulator::wire::Le::Maximum));
        questions.extend((0..12).map(|page| read(page * 231, 0)));
    }
    questions
}

/// Asks everything under secure messaging, then everything in plain; scans raw and opened answers.
pub(crate) fn interrogate(terminal: &Terminal, secrets: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let mut inside = terminal.fork();
    let mut outside = terminal.fork();
    outside.select_cie();
    for question in questions() {
        scan(&outside.raw(&question.to_bytes().unwrap()), secrets)?;
        let odd = question.header.ins & 1 == 1;
        let bytes = inside.channel.as_mut().unwrap().protect(&question);
        let answer = inside.raw(&bytes);
        scan_cryptogram(&answer, secrets)?;
        if let Ok(reply) = inside.channel.as_mut().unwrap().open(&answer, odd) {
            scan(&reply.data, secrets)?;
        }
    }
    Ok(())
}

/// Only values whose halves stand nowhere in public data; trivial ones are in every certificate.
fn scannable(event: &Event) -> bool {
    let trivial = |new: &NewPin| matches!(new, NewPin::Trivial(_));
    match event {
        Event::Protected(command) | Event::Clear(command) => match command {
            Command::Change(_, new)
            | Command::ResetWithPin(new)
            | Command::ResetWithPuk(_, new) => !trivial(new),
            // Eight zeros, and what contains a code by chance of its length.
            Command::VerifyPin(Presented::Length(_)) | Command::VerifyPuk(Presented::Length(_)) => {
                false
            }
            Command::ChangeLength(_) | Command::ResetWithPukLength(_) => false,
            _ => true,
        },
        _ => true,
    }
}

pub(crate) fn secrets(model: &Model) -> Vec<Vec<u8>> {
    let mut codes = vec![model.puk, model.factory_pin, model.pin];
    codes.extend(GOOD.map(|pin| *pin));
    codes.iter().flat_map(disguises).collect()
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn c11_no_answer_holds_a_code(knobs in knobs(), life in events()) {
        let (mut terminal, mut model) = start(knobs);
        for event in life.iter().filter(|event| scannable(event)) {
            event.apply(&mut terminal, &model);
            model.step(event);
        }
        interrogate(&terminal, &secrets(&model))?;
    }
}

/// Each answer of a whole life with codes in it, verified and not.
#[test]
fn c11_no_answer_to_a_command_with_a_code_holds_it() {
    let (mut terminal, model) = start(crate::Knobs::DEFAULT);
    let secrets = secrets(&model);
    interrogate(&terminal, &secrets).unwrap();
    for command in [
        verify(0x81, b"00000000"),
        verify(0x81, &model.pin),
        change(0x81, &[&model.pin[..], GOOD[0]].concat()),
        verify(0x82, &model.puk),
        reset_retry_counter(0x03, 0x81, b""),
        reset_retry_counter(0x02, 0x81, GOOD[1]),
        verify(0x81, GOOD[1]),
    ] {
        let bytes = terminal.channel.as_mut().unwrap().protect(&command);
        let answer = terminal.raw(&bytes);
        scan_cryptogram(&answer, &secrets).unwrap();
        let opened = terminal.channel.as_mut().unwrap().open(&answer, false);
        assert!(opened.unwrap().data.is_empty());
        interrogate(&terminal, &secrets).unwrap();
    }
}

/// The scan is only worth something if it finds what it looks for.
#[test]
fn the_scan_finds_a_planted_code() {
    let code = GOOD[0];
    for disguise in disguises(code) {
        let planted = [b"before".as_slice(), &disguise, b"after"].concat();
        assert!(scan(&planted, &disguises(code)).is_err(), "{disguise:02X?}");
    }
}

/// Neither state, nor memory, nor card, nor image prints a digit.
#[test]
fn c11_debug_texts_hold_no_code() {
    let (terminal, model) = start(crate::Knobs::DEFAULT);
    let texts = format!(
        "{:?} {:?} {:?}",
        terminal.card.state(),
        terminal.card.memory(),
        terminal.card.image()
    );
    for code in [&model.pin, &model.puk] {
        let digits = std::str::from_utf8(code).unwrap();
        assert!(!texts.contains(digits));
        let as_numbers = format!("{code:?}");
        assert!(!texts.contains(as_numbers.trim_matches(['[', ']'])));
    }
}
