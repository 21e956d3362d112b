//! The worked examples of ICAO 9303-11 appendix G (PACE with generic mapping), and the same steps for the domain parameters
//! and ciphers a CIE uses: keys, mapped generators, public keys, shared secrets and tokens, on both sides.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use cie_crypto::dh::Group;
use cie_crypto::ec::{Curve, Point, Scalar};
use cie_crypto::hash::sha1;
use cie_crypto::kdf::{ENC, MAC, PASSWORD, with_odd_parity};
use cie_crypto::suite::Suite;
use common::{array, field, vectors};
use rstest::rstest;
use serde_json::Value;

/// The data an authentication token is made over, for numbers (`84`) and points (`86`).
fn token_data(oid: &[u8], tag: u8, key: &[u8]) -> Vec<u8> {
    let length = |n: usize| match n {
        0..0x80 => vec![n as u8],
        0x80..0x100 => vec![0x81, n as u8],
        _ => vec![0x82, (n >> 8) as u8, n as u8],
    };
    let inner = [&[0x06, 0x0A][..], oid, &[tag], &length(key.len()), key].concat();
    [&[0x7F, 0x49][..], &length(inner.len()), &inner].concat()
}

fn text(source: &Value, name: &str) -> String {
    source[name].as_str().unwrap().to_owned()
}

/// The nonce comes out of its cryptogram, and goes into it.
fn check_nonce(suite: Suite, secret: &[u8], z: &[u8], s: &[u8]) {
    let key = suite.derive(secret, PASSWORD);
    let mut nonce = z.to_vec();
    suite.decrypt(&key, &mut nonce).unwrap();
    assert_eq!(nonce, s);
    suite.encrypt(&key, &mut nonce).unwrap();
    assert_eq!(nonce, z);
}

#[test]
fn appendix_g_1_elliptic_curve() {
    let all = vectors("pace");
    let v = &all["ecdh_gm_aes128"];
    let curve = Curve::BrainpoolP256r1;
    let secret = sha1(&[text(v, "mrz_information").as_bytes()]);
    assert_eq!(secret.to_vec(), field(v, "k_sha_1"));
    assert_eq!(
        Suite::Aes128.derive(&secret, PASSWORD).to_vec(),
        field(v, "k_pi")
    );
    check_nonce(Suite::Aes128, &secret, &field(v, "z"), &field(v, "s"));

    let scalar = |name: &str| Scalar::new(curve, &field(v, name)).unwrap();
    let point = |name: &str| Point::decode(curve, &field(v, name)).unwrap();
    for side in ["pcd", "picc"] {
        let public = scalar(&format!("map_private_{side}")).public();
        assert_eq!(public, point(&format!("map_public_{side}")));
    }
    let shared = point("map_public_pcd")
        .mul(&scalar("map_private_picc"))
        .unwrap();
    assert_eq!(shared.encoded()[1..], field(v, "h_x_y"));
    let generator = Point::map_nonce(&field(v, "s"), &shared).unwrap();
    assert_eq!(generator.encoded()[1..], field(v, "g_x_y"));
    for side in ["pcd", "picc"] {
        let public = generator
            .mul(&scalar(&format!("eph_private_{side}")))
            .unwrap();
        assert_eq!(public, point(&format!("eph_public_{side}")));
    }
    let one = point("eph_public_pcd")
        .mul(&scalar("eph_private_picc"))
        .unwrap();
    let other = point("eph_public_picc")
        .mul(&scalar("eph_private_pcd"))
        .unwrap();
    assert_eq!((one.x(), &one), (&field(v, "k_x")[..], &other));
    check_keys_and_tokens(Suite::Aes128, v, one.x(), 0x86, &[2, 2]);
    let oid = field(v, "t_pcd_input");
    assert_eq!(
        token_data(&oid[5..15], 0x86, &field(v, "eph_public_picc")),
        oid
    );
}

fn check_keys_and_tokens(suite: Suite, v: &Value, secret: &[u8], tag: u8, protocol: &[u8]) {
    let oid = [
        &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04][..],
        protocol,
    ]
    .concat();
    assert_eq!(suite.derive(secret, ENC).to_vec(), field(v, "ksenc"));
    let mac = suite.derive(secret, MAC);
    assert_eq!(mac.to_vec(), field(v, "ksmac"));
    for (token, key) in [("t_pcd", "eph_public_picc"), ("t_picc", "eph_public_pcd")] {
        let data = token_data(&oid, tag, &field(v, key));
        assert_eq!(suite.token(&mac, &data).unwrap().to_vec(), field(v, token));
    }
}

#[test]
fn appendix_g_2_modular() {
    let all = vectors("pace");
    let v = &all["dh_gm_aes128"];
    let group = Group::from_domain_parameter_id(0).unwrap();
    let password = text(&all["ecdh_gm_aes128"], "mrz_information");
    let secret = sha1(&[password.as_bytes()]);
    check_nonce(Suite::Aes128, &secret, &field(v, "z"), &field(v, "s"));
    for side in ["pcd", "picc"] {
        let public = group.public_value(&field(v, &format!("map_private_{side}")));
        assert_eq!(public, field(v, &format!("map_public_{side}")));
    }
    let shared = group
        .shared_secret(&field(v, "map_private_picc"), &field(v, "map_public_pcd"))
        .unwrap();
    assert_eq!(shared.to_vec(), field(v, "h"));
    let mapped = group.map_nonce(&field(v, "s"), &shared).unwrap();
    assert_eq!(mapped.g(), field(v, "g"));
    assert_eq!((mapped.p(), mapped.q()), (group.p(), group.q()));
    for side in ["pcd", "picc"] {
        let public = mapped.public_value(&field(v, &format!("eph_private_{side}")));
        assert_eq!(public, field(v, &format!("eph_public_{side}")));
    }
    let secret = mapped
        .shared_secret(&field(v, "eph_private_picc"), &field(v, "eph_public_pcd"))
        .unwrap();
    assert_eq!(secret.to_vec(), field(v, "k"));
    check_keys_and_tokens(Suite::Aes128, v, &secret, 0x84, &[1, 2]);
}

