//! Calling a program that has little memory and is not waited for: who reads a file of a stranger must not need more than
//! that, and must not wait for what never comes.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Address space of the program, in KiB: its threads and libraries take most of it.
pub(crate) const MEMORY: u64 = 1 << 20;

/// Longer than anything here takes on a busy machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What a call brought.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
}

impl Said {
    /// Everything it printed.
    pub(crate) fn all(&self) -> String {
        [&self.out, &self.err]
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .concat()
    }

    /// It ended by itself, with this code, words that name what is wrong, and no panic.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &str) {
        let all = self.all();
        let shown: String = all.chars().take(3000).collect();
        assert_eq!(self.code, Some(code), "{shown}");
        assert!(all.contains(words), "no {words:?} in: {shown}");
        assert!(!all.contains("panicked"), "{shown}");
    }
}

/// Calls a program in a folder, `input` being its standard input.
pub(crate) fn call(program: &str, folder: &Path, arguments: &[&str], input: Stdio) -> Said {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = drain(child.stdout.take().unwrap());
    let err = drain(child.stderr.take().unwrap());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{program} {arguments:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    };
    Said {
        code: status.code(),
        out: out.join().unwrap(),
        err: err.join().unwrap(),
    }
}

fn drain(mut source: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        source.read_to_end(&mut all).unwrap();
        all
    })
}

/// A file of so many zero bytes that take no room on the disk.
pub(crate) fn holes(path: &Path, length: u64) {
    std::fs::File::create(path)
        .unwrap()
        .set_len(length)
        .unwrap();
}

/// A pipe into which nobody writes.
pub(crate) fn pipe(path: &Path) {
    let made = Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
