//! All chip families: what their clients recognise them by, the dialects each speaks when it is strict, and that behind
//! every one of them stands the same card.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use cie_emulator::chip::chip;
use cie_emulator::wire::CommandBuf;
use rstest::rstest;
use support::commands::*;
use support::*;

const PIN: &[u8; 8] = b"12345678";

const ALL: [&str; 12] = [
    "actalis",
    "actalis-b946",
    "actalis2",
    "bit4id",
    "bit4id2",
    "bit4id3",
    "gemalto",
    "gemalto2",
    "nxp",
    "stm",
    "stm2",
    "stm3",
];

#[test]
fn these_are_all_families_of_the_table() {
    let rows = cie_emulator::chip::chips().unwrap();
    let ids: Vec<&str> = rows.iter().map(|chip| chip.id.as_str()).collect();
    assert_eq!(ids, ALL);
}

// ---- answer to reset

/// The patterns desktop clients look for, in the order they look.
const SIGNATURES: [(&str, &str); 11] = [
    ("nxp", "80318065 49544E5850"),
    ("gemalto", "80318065 B085040011"),
    ("gemalto2", "80318065 B0850300EF"),
    ("stm", "8066475000B8007F"),
    ("stm2", "80800101"),
    ("stm3", "8001 8066475000B80094 829000C5"),
    ("actalis", "8001 80318065 49544A3441 120FFF82900088"),
    ("actalis2", "8001 80318065 49544A3443 120FFF8290008A"),
    ("bit4id", "8001 80318065 49544A3442 120FFF8290008B"),
    ("bit4id2", "8001 80318065 49544A3444 120FFF8290008D"),
    ("bit4id3", "8001 80318065 49544A3449 120FFF82900080"),
];

/// One family of clients sorts both strings and asks whether one is included in the other.
fn by_multiset(atr: &[u8]) -> Option<&'static str> {
    let included = |pattern: &[u8]| {
        (0..=255_u8).all(|byte| {
            let count = |bytes: &[u8]| bytes.iter().filter(|b| **b == byte).count();
            count(pattern) <= count(atr)
        })
    };
    let row = SIGNATURES.iter().find(|(_, text)| included(&hex(text)));
    row.map(|(name, _)| *name)
}

/// Others look for the pattern as it stands.
fn by_substring(atr: &[u8]) -> Option<&'static str> {
    let row = SIGNATURES
        .iter()
        .find(|(_, text)| contains(atr, &hex(text)));
    row.map(|(name, _)| *name)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[rstest]
#[case::nxp("nxp", "3B8E8001 80318065 49544E5850 120FFF8290 F0")]
#[case::gemalto("gemalto", "3B8F8001 80318065 B085040011 120FFF829000 8A")]
#[case::gemalto2("gemalto2", "3B8F8001 80318065 B0850300EF 120FFF829000 73")]
#[case::stm("stm", "3B8B8001 8066475000B8007F829000 2E")]
#[case::stm2("stm2", "3B808001 01")]
#[case::stm3("stm3", "3B8B8001 8066475000B80094829000 C5")]
#[case::actalis("actalis", "3B8F8001 80318065 49544A3441 120FFF829000 88")]
#[case::actalis2("actalis2", "3B8F8001 80318065 49544A3443 120FFF829000 8A")]
#[case::bit4id("bit4id", "3B8F8001 80318065 49544A3442 120FFF829000 8B")]
#[case::bit4id2("bit4id2", "3B8F8001 80318065 49544A3444 120FFF829000 8D")]
#[case::bit4id3("bit4id3", "3B8F8001 80318065 49544A3449 120FFF829000 80")]
fn a_family_is_recognised_by_its_answer_to_reset(#[case] id: &str, #[case] atr: &str) {
    let mut terminal = powered_with(id, "default");
    let answer = terminal.card.power_on().as_bytes().to_vec();
    assert_eq!(answer, hex(atr));
    assert_eq!(by_multiset(&answer), Some(id));
    assert_eq!(by_substring(&answer), Some(id));
}

