//! `kill -9` for real: the real `cie-card serve` on a stored card, killed at random moments while codes are presented and
//! changed, and started again. This test is the reader (it plays vpcd) and the terminal; what it knows of the card it knows
//! from the answers it got.
//!
//! `CIE_KILLS=2000 cargo test -p cie-emulator --test kill -- --nocapture` for as many kills as one has time for; 60 by
//! default. `CIE_KILL_SEED` replays a run, as far as a scheduler can be replayed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "kill/life.rs"]
mod life;
#[path = "kill/model.rs"]
mod model;

use cie_emulator::crypto::random::{RandomSource as _, Seeded};
use cie_emulator::spec::CardSpec;
use cie_emulator::store::{self, Existing};
use life::{Life, Moment};
use model::{Codes, Model};
use std::path::Path;
use std::thread;

const LANES: u64 = 2;

fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Err(_) => otherwise,
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}")),
    }
}

/// What happened, for the one line at the end.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    /// Killed while the card came up or the channel was opened.
    opening: u64,
    /// Killed in a command, which was answered all the same.
    answered: u64,
    /// Killed in a command, which has no answer: nothing of it was durable, a part, or all.
    nothing: u64,
    part: u64,
    all: u64,
    commands: u64,
    cards: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.opening += other.opening;
        self.answered += other.answered;
        self.nothing += other.nothing;
        self.part += other.part;
        self.all += other.all;
        self.commands += other.commands;
        self.cards += other.cards;
    }
}

#[test]
fn nothing_is_lost_that_was_answered() {
    let kills = setting("CIE_KILLS", 60);
    let seed = setting("CIE_KILL_SEED", 20_240_507);
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| thread::spawn(move || run_lane(seed, lane, kills.div_ceil(LANES))))
        .collect();
    let mut tally = Tally::default();
    for lane in lanes {
        tally.add(&lane.join().unwrap());
    }
    println!(
        "trust: kill -9: {} kills (seed {seed}, {} cards), {} while it came up, {} in a command that was answered all the same, {} in one \
         without answer ({} with nothing of it durable, {} with a part, {} with all); {} commands answered, nothing lost",
        tally.kills,
        tally.cards,
        tally.opening,
        tally.answered,
        tally.nothing + tally.part + tally.all,
        tally.nothing,
        tally.part,
        tally.all,
        tally.commands
    );
    assert!(tally.kills >= kills);
    assert!(tally.commands > 0 && tally.nothing + tally.part + tally.all > 0);
}

/// One card after the other until so many processes were killed.
fn run_lane(seed: u64, lane: u64, kills: u64) -> Tally {
    let mut random = Draw(Seeded::derived(seed, &format!("kill, lane {lane}")));
    let directory = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    while tally.kills < kills {
        let path = directory.path().join(format!("card-{}.cie", tally.cards));
        let issued = CardSpec::default().issue().unwrap();
        store::create(&path, &issued.persona, &issued.card, Existing::Refused).unwrap();
        tally.cards += 1;
        let mut model = Model::fresh(&issued.card.memory().credentials);
        while tally.kills < kills && !model.is_locked() {
            let place = format!("seed {seed}, lane {lane}, kill {}", tally.kills);
            one_life(&path, &mut model, &mut random, &mut tally, &place);
        }
        assert!(store::check(&path).unwrap().is_sound());
    }
    tally
}

/// Starts the card, has it answer some commands, kills it, and looks at what it left.
fn one_life(path: &Path, model: &mut Model, random: &mut Draw, tally: &mut Tally, place: &str) {
    tally.kills += 1;
    if random.below(12) == 0 {
        tally.opening += 1;
        Life::cut_short(path, random.below(60_000));
        return look(path, model, tally, place);
    }
    let mut life = Life::begin(path);
    let told = life.tries_left();
    assert!(
        model.tells(told),
        "{place}: the card tells {told:04X}, {model:?}"
    );
    for _ in 0..random.below(4) {
        let step = model.choose(random, false);
        let sw = life.send(step, Moment::Never).unwrap();
        tally.commands += 1;
        model
            .answered(step, sw)
            .unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
    }
    let step = model.choose(random, true);
    match life.send(step, Moment::After(life.moment(random))) {
        Some(sw) => {
            tally.answered += 1;
            tally.commands += 1;
            model
                .answered(step, sw)
                .unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
        }
        None => model.unanswered(step),
    }
    life.end();
    look(path, model, tally, place);
}

/// The file as a power-up finds it must be what was answered last, or on the way of what was not.
fn look(path: &Path, model: &mut Model, tally: &mut Tally, place: &str) {
    let found = store::read(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    let found = Codes::of(&found.memory.credentials);
    match model.found(&found) {
        Err(wrong) => panic!("{place}: {wrong}"),
        Ok(None) => {}
        Ok(Some(0)) => tally.nothing += 1,
        Ok(Some(way)) if way == model.last_way() => tally.all += 1,
        Ok(Some(_)) => tally.part += 1,
    }
}

/// Numbers at random.
struct Draw(Seeded);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % limit
    }

    fn digits(&mut self) -> [u8; 8] {
        [(); 8].map(|()| b'0' + u8::try_from(self.below(10)).unwrap())
    }
}
