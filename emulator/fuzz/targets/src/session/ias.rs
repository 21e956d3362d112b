//! The flows with the IAS application, on chips and profiles that answer differently.

use std::sync::Arc;

use cie_conformance::terminal::ias::{
    self, Code, DeviceAuthentication, OpenOptions, ReadLoop, Reference, Step, commands,
    credentials, signatures,
};
use cie_conformance::terminal::{SendOptions, Terminal};
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::credentials::Code as CardCode;
use cie_emulator::persona::{CardData, Persona, personalise};
use cie_emulator::wire::{CommandBuf, Le};

use super::flow::{Flow, Recorder};

/// Chips and profiles: answers whole or behind 61xx, extended length, strict dialects, rules that differ.
const CARDS: [(&str, &[&str]); 4] = [
    ("gemalto", &[]),
    (
        "bit4id2",
        &["get_response=always", "wrong_le_6cxx=true", "rrc_00=true"],
    ),
    (
        "nxp",
        &[
            "bad_length=count",
            "puk_exhaustion=puk_object_only",
            "new_pin_check=trivial",
        ],
    ),
    ("stm3", &["puk_success_resets=false", "last_wrong=blocked"]),
];

/// All flows.
pub(super) fn flows() -> Vec<Flow> {
    let persona = Persona::builtin("adult-seeded").expect("built in");
    let data = personalise(&persona).expect("built in");
    let mut flows = Vec::new();
    for (number, (chip, settings)) in (1..).zip(CARDS) {
        let image = image(&data, chip, settings);
        flows.push(services(Arc::clone(&image), number));
        flows.push(login(Arc::clone(&image), number, &data));
        flows.push(blocked(image, number, &data));
    }
    flows
}

pub(super) fn image(data: &CardData, id: &str, settings: &[&str]) -> Arc<Image> {
    let profile = Profile::with_settings(settings.iter().copied()).expect("known parameters");
    let chip = chip(id).expect("a known chip");
    Arc::new(data.clone().into_image(chip, profile).expect("a card"))
}

fn code(of: &CardCode) -> Code {
    Code::new(*of.reveal())
}

/// A code that is not this one.
fn wrong(of: &CardCode) -> Code {
    let mut digits = *of.reveal();
    digits[0] = b'0' + (digits[0] - b'0' + 1) % 10;
    Code::new(digits)
}

/// Whatever the answer is.
fn send(recorder: &mut Recorder, command: &CommandBuf) {
    recorder.step(|terminal| terminal.transmit(command).map(drop).unwrap_or_default());
}

/// What is open to everybody.
fn services(image: Arc<Image>, seed: u64) -> Flow {
    let mut recorder = Recorder::new(image, seed);
    send(&mut recorder, &commands::select_master_file());
    for file in [0x2F01, 0xD003] {
        recorder.step(|terminal| {
            ias::read_file(terminal, file, ReadLoop::default())
                .map(drop)
                .unwrap_or_default();
        });
    }
    send(
        &mut recorder,
        &commands::select_application(&commands::IAS_AID),
    );
    send(
        &mut recorder,
        &commands::select_application(&commands::CIE_AID),
    );
    send(
        &mut recorder,
        &commands::get_data(&commands::ALL_PARAMETERS),
    );
    send(
        &mut recorder,
        &commands::get_data(&commands::one_parameter(0x98)),
    );
    send(&mut recorder, &commands::get_data(&commands::CA_PUBLIC_KEY));
    send(
        &mut recorder,
        &commands::read_binary_by_short_id(1, 0, Le::Maximum),
    );
    let odd = CommandBuf::new(0, 0xB1, 0x10, 0x05).data([0x54, 0x02, 0x00, 0x10]);
    send(&mut recorder, &odd.clone().le(Le::Exactly(16)));
    send(&mut recorder, &odd.le(Le::Exactly(300)).extended());
    recorder.step(|terminal| {
        signatures::services_authentication(terminal, b"a challenge of a service")
            .map(drop)
            .unwrap_or_default();
    });
    send(&mut recorder, &commands::get_response(Le::Maximum));
    for reference in [Reference::Pin, Reference::Puk] {
        send(
            &mut recorder,
            &credentials::verify(reference, &Code::new([])),
        );
    }
    recorder.finish()
}

/// From power-on to an authenticated device, step by step.
fn authenticate(recorder: &mut Recorder) {
    let prepared = recorder.step(|terminal| ias::prepare(terminal, OpenOptions::default()));
    let prepared = prepared.expect("a right card");
    let agreement = recorder.step(|terminal| ias::agree_keys(terminal, &prepared.parameters));
    let agreement = agreement.expect("a right card");
    let mut run = DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
    let mut take = |terminal: &mut Terminal, step| {
        run.step(terminal, step, None, &SendOptions::default())
            .expect("a right card");
    };
    for step in Step::ALL {
        match step {
            // The counter moves without a message, so both are one.
            Step::InternalAuthenticate => recorder.step(|terminal| {
                take(terminal, step);
                take(terminal, Step::JumpCounter);
            }),
            Step::JumpCounter => {}
            _ => recorder.step(|terminal| take(terminal, step)),
        }
    }
}

/// Login, signature, another PIN.
fn login(image: Arc<Image>, seed: u64, data: &CardData) -> Flow {
    let mut recorder = Recorder::new(image, seed);
    authenticate(&mut recorder);
    let pin = code(&data.pin);
    for given in [wrong(&data.pin), pin.clone()] {
        send(&mut recorder, &credentials::verify(Reference::Pin, &given));
    }
    recorder.step(|terminal| {
        ias::read_file(terminal, 0x1003, ReadLoop::Exact(0xE7))
            .map(drop)
            .unwrap_or_default();
    });
    recorder.step(|terminal| {
        signatures::sign(terminal, b"a digest, with its prefix")
            .map(drop)
            .unwrap_or_default();
    });
    let new = Code::from("31415926");
    for (old, new) in [(&pin, &new), (&new, &pin)] {
        let change = credentials::change_reference_data(Reference::Pin, old, new);
        send(&mut recorder, &change);
    }
    send(
        &mut recorder,
        &credentials::verify(Reference::Puk, &wrong(&data.puk)),
    );
    recorder.finish()
}

/// A blocked PIN, and the way out.
fn blocked(image: Arc<Image>, seed: u64, data: &CardData) -> Flow {
    let mut recorder = Recorder::new(image, seed);
    authenticate(&mut recorder);
    for _ in 0..3 {
        send(
            &mut recorder,
            &credentials::verify(Reference::Pin, &wrong(&data.pin)),
        );
    }
    send(
        &mut recorder,
        &credentials::verify(Reference::Pin, &code(&data.pin)),
    );
    for given in [wrong(&data.puk), code(&data.puk)] {
        send(&mut recorder, &credentials::verify(Reference::Puk, &given));
    }
    let new = Code::from("27182818");
    send(
        &mut recorder,
        &credentials::reset_retry_counter(Reference::Pin, Some(&new)),
    );
    send(
        &mut recorder,
        &credentials::reset_retry_counter(Reference::Pin, None),
    );
    let both = [code(&data.puk).as_bytes(), new.as_bytes()].concat();
    send(
        &mut recorder,
        &CommandBuf::new(0, 0x2C, 0x00, 0x81).data(both),
    );
    for _ in 0..10 {
        send(
            &mut recorder,
            &credentials::verify(Reference::Puk, &wrong(&data.puk)),
        );
    }
    send(&mut recorder, &credentials::verify(Reference::Pin, &new));
    recorder.finish()
}
