//! Secure messaging with the keys known, so that what is behind checksum and padding is reached: the card's side is given
//! commands that are sealed rightly around anything, the terminal's side answers sealed the same way. The sealing here is written
//! from the standard (ISO/IEC 7816-4:2020 §10, ICAO 9303-11 §9.8) with the primitives only, so it is a third opinion.

use cie_conformance::terminal::{LeObject, SecureMessaging, SessionKeys};
use cie_crypto::aes_sm::{AesCbc, AesCmac};
use cie_crypto::padding;
use cie_crypto::suite::Suite;
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::card::Flaw;
use cie_emulator::secure_messaging::{SecureSession, SmError};
use cie_emulator::wire::tlv::object;
use cie_emulator::wire::{Command, CommandBuf, Le, StatusWord};

use crate::input::Input;

const SECRET: &[u8] = b"any secret that both sides share";

/// Suite, counter and keys of a session.
struct Sealer {
    suite: Suite,
    encryption: Vec<u8>,
    checksum: Vec<u8>,
    counter: u64,
}

impl Sealer {
    fn new(suite: Suite, counter: u64) -> Self {
        let derived = |which| suite.derive(SECRET, which).to_vec();
        Self {
            suite,
            encryption: derived(1),
            checksum: derived(2),
            counter,
        }
    }

    fn card(&self) -> SecureSession {
        SecureSession::with_suite(self.suite, &self.encryption, &self.checksum, self.counter)
            .expect("keys of the suite's length")
    }

    fn terminal(&self) -> SecureMessaging {
        let keys = SessionKeys::of_document(self.suite, SECRET);
        assert_eq!(keys.encryption(), self.encryption);
        SecureMessaging::new(&keys, self.counter)
    }

    fn wide(&self) -> [u8; 16] {
        u128::from(self.counter.wrapping_add(1)).to_be_bytes()
    }

    /// The checksum under the next counter.
    fn mac(&self, header: &[u8], objects: &[u8]) -> [u8; 8] {
        let mut header = header.to_vec();
        if !header.is_empty() {
            padding::pad(&mut header, self.suite.block());
        }
        match self.suite {
            Suite::TripleDes => {
                let key = self.checksum.as_slice().try_into().expect("16 bytes");
                let counter = self.counter.wrapping_add(1).to_be_bytes();
                RetailMac::new(key).mac_padded(&[&counter, &header, objects])
            }
            Suite::Aes128 | Suite::Aes192 | Suite::Aes256 => {
                let mac = AesCmac::new(&self.checksum).expect("a key of the suite's length");
                mac.mac_padded(&[&self.wide(), &header, objects])
            }
        }
    }

    /// Enciphers whole blocks under the next counter; what is over is left away.
    fn encipher(&self, plain: &[u8]) -> Vec<u8> {
        let whole = plain.len() - plain.len() % self.suite.block();
        let mut data = plain.get(..whole).unwrap_or_default().to_vec();
        let done = match self.suite {
            Suite::TripleDes => {
                let key = self.encryption.as_slice().try_into().expect("16 bytes");
                TripleDes::new(key).encrypt_cbc(&[0; 8], &mut data)
            }
            Suite::Aes128 | Suite::Aes192 | Suite::Aes256 => {
                let cipher = AesCbc::new(&self.encryption).expect("a key of the suite's length");
                let iv = cipher.encrypt_block(&self.wide());
                cipher.encrypt_cbc(&iv, &mut data)
            }
        };
        done.expect("whole blocks");
        data
    }
}

const SUITES: [Suite; 4] = [
    Suite::TripleDes,
    Suite::Aes128,
    Suite::Aes192,
    Suite::Aes256,
];

/// Protected commands and answers of all four suites.
pub(crate) fn sm_unprotect(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let suite = *input.choose(&SUITES).expect("four suites");
    let kind = input.byte();
    let counter = u64::from(input.word());
    // Near its end the counter of a 3DES session goes round.
    let counter = match kind & 0x80 {
        0 => counter,
        _ => u64::MAX.wrapping_sub(counter),
    };
    let sealer = Sealer::new(suite, counter);
    match kind % 6 {
        0 => any_command(&sealer, input.rest()),
        1 => sealed_objects(&sealer, &mut input),
        2 => sealed_plaintext(&sealer, &mut input),
        3 => right_command(&sealer, &mut input),
        4 => right_answer(&sealer, &mut input),
        _ => any_answer(&sealer, &mut input),
    }
}

/// Opens a command; whatever comes out is no longer than what went in, and the counter has moved by one.
fn open(sealer: &Sealer, bytes: &[u8]) -> Result<(CommandBuf, Vec<u8>), SmError> {
    let Ok(command) = Command::parse(bytes) else {
        return Err(SmError::Incorrect);
    };
    let mut data = vec![0x5A; 3];
    let opened = sealer
        .card()
        .unprotect(&command, &mut data, Flaw::default());
    match opened {
        Ok((session, inner)) => {
            assert_eq!(
                session.send_sequence_counter(),
                sealer.counter.wrapping_add(1)
            );
            assert!(data.len() < command.data.len());
            assert_eq!(inner.header.cla, command.header.cla & !0x0C);
            let plain = CommandBuf {
                header: inner.header,
                data: data.clone(),
                le: inner.le,
                form: command.form,
            };
            Ok((plain, command.data.to_vec()))
        }
        Err(error) => Err(error),
    }
}