/// Known to the newest clients only: the older ones must not take it for another family.
#[test]
fn actalis_b946_is_taken_for_no_other_family() {
    let atr = chip("actalis-b946").unwrap().atr.as_bytes().to_vec();
    assert_eq!(atr, hex("3B8F8001 80318065 49544A344C 120FFF829000 85"));
    assert_eq!((by_multiset(&atr), by_substring(&atr)), (None, None));
}

/// Desktop clients connect with T=1 and nothing else: TD1 announces T=0, TD2 T=1.
#[test]
fn every_family_offers_t_1() {
    for id in ALL {
        let chip = chip(id).unwrap();
        assert_eq!(chip.atr.as_bytes()[2..4], [0x80, 0x01], "{id}");
    }
}

// ---- EF.ATR

const ACTALIS: &str = "80004301B846041010101047039401E07F6608020204D6020207E3E01002020104020200E6020200E6020200E6780806062B8122F87802";
const ST: &str = "80004301B946040000001047039401814F0CA000000095000000008A0001E010020200FF020200FF0202010002020100780806062B8122F87802";
const NXP: &str = "80004301B8460410101010470394";
const GEMALTO2: &str = "47039441C0";
const GEMALTO: &str = "496173456363526F6F74";

/// As one phone library looks: contiguous, Actalis first.
fn contiguous(ef_atr: &[u8]) -> Option<&'static str> {
    [
        ("actalis", ACTALIS),
        ("st", ST),
        ("nxp", NXP),
        ("gemalto2", GEMALTO2),
        ("gemalto", GEMALTO),
    ]
    .into_iter()
    .find(|(_, pattern)| contains(ef_atr, &hex(pattern)))
    .map(|(name, _)| name)
}

/// As another looks: the bytes in order, with anything between them, NXP first and two bytes longer.
fn subsequence(ef_atr: &[u8]) -> Option<&'static str> {
    let nxp = format!("{NXP}0180");
    [
        ("nxp", nxp.as_str()),
        ("actalis", ACTALIS),
        ("st", ST),
        ("gemalto2", GEMALTO2),
        ("gemalto", GEMALTO),
    ]
    .into_iter()
    .find(|(_, pattern)| {
        let mut bytes = ef_atr.iter();
        hex(pattern).iter().all(|byte| bytes.any(|b| b == byte))
    })
    .map(|(name, _)| name)
}

#[rstest]
#[case::actalis("actalis", "actalis")]
#[case::actalis2("actalis2", "actalis")]
#[case::actalis_b946("actalis-b946", "actalis")]
#[case::bit4id("bit4id", "actalis")]
#[case::bit4id2("bit4id2", "actalis")]
#[case::bit4id3("bit4id3", "actalis")]
#[case::gemalto("gemalto", "gemalto")]
#[case::gemalto2("gemalto2", "gemalto2")]
#[case::nxp("nxp", "nxp")]
#[case::stm("stm", "st")]
#[case::stm2("stm2", "st")]
#[case::stm3("stm3", "st")]
fn a_family_is_recognised_by_its_ef_atr(#[case] id: &str, #[case] family: &str) {
    let mut terminal = powered_with(id, "default");
    terminal.plain(&select_application(IAS)).ok();
    terminal.plain(&select_application(CIE)).ok();
    terminal.raw_plain(&hex("00A40000023F00")).ok();
    terminal.plain(&select_ef(0x2F01)).ok();
    let ef_atr = terminal.plain(&read(0, 0)).ok();
    assert_eq!(contiguous(&ef_atr), Some(family), "contiguous");
    assert_eq!(subsequence(&ef_atr), Some(family), "as a subsequence");
    assert!(ef_atr.len() <= 100, "{} bytes", ef_atr.len());
}