#[test]
fn domain_parameters_2_with_triple_des_and_the_can() {
    let all = vectors("cie-profile");
    let v = &all["pace"];
    let group = Group::from_domain_parameter_id(2).unwrap();
    assert_eq!(group, Group::rfc5114_2048_256());
    check_nonce(
        Suite::TripleDes,
        b"123456",
        &field(v, "z_16_bytes"),
        &field(v, "s"),
    );
    assert_eq!(
        group.public_value(&field(v, "y1_map_picc")),
        field(v, "b1_g_y1_do82")
    );
    let shared = group
        .shared_secret(&field(v, "y1_map_picc"), &field(v, "a1_g_x1_do81"))
        .unwrap();
    assert_eq!(shared.to_vec(), field(v, "h"));
    let mapped = group.map_nonce(&field(v, "s"), &shared).unwrap();
    assert_eq!(mapped.g(), field(v, "g"));
    assert_eq!(
        mapped.public_value(&field(v, "y2_eph_picc")),
        field(v, "b2_g_y2_do84")
    );
    let secret = mapped
        .shared_secret(&field(v, "y2_eph_picc"), &field(v, "a2_g_x2_do83"))
        .unwrap();
    assert_eq!(secret.to_vec(), field(v, "k"));
    for (counter, name) in [(ENC, "ksenc_parity_raw"), (MAC, "ksmac_parity_raw")] {
        let key = Suite::TripleDes.derive(&secret, counter);
        let both = text(v, name);
        let (adjusted, raw) = both.split_once(" / ").unwrap();
        assert_eq!(hex::encode_upper(&key), raw);
        assert_eq!(hex::encode_upper(with_odd_parity(array(&key))), adjusted);
    }
    let mac = Suite::TripleDes.derive(&secret, MAC);
    let oid = hex::decode("04007F00070202040101").unwrap();
    for (token, key) in [
        ("t_pcd_do85", "b2_g_y2_do84"),
        ("t_picc_do86", "a2_g_x2_do83"),
    ] {
        let data = token_data(&oid, 0x84, &field(v, key));
        assert_eq!(
            Suite::TripleDes.token(&mac, &data).unwrap().to_vec(),
            field(v, token)
        );
    }
}

#[test]
fn an_eight_byte_nonce() {
    let all = vectors("cie-profile");
    let (v, short) = (&all["pace"], &all["nonce8_can"]);
    let group = Group::from_domain_parameter_id(2).unwrap();
    check_nonce(
        Suite::TripleDes,
        b"123456",
        &field(short, "z"),
        &field(short, "s"),
    );
    let mapped = group.map_nonce(&field(short, "s"), &field(v, "h")).unwrap();
    let terminal = mapped.public_value(&field(v, "x2_eph_pcd"));
    assert_eq!(terminal[..8], field(short, "a2_first_8_bytes"));
    let secret = mapped
        .shared_secret(&field(v, "y2_eph_picc"), &terminal)
        .unwrap();
    for (counter, name) in [(ENC, "ksenc"), (MAC, "ksmac")] {
        let key = with_odd_parity(array(&Suite::TripleDes.derive(&secret, counter)));
        assert_eq!(key.to_vec(), field(short, name));
    }
}

#[rstest]
#[case::mrz(Suite::Aes128, true, "pace_k_pi_aes128_mrz")]
#[case::can(Suite::Aes128, false, "pace_k_pi_aes128_can_123456")]
#[case::mrz_192(Suite::Aes192, true, "pace_k_pi_aes192_mrz")]
#[case::can_192(Suite::Aes192, false, "pace_k_pi_aes192_can_123456")]
#[case::mrz_256(Suite::Aes256, true, "pace_k_pi_aes256_mrz")]
#[case::can_256(Suite::Aes256, false, "pace_k_pi_aes256_can_123456")]
fn password_keys(#[case] suite: Suite, #[case] mrz: bool, #[case] name: &str) {
    let all = vectors("citizen");
    let v = &all["data"];
    let secret = sha1(&[text(v, "mrz_information").as_bytes()]);
    assert_eq!(secret.to_vec(), field(v, "sha_1_pace_k"));
    let secret: &[u8] = if mrz { &secret } else { b"123456" };
    assert_eq!(suite.derive(secret, PASSWORD).to_vec(), field(v, name));
}

#[test]
fn chip_authentication_with_domain_parameters_2() {
    let all = vectors("cie-profile");
    let v = &all["chip_authentication"];
    let group = Group::from_domain_parameter_id(2).unwrap();
    assert_eq!(
        group.public_value(&field(v, "sk_picc")),
        field(v, "pk_picc_in_dg14")
    );
    let secret = group
        .shared_secret(&field(v, "sk_picc"), &field(v, "pk_pcd"))
        .unwrap();
    for (counter, name) in [(ENC, "new_ksenc"), (MAC, "new_ksmac")] {
        let key = with_odd_parity(array(&Suite::TripleDes.derive(&secret, counter)));
        assert_eq!(key.to_vec(), field(v, name));
    }
    assert_eq!(
        sha1(&[&field(v, "pk_pcd")]).to_vec(),
        field(v, "sha_1_pk_pcd_ta_compression")
    );
}
