//! `cie-conf issuer walk` out of a pipe: every recovery to its end, and what happens to those who answer wrongly, too late or
//! not at all.

use std::io::Write as _;
use std::process::Stdio;

use rstest::rstest;

use crate::program::{Said, here, program};

/// Walks with this input.
fn walk(arguments: &[&str], input: impl AsRef<[u8]>) -> Said {
    let mut command = program(&here());
    command.args(["issuer", "walk"]).args(arguments);
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Whoever ends early does not read to the end.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn enter(times: usize) -> String {
    "\n".repeat(times)
}

/// Every line takes what stands in brackets, as somebody does who only presses Enter.
#[rstest]
#[case::puk("cie-puk", 9, 6, "the PIN is unblocked, and the new one is in force")]
#[case::password("cie-password", 6, 4, "a new secret is in force for the account cie")]
#[case::activate("cie-activate", 7, 4, "a new secret is in force for the account cie")]
#[case::posteid(
    "posteid-password",
    6,
    5,
    "a new secret is in force for the account posteid"
)]
#[case::inps_issue(
    "inps-pin-issue",
    8,
    4,
    "a new secret is in force for the account inps"
)]
#[case::inps_reset(
    "inps-pin-reset",
    11,
    5,
    "a new secret is in force for the account inps"
)]
#[case::inps_change(
    "inps-pin-change",
    5,
    2,
    "a new secret is in force for the account inps"
)]
fn enter_goes_all_the_way(
    #[case] policy: &str,
    #[case] lines: usize,
    #[case] gates: usize,
    #[case] end: &str,
) {
    let said = walk(&[policy], enter(lines));
    let done = format!("completed: all {gates} gates are passed");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains(&done), "{}", said.out);
    assert!(said.out.contains(end), "{}", said.out);
    let short = walk(&[policy], enter(2));
    assert_eq!(short.code, 1, "{}", short.out);
    let ended = "the input ended before the recovery: waiting for ";
    assert!(short.err.starts_with(ended), "{}", short.err);
}

/// Each policy of the program has its case above.
#[test]
fn no_policy_is_left_out() {
    let policies = cie_conformance::issuer::policy::Policies::embedded().unwrap();
    let names: Vec<&str> = policies.iter().map(|it| it.id.value.as_str()).collect();
    let walked = [
        "cie-activate",
        "cie-password",
        "cie-puk",
        "inps-pin-change",
        "inps-pin-issue",
        "inps-pin-reset",
        "posteid-password",
    ];
    assert_eq!(names, walked);
}

#[rstest]
#[case::lost_puk("walk_puk", &["cie-puk"], "\n\n\n\nstate\nadvance\n\n\n\naudit\n")]
#[case::parts("walk_parts", &["inps-pin-reset"], "\n\n\n-\nhuman\n\n\n\noutbox\n\n\n\n")]
fn a_conversation(#[case] name: &str, #[case] arguments: &[&str], #[case] input: &str) {
    insta::assert_snapshot!(name, walk(arguments, input).all());
}

