//! Many cards in one process: what a round of all of them takes, and what they hold.

use cie_emulator::Card;

use super::{Curve, quickest, series};
use crate::SetupError;
use crate::login::Login;

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

pub(super) fn memory() -> Result<Curve, SetupError> {
    let login = Login::record()?;
    let mut points = Vec::new();
    for count in CARDS {
        let before = crate::allocation::held();
        let cards = forked(&login, count)?;
        let held = crate::allocation::held().saturating_sub(before);
        points.push((count as f64, held as f64 / 1e3));
        drop(cards);
    }
    Ok(Curve {
        file: "cards-memory",
        title: "Cards in one process: memory of authenticated cards",
        across: "cards",
        up: "kilobytes on the heap",
        series: vec![series("forked cards", points)],
        straight: "in proportion to the cards",
    })
}
