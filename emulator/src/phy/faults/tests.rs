use super::*;
use crate::Card;
use crate::phy::trace::Trace;
use crate::spec::CardSpec;
use proptest::prelude::*;
use rstest::rstest;
use std::num::{NonZeroU8, NonZeroU64, NonZeroUsize};
use std::sync::mpsc::{self, Receiver, Sender};

/// Answers the command itself and a status word; mute without power. Counts what it heard.
#[derive(Default)]
struct Echo {
    powered: bool,
    heard: usize,
    answer: Vec<u8>,
}

impl Transceiver for Echo {
    fn power_on(&mut self) -> &[u8] {
        self.powered = true;
        &[0x3B, 0x00]
    }

    fn power_off(&mut self) {
        self.powered = false;
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        match kind {
            Reset::Cold => self.power_on(),
            Reset::Warm if self.powered => &[0x3B, 0x01],
            Reset::Warm => &[],
        }
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        self.answer.clear();
        if self.powered {
            self.heard += 1;
            self.answer.extend(command);
            self.answer.extend([0x90, 0x00]);
        }
        &self.answer
    }
}

#[derive(Debug, PartialEq)]
enum Asked {
    Wait(Duration),
    Acts(String),
    Gone(Option<Duration>),
}

/// Notes what it is asked, for those who want to know; the card stays where it is while it waits, or not.
struct Notes {
    asked: Sender<Asked>,
    stays: bool,
}

impl Outside for Notes {
    fn wait(&mut self, time: Duration) -> bool {
        drop(self.asked.send(Asked::Wait(time)));
        self.stays
    }

    fn acts(&mut self, rule: &Rule) {
        drop(self.asked.send(Asked::Acts(rule.to_string())));
    }

    fn gone(&mut self, back: Option<Duration>) {
        drop(self.asked.send(Asked::Gone(back)));
    }
}

fn rules(lines: &[&str]) -> Vec<Rule> {
    lines.iter().map(|line| line.parse().unwrap()).collect()
}

fn spoiled(lines: &[&str], stays: bool) -> (Faults<Echo, Notes>, Receiver<Asked>) {
    let (asked, notes) = mpsc::channel();
    let mut layer = Faults::new(Echo::default(), rules(lines), Notes { asked, stays });
    layer.power_on();
    (layer, notes)
}

fn sent(layer: &mut impl Transceiver, command: &str) -> String {
    hex::encode_upper(layer.transmit(&hex::decode(command).unwrap()))
}

#[rstest]
#[case::nothing(&[], "00B00000", 1, "00B000009000")]
#[case::truncate(&["truncate=5"], "00B00000", 1, "00B0000090")]
#[case::truncate_beyond(&["truncate=50"], "00B00000", 1, "00B000009000")]
#[case::first_bit(&["flip=0"], "00B00000", 1, "80B000009000")]
#[case::last_bit(&["flip=-1"], "00B00000", 1, "00B000009001")]
#[case::bit_of_status(&["flip=-16"], "00B00000", 1, "00B000001000")]
#[case::no_such_bit(&["flip=48"], "00B00000", 1, "00B000009000")]
#[case::no_such_bit_backwards(&["flip=-49"], "00B00000", 1, "00B000009000")]
#[case::status(&["sw=6f00"], "00B00000", 1, "6F00")]
#[case::lost(&["lost"], "00B00000", 1, "")]
#[case::unheard(&["unheard"], "00B00000", 0, "")]
#[case::gone(&["gone"], "00B00000", 1, "")]
#[case::refused_by_the_reader(&["unheard", "sw=6982"], "00B00000", 0, "6982")]
#[case::in_the_order_given(&["flip=0", "sw=9000", "flip=-1"], "00B00000", 1, "9001")]
#[case::lost_stays_lost(&["lost", "flip", "truncate=1"], "00B00000", 1, "")]
#[case::by_name(&["sw=6F00@read binary"], "00B00000", 1, "6F00")]
#[case::by_name_odd(&["sw=6F00@READ BINARY"], "00B10000", 1, "6F00")]
#[case::by_name_protected(&["sw=6F00@READ BINARY"], "0CB00000", 1, "6F00")]
#[case::another_name(&["sw=6F00@SELECT"], "00B00000", 1, "00B000009000")]
#[case::by_header(&["sw=6F00@0?b0????"], "0CB01234", 1, "6F00")]
#[case::another_header(&["sw=6F00@00B0????"], "0CB01234", 1, "0CB012349000")]
#[case::half_a_byte(&["sw=6F00@???0?2??"], "00B01234", 1, "6F00")]
#[case::no_header(&["sw=6F00@????????"], "00B0", 1, "00B09000")]
#[case::anything(&["sw=6F00"], "00B0", 1, "6F00")]
#[case::all(&["sw=6F00@100%"], "00B00000", 1, "6F00")]
fn one_command(
    #[case] lines: &[&str],
    #[case] command: &str,
    #[case] heard: usize,
    #[case] answer: &str,
) {
    let (mut layer, _) = spoiled(lines, true);
    assert_eq!(sent(&mut layer, command), answer);
    assert_eq!(layer.inner.heard, heard);
}

