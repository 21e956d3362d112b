//! The published examples, sent to the card byte for byte.

use super::cards::Document;
use super::reader::{Reader, SELECT_LDS};
use super::{field, hex, vectors};
use cie_emulator::crypto::suite::Suite;
use cie_emulator::secure_messaging::SecureSession;
use cie_emulator::wire::tlv::object;
use cie_emulator::wire::{Command, StatusWord};
use rstest::rstest;
use serde_json::Value;

/// Sends a command and expects exactly these bytes back.
fn exactly(reader: &mut Reader, command: &[u8], response: &[u8]) {
    let answer = reader.card.transmit(command);
    assert_eq!(
        hex::encode_upper(answer),
        hex::encode_upper(response),
        "to {}",
        hex::encode_upper(command)
    );
}

fn exchanges(reader: &mut Reader, v: &Value, pairs: &[(&str, &str)]) {
    for (command, response) in pairs {
        exactly(reader, &field(v, command), &field(v, response));
    }
}

#[test]
fn basic_access_control_of_appendix_d() {
    let v = vectors("bac");
    let card = Document::cie()
        .mrz(v["mrz_information_ascii"].as_str().unwrap())
        .ef_com("60145F0104303130365F36063034303030305C026175")
        .scripted(&[field(&v, "rnd_ic"), field(&v, "k_ic")]);
    let mut reader = Reader::new(card);
    reader.ok(SELECT_LDS);
    assert_eq!(reader.ok("0084000008"), field(&v, "rnd_ic"));
    let answer = [field(&v, "eic"), field(&v, "mic"), hex("9000")].concat();
    exactly(&mut reader, &field(&v, "command"), &answer);
    exchanges(
        &mut reader,
        &v,
        &[
            ("select_ef_com_00a4020c02011e", "response"),
            ("read_4_bytes_00b0000004", "response_60145f01"),
            (
                "read_18_bytes_at_4_00b0000412",
                "response_04303130365f36063034303030305c026175",
            ),
        ],
    );
}

#[test]
fn basic_access_control_of_an_invented_holder() {
    let all = vectors("citizen");
    let (v, data) = (&all["bac"], &all["data"]);
    let card = Document::cie()
        .ef_com(data["ef_com_with_61_75_63_6b_6c_6e"].as_str().unwrap())
        .scripted(&[field(v, "rnd_ic"), field(v, "k_ic")]);
    let mut reader = Reader::new(card);
    reader.ok(SELECT_LDS);
    assert_eq!(reader.ok("0084000008"), field(v, "rnd_ic"));
    exchanges(
        &mut reader,
        v,
        &[
            ("external_authenticate", "response"),
            ("select_ef_com_00a4020c02011e", "rsp_9000"),
            ("read_binary_b0_le_04", "rsp_60185f01"),
            ("read_binary_b0_off_4_le_16", "rsp_rest_of_com"),
            (
                "read_binary_b1_sfi_1e_do54_offset_0_le_06",
                "rsp_5304_60185f01",
            ),
            ("read_binary_b0_off_26_le_01_past_eof", "rsp_6b00_no_do87"),
        ],
    );
}

fn command(cla: u8, tag: u32, value: &[u8]) -> Vec<u8> {
    let data = object(0x7C, &object(tag, value));
    let mut apdu = vec![cla, 0x86, 0, 0];
    match u8::try_from(data.len()) {
        Ok(lc) => apdu.push(lc),
        Err(_) => {
            apdu.push(0);
            apdu.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        }
    }
    let le: &[u8] = if data.len() < 256 { &[0] } else { &[0, 0] };
    [&apdu, data.as_slice(), le].concat()
}

fn answer(tag: u32, value: &[u8]) -> Vec<u8> {
    [object(0x7C, &object(tag, value)), hex("9000")].concat()
}

/// The four steps with the values of a fixture, by the names of its fields.
fn four_steps(reader: &mut Reader, v: &Value, names: [&str; 7]) {
    let [z, pcd_map, picc_map, pcd, picc, t_pcd, t_picc] = names.map(|name| field(v, name));
    exactly(reader, &hex("10860000027C0000"), &answer(0x80, &z));
    exactly(
        reader,
        &command(0x10, 0x81, &pcd_map),
        &answer(0x82, &picc_map),
    );
    exactly(reader, &command(0x10, 0x83, &pcd), &answer(0x84, &picc));
    exactly(reader, &command(0x00, 0x85, &t_pcd), &answer(0x86, &t_picc));
}

