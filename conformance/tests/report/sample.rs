//! A hand-made run with every verdict, protected and plain exchanges, data objects, a long difference, and texts that try to be
//! markup.

use std::collections::BTreeMap;

use cie_conformance::report::model::{
    CaseResult, Counters, Exchange, Failure, FailureKind, Level, Phase, Polarity, RequirementInfo,
    RunResult, ScenarioInfo, State, StepResult, TargetInfo, Verdict,
};

/// Text that would run a script in a careless page, clear a careless terminal, and end a careless line.
pub(crate) const HOSTILE: &str = "</script><script>window.pwned=1</script><img src=x onerror=\"window.pwned=1\">\u{2028}\u{1b}[2J";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal).unwrap()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn state<const N: usize>(pairs: [(&'static str, &str); N]) -> State {
    let pairs = pairs.into_iter();
    State(
        pairs
            .map(|(name, words)| (name.into(), words.to_owned()))
            .collect(),
    )
}

fn tries(pin: u8, puk: u8) -> Option<Counters> {
    Some(Counters {
        pin: Some(pin),
        puk: Some(puk),
    })
}

fn requirement(id: &str, level: Level, text: &str, source: &str) -> RequirementInfo {
    RequirementInfo {
        id: id.to_owned(),
        level,
        text: text.to_owned(),
        source: source.to_owned(),
    }
}

fn step(
    path: &[u32],
    title: &str,
    line: u32,
    verdict: Verdict,
    exchanges: Vec<Exchange>,
) -> StepResult {
    StepResult {
        path: path.to_vec(),
        title: title.to_owned(),
        file: "fixtures/scenarios/pin/lock-then-unblock.yaml".to_owned(),
        line,
        column: 9,
        verdict,
        exchanges,
        ..StepResult::default()
    }
}

fn case(id: &str, title: &str, verdict: Verdict, reason: Option<&str>) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        title: title.to_owned(),
        hazard: "none".to_owned(),
        persona: Some("adult-default".to_owned()),
        verdict,
        reason: reason.map(str::to_owned),
        file: format!("fixtures/scenarios/{id}.yaml"),
        seed: "42".to_owned(),
        rerun_command: format!("cie-conf run {id} --seed 42"),
        ..CaseResult::default()
    }
}

fn select() -> StepResult {
    let select = Exchange::plain(
        &bytes("00A4040C0DA0000000308000000009816001"),
        Some(&bytes("6F0F840DA00000003080000000098160019000")),
    );
    step(&[1], "select: ias", 12, Verdict::Passed, vec![select])
}

/// Three wrong PINs of which the last answers wrongly, under secure messaging; then a restore in `finally`.
fn locked() -> CaseResult {
    let mut case = case(
        "pin/lock-then-unblock",
        "three wrong PINs block the PIN, the PUK unblocks it, both counters are restored",
        Verdict::Failed,
        Some("the status word of step 2.2.1 is not the expected one"),
    );
    let verify = |answer: &str, left: u8| {
        let mut exchange = Exchange::protected(
            &bytes("00200081083132333435363739"),
            Some(&bytes(answer)),
            (
                &bytes("0C2000811D871101A4C0F2B7DD0E41956B2D0E9C8F4A117C8E08A1B2C3D4E5F6071800"),
                Some(&bytes(&format!("9902{answer}8E081122334455667788{answer}"))),
            ),
        );
        exchange.tries = tries(left, 10);
        exchange.state = state([
            ("security_status", "device authenticated"),
            ("selected", "3F00/IAS"),
        ]);
        exchange
    };
    let mut wrong = step(
        &[2, 2, 1],
        "verify: pin, wrong",
        17,
        Verdict::Failed,
        vec![verify("63C2", 2)],
    );
    wrong.failures = vec![
        Failure {
            requirements: vec!["CIE-PIN-003".to_owned()],
            note: Some("the counter is decremented before the comparison".to_owned()),
            ..Failure::compare(
                FailureKind::Sw,
                "the status word is not the expected one",
                "63C1",
                "63C2",
            )
        },
        Failure::compare(
            FailureKind::Tries,
            "the counter of the PIN did not go down",
            "pin 1",
            "pin 2",
        ),
    ];
    let mut restore = step(
        &[1],
        "restore: pin",
        30,
        Verdict::Passed,
        vec![verify("9000", 3)],
    );
    restore.phase = Phase::Finally;
    case.requirements = vec!["CIE-PIN-003".to_owned(), "CIE-PUK-001".to_owned()];
    case.polarity = Polarity::Negative;
    case.cell = map([("chip", "gemalto")]);
    case.chip = Some("gemalto".to_owned());
    case.hazard = "blocks_pin".to_owned();
    case.counters_before = tries(3, 10);
    case.counters_after = tries(2, 10);
    case.duration_ns = Some(12_345_678);
    case.rerun_command =
        "cie-conf run pin/lock-then-unblock --cell chip=gemalto --seed 42 --target emulator"
            .to_owned();
    case.steps = vec![
        select(),
        step(
            &[2, 1, 1],
            "verify: pin, wrong",
            17,
            Verdict::Passed,
            vec![verify("63C2", 2)],
        ),
        wrong,
        StepResult {
            note: Some("not executed: a step before it failed".to_owned()),
            ..step(&[3], "verify: puk, right", 22, Verdict::Skipped, Vec::new())
        },
        restore,
    ];
    case
}