#[rstest]
#[case::third("sw=6F00@#3", "ggbgg")]
#[case::from_third("sw=6F00@#3-", "ggbbb")]
#[case::second_to_third("sw=6F00@#2-3", "gbbgg")]
#[case::all("sw=6F00", "bbbbb")]
fn which_of_five(#[case] rule: &str, #[case] expected: &str) {
    let (mut layer, _) = spoiled(&[rule], true);
    let found: String = (0..5)
        .map(|_| match sent(&mut layer, "00B00000").as_str() {
            "6F00" => 'b',
            _ => 'g',
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn only_commands_of_the_rule_are_counted_and_power_forgets_nothing() {
    let (mut layer, _) = spoiled(&["lost@VERIFY,#2"], true);
    for (command, answered) in [
        ("00B00000", true),
        ("00200081", true),
        ("00B00000", true),
        ("00200081", false),
        ("00200081", true),
    ] {
        assert_eq!(!sent(&mut layer, command).is_empty(), answered);
        layer.power_off();
        layer.power_on();
    }
}

#[rstest]
#[case::stays(true, "00B000009000")]
#[case::is_taken_away(false, "")]
fn waiting_is_asked_for(#[case] stays: bool, #[case] answer: &str) {
    let (mut layer, notes) = spoiled(&["delay=300ms@READ BINARY", "delay=2s"], stays);
    assert_eq!(sent(&mut layer, "00B00000"), answer);
    let mut expected = vec![
        Asked::Acts("delay=300ms@READ BINARY".to_owned()),
        Asked::Wait(Duration::from_millis(300)),
    ];
    if stays {
        expected.push(Asked::Acts("delay=2s".to_owned()));
        expected.push(Asked::Wait(Duration::from_secs(2)));
    }
    assert_eq!(notes.try_iter().collect::<Vec<_>>(), expected);
}

#[rstest]
#[case::by_power(|layer: &mut Faults<Echo, Notes>| layer.power_on().to_vec())]
#[case::by_a_cold_reset(|layer: &mut Faults<Echo, Notes>| layer.reset(Reset::Cold).to_vec())]
fn gone_until_there_is_power(#[case] again: fn(&mut Faults<Echo, Notes>) -> Vec<u8>) {
    let (mut layer, notes) = spoiled(&["gone=2s@#1"], true);
    assert_eq!(sent(&mut layer, "00B00000"), "");
    assert_eq!(
        notes.try_iter().last(),
        Some(Asked::Gone(Some(Duration::from_secs(2))))
    );
    assert!(!layer.inner.powered);
    assert_eq!(layer.reset(Reset::Warm), b"");
    assert_eq!(sent(&mut layer, "00B00000"), "");
    assert_eq!(again(&mut layer), [0x3B, 0x00]);
    assert_eq!(sent(&mut layer, "00B00000"), "00B000009000");
}

/// What is drawn depends on the seed and on nothing else, and is about as frequent as it says.
#[test]
fn drawing() {
    let struck = |line: &str| -> Vec<bool> {
        let (mut layer, _) = spoiled(&[line], true);
        (0..1000)
            .map(|_| sent(&mut layer, "00B00000") == "6F00")
            .collect()
    };
    let once = struck("sw=6F00@10%,seed=7");
    assert_eq!(once, struck("sw=6F00@10%,seed=7"));
    assert_ne!(once, struck("sw=6F00@10%,seed=8"));
    let count = once.iter().filter(|struck| **struck).count();
    assert!((70..130).contains(&count), "{count} of 1000");
}

#[test]
fn a_bit_that_is_drawn_is_one_bit_and_not_always_the_same() {
    let (mut layer, _) = spoiled(&["flip@seed=3"], true);
    let right = hex::decode("00B000009000").unwrap();
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let answer = layer.transmit(&right[..4]);
        let wrong: Vec<u8> = answer.iter().zip(&right).map(|(a, b)| a ^ b).collect();
        assert_eq!(wrong.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
        places.insert(wrong);
    }
    assert!(places.len() > 20, "{} of 48 bits", places.len());
}

#[rstest]
#[case::empty("", "column 1: \"\" is no fault")]
#[case::unknown("  slow", "column 3: \"slow\" is no fault")]
#[case::no_time("delay", "column 6: \"\" will not do for delay")]
#[case::no_unit("delay=300", "column 7: \"300\" will not do for delay")]
#[case::no_wait("delay=0s", "from 1ms to 600s")]
#[case::for_ever("gone=601s", "column 6: \"601s\" will not do for gone")]
#[case::sign("delay=+3s", "\"+3s\" will not do")]
#[case::nothing_left("truncate=0", "at least 1")]
#[case::bit("flip=one", "column 6: \"one\" will not do for flip")]
#[case::bit_from_zero("flip=-0", "\"-0\" will not do for flip")]
#[case::status(
    "sw=6F0",
    "column 4: \"6F0\" will not do for sw: write the four hexadecimal digits"
)]
#[case::valued("lost=1", "it has no value")]
#[case::command(
    "lost@READ BYNARY",
    "column 6: \"READ BYNARY\" is no condition; write the name of a command (VERIFY, MANAGE SECURITY ENVIRONMENT,"
)]
#[case::no_condition("lost@", "column 6: \"\" is no condition")]
#[case::digit("lost@00B0???G", "column 6: \"00B0???G\" is no condition")]
#[case::zeroth("lost@VERIFY, #0", "column 14: \"#0\" will not do for #")]
#[case::backwards("lost@#3-2", "\"#3-2\" will not do for #")]
#[case::percent("lost@101%", "\"101%\" will not do for %")]
#[case::seed("lost@seed=x", "\"seed=x\" will not do for seed")]
#[case::twice(
    "lost@VERIFY,SELECT",
    "column 13: \"SELECT\" is the second condition of its kind"
)]
fn refused(#[case] line: &str, #[case] words: &str) {
    let error = line.parse::<Rule>().unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let time = || (1_u64..=600_000).prop_map(Duration::from_millis);
    let effect = prop_oneof![
        time().prop_map(Effect::Delay),
        (1_usize..20).prop_map(|n| Effect::Truncate(NonZeroUsize::new(n).unwrap())),
        (0_usize..200).prop_map(|n| Effect::Flip(Bit::FromStart(n))),
        (1_usize..200).prop_map(|n| Effect::Flip(Bit::FromEnd(NonZeroUsize::new(n).unwrap()))),
        Just(Effect::Flip(Bit::Drawn)),
        any::<u16>().prop_map(|sw| Effect::Status(crate::wire::StatusWord(sw))),
        Just(Effect::Lost),
        Just(Effect::Unheard),
        proptest::option::of(time()).prop_map(Effect::Gone),
    ];
    let digit = || prop_oneof![Just(None), (0_u8..16).prop_map(Some)];
    let header = proptest::collection::vec(digit(), 8).prop_map(|digits| {
        let text: String = digits
            .iter()
            .map(|digit| digit.map_or("?".to_owned(), |digit| format!("{digit:X}")))
            .collect();
        format!("lost@{text}").parse::<Rule>().unwrap().commands
    });
    let commands = prop_oneof![
        Just(Commands::All),
        Just(Commands::Named("VERIFY")),
        Just(Commands::Named("READ BINARY")),
        header,
    ];
    let which = (1_u64..5, proptest::option::of(0_u64..5)).prop_map(|(first, more)| Which {
        first: NonZeroU64::new(first).unwrap(),
        last: more.map(|more| NonZeroU64::new(first + more).unwrap()),
    });
    let draw = (proptest::option::of(1_u8..=100), any::<u64>()).prop_map(|(percent, seed)| Draw {
        percent: percent.map(|percent| NonZeroU8::new(percent).unwrap()),
        seed,
    });
    (effect, commands, which, draw).prop_map(|(effect, commands, which, draw)| Rule {
        effect,
        commands,
        which,
        draw,
    })
}

