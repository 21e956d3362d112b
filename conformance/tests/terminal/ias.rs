//! The whole protocol against the recorded session and against the card of these tests.

use cie_conformance::target::ScriptedTarget;
use cie_conformance::terminal::ias::{
    self, Code, DeviceAuthentication, Dialect, Fault, OpenOptions, ReadLoop, Reference, Step,
    credentials, signatures,
};
use cie_conformance::terminal::{SendOptions, Terminal};
use cie_crypto::dh::Group;
use cie_crypto::random::{Scripted, Seeded};
use cie_emulator::wire::StatusWord;
use rstest::rstest;

use super::card::{Card, der_object};
use super::vectors::{TERMINAL_CA, field, rows, session};

/// What the terminal drew in the recorded session, in its order.
fn script() -> Scripted {
    Scripted::new(
        [session("x_ifd"), session("prnd"), session("rndIFD")],
        Seeded::new(1),
    )
}

fn pair(command: &str, response: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (hex::decode(command).unwrap(), response.to_vec())
}

fn ok(data: &[u8]) -> Vec<u8> {
    [data, &[0x90, 0x00]].concat()
}

/// The plain half of the session, which the vectors describe only by its values.
fn plain_half() -> Vec<(Vec<u8>, Vec<u8>)> {
    let group = Group::rfc5114_2048_256();
    let parameters = [
        der_object(&[0x97], group.g()),
        der_object(&[0x98], group.p()),
        der_object(&[0x99], group.q()),
    ];
    let parameters = der_object(
        &[0x70],
        &der_object(
            &[0xBF, 0xA1, 0x01],
            &der_object(&[0xA3], &parameters.concat()),
        ),
    );
    let exponent = field(&TERMINAL_CA, "e");
    let ca = [
        der_object(&[0x81], &field(&TERMINAL_CA, "N")),
        der_object(&[0x82], &[vec![0; 256 - exponent.len()], exponent].concat()),
        der_object(&[0x5F, 0x20], &[&[0; 4][..], &session("CAR")].concat()),
        der_object(&[0x5F, 0x4C], &hex::decode("A0000000003901").unwrap()),
    ];
    let ca = der_object(
        &[0x70],
        &der_object(
            &[0xBF, 0xA0, 0x04],
            &der_object(&[0x7F, 0x49], &ca.concat()),
        ),
    );
    let key = [
        &hex::decode("3082010A0282010100").unwrap()[..],
        &session("ICC_N"),
        &[2, 3, 1, 0, 1],
    ]
    .concat();
    let template = [
        &hex::decode("80019B83018191820100").unwrap()[..],
        &session("ifdpub"),
    ]
    .concat();
    let link =
        |cla: &str, data: &[u8]| format!("{cla}2241A6{:02X}{}", data.len(), hex::encode(data));
    let card_public = der_object(&[0xA6], &der_object(&[0x91], &session("iccpub")));
    assert_eq!(
        (parameters.len(), ca.len(), card_public.len()),
        (568, 560, 264)
    );
    vec![
        pair("00A40000", &ok(&[])),
        pair("00A4040C06A00000000039", &ok(&[])),
        pair("00CB3FFF0A4D087006BFA10102A380", &ok(&parameters)),
        pair("00A40204021004", &ok(&[])),
        pair("00B0000080", &ok(&key[..128])),
        pair("00B0008080", &ok(&key[128..256])),
        pair("00B0010080", &[&key[256..], &[0x62, 0x82]].concat()),
        pair("00CB3FFF0B4D097007BFA004037F4980", &ok(&ca)),
        pair(&link("10", &template[..255]), &ok(&[])),
        pair(&link("00", &template[255..]), &ok(&[])),
        pair("00CB3FFF064D04A6029100", &ok(&card_public)),
    ]
}

