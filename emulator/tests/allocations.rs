//! The plain READ path takes nothing from the heap, bare or behind faults that have nothing to do: counted by the allocator, not
//! timed.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use cie_emulator::Card;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::faults::Faults;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn card() -> Card {
    let data = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    let image = data
        .into_image(chip("bit4id2").unwrap(), Profile::with([]).unwrap())
        .unwrap();
    Card::new(Arc::new(image), Box::new(Seeded::new(1)))
}

/// One test, because every thread's allocations count.
#[test]
fn reading_in_plain_allocates_nothing() {
    let rules = vec!["sw=6F00@VERIFY,10%".parse().unwrap()];
    reads_without_allocating("a card", card());
    reads_without_allocating("no faults", Faults::new(card(), vec![], ()));
    reads_without_allocating("faults elsewhere", Faults::new(card(), rules, ()));
}

fn reads_without_allocating(name: &str, mut card: impl Transceiver) {
    card.power_on();
    let select_cie = [0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39];
    let select_sod = [0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06];
    let reads: [&[u8]; 4] = [
        &[0x00, 0xB0, 0x00, 0x00, 0x80],
        &[0x00, 0xB0, 0x01, 0x00, 0x00],
        &[0x00, 0xB0, 0x85, 0x00, 0x00],
        &[0x00, 0xB0, 0x7F, 0x00, 0x00],
    ];
    for command in [&select_cie[..], &select_sod[..]].into_iter().chain(reads) {
        card.transmit(command);
    }
    // EF.CardAccess of the document under the master file, by identifier and by short identifier.
    let select_mf = [0x00, 0xA4, 0x00, 0x00];
    let select_card_access = [0x00, 0xA4, 0x02, 0x0C, 0x02, 0x01, 0x1C];
    let card_access: [&[u8]; 4] = [
        &select_mf,
        &select_card_access,
        &[0x00, 0xB0, 0x00, 0x00, 0x06],
        &[0x00, 0xB0, 0x00, 0x06, 0x00],
    ];
    let region = Region::new(ALLOCATOR);
    let mut bytes = 0;
    let mut of_the_document = 0;
    for _ in 0..1000 {
        bytes += card.transmit(&select_cie).len() + card.transmit(&select_sod).len();
        for read in reads {
            bytes += card.transmit(read).len();
        }
        for command in card_access {
            of_the_document += card.transmit(command).len();
        }
    }
    let change = region.change();
    assert_eq!(bytes, 1000 * (2 + 2 + 130 + 233 + 233 + 2));
    assert!(of_the_document > 1000 * (2 + 2 + 8 + 2));
    assert_eq!(
        (change.allocations, change.reallocations),
        (0, 0),
        "{name}: {change:?}"
    );
}
