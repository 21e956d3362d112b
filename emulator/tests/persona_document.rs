//! The files of the travel document against published bytes, rules written down again here, and each other. The worked
//! examples come from the same inputs: document CA00000AA, born 1980-01-01, valid until 2031-01-01, issued 2021-03-15.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use cie_emulator::chip::{self, Profile};
use cie_emulator::crypto::hash::{HashAlgorithm, sha256};
use cie_emulator::persona::{
    CardData, Document, DocumentSod, Fingerprints, Mrz, Persona, Portrait, Protocols, personalise,
};
use cie_emulator::wire::tlv::{Tag, Tlv};
use proptest::prelude::*;
use rstest::rstest;

fn card(persona: &Persona) -> CardData {
    personalise(persona).unwrap()
}

/// The default persona with the dates of the worked examples.
fn worked() -> Persona {
    let mut persona = Persona::builtin("adult-default").unwrap();
    persona.issued = "2021-03-15".parse().unwrap();
    persona.expires = "2031-01-01".parse().unwrap();
    persona
}

fn with(change: impl FnOnce(&mut Persona)) -> Document {
    let mut persona = worked();
    change(&mut persona);
    card(&persona).document
}

fn upper(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

#[rstest]
#[case::dg1(
    1,
    "615D5F1F5A433C495441434130303030304141343C3C3C3C3C3C3C3C3C3C3C3C3C3C3C383030313031344D333130313031324954413C3C3C3C3C3C3C3C3C3C3C34524F5353493C3C4D4152494F3C3C3C3C3C3C3C3C3C3C3C3C3C3C3C3C3C3C"
)]
#[case::dg11(
    11,
    "6B585C0A5F0E5F2B5F115F425F105F0E0C524F5353493C3C4D4152494F5F2B0831393830303130315F1107524F4D413C524D5F421256494120524F4D4120313C524F4D413C524D5F10105253534D524138304130314835303155"
)]
#[case::dg12(
    12,
    "6C225C045F195F265F190E434F4D554E4520444920524F4D415F26083230323130333135"
)]
fn worked_data_groups(#[case] number: u8, #[case] expected: &str) {
    let document = with(|persona| {
        persona.document.authority = "COMUNE DI ROMA".parse().unwrap();
    });
    assert_eq!(upper(document.data_group(number).unwrap()), expected);
}

#[test]
fn worked_machine_readable_zone_and_card_access() {
    let document = with(|_| ());
    assert_eq!(document.mrz.information(), "CA00000AA480010143101012");
    assert_eq!(document.can.as_str(), "123456");
    let access = "31143012060A04007F00070202040101020102020102";
    assert_eq!(upper(&document.ef_card_access), access);
    let authority = "420E495443564341454D5530303030310000000000000000000000000000000000000000";
    assert_eq!(upper(&document.ef_cvca), authority);
}

#[rstest]
#[case::with_fingerprints(
    true,
    Fingerprints::Two,
    "60185F0104303130375F36063034303030305C066175636B6C6E"
)]
#[case::not_listed(
    false,
    Fingerprints::Two,
    "60175F0104303130375F36063034303030305C0561756B6C6E"
)]
#[case::absent(
    true,
    Fingerprints::Absent,
    "60175F0104303130375F36063034303030305C0561756B6C6E"
)]
fn worked_list_of_data_groups(
    #[case] listed: bool,
    #[case] fingerprints: Fingerprints,
    #[case] expected: &str,
) {
    let document = with(|persona| {
        persona.document.com_lists_dg3 = listed;
        persona.document.fingerprints = fingerprints;
    });
    assert_eq!(upper(&document.ef_com), expected);
    let there = document.data_group(3).is_some();
    assert_eq!(there, fingerprints != Fingerprints::Absent);
}

#[test]
fn no_fingers_is_a_file_that_says_so() {
    let document = with(|persona| persona.document.fingerprints = Fingerprints::Zero);
    assert_eq!(upper(document.data_group(3).unwrap()), "63067F6103020100");
}

#[test]
fn worked_security_infos() {
    let document = with(|_| ());
    let infos = document.data_group(14).unwrap();
    assert_eq!(infos.len(), 884);
    let digest = "d475f1fb83293fc2c06e487f461dcab6c286e8c5cb1890972173117fb1cb59fe";
    assert_eq!(hex::encode(sha256(&[infos])), digest);
}

