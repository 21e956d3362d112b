//! The card on the plain APDU path, and what can stand around it: trace, faults, store, a fork. Each number has its baseline in the
//! same run.

use std::hint::black_box;

use crate::harness::{Bench, Routine};
use cie_benches::login::Login;
use cie_benches::{SetupError, authenticated, reading_card};
use cie_conformance::target::Embedded;
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{OpenOptions, open_device_authentication};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::persona::Persona;
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::faults::{Faults, Rule};
use cie_emulator::phy::trace::Trace;
use cie_emulator::store;
use cie_emulator::wire::{Command, CommandBuf, StatusWord, ins};

const READ: [u8; 5] = [0x00, 0xB0, 0x00, 0x00, 0x80];
const SELECT: [u8; 7] = [0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06];

/// The least that dispatches a command: a parsed header, a match, and the bytes asked for.
fn dispatch(file: &[u8], command: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let Ok(command) = Command::parse(command) else {
        return 0;
    };
    let offset = usize::from(command.header.p1_p2());
    let wanted = command.ne().unwrap_or(0);
    let sw = match command.header.ins {
        ins::READ_BINARY => match file.get(offset..).and_then(|rest| rest.get(..wanted)) {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                StatusWord::NO_ERROR
            }
            None => StatusWord::WRONG_P1_P2,
        },
        ins::SELECT => StatusWord::NO_ERROR,
        _ => StatusWord::INS_NOT_SUPPORTED,
    };
    out.extend_from_slice(&sw.to_bytes());
    out.len()
}

fn plain(bench: &mut Bench) -> Result<(), SetupError> {
    let file = vec![0x5A; 1700];
    for (name, command) in [("READ BINARY 128", &READ[..]), ("SELECT EF", &SELECT[..])] {
        let (mut card, mut out) = (reading_card()?, Vec::with_capacity(300));
        bench.against(
            "plain",
            1,
            Routine {
                name,
                run: &mut || card.transmit(black_box(command)).len(),
            },
            Routine {
                name: &format!("baseline: the cheapest dispatch of {name}"),
                run: &mut || dispatch(black_box(&file), black_box(command), &mut out),
            },
        )?;
    }
    Ok(())
}

fn fork(bench: &mut Bench) -> Result<(), SetupError> {
    let fresh = reading_card()?;
    let login = Login::record()?;
    let inside = &login.reads.last()?.before;
    let sessions = [
        ("fork of a card in plain", &fresh),
        ("fork of a card in a session", inside),
    ];
    for (name, card) in sessions {
        bench.alone(
            "fork",
            1,
            Routine {
                name,
                run: &mut || usize::from(black_box(card.fork()).is_powered()),
            },
        );
    }
    let mut card = inside.fork();
    let baseline = "baseline: the card itself";
    bench.against(
        "fork",
        1,
        Routine {
            name: "fork, then READ BINARY 128 in plain",
            run: &mut || fresh.fork().transmit(black_box(&READ)).len(),
        },
        Routine {
            name: baseline,
            run: &mut || card.transmit(black_box(&READ)).len(),
        },
    )
}

/// A card with somebody listening who does nothing.
fn traced(card: Card) -> impl Transceiver {
    Trace::new(card, |event| {
        black_box(event);
    })
}

fn trace(bench: &mut Bench) -> Result<(), SetupError> {
    let (mut with, mut without) = (traced(reading_card()?), reading_card()?);
    bench.against(
        "trace",
        1,
        Routine {
            name: "plain READ BINARY 128, traced",
            run: &mut || with.transmit(black_box(&READ)).len(),
        },
        Routine {
            name: "baseline: plain READ BINARY 128",
            run: &mut || without.transmit(black_box(&READ)).len(),
        },
    )?;
    let login = Login::record()?;
    let tapes = [
        ("READ BINARY 128 under SM", &login.reads),
        ("signature", &login.signature),
    ];
    for (name, tape) in tapes {
        let before = &tape.turns().first().ok_or("nothing was recorded")?.before;
        bench.against(
            "trace",
            tape.len(),
            Routine {
                name: &format!("{name}, traced"),
                run: &mut || {
                    let mut card = traced(before.fork());
                    let turns = tape.turns().iter();
                    turns.map(|turn| card.transmit(&turn.command).len()).sum()
                },
            },
            Routine {
                name: &format!("baseline: {name}"),
                run: &mut || tape.play(),
            },
        )?;
    }
    Ok(())
}

/// The layer of faults with nothing to do: no rule at all, and one that is about other commands.
fn faults(bench: &mut Bench) -> Result<(), SetupError> {
    let elsewhere: Rule = "sw=6F00@VERIFY,10%".parse()?;
    for (name, rules) in [
        ("plain READ BINARY 128, faults idle", vec![]),
        ("plain READ BINARY 128, faults elsewhere", vec![elsewhere]),
    ] {
        let mut with = Faults::new(reading_card()?, rules, ());
        let mut without = reading_card()?;
        bench.against(
            "faults",
            1,
            Routine {
                name,
                run: &mut || with.transmit(black_box(&READ)).len(),
            },
            Routine {
                name: &format!("baseline: {name}, no layer"),
                run: &mut || without.transmit(black_box(&READ)).len(),
            },
        )?;
    }
    Ok(())
}

/// A terminal whose card is kept on the disk.
fn stored(directory: &std::path::Path) -> Result<Terminal, SetupError> {
    let file = directory.join("card.cie");
    let persona = Persona::builtin("adult-default")?;
    store::create(&file, &persona, &reading_card()?, store::Existing::Replaced)?;
    let card = store::open(&file)?.into_card()?;
    let target = Embedded::of(card, "a stored card".to_owned());
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(2)));
    terminal.power_on()?;
    open_device_authentication(&mut terminal, OpenOptions::default())?;
    Ok(terminal)
}

fn store_on_and_off(bench: &mut Bench) -> Result<(), SetupError> {
    let directory = tempfile::tempdir()?;
    let (mut with, mut without) = (stored(directory.path())?, authenticated()?);
    let verify = CommandBuf::new(0, ins::VERIFY, 0, 0x81).data(*b"12345678");
    let sent = |terminal: &mut Terminal| {
        terminal.take_exchanges();
        terminal
            .transmit(&verify)
            .map_or(0, |reply| usize::from(reply.sw.0))
    };
    if [sent(&mut with), sent(&mut without)] != [0x9000, 0x9000] {
        return Err("VERIFY is refused".into());
    }
    bench.against(
        "store",
        1,
        Routine {
            name: "VERIFY, both sides, card on the disk",
            run: &mut || sent(&mut with),
        },
        Routine {
            name: "baseline: VERIFY, both sides, card in memory",
            run: &mut || sent(&mut without),
        },
    )
}

pub(crate) fn all(bench: &mut Bench) -> Result<(), SetupError> {
    plain(bench)?;
    fork(bench)?;
    trace(bench)?;
    faults(bench)?;
    store_on_and_off(bench)
}
