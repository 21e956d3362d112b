//! Secure messaging runs these on every command: keyed once, they must not touch the heap. One test in a binary of its own,
//! because the count is of the whole process.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::alloc::System;

use cie_crypto::aes_sm::{AesCbc, AesCmac};
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_crypto::{ct, hash, kdf, padding};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn ciphers_macs_and_hashes_stay_off_the_heap() {
    let mut data = [0x5C; 256];
    let region = Region::new(ALLOCATOR);

    let cipher = TripleDes::new(&kdf::derive_key(&data, kdf::ENC));
    let mac = RetailMac::new(&kdf::derive_key_sha1(&data, kdf::MAC));
    cipher.encrypt_cbc(&[0; 8], &mut data).unwrap();
    cipher.decrypt_cbc(&[0; 8], &mut data).unwrap();
    let code = mac.mac_padded(&[&data, b"end"]);

    let aes = AesCbc::new(&data[..16]).unwrap();
    aes.encrypt_cbc(&aes.encrypt_block(&[0; 16]), &mut data)
        .unwrap();
    let cmac = AesCmac::new(&data[..32]).unwrap();
    let same = ct::eq(&cmac.mac_padded(&[&data]), &code) || ct::eq(&hash::sha256(&[&data]), &data);
    let unpadded = padding::unpad(&data).is_ok();

    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));
    assert!(!same && !unpadded);
}
