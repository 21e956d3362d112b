//! One card per rule of the IAS protocols, each breaking just that rule.

use cie_conformance::target::{Alteration, ScriptStep, ScriptedTarget, Tampering, Target, When};
use cie_conformance::terminal::ias::{self, OpenOptions, ReadLoop, Rule, read_current};
use cie_conformance::terminal::{Terminal, TerminalError};
use cie_crypto::random::Seeded;
use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::StatusWord;
use rstest::rstest;

use super::card::{Card, ProofFault};

fn open(target: impl Target + 'static) -> ias::IasError {
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(7)));
    let options = OpenOptions {
        check_serial_number: true,
        ..OpenOptions::default()
    };
    ias::open_device_authentication(&mut terminal, options).unwrap_err()
}

fn spoiled(change: impl FnOnce(&mut Card)) -> Card {
    let mut card = Card::new();
    change(&mut card);
    card
}

fn last(bytes: &mut [u8], value: u8) {
    *bytes.last_mut().unwrap() = value;
}

#[rstest]
#[case::p_even(Rule::PrimeOdd, spoiled(|card| last(&mut card.p, 0x96)))]
#[case::p_short(Rule::PrimeLength, spoiled(|card| card.p.truncate(255)))]
#[case::p_top_bit(Rule::PrimeLength, spoiled(|card| card.p[0] = 0x07))]
#[case::g_short(Rule::GeneratorLength, spoiled(|card| { card.g.remove(0); }))]
#[case::q_long(Rule::OrderLength, spoiled(|card| card.q.insert(0, 0)))]
#[case::g_ends_in_zero(Rule::NoTrailingZero, spoiled(|card| last(&mut card.g, 0)))]
#[case::q_ends_in_zero(Rule::NoTrailingZero, spoiled(|card| last(&mut card.q, 0)))]
#[case::g_above_p(Rule::GroupRange, spoiled(|card| card.g[0] = 0xFF))]
#[case::q_even(Rule::GroupRange, spoiled(|card| last(&mut card.q, 0xD2)))]
#[case::g_of_other_order(Rule::GeneratorOrder, spoiled(|card| last(&mut card.g, 0x5B)))]
#[case::k_icc_short(Rule::PublicValueLength, spoiled(|card| { card.card_public.remove(0); }))]
#[case::k_icc_ends_in_zero(Rule::NoTrailingZero, spoiled(|card| last(&mut card.card_public, 0)))]
#[case::k_icc_is_one(Rule::PublicValueRange, spoiled(|card| {
    card.card_public = vec![0; 256];
    last(&mut card.card_public, 1);
}))]
#[case::k_icc_above_p(Rule::PublicValueRange, spoiled(|card| card.card_public = vec![0xFF; 256]))]
#[case::k_icc_outside(Rule::PublicValueOrder, spoiled(|card| card.card_public[9] ^= 1))]
#[case::ca_modulus_even(Rule::CaModulus, spoiled(|card| last(&mut card.ca[0], 0x52)))]
#[case::ca_modulus_short(Rule::CaModulus, spoiled(|card| card.ca[0].truncate(255)))]
#[case::ca_modulus_low(Rule::CaModulus, spoiled(|card| card.ca[0][0] = 0x6A))]
#[case::ca_exponent_short(Rule::CaExponent, spoiled(|card| { card.ca[1].remove(0); }))]
#[case::ca_exponent_even(Rule::CaExponent, spoiled(|card| last(&mut card.ca[1], 0x70)))]
#[case::ca_exponent_other(Rule::CaKeyPair, spoiled(|card| card.ca[1][100] ^= 1))]
#[case::ca_reference(Rule::CaHolderReference, spoiled(|card| card.ca[2].truncate(11)))]
#[case::ca_authorization(Rule::CaHolderAuthorization, spoiled(|card| card.ca[3].truncate(6)))]
#[case::ca_ends_in_zero(Rule::NoTrailingZero, spoiled(|card| last(&mut card.ca[3], 0)))]
#[case::key_file_longer(Rule::PublicKeyFile, spoiled(|card| card.device_key_file.push(1)))]
#[case::key_file_damaged(Rule::PublicKeyFile, spoiled(|card| card.device_key_file[0] = 0x31))]
#[case::key_modulus_short(Rule::PublicKeyModulus, spoiled(|card| {
    card.device_key_file = PublicKey::new(&[0xC1; 128], &[3]).unwrap().to_pkcs1_der();
}))]
#[case::challenge_short(Rule::ChallengeLength, spoiled(|card| card.challenge_length = 7))]
#[case::proof_other_key(Rule::ProofBlock, spoiled(|card| card.proof_fault = Some(ProofFault::OtherKey)))]
#[case::proof_trailer(Rule::ProofBlock, spoiled(|card| card.proof_fault = Some(ProofFault::NoTrailer)))]
#[case::proof_challenge(Rule::ProofHash, spoiled(|card| card.proof_fault = Some(ProofFault::OtherChallenge)))]
#[case::proof_serial_in_clear(Rule::ProofHash, spoiled(|card| card.proof_fault = Some(ProofFault::OtherSerialInClear)))]
#[case::proof_length(Rule::ProofLength, spoiled(|card| card.proof_fault = Some(ProofFault::ShortSignature)))]
#[case::proof_serial_number(Rule::ProofSerialNumber, spoiled(|card| card.serial[7] ^= 1))]
#[case::serial_file_short(Rule::ProofSerialNumber, spoiled(|card| card.sn_icc.truncate(11)))]
fn a_card_that_breaks_a_rule_is_refused_by_its_name(#[case] rule: Rule, #[case] card: Card) {
    let error = open(card);
    assert_eq!(error.rule(), Some(rule), "{error}");
    assert!(error.to_string().contains(rule.clause()));
}