/// A command nobody sealed: only one whose last object is the right checksum of the others is believed.
fn any_command(sealer: &Sealer, bytes: &[u8]) {
    if let Ok((_, body)) = open(sealer, bytes) {
        let header = bytes.get(..4).unwrap_or_default();
        let (covered, checksum) = body.split_at(body.len().saturating_sub(10));
        let expected = object(0x8E, &sealer.mac(header, covered));
        // The length of the checksum may have been written in a longer form.
        assert!(
            checksum == expected || body.ends_with(&sealer.mac(header, covered)),
            "a wrong checksum was believed"
        );
    }
}

/// Any objects under a right checksum.
fn sealed_objects(sealer: &Sealer, input: &mut Input<'_>) {
    let header = [
        0x0C | (input.byte() & 0x10),
        input.byte(),
        input.byte(),
        input.byte(),
    ];
    let objects = input.rest();
    let checksum = object(0x8E, &sealer.mac(&header, objects));
    let body = [objects, &checksum].concat();
    let [cla, ins, p1, p2] = header;
    let command = CommandBuf::new(cla, ins, p1, p2).data(body).le(Le::Maximum);
    let Ok(bytes) = command.to_bytes() else {
        return;
    };
    match open(sealer, &bytes) {
        Ok(_) | Err(SmError::Missing | SmError::Incorrect | SmError::WrongPadding) => {}
        Err(SmError::WrongChecksum) => {
            // An 8E among the objects is the one that is compared, and nothing may follow it; then the shape is wrong.
            panic!("a right checksum was refused");
        }
    }
}

/// Any blocks as plaintext in a cryptogram, everything around it right.
fn sealed_plaintext(sealer: &Sealer, input: &mut Input<'_>) {
    let header = [0x0C, input.byte(), input.byte(), input.byte()];
    let [cla, ins, p1, p2] = header;
    let le = input.byte();
    let plain = input.rest();
    let cryptogram = sealer.encipher(plain);
    if cryptogram.is_empty() {
        return;
    }
    let plain = plain.get(..cryptogram.len()).unwrap_or_default();
    let mut objects = match ins & 1 {
        0 => object(0x87, &[&[1][..], &cryptogram].concat()),
        _ => object(0x85, &cryptogram),
    };
    objects.extend(object(0x97, &[le]));
    objects.extend(object(0x8E, &sealer.mac(&header, &objects)));
    let command = CommandBuf::new(cla, ins, p1, p2)
        .data(objects)
        .le(Le::Maximum);
    let Ok(bytes) = command.to_bytes() else {
        return;
    };
    let expected = padding::unpad(plain);
    match (open(sealer, &bytes), expected) {
        (Ok((command, _)), Ok(data)) => {
            assert_eq!(command.data, data);
            assert_eq!(command.le, Some(Le::from_short(le)));
        }
        (Err(SmError::WrongPadding), Err(_)) => {}
        (found, expected) => panic!("{found:?} where {expected:?} is right"),
    }
}

/// A command that the terminal protects is understood by the card as it was meant.
fn right_command(sealer: &Sealer, input: &mut Input<'_>) {
    let [cla, ins, p1, p2] = [
        input.byte() & 0x10,
        input.byte(),
        input.byte(),
        input.byte(),
    ];
    let mut command = CommandBuf::new(cla, ins, p1, p2);
    let kind = input.byte();
    if kind & 1 == 1 {
        command = command.le(Le::from_short(input.byte()));
    }
    command.data = input.rest().to_vec();
    let mut terminal = sealer.terminal();
    let protected = terminal.protect(command.view(), LeObject::AsPlain, None);
    let Ok(bytes) = protected else {
        assert!(command.data.len() > 60_000);
        return;
    };
    assert_eq!(terminal.counter(), sealer.counter.wrapping_add(1));
    let (opened, _) = open(sealer, &bytes).expect("what the terminal protected");
    assert_eq!(opened.header, command.header);
    assert_eq!((opened.data, opened.le), (command.data, command.le));
    // A bit anywhere in the objects is noticed.
    let mut spoiled = bytes.clone();
    let body = 5..bytes.len().saturating_sub(1);
    if let Some(byte) = spoiled.get_mut(body.start + usize::from(kind) % body.len().max(1)) {
        *byte ^= 0x80 >> (kind % 7);
        assert!(
            open(sealer, &spoiled).is_err(),
            "a bit was changed, nobody noticed"
        );
    }
}

/// An answer that the card protects is understood by the terminal as it was meant, and fits where there is room for it.
fn right_answer(sealer: &Sealer, input: &mut Input<'_>) {
    let ins = input.byte();
    let sw = StatusWord(input.word());
    let data = input.rest();
    let mut card = sealer.card();
    let mut answer = Vec::new();
    card.protect(data, sw, ins & 1 == 1, &mut answer);
    let form = cie_emulator::wire::LengthForm::Short;
    if data.len() <= card.room(form) {
        assert!(
            answer.len() <= 258,
            "{} bytes in a short answer",
            answer.len()
        );
    }
    let opened = sealer.terminal().unprotect(ins, &answer);
    let opened = opened.expect("what the card protected");
    assert_eq!((opened.data.as_slice(), opened.sw), (data, sw));
}

/// Any answer under a right checksum, or none, before the terminal.
fn any_answer(sealer: &Sealer, input: &mut Input<'_>) {
    let ins = input.byte();
    let seal = input.byte() & 1 == 0;
    let mut answer = input.rest().to_vec();
    if seal {
        let sw = answer.split_off(answer.len().saturating_sub(2));
        answer.extend(object(0x8E, &sealer.mac(&[], &answer)));
        answer.extend(sw);
    }
    if let Ok(opened) = sealer.terminal().unprotect(ins, &answer) {
        assert!(opened.data.len() < answer.len());
        assert!(answer.ends_with(&opened.sw.to_bytes()));
    }
}
