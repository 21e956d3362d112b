//! Chip Authentication beyond the examples, and Active Authentication.

use super::cards::{Document, SAMPLE};
use super::channel::Channel;
use super::reader::{Base, Reader, SELECT_LDS};
use super::{field, hex, vectors};
use cie_emulator::apps::emrtd::{
    ActiveAuthenticationKey, ChipAuthenticationKey, Domain, StaticKey,
};
use cie_emulator::crypto::ec::{Curve, Point, Scalar, ecdsa};
use cie_emulator::crypto::hash::HashAlgorithm;
use cie_emulator::crypto::iso9796::{self, Trailer};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::wire::tlv::object;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;

/// A key of every kind under its own id.
fn with_keys(suite: Suite) -> Document {
    let mut document = Document::cie();
    document.keys.chip_authentication = [2_u8, 13, 18]
        .into_iter()
        .map(|id| ChipAuthenticationKey {
            key_id: Some(vec![id]),
            suite,
            key: static_key(id),
        })
        .collect();
    document
}

fn static_key(id: u8) -> StaticKey {
    match Domain::from_id(id).unwrap() {
        Domain::Modular(group) => StaticKey::Modular {
            exponent: group.random_exponent(&mut Seeded::new(5)),
            group,
        },
        Domain::Elliptic(curve) => StaticKey::Elliptic(Scalar::random(curve, &mut Seeded::new(5))),
    }
}

pub(crate) fn open(document: Document) -> Reader {
    let mut reader = Reader::new(document.card());
    reader.ok(SELECT_LDS);
    assert_eq!(reader.bac(), 0x9000);
    reader
}

fn set_protocol(id: u8, suite: Suite) -> CommandBuf {
    let kind = if id < 3 { 1 } else { 2 };
    let oid = [&hex("04007F0007020203")[..], &[kind, suite.oid_suffix()]].concat();
    let data = [object(0x80, &oid), object(0x84, &[id])].concat();
    CommandBuf::new(0, 0x22, 0x41, 0xA4).data(data)
}

fn terminal_key(public: &[u8]) -> CommandBuf {
    let command = CommandBuf::new(0, 0x86, 0, 0)
        .data(object(0x7C, &object(0x80, public)))
        .le(Le::Maximum);
    if public.len() > 200 {
        command.extended()
    } else {
        command
    }
}

#[rstest]
fn two_steps_with_every_cipher(
    #[values(2, 13, 18)] id: u8,
    #[values(Suite::TripleDes, Suite::Aes128, Suite::Aes192, Suite::Aes256)] suite: Suite,
) {
    let mut reader = open(with_keys(suite));
    let base = Base::of(&Domain::from_id(id).unwrap());
    let pair = base.draw(&mut Seeded::new(3));
    assert_eq!(
        reader.sm_command(&set_protocol(id, suite)),
        (vec![], 0x9000)
    );
    assert_eq!(
        reader.sm_command(&terminal_key(&pair.public)),
        (hex("7C00"), 0x9000)
    );
    let old = reader.channel.clone();
    let shared = pair.agree(&static_key(id).public());
    reader.channel = Some(Channel::of_secret(suite, shared.secret()));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
    // I_2, I_17: the old keys are gone.
    reader.channel = old;
    assert_eq!(reader.sm_bare("00B09E0001"), 0x6988);
    assert_eq!(reader.card.state().document, Default::default());
}

