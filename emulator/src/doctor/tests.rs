//! Machines that are made up, and what the doctor says of them.

use super::*;
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// A machine out of a map.
#[derive(Clone, Default)]
struct Machine {
    files: BTreeMap<PathBuf, (FileFacts, Vec<u8>)>,
    answering: bool,
    vpcd_version: Option<&'static str>,
    naive: Option<u64>,
    readers: Vec<ReaderFacts>,
}

impl Machine {
    fn with(mut self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        let facts = FileFacts {
            kind: FileKind::File,
            mode: 0o644,
            uid: 0,
        };
        self.files
            .insert(path.into(), (facts, contents.as_ref().to_vec()));
        self
    }

    fn with_socket(mut self, mode: u32, answering: bool) -> Self {
        let facts = FileFacts {
            kind: FileKind::Socket,
            mode,
            uid: 0,
        };
        self.files
            .insert("/run/pcscd/pcscd.comm".into(), (facts, Vec::new()));
        self.answering = answering;
        self
    }

    fn process(self, pid: u32, name: &str, maps: &str) -> Self {
        self.with(&format!("/proc/{pid}/comm"), format!("{name}\n"))
            .with(&format!("/proc/{pid}/maps"), maps)
            .with(&format!("/proc/{pid}/cmdline"), format!("{name}\0-f\0"))
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl System for Machine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files
            .get(path)
            .map(|(_, contents)| contents.clone())
            .ok_or_else(missing)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut inside: Vec<PathBuf> = self
            .files
            .keys()
            .filter_map(|path| {
                let rest = path.strip_prefix(directory).ok()?;
                Some(directory.join(rest.components().next()?))
            })
            .collect();
        inside.dedup();
        Some(inside)
            .filter(|all| !all.is_empty())
            .ok_or_else(missing)
    }

    fn about(&self, path: &Path) -> io::Result<FileFacts> {
        self.files
            .get(path)
            .map(|(facts, _)| *facts)
            .ok_or_else(missing)
    }

