//! The `openssl` program judges the travel document's security objects, signers and authority, and the revocation list. Where
//! it is not installed the tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::process::Command;

use cie_emulator::persona::{CardData, DocumentSod, Persona, Trust, personalise};
use cie_emulator::wire::tlv::{Tag, Tlv};
use der::EncodePem;
use der::pem::LineEnding;
use rstest::rstest;
use tempfile::TempDir;

/// 1 June 2026: inside the validity of every certificate here, so that the judgement does not depend on today.
const DAY: &str = "1780272000";

/// A folder with the authority, its revocation list and a document signer, and `openssl` to work in it.
struct Judge(TempDir);

impl Judge {
    /// `None`, with a line in the test's output, when there is no `openssl`.
    fn new() -> Option<Self> {
        if let Err(error) = Command::new("openssl").arg("version").output() {
            eprintln!("skipped: the openssl program cannot be started ({error})");
            return None;
        }
        let judge = Self(tempfile::tempdir().unwrap());
        let trust = Trust::embedded().unwrap();
        judge.pem("csca.pem", trust.csca());
        judge.pem("crl.pem", &trust.csca_revocations().unwrap());
        Some(judge)
    }

    fn pem(&self, name: &str, object: &impl EncodePem) {
        std::fs::write(
            self.0.path().join(name),
            object.to_pem(LineEnding::LF).unwrap(),
        )
        .unwrap();
    }

    /// The security object of a card, and its signer's certificate as it stands in it.
    fn sod(&self, card: &CardData) {
        let object = Tlv::read_only(&card.document.ef_sod, Tag(0x77)).unwrap();
        std::fs::write(self.0.path().join("sod.der"), object.value).unwrap();
    }

    /// Runs `openssl` in the folder: (success, all output).
    fn run(&self, arguments: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.success(), text)
    }
}

fn card(id: &str) -> CardData {
    personalise(&Persona::builtin(id).unwrap()).unwrap()
}

const VERIFY: &str =
    "cms -verify -inform DER -in sod.der -CAfile csca.pem -purpose any -out content.der -attime";

#[rstest]
#[case::usual("adult-default")]
#[case::first_generation("adult-document-sha1")]
#[case::pss("adult-document-pss")]
#[case::not_a_cie("adult-active-ecdsa")]
#[case::child("child")]
fn a_document_verifies_up_to_the_country_signing_authority(#[case] id: &str) {
    let Some(judge) = Judge::new() else { return };
    judge.sod(&card(id));
    let (good, said) = judge.run(&format!("{VERIFY} {DAY}"));
    assert!(
        good && said.contains("CMS Verification successful"),
        "{said}"
    );
    let (good, said) = judge.run("asn1parse -inform DER -in content.der");
    assert!(good, "{said}");
}

#[test]
fn a_changed_security_object_does_not_verify() {
    let Some(judge) = Judge::new() else { return };
    let mut card = card("adult-default");
    // A digest of a data group: after the head of the signed content.
    let digest = card.document.ef_sod.len() / 12;
    card.document.ef_sod[digest] ^= 1;
    judge.sod(&card);
    let (good, said) = judge.run(&format!("{VERIFY} {DAY}"));
    assert!(!good, "{said}");
}

/// The signature of this one is right; only the list tells.
#[test]
fn the_revoked_signer_is_found_on_the_list() {
    let Some(judge) = Judge::new() else { return };
    judge.sod(&card("wrong-document-signer"));
    let (good, said) = judge.run(&format!("{VERIFY} {DAY}"));
    assert!(good, "{said}");
    let trust = Trust::embedded().unwrap();
    let check =
        format!("verify -CAfile csca.pem -CRLfile crl.pem -crl_check -attime {DAY} signer.pem");
    judge.pem(
        "signer.pem",
        &trust.revoked_document_signer().unwrap().certificate,
    );
    let (good, said) = judge.run(&check);
    assert!(!good && said.contains("certificate revoked"), "{said}");
    for sod in [DocumentSod::Sha1, DocumentSod::Sha256, DocumentSod::Pss] {
        judge.pem(
            "signer.pem",
            &trust.document_signer_of(sod).unwrap().certificate,
        );
        let (good, said) = judge.run(&check);
        assert!(good && said.contains("OK"), "{said}");
    }
}

/// ICAO 9303-12 table 6: what document signers and their authority must state, and what a signer must not.
#[rstest]
#[case::authority(None, &["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"], &[])]
#[case::sha1(Some(DocumentSod::Sha1), SIGNER, &["CA:TRUE"])]
#[case::sha256(Some(DocumentSod::Sha256), SIGNER, &["CA:TRUE"])]
#[case::pss(Some(DocumentSod::Pss), SIGNER, &["CA:TRUE"])]
fn certificates_have_the_extensions_of_travel_documents(
    #[case] signer: Option<DocumentSod>,
    #[case] expected: &[&str],
    #[case] absent: &[&str],
) {
    let Some(judge) = Judge::new() else { return };
    let trust = Trust::embedded().unwrap();
    let certificate = match signer {
        None => trust.csca(),
        Some(sod) => &trust.document_signer_of(sod).unwrap().certificate,
    };
    judge.pem("it.pem", certificate);
    let (good, text) = judge.run("x509 -in it.pem -noout -text -nameopt RFC2253");
    assert!(good, "{text}");
    for expected in COMMON.iter().chain(expected) {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    for absent in absent {
        assert!(!text.contains(absent), "{absent} is in\n{text}");
    }
}

const COMMON: [&str; 8] = [
    "Version: 3",
    "O=CIE Emulator TEST ONLY,C=IT",
    "SPECIMEN",
    "X509v3 Subject Key Identifier",
    "X509v3 Authority Key Identifier",
    "X509v3 Private Key Usage Period",
    "ITA, URI:https://cie-emulator.invalid/csca",
    "X509v3 CRL Distribution Points",
];

/// The last one is the list of document types with its one type, `C`.
const SIGNER: &[&str] = &[
    "Key Usage: critical\n                Digital Signature",
    "2.23.136.1.1.6.2",
    "0....1...C",
];