const APPENDIX_G: [&str; 7] = [
    "z",
    "map_public_pcd",
    "map_public_picc",
    "eph_public_pcd",
    "eph_public_picc",
    "t_pcd",
    "t_picc",
];

#[rstest]
#[case::g_1_curve("ecdh_gm_aes128", 13, "0202", "84010D")]
#[case::g_1_without_domain_parameters("ecdh_gm_aes128", 13, "0202", "")]
#[case::g_2_modular("dh_gm_aes128", 0, "0102", "840100")]
fn pace_of_appendix_g(
    #[case] name: &str,
    #[case] id: u8,
    #[case] protocol: &str,
    #[case] parameters: &str,
) {
    let all = vectors("pace");
    let v = &all[name];
    let random = ["s", "map_private_picc", "eph_private_picc"].map(|name| field(v, name));
    let card = Document::offering(id, Suite::Aes128)
        .mrz(all["ecdh_gm_aes128"]["mrz_information"].as_str().unwrap())
        .scripted(&random);
    let mut reader = Reader::new(card);
    let data = hex(&format!("800A04007F0007020204{protocol}830101{parameters}"));
    reader.ok(&format!("0022C1A4{:02X}{}", data.len(), hex::encode(&data)));
    four_steps(&mut reader, v, APPENDIX_G);
    assert_eq!(
        format!("{:?}", reader.card.state().document.access),
        "Some(Pace)"
    );
}

const CIE: [&str; 7] = [
    "z_16_bytes",
    "a1_g_x1_do81",
    "b1_g_y1_do82",
    "a2_g_x2_do83",
    "b2_g_y2_do84",
    "t_pcd_do85",
    "t_picc_do86",
];

/// The card after PACE with the CAN as the CIE offers it.
fn after_pace() -> (Reader, Value) {
    let all = vectors("cie-profile");
    let v = &all["pace"];
    let random = ["s", "y1_map_picc", "y2_eph_picc"].map(|name| field(v, name));
    let mut reader = Reader::new(Document::cie().scripted(&random));
    assert_eq!(reader.ok("00A4020C02011C"), b"");
    assert_eq!(reader.ok("00B0000006"), hex("31143012060A"));
    assert_eq!(
        reader.ok("00B0000016"),
        hex("31143012060A04007F00070202040101020102020102")
    );
    exactly(&mut reader, &field(v, "mse_set_at"), &hex("9000"));
    four_steps(&mut reader, v, CIE);
    (reader, all)
}

#[test]
fn pace_as_the_cie_offers_it() {
    let (mut reader, all) = after_pace();
    exchanges(
        &mut reader,
        &all["pace"],
        &[
            ("sm_select_aid_no_do97", "response"),
            ("sm_read_sfi_1e_le_06_next_ssc_3", "response_60165f010430"),
        ],
    );
}

#[rstest]
#[case::one_step(&[("mse_kat_sm_ext_ssc_3", "rsp_under_old_keys_ssc_4"), ("first_cmd_ssc_1_read_sfi_01_le_06", "rsp_615d5f1f5a43")])]
#[case::two_steps(&[("mse_at_800a04007f00070202030101", "rsp"), ("ga_7c_80_pke_ext", "rsp_7c00_old_keys"), ("first_cmd_ssc_1_read_sfi_01_le_06", "rsp_615d5f1f5a43")])]
fn chip_authentication_after_pace(#[case] pairs: &[(&str, &str)]) {
    let (mut reader, all) = after_pace();
    exchanges(
        &mut reader,
        &all["pace"],
        &[(
            "sm_select_aid_with_do97_00_dotnet_sdk_form_instead_of_the_above",
            "response_2",
        )],
    );
    exchanges(&mut reader, &all["chip_authentication"], pairs);
    assert!(reader.card.state().document.chip);
}

