//! What happens while cards are served, as one line each: words for people, or a JSON object for programs. Secrets have been
//! taken out before anything comes here.

use super::{Desk, Passed, Refusal, Status, What};
use crate::link::LinkEvent;
use crate::phy::trace::{Event, EventRecord, Exchange};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Between a card and its reader.
    Passed(Passed),
    /// Between a reader and the daemon.
    Link {
        /// The reader, from 1.
        reader: usize,
        /// What happened.
        event: LinkEvent,
    },
    /// A fault acts on what passes next.
    Fault {
        /// The card's number, from 1.
        card: usize,
        /// The rule, as [`crate::phy::faults::Rule`] writes itself.
        rule: String,
    },
    /// Nothing, though it was asked for.
    Refused(Refusal),
    /// How things stand.
    Status(Status),
}

/// Makes the lines; counts the exchanges of each reader.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    labels: Vec<String>,
    exchanges: Vec<usize>,
}

#[derive(Serialize)]
struct PassedRecord {
    reader: usize,
    card: usize,
    #[serde(flatten)]
    event: EventRecord,
}

impl Lines {
    /// Lines about the cards and readers of a desk, whose cards have all been added.
    #[must_use]
    pub fn about(desk: &Desk) -> Self {
        let status = desk.status();
        let inside = status.readers.iter().filter(|it| it.card.is_some());
        let cards = status.drawer.len().saturating_add(inside.count());
        Self {
            labels: (1..=cards)
                .map(|card| desk.label(card).to_owned())
                .collect(),
            exchanges: vec![0; status.readers.len()],
        }
    }

    /// For people: lines, each ended; nothing for what is not worth one.
    pub fn text(&mut self, told: &Told) -> String {
        match told {
            Told::Passed(passed) => {
                let number = self.count(passed);
                let text = match &passed.what {
                    What::Inserted => format!("== {} is in", self.card(passed.card)),
                    What::Removed => format!("== {} is out", self.card(passed.card)),
                    What::Event(one) => event(one, number),
                };
                format!("{}  {text}\n", passed.reader)
            }
            Told::Link { reader, event } => format!("{reader}  == {}\n", link(event)),
            Told::Fault { card, rule } => format!("   !! {}: {rule}\n", self.card(*card)),
            Told::Refused(refusal) => format!("   ?? {refusal}\n"),
            Told::Status(status) => self.status(status),
        }
    }

    /// For programs: one object.
    pub fn json(&mut self, told: &Told) -> Value {
        match told {
            Told::Passed(passed) => {
                let number = self.count(passed);
                self.passed_record(passed, number)
            }
            Told::Link { reader, event } => link_record(*reader, event),
            Told::Fault { card, rule } => {
                json!({ "event": "fault", "card": card, "rule": rule })
            }
            Told::Refused(refusal) => {
                json!({ "event": "refused", "reason": refusal.to_string() })
            }
            Told::Status(status) => json!({ "event": "status", "status": status }),
        }
    }

    /// The number of the exchange, counted in its reader; 0 for other events.
    fn count(&mut self, passed: &Passed) -> usize {
        let place = passed
            .reader
            .checked_sub(1)
            .and_then(|index| self.exchanges.get_mut(index));
        match (&passed.what, place) {
            (What::Event(Event::Exchange(_)), Some(count)) => {
                *count = count.saturating_add(1);
                *count
            }
            _ => 0,
        }
    }

    fn card(&self, card: usize) -> String {
        format!("card {card} ({})", self.label(card))
    }

    fn passed_record(&self, passed: &Passed, number: usize) -> Value {
        let Passed { reader, card, .. } = *passed;
        let moved = |event: &str| json!({ "event": event, "reader": reader, "card": card, "label": self.label(card) });
        match &passed.what {
            What::Inserted => moved("inserted"),
            What::Removed => moved("removed"),
            // Nothing in a record is a map with keys other than text.
            What::Event(event) => serde_json::to_value(PassedRecord {
                reader,
                card,
                event: EventRecord::new(event, number),
            })
            .unwrap_or_default(),
        }
    }

