//! The kept crate judges.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use des::Des;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use proptest::prelude::*;

use super::{Halves, Schedule};
use crate::triple_des::{RetailMac, TripleDes};

/// CBC and the MAC, as their definitions read, over the other implementation.
struct Judge([Des; 2]);

impl Judge {
    fn new(key: &[u8; 16]) -> Self {
        let (one, two) = key.split_at(8);
        Self([one, two].map(|key| Des::new_from_slice(key).unwrap()))
    }

    fn triple(&self, block: u64) -> u64 {
        let [one, two] = &self.0;
        let mut block = Array(block.to_be_bytes());
        one.encrypt_block(&mut block);
        two.decrypt_block(&mut block);
        one.encrypt_block(&mut block);
        u64::from_be_bytes(block.0)
    }

    fn single(&self, block: u64) -> u64 {
        let mut block = Array(block.to_be_bytes());
        self.0[0].encrypt_block(&mut block);
        u64::from_be_bytes(block.0)
    }

    fn cbc(&self, iv: u64, data: &[u8]) -> Vec<u8> {
        let mut chain = iv;
        let blocks = data.chunks(8).flat_map(|block| {
            chain = self.triple(chain ^ u64::from_be_bytes(block.try_into().unwrap()));
            chain.to_be_bytes()
        });
        blocks.collect()
    }

    fn mac(&self, data: &[u8]) -> [u8; 8] {
        let mut padded = [data, &[0x80]].concat();
        padded.resize(padded.len().next_multiple_of(8), 0);
        let [one, two] = &self.0;
        let mut last = Array([0; 8]);
        let chain = padded.chunks(8).fold(0, |chain, block| {
            self.single(chain ^ u64::from_be_bytes(block.try_into().unwrap()))
        });
        last.0 = chain.to_be_bytes();
        two.decrypt_block(&mut last);
        one.encrypt_block(&mut last);
        last.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_block(key: [u8; 8], block: [u8; 8]) {
        let schedule = Schedule::new(key);
        let sealed = schedule.encrypt(Halves::of(block)).to_bytes();
        let mut expected = Array(block);
        Des::new_from_slice(&key).unwrap().encrypt_block(&mut expected);
        prop_assert_eq!(sealed, expected.0);
        prop_assert_eq!(schedule.decrypt(Halves::of(sealed)).to_bytes(), block);
    }
}

proptest! {
    #[test]
    fn chains(key: [u8; 16], iv: u64, blocks in proptest::collection::vec(any::<[u8; 8]>(), 0..12)) {
        let data = blocks.concat();
        let mut sealed = data.clone();
        let cipher = TripleDes::new(&key);
        cipher.encrypt_cbc(&iv.to_be_bytes(), &mut sealed).unwrap();
        prop_assert_eq!(&sealed, &Judge::new(&key).cbc(iv, &data));
        cipher.decrypt_cbc(&iv.to_be_bytes(), &mut sealed).unwrap();
        prop_assert_eq!(sealed, data);
    }

    #[test]
    fn macs_however_the_data_are_cut(key: [u8; 16], parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..6)) {
        let cut: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let whole = parts.concat();
        let mac = RetailMac::new(&key);
        let expected = Judge::new(&key).mac(&whole);
        prop_assert_eq!(mac.mac_padded(&cut), expected);
        prop_assert_eq!(mac.mac_padded(&[&whole]), expected);
    }
}

/// FIPS PUB 81, the example in ECB mode.
#[test]
fn a_published_block() {
    let schedule = Schedule::new(0x0123_4567_89AB_CDEF_u64.to_be_bytes());
    let sealed = schedule.encrypt(Halves::of(*b"Now is t")).to_bytes();
    assert_eq!(u64::from_be_bytes(sealed), 0x3FA4_0E8A_984D_4815);
    assert_eq!(
        schedule.decrypt(Halves::of(sealed)).to_bytes(),
        *b"Now is t"
    );
}
