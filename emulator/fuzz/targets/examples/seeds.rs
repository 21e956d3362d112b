//! Writes the first inputs of every target into a folder, made of the vectors, traces, scenarios and cards of the project:
//! `cargo run -p cie-fuzz-targets --example seeds -- FOLDER`. The corpora have grown from these; they are needed again only where
//! the form of an input changes.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cie_emulator::persona::{Persona, personalise};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The inputs of one target.
type Seeds = Vec<Vec<u8>>;

fn main() -> Outcome {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("name the folder to write into")?;
    let folder = PathBuf::from(folder);
    let all: [(&str, Seeds); 13] = [
        ("apdu", apdus()?),
        ("tlv", files()?.into_iter().map(|(_, file)| file).collect()),
        (
            "served_files",
            files()?
                .into_iter()
                .map(|(kind, file)| [&[kind][..], &file].concat())
                .collect(),
        ),
        ("sm_unprotect", protected()),
        ("card_session", sessions(12)),
        ("emrtd_session", sessions(9)),
        ("stored_card", stored()),
        ("scenario", scenarios()?),
        ("card_words", words()?),
        ("vpcd", vpcd()),
        ("driver", driver()),
        ("trace", traces()?),
        ("control_http", requests()),
    ];
    for (target, seeds) in all {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        let seeds: BTreeSet<Vec<u8>> = seeds.into_iter().collect();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures")
}

fn list(folder: &Path, ending: &str) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(list(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Commands and answers that real clients and cards have said, and answers to reset.
fn apdus() -> Outcome<Seeds> {
    let mut seeds = Seeds::new();
    for path in list(&fixtures().join("traces"), ".jsonl")? {
        for line in fs::read_to_string(path)?.lines() {
            let record: serde_json::Value = serde_json::from_str(line)?;
            for key in ["command", "response", "atr"] {
                let bytes = record[key].as_str().and_then(|text| hex::decode(text).ok());
                seeds.extend(bytes);
            }
        }
    }
    for text in [
        "00A4040C06A00000000039",
        "00B0000080",
        "00B00000000000",
        "00C00000000100",
        "00B1000000000454023FFF0000",
        "0020008108313233343536373800",
        "0024008110313233343536373831323334353637",
        "002C020108313233343536373863C2",
        "102A00AE0401020304",
        "0CB0000D97010E8E08BF8B92D635FF24F800",
        "3B8F80018031806549544A3444120FFF8290008D",
    ] {
        seeds.push(hex::decode(text)?);
    }
    Ok(seeds)
}

/// What cards serve: the kind for the judge's reader, and the file.
fn files() -> Outcome<Vec<(u8, Vec<u8>)>> {
    let mut files = Vec::new();
    for id in [
        "adult-default",
        "adult-modern",
        "adult-active-rsa",
        "adult-active-ecdsa",
        "adult-sod-pss",
    ] {
        let card = personalise(&Persona::builtin(id)?)?;
        let document = &card.document;
        files.push((0, document.ef_card_access.clone()));
        files.push((2, document.ef_sod.clone()));
        for (number, group) in &document.data_groups {
            match number {
                14 => files.push((0, group.clone())),
                15 => files.push((3, group.clone())),
                1 => files.push((0, group.clone())),
                _ => {}
            }
        }
        for (number, file) in card.files() {
            match number {
                0x1003 => files.push((1, file.to_vec())),
                0x1006 => files.push((2, file.to_vec())),
                _ => files.push((0, file.to_vec())),
            }
        }
    }
    files.retain(|(_, file)| file.len() <= 4000);
    Ok(files)
}

fn protected() -> Seeds {
    let mut seeds = Seeds::new();
    let bodies: [&[u8]; 5] = [
        &[
            0x0C, 0xA4, 0x02, 0x0C, 0x15, 0x87, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x8E, 8, 1, 2, 3,
            4, 5, 6, 7, 8, 0,
        ],
        &[0x00, 0xB0, 0x00, 0x00, 0x97, 0x01, 0x10],
        &[
            0x00, 0xB1, 0x00, 0x1E, 0x00, 1, 2, 3, 4, 5, 6, 7, 0x80, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        &[
            0x00, 0x20, 0x00, 0x81, 0x01, 0x00, b'1', b'2', b'3', b'4', b'5', b'6', b'7', b'8',
            0x80, 0, 0, 0, 0, 0, 0, 0,
        ],
        &[
            0xB0, 0x00, 0x87, 0x11, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x99,
            0x02, 0x90, 0x00, 0x90, 0x00,
        ],
    ];
    for suite in 0..4 {
        for kind in (0..6).chain([0x83]) {
            for body in bodies {
                seeds.push([&[suite, kind, 0x00, 0x07][..], body].concat());
            }
        }
    }
    seeds
}

/// Every flow from several of its moments, played rightly; and each kind of step once.
fn sessions(flows: u8) -> Seeds {
    let mut seeds = Seeds::new();
    for flow in 0..flows {
        for moment in [0, 16, 32, 48, 64, 80] {
            seeds.push([&[flow, moment][..], &[0; 32]].concat());
        }
        for op in 0..16_u8 {
            let moment = op.wrapping_mul(5).wrapping_add(20);
            let some = [
                op,
                0,
                op,
                3,
                1,
                0x81,
                0,
                op | 0x20,
                0,
                13,
                0,
                op | 0x10,
                0,
                0,
            ];
            seeds.push([&[flow, moment][..], &some].concat());
        }
    }
    seeds
}

fn stored() -> Seeds {
    let mut seeds = Seeds::new();
    for base in [0, 0x80] {
        for kind in 0..6 {
            seeds.push(vec![base | kind]);
            for edit in 0..12 {
                let number = edit * 9;
                seeds.push(vec![
                    base | kind,
                    0,
                    number,
                    0,
                    3,
                    edit,
                    4,
                    b'1',
                    b'2',
                    b'3',
                    b'4',
                ]);
            }
        }
    }
    seeds.push([&[0][..], b"CIE-CARD\r\n\x1a\n\0\0\0\x01"].concat());
    seeds.push(
        [
            &[4][..],
            b"{\"cie-card-export\":1,\"warning\":\"\",\"card\":{},\"memory\":{}}",
        ]
        .concat(),
    );
    seeds
}

fn scenarios() -> Outcome<Seeds> {
    let mut seeds = Seeds::new();
    let bad =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../conformance/tests/bad-scenarios");
    for path in list(&bad, ".yaml")? {
        seeds.push(fs::read(path)?);
    }
    // Every sixteenth: all folders, and blocks.
    for path in list(&fixtures().join("scenarios"), ".yaml")?
        .iter()
        .step_by(16)
    {
        seeds.push(fs::read(path)?);
    }
    seeds.retain(|seed| seed.len() <= 4096);
    Ok(seeds)
}

fn words() -> Outcome<Seeds> {
    let mut seeds = Seeds::new();
    for path in list(&fixtures().join("personas"), ".yaml")? {
        let text = fs::read(path)?;
        seeds.push([&[0][..], &text].concat());
        seeds.push([&[1][..], &text].concat());
    }
    for path in list(&fixtures().join("chips"), ".yaml")? {
        seeds.push([&[2][..], &fs::read(path)?].concat());
    }
    for line in [
        "adult-default",
        "seed=7,chip=nxp,profile=strict,pin_tries=5",
        "card.cie,name=Anna",
        "seed=",
        ",",
        "seed=1,seed=2",
    ] {
        seeds.push([&[3][..], line.as_bytes()].concat());
    }
    Ok(seeds)
}

const COMMANDS: [&[u8]; 5] = [
    &[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39],
    &[0x00, 0xB0, 0x81, 0x00, 0x00],
    &[0x00, 0x84, 0x00, 0x00, 0x08],
    &[0x00, 0xB0, 0x86, 0x00, 0x00, 0xFF, 0xFF],
    &[0x0C, 0x20, 0x00, 0x81, 0x00],
];

fn framed(bodies: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![1];
    for body in bodies {
        out.push(u8::try_from(body.len()).unwrap_or_default());
        out.extend(*body);
    }
    out
}

fn vpcd() -> Seeds {
    let mut seeds = vec![
        framed(&[&[4], &[1]]),
        framed(&[
            &[1],
            &[4],
            COMMANDS[0],
            COMMANDS[1],
            &[2],
            &[4],
            COMMANDS[2],
        ]),
        framed(&[&[1], COMMANDS[3], &[0], COMMANDS[0], &[1]]),
        framed(&[&[], &[9], &[1], COMMANDS[4]]),
    ];
    let raw: Vec<u8> = [
        &[0, 0, 1, 1, 0, 1, 4, 0, 5][..],
        COMMANDS[2],
        &[0xFF, 0xFF, 1],
    ]
    .concat();
    seeds.push(raw);
    seeds
}

fn driver() -> Seeds {
    let request = |kind: u8, tag: u8, body: &[u8]| {
        let length = u8::try_from(body.len()).unwrap_or_default();
        [&[kind, tag, length][..], body].concat()
    };
    let talk = [
        request(3, 1, &[]),
        request(0, 2, COMMANDS[0]),
        request(0, 3, COMMANDS[1]),
        request(4, 4, &[]),
        request(0, 5, COMMANDS[3]),
        request(5, 6, &[]),
        request(0, 0xF7, COMMANDS[2]),
    ]
    .concat();
    let mut seeds: Seeds = [1, 3, 0x11]
        .iter()
        .map(|kind| [&[*kind][..], &talk].concat())
        .collect();
    for kind in 0..14 {
        seeds.push([&[1][..], &request(kind, 1, b"why")].concat());
    }
    seeds.push(
        [
            &[0][..],
            &[0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14],
            b"CIE-IFD\0\0\x01\0\0\xEA\x60",
            &[0x83, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
        ]
        .concat(),
    );
    seeds
}

fn traces() -> Outcome<Seeds> {
    let mut seeds = Seeds::new();
    for path in list(&fixtures().join("traces"), ".jsonl")? {
        let text = fs::read_to_string(path)?;
        let lines: Vec<&str> = text.lines().collect();
        for part in lines.get(1..).unwrap_or_default().chunks(8) {
            let header = lines.first().copied().unwrap_or_default();
            seeds.push(format!("{header}\n{}\n", part.join("\n")).into_bytes());
        }
    }
    let redacted = |redaction: u8, steps: &[(u8, &[u8], &[u8])]| {
        let mut out = vec![0, redaction];
        for (kind, command, response) in steps {
            out.push(*kind);
            for part in [*command, *response] {
                out.push(u8::try_from(part.len()).unwrap_or_default());
                out.extend(part);
            }
        }
        out
    };
    for redaction in 0..3 {
        seeds.push(redacted(
            redaction,
            &[
                (0, COMMANDS[0], &[0x90, 0]),
                (0, COMMANDS[1], b"content\x90\0"),
                (0, b"\0\x20\0\x81\x0812345678", &[0x63, 0xC2]),
                (0, b"\x10\x24\0\x81\x101234567887654321", &[0x90, 0]),
                (0, b"\0\x2C\x02\x81\x091234567890", &[0x6A, 0x80]),
                (0x80, b"\0\x20\0\x81\x0912345678", &[0x67, 0]),
            ],
        ));
    }
    Ok(seeds)
}

fn requests() -> Seeds {
    let token = "0123456789abcdef0123456789abcdef";
    [
        "GET /v1/status HTTP/1.1\r\nHost: localhost:4242\r\nAuthorization: Bearer TOKEN\r\n\r\n",
        "POST /v1/insert HTTP/1.1\r\nHost: 127.0.0.1:4242\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 22\r\n\r\n{\"reader\":1,\"card\":2}\n",
        "POST /v1/swap HTTP/1.1\r\nHost: [::1]:4242\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/quit HTTP/1.1\r\nHost: evil.example:4242\r\nAuthorization: Bearer TOKEN\r\n\r\n",
        "POST /v1/reset HTTP/1.1\r\nHost: localhost:4242\r\n\r\n",
        "POST /v1/remove HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "DELETE /v1/status HTTP/1.1\r\nHost: localhost:4242\r\nAuthorization: Bearer TOKEN\r\n\r\n",
    ]
    .iter()
    .flat_map(|text| [0_u8, 6, 255].map(|size| [&[size][..], text.replace("TOKEN", token).as_bytes()].concat()))
    .collect()
}
