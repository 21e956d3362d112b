//! A whole recorded session replayed byte for byte in both directions: key agreement, device authentication, VERIFY right
//! and wrong, reads to the end of a file, RESET RETRY COUNTER, signature.
//!
//! The recording comes from an independent model of both halves that had no access rules: it reads and signs after a
//! wrong PIN and unblocks without a PUK. The card used here has those three rules off, as data; everything else is the
//! card as shipped.
//!
//! One thing cannot be replayed: the recording does not hold the private key 81 of its last row. There the card signs with
//! the key it has, and everything but those 256 bytes (and the checksum over them) must be as recorded.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use cie_emulator::Card;
use cie_emulator::apps::ias::{Keys, TerminalCa};
use cie_emulator::card::{Channel, Image};
use cie_emulator::chip::{Profile, chip};
use cie_emulator::crypto::dh::Group;
use cie_emulator::crypto::random::{Scripted, Seeded};
use cie_emulator::crypto::rsa::{PrivateKey, PublicKey};
use cie_emulator::crypto::triple_des::TripleDes;
use cie_emulator::files::{
    AccessCondition, DedicatedFile, ElementaryFile, FileId, FileTree, ShortFileId,
};
use cie_emulator::wire::{CommandBuf, Le, Response, StatusWord};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[allow(non_snake_case)]
struct Recording {
    x_icc: String,
    ifdpub: String,
    iccpub: String,
    sessENC: String,
    challenge: String,
    SSC_after: String,
    ICC_N: String,
    ICC_D: String,
    prnd2: String,
    /// Name, inner header, inner data, inner Le, protected command, protected response.
    log: Vec<(String, String, String, Option<String>, String, String)>,
}

#[derive(Deserialize)]
struct CaPair {
    p: String,
    q: String,
    #[serde(rename = "N")]
    n: String,
    e: String,
}