/// A long response that differs deep inside, in a file whose data objects are shown.
fn long_difference() -> CaseResult {
    let mut case = case(
        "emrtd/read-com",
        "EF.COM says which data groups there are",
        Verdict::Warning,
        Some("a SHOULD was not met"),
    );
    let file = format!(
        "60165F0104303130375F36063034303030305C046175776E7F4E8180{}",
        "5A".repeat(128)
    );
    let read = Exchange::plain(&bytes("00B09E0000"), Some(&bytes(&format!("{file}9000"))));
    let mut failing = step(&[1], "read_file: EF.COM", 9, Verdict::Warning, vec![read]);
    let mut expected = file.clone();
    expected.replace_range(200..201, "0");
    failing.failures = vec![Failure::compare(
        FailureKind::Data,
        "the file differs from what the data groups say",
        &expected,
        &file,
    )];
    case.requirements = vec!["CIE-COM-001".to_owned()];
    case.steps = vec![failing];
    case
}

/// A card that was lost, and a harness that broke; texts from outside that try to act.
fn broken() -> [CaseResult; 2] {
    let lost = Exchange::plain(&bytes("0084000008"), None);
    let mut inconclusive = case(
        "transport/removed",
        "the card is pulled out",
        Verdict::Inconclusive,
        Some("the card was lost in step 1"),
    );
    let failure = Failure {
        kind: FailureKind::Transport,
        message: "no response came".to_owned(),
        ..Failure::default()
    };
    inconclusive.steps = vec![StepResult {
        failures: vec![failure],
        ..step(&[1], "get_challenge", 7, Verdict::Inconclusive, vec![lost])
    }];
    let mut error = case("robustness/hostile", HOSTILE, Verdict::Error, Some(HOSTILE));
    let mut hostile = step(
        &[1],
        HOSTILE,
        3,
        Verdict::Error,
        vec![Exchange {
            command: HOSTILE.to_owned(),
            plain_command: Some(HOSTILE.to_owned()),
            plain_response: Some(HOSTILE.to_owned()),
            sw: Some("6F00".to_owned()),
            sw_text: Some(HOSTILE.to_owned()),
            state: state([("note", HOSTILE)]),
            ..Exchange::default()
        }],
    );
    hostile.failures = vec![Failure::compare(FailureKind::Harness, HOSTILE, HOSTILE, "")];
    hostile.note = Some(HOSTILE.to_owned());
    error.steps = vec![hostile];
    [inconclusive, error]
}

/// The whole run, sealed.
pub(crate) fn run() -> RunResult {
    let target = TargetInfo {
        kind: "emulator".to_owned(),
        description: "embedded emulator, adult-default".to_owned(),
    };
    let mut run = RunResult::new("cie-conf 0.1.0", "42", "9f8e7d6c", target);
    let mut passed = case(
        "pin/verify",
        "the right PIN is accepted",
        Verdict::Passed,
        None,
    );
    passed.cell = map([("chip", "stm3")]);
    passed.requirements = vec!["CIE-PIN-001".to_owned()];
    passed.duration_ns = Some(850_000);
    passed.counters_before = tries(3, 10);
    passed.counters_after = tries(3, 10);
    passed.steps = vec![select()];
    let skipped = case(
        "pin/burn-puk",
        "ten wrong PUKs end the card",
        Verdict::Skipped,
        Some("hazard bricks needs --sacrificial"),
    );
    let foreign = case(
        "ias/bit4id-select",
        "the 2023 dialect of SELECT",
        Verdict::NotApplicable,
        Some("for chip bit4id-2023 only"),
    );
    run.options = map([("allow", "blocks_pin")]);
    run.cases = vec![passed, locked(), long_difference(), skipped, foreign];
    run.cases.extend(broken());
    for case in &mut run.cases {
        for step in &mut case.steps {
            step.file.clone_from(&case.file);
        }
    }
    run.coverage.requirements = vec![
        requirement(
            "CIE-PIN-001",
            Level::Must,
            "The right PIN is accepted and restores its counter.",
            "ISO/IEC 7816-4:2020 §11.6.6",
        ),
        requirement(
            "CIE-PIN-003",
            Level::Must,
            "Each wrong PIN costs one try, before the comparison.",
            "ISO/IEC 7816-4:2020 §11.6.6",
        ),
        requirement(
            "CIE-PUK-001",
            Level::Must,
            "The PUK unblocks the PIN.",
            "IAS-ECC 1.0.1 §7.1",
        ),
        requirement(
            "CIE-SM-009",
            Level::Must,
            "A wrong checksum ends the session.",
            "ICAO 9303-11 §9.8",
        ),
        requirement(
            "CIE-COM-001",
            Level::Should,
            "EF.COM agrees with the data groups.",
            "ICAO 9303-10 §4.6.1",
        ),
    ];
    run.coverage.scenarios = vec![ScenarioInfo {
        id: "pin/count-down".to_owned(),
        requirements: vec!["CIE-PIN-003".to_owned()],
        polarity: Polarity::Positive,
    }];
    run.seal();
    run
}

/// One case of many steps, the last of which fails.
pub(crate) fn long_run(steps: u32) -> RunResult {
    let target = TargetInfo {
        kind: "emulator".to_owned(),
        description: "embedded emulator".to_owned(),
    };
    let mut run = RunResult::new("cie-conf 0.1.0", "42", "9f8e7d6c", target);
    let mut long = case(
        "robustness/long",
        "thousands of steps",
        Verdict::Failed,
        None,
    );
    long.steps = (1..=steps)
        .map(|number| {
            let response = bytes(&format!("{}9000", "A5".repeat(48)));
            let read = Exchange::plain(&bytes("00B0000030"), Some(&response));
            step(&[1, number], "read_binary", 10, Verdict::Passed, vec![read])
        })
        .collect();
    if let Some(last) = long.steps.last_mut() {
        last.verdict = Verdict::Failed;
        last.failures = vec![Failure::compare(
            FailureKind::Sw,
            "the status word is not the expected one",
            "6B00",
            "9000",
        )];
    }
    run.cases = vec![long];
    run.seal();
    run
}
