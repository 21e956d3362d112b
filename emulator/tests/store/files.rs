//! Made, taken, used, taken again.

use crate::stored;
use crate::support::Terminal;
use cie_emulator::chip::{chips, presets};
use cie_emulator::credentials::WritePoint;
use cie_emulator::persona::Persona;
use cie_emulator::spec::CardSpec;
use cie_emulator::store::{self, Existing, Fault};
use rstest::rstest;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// Everything that a card is, as text; keys by their public halves.
fn portrait(image: &cie_emulator::card::Image) -> String {
    let keys = &image.ias;
    let publics = [
        &keys.signature,
        &keys.device,
        &keys.services,
        &keys.terminal_ca.verify,
    ]
    .map(|key| hex::encode(key.public().to_pkcs1_der()));
    format!(
        "{:?} {:?} {:?} {:?} {:?} {publics:?} {:?} {:?} {:?}",
        image.chip,
        image.profile,
        image
            .files
            .dedicated_files()
            .iter()
            .flat_map(|df| &df.files)
            .collect::<Vec<_>>(),
        image.files,
        image.factory == image.factory.clone(),
        keys.terminal_ca.public.to_pkcs1_der(),
        keys.serial_number,
        keys.dh.p(),
    )
}

fn every_card() -> Vec<String> {
    let mut cards: Vec<String> = Persona::builtin_ids().map(str::to_owned).collect();
    cards.extend(
        chips()
            .unwrap()
            .iter()
            .map(|chip| format!("chip={}", chip.id)),
    );
    cards.extend(presets().iter().map(|preset| format!("profile={preset}")));
    cards.push("seed=7,pin_tries=5,sn_icc_in_cie_df=true".to_owned());
    cards
}

#[test]
fn what_is_written_is_what_is_read() {
    for words in every_card() {
        let (_directory, path, issued) = stored(&words);
        let found = store::read(&path).unwrap();
        assert_eq!(found.persona, issued.persona, "{words}");
        assert_eq!(
            portrait(&found.image),
            portrait(issued.card.image()),
            "{words}"
        );
        assert_eq!(found.image.files, issued.card.image().files, "{words}");
        assert_eq!(found.image.factory, issued.card.image().factory, "{words}");
        assert_eq!(found.memory, *issued.card.memory(), "{words}");
        assert_eq!(
            (found.uses, found.last, found.other_record),
            (0, None, true)
        );
        let again = format!("{}", path.display())
            .parse::<CardSpec>()
            .unwrap()
            .look()
            .unwrap();
        assert_eq!(again.changed, issued.changed, "{words}");
    }
}

/// The private halves too: a stored card proves itself to a terminal that knows the certificate.
#[test]
fn a_stored_card_does_what_the_card_did() {
    let (_directory, path, issued) = stored("adult-default");
    let mut fresh = Terminal::new(issued.card);
    let mut kept = Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    for terminal in [&mut fresh, &mut kept] {
        terminal.authenticate();
        assert_eq!(terminal.verify(0x81, b"12345678"), 0x9000);
    }
    assert_eq!(fresh.state().pin_left, kept.state().pin_left);
}

#[test]
fn what_is_answered_is_there_for_the_next() {
    let (_directory, path, _) = stored("adult-default");
    let take = || Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    let mut terminal = take();
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C2);
    assert_eq!(terminal.verify(0x82, b"00000000"), 0x63C9);
    drop(terminal);
    let found = store::read(&path).unwrap();
    assert_eq!(found.last, Some(WritePoint::PukTryTaken));
    assert_eq!(
        (
            found.memory.credentials.pin_left,
            found.memory.credentials.puk_left
        ),
        (2, 9)
    );
    let mut terminal = take();
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C1);
    assert_eq!(terminal.verify(0x81, b"12345678"), 0x9000);
    drop(terminal);
    let found = store::read(&path).unwrap();
    assert_eq!((found.memory.credentials.pin_left, found.uses), (3, 2));
}

/// Reading costs the disk nothing: only what changes memory is written.
#[test]
fn commands_that_change_nothing_write_nothing() {
    let (_directory, path, _) = stored("adult-default");
    let mut terminal = Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    let before = fs::read(&path).unwrap();
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, b""), 0x63C3);
    terminal.reset();
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn no_two_uses_draw_the_same_bytes() {
    let (_directory, path, _) = stored("adult-default");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let mut card = store::open(&path).unwrap().into_card().unwrap();
        card.power_on();
        card.transmit(&[0x00, 0xA4, 0x04, 0x0C, 6, 0xA0, 0, 0, 0, 0, 0x39]);
        seen.insert(card.transmit(&[0x00, 0x84, 0, 0, 8]).to_vec());
    }
    assert_eq!(seen.len(), 5);
}