/// An Arduino reader finds the end of the file by the status indicator, from byte 33 on.
#[test]
fn every_ef_atr_has_its_status_indicator_at_33_or_later() {
    for id in ALL {
        let ef_atr = &chip(id).unwrap().ef_atr;
        let at = ef_atr.windows(4).position(|part| part == hex("82029000"));
        assert!(at.is_some_and(|at| at >= 33), "{id}: {at:?}");
    }
}

// ---- dialects

/// Families whose clients reach the root by the master file.
const BY_MASTER_FILE: [&str; 7] = [
    "actalis",
    "actalis-b946",
    "actalis2",
    "bit4id",
    "bit4id2",
    "bit4id3",
    "nxp",
];

#[test]
fn a_strict_card_knows_its_familys_way_to_the_root_only() {
    for id in ALL {
        let by_master_file = BY_MASTER_FILE.contains(&id);
        let expected = |known| if known { 0x9000 } else { 0x6A82 };
        let mut terminal = powered_with(id, "strict");
        let sw = terminal.plain(&select_mf()).sw;
        assert_eq!(sw, expected(by_master_file), "{id}, master file");
        let sw = terminal.plain(&select_application(IAS)).sw;
        assert_eq!(sw, expected(!by_master_file), "{id}, application");
        terminal.select_cie();
    }
}

#[test]
fn a_strict_card_knows_its_familys_form_of_the_group_only() {
    for id in ALL {
        let combined = id == "gemalto";
        let expected = |known| if known { 0x9000 } else { 0x6A88 };
        let mut terminal = powered_with(id, "strict");
        terminal.select_cie();
        assert_eq!(
            terminal.plain(&get_data(DH_ALL)).sw,
            expected(combined),
            "{id}"
        );
        for list in [DH_G, DH_P, DH_Q] {
            assert_eq!(
                terminal.plain(&get_data(list)).sw,
                expected(!combined),
                "{id}"
            );
        }
        assert_eq!(terminal.plain(&get_data(CA_KEY)).sw, 0x9000, "{id}");
    }
}

#[test]
fn a_lenient_card_knows_every_form_whatever_its_family() {
    for id in ALL {
        let mut terminal = powered_with(id, "default");
        terminal.plain(&select_mf()).ok();
        terminal.plain(&select_application(IAS)).ok();
        terminal.plain(&get_data(DH_ALL)).ok();
        terminal.select_cie();
        for list in [DH_ALL, DH_G, DH_P, DH_Q, CA_KEY] {
            terminal.plain(&get_data(list)).ok();
        }
    }
}

/// What a strict card refuses leaves the selection alone: a client that falls back goes on.
#[test]
fn the_fallback_to_the_master_file_works_where_it_is_needed() {
    for id in BY_MASTER_FILE {
        let mut terminal = powered_with(id, "strict");
        assert_eq!(terminal.plain(&select_application(IAS)).sw, 0x6A82);
        terminal.plain(&select_mf()).ok();
        terminal.authenticate();
        assert_eq!(terminal.verify(0x81, PIN), 0x9000);
    }
}

// ---- the same card behind every family

/// Reads with this Le until something other than `9000` comes, as clients do.
fn read_loop(le: u8, mut send: impl FnMut(&CommandBuf) -> Reply) -> Vec<u8> {
    let mut got = Vec::new();
    for _ in 0..100 {
        let offset = u16::try_from(got.len()).unwrap();
        let reply = send(&read(offset, le));
        match reply.sw {
            0x9000 => {
                assert!(
                    !reply.data.is_empty(),
                    "success without data loops for ever"
                );
                got.extend(reply.data);
            }
            // Clients that ask for all there is would drop these data.
            0x6282 if le != 0 => {
                got.extend(reply.data);
                return got;
            }
            0x6B00 => {
                assert!(reply.data.is_empty());
                return got;
            }
            sw => panic!("{sw:04X} at {offset}"),
        }
    }
    panic!("no end after {} bytes", got.len());
}

