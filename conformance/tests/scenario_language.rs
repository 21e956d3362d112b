//! What the language means: expansion, variables, hazards, values and masks, layout, and the limits against hostile files.

use std::sync::Arc;

use cie_conformance::scenario::model::{Action, Chips, Hazard, Polarity, Target};
use cie_conformance::scenario::text::{Bound, BytePattern, StatusMask};
use cie_conformance::scenario::{Case, Catalogue, Source, layout, lint, load};
use proptest::prelude::*;
use rstest::rstest;

fn scenario(rest: &str) -> Arc<Source> {
    let text = format!("cie-scenario: 1\nid: a/b\ntitle: t\nrequirements: [CIE-PIN-001]\n{rest}\n");
    Source::new("scenarios/a/b.yaml", text)
}

fn catalogue() -> Catalogue {
    let block = "cie-block: 1\nid: read\ntitle: reads\nparameters:\n  file: { type: file }\n  length: { type: number, default: '12' }\nsteps:\n  - read_binary: { file: '${file}', length: '${length}' }\n";
    Catalogue::of(&["gemalto", "nxp"], &["adult-default"], &["CIE-PIN-001"])
        .with_block("read", Source::new("blocks/read.yaml", block))
}

fn cases(rest: &str) -> Vec<Case> {
    load(&scenario(rest), &catalogue()).expect("in order").cases
}

fn notes(case: &Case) -> Vec<String> {
    let text = |action: &Action| {
        if let Action::Note(text) = action {
            Some(text.clone())
        } else {
            None
        }
    };
    case.steps
        .iter()
        .filter_map(|step| text(&step.action))
        .collect()
}

#[test]
fn a_matrix_makes_a_case_per_cell_in_the_order_of_the_file() {
    let cases = cases(
        "hazard: none\nmatrix: { turn: ['1', '2'], chip: all }\ncard: { chip: '${chip}' }\nsteps: [{ note: '${turn}' }]",
    );
    let names: Vec<String> = cases.iter().map(Case::name).collect();
    assert_eq!(
        names,
        [
            "a/b[turn=1,chip=gemalto]",
            "a/b[turn=1,chip=nxp]",
            "a/b[turn=2,chip=gemalto]",
            "a/b[turn=2,chip=nxp]"
        ]
    );
    assert_eq!(
        cases
            .last()
            .and_then(|case| case.card().chip.as_ref())
            .map(|chip| chip.as_str()),
        Some("nxp")
    );
}

#[test]
fn loops_are_unrolled_in_step_and_name_their_turns() {
    let case = &cases(
        "hazard: none\nsteps:\n  - group: outer\n    do:\n      - for_each: { a: ['1', '2'], b: [x, y] }\n        do:\n          - repeat: { times: 2, index: i }\n            do: [{ note: '${a}${b}${i}' }]",
    )[0];
    assert_eq!(notes(case), ["1x0", "1x1", "2y0", "2y1"]);
    assert_eq!(case.steps[3].path, ["outer", "a=2,b=y", "2 of 2"]);
}

#[rstest]
#[case::hex("${hex(300)}", "012C")]
#[case::nibble("63C${nibble(sub(9, n))}", "63C2")]
#[case::len("${len(bytes)}${bytes}", "03313233")]
#[case::ascii("${ascii(word)}", "4142")]
#[case::add("${add(n, 1)}", "8")]
#[case::repeat("${repeat(word, 3)}", "ABABAB")]
#[case::escape("$${n}", "${n}")]
#[case::nothing_to_do("a $ b { c }", "a $ b { c }")]
fn functions_fill_in_text(#[case] text: &str, #[case] filled: &str) {
    let case = &cases(&format!(
        "hazard: none\nvars: {{ n: '7', bytes: '313233', word: AB }}\nsteps: [{{ note: '{text}' }}]"
    ))[0];
    assert_eq!(notes(case), [filled]);
}