#[test]
fn one_writer_at_a_time_any_number_of_readers() {
    let (_directory, path, issued) = stored("adult-default");
    let card = store::open(&path).unwrap();
    let refused = store::open(&path).err().unwrap();
    let Fault::InUse(holder) = &refused.fault else {
        panic!("{refused}")
    };
    if fs::metadata("/proc/self/fd").is_ok() {
        assert_eq!(holder.process, Some(std::process::id()), "{refused}");
    }
    let replaced = store::create(&path, &issued.persona, &issued.card, Existing::Replaced);
    assert!(matches!(replaced.unwrap_err().fault, Fault::InUse(_)));
    assert_eq!(store::read(&path).unwrap().uses, 0);
    let card = card.into_card().unwrap();
    assert!(matches!(
        store::open(&path).err().unwrap().fault,
        Fault::InUse(_)
    ));
    assert_eq!(store::read(&path).unwrap().uses, 1);
    drop(card);
    assert!(store::open(&path).is_ok());
}

#[test]
fn only_its_owner_can_read_it() {
    let (_directory, path, _) = stored("adult-default");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn nothing_is_overwritten_unasked_and_nothing_is_left_behind() {
    let (directory, path, issued) = stored("adult-default");
    let before = fs::read(&path).unwrap();
    let again = |existing| store::create(&path, &issued.persona, &issued.card, existing);
    assert!(matches!(
        again(Existing::Refused).unwrap_err().fault,
        Fault::Exists
    ));
    assert!(fs::read(&path).unwrap() == before);
    again(Existing::Replaced).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let nowhere = directory.path().join("missing/card.cie");
    let error = store::create(&nowhere, &issued.persona, &issued.card, Existing::Refused);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("missing/card.cie: cannot create the card file")
    );
    // What stands in the way and is no card is not replaced either.
    let error = store::create(
        directory.path(),
        &issued.persona,
        &issued.card,
        Existing::Replaced,
    );
    assert!(matches!(error.unwrap_err().fault, Fault::NotACard));
}

/// Many at once: one of them makes the card, and every other one is told that it is there.
#[test]
fn one_of_many_makes_the_card() {
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..16)
        .map(|n| directory.path().join(format!("{n}.cie")))
        .collect();
    let together = std::sync::Barrier::new(4);
    let make_all = || -> Vec<_> {
        let issued = CardSpec::default().issue().unwrap();
        let make = |path: &PathBuf| {
            together.wait();
            store::create(path, &issued.persona, &issued.card, Existing::Refused).err()
        };
        paths.iter().map(make).collect()
    };
    let refused: Vec<_> = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(make_all));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    for (nth, path) in paths.iter().enumerate() {
        let refused: Vec<_> = refused
            .iter()
            .filter_map(|refused| refused[nth].as_ref())
            .collect();
        assert_eq!(refused.len(), 3, "{refused:?}");
        for refused in refused {
            assert!(
                matches!(refused.fault, Fault::Exists | Fault::InUse(_)),
                "{refused}"
            );
        }
        assert!(store::read(path).is_ok());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 16);
}

/// A profile that loses power at its first write does so on disk as in memory.
#[rstest]
#[case::before("before_commit", 3)]
#[case::after("after_commit", 2)]
fn the_tear_of_a_profile_holds_for_stored_cards(#[case] tear: &str, #[case] left: u8) {
    let (_directory, path, _) = stored(&format!("tear={tear}"));
    let mut terminal = Terminal::new(store::open(&path).unwrap().into_card().unwrap());
    terminal.authenticate();
    let verify = crate::support::commands::verify(0x81, b"00000000");
    let bytes = terminal.channel.as_mut().unwrap().protect(&verify);
    assert!(terminal.raw(&bytes).is_empty());
    assert_eq!(
        store::read(&path).unwrap().memory.credentials.pin_left,
        left
    );
}

/// A card that an earlier program stored is the same card for this one. `UPDATE_CARD=1` writes the fixture anew, which is
/// right only as long as no program was released that writes its format.
#[test]
fn a_card_of_format_1_is_still_read() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/cards/format-1.cie"
    );
    let path = std::path::Path::new(path);
    if std::env::var_os("UPDATE_CARD").is_some() {
        let issued = "seed=7,chip=nxp,pin_tries=5"
            .parse::<CardSpec>()
            .unwrap()
            .issue()
            .unwrap();
        store::create(path, &issued.persona, &issued.card, Existing::Replaced).unwrap();
        let mut terminal = Terminal::new(store::open(path).unwrap().into_card().unwrap());
        terminal.authenticate();
        assert_eq!(terminal.verify(0x81, b"00000000"), 0x63C4);
    }
    let found = store::read(path).unwrap();
    assert_eq!(found.persona.document_number.as_str(), "CN64328RO");
    assert_eq!(
        (found.uses, found.sequence, found.last),
        (1, 3, Some(WritePoint::PinTryTaken))
    );
    let credentials = &found.memory.credentials;
    assert_eq!((credentials.pin_left, credentials.puk_left), (4, 10));
    assert_eq!(found.image.chip.id, "nxp");
    assert_eq!(found.image.files.dedicated_files().len(), 3);
    assert!(store::check(path).unwrap().is_sound());
    // What it does is what it did: it opens a channel and takes the PIN it was made with.
    let copy = tempfile::tempdir().unwrap();
    let copied = copy.path().join("card.cie");
    fs::copy(path, &copied).unwrap();
    let mut terminal = Terminal::new(store::open(&copied).unwrap().into_card().unwrap());
    terminal.authenticate();
    assert_eq!(terminal.verify(0x81, credentials.pin.reveal()), 0x9000);
}
