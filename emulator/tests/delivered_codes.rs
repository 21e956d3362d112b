//! The codes on paper and the codes on the card: what the two sheets join to opens it, and what is printed again later is
//! still the PUK, and no longer the PIN, of a holder who changed it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::persona::codes::{Channel, Contacts, Issuance, Operator, join};
use cie_emulator::persona::{CardData, Persona, personalise};
use rstest::rstest;
use support::commands::*;
use support::*;

fn delivered(card: &CardData) -> Terminal {
    let mut terminal = switched_on(image(card, "bit4id2", "default"));
    terminal.authenticate();
    terminal
}

#[rstest]
#[case(1)]
#[case(77)]
#[case(20_240_507)]
fn p1_the_joined_sheets_open_the_card(#[case] seed: u64) {
    let card = personalise(&Persona::generate(seed).unwrap()).unwrap();
    let (pin, puk) = join(&card.receipt, &card.letter).unwrap();
    let mut terminal = delivered(&card);
    assert_eq!(terminal.verify(0x81, pin.reveal()), 0x9000);
    assert_eq!(terminal.verify(0x82, puk.reveal()), 0x9000);
}

#[test]
fn one_sheet_alone_opens_nothing() {
    let card = seeded_card_data();
    let mut terminal = delivered(card);
    let pin = card.pin.reveal();
    for half in [&pin[..4], &pin[4..]] {
        assert_eq!(terminal.verify(0x81, half), 0x6700, "and costs nothing");
    }
    let swapped = [&pin[4..], &pin[..4]].concat();
    assert_eq!(terminal.verify(0x81, &swapped), 0x63C2);
}

#[test]
fn p4_a_reprint_knows_the_puk_for_ever_and_not_the_pin_that_was_changed() {
    let card = seeded_card_data();
    let mut issuance = Issuance::request(
        card.document_number,
        card.pin.clone(),
        card.puk.clone(),
        Contacts {
            email: Some("holder@example.org".to_owned()),
        },
    );
    issuance.receipt().unwrap();
    issuance.produce().unwrap();
    let mut terminal = delivered(card);
    let changed = [&card.pin.reveal()[..], b"48150726"].concat();
    assert_eq!(terminal.sm(&change(0x81, &changed)).sw, 0x9000);

    let operator = Operator::new("Counter 3").unwrap();
    let receipt = issuance
        .reprint_receipt(Channel::Counter, &operator)
        .unwrap();
    let letter = issuance.reprint_letter(Channel::Email, &operator).unwrap();
    let (pin, puk) = join(&receipt, &letter).unwrap();
    assert_eq!(terminal.verify(0x81, pin.reveal()), 0x63C2);
    assert_eq!(terminal.verify(0x81, b"48150726"), 0x9000);
    assert_eq!(terminal.verify(0x82, puk.reveal()), 0x9000);
    terminal
        .sm(&reset_retry_counter(2, 0x81, pin.reveal()))
        .ok();
    assert_eq!(
        terminal.verify(0x81, pin.reveal()),
        0x9000,
        "set back by PUK"
    );
}
