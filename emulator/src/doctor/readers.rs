//! The readers, where somebody with a PC/SC library looked.

use super::Finding;
use super::system::{ReaderFacts, ReadersUnknown, System};

pub(super) fn examine(system: &dyn System, out: &mut Vec<Finding>) {
    match system.readers() {
        Ok(readers) if readers.is_empty() => out.push(Finding::warning(
            "readers.present",
            "the daemon has no reader",
            "`cie-card driver install` gives it virtual ones; plug a real one in for a real card",
        )),
        Ok(readers) => out.extend(readers.iter().map(reader)),
        Err(ReadersUnknown::NotAsked) => out.push(Finding::note(
            "readers.present",
            "the readers were not asked: `cie-conf doctor` does, through the PC/SC library",
        )),
        Err(ReadersUnknown::Failed(reason)) => out.push(Finding::warning(
            "readers.present",
            format!("the readers could not be listed: {reason}"),
            "see the findings about the daemon; apt-get install libpcsclite1 where the library is missing",
        )),
    }
}

fn reader(reader: &ReaderFacts) -> Finding {
    let ReaderFacts {
        name,
        card,
        atr_attribute,
    } = reader;
    match (card, atr_attribute) {
        (false, _) => Finding::fine("readers.present", format!("{name}: no card")),
        (true, None) => Finding::fine("readers.present", format!("{name}: a card is in")),
        (true, Some(true)) => Finding::fine(
            "readers.atr",
            format!("{name}: a card is in, its ATR attribute is readable"),
        ),
        (true, Some(false)) => Finding::warning(
            "readers.atr",
            format!(
                "{name}: the driver does not know the ATR attribute, without which the official middleware refuses every card"
            ),
            "serve the card through our driver (`cie-card driver install`) instead of this one",
        ),
    }
}
