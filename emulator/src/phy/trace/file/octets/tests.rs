//! Text and octets, back and forth.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case::nothing("", 0)]
#[case::bytes("00A4", 2)]
#[case::verify("0020008108<pin:8>", 13)]
#[case::personal("<personal:EF.Cert_CIE:1234>9000", 1236)]
#[case::several("870901<cryptogram:8>990290008E08<checksum:8>9000", 27)]
fn text_comes_back(#[case] text: &str, #[case] length: usize) {
    let octets: Octets = text.parse().unwrap();
    assert_eq!((octets.to_string().as_str(), octets.len()), (text, length));
}

#[rstest]
#[case::letter("00G0", OctetsError::NotHex { column: 3, found: 'G' })]
#[case::half("00A", OctetsError::HalfByte { column: 3 })]
#[case::half_before("0<pin:8>", OctetsError::HalfByte { column: 1 })]
#[case::open("00<pin:8", OctetsError::Placeholder { column: 3 })]
#[case::kind("<pim:8>", OctetsError::Placeholder { column: 1 })]
#[case::no_length("<pin>", OctetsError::Placeholder { column: 1 })]
#[case::zero("<pin:0>", OctetsError::Placeholder { column: 1 })]
#[case::sign("<pin:+8>", OctetsError::Placeholder { column: 1 })]
#[case::name("<personal:a\"b:8>", OctetsError::Placeholder { column: 1 })]
#[case::huge("<data:999999999>", OctetsError::TooLong)]
#[case::overflow("<data:99999999999999999999999>", OctetsError::Placeholder { column: 1 })]
fn refused(#[case] text: &str, #[case] error: OctetsError) {
    assert_eq!(text.parse::<Octets>(), Err(error));
}

#[test]
fn the_status_word_is_apart() {
    let octets: Octets = "<data:3>6282".parse().unwrap();
    let (data, status) = octets.split_status().unwrap();
    assert_eq!(
        (data.to_string().as_str(), status),
        ("<data:3>", [0x62, 0x82])
    );
    assert_eq!("90<data:1>".parse::<Octets>().unwrap().split_status(), None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        if let Ok(octets) = text.parse::<Octets>() {
            prop_assert_eq!(octets.to_string().to_ascii_uppercase(), text.to_ascii_uppercase());
        }
    }

    #[test]
    fn pieces_come_back(pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..9), 0..12_usize, 0..99_usize), 0..6)) {
        let mut octets = Octets::default();
        for (bytes, kind, length) in pieces {
            octets.push(&bytes);
            octets.hide(Kind::ALL[kind].0, (length % 2 == 0).then_some("EF.SN.ICC"), length);
        }
        prop_assert_eq!(octets.to_string().parse(), Ok(octets));
    }
}
