//! The terminal against the embedded emulator: two implementations of one protocol, written apart.

use std::sync::Arc;

use cie_conformance::target::{Embedded, Reset, StateChannel};
use cie_conformance::terminal::checks::personalisation::{self, Personalisation};
use cie_conformance::terminal::ias::{
    self, Code, DeviceAuthentication, Fault, OpenOptions, ReadLoop, Reference, Root, Step,
    credentials, signatures,
};
use cie_conformance::terminal::{PlainAnswer, Protection, SendOptions, Tamper, Terminal};
use cie_crypto::random::Seeded;
use cie_emulator::chip::{Profile, chip, chips};
use cie_emulator::persona::{CardData, Persona, personalise};
use cie_emulator::wire::StatusWord;
use rstest::rstest;

fn data(persona: &str) -> CardData {
    personalise(&Persona::builtin(persona).unwrap()).unwrap()
}

fn terminal(chip_name: &str) -> Terminal {
    let profile = Profile::with([]).unwrap();
    let image = data("adult-default")
        .into_image(chip(chip_name).unwrap(), profile)
        .unwrap();
    let card = Embedded::new(
        Arc::new(image),
        Box::new(Seeded::derived(5, "card")),
        "adult-default",
    );
    let mut terminal = Terminal::new(Box::new(card), Box::new(Seeded::derived(5, "terminal")));
    terminal.power_on().unwrap();
    terminal
}

fn verify(terminal: &mut Terminal, code: &str) -> StatusWord {
    let command = credentials::verify(Reference::Pin, &Code::from(code));
    let reply = terminal.transmit(&command).unwrap();
    assert_eq!(reply.channel, Protection::Protected);
    reply.sw
}

#[test]
fn login_read_sign_and_judge_the_contents_on_every_chip() {
    for chip in chips().unwrap() {
        for root in [Root::IasApplication, Root::MasterFile] {
            whole_session(&chip.id, root);
        }
    }
}

