//! Document security objects of both generations, judged on synthetic cards.

use cie_conformance::report::model::FailureKind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{misses, said};
use crate::persona::{bench, card};

#[rstest]
#[case::lds_version(false, json!({"lds_version": 0}), None)]
#[case::lds_version_missed(true, json!({"lds_version": 0}), Some("the security object: LDS version is 1, expected 0"))]
#[case::digest(true, json!({"digest": "sha512"}), None)]
#[case::digest_missed(false, json!({"digest": "sha512"}),
    Some("the security object: files are hashed with SHA-256, expected SHA-512"))]
#[case::algorithm(false, json!({"algorithm": "rsa_sha256"}), None)]
#[case::algorithm_pss(true, json!({"algorithm": "pss_sha512"}), None)]
#[case::algorithm_missed(true, json!({"algorithm": "rsa_sha256"}),
    Some("the security object: the signature algorithm is RSASSA-PSS with SHA-512, expected RSA with SHA-256"))]
#[case::signature(false, json!({"signature": true}), None)]
#[case::signature_pss(true, json!({"signature": true}), None)]
#[case::signature_missed(false, json!({"signature": false}),
    Some("the signature of the security object verifies with the certificate inside, it must not"))]
#[case::issuer(false, json!({"signer_issued_by": {"trust": "csca"}}), None)]
#[case::issuer_pss(true, json!({"signer_issued_by": {"trust": "csca"}}), None)]
#[case::issuer_missed(false, json!({"signer_issued_by": {"trust": "sub-ca"}}),
    Some("the signature of the signer's certificate does not verify with the key of \"sub-ca\" in the trust store: no block of type 1 comes out, so another key or padding made it"))]
#[case::signer(false, json!({"signer": {"version": 3, "issuer": {"country": "IT"}}}), None)]
#[case::signer_missed(false, json!({"signer": {"subject": {"surname": "VERDI"}}}),
    Some("the signer's certificate: the subject has no surname, expected VERDI"))]
#[case::unknown_name(false, json!({"hashes": {"services": "00"}}),
    Some("\"services\" is no number of a file in a security object, such as \"A1\""))]
#[case::hash_missing(false, json!({"hashes": {"A9": "00"}}),
    Some("hash A9 is not there; there are A5, 1B, A4, A3, A2, A1"))]
#[case::hash_missed(false, json!({"hashes": {"A2": {"text": "CA00000AA"}}}),
    Some("hash A2 is not the SHA-256 of the 9 bytes given"))]
#[case::hash_of_a_secret(false, json!({"hashes": {"A2": {"right": "pin"}}}),
    Some("hash A2 is not the SHA-256 of the 8 bytes given"))]
#[case::hash_unknown(false, json!({"hashes": {"A2": {"captured": "gone"}}}),
    Some("nothing is captured as \"gone\" yet"))]
fn security_objects(#[case] pss: bool, #[case] expect: Value, #[case] message: Option<&str>) {
    let found = said(
        &bench(&card(pss).ef_sod),
        json!({"security_object": expect}),
    );
    assert_eq!(found, Vec::from_iter(message));
}

#[rstest]
#[case::older(false)]
#[case::newer(true)]
fn hashes_are_those_of_the_files(#[case] pss: bool) {
    let card = card(pss);
    let mut bench = bench(&card.ef_sod);
    let files: [(&str, &[u8]); 6] = [
        ("A1", &card.ef_id_servizi),
        ("A2", &card.ef_seriale),
        ("A3", &card.ef_cert_cie),
        ("A4", &card.ef_int_kpub),
        ("A5", &card.ef_servizi_int_kpub),
        ("1B", &card.ef_dh),
    ];
    let mut hashes = json!({});
    for (number, content) in files {
        bench = bench.captured(number, &hex::encode(content));
        hashes[number] = json!({"captured": number});
    }
    let expect = |hashes: &Value| json!({"security_object": {"hashes": hashes, "closed": true}});
    assert_eq!(said(&bench, expect(&hashes)), [""; 0]);
    hashes.as_object_mut().expect("hashes").remove("A3");
    assert_eq!(
        said(&bench, expect(&hashes)),
        ["hash A3 is there and not named, expected no others"]
    );
}

#[test]
fn a_changed_hash_is_found_by_the_signature() {
    let mut data = card(false).ef_sod.clone();
    let content = [0x02, 0x01, 0xA1, 0x04, 0x20];
    let hash = data
        .windows(5)
        .position(|bytes| bytes == content)
        .expect("hash A1");
    data[hash + 10] ^= 1;
    let found = misses(
        &bench(&data),
        json!({"security_object": {"signature": true}}),
    );
    let told: Vec<(FailureKind, &str)> = found
        .iter()
        .map(|miss| (miss.failure.kind, miss.failure.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [(
            FailureKind::SecurityObject,
            "the signature of the security object does not verify: messageDigest is not the hash of the LDS security object"
        )]
    );
}

#[test]
fn a_changed_signature_is_found() {
    let mut data = card(true).ef_sod.clone();
    *data.last_mut().expect("a signature") ^= 1;
    assert_eq!(
        said(
            &bench(&data),
            json!({"security_object": {"signature": true}})
        ),
        [
            "the signature of the security object does not verify: the key of the certificate inside did not sign these attributes"
        ]
    );
    assert_eq!(
        said(
            &bench(&data),
            json!({"security_object": {"signature": false}})
        ),
        [""; 0]
    );
}

#[rstest]
#[case::nothing(&[], "the data are no document security object: there are no data")]
#[case::something_else(&[0x77, 0x02, 0x05, 0x00],
    "the data are no document security object: ContentInfo: tag 05 at position 0, expected 30")]
fn what_is_no_security_object(#[case] data: &[u8], #[case] message: &str) {
    assert_eq!(
        said(
            &bench(data),
            json!({"security_object": {"signature": true}})
        ),
        [message]
    );
}

#[test]
fn only_zeros_may_follow() {
    let mut data = card(false).ef_sod.clone();
    data.extend([0, 0]);
    let expect = json!({"security_object": {"signature": true}});
    assert_eq!(said(&bench(&data), expect.clone()), [""; 0]);
    data.push(1);
    assert_eq!(
        said(&bench(&data), expect),
        ["something other than zeros follows the security object"]
    );
}