#[test]
fn a_nonce_of_eight_bytes() {
    let all = vectors("cie-profile");
    let (v, short) = (&all["pace"], &all["nonce8_can"]);
    let random = [
        field(short, "s"),
        field(v, "y1_map_picc"),
        field(v, "y2_eph_picc"),
    ];
    let mut reader = Reader::new(Document::cie().with("pace_nonce=8").scripted(&random));
    exactly(&mut reader, &field(v, "mse_set_at"), &hex("9000"));
    exactly(
        &mut reader,
        &hex("10860000027C0000"),
        &answer(0x80, &field(short, "z")),
    );
    exactly(
        &mut reader,
        &command(0x10, 0x81, &field(v, "a1_g_x1_do81")),
        &answer(0x82, &field(v, "b1_g_y1_do82")),
    );
    let group = cie_emulator::crypto::dh::Group::rfc5114_2048_256();
    let mapped = group.map_nonce(&field(short, "s"), &field(v, "h")).unwrap();
    let terminal = mapped.public_value(&field(v, "x2_eph_pcd"));
    let (_, sw) = reader.raw(&command(0x10, 0x83, &terminal));
    assert_eq!(sw, 0x9000);
    exactly(
        &mut reader,
        &command(0x00, 0x85, &field(short, "t_pcd")),
        &answer(0x86, &field(short, "t_picc")),
    );
}

#[test]
fn pace_with_the_mrz() {
    let all = vectors("cie-profile");
    let (v, mrz) = (&all["pace"], &all["mrz"]);
    let random = ["s", "y1_map_picc", "y2_eph_picc"].map(|name| field(v, name));
    let mut reader = Reader::new(Document::cie().scripted(&random));
    exactly(
        &mut reader,
        &hex("0022C1A40F800A04007F00070202040101830101"),
        &hex("9000"),
    );
    exactly(
        &mut reader,
        &hex("10860000027C0000"),
        &answer(0x80, &field(mrz, "z")),
    );
    exactly(
        &mut reader,
        &command(0x10, 0x81, &field(v, "a1_g_x1_do81")),
        &answer(0x82, &field(v, "b1_g_y1_do82")),
    );
    exactly(
        &mut reader,
        &command(0x10, 0x83, &field(v, "a2_g_x2_do83")),
        &answer(0x84, &field(v, "b2_g_y2_do84")),
    );
    exactly(
        &mut reader,
        &command(0x00, 0x85, &field(mrz, "t_pcd")),
        &answer(0x86, &field(mrz, "t_picc")),
    );
}

#[rstest]
#[case::aes_128("aes128", Suite::Aes128, "aes_128")]
#[case::aes_192("aes192", Suite::Aes192, "aes_192")]
#[case::aes_256("aes256", Suite::Aes256, "aes_256")]
fn secure_messaging_with_aes(#[case] name: &str, #[case] suite: Suite, #[case] prefix: &str) {
    let all = vectors("citizen");
    let v = &all[name];
    let key = |which: &str| field(v, &format!("{prefix}_{which}"));
    let mut session = SecureSession::with_suite(suite, &key("ksenc"), &key("ksmac"), 0).unwrap();
    for (command, inner, response, data) in [
        ("select_aid_p2_0c_no_do97", "A0000002471001", "rsp_9000", ""),
        ("read_binary_sfi_1e_le_04", "", "rsp_60185f01", "60185F01"),
        ("b1_sfi_1e_do54_0_le_06", "540100", "rsp", "530460185F01"),
    ] {
        let bytes = field(v, command);
        let parsed = Command::parse(&bytes).unwrap();
        let mut found = Vec::new();
        let (next, unprotected) = session
            .unprotect(&parsed, &mut found, Default::default())
            .unwrap();
        assert_eq!((found, unprotected.header.cla), (hex(inner), 0));
        session = next;
        let odd = parsed.header.ins & 1 == 1;
        let mut out = Vec::new();
        session.protect(&hex(data), StatusWord::NO_ERROR, odd, &mut out);
        assert_eq!(out, field(v, response), "{command}");
    }
}

#[test]
fn a_command_recorded_from_a_reader() {
    let v = vectors("aes-recorded");
    let keys = v["ksenc_ksmac"].as_str().unwrap().replace("` / `", "");
    let (encryption, checksum) = keys.split_at(32);
    let session =
        SecureSession::with_suite(Suite::Aes128, &hex(encryption), &hex(checksum), 0xBA).unwrap();
    let bytes = field(&v, "protected");
    let mut data = Vec::new();
    let parsed = Command::parse(&bytes).unwrap();
    let (session, inner) = session
        .unprotect(&parsed, &mut data, Default::default())
        .unwrap();
    assert_eq!(data, hex("800A04007F000702020302028401C3"));
    assert_eq!(inner.header.to_bytes(), [0x00, 0x22, 0x41, 0xA4]);
    assert_eq!(session.send_sequence_counter(), 0xBB);
}
