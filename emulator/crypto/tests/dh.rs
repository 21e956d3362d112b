//! Diffie-Hellman groups: ranges, fixed lengths, private exponents from an injected source.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use cie_crypto::dh::{DhError, Group};
use cie_crypto::random::{RandomSource, Scripted, Seeded};
use proptest::prelude::*;
use rstest::rstest;

fn group() -> &'static Group {
    Group::rfc5114_2048_256()
}

#[test]
fn the_published_group_is_whole() {
    assert_eq!(
        (
            group().size(),
            group().p().len(),
            group().g().len(),
            group().q().len()
        ),
        (256, 256, 256, 32)
    );
    assert!(group().generator_has_order());
    assert_eq!(
        Group::new(group().p(), group().g(), group().q()).as_ref(),
        Ok(group())
    );
}

#[test]
fn short_numbers_are_encoded_at_full_length() {
    let small = Group::new(group().p(), &[2], group().q()).unwrap();
    assert_eq!(small.g().len(), 256);
    assert!(!small.generator_has_order());
    let four = small.public_value(&[0, 0, 2]);
    assert_eq!((four.len(), four.last()), (256, Some(&4)));
    let secret = small.shared_secret(&[3], &[2]).unwrap();
    assert_eq!((secret.len(), secret.last()), (256, Some(&8)));
    assert_eq!(small.public_value(&[]).last(), Some(&1));
}

fn minus(number: &[u8], less: u8) -> Vec<u8> {
    let mut out = number.to_vec();
    *out.last_mut().unwrap() -= less;
    out
}

#[rstest]
#[case::nothing(vec![])]
#[case::zero(vec![0; 256])]
#[case::one(vec![0, 1])]
#[case::minus_one(minus(group().p(), 1))]
#[case::modulus(group().p().to_vec())]
#[case::above(vec![0xFF; 256])]
#[case::longer(vec![1; 257])]
fn peers_out_of_range(#[case] peer: Vec<u8>) {
    let refused = group()
        .shared_secret(&[5], &peer)
        .map(|secret| secret.to_vec());
    assert_eq!(refused, Err(DhError::PeerOutOfRange));
}

#[rstest]
#[case::two(vec![2])]
#[case::minus_two(minus(group().p(), 2))]
#[case::leading_zeros([&[0; 300][..], &[7]].concat())]
fn peers_at_the_edge_are_taken(#[case] peer: Vec<u8>) {
    assert_eq!(group().shared_secret(&[5], &peer).unwrap().len(), 256);
}

#[rstest]
#[case::even_p(minus(group().p(), 1), vec![2], group().q().to_vec(), DhError::Modulus)]
#[case::short_p(vec![0xFF; 63], vec![2], vec![3], DhError::Modulus)]
#[case::long_p(vec![0xFF; 1025], vec![2], vec![3], DhError::Modulus)]
#[case::g_one(group().p().to_vec(), vec![1], group().q().to_vec(), DhError::Generator)]
#[case::g_minus_one(group().p().to_vec(), minus(group().p(), 1), group().q().to_vec(), DhError::Generator)]
#[case::even_q(group().p().to_vec(), vec![2], vec![4], DhError::Order)]
#[case::no_q(group().p().to_vec(), vec![2], vec![], DhError::Order)]
#[case::q_is_p(group().p().to_vec(), vec![2], group().p().to_vec(), DhError::Order)]
fn refused_groups(
    #[case] p: Vec<u8>,
    #[case] g: Vec<u8>,
    #[case] q: Vec<u8>,
    #[case] expected: DhError,
) {
    assert_eq!(Group::new(&p, &g, &q).err(), Some(expected));
}

#[test]
fn candidates_out_of_range_are_drawn_again() {
    let q = group().q().to_vec();
    let good = minus(&q, 1);
    let entries = [vec![0xFF; 32], q, vec![0; 32], good.clone()];
    let mut source = Scripted::new(entries, Seeded::new(1));
    assert_eq!(*group().random_exponent(&mut source), good);
    assert_eq!((source.remaining(), source.mismatches()), (0, 0));
}

struct Constant(u8);

impl RandomSource for Constant {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(self.0);
    }

    fn fork(&self) -> Box<dyn RandomSource> {
        Box::new(Self(self.0))
    }
}

#[rstest]
#[case::zeros(0)]
#[case::ones(0xFF)]
fn a_source_without_randomness_ends_in_range(#[case] byte: u8) {
    let exponent = group().random_exponent(&mut Constant(byte));
    assert!(exponent.iter().any(|&byte| byte != 0) && exponent.as_slice() < group().q());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn both_sides_agree(seed: u64) {
        let mut random = Seeded::new(seed);
        let (x, y) = (group().random_exponent(&mut random), group().random_exponent(&mut random));
        prop_assert!(x.len() == 32 && x.as_slice() < group().q());
        let (gx, gy) = (group().public_value(&x), group().public_value(&y));
        prop_assert_eq!(&*group().shared_secret(&x, &gy).unwrap(), &*group().shared_secret(&y, &gx).unwrap());
        // An exponent with leading zeros is the same exponent.
        let wide = [&[0; 5][..], &x].concat();
        prop_assert_eq!(group().public_value(&wide), gx);
    }
}

/// The power of the generator by its table, and the same by the general way: the generator as a peer.
fn table_and_general(group: &Group, exponent: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let general = group.shared_secret(exponent, group.g()).unwrap();
    (group.public_value(exponent), general.to_vec())
}

#[rstest]
fn the_table_at_the_edges(
    #[values(0, 1, 2)] id: u8,
    #[values(0, 1, 19, 20, 28, 32, 33, 40)] length: usize,
) {
    let group = Group::from_domain_parameter_id(id).unwrap();
    for byte in [0x00, 0x01, 0x80, 0xFF] {
        let (table, general) = table_and_general(group, &vec![byte; length]);
        assert_eq!(table, general, "{length} bytes {byte:02X}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_table_gives_the_same_powers(id in 0_u8..3, exponent in proptest::collection::vec(any::<u8>(), 0..36)) {
        let (table, general) = table_and_general(Group::from_domain_parameter_id(id).unwrap(), &exponent);
        prop_assert_eq!(table, general);
    }
}

#[rstest]
#[case(0, 128, 20)]
#[case(1, 256, 28)]
#[case(2, 256, 32)]
fn standardised_groups(#[case] id: u8, #[case] size: usize, #[case] order: usize) {
    let group = Group::from_domain_parameter_id(id).unwrap();
    assert_eq!((group.size(), group.q().len()), (size, order));
    assert_eq!(group.domain_parameter_id(), Some(id));
    assert!(group.generator_has_order());
    assert!(group.is_in_subgroup(group.g()));
    assert!(!group.is_in_subgroup(&[2]));
    assert_eq!(Group::from_domain_parameter_id(12), None);
}
