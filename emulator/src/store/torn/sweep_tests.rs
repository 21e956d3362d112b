//! What the sweep's judgement is worth: runs that went wrong in every way are not let through.

use super::*;
use crate::chip::preset;
use crate::credentials::Code;
use rstest::rstest;

const CONTENTS: [u8; 50] = [0xC1; 50];

fn code(digits: &str) -> Code {
    digits.parse().unwrap()
}

/// Judges what a power-up found after a command that wrote just that, and others before it.
fn judged(
    right: bool,
    before: fn(&mut Credentials),
    found: fn(&mut Credentials),
) -> Result<(), String> {
    let policy = preset("default").unwrap().credential_policy();
    let fresh = Credentials::new(code("13572468"), code("86427531"), &policy);
    let sequence = Sequence {
        name: "made up",
        steps: Vec::new(),
        codes: Codes::of(&fresh),
        contents: &CONTENTS,
        fresh: &fresh,
        policy: &policy,
        flaw: Flaw::default(),
    };
    let mut answered = fresh.clone();
    before(&mut answered);
    let mut after = answered.clone();
    found(&mut after);
    let run = Run {
        disk: TornDisk::new(Vec::new(), None),
        torn: vec![after.clone()],
        answered,
        silent: true,
        right,
        points: BTreeSet::new(),
    };
    sequence.judge(&run, &after)
}

/// The codes a sweep presents: eight digits each, the wrong ones wrong in every place and neither PIN nor PUK.
#[rstest]
#[case::others("13572468", "86427531")]
#[case::puk_is_the_first_other("13572468", "24683579")]
#[case::puk_is_the_last_other("90817263", "67584930")]
#[case::nines("99999999", "00000000")]
fn what_a_sweep_presents(#[case] pin: &str, #[case] puk: &str) {
    let policy = preset("default").unwrap().credential_policy();
    let codes = Codes::of(&Credentials::new(code(pin), code(puk), &policy));
    assert_eq!(
        (&codes.pin[..], &codes.puk[..]),
        (pin.as_bytes(), puk.as_bytes())
    );
    for other in [codes.new, codes.wrong] {
        assert!(other.iter().all(u8::is_ascii_digit), "{other:?}");
        assert!(
            other.iter().zip(codes.pin).all(|(a, b)| *a != b) && other != codes.puk,
            "{other:?}"
        );
    }
    assert!(codes.new.iter().zip(codes.wrong).all(|(a, b)| *a != b));
}

/// What may give tries back: the codes of the card, and a verified PUK.
#[rstest]
#[case::pin(|c: Codes| Step::Verify(Reference::Pin, c.pin), false, true)]
#[case::new_pin(|c: Codes| Step::Verify(Reference::Pin, c.new), false, true)]
#[case::wrong_pin(|c: Codes| Step::Verify(Reference::Pin, c.wrong), true, false)]
#[case::puk(|c: Codes| Step::Verify(Reference::Puk, c.puk), false, true)]
#[case::wrong_puk(|c: Codes| Step::Verify(Reference::Puk, c.pin), true, false)]
#[case::change(|c: Codes| Step::Change(c.pin, c.new), false, true)]
#[case::wrong_change(|c: Codes| Step::Change(c.wrong, c.new), true, false)]
#[case::with_puk(|c: Codes| Step::ResetWithPuk(c.puk, c.new), false, true)]
#[case::with_wrong_puk(|c: Codes| Step::ResetWithPuk(c.wrong, c.new), true, false)]
#[case::after_puk(|_| Step::ResetTries, true, true)]
#[case::without_puk(|_| Step::ResetTries, false, false)]
#[case::new_after_puk(|c: Codes| Step::ResetWithNewPin(c.new), true, true)]
#[case::new_without_puk(|c: Codes| Step::ResetWithNewPin(c.new), false, false)]
fn what_may_give_tries_back(
    #[case] step: fn(Codes) -> Step,
    #[case] puk_verified: bool,
    #[case] expected: bool,
) {
    let policy = preset("default").unwrap().credential_policy();
    let codes = Codes::of(&Credentials::new(
        code("13572468"),
        code("86427531"),
        &policy,
    ));
    assert_eq!(step(codes).is_right(codes, puk_verified), expected);
}

const FRESH: fn(&mut Credentials) = |_| {};
const USED: fn(&mut Credentials) = |card| (card.pin_left, card.puk_left) = (1, 9);

#[rstest]
#[case::nothing_happened(false, USED, FRESH, "")]
#[case::pin_try_taken(false, USED, |card: &mut Credentials| card.pin_left = 0, "")]
#[case::puk_try_taken(false, USED, |card: &mut Credentials| card.puk_left = 8, "")]
#[case::pin_given_back(true, USED, |card: &mut Credentials| card.pin_left = 3, "")]
#[case::puk_given_back(true, USED, |card: &mut Credentials| card.puk_left = 10, "")]
#[case::pin_rose(false, USED, |card: &mut Credentials| card.pin_left = 2, "the tries of the PIN rose from 1 to 2")]
#[case::puk_rose(false, USED, |card: &mut Credentials| card.puk_left = 10, "the tries of the PUK rose from 9 to 10")]
#[case::pin_fell(false, FRESH, |card: &mut Credentials| card.pin_left = 1, "the tries of the PIN fell from 3 to 1")]
#[case::puk_fell(true, FRESH, |card: &mut Credentials| card.puk_left = 0, "the tries of the PUK fell from 10 to 0")]
#[case::pin_changed(true, FRESH, |card: &mut Credentials| card.pin = code("24683579"), "")]
#[case::half_a_pin(true, FRESH, |card: &mut Credentials| card.pin = code("13573579"), "PIN or PUK is half written")]
#[case::other_puk(true, FRESH, |card: &mut Credentials| card.puk = code("86427532"), "PIN or PUK is half written")]
fn what_a_power_up_may_find(
    #[case] right: bool,
    #[case] before: fn(&mut Credentials),
    #[case] found: fn(&mut Credentials),
    #[case] expected: &str,
) {
    assert_eq!(
        judged(right, before, found).err().unwrap_or_default(),
        expected
    );
}

#[rstest]
#[case::burnt_in(|file: &mut Vec<u8>| file.extend([0]), "the card file is damaged: it has 12339 bytes and should have 12338")]
#[case::both_records(|file: &mut Vec<u8>| { file[4096] ^= 1; file[8192] ^= 1; }, "both records of its memory")]
fn what_cannot_be_read(#[case] spoil: fn(&mut Vec<u8>), #[case] expected: &str) {
    let policy = preset("default").unwrap().credential_policy();
    let fresh = Credentials::new(code("13572468"), code("86427531"), &policy);
    let sequence = |contents| Sequence {
        name: "made up",
        steps: Vec::new(),
        codes: Codes::of(&fresh),
        contents,
        fresh: &fresh,
        policy: &policy,
        flaw: Flaw::default(),
    };
    let found = |contents, file| {
        let run = Run {
            disk: TornDisk::new(file, None),
            ..sequence(contents).run(None, &[])
        };
        sequence(contents).power_up(&run)
    };
    let good = sequence(&CONTENTS).run(None, &[]).disk.bytes();
    assert_eq!(found(&CONTENTS, good.clone()).unwrap(), fresh);
    assert_eq!(
        found(&[0xC2; 50], good.clone()).unwrap_err(),
        "what was burnt in has changed"
    );
    let mut bad = good;
    spoil(&mut bad);
    let said = found(&CONTENTS, bad).unwrap_err();
    assert!(said.contains(expected), "{said}");
}
