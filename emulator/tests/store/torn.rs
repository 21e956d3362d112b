//! C13 in the real format: power cut at every write and every barrier, with every kind of loss.

use crate::support::{authenticated_with, seeded_card_data};
use cie_emulator::chip::preset;
use cie_emulator::credentials::{
    BadLength, Code, CredentialPolicy, Credentials, LastWrong, NewPinCheck, PukExhaustion,
    WritePoint,
};
use cie_emulator::store::torn::{Loss, Numbers, sweep};
use cie_emulator::store::{Tear, TearAt, Tearing};
use rstest::rstest;

fn policies() -> Vec<CredentialPolicy> {
    let policy = preset("default").unwrap().credential_policy();
    let mut all = vec![policy];
    all.push(CredentialPolicy {
        puk_exhaustion: PukExhaustion::PukObjectOnly,
        ..policy
    });
    all.push(CredentialPolicy {
        puk_success_resets: false,
        ..policy
    });
    all.push(CredentialPolicy {
        new_pin_check: NewPinCheck::Trivial,
        ..policy
    });
    all.push(CredentialPolicy {
        rrc_00: true,
        last_wrong: LastWrong::Blocked,
        ..policy
    });
    all.push(CredentialPolicy {
        pin_tries: 1,
        puk_tries: 1,
        bad_length: BadLength::Count,
        ..policy
    });
    all.push(CredentialPolicy {
        pin_tries: 15,
        puk_tries: 15,
        change_verifies_pin: true,
        ..policy
    });
    all
}

#[test]
fn every_cut_and_every_loss() {
    let code = |digits: &str| digits.parse::<Code>().unwrap();
    let mut numbers = Numbers::default();
    for policy in policies() {
        let fresh = Credentials::new(code("13572468"), code("86427531"), &policy);
        match sweep(&[0xC1; 5000], &fresh, &policy) {
            Ok(found) => numbers.add(&found),
            Err(violation) => panic!("{violation}\n{policy:?}"),
        }
    }
    assert_eq!(
        numbers.points.into_iter().collect::<Vec<_>>(),
        WritePoint::ALL
    );
    assert_eq!(numbers.sequences, 7 * 11);
    assert!(numbers.power_ups == numbers.cuts * Loss::ALL.len());
    println!(
        "trust: power cuts: {} write points, {} sequences, {} cuts, {} power-ups, no invariant broken",
        WritePoint::ALL.len(),
        numbers.sequences,
        numbers.cuts,
        numbers.power_ups
    );
}

/// A tear waits for its write point, happens once, and the card then stands where its memory says.
#[rstest]
#[case::before(WritePoint::PinTriesRestored, Tear::BeforeCommit, 2)]
#[case::partial(WritePoint::PinTriesRestored, Tear::Partial, 2)]
#[case::after(WritePoint::PinTriesRestored, Tear::AfterCommit, 3)]
#[case::other(WritePoint::PinTryTaken, Tear::AfterCommit, 2)]
fn a_tear_has_its_point(#[case] point: WritePoint, #[case] tear: Tear, #[case] left: u8) {
    let data = seeded_card_data();
    let mut terminal = authenticated_with(data, "default");
    let durable = terminal.card.memory().credentials.clone();
    let tearing = Tearing::over(
        Box::new(cie_emulator::store::InMemory),
        durable,
        tear,
        TearAt::Point(point, 0),
    );
    terminal.card.replace_store(Box::new(tearing));
    let verify = crate::support::commands::verify(0x81, data.pin.reveal());
    let bytes = terminal.channel.as_mut().unwrap().protect(&verify);
    assert!(terminal.raw(&bytes).is_empty() && !terminal.card.is_powered());
    terminal.card.power_on();
    assert_eq!(terminal.state().pin_left, left);
    terminal.channel = None;
    terminal.authenticate();
    assert_eq!(
        terminal.verify(0x81, data.pin.reveal()),
        0x9000,
        "once only"
    );
}