#[test]
fn a_block_takes_parameters_and_remembers_where_it_was_used() {
    let case = &cases(
        "hazard: none\nsteps:\n  - use: read\n    with: { file: '1001' }\n  - use: read\n    with: { file: '1005', length: '270' }",
    )[0];
    let lengths: Vec<Option<u32>> = case
        .steps
        .iter()
        .map(|step| {
            if let Action::ReadBinary(read) = &step.action {
                read.length
            } else {
                None
            }
        })
        .collect();
    assert_eq!(lengths, [Some(12), Some(270)]);
    let step = &case.steps[1];
    assert_eq!(step.span.file(), "blocks/read.yaml");
    assert_eq!(step.used_at.as_ref().map(|span| span.line()), Some(9));
}

#[test]
fn places_survive_into_the_steps() {
    let case = &cases(
        "hazard: none\nsteps:\n  - select: ias\n    expect:\n      sw: ['9000', \"6A82\"]\n      length: \"<3\"",
    )[0];
    let sw = case.steps[0].expect.sw.as_ref().expect("a status");
    let span = sw.span.as_ref().expect("its place");
    assert_eq!(
        (span.file(), span.line(), span.column()),
        ("scenarios/a/b.yaml", 9, 11)
    );
    assert_eq!(
        (case.steps[0].span.line(), case.steps[0].verb_span.text()),
        (7, "select: ias")
    );
}

#[rstest]
#[case::reading("- read_file: '1001'", Hazard::None)]
#[case::right("- verify: { reference: pin, value: right }", Hazard::None)]
#[case::asking("- verify: { reference: pin, value: none }", Hazard::None)]
#[case::one_wrong("- verify: { reference: pin, value: wrong }", Hazard::BurnsPin)]
#[case::digits_nobody_knows("- verify: { reference: '81', value: '12345678' }", Hazard::BurnsPin)]
#[case::two_wrong_then_right(
    "- repeat: 2\n    do: [{ verify: { reference: pin, value: wrong } }]\n  - verify: { reference: pin, value: right }\n  - verify: { reference: pin, value: wrong }",
    Hazard::BurnsPin
)]
#[case::three_wrong(
    "- repeat: 3\n    do: [{ verify: { reference: pin, value: wrong } }]",
    Hazard::BlocksPin
)]
#[case::wrong_puk("- verify: { reference: puk, value: wrong }", Hazard::BurnsPuk)]
#[case::nine_wrong_puks(
    "- repeat: 9\n    do: [{ verify: { reference: puk, value: wrong } }]",
    Hazard::BurnsPuk
)]
#[case::ten_wrong_puks(
    "- repeat: 10\n    do: [{ verify: { reference: puk, value: wrong } }]",
    Hazard::Bricks
)]
#[case::change(
    "- change_reference_data: { reference: pin, old: right, new: '13572468' }",
    Hazard::Writes
)]
#[case::changed_and_used(
    "- change_reference_data: { reference: pin, old: right, new: '13572468' }\n  - verify: { reference: pin, value: '13572468' }\n  - verify: { reference: pin, value: '13572468' }\n  - verify: { reference: pin, value: '13572468' }",
    Hazard::Writes
)]
#[case::change_three_times_wrong(
    "- repeat: 3\n    do: [{ change_reference_data: { reference: pin, old: wrong, new: '13572468' } }]",
    Hazard::BlocksPin
)]
#[case::unblock("- reset_retry_counter: { reference: pin }", Hazard::Writes)]
#[case::refused_unblocking_gives_nothing_back(
    "- repeat: 2\n    do: [{ verify: { reference: pin, value: wrong } }]\n  - reset_retry_counter: { reference: pin }\n    expect: { sw: '6982' }\n  - verify: { reference: pin, value: wrong }",
    Hazard::BlocksPin
)]
#[case::a_right_pin_that_is_refused_gives_nothing_back(
    "- repeat: 2\n    do: [{ verify: { reference: pin, value: wrong } }]\n  - verify: { reference: pin, value: right }\n    tamper: { flip_mac_bit: 0 }\n  - verify: { reference: pin, value: wrong }",
    Hazard::BlocksPin
)]
#[case::a_refused_change_sets_nothing(
    "- change_reference_data: { reference: pin, old: right, new: '13572468' }\n    expect: { sw: '6982' }\n  - repeat: 3\n    do: [{ verify: { reference: pin, value: '13572468' } }]",
    Hazard::BlocksPin
)]
#[case::raw_verify("- apdu: '0020008108 3132333435363738'", Hazard::BurnsPin)]
#[case::raw_question("- apdu: '00200081'", Hazard::None)]
#[case::raw_fields("- apdu: { ins: '20', p2: '82', data: '3132' }", Hazard::BurnsPuk)]
#[case::raw_update("- bytes: '00D6000001 00'", Hazard::Writes)]
#[case::another_class("- apdu: 'F020008108 3132333435363738'", Hazard::None)]
fn steps_imply_a_hazard(#[case] steps: &str, #[case] implied: Hazard) {
    let case = &cases(&format!("hazard: bricks\nsteps:\n  {steps}"))[0];
    assert_eq!(
        cie_conformance::scenario::hazard::implied(&case.steps).0,
        implied
    );
    let declared = lint(
        &scenario(&format!("hazard: {implied}\nsteps:\n  {steps}")),
        &catalogue(),
    );
    assert!(!declared.has_errors(), "{declared}");
    if implied > Hazard::None {
        assert!(
            lint(
                &scenario(&format!("hazard: none\nsteps:\n  {steps}")),
                &catalogue()
            )
            .has_errors()
        );
    }
}