/// The beginnings of the commands whose answers are spoiled.
const PARAMETERS: &str = "00CB3FFF0A";
const AUTHORITY: &str = "00CB3FFF0B";
const PUBLIC_VALUE: &str = "00CB3FFF06";

#[rstest]
#[case::parameters_not_minimal(PARAMETERS, Rule::MinimalLengths, |answer: Vec<u8>| long_length(&answer))]
#[case::authority_not_minimal(AUTHORITY, Rule::MinimalLengths, |answer: Vec<u8>| long_length(&answer))]
#[case::public_value_not_minimal(PUBLIC_VALUE, Rule::MinimalLengths, |answer: Vec<u8>| long_length(&answer))]
#[case::parameters_other_tag(PARAMETERS, Rule::AnswerStructure, |answer: Vec<u8>| other_tag(&answer))]
#[case::authority_other_tag(AUTHORITY, Rule::AnswerStructure, |answer: Vec<u8>| other_tag(&answer))]
#[case::public_value_other_tag(PUBLIC_VALUE, Rule::AnswerStructure, |answer: Vec<u8>| other_tag(&answer))]
#[case::parameters_cut(PARAMETERS, Rule::AnswerStructure, |answer: Vec<u8>| answer[..answer.len() - 1].to_vec())]
#[case::more_behind(PUBLIC_VALUE, Rule::AnswerStructure, |answer: Vec<u8>| [&answer[..], &[5]].concat())]
#[case::nothing(PUBLIC_VALUE, Rule::AnswerStructure, |_| Vec::new())]
fn an_answer_of_another_shape_is_refused(
    #[case] command: &str,
    #[case] rule: Rule,
    #[case] change: fn(Vec<u8>) -> Vec<u8>,
) {
    let command = hex::decode(command).unwrap();
    let mut genuine = Vec::new();
    let request = match command[4] {
        0x0A => "4D087006BFA10102A380",
        0x0B => "4D097007BFA004037F4980",
        _ => "4D04A6029100",
    };
    let full = [&command[..], &hex::decode(request).unwrap()].concat();
    Card::new().transmit(&full, &mut genuine).unwrap();
    genuine.truncate(genuine.len() - 2);
    let answer = [change(genuine), vec![0x90, 0x00]].concat();
    let target = Tampering::new(
        Card::new(),
        When::CommandStarts(command, 0),
        Alteration::Replace(answer),
    );
    let error = open(target);
    assert_eq!(error.rule(), Some(rule), "{error}");
}

