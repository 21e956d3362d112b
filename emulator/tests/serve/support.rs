//! A reader made of a socket, a served card, and somebody who asks over HTTP.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that is busy; nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// vpcd, as far as a card sees it.
pub(crate) struct Vpcd {
    listener: TcpListener,
}

/// A connection that is a card.
pub(crate) struct Inserted {
    stream: TcpStream,
}

impl Vpcd {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener }
    }

    /// The value for `--via`.
    pub(crate) fn way(&self) -> String {
        format!("vpcd:{}", self.listener.local_addr().unwrap().port())
    }

    /// Waits for a card.
    pub(crate) fn card(&self) -> Inserted {
        let stream = eventually("a card in the reader", || {
            self.listener.accept().ok().map(|(stream, _)| stream)
        });
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Inserted { stream }
    }
}

/// Asks until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "no {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

impl Inserted {
    /// A message, without waiting for an answer.
    pub(crate) fn send(&mut self, body: &[u8]) {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        self.stream.write_all(&[&length, body].concat()).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut length = [0; 2];
        self.stream.read_exact(&mut length).unwrap();
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    /// As vpcd asks for it: whether there is a card, its power, its answer to reset.
    pub(crate) fn power_on(&mut self) -> String {
        self.send(&[4]);
        self.receive();
        self.send(&[1]);
        self.send(&[4]);
        hex::encode_upper(self.receive())
    }

    /// One command, in hexadecimal both ways.
    pub(crate) fn transmit(&mut self, command: &str) -> String {
        self.send(&hex::decode(command).unwrap());
        hex::encode_upper(self.receive())
    }

    /// Waits until the card is out.
    pub(crate) fn wait_for_removal(mut self) {
        let mut rest = Vec::new();
        // A connection that is reset is as closed as one that is closed.
        let _ = self.stream.read_to_end(&mut rest);
        assert_eq!(rest, b"", "something was said at the end");
    }
}

/// `cie-card serve`, killed if it is still there in the end.
pub(crate) struct Served {
    child: Child,
    pub(crate) lines: Receiver<String>,
    pub(crate) told: Receiver<String>,
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cie-card"));
    command
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(arguments))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let told = lines_of(child.stderr.take().unwrap());
        Self { child, lines, told }
    }

    /// The next line of standard output that holds these words.
    pub(crate) fn line(&self, words: &str) -> String {
        find(&self.lines, words)
    }

    /// The next line of standard error that holds these words.
    pub(crate) fn told(&self, words: &str) -> String {
        find(&self.told, words)
    }

    /// The next record of this event, everything before it thrown away.
    pub(crate) fn event(&self, event: &str) -> Value {
        loop {
            let record: Value = serde_json::from_str(&self.line("")).unwrap();
            if record["event"] == event {
                return record;
            }
        }
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end; returns how it ended, and the lines that are left.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let status = eventually("end", || self.child.try_wait().unwrap());
        (status, self.lines.iter().collect())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Most often it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn find(lines: &Receiver<String>, words: &str) -> String {
    let mut passed = Vec::new();
    loop {
        let line = lines
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|why| panic!("no line with {words:?}: {why}; before it: {passed:#?}"));
        if line.contains(words) {
            return line;
        }
        passed.push(line);
    }
}

/// The control API, as its user sees it.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Api {
    /// As it was told on standard error.
    pub(crate) fn of(served: &Served) -> Self {
        let line = served.told("control: ");
        let (address, token) = line
            .strip_prefix("control: http://")
            .and_then(|rest| rest.split_once(" token "))
            .unwrap_or_else(|| panic!("{line}"));
        Self {
            address: address.parse().unwrap(),
            token: token.to_owned(),
        }
    }

    /// Status and answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let authorization = format!("Bearer {}", self.token);
        self.ask_as(
            &self.address.to_string(),
            &authorization,
            method,
            path,
            body,
        )
    }

    pub(crate) fn ask_as(
        &self,
        host: &str,
        authorization: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.get(9..12).unwrap().parse().unwrap();
        let (_, json) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(json).unwrap())
    }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
