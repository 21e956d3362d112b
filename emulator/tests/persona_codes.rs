//! The codes in two halves: what an artefact may hold, how two are joined, who may have one printed again, and that no digit
//! leaks where digits are public. (That the joined codes open the card is the card's own test.)

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use cie_emulator::persona::codes::{
    AuditEvent, Channel, Contacts, Issuance, Operator, Registry, Stage, join,
};
use cie_emulator::persona::{CardData, Code, CodesError, Letter, Persona, Receipt, personalise};
use proptest::prelude::*;
use rstest::rstest;

fn generated(seed: u64) -> CardData {
    personalise(&Persona::generate(seed).unwrap()).unwrap()
}

fn issuance(email: Option<&str>) -> Issuance {
    let card = generated(11);
    let contacts = Contacts {
        email: email.map(str::to_owned),
    };
    Issuance::request(card.document_number, card.pin, card.puk, contacts)
}

fn operator() -> Operator {
    Operator::new("Counter 3").unwrap()
}

#[test]
fn receipt_and_letter_of_one_card_join_to_its_codes() {
    let card = generated(11);
    let (pin, puk) = join(&card.receipt, &card.letter).unwrap();
    assert_eq!((pin, puk), (card.pin, card.puk));
}

#[test]
fn sheets_of_two_cards_do_not_join() {
    let (one, other) = (generated(11), generated(12));
    let refused = join(&one.receipt, &other.letter);
    let expected = CodesError::MixedCards {
        receipt: one.document_number,
        letter: other.document_number,
    };
    assert_eq!(refused, Err(expected));
}

#[test]
fn a_sheet_is_read_only_as_what_it_is() {
    let card = generated(11);
    let receipt = serde_json::to_string(&card.receipt).unwrap();
    let letter = serde_json::to_string(&card.letter).unwrap();
    assert_eq!(
        serde_json::from_str::<Receipt>(&receipt).unwrap(),
        card.receipt
    );
    assert_eq!(
        serde_json::from_str::<Letter>(&letter).unwrap(),
        card.letter
    );
    let swapped = serde_json::from_str::<Receipt>(&letter)
        .unwrap_err()
        .to_string();
    assert!(
        swapped.contains("this is a letter, not a receipt"),
        "{swapped}"
    );
    let unmarked = receipt.replace("SPECIMEN", "ORIGINAL");
    let unmarked = serde_json::from_str::<Receipt>(&unmarked)
        .unwrap_err()
        .to_string();
    assert!(unmarked.contains("not marked SPECIMEN"), "{unmarked}");
}

#[test]
fn the_text_is_marked_on_the_page_and_shows_its_own_half_only() {
    let card = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    let (receipt, letter) = (card.receipt.render_text(), card.letter.render_text());
    for (page, shown, hidden) in [
        (&receipt, ["1234", "8765"], ["5678", "4321"]),
        (&letter, ["5678", "4321"], ["1234", "8765"]),
    ] {
        assert!(
            page.starts_with("=== SPECIMEN ===") && page.trim_end().ends_with("=== SPECIMEN ===")
        );
        assert!(page.contains("CA00000AA"));
        assert!(
            shown.iter().all(|half| page.contains(half)),
            "{}",
            page.as_str()
        );
        assert!(
            !hidden.iter().any(|half| page.contains(half)),
            "{}",
            page.as_str()
        );
    }
}

#[test]
fn debug_of_a_sheet_shows_no_digit_of_a_code() {
    let card = generated(11);
    let debug = format!(
        "{card:?} {:?} {:?} {:?} {:?}",
        card.receipt,
        card.letter,
        card.pin,
        issuance(None)
    );
    for half in halves(&card) {
        assert!(!debug.contains(&half), "{debug}");
    }
}