/// The bytes of EF.CardAccess stand in EF.DG14 too (ICAO 9303-11 §9.2), whatever the protocols.
#[rstest]
#[case(Protocols::Cie)]
#[case(Protocols::Modern)]
#[case(Protocols::ActiveRsa)]
#[case(Protocols::ActiveEcdsa)]
fn what_card_access_offers_stands_in_the_security_infos(#[case] protocols: Protocols) {
    let document = with(|persona| persona.document.protocols = protocols);
    let offer = &document.ef_card_access[2..];
    let infos = document.data_group(14).unwrap();
    assert!(infos.windows(offer.len()).any(|window| window == offer));
    let key = &document.chip_public_key;
    assert_eq!(document.keys.chip_authentication[0].key.public(), *key);
    assert!(infos.windows(key.len()).any(|window| window == key));
    let active = matches!(protocols, Protocols::ActiveRsa | Protocols::ActiveEcdsa);
    assert_eq!(document.data_group(15).is_some(), active);
    assert_eq!(document.keys.active_authentication.is_some(), active);
    let ecdsa = upper(infos).contains("0606678108010105020101060A04007F00070101040103");
    assert_eq!(ecdsa, protocols == Protocols::ActiveEcdsa);
}

/// ISO/IEC 19794-5 and the JP2 boxes that picture viewers begin with.
#[rstest]
#[case::adult("1980-01-01", Portrait::Adult)]
#[case::child("2015-01-01", Portrait::Child)]
fn the_face_is_a_picture_that_viewers_open(#[case] born: &str, #[case] portrait: Portrait) {
    let document = with(|persona| persona.holder.birth_date = born.parse().unwrap());
    assert_eq!(document.portrait, portrait);
    let group = Tlv::read_only(document.data_group(2).unwrap(), Tag(0x75)).unwrap();
    let templates = Tlv::read_only(group.value, Tag(0x7F61)).unwrap();
    let [count, template] = children(&templates)[..] else {
        panic!("{templates:?}")
    };
    assert_eq!((count.tag, count.value), (Tag(2), &[1][..]));
    let [header, record] = children(&template)[..] else {
        panic!("{template:?}")
    };
    assert_eq!(upper(header.raw), "A10F800201018101028702010188020008");
    let record = record.value;
    assert_eq!(&record[..8], b"FAC\x00010\x00");
    assert_eq!(
        record[8..12],
        u32::try_from(record.len()).unwrap().to_be_bytes()
    );
    assert_eq!(upper(&record[34..46]), "010100F00140010200000000");
    let picture = &record[46..];
    assert_eq!(picture, portrait.jpeg2000());
    let start = "0000000C6A5020200D0A870A00000014667479706A703220000000006A7032200000002D6A703268000000166968647200000140000000F0";
    assert!(upper(picture).starts_with(start));
    // Boxes up to the end: the last one is the code stream, from SOC to EOC.
    let length = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap()) as usize;
    let stream = 12 + 20 + 45;
    assert_eq!(&picture[stream + 4..stream + 8], b"jp2c");
    assert!(length(stream) == 0 || stream + length(stream) == picture.len());
    assert_eq!(upper(&picture[stream + 8..stream + 12]), "FF4FFF51");
    assert!(picture.ends_with(&[0xFF, 0xD9]));
}

fn children<'a>(of: &Tlv<'a>) -> Vec<Tlv<'a>> {
    of.children().map(Result::unwrap).collect()
}

/// ISO/IEC 19794-4: lengths and positions, so that whoever may read the file can open it.
#[test]
fn fingers_are_records_of_their_own_length() {
    let document = with(|_| ());
    let group = Tlv::read_only(document.data_group(3).unwrap(), Tag(0x63)).unwrap();
    let templates = Tlv::read_only(group.value, Tag(0x7F61)).unwrap();
    let found = children(&templates);
    assert_eq!(found[0].value, [2]);
    for (template, position) in found[1..].iter().zip([2, 7]) {
        let record = children(template)[1].value;
        assert_eq!(&record[..8], b"FIR\x00010\x00");
        assert_eq!(
            u64::from_be_bytes([&[0; 2], &record[8..14]].concat().try_into().unwrap()),
            record.len() as u64
        );
        assert_eq!(
            u32::from_be_bytes(record[32..36].try_into().unwrap()) as usize,
            record.len() - 32
        );
        assert_eq!(record[36], position);
        assert!(upper(&record[46..]).starts_with("0000000C6A502020"));
    }
}

/// Names of 128 bytes and more: the length of the element takes a second byte, and nothing is lost.
#[test]
fn a_long_name_keeps_every_letter_in_national_characters() {
    let document = with(|persona| {
        persona.holder.surname = "\u{d6}".repeat(40).parse().unwrap();
        persona.holder.given_names = "\u{c8}".repeat(40).parse().unwrap();
    });
    let name = format!("{}<<{}", "\u{d6}".repeat(40), "\u{c8}".repeat(40));
    let group = Tlv::read_only(document.data_group(11).unwrap(), Tag(0x6B)).unwrap();
    let element = children(&group)[1];
    assert_eq!((element.tag, element.value), (Tag(0x5F0E), name.as_bytes()));
    assert!(document.mrz.lines()[2].starts_with("OEOEOEOEOEOEOEOEOEOEOEOEOEO<<E"));
}

