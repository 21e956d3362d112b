//! The values of PACE: those that are no key, those that must not be refused, and the card's own.

use super::cards::{CAN, Document};
use super::hex;
use super::pace_steps::{Stage, at, begins_again};
use super::reader::{Base, Reader};
use cie_emulator::apps::emrtd::Domain;
use cie_emulator::crypto::suite::Suite;
use rstest::rstest;

fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// Values that are no key: P_23, P_24, P_29, P_30, P_41, P_42, P_47 to P_53.
#[rstest]
#[case::infinity(vec![0])]
#[case::empty(vec![])]
#[case::zero(point(&[0; 32], &[0; 32]))]
#[case::off_the_curve(point(&[1; 32], &[2; 32]))]
#[case::above_the_prime(point(&[0xFF; 32], &[0xFF; 32]))]
#[case::short(point(&[1; 32], &[2; 31]))]
#[case::long(point(&[1; 32], &[2; 33]))]
#[case::other_curve(cie_emulator::crypto::ec::Point::generator(cie_emulator::crypto::ec::Curve::P256).encoded().to_vec())]
#[case::compressed(hex("028BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262"))]
#[case::wrong_prefix(hex(
    "058BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997"
))]
fn points_that_are_refused(#[case] value: Vec<u8>) {
    for (stage, tag) in [(Stage::Nonce, 0x81), (Stage::Mapped, 0x83)] {
        let mut reader = at(stage);
        assert_eq!(
            reader.general_authenticate(0x10, tag, &value),
            (vec![], 0x6A80),
            "{stage:?}"
        );
        begins_again(&mut reader);
    }
}

#[rstest]
#[case::empty(vec![])]
#[case::zero(vec![0; 256])]
#[case::one(vec![1])]
#[case::minus_one(minus_one())]
#[case::prime(prime())]
#[case::above(vec![0xFF; 256])]
#[case::longer(vec![1; 257])]
fn numbers_that_are_refused(#[case] value: Vec<u8>) {
    let mut reader = Reader::cie();
    reader.ok("0022C1A40F800A04007F00070202040101830102");
    reader.nonce(Suite::TripleDes, CAN.as_bytes());
    let mut mapped = reader.fork();
    mapped.exchange(&Base::of(&Domain::from_id(2).unwrap()), 0x81);
    for (mut reader, tag) in [(reader, 0x81), (mapped, 0x83)] {
        assert_eq!(
            reader.general_authenticate(0x10, tag, &value),
            (vec![], 0x6A80)
        );
        assert_eq!(reader.general_authenticate(0x10, tag, &[2]).1, 0x6985);
    }
}

fn prime() -> Vec<u8> {
    cie_emulator::crypto::dh::Group::rfc5114_2048_256()
        .p()
        .to_vec()
}

fn minus_one() -> Vec<u8> {
    let mut number = prime();
    *number.last_mut().unwrap() -= 1;
    number
}

/// The subgroup of RFC 5114 does not contain 2; only a strict card looks.
#[rstest]
#[case::lenient("pace_subgroup_check=false", 0x9000)]
#[case::strict("pace_subgroup_check=true", 0x6A80)]
fn numbers_outside_the_subgroup(#[case] profile: &str, #[case] sw: u16) {
    let mut reader = Reader::new(Document::cie().with(profile).card());
    reader.ok("0022C1A40F800A04007F00070202040101830102");
    reader.nonce(Suite::TripleDes, CAN.as_bytes());
    assert_eq!(reader.general_authenticate(0x10, 0x81, &[2]).1, sw);
}

/// P_25 to P_28, P_43 to P_46: coordinates and numbers that begin with zero bytes, or are sent without them.
#[rstest]
#[case::curve(13, Suite::Aes128)]
#[case::prime(2, Suite::TripleDes)]
fn leading_zeros_are_no_error(#[case] id: u8, #[case] suite: Suite) {
    let domain = Domain::from_id(id).unwrap();
    let found = (1..4000_u32)
        .map(|number| number.to_be_bytes().to_vec())
        .find(|private| {
            let public = Base::of(&domain).pair(private.clone()).public;
            let number = if public.len() == 65 {
                &public[1..]
            } else {
                &public[..]
            };
            number[0] == 0 || number.get(32) == Some(&0) && public.len() == 65
        });
    let pair = Base::of(&domain).pair(found.unwrap());
    let stripped: Vec<u8> = match domain {
        Domain::Elliptic(_) => pair.public.clone(),
        Domain::Modular(_) => pair
            .public
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect(),
    };
    for value in [&pair.public, &stripped] {
        let mut reader = Reader::new(Document::offering(id, suite).card());
        let kind = if id == 2 { "0101" } else { "0202" };
        reader.ok(&format!("0022C1A40F800A04007F0007020204{kind}830102"));
        reader.nonce(suite, CAN.as_bytes());
        assert_eq!(reader.general_authenticate(0x10, 0x81, value).1, 0x9000);
        assert_eq!(reader.general_authenticate(0x10, 0x83, value).1, 0x9000);
    }
}

/// P_35, P_36, P_76.
#[rstest]
#[case::wrong(vec![0; 8])]
#[case::short(vec![0; 7])]
#[case::long(vec![0; 9])]
#[case::empty(vec![])]
fn tokens_that_are_wrong(#[case] token: Vec<u8>) {
    let mut reader = at(Stage::Agreed);
    assert_eq!(
        reader.general_authenticate(0x00, 0x85, &token),
        (vec![], 0x6300)
    );
    begins_again(&mut reader);
}

#[test]
fn keys_never_begin_with_a_zero_byte() {
    for seed in 0..40 {
        let mut card = cie_emulator::Card::new(
            Document::offering(0, Suite::Aes128).image(),
            Box::new(cie_emulator::crypto::random::Seeded::new(seed)),
        );
        card.power_on();
        let mut reader = Reader::new(card);
        reader.ok("0022C1A40F800A04007F00070202040102830102");
        reader.nonce(Suite::Aes128, CAN.as_bytes());
        let (_, card) = reader.exchange(&Base::of(&Domain::from_id(0).unwrap()), 0x81);
        assert_eq!((card.len(), card[0] == 0), (128, false));
    }
}