#[rstest]
#[case::success("[{ select: ias }]", Polarity::Positive)]
#[case::refusal(
    "[{ select: { aid: 'A0' }, expect: { sw: '6A82' } }]",
    Polarity::Negative
)]
#[case::both(
    "[{ select: ias }, { select: { aid: 'A0' }, expect: { sw: error } }]",
    Polarity::Both
)]
#[case::not_success(
    "[{ select: { aid: 'A0' }, expect: { not: { sw: '9000' } } }]",
    Polarity::Negative
)]
#[case::alternatives(
    "[{ select: { aid: 'A0' }, expect: { any_of: [{ sw: '6A82' }, { sw: '6A86' }] } }]",
    Polarity::Negative
)]
fn polarity_follows_from_the_expectations(#[case] steps: &str, #[case] polarity: Polarity) {
    assert_eq!(
        cases(&format!("hazard: none\nsteps: {steps}"))[0].polarity(),
        polarity
    );
}

#[test]
fn a_scenario_applies_where_it_says() {
    let case = &cases(
        "hazard: none\napplies_to: { chips: [nxp], targets: [emulator] }\nsteps: [{ select: ias }]",
    )[0];
    assert_eq!(
        case.applies_to().chips,
        Chips::These(vec!["nxp".to_owned()])
    );
    assert!(case.applies(Target::Emulator, Some("nxp")));
    assert!(!case.applies(Target::Emulator, Some("gemalto")));
    assert!(!case.applies(Target::Reader, None));
}

#[test]
fn the_hash_of_a_case_is_the_same_for_ever() {
    let case = &cases("hazard: none\nsteps: [{ select: ias }]")[0];
    assert_eq!(format!("{:016x}", case.stable_hash()), "c14cddc033f64b9d");
}

#[test]
fn an_unused_variable_is_a_warning_only() {
    let problems = lint(
        &scenario("hazard: none\nvars: { spare: '1' }\nsteps: [{ select: ias }]"),
        &catalogue(),
    );
    assert!(!problems.has_errors());
    assert!(
        problems
            .render(false)
            .starts_with("warning[unused]: the variable `spare` is not used")
    );
}

#[rstest]
#[case::exact("9000", 0x9000, true)]
#[case::mask("63C?", 0x63C7, true)]
#[case::outside_the_mask("63C?", 0x63D0, false)]
#[case::wide_mask("6???", 0x6982, true)]
fn masks_of_status_words(#[case] mask: StatusMaskText, #[case] status: u16, #[case] fits: bool) {
    assert_eq!(mask.0.matches(status), fits);
}

struct StatusMaskText(StatusMask);
impl std::str::FromStr for StatusMaskText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

#[rstest]
#[case::exact("3031", "3031", true)]
#[case::short("3031", "30", false)]
#[case::digit("3?", "37", true)]
#[case::other_digit("3?", "47", false)]
#[case::start("30..", "30313233", true)]
#[case::end("..33", "30313233", true)]
#[case::middle("30..33", "3033", true)]
#[case::two_gaps("..31..33", "30313233", true)]
#[case::gap_backtracks("..3132", "31313132", true)]
#[case::nothing("", "", true)]
#[case::anything("..", "", true)]
#[case::not_in_order("..33..31..", "3133", false)]
fn patterns_of_bytes(#[case] pattern: &str, #[case] bytes: &str, #[case] fits: bool) {
    let pattern: BytePattern = pattern.parse().expect("a pattern");
    assert_eq!(pattern.matches(&hex::decode(bytes).expect("hex")), fits);
}