#[test]
fn nobody_without_a_fiscal_code_gets_one_in_the_document() {
    let document = with(|persona| persona.holder.fiscal_code = None);
    let group = Tlv::read_only(document.data_group(11).unwrap(), Tag(0x6B)).unwrap();
    assert_eq!(upper(children(&group)[0].value), "5F0E5F2B5F115F42");
    assert_eq!(children(&group).len(), 5);
}

/// `(data group, digest)` in the order of a security object.
fn digests(document: &Document) -> Vec<(u8, Vec<u8>)> {
    let content = lds_security_object(&document.ef_sod);
    let list = children(&Tlv::read_only(&content, Tag(0x30)).unwrap())[2];
    children(&list)
        .iter()
        .map(|entry| {
            let [number, digest] = children(entry)[..] else {
                panic!("{entry:?}")
            };
            (number.value[0], digest.value.to_vec())
        })
        .collect()
}

fn lds_security_object(ef_sod: &[u8]) -> Vec<u8> {
    let outer = Tlv::read_only(ef_sod, Tag(0x77)).unwrap();
    let content_info = children(&outer)[0];
    let signed_data = children(&children(&content_info)[1])[0];
    let encapsulated = children(&signed_data)[2];
    children(&children(&encapsulated)[1])[0].value.to_vec()
}

#[rstest]
#[case::first_generation(DocumentSod::Sha1, HashAlgorithm::Sha1)]
#[case::usual(DocumentSod::Sha256, HashAlgorithm::Sha256)]
#[case::pss(DocumentSod::Pss, HashAlgorithm::Sha256)]
fn every_data_group_stands_in_the_security_object_by_digest(
    #[case] sod: DocumentSod,
    #[case] hash: HashAlgorithm,
) {
    for protocols in [Protocols::Cie, Protocols::ActiveEcdsa] {
        let document = with(|persona| {
            persona.document.sod = sod;
            persona.document.protocols = protocols;
        });
        let expected: Vec<(u8, Vec<u8>)> = document
            .data_groups
            .iter()
            .map(|(number, content)| (*number, hash.digest(&[content])))
            .collect();
        assert_eq!(digests(&document), expected);
    }
}

#[test]
fn a_wrong_digest_is_wrong_in_one_place_only() {
    let right = digests(&with(|_| ()));
    let wrong = digests(&with(|persona| persona.document.wrong_hash_of = Some(11)));
    let differing: Vec<u8> = right
        .iter()
        .zip(&wrong)
        .filter(|(right, wrong)| right != wrong)
        .map(|(right, _)| right.0)
        .collect();
    assert_eq!(differing, [11]);
}

/// The rules of Doc 9303-3 §4.9 and Doc 9303-5 §4.2.4, written again: weights 7 3 1 over the values of the characters.
fn check_digit(covered: &str) -> u32 {
    let value = |it: char| it.to_digit(36).unwrap_or(0);
    let weighted = covered.chars().enumerate();
    weighted
        .map(|(at, it)| [7, 3, 1][at % 3] * value(it))
        .sum::<u32>()
        % 10
}

fn assert_zone(zone: &Mrz) {
    let [upper, middle, lower] = zone.lines();
    let digit = |line: &str, at: usize| u32::from(line.as_bytes()[at] - b'0');
    assert_eq!(digit(upper, 14), check_digit(&upper[5..14]));
    assert_eq!(digit(middle, 6), check_digit(&middle[..6]));
    assert_eq!(digit(middle, 14), check_digit(&middle[8..14]));
    let all = [&upper[5..], &middle[..7], &middle[8..15], &middle[18..29]].concat();
    assert_eq!(digit(middle, 29), check_digit(&all));
    assert_eq!(lower.len(), 30);
    let (surname, given) = lower.split_once("<<").unwrap();
    let word = |it: char| it.is_ascii_uppercase() || it == '<';
    assert!(
        surname.chars().all(word) && given.chars().all(word),
        "{lower}"
    );
    let given = given.trim_end_matches('<');
    for name in [surname, given] {
        assert!(
            !name.is_empty() && !name.starts_with('<') && !name.ends_with('<'),
            "{lower}"
        );
        assert!(!name.contains("<<"), "{lower}");
    }
    assert_eq!(zone.to_string().parse::<Mrz>().as_ref(), Ok(zone));
}