    fn connect(&self, socket: &Path) -> io::Result<()> {
        let facts = self.about(socket)?;
        match (self.answering, facts.mode & 0o006) {
            (true, 0o006) => Ok(()),
            (true, _) => Err(io::ErrorKind::PermissionDenied.into()),
            (false, _) => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }

    fn run(&self, program: &str, _: &[&str]) -> io::Result<Ran> {
        let output = match (program, self.vpcd_version) {
            ("/usr/sbin/pcscd", _) => "pcsc-lite version 1.9.9.\nCopyright\n",
            ("dpkg-query", Some(version)) => version,
            _ => return Err(missing()),
        };
        Ok(Ran {
            success: true,
            output: output.to_owned(),
        })
    }

    fn delays(
        &self,
        address: SocketAddr,
        exchanges: usize,
        quick: bool,
    ) -> Result<Vec<Duration>, probe::ProbeError> {
        match (self.naive, quick) {
            (None, _) => Err(probe::ProbeError::Nobody(address)),
            (Some(_), true) => Ok(vec![Duration::from_micros(20); exchanges]),
            (Some(ms), false) => Ok(vec![Duration::from_millis(ms); exchanges]),
        }
    }

    fn readers(&self) -> Result<Vec<ReaderFacts>, ReadersUnknown> {
        match self.readers.as_slice() {
            [] => Err(ReadersUnknown::NotAsked),
            readers => Ok(readers.to_vec()),
        }
    }
}

const OURS: &str = "/usr/lib/pcsc/drivers/serial/libcie_ifd.so";
const VPCD: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

fn entry(library: &str) -> String {
    format!(
        "# a comment\nFRIENDLYNAME \"CIE\"\nDEVICENAME unix:/run/cie/0\nLIBPATH {library}\nCHANNELID 0\n"
    )
}

fn maps(library: &str) -> String {
    format!("7f00-7f01 r-xp 00000000 00:1b 1 {library}\n7f02-7f03 rw-p 0 00:00 0 [heap]\n")
}

fn driver(version: &str) -> String {
    format!("\u{1}ELF{}{version}\0more", crate::install::MARK)
}

/// A machine on which everything is as it should be.
fn healthy() -> Machine {
    Machine::default()
        .with("/usr/sbin/pcscd", "")
        .with("/etc/reader.conf.d/cie", entry(OURS))
        .with(OURS, driver(env!("CARGO_PKG_VERSION")))
        .with_socket(0o666, true)
        .process(77, "pcscd", &maps(OURS))
}

fn found(machine: &Machine) -> Diagnosis {
    examine(machine, &Questions::default())
}

/// The findings of one check, as severity and sentence.
fn of(machine: &Machine, check: &str) -> Vec<(Severity, String)> {
    found(machine)
        .findings
        .into_iter()
        .filter(|finding| finding.check == check)
        .map(|finding| (finding.severity, finding.what))
        .collect()
}

#[test]
fn a_healthy_machine() {
    let diagnosis = found(&healthy());
    assert!(diagnosis.is_healthy());
    let worse: Vec<&Finding> = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .collect();
    assert!(worse.is_empty(), "{worse:?}");
    let checks: Vec<&str> = diagnosis.findings.iter().map(|f| f.check).collect();
    assert_eq!(
        checks,
        [
            "daemon.installed",
            "daemon.running",
            "daemon.socket",
            "driver.configured",
            "driver.library",
            "driver.loaded",
            "vpcd.installed",
            "readers.present",
            "holders.client",
            "p11kit.modules",
        ]
    );
}

#[test]
fn an_empty_machine() {
    let diagnosis = found(&Machine::default());
    assert!(!diagnosis.is_healthy());
    let missing: Vec<&Finding> = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .collect();
    let checks: Vec<&str> = missing.iter().map(|f| f.check).collect();
    assert_eq!(
        checks,
        ["daemon.installed", "daemon.socket", "driver.configured"]
    );
    assert!(missing.iter().all(|finding| finding.fix.is_some()));
}

#[rstest]
#[case::version(|m: Machine| m, "daemon.installed", Severity::Fine, "version 1.9.9")]
#[case::stopped(|m: Machine| without(without(m, "/proc"), "/run"), "daemon.running", Severity::Problem, "no daemon runs")]
#[case::on_demand(|m: Machine| without(m, "/proc"), "daemon.running", Severity::Fine, "started on demand")]
#[case::left_behind(|m: Machine| m.with_socket(0o666, false), "daemon.socket", Severity::Problem, "nobody answers at")]
#[case::closed(|m: Machine| m.with_socket(0o660, true), "daemon.socket", Severity::Problem, "refuses this user (mode 0660)")]
#[case::no_socket(|m: Machine| without(m, "/run"), "daemon.socket", Severity::Problem, "there is no /run/pcscd/pcscd.comm")]
#[case::plain_file(|m: Machine| m.with("/run/pcscd/pcscd.comm", ""), "daemon.socket", Severity::Problem, "is not a socket")]
#[case::removed_library(|m: Machine| without(m, OURS), "driver.library", Severity::Problem, "cannot be read")]
#[case::old_library(|m: Machine| m.with(OURS, driver("0.0.1")), "driver.library", Severity::Warning, "is version 0.0.1")]
#[case::foreign_library(|m: Machine| m.with(OURS, "ELF"), "driver.library", Severity::Warning, "is not our driver")]
#[case::not_loaded(|m: Machine| m.process(77, "pcscd", ""), "driver.loaded", Severity::Problem, "has not loaded it")]
#[case::replaced(|m: Machine| m.process(77, "pcscd", &maps(&format!("{OURS} (deleted)"))), "driver.loaded", Severity::Warning, "has been replaced")]
#[case::hidden(|m: Machine| without(m, "/proc/77/maps"), "driver.loaded", Severity::Note, "without being root")]
#[case::not_installed(|m: Machine| without(m, "/etc").process(77, "pcscd", ""), "driver.configured", Severity::Warning, "not installed")]
fn daemon_and_driver(
    #[case] change: fn(Machine) -> Machine,
    #[case] check: &str,
    #[case] severity: Severity,
    #[case] words: &str,
) {
    let machine = change(healthy());
    let found = of(&machine, check);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, severity);
    assert!(found[0].1.contains(words), "{found:?}");
}

fn without(mut machine: Machine, below: &str) -> Machine {
    machine.files.retain(|path, _| !path.starts_with(below));
    machine
}

fn with_vpcd() -> Machine {
    healthy()
        .with("/etc/reader.conf.d/vpcd", entry(VPCD))
        .with(VPCD, "ELF")
}

#[rstest]
#[case::debian(Machine { vpcd_version: Some("3.3+dfsg-2"), ..with_vpcd() }, "vpcd.attribute", Severity::Warning, "3.3+dfsg-2 does not know the ATR attribute")]
#[case::newer(Machine { vpcd_version: Some("4.0-1"), ..with_vpcd() }, "vpcd.attribute", Severity::Note, "vpcd 4.0-1")]
#[case::built_by_hand(with_vpcd(), "vpcd.attribute", Severity::Note, "no package tells")]
#[case::removed(
    without(with_vpcd(), VPCD),
    "vpcd.library",
    Severity::Warning,
    "which is not there"
)]
#[case::trap(Machine { naive: Some(44), ..with_vpcd() }, "vpcd.trap", Severity::Warning, "44.00 ms without quick acknowledgement, 0.02 ms with")]
#[case::no_trap(Machine { naive: Some(0), ..with_vpcd() }, "vpcd.trap", Severity::Fine, "no delayed acknowledgement")]
#[case::exposed(
    with_vpcd().with("/proc/net/tcp", "  sl  local_address rem_address   st\n   0: 00000000:8C7B 00000000:0000 0A 00000000:00000000\n"),
    "vpcd.exposed", Severity::Warning, "every address"
)]
fn vpcd(
    #[case] machine: Machine,
    #[case] check: &str,
    #[case] severity: Severity,
    #[case] words: &str,
) {
    let found = of(&machine, check);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, severity);
    assert!(found[0].1.contains(words), "{found:?}");
}

