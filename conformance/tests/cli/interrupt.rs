//! Ctrl-C: once, cases under way run their `finally` and the reports are written; twice, it ends at once.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use cie_conformance::report::json;
use cie_conformance::report::model::{Phase, RunResult, StopKind, Verdict};

use crate::program::program;

/// A case that is over at once, one that takes long, and one that would come after it.
fn suite(folder: &Path, long_steps: &str, long_finally: &str) {
    let write = |name: &str, steps: &str| {
        let header = "requirements: [CIE-PIN-001]\nhazard: none\ntitle: takes its time\n";
        let text = format!("cie-scenario: 1\nid: slow/{name}\n{header}{steps}");
        std::fs::create_dir_all(folder.join("slow")).unwrap();
        std::fs::write(folder.join(format!("slow/{name}.yaml")), text).unwrap();
    };
    let short = "steps:\n  - get_challenge: { length: 8 }\n";
    write("a-short", short);
    write(
        "b-long",
        &format!("steps:\n{long_steps}finally:\n{long_finally}"),
    );
    write("c-after", short);
}

const ONE: &str = "  - get_challenge: { length: 8 }\n";
/// Minutes of work, if nobody ends it.
const LONG: &str = "  - repeat: 9000\n    do:\n      - use: open-device-authentication\n";

struct Running {
    child: Child,
    lines: BufReader<ChildStderr>,
    since: Instant,
}

impl Running {
    fn new(folder: &Path) -> Self {
        let mut child = program(folder)
            .args(["run", "slow", "--jobs", "1", "--report", "json=run.json"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            lines,
            since: Instant::now(),
        }
    }

    fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(
                self.lines.read_line(&mut line).unwrap() > 0,
                "it never said {words:?}"
            );
        }
    }

    fn interrupt(&self) {
        let sent = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// The exit code. The rest of what it says is read, so that it never waits for a reader.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        while self.lines.read_line(&mut rest).unwrap() > 0 {}
        let code = self.child.wait().unwrap().code().unwrap();
        assert!(
            self.since.elapsed() < Duration::from_secs(60),
            "it went on as if nothing had been"
        );
        (code, rest)
    }
}

#[test]
fn one_interruption_runs_finally_and_writes_the_reports() {
    let folder = tempfile::tempdir().unwrap();
    suite(folder.path(), LONG, ONE);
    let mut running = Running::new(folder.path());
    running.wait_for("slow/a-short");
    running.interrupt();
    let (code, rest) = running.end();
    assert_eq!(code, 3, "{rest}");
    assert!(rest.contains("stopped early: interrupted"), "{rest}");
    let result: RunResult = json::read(&folder.path().join("run.json")).unwrap();
    assert_eq!(result.stopped.unwrap().kind, StopKind::Interrupted);
    let verdicts: Vec<Verdict> = result.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Passed, Verdict::Inconclusive, Verdict::Skipped]
    );
    let last = result.cases[1].steps.last().unwrap();
    assert_eq!(
        (last.phase, last.verdict, last.exchanges.len()),
        (Phase::Finally, Verdict::Passed, 1)
    );
}

#[test]
fn the_second_interruption_ends_at_once() {
    let (folder, code, rest) = (0..9)
        .find_map(|_| interrupted_twice())
        .expect("the long case was interrupted while it ran, once in nine times");
    assert_eq!(code, 3);
    assert_eq!(
        rest,
        "interrupted twice: no report is written, and cards are left as they are\n"
    );
    assert!(!folder.path().join("run.json").exists());
}

/// None: the first interruption came before the long case had begun, so there was nothing left for a second one to end.
fn interrupted_twice() -> Option<(tempfile::TempDir, i32, String)> {
    let folder = tempfile::tempdir().unwrap();
    suite(folder.path(), ONE, LONG);
    let mut running = Running::new(folder.path());
    running.wait_for("slow/a-short");
    running.interrupt();
    running.wait_for("once more ends at once");
    running.interrupt();
    let (code, rest) = running.end();
    (!rest.contains("slow/b-long")).then_some((folder, code, rest))
}
