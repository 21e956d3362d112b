//! The examples are part of the documentation: they run, and they tell what happened.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

// Included, so that what is tested is the example itself and not a copy of it.
#[allow(
    dead_code,
    reason = "its main writes the same story to standard output"
)]
#[path = "../examples/session.rs"]
mod session;

fn story() -> String {
    let mut told = Vec::new();
    session::tell(&mut told).unwrap();
    String::from_utf8(told).unwrap()
}

#[test]
fn the_session_tells_its_story_in_order() {
    let told = story();
    let mut rest = told.as_str();
    for line in [
        "have proven themselves",
        "PIN: accepted.",
        "00000000: wrong, 2 tries left.",
        "11111111: wrong, one try left.",
        "22222222: wrong, no try left: blocked.",
        "right PIN: refused (authentication method blocked).",
        "PUK: accepted.",
        "a new PIN is set, its tries are back.",
        "old PIN: wrong, 2 tries left.",
        "new PIN: accepted.",
        "key 81 gives 256 bytes.",
        "SERIALNUMBER=IDCIT-CA00000AA",
        "the signature verifies.",
    ] {
        let at = rest.find(line);
        assert!(
            at.is_some(),
            "{line:?} is missing or out of order in:\n{told}"
        );
        rest = &rest[at.unwrap()..];
    }
}

#[test]
fn the_session_is_the_same_every_time() {
    assert_eq!(story(), story());
}