#[rstest]
#[case("3", 3, true)]
#[case(">=2", 2, true)]
#[case(">2", 2, false)]
#[case("<256", 255, true)]
#[case("<=2", 3, false)]
#[case("2..5", 5, true)]
#[case("2..5", 6, false)]
fn bounds(#[case] bound: &str, #[case] number: u64, #[case] fits: bool) {
    assert_eq!(
        bound.parse::<Bound>().expect("a bound").contains(number),
        fits
    );
}

#[rstest]
#[case::indentation(
    "a:\n    b: 'x'\n    c:\n        - d: 1   \n          e: 2\n        # about f\n        - f: 3\n\n\n\nend: y",
    "a:\n  b: \"x\"\n  c:\n    - d: 1\n      e: 2\n    # about f\n    - f: 3\n\nend: y\n"
)]
#[case::quotes_inside_stay("a: 'say \"x\"' # 'why'\n", "a: 'say \"x\"' # 'why'\n")]
#[case::block_text(
    "a:\n    b: |\n        one\n          two\n    c: 1\n",
    "a:\n  b: |\n      one\n        two\n  c: 1\n"
)]
#[case::flow_over_lines(
    "a:\n    b: { c: 1,\n         d: 2 }\n    e: 3\n",
    "a:\n  b: { c: 1,\n       d: 2 }\n  e: 3\n"
)]
#[case::list_in_line("a:\n- b\n- c\n", "a:\n- b\n- c\n")]
fn layout_is_canonical(#[case] text: &str, #[case] expected: &str) {
    let laid_out = layout(&Source::new("a.yaml", text)).expect("YAML");
    assert_eq!(laid_out, expected);
    assert_eq!(
        layout(&Source::new("a.yaml", laid_out.clone())).expect("YAML"),
        laid_out
    );
}

#[test]
fn five_thousand_steps_load() {
    let step = "  - verify: { reference: pin, value: right }\n    expect: { channel: protected, sw: \"9000\", tries: { pin: 3 }, data: \"..\" }\n    note: a step like any other\n";
    let source = scenario(&format!("hazard: none\nsteps:\n{}", step.repeat(5_000)));
    let loaded = load(&source, &catalogue()).expect("in order");
    assert_eq!(loaded.cases[0].steps.len(), 5_000);
}

proptest! {
    #[test]
    fn any_text_is_loaded_or_refused(text in "[ \\-a-z0-9:{}\\[\\]\"'#&*!|>%$,.\n]{0,200}") {
        let source = Source::new("a.yaml", format!("cie-scenario: 1\nsteps:\n  - {text}"));
        let problems = lint(&source, &catalogue());
        prop_assert!(problems.has_errors());
        prop_assert!(!problems.render(false).is_empty());
    }

    #[test]
    fn any_expression_is_filled_or_refused(text in "[a-z0-9(){}$, ]{0,60}") {
        let source = scenario(&format!("hazard: none\nvars: {{ a: '1' }}\nsteps: [{{ note: \"x{text}${{a}}\" }}]"));
        let _ = lint(&source, &catalogue()).render(false);
    }

    #[test]
    fn layout_never_changes_what_a_file_says(text in "(( ){0,6}(- )?[a-c](: ['a-z]{0,3})?( #x)?\n){0,12}") {
        let source = Source::new("a.yaml", text);
        if let Ok(once) = layout(&source) {
            let again = layout(&Source::new("a.yaml", once.clone())).expect("still YAML");
            prop_assert_eq!(once, again);
        }
    }

    #[test]
    fn a_pattern_prints_as_it_reads(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let text = hex::encode_upper(&bytes);
        let pattern: BytePattern = text.parse().expect("hex is a pattern");
        prop_assert!(pattern.matches(&bytes));
        prop_assert_eq!(pattern.to_string(), text);
    }
}
