//! Clients of PC/SC, with a card in a virtual reader of a private pcscd: the `emrtd` crate, Debian's mrtdreader over a small
//! libnfc, and a whole login in Python.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cie_emulator::link::{Link, Slot, Via};
use cie_emulator::persona::CardData;
use cie_pcscd::{DRIVER_FILE, PrivateDaemon};

use crate::{card_of, compile, file, folder, told, wanted};

const READER: &str = "CIE Independent";

/// A daemon, a reader in it, a card in that.
struct Served {
    daemon: PrivateDaemon,
    _link: Link,
    data: CardData,
}

impl Served {
    fn new(persona: &str) -> Self {
        let built = Path::new(env!("CARGO_BIN_EXE_cie-conf")).with_file_name(DRIVER_FILE);
        assert!(built.exists(), "cargo build -p cie-driver comes first");
        let daemon = PrivateDaemon::builder().reader(READER).library(built);
        let daemon = daemon.start().unwrap();
        let (card, data) = card_of(persona, &[]);
        let slot = Slot::new(READER);
        slot.insert(Box::new(card));
        let via = Via::Driver(daemon.endpoints()[0].clone());
        let link = Link::start(slot, via, Box::new(|_| {})).unwrap();
        Self {
            daemon,
            _link: link,
            data,
        }
    }

    /// Runs a client once the card is seen; its output, which must not be of a failure.
    fn client(&self, command: &mut Command) -> String {
        self.wait_for_the_card();
        let output = self.daemon.serve(command).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}\n{text}\n{errors}");
        text
    }

    /// The card goes in by a thread of its own: a client that comes too early finds the reader empty.
    fn wait_for_the_card(&self) {
        for _ in 0..200 {
            let mut scan = Command::new("opensc-tool");
            let seen = self.daemon.serve(scan.arg("--atr")).output();
            let seen = seen.expect("opensc-tool: apt-get install opensc");
            if seen.status.success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no card is seen; pcscd says:\n{}", self.daemon.log());
    }

    /// Document number, birth and expiry as a reader types them.
    fn key_fields(&self) -> [String; 3] {
        let [first, second, _] = self.data.document.mrz.lines();
        [&first[5..14], &second[..6], &second[8..14]].map(str::to_owned)
    }
}

#[test]
fn a_login_in_python_reads_the_certificate_and_signs() {
    if !wanted("login_and_sign.py with pyscard") {
        return;
    }
    let served = Served::new("adult-default");
    let mut command = Command::new("/usr/bin/python3");
    command
        .arg(folder().join("login_and_sign.py"))
        .args([READER, "12345678"])
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors/ias-terminal-ca.json"),
        );
    let told = served.client(&mut command);
    assert!(told.contains("signature verifies"), "{told}");
    assert!(told.contains("RSSMRA80A01H501U"), "{told}");
}

#[test]
fn the_emrtd_crate_reads_the_document() {
    if !wanted("the emrtd crate over pcscd") {
        return;
    }
    let served = Served::new("adult-default");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emrtd-reader");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--manifest-path"])
        .arg(folder().join("emrtd-reader/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()
        .unwrap();
    assert!(status.success(), "emrtd-reader does not compile");
    let mut command = Command::new(target.join("debug/emrtd-reader"));
    command.arg(READER).args(served.key_fields());
    let told = told(&served.client(&mut command));
    let atr = hex::encode_upper(cie_emulator::chip::chip("bit4id2").unwrap().atr.as_bytes());
    assert_eq!(told["ATR"], atr, "the ATR attribute");
    for name in ["EF.COM", "EF.DG1", "EF.DG2", "EF.DG11", "EF.SOD"] {
        assert_eq!(told[name], file(&served.data, name), "{name}");
    }
    assert!(
        told["face"].starts_with("0000000C6A5020200D0A870A"),
        "a JPEG 2000 file"
    );
}

#[test]
fn mrtdreader_reads_the_document() {
    if !wanted("Debian's mrtdreader over PC/SC") {
        return;
    }
    let served = Served::new("adult-default");
    let place = tempfile::tempdir().unwrap();
    let library: PathBuf = place.path().join("libnfc_over_pcsc.so");
    let flags = ["-shared", "-fPIC", "-I/usr/include/PCSC", "-lpcsclite"];
    compile("libnfc_over_pcsc.c", &library, &flags);
    let [number, birth, expiry] = served.key_fields();
    let mut command = Command::new("mrtdreader");
    command
        .current_dir(place.path())
        .env("LD_PRELOAD", &library)
        .args(["-p", &number, "-b", &birth, "-e", &expiry]);
    let told = served.client(&mut command);
    println!("{told}");
    assert!(told.contains("DG1") || told.contains("EF.COM"), "{told}");
}