#[test]
fn the_recorded_session_byte_for_byte() {
    let protected = rows().into_iter().map(|row| (row.command, row.response));
    let target = ScriptedTarget::replaying(super::ATR, plain_half().into_iter().chain(protected));
    let random = script();
    let monitor = random.monitor();
    let mut terminal = Terminal::new(Box::new(target), Box::new(random));

    let options = OpenOptions {
        dialect: Dialect::Combined,
        ..OpenOptions::default()
    };
    let authentication = ias::open_device_authentication(&mut terminal, options).unwrap();
    assert_eq!(authentication.challenge(), Some(&session("challenge")[..]));
    assert_eq!(
        hex::encode(authentication.proven().unwrap()),
        "0012345678901234"
    );
    let counter = terminal.channel().unwrap().messaging.counter();
    assert_eq!(counter.to_be_bytes().to_vec(), session("SSC_after"));
    assert_eq!(monitor.mismatches(), 0);

    let right = credentials::verify(Reference::Pin, &Code::from("12345678"));
    assert!(terminal.transmit(&right).unwrap().sw.is_ok());
    let wrong = credentials::verify(Reference::Pin, &Code::from("00000000"));
    assert_eq!(terminal.transmit(&wrong).unwrap().sw.tries_left(), Some(2));
    for row in rows().into_iter().skip(11) {
        terminal.transmit(&row.plain).unwrap();
    }
    let all = plain_half().len() + rows().len();
    assert_eq!(terminal.exchanges().len(), all);
}

fn terminal(card: Card) -> Terminal {
    Terminal::new(Box::new(card), Box::new(Seeded::new(7)))
}

#[rstest]
#[case::combined(true, Dialect::Combined)]
#[case::separate(false, Dialect::Separate)]
#[case::automatic_combined(true, Dialect::Automatic)]
#[case::automatic_separate(false, Dialect::Automatic)]
fn login_read_and_sign(#[case] combined: bool, #[case] dialect: Dialect) {
    let mut card = Card::new();
    card.combined = combined;
    let mut terminal = terminal(card);
    terminal.power_on().unwrap();
    let options = OpenOptions {
        dialect,
        check_serial_number: true,
        ..OpenOptions::default()
    };
    ias::open_device_authentication(&mut terminal, options).unwrap();
    let verify = credentials::verify(Reference::Pin, &Code::from("12345678"));
    terminal.demand("VERIFY", &verify).unwrap();

    let exact = ias::read_file(&mut terminal, 0x1003, ReadLoop::default()).unwrap();
    let maximum = ias::read_file(&mut terminal, 0x1003, ReadLoop::Maximum).unwrap();
    assert_eq!(
        (exact.content.len(), &exact.content),
        (300, &maximum.content)
    );
    assert_eq!((exact.ended_by, exact.commands), (StatusWord(0x6282), 3));
    assert_eq!(
        (maximum.ended_by, maximum.commands),
        (StatusWord(0x6B00), 3)
    );

    let key = cie_crypto::rsa::PublicKey::new(&session("ICC_N"), &[1, 0, 1]).unwrap();
    let message = [0x33; 245];
    let signature = signatures::sign(&mut terminal, &message).unwrap();
    signatures::check_signature(&key, &message, &signature).unwrap();
    let services = signatures::services_authentication(&mut terminal, b"123456789012").unwrap();
    signatures::check_signature(&key, b"123456789012", &services).unwrap();
    assert!(signatures::check_signature(&key, b"123456789013", &services).is_err());
}