/// Anything, and what a card knows.
fn any_command() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        Just(vec![0x00, 0xA4, 0x00, 0x00]),
        Just(vec![0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39]),
        Just(vec![0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06]),
        Just(vec![0x00, 0xB0, 0x00, 0x00, 0x10]),
        Just(vec![0x00, 0x20, 0x00, 0x81]),
    ]
}

fn card() -> Card {
    static IMAGE: std::sync::OnceLock<std::sync::Arc<crate::card::Image>> =
        std::sync::OnceLock::new();
    let image = IMAGE.get_or_init(|| CardSpec::default().issue().unwrap().card.image().clone());
    Card::new(std::sync::Arc::clone(image), Box::new(Seeded::new(1)))
}

/// Everything that a transceiver answers to these.
fn answers(mut layer: impl Transceiver, commands: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = vec![layer.power_on().to_vec()];
    for (index, command) in commands.iter().enumerate() {
        all.push(layer.transmit(command).to_vec());
        match index % 7 {
            3 => all.push(layer.reset(Reset::Warm).to_vec()),
            6 => all.push(layer.reset(Reset::Cold).to_vec()),
            _ => {}
        }
    }
    all
}

fn traced<T: Transceiver>(inner: T) -> impl Transceiver {
    Trace::new(inner, drop)
}

proptest! {
    #[test]
    fn a_rule_reads_as_it_is_written(rule in any_rule()) {
        prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
    }

    #[test]
    fn any_line_is_read_or_refused(line in "(delay|truncate|flip|sw|lost|unheard|gone)?=?\\PC{0,12}@?\\PC{0,12}") {
        if let Ok(rule) = line.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }

    #[test]
    fn an_idle_layer_changes_no_byte(commands in proptest::collection::vec(any_command(), 0..20)) {
        let bare = answers(card(), &commands);
        prop_assert_eq!(&bare, &answers(Faults::new(card(), vec![], ()), &commands));
        let never = rules(&["gone@#1000000", "sw=6F00@FFFFFFFF"]);
        prop_assert_eq!(&bare, &answers(Faults::new(card(), never, ()), &commands));
    }

    #[test]
    fn a_trace_may_stand_on_either_side(
        rules in proptest::collection::vec(any_rule(), 0..4),
        commands in proptest::collection::vec(any_command(), 0..20),
    ) {
        let inside = traced(Faults::new(card(), rules.clone(), ()));
        let outside = Faults::new(traced(card()), rules, ());
        prop_assert_eq!(answers(inside, &commands), answers(outside, &commands));
    }
}
