//! The stories of the remembered half, told word for word against the card.

use std::collections::BTreeSet;

use cie_conformance::clients::half_pin::{Caution, Event, HalfPinClient};
use cie_conformance::clients::status::decode;
use cie_conformance::clients::vectors::{Happening, Story, half_pins};
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::credentials::{change_reference_data, verify};
use cie_conformance::terminal::ias::{Code, OpenOptions, Reference, open_device_authentication};

use crate::{IMAGE, Start, card, word};

/// Every login is a session of its own, as clients do it.
fn session(terminal: &mut Terminal) {
    terminal.power_on().unwrap();
    open_device_authentication(terminal, OpenOptions::default()).unwrap();
}

fn change(terminal: &mut Terminal, pin: &mut String, new: &str) {
    session(terminal);
    let old = Code::from(pin.as_str());
    let command = change_reference_data(Reference::Pin, &old, &Code::from(new));
    assert!(terminal.transmit(&command).unwrap().sw.is_ok());
    new.clone_into(pin);
}

fn happens(
    terminal: &mut Terminal,
    client: &mut HalfPinClient,
    pin: &mut String,
    happening: &Happening,
) {
    let Happening {
        event, sends, sw, ..
    } = happening;
    match event {
        Event::Typed(digits) => {
            let data = client.verification_data(digits);
            let text = |code: &Code| String::from_utf8(code.as_bytes().to_vec()).unwrap();
            assert_eq!(data.as_ref().ok().map(text), *sends);
            let Ok(data) = data else {
                return;
            };
            session(terminal);
            let answer = terminal.transmit(&verify(Reference::Pin, &data)).unwrap();
            assert_eq!(Some(word(answer.sw)), *sw);
            client.answered(&data, decode(answer.sw.to_bytes()));
        }
        Event::ChangedHere(new) => {
            change(terminal, pin, new);
            client.changed_here(&Code::from(new.as_str()));
        }
        Event::ChangedElsewhere(new) => change(terminal, pin, new),
        Event::Unpaired => client.unpair(),
    }
}

fn tell(story: &Story, first: &str) {
    let mut pin = first.to_owned();
    let mut terminal = card(&IMAGE, &Start::new(first, 3, 10));
    let mut client = HalfPinClient::unpaired(story.client);
    for (number, happening) in story.events.iter().enumerate() {
        println!(
            "{}, event {}: {:?}",
            story.name,
            number + 1,
            happening.event
        );
        happens(&mut terminal, &mut client, &mut pin, happening);
        let tries = terminal.state().unwrap().pin_tries;
        assert_eq!(tries, Some(happening.tries));
    }
}

#[test]
fn every_story_is_true() {
    let table = half_pins().unwrap();
    let mut names = BTreeSet::new();
    for story in &table.stories {
        assert!(names.insert(&story.name), "{} twice", story.name);
        tell(story, &table.pin);
    }
    assert!(
        [Caution::Trusting, Caution::Careful]
            .iter()
            .eq(table.cautions.keys())
    );
    println!("trust: half-PIN stories: {} stories", table.stories.len());
    assert!(names.len() >= 18);
}

#[test]
fn what_is_remembered_is_not_shown() {
    let mut client = HalfPinClient::unpaired(Caution::Careful);
    client.answered(
        &Code::from("13572468"),
        cie_conformance::clients::status::Verdict::Ok,
    );
    assert_eq!(client.asks_for(), 4);
    let shown = format!("{client:?}");
    assert!(shown.contains("paired: true"), "{shown}");
    assert!(!shown.contains("1357"), "{shown}");
}
