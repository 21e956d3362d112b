//! Certificates, judged on the certificate of a synthetic card.

use cie_conformance::report::model::FailureKind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::bench::{only, said};
use crate::persona::{bench, card};

#[rstest]
#[case::version(json!({"version": 3}), None)]
#[case::version_missed(json!({"version": 1}), Some("the certificate: version is 3, expected 1"))]
#[case::subject(json!({"subject": {"surname": "VERDI", "given_name": "ANNA", "country": "IT",
    "serial_number": "IDCIT-CA12345BC"}}), None)]
#[case::subject_missed(json!({"subject": {"surname": "BIANCHI"}}),
    Some("the certificate: surname of the subject is VERDI, expected BIANCHI"))]
#[case::subject_without(json!({"subject": {"organization": "BIANCHI"}}),
    Some("the certificate: the subject has no organization, expected BIANCHI"))]
#[case::issuer_missed(json!({"issuer": {"country": "FR"}}),
    Some("the certificate: country of the issuer is IT, expected FR"))]
#[case::valid_today(json!({"valid_at": "run"}), None)]
#[case::first_day(json!({"valid_at": "2024-01-01"}), None)]
#[case::last_day(json!({"valid_at": "2034-06-30"}), None)]
#[case::not_yet(json!({"valid_at": "2023-12-31"}),
    Some("the certificate is valid from 2024-01-01 to 2034-06-30, not on 2023-12-31"))]
#[case::not_any_more(json!({"valid_at": "2034-07-01"}),
    Some("the certificate is valid from 2024-01-01 to 2034-06-30, not on 2034-07-01"))]
#[case::no_day(json!({"valid_at": "tomorrow"}),
    Some("\"tomorrow\" is no day; write it as YYYY-MM-DD, or `run`"))]
#[case::key_usage(json!({"key_usage": ["digital_signature"]}), None)]
#[case::key_usage_missed(json!({"key_usage": ["non_repudiation", "digital_signature"]}),
    Some("the certificate: key usage is digital_signature, expected digital_signature, non_repudiation"))]
#[case::algorithm(json!({"algorithm": "rsa_sha256"}), None)]
#[case::algorithm_missed(json!({"algorithm": "pss_sha512"}),
    Some("the certificate: the signature algorithm is RSA with SHA-256, expected RSASSA-PSS with SHA-512"))]
#[case::key_bits(json!({"key_bits": 2048}), None)]
#[case::key_bits_missed(json!({"key_bits": ">=3072"}),
    Some("the certificate: the key's size is 2048 bits, expected at least 3072 bits"))]
#[case::key(json!({"key": {"key": "sign"}}), None)]
#[case::key_missed(json!({"key": {"key": "services"}}),
    Some("the key of the certificate is not key services (83): the modulus is another"))]
#[case::key_unknown(json!({"key": {"captured": "nothing"}}),
    Some("there is no key Captured(\"nothing\") on the bench"))]
#[case::issued_by(json!({"issued_by": {"trust": "sub-ca"}}), None)]
#[case::issued_by_missed(json!({"issued_by": {"key": "services"}}),
    Some("the signature of the certificate does not verify with key services (83): no block of type 1 comes out, so another key or padding made it"))]
fn certificates(#[case] expect: Value, #[case] message: Option<&str>) {
    let bench = bench(&card(false).ef_cert_cie);
    let found = said(&bench, json!({"certificate": expect}));
    assert_eq!(found, Vec::from_iter(message));
}

#[test]
fn one_changed_bit_is_found_by_the_signature() {
    let mut data = card(false).ef_cert_cie.clone();
    let name = data
        .windows(5)
        .position(|bytes| bytes == b"VERDI")
        .expect("the surname");
    data[name] = b'W';
    let expect = json!({"certificate": {"issued_by": {"trust": "sub-ca"}}});
    let failure = only(&bench(&data), expect);
    assert_eq!(failure.kind, FailureKind::Certificate);
    assert_eq!(
        failure.message,
        "the signature of the certificate does not verify with the key of \"sub-ca\" in the trust store: it is a signature with SHA-256, of another message"
    );
}

#[rstest]
#[case::nothing(&[], "the data are no X.509 certificate: there are no data")]
#[case::something_else(&[0x6F, 0x00], "the data are no X.509 certificate: it begins with tag 6F, not 30")]
#[case::cut(&[0x30, 0x05, 0x02], "the data are no X.509 certificate: data object 30 says 5 bytes, 1 are there")]
fn what_is_no_certificate(#[case] data: &[u8], #[case] message: &str) {
    let expect = json!({"certificate": {"version": 3}});
    assert_eq!(said(&bench(data), expect), [message]);
}

#[test]
fn zeros_may_follow_and_nothing_else() {
    let mut data = card(false).ef_cert_cie.clone();
    data.extend([0, 0]);
    let expect = json!({"certificate": {"issued_by": {"trust": "sub-ca"}}});
    assert_eq!(said(&bench(&data), expect.clone()), [""; 0]);
    data.push(1);
    assert_eq!(
        said(&bench(&data), expect),
        ["the data are no X.509 certificate: 3 bytes follow it"]
    );
}
