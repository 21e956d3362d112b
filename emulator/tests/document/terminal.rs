//! Terminal Authentication: chains that open the fingerprints, and everything that must not.

use super::cards::{Document, MRZ, SAMPLE};
use super::channel::Channel;
use super::hex;
use super::reader::{Base, Reader, SELECT_LDS};
use cie_emulator::apps::emrtd::{CvDate, CvPublicKey, Cvca, Domain, RsaPadding};
use cie_emulator::crypto::ec::{Curve, Scalar, ecdsa};
use cie_emulator::crypto::hash::{HashAlgorithm, sha1};
use cie_emulator::crypto::random::{RandomSource, Seeded};
use cie_emulator::crypto::rsa::PrivateKey;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::crypto::{pkcs1, pss};
use cie_emulator::wire::CommandBuf;
use cie_emulator::wire::tlv::object;
use rstest::rstest;

/// Somebody who signs.
#[derive(Clone)]
enum Signer {
    Rsa(PrivateKey, RsaPadding, HashAlgorithm),
    Ecdsa(Scalar, HashAlgorithm),
}

impl Signer {
    fn public(&self) -> CvPublicKey {
        match self {
            Self::Rsa(key, padding, hash) => CvPublicKey::Rsa {
                key: key.public().clone(),
                padding: *padding,
                hash: *hash,
            },
            Self::Ecdsa(key, hash) => CvPublicKey::Ecdsa {
                key: key.public(),
                hash: *hash,
            },
        }
    }

    /// DO `7F49`.
    fn object(&self) -> Vec<u8> {
        let oid = object(0x06, &self.public().oid().unwrap());
        let key = match self {
            Self::Rsa(key, ..) => {
                let public = key.public();
                [
                    object(0x81, public.modulus()),
                    object(0x82, public.exponent()),
                ]
                .concat()
            }
            Self::Ecdsa(key, _) => object(0x86, key.public().encoded()),
        };
        object(0x7F49, &[oid, key].concat())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key, RsaPadding::Pkcs1, hash) => {
                pkcs1::sign_digest(key, *hash, message).unwrap()
            }
            Self::Rsa(key, RsaPadding::Pss, hash) => {
                let mut salt = vec![0; hash.digest_len()];
                Seeded::new(1).fill(&mut salt);
                pss::sign(key, *hash, message, &salt).unwrap()
            }
            Self::Ecdsa(key, hash) => {
                ecdsa::sign(key, &hash.digest(&[message]), &mut Seeded::new(4))
            }
        }
    }
}

/// What stands in a certificate.
#[derive(Clone)]
struct Certificate {
    authority: &'static str,
    holder: &'static str,
    role_and_rights: u8,
    effective: (u16, u8, u8),
    expires: (u16, u8, u8),
}

const DV: Certificate = Certificate {
    authority: "ITCVCAEMU00001",
    holder: "ITDVEMU00001",
    role_and_rights: 0x83,
    effective: (2020, 1, 1),
    expires: (2035, 12, 31),
};
const IS: Certificate = Certificate {
    authority: "ITDVEMU00001",
    holder: "ITISEMU00001",
    role_and_rights: 0x01,
    ..DV
};

impl Certificate {
    fn signed(&self, key: &Signer, issuer: &Signer) -> Vec<u8> {
        let date = |(year, month, day)| CvDate::new(year, month, day).unwrap().to_bytes();
        let authorisation = [
            object(0x06, &hex("04007F000703010201")),
            object(0x53, &[self.role_and_rights]),
        ];
        let body = object(
            0x7F4E,
            &[
                object(0x5F29, &[0]),
                object(0x42, self.authority.as_bytes()),
                key.object(),
                object(0x5F20, self.holder.as_bytes()),
                object(0x7F4C, &authorisation.concat()),
                object(0x5F25, &date(self.effective)),
                object(0x5F24, &date(self.expires)),
            ]
            .concat(),
        );
        let signature = object(0x5F37, &issuer.sign(&body));
        [body, signature].concat()
    }
}

fn rsa(padding: RsaPadding, hash: HashAlgorithm) -> [Signer; 3] {
    [
        &SAMPLE.signature_key,
        &SAMPLE.device_key,
        &SAMPLE.services_key,
    ]
    .map(|key| Signer::Rsa(key.clone(), padding, hash))
}

fn ecdsa_on(curve: Curve, hash: HashAlgorithm) -> [Signer; 3] {
    [1, 2, 3].map(|seed| Signer::Ecdsa(Scalar::random(curve, &mut Seeded::new(seed)), hash))
}

fn document(authority: &Signer) -> Document {
    let mut document = Document::cie();
    document.keys.terminal_authentication = Some(Cvca {
        reference: b"ITCVCAEMU00001".to_vec(),
        key: authority.public(),
        expires: CvDate::new(2036, 1, 1).unwrap(),
        today: CvDate::new(2026, 1, 1).unwrap(),
    });
    document
}