/// `82 hh ll` of the outermost length becomes `83 00 hh ll`.
fn long_length(answer: &[u8]) -> Vec<u8> {
    assert_eq!(answer[1], 0x82);
    [&answer[..1], &[0x83, 0x00], &answer[2..]].concat()
}

fn other_tag(answer: &[u8]) -> Vec<u8> {
    [&[answer[0] ^ 0x01], &answer[1..]].concat()
}

#[rstest]
#[case::root("00A40000", "SELECT of the root")]
#[case::cie("00A4040C", "SELECT of the CIE application")]
#[case::authority("00CB3FFF0B", "GET DATA, public key of the authority")]
#[case::public_value("002241A6", "MSE SET, terminal's public value")]
#[case::card_value("00CB3FFF06", "GET DATA, card's public value")]
fn a_refused_step_is_named(#[case] command: &str, #[case] step: &str) {
    let when = When::CommandStarts(hex::decode(command).unwrap(), 0);
    let refusal = Alteration::Replace(vec![0x6A, 0x88]);
    let error = open(Tampering::new(Card::new(), when, refusal));
    let expected = TerminalError::Status {
        step: "",
        sw: StatusWord(0x6A88),
    };
    match (error, expected) {
        (
            ias::IasError::Terminal(TerminalError::Status { step: found, sw }),
            TerminalError::Status { sw: wanted, .. },
        ) => assert_eq!((found, sw), (step, wanted)),
        (other, _) => panic!("{other}"),
    }
}

#[rstest]
#[case::endless(ReadLoop::Exact(0x80), &["9000"], Rule::ReadProgress)]
#[case::too_much(ReadLoop::Exact(1), &["01029000"], Rule::ReadLength)]
#[case::warning_to_le_zero(ReadLoop::Maximum, &["01029000", "036282"], Rule::ReadMaximum)]
fn a_file_that_breaks_a_loop_is_refused(
    #[case] how: ReadLoop,
    #[case] answers: &[&str],
    #[case] rule: Rule,
) {
    let steps = answers
        .iter()
        .map(|hex| ScriptStep::Answer(hex::decode(hex).unwrap()));
    let target = ScriptedTarget::new(super::ATR, steps);
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    let error = read_current(&mut terminal, how).unwrap_err();
    assert_eq!(error.rule(), Some(rule), "{error}");
}

#[rstest]
#[case::multiple_of_the_step(&["01029000", "6B00"], 2, 0x6B00)]
#[case::short_with_ok(&["019000", "6B00"], 1, 0x6B00)]
#[case::warning_with_data(&["01029000", "036282"], 3, 0x6282)]
#[case::warning_without_data(&["01029000", "6282"], 2, 0x6282)]
fn ends_of_files(#[case] answers: &[&str], #[case] length: usize, #[case] ended_by: u16) {
    let steps = answers
        .iter()
        .map(|hex| ScriptStep::Answer(hex::decode(hex).unwrap()));
    let target = ScriptedTarget::new(super::ATR, steps);
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    let file = read_current(&mut terminal, ReadLoop::Exact(2)).unwrap();
    assert_eq!(
        (file.content.len(), file.ended_by),
        (length, StatusWord(ended_by))
    );
}

#[test]
fn an_endless_file_ends() {
    let steps = (0..40_000).map(|_| ScriptStep::Answer(vec![0xAA, 0x90, 0x00]));
    let target = ScriptedTarget::new(super::ATR, steps);
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    let error = read_current(&mut terminal, ReadLoop::Exact(1)).unwrap_err();
    assert_eq!(error.rule(), Some(Rule::FileEnds));
}

#[test]
fn rules_have_distinct_names() {
    let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}
