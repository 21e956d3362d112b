//! C13 in the real format: power cut at every write and every barrier, with every kind of loss.

use crate::support::{authenticated_with, seeded_card_data};
#[cfg(feature = "defects")]
use cie_emulator::card::Defect;
use cie_emulator::card::Flaw;
use cie_emulator::chip::preset;
use cie_emulator::credentials::{
    BadLength, Code, CredentialPolicy, Credentials, LastWrong, NewPinCheck, PukExhaustion,
    WritePoint,
};
use cie_emulator::store::torn::{Loss, Numbers, TornDisk, sweep};
use cie_emulator::store::{Disk as _, Tear, TearAt, Tearing};
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
        match sweep(&[0xC1; 5000], &fresh, &policy, Flaw::default()) {
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

/// What the sweep is worth: cards that are wrong where power is lost do not get through it.
#[cfg(feature = "defects")]
#[rstest]
#[case::compares_first(
    Defect::CompareFirst,
    "right PIN, power cut at operation 0",
    "a right code shows before a try was durably taken"
)]
#[case::gives_back(
    Defect::ChangeCostsNothing,
    "new PIN refused",
    "pin_left: 2, puk_left: 10 }, answered last"
)]
fn a_wrong_card_does_not_get_through(
    #[case] defect: Defect,
    #[case] place: &str,
    #[case] what: &str,
) {
    let policy = policies().remove(0);
    let code = |digits: &str| digits.parse::<Code>().unwrap();
    let fresh = Credentials::new(code("13572468"), code("86427531"), &policy);
    let violation = sweep(&[0xC1; 50], &fresh, &policy, Flaw::of(defect)).unwrap_err();
    let said = violation.to_string();
    assert!(said.starts_with(place) && said.contains(what), "{said}");
}

/// Eight bytes, of which four were being written when the power went: before the write was over, and before its barrier was.
#[rstest]
#[case::dropped(Loss::Dropped, "0000000000000000")]
#[case::kept(Loss::Kept, "0000b1b2b3b40000")]
#[case::halved(Loss::Halved, "0000b1b200000000")]
#[case::halved_from_the_end(Loss::HalvedFromTheEnd, "00000000b3b40000")]
fn what_a_disk_keeps(#[case] loss: Loss, #[case] kept: &str, #[values(0, 1)] cut: usize) {
    assert_eq!(hex::encode(after_a_cut(loss, cut)), kept);
}

#[rstest]
fn what_a_disk_spoils(#[values(0, 1)] cut: usize) {
    let written = after_a_cut(Loss::Kept, cut);
    let garbled = after_a_cut(Loss::Garbled, cut);
    assert_eq!((&garbled[..2], &garbled[6..]), (&[0; 2][..], &[0; 2][..]));
    assert!(
        garbled[2..6]
            .iter()
            .zip(&written[2..6])
            .filter(|(a, b)| a != b)
            .count()
            > 1
    );
    let flipped = after_a_cut(Loss::BitsFlipped, cut);
    let wrong: u32 = flipped
        .iter()
        .zip(&written)
        .map(|(a, b)| (a ^ b).count_ones())
        .sum();
    assert_eq!(wrong, 1);
}

fn after_a_cut(loss: Loss, cut: usize) -> Vec<u8> {
    let mut disk = TornDisk::new(vec![0; 8], Some((cut, loss)));
    let written = disk.write(2, &[0xB1, 0xB2, 0xB3, 0xB4]);
    assert_eq!((written.is_ok(), disk.operations()), (cut > 0, cut));
    assert!(
        disk.sync().is_err() && disk.write(0, &[1]).is_err(),
        "no power"
    );
    disk.bytes()
}

/// What a barrier covered is kept whatever comes, and a file grows to what is written behind it.
#[test]
fn what_is_durable_stays() {
    let mut disk = TornDisk::new(Vec::new(), Some((2, Loss::Dropped)));
    disk.write(1, &[0xA1, 0xA2]).unwrap();
    assert!(disk.bytes().is_empty());
    disk.sync().unwrap();
    assert_eq!((disk.bytes(), disk.operations()), (vec![0, 0xA1, 0xA2], 2));
    assert!(disk.write(0, &[0xFF]).is_err());
    assert_eq!(disk.bytes(), [0, 0xA1, 0xA2]);
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
