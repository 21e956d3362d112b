//! What the desktop family does with an enrolled card: login, signatures, codes, documents, the minidriver.

use cie_crypto::hash;
use cie_crypto::hash::HashAlgorithm;
use cie_crypto::pkcs1;
use cie_emulator::persona::SodVariant;
use rstest::rstest;

use crate::atr::{family_by_multiset, family_by_search};
use crate::cards::{PIN, PUK, card, card_of, sample, with};
use crate::desktop::{Desktop, Verdict};
use crate::desktop_enrolment::compare;
use crate::security_object::Mismatch;
use crate::{Stop, certificate};

fn enrolled(chip: &str, profile: &str) -> Option<Desktop> {
    let connected = Desktop::connect(card(chip, profile), family_by_multiset);
    if chip == "actalis-b946" {
        assert_eq!(connected.err(), Some(Stop::NotRecognised));
        return None;
    }
    let mut client = connected.unwrap();
    client.enrol(PIN, Mismatch::Printed).unwrap();
    client.reader.said.clear();
    Some(client)
}

fn digest_info(algorithm: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    [
        algorithm.digest_info_prefix(),
        &algorithm.digest(&[message]),
    ]
    .concat()
}

/// The signature is of exactly these bytes, and nothing was added to them.
fn is_of(signature: &[u8], data: &[u8]) {
    let key = sample().signature_key.public();
    assert_eq!(pkcs1::recover_type1(key, signature).unwrap(), data);
}

/// Login and signature; where nothing of the profile touches the codes, they are left alone.
fn pkcs11(chip: &str, profile: &str) {
    let Some(mut client) = enrolled(chip, profile) else {
        return;
    };
    client.matches().unwrap();
    client.open_session().unwrap();
    client.login("5678").unwrap();
    let data = digest_info(HashAlgorithm::Sha256, b"abc");
    let signature = client.sign("5678", &data).unwrap();
    is_of(&signature, &data);
    let certified = certificate::key(&client.enrolment.as_ref().unwrap().certificate).unwrap();
    pkcs1::verify_digest(&certified, HashAlgorithm::Sha256, b"abc", &signature).unwrap();
    if profile != "default" {
        return;
    }
    client.set_pin("5678", "8765").unwrap();
    assert_eq!(
        client.login("5678"),
        Err(Stop::Code(Verdict::Incorrect(Some(2))))
    );
    client.login("8765").unwrap();
    client.login_officer(PUK).unwrap();
    client.init_pin(PUK, "1122").unwrap();
    client.login("1122").unwrap();
}

/// As above.
fn minidriver(chip: &str, profile: &str) {
    let connected = Desktop::connect(card(chip, profile), family_by_search);
    let Ok(mut client) = connected else {
        return assert_eq!(chip, "actalis-b946");
    };
    client.acquire().unwrap();
    client.authenticate(0x81, PIN).unwrap();
    for algorithm in [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        let data = digest_info(algorithm, b"abc");
        is_of(&client.signature(&data).unwrap(), &data);
    }
    // Without a hash algorithm the data go as they are.
    is_of(&client.signature(b"anything").unwrap(), b"anything");
    if profile != "default" {
        return;
    }
    client.minidriver_change(PIN, "13572468").unwrap();
    client.authenticate(0x81, "13572468").unwrap();
    for left in [2, 1, 0] {
        assert_eq!(
            client.authenticate(0x81, PIN),
            Err(Stop::Code(Verdict::Incorrect(Some(left))))
        );
    }
    assert_eq!(
        client.authenticate(0x81, "13572468"),
        Err(Stop::Code(Verdict::Locked))
    );
    client.minidriver_unblock(PUK, "24681357").unwrap();
    client.authenticate(0x81, "24681357").unwrap();
}

