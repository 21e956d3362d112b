//! One process from its start to SIGKILL, with this test as reader and terminal.

use crate::Draw;
use crate::model::Step;
use cie_conformance::target::{Reset, Target, TargetError, TargetKind};
use cie_conformance::terminal::ias::{self, Code, OpenOptions, Reference, credentials};
use cie_conformance::terminal::{Terminal, TerminalError};
use cie_emulator::crypto::random::Seeded;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    Never,
    /// So long after the command was sent.
    After(Duration),
}

/// The process, and when it has to die.
struct Process {
    child: Child,
    doom: Option<Duration>,
    /// How long the last command took.
    took: Duration,
}

impl Process {
    fn start(path: &Path, listener: &TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cie-card"));
        command.arg("serve").arg("--card").arg(path);
        command.args(["--via", &format!("vpcd:{port}"), "--quiet"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        Self {
            child,
            doom: None,
            took: Duration::from_millis(10),
        }
    }

    /// SIGKILL, and not before it is gone: the next one must find no lock.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Shared = Arc<Mutex<Process>>;

/// A card that is a connection, as vpcd sees it.
struct Wire {
    stream: TcpStream,
    process: Shared,
}

impl Wire {
    fn send(&mut self, body: &[u8]) -> io::Result<()> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        self.stream.write_all(&[&length, body].concat())
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 2];
        self.stream.read_exact(&mut length)?;
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.send(command)?;
        let doom = self.process.lock().unwrap().doom.take();
        let began = Instant::now();
        if let Some(moment) = doom {
            thread::sleep(moment);
            self.process.lock().unwrap().kill();
        }
        // What had been sent before the end is still there to be read.
        let answer = self.receive()?;
        if doom.is_none() {
            self.process.lock().unwrap().took = began.elapsed();
        }
        Ok(answer)
    }
}

fn gone(_: io::Error) -> TargetError {
    TargetError::CardRemoved
}

impl Target for Wire {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }

    fn describe(&self) -> String {
        "a served card".to_owned()
    }

    fn reset(&mut self, _: Reset) -> Result<Vec<u8>, TargetError> {
        self.send(&[0]).map_err(gone)?;
        self.send(&[1]).map_err(gone)?;
        self.send(&[4]).map_err(gone)?;
        self.receive().map_err(gone)
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        response.extend(self.exchange(command).map_err(gone)?);
        Ok(())
    }
}

/// A process with an authenticated channel to its card.
pub(crate) struct Life {
    process: Shared,
    terminal: Terminal,
}

impl Life {
    pub(crate) fn begin(path: &Path) -> Self {
        let listener = listener();
        let process = Process::start(path, &listener);
        let process = Arc::new(Mutex::new(process));
        let began = Instant::now();
        let stream = loop {
            if let Ok((stream, _)) = listener.accept() {
                break stream;
            }
            let ended = process.lock().unwrap().child.try_wait().unwrap();
            assert_eq!(ended, None, "the card did not come up");
            assert!(began.elapsed() < PATIENCE, "the card did not come up");
            thread::sleep(Duration::from_millis(2));
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let process_of_wire = Arc::clone(&process);
        let wire = Wire {
            stream,
            process: process_of_wire,
        };
        let mut terminal = Terminal::new(Box::new(wire), Box::new(Seeded::new(11)));
        terminal.power_on().unwrap();
        ias::open_device_authentication(&mut terminal, OpenOptions::default()).unwrap();
        Self { process, terminal }
    }

    /// A process that is killed so many microseconds after its start, wherever it is.
    pub(crate) fn cut_short(path: &Path, microseconds: u64) {
        let listener = listener();
        let mut process = Process::start(path, &listener);
        thread::sleep(Duration::from_micros(microseconds));
        process.kill();
    }

    /// VERIFY without data.
    pub(crate) fn tries_left(&mut self) -> u16 {
        let command = credentials::verify(Reference::Pin, &Code::from(""));
        self.terminal.transmit(&command).unwrap().sw.0
    }

    /// A moment within a command's time, or a little behind it; early ones more often, because the writes come early.
    pub(crate) fn moment(&self, random: &mut Draw) -> Duration {
        let took = self.process.lock().unwrap().took;
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let most = match random.below(3) {
            0 => took / 4,
            1 => took,
            _ => took.saturating_mul(3) / 2,
        };
        Duration::from_micros(random.below(most.saturating_add(200)))
    }

    /// The status word; `None` when the process died before it was there.
    pub(crate) fn send(&mut self, step: Step, moment: Moment) -> Option<u16> {
        self.process.lock().unwrap().doom = match moment {
            Moment::Never => None,
            Moment::After(time) => Some(time),
        };
        let code = |digits: [u8; 8]| Code::new(digits);
        let command = match step {
            Step::Pin(pin) => credentials::verify(Reference::Pin, &code(pin)),
            Step::Puk(puk) => credentials::verify(Reference::Puk, &code(puk)),
            Step::Change(old, new) => {
                credentials::change_reference_data(Reference::Pin, &code(old), &code(new))
            }
            Step::Replace(new) => {
                credentials::reset_retry_counter(Reference::Pin, Some(&code(new)))
            }
            Step::Unblock => credentials::reset_retry_counter(Reference::Pin, None),
        };
        match self.terminal.transmit(&command) {
            Ok(reply) => Some(reply.sw.0),
            Err(TerminalError::Target(TargetError::CardRemoved)) => None,
            Err(error) => panic!("{step:?}: {error}"),
        }
    }

    pub(crate) fn end(self) {
        // Killed already, most often; killed between two commands otherwise.
        drop(self.terminal);
        drop(self.process);
    }
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}
