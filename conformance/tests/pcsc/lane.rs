//! The lane: daemons, cards in their readers, calls of the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cie_emulator::link::{Endpoint, Link, Slot, Via};
use cie_emulator::spec::CardSpec;
use cie_pcscd::PrivateDaemon;

/// Whether the tests of this file run; says where they are left to when they do not.
pub(crate) fn runs() -> bool {
    let runs = std::env::var_os("CIE_PCSC").is_some_and(|value| value == "1");
    if !runs {
        println!(
            "left to the PC/SC lane: set CIE_PCSC=1 where pcscd and vsmartcard-vpcd are installed"
        );
    }
    runs
}

/// A daemon with this many readers of our driver.
pub(crate) fn daemon(readers: usize) -> PrivateDaemon {
    let names = (1..=readers).map(|number| format!("CIE {number}"));
    let builder = names.fold(PrivateDaemon::builder(), cie_pcscd::Builder::reader);
    builder.start().unwrap()
}

/// A card in a reader of our driver, as long as this lives.
pub(crate) struct Card {
    pub(crate) slot: Slot,
    pub(crate) codes: (String, String),
    _link: Link,
}

/// Makes the card of this line and serves it.
pub(crate) fn card(spec: &str, endpoint: &Endpoint) -> Card {
    let issued = spec.parse::<CardSpec>().unwrap().issue().unwrap();
    let text =
        |code: &cie_emulator::credentials::Code| String::from_utf8(code.reveal().to_vec()).unwrap();
    let credentials = &issued.card.memory().credentials;
    let codes = (text(&credentials.pin), text(&credentials.puk));
    let slot = Slot::new("test");
    slot.insert(Box::new(issued.card));
    let link = Link::start(
        slot.clone(),
        Via::Driver(endpoint.clone()),
        Box::new(|_| {}),
    )
    .unwrap();
    Card {
        slot,
        codes,
        _link: link,
    }
}

/// What a call brought.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, as a client of this daemon; state and home are in `folder`.
pub(crate) fn program(daemon: &PrivateDaemon, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cie-conf"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("XDG_STATE_HOME", folder)
        .env_remove("CIE_CONF_PIN")
        .env_remove("CIE_CONF_PUK");
    daemon.serve(&mut command);
    command
}

/// Waits for a call.
pub(crate) fn done(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Calls the program.
pub(crate) fn call(daemon: &PrivateDaemon, folder: &Path, arguments: &[&str]) -> Said {
    done(program(daemon, folder, arguments).spawn().unwrap())
}

/// Verdict and reason by case.
pub(crate) type Verdicts = BTreeMap<String, (String, String)>;

/// What a JSON report on standard output says.
pub(crate) fn verdicts(said: &Said) -> Verdicts {
    let report: serde_json::Value = serde_json::from_str(&said.out)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", said.out, said.err));
    let cases = report["cases"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    cases
        .map(|case| {
            let cell = case["cell"].as_object();
            let cell: Vec<String> = cell
                .into_iter()
                .flatten()
                .map(|(name, value)| format!("{name}={}", text(value)))
                .collect();
            let name = format!("{}[{}]", text(&case["id"]), cell.join(","));
            (name, (text(&case["verdict"]), text(&case["reason"])))
        })
        .collect()
}

/// How many cases have this verdict.
pub(crate) fn count(verdicts: &Verdicts, verdict: &str) -> usize {
    verdicts
        .values()
        .filter(|(found, _)| found == verdict)
        .count()
}
