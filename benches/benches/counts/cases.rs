//! What is counted: commands that were recorded from a terminal and are played to the card as it was before them, the
//! arithmetic they cannot do without, and the judge at work on a scenario.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use cie_benches::document::{Paced, Reading};
use cie_benches::login::Login;
use cie_benches::messaging::{Ciphers, RawMessaging};
use cie_benches::tape::{Recording, Tape, Turn};
use cie_benches::{SetupError, image, reading_card, scenario_of};
use cie_conformance::run::{DEFAULT_CHIP, EmbeddedCards, Options, Silent, run};
use cie_conformance::scenario::{Catalogue, Source, load};
use cie_conformance::terminal::ias::credentials::{Code, Reference, verify};
use cie_conformance::terminal::ias::{OpenOptions, open_device_authentication};
use cie_crypto::dh::Group;
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::phy::Transceiver as _;
use cie_emulator::phy::faults::Faults;
use cie_emulator::wire::tlv::Objects;

use crate::Case;

/// Steps of the scenario that is loaded and run.
const STEPS: usize = 100;

const READ: &[u8] = &[0x00, 0xB0, 0x00, 0x00, 0x80];

pub(crate) fn all() -> Result<Vec<Case>, SetupError> {
    let mut cases = plain()?;
    cases.extend(protected()?);
    cases.extend(login()?);
    cases.extend(arithmetic()?);
    cases.extend(document()?);
    cases.extend(judge()?);
    Ok(cases)
}

fn case(name: &'static str, run: impl FnMut() -> usize + 'static) -> Case {
    let run = Box::new(run);
    Case { name, run }
}

/// One recorded command to the card as it was: twice, each time to a card of its own.
fn turn(name: &'static str, turn: &Turn) -> Case {
    let mut cards = [turn.before.fork(), turn.before.fork()];
    let command = turn.command.clone();
    let mut played = 0;
    case(name, move || {
        let card = cards.get_mut(played);
        played += 1;
        card.map_or(0, |card| card.transmit(black_box(&command)).len())
    })
}

fn tape(name: &'static str, tape: Tape) -> Case {
    case(name, move || tape.play())
}

fn plain() -> Result<Vec<Case>, SetupError> {
    let card = reading_card()?;
    let sending = |name, command: &'static [u8]| {
        let mut card = card.fork();
        case(name, move || card.transmit(black_box(command)).len())
    };
    let mut cases = vec![
        sending(
            "SELECT EF, plain",
            &[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06],
        ),
        sending("READ BINARY 128, plain", READ),
    ];
    let mut faults = Faults::new(card.fork(), vec![], ());
    cases.push(case("READ BINARY 128, plain, faults idle", move || {
        faults.transmit(black_box(READ)).len()
    }));
    let mut forks = Vec::with_capacity(2);
    cases.push(case("fork", move || {
        forks.push(black_box(&card).fork());
        1
    }));
    let file = personalise(&Persona::builtin("adult-default")?)?.ef_sod;
    cases.push(case("data objects of EF.SOD, parsed", move || {
        objects(black_box(&file))
    }));
    Ok(cases)
}

/// How many data objects there are, and in them.
fn objects(bytes: &[u8]) -> usize {
    let found = Objects::new(bytes).flatten();
    let inside = found.map(|object| match object.raw.first() {
        Some(tag) if tag & 0x20 != 0 => 1 + objects(object.value),
        _ => 1,
    });
    inside.sum()
}

fn protected() -> Result<Vec<Case>, SetupError> {
    let login = Login::record()?;
    let aes = Paced::record("adult-modern")?.reads;
    let raw = |name, tape: &Tape, ciphers| {
        let mut raw = RawMessaging::of(tape, ciphers)?;
        Ok::<_, SetupError>(case(name, move || {
            raw.run();
            1
        }))
    };
    Ok(vec![
        turn("READ BINARY 128, protected, 3DES", login.reads.last()?),
        raw(
            "64 times its cipher and MAC calls",
            &login.reads,
            Ciphers::triple_des(),
        )?,
        turn("READ BINARY 128, protected, AES-128", aes.last()?),
        raw(
            "64 times its cipher and MAC calls, AES-128",
            &aes,
            Ciphers::aes128()?,
        )?,
        turn("VERIFY, right PIN, protected", login.verifies.last()?),
        turn("VERIFY, wrong PIN, protected", wrong_pin()?.last()?),
    ])
}

fn wrong_pin() -> Result<Tape, SetupError> {
    let card = Card::new(image()?, Box::new(Seeded::new(1)));
    let mut recording = Recording::of(card, Box::new(Seeded::new(2)))?;
    open_device_authentication(&mut recording.terminal, OpenOptions::default())?;
    recording.cut()?;
    let wrong = verify(Reference::Pin, &Code::from("87654321"));
    let reply = recording.terminal.transmit(&wrong)?;
    match reply.sw.tries_left() {
        Some(_) => recording.cut(),
        None => Err("the card takes a wrong PIN".into()),
    }
}

fn login() -> Result<Vec<Case>, SetupError> {
    let login = Login::record()?;
    Ok(vec![
        tape("key agreement", login.key_agreement),
        tape("certificate verification", login.certificate),
        tape("external authentication", login.external),
        tape("internal authentication", login.internal),
        turn("signature", login.signature.last()?),
    ])
}

fn arithmetic() -> Result<Vec<Case>, SetupError> {
    let powers = Login::record()?.powers;
    let sign = Login::record()?.powers;
    let group = Group::rfc5114_2048_256();
    let exponent = group.random_exponent(&mut Seeded::new(3)).to_vec();
    let peer = group.public_value(&group.random_exponent(&mut Seeded::new(4)));
    let of_generator = exponent.clone();
    Ok(vec![
        case("exponentiations of a key agreement", move || {
            powers.key_agreement()
        }),
        case("exponentiation of a signature", move || sign.sign()),
        case("modular power, 2048 bits, exponent of 256", move || {
            let secret = group.shared_secret(&exponent, &peer);
            secret.map_or(0, |secret| secret.len())
        }),
        case(
            "modular power of the generator, exponent of 256",
            move || group.public_value(&of_generator).len(),
        ),
    ])
}

fn document() -> Result<Vec<Case>, SetupError> {
    let reading = Reading::record()?;
    let paced = Paced::record("adult-modern")?;
    Ok(vec![
        tape("basic access control", reading.access),
        tape("all files of a document", reading.files),
        tape("PACE, brainpoolP256r1", paced.access),
    ])
}

fn judge() -> Result<Vec<Case>, SetupError> {
    let catalogue = || Catalogue::of(&[DEFAULT_CHIP], &["adult-default"], &["CIE-READ-001"]);
    let text = scenario_of(STEPS);
    let source = Source::new("bench.yaml", text.as_str());
    let loaded = load(&source, &catalogue()).map_err(|problems| format!("{problems:?}"))?;
    let cards = EmbeddedCards::new(DEFAULT_CHIP);
    let options = Options {
        jobs: 1,
        ..Options::default()
    };
    let catalogue = catalogue();
    Ok(vec![
        case("loading a scenario of 100 steps", move || {
            load(&source, &catalogue).map_or(0, |loaded| loaded.cases.len())
        }),
        case("running a scenario of 100 steps", move || {
            let calm = AtomicBool::new(false);
            let nothing = BTreeSet::new();
            let finished = run(&loaded.cases, &cards, &options, &nothing, &Silent, &calm);
            let verdicts = finished.cases.iter().map(|case| case.verdict.word());
            verdicts.filter(|word| *word == "passed").count()
        }),
    ])
}