fn vector<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let path = format!("{}/../fixtures/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// The file that was read, taken out of the recorded responses with the recorded key.
fn file_contents(recording: &Recording) -> Vec<u8> {
    let key = TripleDes::new(&bytes(&recording.sessENC).try_into().unwrap());
    let mut contents = Vec::new();
    for (name, .., response) in &recording.log {
        let response = bytes(response);
        let cryptogram = match name.as_str() {
            "READ BINARY 0" => &response[4..140],
            "READ BINARY EOF data" => &response[3..27],
            _ => continue,
        };
        let mut plain = cryptogram.to_vec();
        key.decrypt_cbc(&[0; 8], &mut plain).unwrap();
        contents.extend_from_slice(cie_emulator::crypto::padding::unpad(&plain).unwrap());
    }
    contents
}

fn card(recording: &Recording) -> Card {
    let pair: CaPair = vector("ias-terminal-ca.json");
    let key =
        PrivateKey::from_modulus_and_exponent(&bytes(&recording.ICC_N), &bytes(&recording.ICC_D))
            .unwrap();
    let keys = Keys {
        signature: key.clone(),
        signature_use: AccessCondition::Always,
        device: key.clone(),
        services: key,
        terminal_ca: TerminalCa {
            public: PublicKey::new(&bytes(&pair.n), &bytes(&pair.e)).unwrap(),
            verify: PrivateKey::with_exponent(&bytes(&pair.p), &bytes(&pair.q), &bytes(&pair.e))
                .unwrap(),
            holder_reference: *b"\0\0\0\0ITCIECA1",
            holder_authorisation: [0xA0, 0, 0, 0, 0, 0x39, 0x01],
        },
        dh: Group::rfc5114_2048_256().clone(),
        serial_number: [0x00, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34],
    };
    let df = |name, file_id, df_name: &[u8], files| DedicatedFile {
        name,
        file_id,
        df_names: vec![df_name.to_vec()],
        files,
    };
    let certificate = ElementaryFile {
        file_id: FileId::EF_CERT_CIE,
        short_file_id: ShortFileId::new(3),
        name: "EF.Cert_CIE",
        read: AccessCondition::Always,
        contents: file_contents(recording),
    };
    let files = FileTree::new(vec![
        df("MF", Some(FileId::MASTER_FILE), &[0xA0; 5], vec![]),
        df("CIE", None, &bytes("A00000000039"), vec![certificate]),
    ])
    .unwrap();
    let profile = Profile::with_settings(["rrc_needs_puk=false"]).unwrap();
    let (pin, puk) = ("12345678".parse().unwrap(), "87654321".parse().unwrap());
    let image = Image::new(chip("gemalto").unwrap(), profile, files, keys, pin, puk);
    let script =
        [&recording.x_icc, &recording.challenge, &recording.prnd2].map(|entry| bytes(entry));
    let random = Scripted::new(script, Seeded::new(0));
    Card::new(Arc::new(image), Box::new(random))
}

fn plain(card: &mut Card, command: CommandBuf) -> (Vec<u8>, StatusWord) {
    let answer = card.transmit(&command.to_bytes().unwrap()).to_vec();
    let Response { data, sw } = Response::parse(&answer).unwrap();
    (data.to_vec(), sw)
}

/// `87 (256 bytes and padding) 99 8E`: the same shape, and a signature of `data` by the key this card has.
fn assert_signature(recording: &Recording, data: &[u8], answer: &[u8], recorded: &[u8]) {
    assert_eq!(
        (answer.len(), &answer[..5]),
        (recorded.len(), &recorded[..5])
    );
    assert_eq!(answer[269..275], recorded[269..275], "99 02 9000 8E 08");
    let key = TripleDes::new(&bytes(&recording.sessENC).try_into().unwrap());
    let mut plain = answer[5..269].to_vec();
    key.decrypt_cbc(&[0; 8], &mut plain).unwrap();
    let public = PublicKey::new(&bytes(&recording.ICC_N), &[1, 0, 1]).unwrap();
    let signed = cie_emulator::crypto::pkcs1::recover_type1(&public, &plain[..256]).unwrap();
    assert_eq!(
        (signed.as_slice(), &plain[256..]),
        (data, &bytes("8000000000000000")[..])
    );
}

#[test]
fn replays_byte_for_byte() {
    let recording: Recording = vector("ias-session.json");
    let mut card = card(&recording);
    card.power_on();
    let select = CommandBuf::new(0x00, 0xA4, 0x04, 0x0C).data(bytes("A00000000039"));
    assert_eq!(plain(&mut card, select).1, StatusWord::NO_ERROR);

    let template = [bytes("80019B83018191820100"), bytes(&recording.ifdpub)].concat();
    let (first, last) = template.split_at(255);
    for (cla, part) in [(0x10, first), (0x00, last)] {
        let link = CommandBuf::new(cla, 0x22, 0x41, 0xA6).data(part);
        assert_eq!(plain(&mut card, link).1, StatusWord::NO_ERROR);
    }
    let (public, sw) = plain(
        &mut card,
        CommandBuf::new(0x00, 0xCB, 0x3F, 0xFF).data(bytes("4D04A6029100")),
    );
    assert_eq!(sw, StatusWord::NO_ERROR);
    assert_eq!(
        public,
        [bytes("A682010491820100"), bytes(&recording.iccpub)].concat()
    );
    assert_eq!(
        card.state().channel,
        Channel::Protected {
            send_sequence_counter: 1
        }
    );

    assert_eq!(recording.log.len(), 18);
    for (name, header, data, le, command, response) in &recording.log {
        let answer = hex::encode_upper(card.transmit(&bytes(command)));
        if name == "INT AUTH SIGN" {
            assert_signature(&recording, &bytes(data), &bytes(&answer), &bytes(response));
            continue;
        }
        assert_eq!(&answer, response, "{name}: {header} {data} {le:?}");
        if name == "INTERNAL AUTH" {
            let send_sequence_counter = u64::from_str_radix(&recording.SSC_after, 16).unwrap();
            assert_eq!(
                card.state().channel,
                Channel::Protected {
                    send_sequence_counter
                }
            );
        }
    }
    let state = card.state();
    assert_eq!((state.pin_left, state.puk_left), (3, 10));
}

/// The recording proves nothing if the card would answer the same to anything: one bit of any command ends the session.
#[test]
fn one_flipped_bit_ends_it() {
    let recording: Recording = vector("ias-session.json");
    let mut opened = card(&recording);
    opened.power_on();
    plain(
        &mut opened,
        CommandBuf::new(0x00, 0xA4, 0x04, 0x0C).data(bytes("A00000000039")),
    );
    let template = [bytes("80019B83018191820100"), bytes(&recording.ifdpub)].concat();
    let mse = CommandBuf::new(0x00, 0x22, 0x41, 0xA6)
        .data(template)
        .extended();
    assert_eq!(plain(&mut opened, mse).1, StatusWord::NO_ERROR);
    plain(
        &mut opened,
        CommandBuf::new(0x00, 0xCB, 0x3F, 0xFF)
            .data(bytes("4D04A6029100"))
            .le(Le::Maximum),
    );
    let command = bytes(&recording.log[0].4);
    for bit in 0..(command.len() - 1) * 8 {
        let mut spoiled = command.clone();
        spoiled[bit / 8] ^= 0x80 >> (bit % 8);
        let mut card = opened.fork();
        let answer = card.transmit(&spoiled).to_vec();
        assert_eq!(answer.len(), 2, "bit {bit}: refused without data objects");
        assert_ne!(answer, [0x90, 0x00], "bit {bit}");
        assert_eq!(card.state().channel, Channel::Plain, "bit {bit}");
        let again = card.transmit(&command).to_vec();
        assert_eq!(again, [0x68, 0x82], "bit {bit}: the session is gone");
    }
    assert_eq!(
        hex::encode_upper(opened.transmit(&command)),
        recording.log[0].5
    );
}
