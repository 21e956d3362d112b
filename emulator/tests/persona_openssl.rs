//! An external judge: the `openssl` program verifies certificates and security objects against the synthetic trust anchors.
//! Where it is not installed the tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use cie_emulator::persona::{CardData, Persona, SodVariant, Trust, personalise};
use cie_emulator::wire::tlv::{Tag, Tlv};
use der::EncodePem;
use der::pem::LineEnding;
use rstest::rstest;
use tempfile::TempDir;
use x509_cert::Certificate;

/// 1 June 2026: inside the validity of every certificate here, so that the judgement does not depend on today.
const DAY: &str = "1780272000";

/// A folder with the trust anchors, and `openssl` to work in it.
struct Judge {
    folder: TempDir,
}

impl Judge {
    /// `None`, with a line in the test's output, when there is no `openssl`.
    fn new() -> Option<Self> {
        if let Err(error) = Command::new("openssl").arg("version").output() {
            eprintln!("skipped: the openssl program cannot be started ({error})");
            return None;
        }
        let judge = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let trust = Trust::embedded().unwrap();
        judge.pem("country-signer.pem", trust.country_signer());
        judge.pem("root.pem", trust.citizen_root());
        judge.pem("issuer.pem", trust.citizen_issuer());
        Some(judge)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pem(&self, name: &str, certificate: &Certificate) {
        let text = certificate.to_pem(LineEnding::LF).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs `openssl` in the folder: (success, all output).
    fn run(&self, arguments: &str) -> (bool, String) {
        let folder: &Path = self.folder.path();
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }
}

fn cms(card: &CardData) -> &[u8] {
    Tlv::read_only(&card.ef_sod, Tag(0x77)).unwrap().value
}

fn card(seed: u64, variant: SodVariant) -> CardData {
    let mut persona = Persona::generate(seed).unwrap();
    persona.sod = variant;
    personalise(&persona).unwrap()
}

const VERIFY_CMS: &str = "cms -verify -inform DER -in sod.der -CAfile country-signer.pem -purpose any -out content.der -attime";

#[rstest]
#[case::v0(SodVariant::V0)]
#[case::pss(SodVariant::Pss)]
fn security_objects_verify_up_to_the_country_signer(#[case] variant: SodVariant) {
    let Some(judge) = Judge::new() else { return };
    for seed in [2, 6] {
        let card = card(seed, variant);
        judge.write("sod.der", cms(&card));
        let (good, said) = judge.run(&format!("{VERIFY_CMS} {DAY}"));
        assert!(
            good && said.contains("CMS Verification successful"),
            "{said}"
        );
        let content = std::fs::read(judge.path("content.der")).unwrap();
        assert_eq!(content.first(), Some(&0x30));
    }
}

#[rstest]
#[case::v0(SodVariant::V0)]
#[case::pss(SodVariant::Pss)]
fn a_changed_security_object_does_not_verify(#[case] variant: SodVariant) {
    let Some(judge) = Judge::new() else { return };
    let card = card(2, variant);
    let mut changed = cms(&card).to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 0x01;
    judge.write("sod.der", &changed);
    let (good, said) = judge.run(&format!("{VERIFY_CMS} {DAY}"));
    assert!(!good, "{said}");
}

#[rstest]
#[case::default("adult-default")]
#[case::seeded("adult-seeded")]
#[case::pss("adult-sod-pss")]
fn citizen_certificates_verify_up_to_their_root(#[case] id: &str) {
    let Some(judge) = Judge::new() else { return };
    let card = personalise(&Persona::builtin(id).unwrap()).unwrap();
    judge.write("citizen.der", &card.ef_cert_cie);
    let arguments =
        "verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted issuer.pem -attime";
    let (good, said) = judge.run(&format!("{arguments} {DAY} citizen.der"));
    assert!(good && said.contains("citizen.der: OK"), "{said}");
}

#[test]
fn the_certificate_reads_as_intended() {
    let Some(judge) = Judge::new() else { return };
    let card = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    judge.write("citizen.der", &card.ef_cert_cie);
    let (good, text) = judge.run("x509 -inform DER -in citizen.der -noout -text -nameopt RFC2253");
    assert!(good, "{text}");
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: CN=TEST Citizen Issuing Sub CA - SPECIMEN,O=CIE Emulator TEST ONLY,C=IT",
        "Not Before: Jan  1 00:00:00 2023 GMT",
        "Not After : Jan  1 23:59:59 2033 GMT",
        "Subject: CN=RSSMRA80A01H501U,GN=MARIO,SN=ROSSI,serialNumber=IDCIT-CA00000AA,C=IT",
        "X509v3 Key Usage: critical\n                Digital Signature",
        "X509v3 Extended Key Usage: \n                TLS Web Client Authentication",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

#[test]
fn the_authority_key_identifier_is_the_issuers() {
    let Some(judge) = Judge::new() else { return };
    let card = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    judge.write("citizen.der", &card.ef_cert_cie);
    let identifier = |arguments: &str, heading: &str| {
        let (good, text) = judge.run(arguments);
        assert!(good, "{text}");
        text.split(heading)
            .nth(1)
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .trim()
            .to_owned()
    };
    let authority = identifier(
        "x509 -inform DER -in citizen.der -noout -ext authorityKeyIdentifier",
        "Authority Key Identifier",
    );
    let subject = identifier(
        "x509 -in issuer.pem -noout -ext subjectKeyIdentifier",
        "Subject Key Identifier",
    );
    assert_eq!(authority, subject);
}