    fn label(&self, card: usize) -> &str {
        card.checked_sub(1)
            .and_then(|index| self.labels.get(index))
            .map_or("", String::as_str)
    }

    fn status(&self, status: &Status) -> String {
        let mut out = String::new();
        for reader in &status.readers {
            let card = match &reader.card {
                None => "empty".to_owned(),
                Some(card) => self.card(card.card),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "reader {}  {}: {card}", reader.reader, reader.name);
        }
        for card in &status.drawer {
            let _ = writeln!(out, "drawer    {}", self.card(card.card));
        }
        out
    }
}

fn event(event: &Event, number: usize) -> String {
    let reset = |what: &str, atr: &[u8]| match atr {
        [] => format!("-- {what}: no answer"),
        atr => format!("-- {what}: ATR {}", hex::encode_upper(atr)),
    };
    match event {
        Event::PowerOn(atr) => reset("power on", atr),
        Event::PowerOff => "-- power off".to_owned(),
        Event::Reset(kind, atr) => match kind {
            crate::card::Reset::Cold => reset("cold reset", atr),
            crate::card::Reset::Warm => reset("warm reset", atr),
        },
        Event::Exchange(one) => exchange(one, number),
    }
}

/// Question, answer and what changed, on one line.
fn exchange(exchange: &Exchange, number: usize) -> String {
    let status = exchange
        .status()
        .map_or_else(|| "no answer".to_owned(), |sw| sw.to_string());
    let data = match exchange.data().len() {
        0 => String::new(),
        1 => ", 1 byte".to_owned(),
        n => format!(", {n} bytes"),
    };
    let changes = match exchange.changes().as_slice() {
        [] => String::new(),
        changes => format!("  * {}", changes.join("; ")),
    };
    format!(
        "{number}. {} -> {status}{data}{changes}",
        exchange.description
    )
}

fn link(event: &LinkEvent) -> String {
    match event {
        LinkEvent::Waiting { reason } => format!("waiting: {reason}"),
        LinkEvent::Connected => "connected to the reader".to_owned(),
        LinkEvent::Disconnected { reason } => {
            format!("the reader is gone ({reason}); trying to get it back")
        }
        LinkEvent::AnswerTooLong { length } => format!(
            "an answer of {length} bytes does not fit through vpcd; the client was told 6F00"
        ),
    }
}