#[rstest]
#[case::wrong_codes("cie-password", "\n\n\n000000\n000000\n000000\n", 1, &["wrong code; 2 tries left", "refused: wrong code; 0 tries left", "closed: attempts"])]
#[case::code_too_late("cie-password", "\n\n\nadvance 10m\n\n", 1, &["refused: the code is no longer good"])]
#[case::the_next_code("cie-password", "\n\n\nadvance 10m\n\nresend\n\n\n\n", 0, &["the code is on its way once more", "message 2 by sms", "completed: all 4"])]
#[case::recovery_too_late("cie-password", "\n\n\nadvance 1h\n", 1, &["closed: expired"])]
#[case::a_week_too_late("cie-puk", "\n\n\n\n\nadvance 7d\n", 1, &["closed: expired"])]
#[case::before_the_48_hours("cie-puk", "\n\n\n\nadvance 47h\n123456\nstate\n", 1, &["nothing is asked before 2026-03-04T09:00:00Z", "something happens in 1 hour"])]
#[case::a_strangers_card("cie-puk", "\n\n\nother\n", 1, &["a stranger's card signs it", "refused: this does not prove the card", "closed: proof"])]
#[case::no_card_at_all("cie-puk", "\n\n\nnone\n\n", 1, &["`none` is neither mine nor other"])]
#[case::another_number("cie-puk", "CA99999ZZ\n\n\n", 1, &["the card's papers are refused: the number of the document is not this card's"])]
#[case::wrong_person("cie-password", "RSSMRA80A01H501X\n\n", 1, &["refused: the data do not match those on record"])]
#[case::machine("cie-password", "\n\nmachine\n", 1, &["refused: the security code is wrong"])]
#[case::poor_password("cie-password", "\n\n\n\nshort\n\n", 1, &["refused: not good enough: at least 10 characters"])]
#[case::two_passwords("cie-password", "\n\n\n\nFresh-Start-26\nFresh-Start-27\n", 1, &["refused: the two entries differ"])]
#[case::stranger("posteid-password", "nobody@example.org\n\n\n", 1, &["the procedure has begun", "refused: wrong code"])]
#[case::old_until_new("cie-password", "\n\n\nlogin RSSMRA80A01H501U Sample-Card-1\n\nFresh-Start-26\n\nlogin CA00000AA Sample-Card-1\nlogin CA00000AA Fresh-Start-26\n", 0, &["logged in at level 1\ncode", "refused: user name or password is wrong", "logged in at level 1\nover"])]
#[case::level_two("cie-password", "login CA00000AA Sample-Card-1 send\nlogin CA00000AA Sample-Card-1 000000\nquit\n", 0, &["(cie.login): code ", "refused: wrong code; 2 tries left"])]
#[case::again("cie-password", "\n\n\nadvance 1h\nagain\n\n\n\n\n\n\n", 0, &["closed: expired", "completed: all 4"])]
#[case::a_trivial_pin("cie-puk", "\n\n\n\n\n\n\n12345678\n13572468\n", 0, &["this PIN is guessed first", "the PIN is unblocked"])]
#[case::not_tried("cie-puk", "\n\n\n\n\n\n\nno\n", 0, &["it is over: `again`"])]
#[case::back_in_time("cie-password", "until 2020-01-01T00:00:00Z\n", 1, &["time does not go back"])]
#[case::no_time("cie-password", "advance soon\n", 1, &["`soon` is no length of time"])]
#[case::nothing_due("cie-password", "advance\n", 1, &["nothing will happen by itself"])]
#[case::help("cie-password", "help\nquit\n", 0, &["lets time pass", "asks for the code once more"])]
#[case::verbatim("cie-password", "\n\n=help\n", 1, &["refused: the security code is wrong"])]
#[case::control_characters("cie-password", "\u{1b}[31m\n\n", 1, &["> \\u{1B}[31m\n"])]
#[case::last_line_without_end("cie-password", "\n\n\n\n\nquit", 0, &["once more [the same]> quit"])]
fn answers(#[case] policy: &str, #[case] input: &str, #[case] code: i32, #[case] said: &[&str]) {
    let heard = walk(&[policy], input);
    assert_eq!(heard.code, code, "{}", heard.all());
    for words in said {
        assert!(heard.out.contains(words), "{words:?}: {}", heard.out);
    }
    assert!(!heard.all().contains('\u{1b}') && !heard.err.contains("panicked"));
}

#[rstest]
#[case::right_and_useless(
    "document-only",
    "6983, authentication method blocked",
    "the PUK is the right one and useless"
)]
#[case::unblocked(
    "pin-blocked",
    "card before: PIN 0 of 3 tries left, PUK 10 of 10",
    "card after: PIN 3 of 3 tries left"
)]
#[case::nothing_blocked(
    "operational",
    "card before: PIN 3 of 3 tries left",
    "card after: PIN 3 of 3 tries left"
)]
fn the_puk_is_tried_on_the_card(#[case] state: &str, #[case] said: &str, #[case] end: &str) {
    let heard = walk(&["cie-puk", "--card", state], enter(8));
    assert_eq!(heard.code, 0, "{}", heard.all());
    assert!(
        heard.out.contains(said) && heard.out.contains(end),
        "{}",
        heard.out
    );
}

