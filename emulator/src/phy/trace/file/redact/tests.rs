//! What comes through and what does not.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn hex_of(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn one(redactor: &mut Redactor, command: &str, response: &str) -> Shown {
    redactor.exchange(Passed {
        command: &hex_of(command),
        response: &hex_of(response),
        inner: None,
        codes_taken_out: false,
    })
}

/// The last of some exchanges, as `command response`.
fn last(redaction: Redaction, session: &[(&str, &str)]) -> String {
    let mut redactor = Redactor::new(redaction);
    let mut shown = String::new();
    for (command, response) in session {
        let Shown {
            command, response, ..
        } = one(&mut redactor, command, response);
        shown = format!("{command} {response}");
    }
    shown
}

const IAS: (&str, &str) = ("00A4040C0DA0000000308000000009816001", "9000");
const CIE: (&str, &str) = ("00A4040C06A00000000039", "9000");

#[rstest]
#[case::application(&[IAS], "00A4040C0DA0000000308000000009816001 9000")]
#[case::name_of_a_person(&[("00A4040C054D41524941", "6A82")], "00A4040C05<data:5> 6A82")]
#[case::public_file(&[("00A40000023F00", "9000"), ("00A4020C022F01", "9000"), ("00B0000004", "800043019000")], "00B0000004 800043019000")]
#[case::serial_number(&[("00A4020C02D003", "9000"), ("00B0000004", "313233349000")], "00B0000004 <personal:EF.SN.ICC:4>9000")]
#[case::same_number_elsewhere(&[CIE, ("00A4020C022F01", "9000"), ("00B0000004", "313233349000")], "00B0000004 <personal:EF.ATR/INFO:4>9000")]
#[case::certificate(&[CIE, ("00A4020C021003", "9000"), ("00B0000002", "30826282")], "00B0000002 <personal:EF.Cert_CIE:2>6282")]
#[case::after_a_reset_unknown(&[("00B0000002", "30829000")], "00B0000002 <personal:2>9000")]
#[case::short_identifier(&[("00B0850002", "31329000")], "00B0850002 <personal:short identifier 05:2>9000")]
#[case::failed_selection_stays(&[("00A4020C02D003", "9000"), ("00A4020C022F01", "6A82"), ("00B0000002", "31329000")], "00B0000002 <personal:EF.SN.ICC:2>9000")]
#[case::hidden_selection(&[("00A4020C022F01", "9000"), ("0CA4020C158709010102030405060708 8E080102030405060708 00", "990290008E0801020304050607089000"), ("00B0000002", "31329000")], "00B0000002 <personal:2>9000")]
#[case::control(&[("00A4020402D00300", "6217 8002000C 820101 8801E0 8302D003 8A0105 A1048C020100 9000")], "00A4020402D00300 62178002000C8201018801E08302D0038A0105A1048C0201009000")]
#[case::control_of_more(&[("00A4020402D00300", "6206 8302D003 5A00 9000")], "00A4020402D00300 62068302D003<data:2>9000")]
#[case::pin(&[("00200081083132333435363738", "63C2")], "0020008108<pin:8> 63C2")]
#[case::puk(&[("00200082083132333435363738", "63C9")], "0020008208<puk:8> 63C9")]
#[case::both(&[("002C00810431323334", "9000")], "002C008104<secret:4> 9000")]
#[case::pin_without_lc(&[("002000813132333435363738", "6700")], "00200081<secret:8> 6700")]
#[case::digits_alone(&[("3132333435363738", "6700")], "<data:8> 6700")]
#[case::five_digits(&[("3132333435", "6E00")], "<data:5> 6E00")]
#[case::plain_digits_under_a_protected_class(&[("0C20008103313233", "6987")], "0C20008103<pin:3> 6987")]
#[case::challenge(&[("0084000008", "01020304050607089000")], "0084000008 <challenge:8>9000")]
#[case::parameters(&[("00CB3FFF0A4D087006BFA10102A38000", "70029000")], "00CB3FFF0A4D087006BFA10102A38000 70029000")]
#[case::card_value(&[("00CB3FFF064D04A602910000", "A60391019000")], "00CB3FFF064D04A602910000 <public_value:4>9000")]
#[case::terminal_value(&[("002241A60A80019B830181910201FF", "9000")], "002241A60A80019B8301819102<public_value:2> 9000")]
#[case::holder(&[("002281B606830441424344", "9000")], "002281B60683044142434 9000")]
#[case::sign(&[("0088000003010203", "0A0B9000")], "0088000003<input:3> <signature:2>9000")]
#[case::proof(&[("0082000003010203", "9000")], "0082000003<signature:3> 9000")]
#[case::link(&[("102A00AE03010203", "9000")], "102A00AE03<terminal:3> 9000")]
#[case::last_link(&[("1022 41A6 03 313233", "9000"), ("002241A603840181", "9000")], "002241A603<public_value:3> 9000")]
#[case::protected(&[("0CB000000D9701808E08010203040506070800", "87090101020304050607089902 9000 8E080102030405060708 9000")], "0CB000000D9701808E08<checksum:8>00 870901<cryptogram:8>990290008E08<checksum:8>9000")]
#[case::plain_answer_under_a_session(&[("0CB000000D9701808E08010203040506070800", "4D41524941 9000")], "0CB000000D9701808E08<checksum:8>00 <data:5>9000")]
#[case::mute(&[("00A40000", "")], "00A40000 ")]
#[case::half_a_response(&[("00A40000", "31")], "00A40000 <data:1>")]
#[case::more_of_it(&[("00A4020C02D003", "9000"), ("00B0000002", "6102"), ("00C0000002", "31329000")], "00C0000002 <personal:EF.SN.ICC:2>9000")]
fn by_the_allow_list(#[case] session: &[(&str, &str)], #[case] expected: &str) {
    let expected = expected.replace("83044142434 ", "8304<terminal:4> ");
    assert_eq!(last(Redaction::AllowList, session), expected);
}