fn link_record(reader: usize, event: &LinkEvent) -> Value {
    match event {
        LinkEvent::Connected => {
            json!({ "event": "link", "reader": reader, "state": "connected" })
        }
        LinkEvent::Waiting { reason } => {
            json!({ "event": "link", "reader": reader, "state": "waiting", "reason": reason })
        }
        LinkEvent::Disconnected { reason } => {
            json!({ "event": "link", "reader": reader, "state": "disconnected", "reason": reason })
        }
        LinkEvent::AnswerTooLong { length } => {
            json!({ "event": "link", "reader": reader, "state": "answer_too_long", "length": length })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Slot;
    use crate::phy::Transceiver as _;
    use crate::phy::trace::Trace;
    use crate::spec::CardSpec;
    use rstest::rstest;
    use std::sync::mpsc;

    fn lines() -> Lines {
        let mut desk = Desk::new(vec![Slot::new("the reader")], None);
        for line in ["seed=7,name=Anna", "name=Bruno"] {
            let spec: CardSpec = line.parse().unwrap();
            desk.add(spec.label(), Box::new(spec.issue().unwrap().card));
        }
        Lines::about(&desk)
    }

    /// What a card and these commands come to.
    fn passed(commands: &[&str]) -> Vec<Told> {
        let (sender, events) = mpsc::channel();
        let card = CardSpec::default().issue().unwrap().card;
        let mut trace = Trace::new(card, move |event| drop(sender.send(event)));
        trace.power_on();
        for command in commands {
            trace.transmit(&hex::decode(command).unwrap());
        }
        trace.power_off();
        events
            .try_iter()
            .map(|event| {
                Told::Passed(Passed {
                    reader: 1,
                    card: 1,
                    what: What::Event(event),
                })
            })
            .collect()
    }

    #[test]
    fn one_line_for_each_exchange() {
        let mut lines = lines();
        let text: String = passed(&[
            "00A4040C06A00000000039",
            "0084000008",
            "00200081083132333435363739",
        ])
        .iter()
        .map(|told| lines.text(told))
        .collect();
        let mut found = text.lines();
        assert!(found.next().unwrap().starts_with("1  -- power on: ATR 3B"));
        assert_eq!(
            found.next().unwrap(),
            "1  1. SELECT the CIE application (A00000000039), status word only -> 9000 (no error)  * selected: CIE"
        );
        assert_eq!(
            found.next().unwrap(),
            "1  2. GET CHALLENGE, 8 bytes -> 9000 (no error), 8 bytes"
        );
        assert!(
            found
                .next()
                .unwrap()
                .starts_with("1  3. VERIFY PIN, 8 bytes -> ")
        );
        assert_eq!(found.next(), Some("1  -- power off"));
        assert_eq!(found.next(), None);
    }

    #[test]
    fn no_secret_in_any_line() {
        let told = passed(&["00200081083133353739313335"]);
        let (mut people, mut programs) = (lines(), lines());
        for told in &told {
            let text = people.text(told) + &programs.json(told).to_string();
            assert!(
                !text.contains("13579135") && !text.contains("3133353739313335"),
                "{text}"
            );
        }
    }

    #[rstest]
    #[case::inserted(Told::Passed(Passed { reader: 1, card: 2, what: What::Inserted }), "1  == card 2 (Bruno) is in\n", json!({"event": "inserted", "reader": 1, "card": 2, "label": "Bruno"}))]
    #[case::removed(Told::Passed(Passed { reader: 1, card: 1, what: What::Removed }), "1  == card 1 (Anna) is out\n", json!({"event": "removed", "reader": 1, "card": 1, "label": "Anna"}))]
    #[case::refused(Told::Refused(Refusal::DrawerEmpty), "   ?? the drawer is empty; start with --also to have more cards in it\n", json!({"event": "refused", "reason": "the drawer is empty; start with --also to have more cards in it"}))]
    #[case::fault(Told::Fault { card: 2, rule: "lost@VERIFY".to_owned() }, "   !! card 2 (Bruno): lost@VERIFY\n", json!({"event": "fault", "card": 2, "rule": "lost@VERIFY"}))]
    #[case::connected(Told::Link { reader: 1, event: LinkEvent::Connected }, "1  == connected to the reader\n", json!({"event": "link", "reader": 1, "state": "connected"}))]
    #[case::waiting(Told::Link { reader: 1, event: LinkEvent::Waiting { reason: "nobody".to_owned() } }, "1  == waiting: nobody\n", json!({"event": "link", "reader": 1, "state": "waiting", "reason": "nobody"}))]
    #[case::gone(Told::Link { reader: 1, event: LinkEvent::Disconnected { reason: "closed".to_owned() } }, "1  == the reader is gone (closed); trying to get it back\n", json!({"event": "link", "reader": 1, "state": "disconnected", "reason": "closed"}))]
    fn one(#[case] told: Told, #[case] text: &str, #[case] record: Value) {
        assert_eq!(lines().text(&told), text);
        assert_eq!(lines().json(&told), record);
    }

    #[test]
    fn the_state_of_the_desk() {
        let mut desk = Desk::new(vec![Slot::new("the reader")], None);
        desk.add("Anna", Box::new(CardSpec::default().issue().unwrap().card));
        let text = Lines::about(&desk).text(&Told::Status(desk.status()));
        assert_eq!(
            text,
            "reader 1  the reader: empty\ndrawer    card 1 (Anna)\n"
        );
    }
}