on_every_chip! {
    fn desktop_exact_reads_logs_in_signs_and_changes_codes(chip) {
        pkcs11(chip, "default");
    }

    fn desktop_exact_reads_works_on_a_strict_card(chip) {
        pkcs11(chip, "strict");
    }

    fn desktop_exact_reads_works_behind_short_answers(chip) {
        pkcs11(chip, "short-answers");
    }

    fn minidriver_authenticates_signs_and_unblocks(chip) {
        minidriver(chip, "default");
    }

    fn minidriver_works_on_a_strict_card(chip) {
        minidriver(chip, "strict");
    }

    fn minidriver_works_behind_short_answers(chip) {
        minidriver(chip, "short-answers");
    }

    fn pin_manager_changes_and_unblocks(chip) {
        let Some(mut client) = enrolled(chip, "default") else { return };
        client.change_pin(PIN, "55667788").unwrap();
        client.login("7788").unwrap();
        assert_eq!(client.change_pin(PIN, "00000000"), Err(Stop::Code(Verdict::Incorrect(Some(2)))));
        client.unblock_pin(PUK, PIN).unwrap();
        client.login("5678").unwrap();
        assert_eq!(client.unblock_pin(PIN, PIN), Err(Stop::Code(Verdict::Incorrect(Some(9)))));
    }

    fn document_signer_signs(chip) {
        let Some(mut client) = enrolled(chip, "default") else { return };
        let data = digest_info(HashAlgorithm::Sha256, b"a document");
        let signed = client.sign_document("123456789012", "5678", &data).unwrap();
        let key = certificate::key(&signed.certificate).unwrap();
        pkcs1::verify_digest(&key, HashAlgorithm::Sha256, b"a document", &signed.signature).unwrap();
        let other = client.sign_document("123456789013", "5678", &data).err();
        assert_eq!(other, Some(Stop::NotEnrolled));
    }
}

const DAPP: [&str; 9] = [
    "sm 002281B60680014183018400 -> 0 9000",
    "sm 102A00AEE77F2182015D5F37820100… -> 0 9000",
    "sm 002A00AE7B… -> 0 9000",
    "sm 002281A40E830C000000002000000000000001 -> 0 9000",
    "sm 0084000008 -> 8 9000",
    "sm 10820000E72000000000000001… -> 0 9000",
    "sm 0082000021… -> 0 9000",
    "sm 002241A40684018280019B -> 0 9000",
    "sm 0088000008… -> 264 9000",
];

fn lines(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(str::to_owned).collect()
}

const DH: [&str; 3] = [
    "p 102241A6FF80019B83018191820100… -> 0 9000",
    "p 002241A60B… -> 0 9000",
    "p 00CB3FFF064D04A6029100 -> 264 9000",
];

/// Everything is read once in the life of the process: a signature selects, agrees, authenticates, verifies and signs.
#[test]
fn signature_word_for_word() {
    let mut client = enrolled("gemalto", "default").unwrap();
    client.sign("5678", &[0x30; 51]).unwrap();
    let head = [
        "(reset)",
        "p 00A4040C0DA0000000308000000009816001 -> 0 9000",
        "p 00A4040C06A00000000039 -> 0 9000",
    ];
    let data = format!("sm 0088000033{} -> 256 9000", "30".repeat(51));
    let tail = [
        "sm 00200081083132333435363738 -> 0 9000",
        "sm 002241A406800102840181 -> 0 9000",
        &data,
        "(reset)",
    ];
    compare(&client.reader.script(), &lines(&[&head, &DH, &DAPP, &tail]));
}

/// The officer's way: RESET RETRY COUNTER without data goes with `97 01 00` although nothing is expected.
#[test]
fn init_pin_word_for_word() {
    let mut client = enrolled("bit4id", "default").unwrap();
    client.init_pin(PUK, "9999").unwrap();
    let head = [
        "(reset)",
        "p 00A40000 -> 0 9000",
        "p 00A4040C06A00000000039 -> 0 9000",
    ];
    let tail = [
        "sm 00200082083837363534333231 -> 0 9000",
        "sm 002C0381 -> 0 9000",
        "sm 002C0281083132333439393939 -> 0 9000",
        "(reset)",
    ];
    compare(&client.reader.script(), &lines(&[&head, &DH, &DAPP, &tail]));
    let empty = client.reader.said.iter().find_map(|said| match said {
        crate::reader::Said::Protected { inner, wire, .. }
            if inner[..] == [0x00, 0x2C, 0x03, 0x81] =>
        {
            Some(wire.clone())
        }
        _ => None,
    });
    let wire = empty.unwrap();
    assert_eq!(wire[..8], [0x0C, 0x2C, 0x03, 0x81, 0x0D, 0x97, 0x01, 0x00]);
    assert_eq!(
        (wire[8..10].to_vec(), wire.len(), wire[18]),
        (vec![0x8E, 0x08], 19, 0)
    );
}