#[rstest]
#[case::codes(Redaction::CodesOnly, "00200081023132", "0020008102<pin:2>")]
#[case::codes_malformed(Redaction::CodesOnly, "0020008109313233", "00200081<secret:4>")]
#[case::nothing(Redaction::Nothing, "00200081023132", "00200081023132")]
#[case::other(Redaction::CodesOnly, "0088000003010203", "0088000003010203")]
fn less_is_left_out_when_asked(
    #[case] redaction: Redaction,
    #[case] command: &str,
    #[case] expected: &str,
) {
    let shown = last(redaction, &[(command, "4D9000")]);
    assert_eq!(shown, format!("{expected} 4D9000"));
}

#[test]
fn zeros_where_codes_were_taken_out_are_no_code() {
    let command = hex_of("00200081020000");
    let shown = Redactor::new(Redaction::Nothing).exchange(Passed {
        command: &command,
        response: &[0x90, 0x00],
        inner: None,
        codes_taken_out: true,
    });
    assert_eq!(shown.command.to_string(), "0020008102<pin:2>");
}

#[test]
fn inside_secure_messaging_the_same_rules_hold() {
    let mut redactor = Redactor::new(Redaction::AllowList);
    let wire = hex_of("0CA4020C158709010102030405060708 8E080102030405060708 00");
    let reply = hex_of("990290008E0801020304050607089000");
    let mut inside = |command: &str, response: &str| {
        let (command, response) = (hex_of(command), hex_of(response));
        let shown = redactor.exchange(Passed {
            command: &wire,
            response: &reply,
            inner: Some((&command, Some(&response))),
            codes_taken_out: false,
        });
        let (command, response) = shown.inner.unwrap();
        format!("{command} {response}: {}", shown.words)
    };
    inside("0CA4020C022F01", "9000");
    assert_eq!(
        inside("00B0000001", "809000"),
        "00B0000001 809000: READ BINARY of the current EF from offset 0, 1 byte"
    );
    inside("00A4020C02D003", "9000");
    assert_eq!(
        inside("0CB0000001", "319000"),
        "00B0000001 <personal:EF.SN.ICC:1>9000: READ BINARY of the current EF from offset 0, 1 byte"
    );
    assert!(inside("0020008108 3132333435363738", "9000").starts_with("0020008108<pin:8> 9000"));
}

#[rstest]
#[case::holder(
    "002281B606830441424344",
    "MANAGE SECURITY ENVIRONMENT: SET for verifying a certificate, certificate holder of 4 bytes"
)]
#[case::name(
    "00A4040C054D41524941",
    "SELECT the application of 5 bytes, status word only"
)]
#[case::digits("3132333435363738", "8 bytes that are left out")]
fn words_tell_no_more_than_the_bytes(#[case] command: &str, #[case] expected: &str) {
    let mut redactor = Redactor::new(Redaction::AllowList);
    assert_eq!(one(&mut redactor, command, "9000").words, expected);
}

fn contains(shown: &Octets, secret: &[u8]) -> bool {
    shown.pieces().iter().any(|piece| match piece {
        super::super::Piece::Bytes(bytes) => bytes.windows(secret.len()).any(|part| part == secret),
        super::super::Piece::Hidden(_) => false,
    })
}

proptest! {
    /// Whatever is sent and answered around it: five digits in a row never come through in a command, nor in data that are not
    /// of a public file.
    #[test]
    fn digits_never_come_through(
        front in prop::collection::vec(any::<u8>(), 0..3),
        header in prop::option::of((prop::sample::select(vec![0x00_u8, 0x0C, 0x10, 0x80]), any::<u8>(), any::<u8>(), any::<u8>(), 0_u8..20)),
        back in prop::collection::vec(any::<u8>(), 0..9),
        redaction in prop::sample::select(vec![Redaction::AllowList]),
    ) {
        let secret = b"13579135";
        let mut command = match header {
            Some((cla, ins, p1, p2, lc)) => vec![cla, ins, p1, p2, lc],
            None => front.clone(),
        };
        command.extend(secret);
        command.extend(&back);
        let mut response = front;
        response.extend(secret);
        response.extend([0x90, 0x00]);
        let shown = Redactor::new(redaction).exchange(Passed {
            command: &command, response: &response, inner: None, codes_taken_out: false,
        });
        prop_assert!(!contains(&shown.command, &secret[..5]), "{}", shown.command);
        prop_assert!(!contains(&shown.response, &secret[..5]), "{}", shown.response);
        prop_assert!(!shown.words.contains("13579") && !shown.words.contains("3133353739"), "{}", shown.words);
        prop_assert_eq!(shown.command.len(), command.len());
        prop_assert_eq!(shown.response.len(), response.len());
    }

    #[test]
    fn any_session_keeps_its_lengths(session in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..40)), 0..6)) {
        let mut redactor = Redactor::new(Redaction::AllowList);
        for (command, response) in session {
            let shown = redactor.exchange(Passed { command: &command, response: &response, inner: Some((&command, Some(&response))), codes_taken_out: false });
            prop_assert_eq!((shown.command.len(), shown.response.len()), (command.len(), response.len()));
        }
    }
}