/// No PACE behind Chip Authentication.
#[test]
fn the_last_session_of_its_kind() {
    let mut reader = open(with_keys(Suite::Aes128));
    let pair = Base::of(&Domain::from_id(13).unwrap()).draw(&mut Seeded::new(3));
    reader.sm_command(&set_protocol(13, Suite::Aes128));
    reader.sm_command(&terminal_key(&pair.public));
    let shared = pair.agree(&static_key(13).public());
    reader.channel = Some(Channel::of_secret(Suite::Aes128, shared.secret()));
    assert_eq!(
        reader.sm("0022C1A40F800A04007F00070202040101830102").1,
        0x6985
    );
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

/// Unit I: refusals are protected, and the session stays as it was.
#[rstest]
#[case::no_key("002241A6", 0x6A80)]
#[case::other_tag("002241A603 930102", 0x6A80)]
#[case::zero("002241A603 910100", 0x6300)]
#[case::empty("002241A602 9100", 0x6A80)]
#[case::key_id("002241A606 910102 840107", 0x6A88)]
#[case::protocol("002241A40C 800A04007F00070202030103", 0x6A88)]
#[case::protocol_missing("002241A403 840107", 0x6A80)]
#[case::other_template("002241B603 830101", 0x6A86)]
fn refused_inside_a_session(#[case] command: &str, #[case] sw: u16) {
    let mut reader = open(Document::cie());
    assert_eq!(reader.sm(command), (vec![], sw));
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
    assert!(!reader.card.state().document.chip);
}

#[rstest]
#[case::off_the_curve(object(0x80, &[&[4][..], &[1; 64]].concat()), 0x6300)]
#[case::zero(object(0x80, &[&[4][..], &[0; 64]].concat()), 0x6300)]
#[case::another_size(object(0x80, Point::generator(Curve::P384).encoded()), 0x6300)]
#[case::other_tag(object(0x81, Point::generator(Curve::BrainpoolP256r1).encoded()), 0x6A80)]
#[case::nothing(vec![], 0x6A80)]
fn keys_that_are_refused(#[case] data: Vec<u8>, #[case] sw: u16) {
    let mut reader = open(with_keys(Suite::Aes128));
    reader.sm_command(&set_protocol(13, Suite::Aes128));
    let command = CommandBuf::new(0, 0x86, 0, 0)
        .data(object(0x7C, &data))
        .le(Le::Maximum);
    assert_eq!(reader.sm_command(&command), (vec![], sw));
    // It has to be set again.
    assert_eq!(reader.sm_command(&command).1, 0x6985);
    assert_eq!(reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

/// I_8 to I_11, I_23 to I_26: coordinates that begin with zero bytes are no error.
#[test]
fn leading_zeros_are_no_error() {
    let base = Base::of(&Domain::from_id(13).unwrap());
    for at in [1, 33] {
        let private = (1..4000_u32).map(|n| n.to_be_bytes().to_vec());
        let pair = private
            .map(|n| base.pair(n))
            .find(|pair| pair.public[at] == 0)
            .unwrap();
        let mut reader = open(with_keys(Suite::Aes128));
        reader.sm_command(&set_protocol(13, Suite::Aes128));
        assert_eq!(
            reader.sm_command(&terminal_key(&pair.public)),
            (hex("7C00"), 0x9000)
        );
    }
}

/// I_4, I_5, I_19, I_20: nothing without a session.
#[test]
fn without_a_session() {
    let mut reader = Reader::cie();
    reader.ok(SELECT_LDS);
    assert_eq!(reader.sw("002241A603910102"), 0x6982);
    assert_eq!(reader.sw("002241A40C800A04007F00070202030101"), 0x9000);
    assert_eq!(reader.sw("00860000057C0380010200"), 0x6982);
    assert_eq!(reader.bac(), 0x9000);
    assert_eq!(reader.sw("002241A603910102"), 0x6982);
    assert_eq!(reader.card.state().document, Default::default());
}

/// A document whose chip has no key for it.
#[test]
fn without_a_key() {
    let mut document = Document::cie();
    document.keys.chip_authentication.clear();
    let mut reader = open(document);
    assert_eq!(reader.sm("002241A603910102"), (vec![], 0x6A88));
    assert_eq!(
        reader.sm("002241A40C800A04007F00070202030101"),
        (vec![], 0x6A88)
    );
}

// Active Authentication.

fn with_rsa(hash: HashAlgorithm, trailer: Trailer) -> Document {
    let mut document = Document::cie();
    let key = SAMPLE.services_key.clone();
    document.keys.active_authentication = Some(ActiveAuthenticationKey::Rsa { key, hash, trailer });
    document
}

#[rstest]
#[case::sha_1(HashAlgorithm::Sha1, Trailer::Implicit)]
#[case::sha_1_named(HashAlgorithm::Sha1, Trailer::Explicit(0x33))]
#[case::sha_224(HashAlgorithm::Sha224, Trailer::Explicit(0x38))]
#[case::sha_256(HashAlgorithm::Sha256, Trailer::Explicit(0x34))]
#[case::sha_384(HashAlgorithm::Sha384, Trailer::Explicit(0x36))]
#[case::sha_512(HashAlgorithm::Sha512, Trailer::Explicit(0x35))]
fn active_authentication_with_rsa(#[case] hash: HashAlgorithm, #[case] trailer: Trailer) {
    let mut reader = open(with_rsa(hash, trailer));
    let (signature, sw) = reader.sm("0088000008 0102030405060708 00");
    assert_eq!((signature.len(), sw), (256, 0x9000));
    let key = SAMPLE.services_key.public();
    let (m1, digest) =
        iso9796::recover_with_trailer(key, &signature, hash.digest_len(), trailer).unwrap();
    assert_eq!(digest, hash.digest(&[&m1, &[1, 2, 3, 4, 5, 6, 7, 8]]));
    let (again, _) = reader.sm("0088000008 0102030405060708 00");
    assert_ne!(signature, again, "the recoverable part is random");
}

#[rstest]
#[case::p256(Curve::P256, HashAlgorithm::Sha256)]
#[case::bp384(Curve::BrainpoolP384r1, HashAlgorithm::Sha384)]
#[case::p521(Curve::P521, HashAlgorithm::Sha512)]
#[case::longer_hash(Curve::P256, HashAlgorithm::Sha512)]
fn active_authentication_on_a_curve(#[case] curve: Curve, #[case] hash: HashAlgorithm) {
    let key = Scalar::random(curve, &mut Seeded::new(8));
    let mut document = Document::cie();
    let public = key.public();
    document.keys.active_authentication = Some(ActiveAuthenticationKey::Ecdsa { key, hash });
    let mut reader = open(document);
    let (signature, sw) = reader.sm("0088000008 0102030405060708 00");
    assert_eq!((signature.len(), sw), (2 * curve.size(), 0x9000));
    let digest = hash.digest(&[&[1, 2, 3, 4, 5, 6, 7, 8]]);
    assert!(ecdsa::verify(&public, &digest, &signature));
}

/// R_4, R_5, and access.
#[rstest]
#[case::shorter("0088000007 01020304050607 00", 0x6700)]
#[case::longer("0088000009 010203040506070809 00", 0x6700)]
#[case::none("0088000000", 0x6700)]
#[case::other_parameters("0088010008 0102030405060708 00", 0x6A86)]
fn active_authentication_refused(#[case] command: &str, #[case] sw: u16) {
    let mut reader = open(with_rsa(HashAlgorithm::Sha1, Trailer::Implicit));
    assert_eq!(reader.sm(command), (vec![], sw));
}

#[test]
fn active_authentication_needs_access() {
    let mut reader = Reader::new(with_rsa(HashAlgorithm::Sha1, Trailer::Implicit).card());
    reader.ok(SELECT_LDS);
    assert_eq!(reader.sw("0088000008 0102030405060708 00"), 0x6982);
}

/// An answer recorded from a real chip, and the hash step of appendix F, under the same rules.
#[test]
fn active_authentication_examples() {
    let all = vectors("active-authentication");
    let v = &all["recorded"];
    let dg15 = field(v, "dg15");
    let key = &dg15[dg15.len() - 140..];
    let key = PublicKey::from_pkcs1_der(key).unwrap();
    let signature = field(v, "signature");
    assert_eq!(key.apply(&signature).unwrap(), field(v, "f_sig_e_mod_n"));
    let (m1, digest) =
        iso9796::recover_with_trailer(&key, &signature, 20, Trailer::Implicit).unwrap();
    assert_eq!(m1.len(), 106);
    assert_eq!(
        digest,
        HashAlgorithm::Sha1.digest(&[&m1, &field(v, "rnd_ifd")])
    );
    let v = &all["appendix_f"];
    let digest = HashAlgorithm::Sha1.digest(&[&field(v, "m1"), &field(v, "rnd_ifd")]);
    assert_eq!(digest, field(v, "sha_1_m1_rnd_ifd"));
}