/// The PUK stands in the output where it is handed out, and nowhere before.
#[test]
fn the_puk_is_shown_where_it_is_handed_out() {
    let before = walk(
        &["cie-puk"],
        "\n\n\n\nstate\naudit\nadvance\noutbox\n\nstate\naudit\n",
    );
    assert!(before.out.contains("card_proof"), "{}", before.out);
    for half in ["8765", "4321"] {
        assert!(!before.out.contains(half), "{}", before.out);
    }
    let whole = walk(&["cie-puk"], enter(7));
    assert_eq!(whole.out.matches("87654321").count(), 1, "{}", whole.out);
    let activation = walk(&["cie-activate"], enter(7));
    let receipt = "first 4 digits of the PUK [as on the receipt]> \n";
    assert!(activation.out.contains(receipt), "{}", activation.out);
}

#[test]
fn the_same_seed_says_the_same() {
    let walked = |seed| walk(&["cie-puk", "--seed", seed], enter(8)).out;
    assert_eq!(walked("5"), walked("5"));
    assert_ne!(walked("5"), walked("6"));
}

#[rstest]
#[case::policy(&["cie-pukk"], "there is no policy `cie-pukk`; did you mean `cie-puk`? There are cie-activate, ")]
#[case::far_policy(&["drivers-licence"], "there is no policy `drivers-licence`. There are cie-activate, ")]
#[case::person(&["cie-puk", "--person", "adult-defualt"], "did you mean `adult-default`?")]
#[case::far_person(&["cie-puk", "--person", "zz"], "nobody is known as `zz`. There are adult-default, ")]
#[case::channel(&["cie-puk", "--channel", "fax"], "write web, app, mobile_app or mobile_browser")]
#[case::instant(&["cie-puk", "--at", "yesterday"], "write an instant such as")]
#[case::card(&["cie-puk", "--card", "broken"], "document-only")]
#[case::file(&["./no-such.yaml"], "./no-such.yaml cannot be read")]
#[case::bad_file(&["../bad-policies/unknown-gate.yaml"], "unknown-gate.yaml:")]
#[case::nothing(&[], "<POLICY>")]
fn wrong_usage(#[case] arguments: &[&str], #[case] named: &str) {
    let said = walk(arguments, "");
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.all());
    assert!(said.err.contains(named), "{}", said.err);
}

#[rstest]
#[case::by_number_of_card(&["cie-password", "--person", "CA00000AA"], "MARIO ROSSI")]
#[case::who_may_not(&["cie-password", "--person", "adult-seeded"], "the account is not_activated")]
#[case::the_app(&["inps-pin-reset", "--channel", "mobile_app"], "this cannot be done through mobile_app")]
#[case::a_day_of_the_past(&["inps-pin-reset", "--at", "2021-09-30T21:59:59Z"], "clock: 2021-09-30T21:59:59Z")]
#[case::switched_off(&["inps-pin-reset", "--at", "2021-10-01T08:00:00Z", "--person", "adult-default"], "use SPID, CIE or CNS")]
#[case::a_file(&["../../../fixtures/policies/cie-password.yaml"], "Set a new password for levels 1 and 2")]
fn chosen(#[case] arguments: &[&str], #[case] words: &str) {
    let said = walk(arguments, enter(5));
    assert!(said.out.contains(words), "{}", said.all());
}

#[rstest]
#[case::long([&[b'x'; 70_000][..], b"\nquit\n"].concat(), "a line of more than 4096 bytes is not taken")]
#[case::not_text(b"\xFF\xFE\nquit\n".to_vec(), "a line that is not text in UTF-8 is not taken")]
#[case::nul(b"\0\0\0\nquit\n".to_vec(), "\\u{0}")]
fn a_line_that_cannot_be_taken(#[case] input: Vec<u8>, #[case] words: &str) {
    let said = walk(&["cie-password"], input);
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(said.out.contains(words), "{}", said.out);
    assert!(said.out.contains("> quit\n"), "{}", said.out);
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_it() {
    let mut command = program(&here());
    command.args(["issuer", "walk", "cie-password"]);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    // Once it has asked, it watches for interruptions.
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 16];
    std::io::Read::read_exact(&mut out, &mut first).unwrap();
    let pid = child.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    let drained = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    let output = child.wait_with_output().unwrap();
    drop(input);
    let _ = drained.join();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("interrupted: nothing is left behind"),
        "{said}"
    );
}
