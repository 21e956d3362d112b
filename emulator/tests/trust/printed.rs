//! What types with secrets in them print for people who look for errors: nothing of the secrets.

use cie_emulator::Card;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::control::Token;
use cie_emulator::crypto::aes_sm::{AesCbc, AesCmac};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::crypto::suite::Suite;
use cie_emulator::crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::secure_messaging::SecureSession;
use std::sync::Arc;

use crate::forms::{Form, Scan, of_code, of_key, of_text};

/// Keys of a session, as no other bytes here are.
const KEY: [u8; 16] = *b"\xC3\x1F\x5E\x99\x07\xE2\x44\xAB\x6D\x38\xF1\x0C\xB5\x72\x9A\xD6";

#[test]
fn debug_tells_no_secret() {
    let persona = Persona::builtin("adult-seeded").unwrap();
    let data = personalise(&persona).unwrap();
    let digits = |code: &[u8]| String::from_utf8(code.to_vec()).unwrap();
    let mut forms: Vec<Form> = of_key("a session key", &KEY);
    forms.extend(of_code("PIN", &digits(data.pin.reveal())));
    forms.extend(of_code("PUK", &digits(data.puk.reveal())));
    forms.extend(of_text(
        "CAN",
        &digits(data.document.keys.can.secret()),
        true,
    ));
    forms.extend(of_text(
        "MRZ information",
        &data.document.mrz.information(),
        false,
    ));
    for prime in data.signature_key.reveal_primes().unwrap() {
        forms.extend(of_key("a prime", &prime[..16]));
    }
    let token = Token::from_random(&KEY);
    forms.extend(of_text("the token", token.reveal(), false));

    let mut scan = Scan::default();
    let mut look = |what: &str, shown: String| scan.clean(what, shown.as_bytes(), &forms);
    look("Code", format!("{:?} {:?}", data.pin, data.puk));
    look("CodeHalf", format!("{:?}", data.pin.first_half()));
    look(
        "Receipt and Letter",
        format!("{:?} {:?}", data.receipt, data.letter),
    );
    look("PrivateKey", format!("{:?}", data.signature_key));
    look("document keys", format!("{:?}", data.document.keys));
    look("Token", format!("{token:?}"));
    look("TripleDes", format!("{:?}", TripleDes::new(&KEY)));
    look("RetailMac", format!("{:?}", RetailMac::new(&KEY)));
    look("AesCbc", format!("{:?}", AesCbc::new(&KEY).unwrap()));
    look("AesCmac", format!("{:?}", AesCmac::new(&KEY).unwrap()));
    look(
        "SecureSession",
        format!("{:?}", SecureSession::new(&KEY, &KEY, 1)),
    );
    let aes = SecureSession::with_suite(Suite::Aes128, &KEY, &KEY, 1).unwrap();
    look("SecureSession with AES", format!("{aes:?}"));
    let image = data
        .into_image(chip("gemalto").unwrap(), Profile::with([]).unwrap())
        .unwrap();
    look("Image", format!("{image:?}"));
    let card = Card::new(Arc::new(image), Box::new(Seeded::new(1)));
    look("Memory", format!("{:?}", card.memory()));
    look("CardState", format!("{:?}", card.state()));
    scan.told("secrets in Debug", forms.len());
}