fn expected_contents(id: &str, file: u16) -> Vec<u8> {
    if file == 0x2F01 {
        chip(id).unwrap().ef_atr.clone()
    } else {
        contents(file)
    }
}

#[rstest]
#[case::until_a_warning(0x80)]
#[case::all_there_is(0x00)]
#[case::as_much_as_fits(0xFF)]
#[case::another_desktop_client(0xE0)]
fn every_read_loop_gets_every_file_of_every_family(#[case] le: u8) {
    for id in ALL {
        let mut terminal = powered_with(id, "default");
        for (df, file, ..) in files() {
            if [0x1002, 0x1003, 0x1007].contains(&file) {
                continue;
            }
            terminal.plain(&select_application(df)).ok();
            terminal.plain(&select_ef(file)).ok();
            let got = read_loop(le, |command| terminal.plain(command));
            assert_eq!(got, expected_contents(id, file), "{id} {file:04X}");
        }
    }
}

#[rstest]
#[case::until_a_warning(0x80)]
#[case::all_there_is(0x00)]
fn every_read_loop_gets_every_file_of_every_family_under_secure_messaging(#[case] le: u8) {
    for id in ALL {
        let mut terminal = powered_with(id, "default");
        terminal.authenticate();
        terminal.verify(0x81, PIN);
        for (df, file, ..) in files().into_iter().filter(|(df, ..)| *df == CIE) {
            assert_eq!(df, CIE);
            terminal.sm(&select_ef(file)).ok();
            let got = read_loop(le, |command| terminal.sm(command));
            assert_eq!(got, expected_contents(id, file), "{id} {file:04X}");
        }
    }
}

/// Padded files end where their size says, and both loops give the padding too; the DER inside is untouched.
#[rstest]
#[case::until_a_warning(0x80)]
#[case::all_there_is(0x00)]
fn padded_files_are_read_whole(#[case] le: u8) {
    let mut terminal = authenticated_with(card_data(), "pad_files=true");
    terminal.verify(0x81, PIN);
    for file in [0x1003, 0x1004, 0x1005] {
        terminal.sm(&select_ef(file)).ok();
        let got = read_loop(le, |command| terminal.sm(command));
        let contents = contents(file);
        assert_eq!(got.len(), contents.len().next_multiple_of(256));
        assert_eq!(got[..contents.len()], contents);
        assert!(got[contents.len()..].iter().all(|byte| *byte == 0));
    }
}

/// The same meaning gives the same result whatever the chip: codes, files, signature, proof, change and unblocking.
#[test]
fn one_scenario_has_one_result_on_all_families() {
    let results: Vec<_> = ALL.map(scenario).into();
    for (id, result) in ALL.iter().zip(&results) {
        assert_eq!(result, &results[0], "{id}");
    }
}

fn scenario(id: &str) -> Vec<Reply> {
    let mut terminal = powered_with(id, "strict");
    terminal.authenticate();
    let signed = [
        verify(0x81, b"00000000"),
        verify(0x81, PIN),
        read_by_short_id(2, 0, 0),
        read_by_short_id(3, 0, 0),
        set_key(0x81),
        internal_authenticate(&[0x30; 51]),
        change(0x81, b"1234567848150726"),
        verify(0x82, b"00000000"),
        verify(0x82, b"87654321"),
        reset_retry_counter(3, 0x81, b""),
        reset_retry_counter(2, 0x81, b"93715062"),
        verify(0x81, b"48150726"),
        verify(0x81, b"93715062"),
    ];
    let mut replies: Vec<Reply> = signed.iter().map(|command| terminal.sm(command)).collect();
    terminal.select_cie();
    terminal.plain(&set_key(0x83)).ok();
    replies.push(terminal.plain(&internal_authenticate(b"123456789012")));
    replies
}
