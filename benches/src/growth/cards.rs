//! Many cards in one process: what a round of all of them takes, and what they hold.

use std::process::Stdio;

use cie_emulator::Card;

use super::{Curve, MEMORY_OF_CARDS, quickest, series};
use crate::login::Login;
use crate::{SetupError, cargo_bench};

const CARDS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// So many authenticated cards, each with a session of its own.
fn forked(login: &Login, count: usize) -> Result<Vec<Card>, SetupError> {
    let first = login.verifies.turns().first().ok_or("no VERIFY")?;
    let mut cards: Vec<Card> = (0..count).map(|_| first.before.fork()).collect();
    for card in &mut cards {
        if card.transmit(&first.command) != first.answer {
            return Err("a fork answers differently".into());
        }
    }
    Ok(cards)
}

pub(super) fn time() -> Result<Curve, SetupError> {
    let login = Login::record()?;
    let (mut making, mut reading) = (Vec::new(), Vec::new());
    for count in CARDS {
        let seconds = quickest(|| forked(&login, count).map(drop))?;
        making.push((count as f64, seconds * 1e3));
        let mut cards = forked(&login, count)?;
        for card in &mut cards {
            card.transmit(&[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06]);
        }
        let seconds = quickest(|| {
            for card in &mut cards {
                if card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x80]).len() != 130 {
                    return Err("a card does not read".into());
                }
            }
            Ok(())
        })?;
        reading.push((count as f64, seconds * 1e3));
    }
    Ok(Curve {
        file: "cards",
        title: "Cards in one process: time of a round over all of them",
        across: "cards",
        up: "milliseconds",
        series: vec![
            series("fork and VERIFY under SM", making),
            series("plain READ BINARY of 128 bytes", reading),
        ],
        straight: "in proportion to the cards",
    })
}

/// Counted by the bench `process`: counting costs threads more than their work, so no other program does it.
pub(super) fn memory() -> Result<Curve, SetupError> {
    let mut command = cargo_bench();
    command.args(["--quiet", "--bench", "process", "--", MEMORY_OF_CARDS]);
    command.args(CARDS.map(|count| count.to_string()));
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the bench `process` failed; its message stands above".into());
    }
    let mut points = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let (cards, held) = line
            .split_once(' ')
            .ok_or("the bench says something else")?;
        points.push((cards.parse()?, held.parse::<f64>()? / 1e3));
    }
    Ok(Curve {
        file: "cards-memory",
        title: "Cards in one process: memory of cards that verified, selected and read",
        across: "cards",
        up: "kilobytes",
        series: vec![series("forked cards", points)],
        straight: "in proportion to the cards",
    })
}
