//! An afternoon with a card: a synthetic citizen logs in, forgets the PIN until the card blocks it, gets back in with the PUK, and
//! signs a message that anybody can verify. The card is the emulator, the terminal is the judge's: both halves are real.

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::Arc;

use cie_conformance::target::Embedded;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{self, Code, OpenOptions, ReadLoop, Reference};
use cie_emulator::crypto::hash::{self, HashAlgorithm};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::crypto::{pkcs1, rsa::PublicKey};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::{chip, wire::StatusWord};
use x509_cert::{Certificate, der::Decode};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    tell(&mut stdout().lock())
}

pub(crate) fn tell(out: &mut dyn Write) -> Outcome {
    // What the issuer does: keys, certificate, security object, codes. The same persona gives the same card.
    let card = personalise(&Persona::builtin("adult-default")?)?;
    let pin = Code::new(*card.pin.reveal());
    let puk = Code::new(*card.puk.reveal());
    writeln!(out, "The card of {}", card.holder.surname.as_str())?;

    // A card draws its random bytes from where it is told to: this story is the same every time.
    let image = card.into_image(chip::chip("bit4id2")?, chip::preset("default")?)?;
    let card = Embedded::new(Arc::new(image), Box::new(Seeded::new(1)), "adult-default");
    let mut terminal = Terminal::new(Box::new(card), Box::new(Seeded::new(2)));

    log_in(&mut terminal, out, &pin)?;
    lose_the_pin(&mut terminal, out, &pin)?;
    let new_pin = Code::from("27182818");
    unblock(&mut terminal, out, &puk, &new_pin)?;
    enter(&mut terminal, out, "old PIN", Reference::Pin, &pin)?;
    enter(&mut terminal, out, "new PIN", Reference::Pin, &new_pin)?;
    sign(&mut terminal, out, b"I have read and agree.")
}

/// Codes travel only through a channel whose both ends have proven what they are.
fn log_in(terminal: &mut Terminal, out: &mut dyn Write, pin: &Code) -> Outcome {
    let atr = hex::encode_upper(terminal.power_on()?);
    writeln!(out, "  answers to reset with {atr}.\n\nLogin")?;
    let options = OpenOptions {
        check_serial_number: true,
        ..OpenOptions::default()
    };
    let authentication = ias::open_device_authentication(terminal, options)?;
    let serial = authentication.proven().ok_or("no proof of the card")?;
    let serial = hex::encode_upper(serial);
    writeln!(out, "  terminal and card {serial} have proven themselves.")?;
    enter(terminal, out, "PIN", Reference::Pin, pin)
}

fn lose_the_pin(terminal: &mut Terminal, out: &mut dyn Write, pin: &Code) -> Outcome {
    writeln!(out, "\nThree wrong PINs")?;
    for guess in ["00000000", "11111111", "22222222"] {
        enter(terminal, out, guess, Reference::Pin, &Code::from(guess))?;
    }
    // The right one does not help any more: on a blocked PIN nothing is even compared.
    enter(terminal, out, "right PIN", Reference::Pin, pin)
}

fn unblock(terminal: &mut Terminal, out: &mut dyn Write, puk: &Code, new_pin: &Code) -> Outcome {
    writeln!(out, "\nThe PUK")?;
    enter(terminal, out, "PUK", Reference::Puk, puk)?;
    let reset = ias::credentials::reset_retry_counter(Reference::Pin, Some(new_pin));
    terminal.demand("RESET RETRY COUNTER", &reset)?;
    writeln!(out, "  a new PIN is set, its tries are back.")?;
    Ok(())
}

fn sign(terminal: &mut Terminal, out: &mut dyn Write, message: &[u8]) -> Outcome {
    writeln!(out, "\nA signature")?;
    // The card adds nothing to what it signs: DigestInfo is the caller's business.
    let prefix = HashAlgorithm::Sha256.digest_info_prefix();
    let digest_info = [prefix, &hash::sha256(&[message])].concat();
    let signature = ias::signatures::sign(terminal, &digest_info)?;
    writeln!(out, "  key 81 gives {} bytes.", signature.len())?;
    // The certificate names the holder, so it is readable behind the PIN only.
    let file = ias::read_file(terminal, 0x1003, ReadLoop::default())?;
    let certificate = Certificate::from_der(&file.content)?;
    let certified = certificate.tbs_certificate();
    writeln!(out, "  it should be of {}", certified.subject())?;
    let info = certified.subject_public_key_info();
    let key = PublicKey::from_pkcs1_der(info.subject_public_key.raw_bytes())?;
    pkcs1::verify_digest(&key, HashAlgorithm::Sha256, message, &signature)?;
    writeln!(out, "  and it is: the signature verifies.")?;
    Ok(())
}

/// A wrong code is an answer like any other; the card tells how many tries are left.
fn enter(
    terminal: &mut Terminal,
    out: &mut dyn Write,
    what: &str,
    reference: Reference,
    code: &Code,
) -> Outcome {
    let reply = terminal.transmit(&ias::credentials::verify(reference, code))?;
    let answer = match (reply.sw, reply.sw.tries_left()) {
        (StatusWord::NO_ERROR, _) => "accepted".into(),
        (_, Some(0)) => "wrong, no try left: blocked".into(),
        (_, Some(1)) => "wrong, one try left".into(),
        (_, Some(tries)) => format!("wrong, {tries} tries left"),
        (sw, None) => format!("refused ({})", sw.meaning()),
    };
    writeln!(out, "  {what}: {answer}.")?;
    Ok(())
}
