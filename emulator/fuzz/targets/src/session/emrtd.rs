//! The flows with the travel document: basic access control and PACE, chip and terminal authentication, files behind each.

use std::sync::Arc;

use cie_conformance::terminal::emrtd::{
    Authority, BasicAccess, ChipAuthentication, Pace, Password, Round, SecurityInfos,
    TerminalAuthentication, commands,
};
use cie_conformance::terminal::ias::commands::read_binary;
use cie_conformance::terminal::{AfterRefusal, PlainAnswer, SendOptions};
use cie_emulator::persona::{CVCA_REFERENCE, CardData, CodesSource, Persona, Trust, personalise};
use cie_emulator::wire::{CommandBuf, Le};

use super::flow::{Flow, Recorder};
use super::ias::image;

/// Personas with documents of different protocols, chips and profiles that answer differently.
const CARDS: [(&str, &str, &[&str]); 3] = [
    ("adult-seeded", "gemalto", &[]),
    (
        "adult-modern",
        "bit4id2",
        &["document_errors=plain_keep_session"],
    ),
    ("adult-active-rsa", "nxp", &["get_response=always"]),
];

/// All flows.
pub(super) fn flows() -> Vec<Flow> {
    let mut flows = Vec::new();
    for (number, (persona, chip, settings)) in (1..).zip(CARDS) {
        let mut persona = Persona::builtin(persona).expect("built in");
        // The sample codes are part of other numbers on the card.
        persona.codes = CodesSource::Seeded;
        let data = personalise(&persona).expect("built in");
        let image = image(&data, chip, settings);
        flows.push(by_bac(Recorder::new(Arc::clone(&image), number), &data));
        flows.push(by_pace(
            Recorder::new(Arc::clone(&image), number),
            &data,
            true,
        ));
        flows.push(by_pace(Recorder::new(image, number), &data, false));
    }
    flows
}

fn zone(data: &CardData) -> Password {
    Password::from_machine_readable_zone(data.document.mrz.as_str()).expect("a right zone")
}

/// Whatever the answer is, protected or not: with one profile errors come in clear and the session goes on.
fn send(recorder: &mut Recorder, command: &CommandBuf) {
    let options = SendOptions {
        plain_answer: PlainAnswer::Accept,
        after_refusal: AfterRefusal::Keep,
        ..SendOptions::default()
    };
    recorder.step(|terminal| {
        terminal
            .transmit_with(command, &options)
            .map(drop)
            .unwrap_or_default();
    });
}

/// A file, or what can be had of it.
fn read(recorder: &mut Recorder, file: u16) {
    send(recorder, &commands::select_file(file));
    for offset in [0, 0xDF, 0x7FFF] {
        send(recorder, &read_binary(offset, Le::Exactly(0xDF)));
    }
}

fn by_bac(mut recorder: Recorder, data: &CardData) -> Flow {
    send(&mut recorder, &commands::select_document());
    read(&mut recorder, commands::COM);
    for password in [zone(data).wrong(), zone(data)] {
        let mut access = BasicAccess::new(&password);
        recorder.step(|terminal| access.run(terminal, None).map(drop).unwrap_or_default());
    }
    read(&mut recorder, commands::COM);
    read(&mut recorder, 0x0101);
    send(
        &mut recorder,
        &CommandBuf::new(0, 0xB0, 0x82, 0).le(Le::Maximum).extended(),
    );
    let challenge = b"ACTIVE A";
    send(
        &mut recorder,
        &commands::active_authenticate(challenge, Le::Maximum),
    );
    let document = &data.document;
    let identifier = document
        .data_group(1)
        .and_then(|zone| zone.get(10..20))
        .map(<[u8]>::to_vec);
    chip_and_terminal(&mut recorder, data, identifier.unwrap_or_default());
    recorder.finish()
}

fn by_pace(mut recorder: Recorder, data: &CardData, can: bool) -> Flow {
    send(&mut recorder, &commands::select_master_file());
    read(&mut recorder, commands::CARD_ACCESS);
    let password = match can {
        true => Password::from_card_access_number(data.document.can.as_bytes()),
        false => zone(data),
    };
    let infos = SecurityInfos::parse(&data.document.ef_card_access).expect("a right file");
    let info = infos.pace.first().expect("an offer");
    let mut wrong = Pace::new(info, None, false, password.wrong()).expect("a known protocol");
    recorder.step(|terminal| wrong.run(terminal).unwrap_or_default());
    let mut pace = Pace::new(info, None, true, password).expect("a known protocol");
    send(&mut recorder, &pace.begin());
    for round in Round::ALL {
        recorder.step(|terminal| {
            pace.round(terminal, round, None).expect("a right card");
            if round == Round::MutualAuthentication {
                pace.open(terminal).expect("keys");
            }
        });
    }
    send(&mut recorder, &commands::select_document());
    read(&mut recorder, 0x0102);
    if !can {
        let identifier = pace.card_identifier().unwrap_or_default();
        chip_and_terminal(&mut recorder, data, identifier);
    }
    recorder.finish()
}

/// The chip proves itself, then the terminal does, then what only such a terminal reads.
fn chip_and_terminal(recorder: &mut Recorder, data: &CardData, identifier: Vec<u8>) {
    let infos = data.document.data_group(14).map(SecurityInfos::parse);
    let infos = infos.expect("a file").expect("a right file");
    let mut chip = ChipAuthentication::new(&infos, None).expect("an offer");
    recorder.step(|terminal| {
        if chip.by_key_agreement_template() {
            let command = chip
                .set_key_agreement(None, terminal.random())
                .expect("a key");
            terminal
                .demand("MSE SET KAT", &command)
                .expect("a right card");
        } else {
            let set = chip.set_protocol(None);
            terminal.demand("MSE SET AT", &set).expect("a right card");
            let command = chip
                .general_authenticate(None, terminal.random())
                .expect("a key");
            terminal
                .demand("GENERAL AUTHENTICATE", &command)
                .expect("a right card");
        }
        chip.open(terminal).expect("keys");
    });
    read(recorder, 0x0103);
    let trust = Trust::embedded().expect("built in");
    let authority = Authority {
        reference: CVCA_REFERENCE.as_bytes().to_vec(),
        key: trust.cvca_key().expect("built in"),
    };
    let key = chip.compressed_key().unwrap_or_default();
    let run = TerminalAuthentication::new(authority, identifier, key).expect("a right key");
    recorder.step(|terminal| run.run(terminal, 1, None).expect("a right card"));
    read(recorder, 0x0103);
}