/// A reader behind Chip Authentication.
struct Station {
    reader: Reader,
    chip_name: Vec<u8>,
    own_key: Vec<u8>,
}

impl Station {
    /// After BAC, or after PACE with the CAN.
    fn new(document: Document, pace: bool) -> Self {
        let domain = Domain::from_id(2).unwrap();
        let chip_key = document.keys.chip_authentication[0].key.public();
        let mut reader = Reader::new(document.card());
        let chip_name = if pace {
            assert_eq!(reader.pace(&domain, Suite::TripleDes), 0x9000);
            assert_eq!(reader.sm(SELECT_LDS).1, 0x9000);
            sha1(&[&reader.last_card_key]).to_vec()
        } else {
            reader.ok(SELECT_LDS);
            assert_eq!(reader.bac(), 0x9000);
            MRZ.as_bytes()[..10].to_vec()
        };
        let pair = Base::of(&domain).draw(&mut Seeded::new(3));
        let command = CommandBuf::new(0, 0x22, 0x41, 0xA6).data(object(0x91, &pair.public));
        assert_eq!(reader.sm_command(&command.extended()), (vec![], 0x9000));
        let shared = pair.agree(&chip_key);
        reader.channel = Some(Channel::of_secret(Suite::TripleDes, shared.secret()));
        Self {
            reader,
            chip_name,
            own_key: sha1(&[&pair.public]).to_vec(),
        }
    }