proptest! {
    #[test]
    fn a_machine_readable_zone_satisfies_its_check_rules(
        seed: u64,
        surname in "[A-Z\u{c0}-\u{cf}]{1,8}([ '-][A-Z\u{d2}-\u{d6}\u{160}]{1,7}){0,4}",
        given in "[A-Z\u{c0}-\u{cf}]{1,8}([ '-][A-Z\u{d9}-\u{dd}\u{17d}]{1,7}){0,4}",
    ) {
        let mut persona = Persona::generate(seed).unwrap();
        persona.holder.surname = surname.parse().unwrap();
        persona.holder.given_names = given.parse().unwrap();
        let zone = Mrz::new(persona.document_number, &persona.holder, persona.expires);
        assert_zone(&zone);
        let whole = |name: &str| name.replace('\'', "").chars().count();
        let fits = zone.lines()[2].ends_with('<');
        // Whoever sees a filler at the end knows that nothing was cut.
        prop_assert!(!fits || whole(&surname) + 2 + whole(&given) <= 30);
    }

    #[test]
    fn a_fiscal_code_satisfies_its_check_rule(seed: u64, homonyms in 0u8..8) {
        let code = Persona::generate(seed).unwrap().holder.fiscal_code.unwrap();
        let code = match homonyms {
            0 => code,
            digits => code.between_homonyms(digits).unwrap(),
        };
        prop_assert_eq!(fiscal_check(&code.as_str()[..15]), code.as_str().chars().nth(15).unwrap());
    }
}

/// The check character by its table: values of characters in odd positions (counted from 1), by their place in the alphabet
/// or among the digits.
fn fiscal_check(code: &str) -> char {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let place = |it: char| {
        it.to_digit(10)
            .unwrap_or_else(|| u32::from(it) - u32::from('A'))
    };
    let sum: u32 = code
        .chars()
        .enumerate()
        .map(|(at, it)| {
            if at % 2 == 0 {
                ODD[place(it) as usize]
            } else {
                place(it)
            }
        })
        .sum();
    char::from_u32(u32::from('A') + sum % 26).unwrap()
}

/// Every built-in persona makes a card whose document is consistent, except where its title says otherwise.
#[test]
fn every_built_in_persona_makes_a_document() {
    for id in Persona::builtin_ids() {
        let persona = Persona::builtin(id).unwrap();
        let card = card(&persona);
        let document = &card.document;
        assert_zone(&document.mrz);
        let hash = match persona.document.sod {
            DocumentSod::Sha1 => HashAlgorithm::Sha1,
            DocumentSod::Sha256 | DocumentSod::Pss => HashAlgorithm::Sha256,
        };
        let wrong: Vec<u8> = digests(document)
            .into_iter()
            .filter(|(number, digest)| {
                hash.digest(&[document.data_group(*number).unwrap()]) != *digest
            })
            .map(|(number, _)| number)
            .collect();
        let expected: &[u8] = if id == "wrong-document-hash" {
            &[11]
        } else {
            &[]
        };
        assert_eq!(wrong, expected, "{id}");
        let numbers: Vec<u8> = document
            .data_groups
            .iter()
            .map(|(number, _)| *number)
            .collect();
        assert_eq!(numbers, persona.document.data_groups(), "{id}");
        assert_eq!(
            id.starts_with("wrong-"),
            persona.title.starts_with("DELIBERATELY WRONG"),
            "{id}"
        );
        let family = chip::chip("bit4id2").unwrap();
        let padding = usize::from(persona.certificate_padding);
        let certificate = card.ef_cert_cie.len();
        let image = card.into_image(family, Profile::with([]).unwrap()).unwrap();
        let files = image
            .files
            .dedicated_files()
            .iter()
            .flat_map(|df| &df.files);
        let stored = files
            .clone()
            .find(|file| file.name == "EF.Cert_CIE")
            .unwrap();
        assert_eq!(stored.contents.len(), certificate + padding, "{id}");
    }
}

#[rstest]
#[case::long("adult-long-names", "DELLACQUAFREDDA<CASTELLABAT<<M")]
#[case::accented("adult-accented-names", "KOZELJ<MUELLER<<JOERGEN<NINO<F")]
#[case::child("child", "GRECO<<ANNA<<<<<<<<<<<<<<<<<<<")]
fn awkward_names_in_the_machine_readable_zone(#[case] id: &str, #[case] line: &str) {
    let document = card(&Persona::builtin(id).unwrap()).document;
    assert_eq!(document.mrz.lines()[2], line);
}

#[rstest]
#[case::homonyms("adult-homocody", Some("RSSMRA80A01H5LM"))]
#[case::none("adult-no-fiscal-code", None)]
fn awkward_fiscal_codes(#[case] id: &str, #[case] start: Option<&str>) {
    let code = Persona::builtin(id).unwrap().holder.fiscal_code;
    let found = code.map(|code| code.as_str()[..15].to_owned());
    assert_eq!(found.as_deref(), start);
}