fn halves(card: &CardData) -> [String; 4] {
    let text = |half: &[u8; 4]| String::from_utf8(half.to_vec()).unwrap();
    [
        text(card.receipt.pin_first.reveal()),
        text(card.receipt.puk_first.reveal()),
        text(card.letter.pin_second.reveal()),
        text(card.letter.puk_second.reveal()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn drawn_codes_are_clean(seed: u64) {
        let card = generated(seed);
        prop_assert!(!card.pin.is_trivial() && !card.puk.is_trivial());
        let halves = halves(&card);
        let digits = hex::encode(card.ef_sn_icc);
        for (index, half) in halves.iter().enumerate() {
            prop_assert!(!halves[index + 1..].contains(half));
            prop_assert!(!digits.contains(half));
            for (_, file) in card.files() {
                prop_assert!(!file.windows(4).any(|window| window == half.as_bytes()));
            }
        }
    }

    #[test]
    fn neither_sheet_alone_holds_more_than_half(seed: u64) {
        let card = generated(seed);
        let receipt = format!("{}{}", card.receipt.render_text().as_str(), serde_json::to_string(&card.receipt).unwrap());
        let letter = format!("{}{}", card.letter.render_text().as_str(), serde_json::to_string(&card.letter).unwrap());
        let [pin_first, puk_first, pin_second, puk_second] = halves(&card);
        prop_assert!(receipt.contains(&pin_first) && receipt.contains(&puk_first));
        prop_assert!(!receipt.contains(&pin_second) && !receipt.contains(&puk_second));
        prop_assert!(letter.contains(&pin_second) && letter.contains(&puk_second));
        prop_assert!(!letter.contains(&pin_first) && !letter.contains(&puk_first));
    }

    #[test]
    fn swapped_halves_fail_unless_equal(digits in "[0-9]{8}") {
        let code: Code = digits.parse().unwrap();
        let (first, second) = (code.first_half(), code.second_half());
        let swapped = Code::from_halves(&second, &first);
        prop_assert_eq!(swapped == code, first == second);
    }
}

#[test]
fn a_delivery_goes_through_its_stages_in_order() {
    let mut issuance = issuance(None);
    assert_eq!(issuance.stage(), Stage::Requested);
    let receipt = issuance.receipt().unwrap();
    assert_eq!(issuance.stage(), Stage::Receipted);
    let letter = issuance.produce().unwrap();
    assert_eq!(issuance.stage(), Stage::Produced);
    issuance.deliver().unwrap();
    assert_eq!(issuance.stage(), Stage::Delivered);
    let card = generated(11);
    assert_eq!((receipt, letter), (card.receipt, card.letter));
    let lines: Vec<String> = issuance.audit().iter().map(ToString::to_string).collect();
    let nun = card.document_number;
    assert_eq!(
        lines,
        [
            format!("{nun} #1 requested"),
            format!("{nun} #2 receipted"),
            format!("{nun} #3 produced"),
            format!("{nun} #4 delivered"),
        ]
    );
}

#[rstest]
#[case::produce_first(Stage::Requested, |it: &mut Issuance| it.produce().err())]
#[case::deliver_first(Stage::Requested, |it: &mut Issuance| it.deliver().err())]
#[case::second_receipt(Stage::Receipted, |it: &mut Issuance| it.receipt().err())]
#[case::second_letter(Stage::Produced, |it: &mut Issuance| it.produce().err())]
#[case::second_delivery(Stage::Delivered, |it: &mut Issuance| it.deliver().err())]
#[case::reprint_before_receipt(Stage::Requested, |it: &mut Issuance| it.reprint_receipt(Channel::Counter, &operator()).err())]
#[case::letter_before_card(Stage::Receipted, |it: &mut Issuance| it.reprint_letter(Channel::PaperWithDelegation, &operator()).err())]
fn a_step_out_of_order_changes_nothing(
    #[case] stage: Stage,
    #[case] step: fn(&mut Issuance) -> Option<CodesError>,
) {
    let mut issuance = at(stage);
    let before = issuance.audit().to_vec();
    let refused = step(&mut issuance);
    assert!(
        matches!(&refused, Some(CodesError::WrongStage { stage: found, .. }) if *found == stage),
        "{refused:?}"
    );
    assert_eq!((issuance.stage(), issuance.audit()), (stage, &before[..]));
}

/// An issuance with an e-mail address, brought to a stage.
fn at(stage: Stage) -> Issuance {
    let mut issuance = issuance(Some("holder@example.org"));
    if stage >= Stage::Receipted {
        issuance.receipt().unwrap();
    }
    if stage >= Stage::Produced {
        issuance.produce().unwrap();
    }
    if stage >= Stage::Delivered {
        issuance.deliver().unwrap();
    }
    issuance
}

#[test]
fn a_reprint_is_the_same_for_ever_and_leaves_a_line() {
    let mut issuance = at(Stage::Delivered);
    let card = generated(11);
    for _ in 0..3 {
        let receipt = issuance
            .reprint_receipt(Channel::Counter, &operator())
            .unwrap();
        let letter = issuance
            .reprint_letter(Channel::Email, &operator())
            .unwrap();
        assert_eq!(
            (receipt, letter),
            (card.receipt.clone(), card.letter.clone())
        );
    }
    let reprints: Vec<_> = issuance
        .audit()
        .iter()
        .filter(|line| matches!(line.event, AuditEvent::Reprinted { .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(reprints.len(), 6);
    let nun = card.document_number;
    assert_eq!(
        reprints[0],
        format!("{nun} #5 receipt reprinted by Counter 3, sent by the counter")
    );
    assert_eq!(
        reprints[1],
        format!("{nun} #6 letter reprinted by Counter 3, sent by e-mail")
    );
}

#[rstest]
#[case::email(Channel::Email)]
#[case::certified(Channel::CertifiedEmail)]
#[case::delegate(Channel::PaperWithDelegation)]
fn the_receipt_is_reprinted_at_the_counter_only(#[case] channel: Channel) {
    let refused = at(Stage::Delivered).reprint_receipt(channel, &operator());
    assert!(
        matches!(refused, Err(CodesError::WrongChannel { .. })),
        "{refused:?}"
    );
}

#[rstest]
#[case::counter(Channel::Counter)]
#[case::certified(Channel::CertifiedEmail)]
fn the_letter_never_leaves_through(#[case] channel: Channel) {
    let refused = at(Stage::Delivered).reprint_letter(channel, &operator());
    assert!(
        matches!(refused, Err(CodesError::WrongChannel { .. })),
        "{refused:?}"
    );
}

#[test]
fn without_an_address_the_letter_goes_on_paper() {
    let mut issuance = issuance(None);
    issuance.receipt().unwrap();
    let letter = issuance.produce().unwrap();
    let refused = issuance.reprint_letter(Channel::Email, &operator());
    assert_eq!(refused, Err(CodesError::NoEmail(letter.nun)));
    let paper = issuance.reprint_letter(Channel::PaperWithDelegation, &operator());
    assert_eq!(paper, Ok(letter));
}

#[rstest]
#[case::empty("")]
#[case::spaces("  ")]
#[case::two_lines("a\nb")]
fn an_operator_has_a_name(#[case] name: &str) {
    assert_eq!(Operator::new(name), Err(CodesError::NoOperator));
}

#[test]
fn a_number_is_requested_once() {
    let (one, other) = (generated(11), generated(12));
    let mut registry = Registry::default();
    let nun = one.document_number;
    registry
        .request(nun, one.pin, one.puk, Contacts::default())
        .unwrap();
    let again = registry.request(
        nun,
        other.pin.clone(),
        other.puk.clone(),
        Contacts::default(),
    );
    assert_eq!(again.err(), Some(CodesError::NumberInUse(nun)));
    registry
        .request(
            other.document_number,
            other.pin,
            other.puk,
            Contacts::default(),
        )
        .unwrap();
    let receipt = registry.get_mut(nun).unwrap().receipt().unwrap();
    assert_eq!(receipt, one.receipt);
}