    fn command(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> u16 {
        let command = CommandBuf::new(0, ins, p1, p2).data(data);
        let command = if data.len() > 200 {
            command.extended()
        } else {
            command
        };
        let (answer, sw) = self.reader.sm_command(&command);
        assert!(answer.is_empty());
        sw
    }

    /// MSE SET DST and PSO VERIFY CERTIFICATE; the status word of the second, or of the first if that fails.
    fn import(&mut self, authority: &str, certificate: &[u8]) -> u16 {
        match self.command(0x22, 0x81, 0xB6, &object(0x83, authority.as_bytes())) {
            0x9000 => self.command(0x2A, 0x00, 0xBE, certificate),
            sw => sw,
        }
    }

    /// MSE SET AT, GET CHALLENGE and EXTERNAL AUTHENTICATE over this name of the chip.
    fn prove(&mut self, holder: &str, signer: &Signer, chip_name: &[u8]) -> u16 {
        let sw = self.command(0x22, 0x81, 0xA4, &object(0x83, holder.as_bytes()));
        if sw != 0x9000 {
            return sw;
        }
        let (challenge, sw) = self.reader.sm("0084000008");
        assert_eq!((challenge.len(), sw), (8, 0x9000));
        let message = [chip_name, &challenge, &self.own_key].concat();
        self.command(0x82, 0, 0, &signer.sign(&message))
    }

    fn fingerprints(&mut self) -> u16 {
        self.reader.sm("00B0830006").1
    }
}

#[rstest]
#[case::rsa_sha_1(rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha1))]
#[case::rsa_sha_256(rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha256))]
#[case::rsa_sha_512(rsa(RsaPadding::Pkcs1, HashAlgorithm::Sha512))]
#[case::pss_sha_256(rsa(RsaPadding::Pss, HashAlgorithm::Sha256))]
#[case::ecdsa_sha_1(ecdsa_on(Curve::BrainpoolP256r1, HashAlgorithm::Sha1))]
#[case::ecdsa_sha_224(ecdsa_on(Curve::P256, HashAlgorithm::Sha224))]
#[case::ecdsa_sha_256(ecdsa_on(Curve::BrainpoolP256r1, HashAlgorithm::Sha256))]
#[case::ecdsa_sha_384(ecdsa_on(Curve::P384, HashAlgorithm::Sha384))]
#[case::ecdsa_sha_512(ecdsa_on(Curve::P521, HashAlgorithm::Sha512))]
fn a_certified_terminal_reads_the_fingerprints(
    #[case] signers: [Signer; 3],
    #[values(false, true)] pace: bool,
) {
    let [cvca, dv, is] = &signers;
    let mut station = Station::new(document(cvca), pace);
    assert_eq!(station.fingerprints(), 0x6982);
    assert_eq!(
        station.import("ITCVCAEMU00001", &DV.signed(dv, cvca)),
        0x9000
    );
    assert_eq!(station.import("ITDVEMU00001", &IS.signed(is, dv)), 0x9000);
    assert_eq!(station.fingerprints(), 0x6982);
    let name = station.chip_name.clone();
    assert_eq!(station.prove("ITISEMU00001", is, &name), 0x9000);
    assert_eq!(
        station.reader.sm("00B0830006"),
        (hex("63067F610302"), 0x9000)
    );
    assert_eq!(station.reader.card.state().document.rights, 0x01);
    // It dies with the session.
    station.reader.ok(SELECT_LDS);
    assert_eq!(station.reader.bac(), 0x9000);
    assert_eq!(station.fingerprints(), 0x6982);
}

fn signers() -> [Signer; 3] {
    ecdsa_on(Curve::P256, HashAlgorithm::Sha256)
}

/// Certificates that a chain does not take.
#[rstest]
#[case::expired(Certificate { expires: (2025, 12, 31), ..DV }, 0x6300)]
#[case::backwards(Certificate { effective: (2036, 1, 1), ..DV }, 0x6300)]
#[case::terminal_from_the_top(Certificate { role_and_rights: 0x01, ..DV }, 0x6300)]
#[case::other_authority(Certificate { authority: "ITCVCAEMU00002", ..DV }, 0x6300)]
#[case::last_day(Certificate { expires: (2026, 1, 1), ..DV }, 0x9000)]
#[case::foreign_verifier(Certificate { role_and_rights: 0x43, ..DV }, 0x9000)]
#[case::link(Certificate { role_and_rights: 0xC3, holder: "ITCVCAEMU00002", ..DV }, 0x9000)]
fn certificates(#[case] certificate: Certificate, #[case] sw: u16) {
    let [cvca, dv, _] = &signers();
    let mut station = Station::new(document(cvca), false);
    assert_eq!(
        station.import("ITCVCAEMU00001", &certificate.signed(dv, cvca)),
        sw
    );
    assert_eq!(station.reader.sm("00B09E0001"), (vec![0x60], 0x9000));
}

#[test]
fn rights_are_those_of_the_whole_chain() {
    let [cvca, dv, is] = &signers();
    let weak = Certificate {
        role_and_rights: 0x82,
        ..DV
    };
    let mut station = Station::new(document(cvca), false);
    station.import("ITCVCAEMU00001", &weak.signed(dv, cvca));
    station.import("ITDVEMU00001", &IS.signed(is, dv));
    let name = station.chip_name.clone();
    assert_eq!(station.prove("ITISEMU00001", is, &name), 0x9000);
    assert_eq!(station.fingerprints(), 0x6982);
}

#[test]
fn forgeries() {
    let [cvca, dv, is] = &signers();
    let mut station = Station::new(document(cvca), false);
    let right = DV.signed(dv, cvca);
    // Another's signature, a bit, a part, too much, nothing.
    assert_eq!(station.import("ITCVCAEMU00001", &DV.signed(dv, is)), 0x6300);
    let mut spoiled = right.clone();
    *spoiled.last_mut().unwrap() ^= 1;
    assert_eq!(station.import("ITCVCAEMU00001", &spoiled), 0x6300);
    for wrong in [
        &right[..right.len() - 1],
        &[&right[..], &[0]].concat(),
        &[],
        &hex("7F4E00"),
    ] {
        assert_eq!(station.import("ITCVCAEMU00001", wrong), 0x6A80);
    }
    assert_eq!(station.import("ITCVCAEMU00009", &right), 0x6A88);
    // The issuer is named for one certificate.
    assert_eq!(station.import("ITCVCAEMU00001", &right), 0x9000);
    assert_eq!(station.command(0x2A, 0x00, 0xBE, &right), 0x6985);
    assert_eq!(station.import("ITDVEMU00001", &IS.signed(is, cvca)), 0x6300);
    assert_eq!(station.import("ITDVEMU00001", &IS.signed(is, dv)), 0x9000);
    // Only a terminal proves itself, over this chip's name, with its own key, once for a challenge.
    let name = station.chip_name.clone();
    assert_eq!(station.prove("ITDVEMU00001", dv, &name), 0x6A88);
    assert_eq!(station.prove("ITISEMU00001", dv, &name), 0x6300);
    assert_eq!(station.prove("ITISEMU00001", is, b"CA00000AB3"), 0x6300);
    assert_eq!(station.command(0x82, 0, 0, &[0; 64]), 0x6985);
    assert_eq!(station.fingerprints(), 0x6982);
    assert_eq!(station.prove("ITISEMU00001", is, &name), 0x9000);
    assert_eq!(station.fingerprints(), 0x9000);
    // A wrong proof afterwards takes it away.
    assert_eq!(station.prove("ITISEMU00001", dv, &name), 0x6300);
    assert_eq!(station.fingerprints(), 0x6982);
}

#[test]
fn chip_authentication_comes_first() {
    let [cvca, ..] = &signers();
    let mut reader = super::chip::open(document(cvca));
    let set = format!("002281B610 830E{}", hex::encode("ITCVCAEMU00001"));
    assert_eq!(reader.sm(&set), (vec![], 0x6985));
    assert_eq!(reader.sm("0082000008 0000000000000000"), (vec![], 0x6985));
}

#[test]
fn a_document_without_an_authority() {
    let mut station = Station::new(Document::cie(), false);
    assert_eq!(station.import("ITCVCAEMU00001", &[]), 0x6A88);
    assert_eq!(station.fingerprints(), 0x6982);
}