/// Which bytes of which step a fault changes, against the same step done right with the same randomness.
#[rstest]
#[case::authority_key(Step::SelectAuthority, Fault::AuthorityKey(0x85))]
#[case::signature(Step::VerifyCertificate, Fault::CertificateSignature)]
#[case::remainder(Step::VerifyCertificate, Fault::CertificateRemainder)]
#[case::hash(Step::VerifyCertificate, Fault::CertificateHash)]
#[case::header(Step::VerifyCertificate, Fault::CertificateHeader(0x4A))]
#[case::trailer(Step::VerifyCertificate, Fault::CertificateTrailer(0xCC))]
#[case::profile(Step::VerifyCertificate, Fault::CertificateProfile(0x8B))]
#[case::authority(Step::VerifyCertificate, Fault::CertificateAuthority(*b"OTHERCA1"))]
#[case::outer_authority(Step::VerifyCertificate, Fault::CertificateOuterAuthority(*b"OTHERCA1"))]
#[case::holder(Step::VerifyCertificate, Fault::CertificateHolder([9; 12]))]
#[case::authorization(Step::VerifyCertificate, Fault::CertificateAuthorization([9; 7]))]
#[case::truncated(Step::VerifyCertificate, Fault::CertificateTruncated(353))]
#[case::terminal_key(Step::SelectTerminalKey, Fault::TerminalKey([9; 12]))]
#[case::challenge_length(Step::GetChallenge, Fault::ChallengeLength(7))]
#[case::proof_signature(Step::ExternalAuthenticate, Fault::ProofSignature)]
#[case::proof_challenge(Step::ExternalAuthenticate, Fault::ProofChallenge)]
#[case::proof_serial(Step::ExternalAuthenticate, Fault::ProofSerialNumber)]
#[case::proof_agreement(Step::ExternalAuthenticate, Fault::ProofKeyAgreement)]
#[case::proof_missing(Step::ExternalAuthenticate, Fault::ProofMissing)]
#[case::device_key(Step::SelectDeviceKey, Fault::DeviceKey(0x81))]
#[case::random_length(Step::InternalAuthenticate, Fault::RandomLength(9))]
fn a_fault_changes_its_step(#[case] step: Step, #[case] fault: Fault) {
    let sent = |fault: Option<&Fault>| {
        let mut terminal = terminal(Card::new());
        let (prepared, agreement) =
            ias::open_key_agreement(&mut terminal, OpenOptions::default()).unwrap();
        let mut authentication =
            DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
        terminal.take_exchanges();
        let _ = authentication.step(&mut terminal, step, fault, &SendOptions::default());
        let plain = terminal
            .take_exchanges()
            .into_iter()
            .map(|exchange| exchange.plain_command.unwrap());
        plain.collect::<Vec<_>>()
    };
    let (right, wrong) = (sent(None), sent(Some(&fault)));
    assert!(!right.is_empty() && !wrong.is_empty());
    assert_ne!(right, wrong);
}

#[test]
fn without_the_jump_the_next_command_has_the_old_counter() {
    let mut terminal = terminal(Card::new());
    let (prepared, agreement) =
        ias::open_key_agreement(&mut terminal, OpenOptions::default()).unwrap();
    let mut authentication =
        DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
    for step in Step::ALL {
        let fault = (step == Step::JumpCounter).then_some(Fault::NoJump);
        authentication
            .step(&mut terminal, step, fault.as_ref(), &SendOptions::default())
            .unwrap();
    }
    assert_eq!(terminal.channel().unwrap().messaging.counter(), 1 + 2 * 9);
}

#[test]
fn the_jump_needs_both_challenges() {
    let mut terminal = terminal(Card::new());
    let (prepared, agreement) =
        ias::open_key_agreement(&mut terminal, OpenOptions::default()).unwrap();
    let mut authentication =
        DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
    let result = authentication.step(
        &mut terminal,
        Step::JumpCounter,
        None,
        &SendOptions::default(),
    );
    assert!(matches!(result, Err(ias::IasError::Missing(_))));
}

#[test]
fn a_secret_with_two_leading_zero_bytes_is_refused() {
    // With the recorded exponent of the terminal, this exponent of the card leads to such a secret (found by trying).
    let mut card = Card::new();
    card.card_public = Group::rfc5114_2048_256().public_value(&[0x91, 0x32]);
    let mut terminal = Terminal::new(Box::new(card), Box::new(script()));
    let error = ias::open_key_agreement(&mut terminal, OpenOptions::default()).unwrap_err();
    assert_eq!(error.rule(), Some(ias::Rule::SecretLeadingZeros), "{error}");
}

#[test]
fn a_signature_that_waits_is_fetched() {
    let signature = [0x11; 256];
    let pairs = [
        pair("002241A406800102840183", &ok(&[])),
        pair("0088000001AA", &[0x61, 0x00]),
        pair("00C0000000", &[&signature[..200], &[0x61, 56]].concat()),
        pair("00C0000038", &ok(&signature[200..])),
    ];
    let target = ScriptedTarget::replaying(super::ATR, pairs);
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(1)));
    let collected = signatures::services_authentication(&mut terminal, &[0xAA]).unwrap();
    assert_eq!(collected, signature);
}

#[rstest]
#[case::short(255, ias::Rule::SignatureLength)]
#[case::no_block(256, ias::Rule::SignatureBlock)]
fn a_signature_of_another_form_is_refused(#[case] length: usize, #[case] rule: ias::Rule) {
    let key = cie_crypto::rsa::PublicKey::new(&session("ICC_N"), &[1, 0, 1]).unwrap();
    let error = signatures::check_signature(&key, b"x", &vec![0x11; length]).unwrap_err();
    assert_eq!(error.rule(), Some(rule));
}