fn whole_session(chip: &str, root: Root) {
    let mut terminal = terminal(chip);
    let mut card = Personalisation::read_public(&mut terminal, root, ReadLoop::Maximum).unwrap();
    let services = signatures::services_authentication(&mut terminal, b"123456789012").unwrap();
    let key = ias::files::public_key(&card.files[&0x1005]).unwrap();
    signatures::check_signature(&key, b"123456789012", &services).unwrap();

    let options = OpenOptions {
        root,
        check_serial_number: true,
        ..OpenOptions::default()
    };
    let authentication = ias::open_device_authentication(&mut terminal, options).unwrap();
    card.proven_serial = authentication.proven();
    assert_eq!(
        verify(&mut terminal, "12345678"),
        StatusWord::NO_ERROR,
        "{chip}"
    );
    card.read_protected(&mut terminal, ReadLoop::default())
        .unwrap();

    let signing =
        cie_crypto::rsa::PublicKey::from_pkcs1_der(&data("adult-default").ef_cie_kpub).unwrap();
    let message = [0x5A; 245];
    let signature = signatures::sign(&mut terminal, &message).unwrap();
    signatures::check_signature(&signing, &message, &signature).unwrap();
    card.signature_key = Some(signing);
    let findings = personalisation::check(&card);
    let wrong: Vec<_> = findings.wrong().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{chip}: {wrong:#?}");
    assert!(findings.iter().count() > 30);
}

fn session(terminal: &mut Terminal) {
    let options = OpenOptions {
        root: Root::IasApplication,
        ..OpenOptions::default()
    };
    ias::open_device_authentication(terminal, options).unwrap();
}

#[test]
fn codes_are_counted_changed_and_unblocked() {
    let mut terminal = terminal("gemalto");
    session(&mut terminal);
    for left in [2, 1, 0] {
        assert_eq!(verify(&mut terminal, "87654322").tries_left(), Some(left));
    }
    assert_eq!(verify(&mut terminal, "12345678").0, 0x6983);
    let puk = credentials::verify(Reference::Puk, &Code::from("87654321"));
    terminal.demand("VERIFY of the PUK", &puk).unwrap();
    let new = Code::from("13572468");
    let unblock = credentials::reset_retry_counter(Reference::Pin, Some(&new));
    terminal.demand("RESET RETRY COUNTER", &unblock).unwrap();
    assert_eq!(verify(&mut terminal, "13572468"), StatusWord::NO_ERROR);
    let change = credentials::change_reference_data(Reference::Pin, &new, &Code::from("12345678"));
    terminal.demand("CHANGE REFERENCE DATA", &change).unwrap();
    assert_eq!(verify(&mut terminal, "12345678"), StatusWord::NO_ERROR);
    assert_eq!(terminal.state().unwrap().pin_tries, Some(3));
}

#[rstest]
#[case::mac_bit(Tamper::FlipMacBit(0))]
#[case::cryptogram_bit(Tamper::FlipCryptogramBit(3))]
#[case::header(Tamper::FlipHeaderBit { byte: 3, bit: 0 })]
#[case::mac_short(Tamper::TruncateMac(4))]
#[case::no_mac(Tamper::DropObject(0x8E))]
#[case::no_cryptogram(Tamper::DropObject(0x87))]
#[case::padding(Tamper::WrongPadding)]
#[case::indicator(Tamper::WrongPaddingIndicator(2))]
#[case::empty(Tamper::EmptyCryptogram)]
#[case::unaligned(Tamper::UnalignedCryptogram)]
#[case::cryptogram_twice(Tamper::DuplicateObject(0x87))]
#[case::replay(Tamper::ReplayLast)]
#[case::counter_ahead(Tamper::SkipCounter(1))]
#[case::counter_again(Tamper::RepeatCounter)]
#[case::plain(Tamper::SendPlain)]
#[case::plain_data(Tamper::PlainUnderProtectedClass)]
fn the_emulator_refuses_a_spoiled_command(#[case] tamper: Tamper) {
    let mut terminal = terminal("gemalto");
    session(&mut terminal);
    let right = credentials::verify(Reference::Pin, &Code::from("12345678"));
    terminal.demand("VERIFY", &right).unwrap();
    let before = terminal.state().unwrap();
    let reply = terminal
        .transmit_with(&right, &SendOptions::tampered(tamper))
        .unwrap();
    assert!(!reply.sw.is_ok(), "{}", reply.sw);
    assert_eq!(reply.channel, Protection::Plain);
    let after = terminal.state().unwrap();
    assert_eq!(after.persistent_digest, before.persistent_digest);
    assert_eq!(after.channel, StateChannel::Plain);
    assert!(!after.security.pin_verified && !after.security.device_authenticated);
}

#[rstest]
#[case::signature(Step::VerifyCertificate, Fault::CertificateSignature)]
#[case::remainder(Step::VerifyCertificate, Fault::CertificateRemainder)]
#[case::hash(Step::VerifyCertificate, Fault::CertificateHash)]
#[case::trailer(Step::VerifyCertificate, Fault::CertificateTrailer(0xCC))]
#[case::authority(Step::VerifyCertificate, Fault::CertificateAuthority(*b"OTHERCA1"))]
#[case::outer_authority(Step::VerifyCertificate, Fault::CertificateOuterAuthority(*b"OTHERCA1"))]
#[case::profile(Step::VerifyCertificate, Fault::CertificateProfile(0x8B))]
#[case::authority_key(Step::SelectAuthority, Fault::AuthorityKey(0x85))]
#[case::terminal_key(Step::SelectTerminalKey, Fault::TerminalKey([9; 12]))]
#[case::proof_signature(Step::ExternalAuthenticate, Fault::ProofSignature)]
#[case::proof_challenge(Step::ExternalAuthenticate, Fault::ProofChallenge)]
#[case::proof_serial(Step::ExternalAuthenticate, Fault::ProofSerialNumber)]
#[case::proof_agreement(Step::ExternalAuthenticate, Fault::ProofKeyAgreement)]
#[case::proof_missing(Step::ExternalAuthenticate, Fault::ProofMissing)]
fn the_emulator_refuses_a_faulty_terminal(#[case] faulty: Step, #[case] fault: Fault) {
    let mut terminal = terminal("gemalto");
    let options = OpenOptions {
        root: Root::IasApplication,
        ..OpenOptions::default()
    };
    let (prepared, agreement) = ias::open_key_agreement(&mut terminal, options).unwrap();
    let mut authentication =
        DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
    let steps = Step::ALL
        .into_iter()
        .take_while(|step| *step != Step::SelectDeviceKey);
    let mut refused = None;
    for step in steps {
        let fault = (step == faulty).then_some(&fault);
        let reply = authentication
            .step(&mut terminal, step, fault, &SendOptions::default())
            .unwrap()
            .unwrap();
        if !reply.sw.is_ok() {
            refused = Some(step);
            break;
        }
    }
    assert!(refused.is_some());
    assert!(!terminal.state().unwrap().security.device_authenticated);
}

#[rstest]
#[case::warm(Reset::Warm)]
#[case::cold(Reset::Cold)]
fn the_emulator_forgets_the_channel_at_reset(#[case] reset: Reset) {
    let mut terminal = terminal("gemalto");
    session(&mut terminal);
    let channel = terminal.take_channel().unwrap();
    terminal.reset(reset).unwrap();
    terminal.restore_channel(channel);
    let right = credentials::verify(Reference::Pin, &Code::from("12345678"));
    let options = SendOptions {
        plain_answer: PlainAnswer::Accept,
        ..SendOptions::default()
    };
    let reply = terminal.transmit_with(&right, &options).unwrap();
    assert!(!reply.sw.is_ok());
    assert_eq!(reply.channel, Protection::Plain);
}