#[rstest]
#[case::attribute(Some(true), "readers.atr", Severity::Fine)]
#[case::no_attribute(Some(false), "readers.atr", Severity::Warning)]
#[case::not_tried(None, "readers.present", Severity::Fine)]
fn readers(#[case] attribute: Option<bool>, #[case] check: &str, #[case] severity: Severity) {
    let machine = Machine {
        readers: vec![ReaderFacts {
            name: "CIE 00 00".to_owned(),
            card: true,
            atr_attribute: attribute,
        }],
        ..healthy()
    };
    let found = of(&machine, check);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, severity);
    assert!(found[0].1.starts_with("CIE 00 00"), "{found:?}");
}

#[rstest]
#[case::greedy("scdaemon", "holders.greedy", Severity::Warning)]
#[case::client("firefox-esr", "holders.client", Severity::Note)]
fn holders(#[case] name: &str, #[case] check: &str, #[case] severity: Severity) {
    let library = maps("/usr/lib/x86_64-linux-gnu/libpcsclite.so.1.0.0");
    let found = of(&healthy().process(99, name, &library), check);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, severity);
    assert!(found[0].1.contains("process 99"), "{found:?}");
}

#[test]
fn another_card_side() {
    let machine = healthy()
        .process(99, "cie-card", "")
        .with("/proc/99/cmdline", "cie-card\0serve\0");
    let found = of(&machine, "holders.served");
    assert_eq!(found.len(), 1, "{found:?}");
}

const OPENSC: &str = "/usr/share/p11-kit/modules/opensc-pkcs11.module";
const OPENSC_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so";

fn with_opensc() -> Machine {
    healthy()
        .with(OPENSC, "# OpenSC\nmodule: opensc-pkcs11.so\n")
        .with(OPENSC_LIBRARY, "")
        .with(
            "/usr/share/p11-kit/modules/p11-kit-trust.module",
            "module: p11-kit-trust.so\n",
        )
}

#[rstest]
#[case::one(with_opensc(), "p11kit.modules", Severity::Note, "opensc-pkcs11.so")]
#[case::two(
    with_opensc().with("/etc/pkcs11/modules/cie.module", "module: /opt/cie/cie.so\n").with("/opt/cie/cie.so", ""),
    "p11kit.modules", Severity::Warning, "2 modules for cards"
)]
#[case::turned_off(
    with_opensc().with("/etc/pkcs11/modules/opensc-pkcs11.module", "module: opensc-pkcs11.so\nenable-in:\n"),
    "p11kit.modules", Severity::Fine, "no PKCS #11 module"
)]
#[case::missing(
    without(with_opensc(), OPENSC_LIBRARY),
    "p11kit.missing",
    Severity::Warning,
    "not there"
)]
fn p11kit(
    #[case] machine: Machine,
    #[case] check: &str,
    #[case] severity: Severity,
    #[case] words: &str,
) {
    let found = of(&machine, check);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, severity);
    assert!(found[0].1.contains(words), "{found:?}");
}

#[test]
fn for_programs_and_for_people() {
    let finding = Finding::problem("daemon.installed", "pcscd is not installed", "install it");
    assert_eq!(
        serde_json::to_value(&finding).unwrap(),
        serde_json::json!({
            "check": "daemon.installed", "severity": "problem",
            "what": "pcscd is not installed", "fix": "install it",
        })
    );
    assert_eq!(
        finding.to_string(),
        "problem  daemon.installed     pcscd is not installed\n      -> install it"
    );
}

#[test]
fn entries_of_a_configuration() {
    let two = format!("LIBPATH lost\n{}\n{}", entry(OURS), entry(VPCD));
    let entries = configuration::entries(Path::new("a"), &two);
    let seen: Vec<(&str, &str, &str)> = entries
        .iter()
        .map(|e| (&*e.friendly_name, &*e.device_name, &*e.library))
        .collect();
    assert_eq!(
        seen,
        [
            ("CIE", "unix:/run/cie/0", OURS),
            ("CIE", "unix:/run/cie/0", VPCD)
        ]
    );
}

proptest! {
    #[test]
    fn any_configuration_is_read(text in "(\\PC|\n){0,200}") {
        let found = configuration::entries(Path::new("a"), &text);
        prop_assert!(found.len() <= text.lines().count());
    }
}