/// Login sends half the PIN behind the half that is kept; the whole PIN makes twelve digits, a wrong length, and takes no try.
#[test]
fn a_whole_pin_where_half_is_wanted_is_6700() {
    let mut client = enrolled("gemalto", "default").unwrap();
    assert_eq!(client.login(PIN), Err(Stop::Code(Verdict::Incorrect(None))));
    let said = client.reader.script();
    assert_eq!(
        said[said.len() - 1],
        "sm 002000810C313233343132333435363738 -> 0 6700"
    );
    client.login("5678").unwrap();
}

#[rstest]
#[case::sha1_prefix_before_a_sha256_hash(47)]
#[case::md5_and_sha1(36)]
#[case::one_byte(1)]
#[case::one_link(231)]
#[case::two_links(232)]
#[case::longest(245)]
fn any_length_is_signed_as_it_is(#[case] length: usize) {
    let mut client = enrolled("gemalto", "default").unwrap();
    client.authenticate(0x81, PIN).unwrap();
    let data: Vec<u8> = (0..length).map(|n| n as u8 | 1).collect();
    client.reader.said.clear();
    is_of(&client.signature(&data).unwrap(), &data);
    assert_eq!(client.reader.said.len(), if length > 231 { 3 } else { 2 });
}

#[rstest]
#[case::nothing(0, "sm 00880000 -> 0 6700")]
#[case::too_long(246, "sm 008800000F… -> 0 6700")]
fn what_cannot_be_signed_is_6700(#[case] length: usize, #[case] line: &str) {
    let mut client = enrolled("gemalto", "default").unwrap();
    client.authenticate(0x81, PIN).unwrap();
    assert_eq!(
        client.signature(&vec![1; length]),
        Err(Stop::Status(0x6700))
    );
    let said = client.reader.script();
    compare(&said[said.len() - 1..], &[line.to_owned()]);
}

/// A known gap of the family: without a login before, it asks for EF.SN.ICC in the DF of the CIE.
#[rstest]
#[case::as_on_cards("default", Stop::Status(0x6A82))]
#[case::visible_there(
    "sn_icc_in_cie_df=true",
    Stop::Crash("the authority's key was never read")
)]
fn set_pin_without_login_fails_as_it_does_in_the_field(#[case] profile: &str, #[case] stop: Stop) {
    let mut client = enrolled("bit4id2", profile).unwrap();
    assert_eq!(client.set_pin_without_login(), Err(stop));
    // The domain parameters were asked for in the root, and answered there.
    assert!(client.reader.script()[2].ends_with("-> 274 9000"));
}

/// Another services key under the same number: the cache does not open, and no try is lost.
#[test]
fn another_card_with_the_same_number_costs_no_try() {
    let client = enrolled("gemalto", "default").unwrap();
    let mut data = sample().clone();
    data.services_key = data.device_key.clone();
    let mut other = Desktop::connect(
        Box::new(card_of(&data, "gemalto", "default")),
        family_by_multiset,
    )
    .unwrap();
    other.enrolment = client.enrolment;
    assert_eq!(
        other.open_session(),
        Err(Stop::Mismatch("the cache does not open"))
    );
    assert_eq!(other.reader.target().state().unwrap().pin_tries, Some(3));
}

#[test]
fn a_wrong_puk_is_counted_and_its_end_told() {
    let mut client = enrolled("gemalto", "default").unwrap();
    for left in (0..10).rev() {
        assert_eq!(
            client.login_officer("00000000"),
            Err(Stop::Code(Verdict::Incorrect(Some(left))))
        );
    }
    assert_eq!(client.login_officer(PUK), Err(Stop::Code(Verdict::Locked)));
    assert_eq!(
        client.unblock_pin(PUK, "11111111"),
        Err(Stop::Code(Verdict::Locked))
    );
}

/// The cache key is the same in every session and on every path: the signature over the number is deterministic.
#[rstest]
#[case(SodVariant::V0)]
#[case(SodVariant::Pss)]
fn the_cache_opens_again(#[case] sod: SodVariant) {
    let card = Box::new(card_of(with(sod), "stm3", "default"));
    let mut client = Desktop::connect(card, family_by_search).unwrap();
    client.enrol(PIN, Mismatch::Stops).unwrap();
    let signature = pkcs1::sign_type1(&sample().services_key, b"123456789012").unwrap();
    assert_eq!(
        client.enrolment.as_ref().unwrap().cache_key,
        hash::sha512(&[&signature])
    );
    client.open_session().unwrap();
}
