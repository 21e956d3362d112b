//! The thread that prints, so that a slow terminal is nobody's business but that of the cards that wait for it: nothing is
//! left out, and nothing piles up.

use super::Happening;
use crate::failure::Failure;
use cie_emulator::control::lines::{Lines, Told};
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError, TrySendError};
use std::thread;
use std::time::Duration;

/// Lines that may wait to be printed.
const WAITING: usize = 4096;

/// How long a full queue is left alone before it is tried again.
const PAUSE: Duration = Duration::from_millis(2);

/// How long the last lines may take.
const GRACE: Duration = Duration::from_secs(2);

/// How things are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
    Quiet,
}

enum Message {
    /// About which cards and readers lines will be.
    Begin(Lines),
    Told(Told),
    /// The last one, with why it ended.
    Finish(&'static str),
}

/// Takes what is to be told.
pub(super) struct Printer {
    queue: SyncSender<Message>,
    /// Nobody may wait for a place in the queue any more.
    ending: Arc<AtomicBool>,
    finished: Receiver<()>,
    quiet: bool,
}

impl Printer {
    pub(super) fn start(format: Format, happen: Sender<Happening>) -> Result<Self, Failure> {
        let (queue, messages) = mpsc::sync_channel(WAITING);
        let (finish, finished) = mpsc::channel();
        thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || {
                if print(format, &messages).is_err() {
                    // Whoever would be told has ended.
                    let _ = happen.send(Happening::OutputGone);
                }
                let _ = finish.send(());
            })
            .map_err(|error| Failure::Other(format!("the system gives no thread: {error}")))?;
        Ok(Self {
            queue,
            ending: Arc::default(),
            finished,
            quiet: format == Format::Quiet,
        })
    }

    pub(super) fn begin(&self, lines: Lines) {
        send(&self.queue, &self.ending, Message::Begin(lines));
    }

    pub(super) fn tell(&self, told: Told) {
        if !self.quiet {
            send(&self.queue, &self.ending, Message::Told(told));
        }
    }

    /// The same for other threads.
    pub(super) fn teller(&self) -> impl Fn(Told) + Send + Sync + 'static {
        let (queue, ending) = (self.queue.clone(), Arc::clone(&self.ending));
        move |told| send(&queue, &ending, Message::Told(told))
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// From here on, nobody waits for the output any more.
    pub(super) fn ending(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Prints what is left, as far as somebody takes it.
    pub(super) fn finish(self, why: &'static str) {
        self.ending();
        send(&self.queue, &self.ending, Message::Finish(why));
        // A terminal that is stopped must not keep a program that is to end.
        let _ = self.finished.recv_timeout(GRACE);
    }
}

/// Puts a message into the queue, waiting for a place while anybody may.
fn send(queue: &SyncSender<Message>, ending: &AtomicBool, message: Message) {
    let mut message = message;
    loop {
        message = match queue.try_send(message) {
            // Without a printer there is nothing to tell.
            Ok(()) | Err(TrySendError::Disconnected(_)) => return,
            Err(TrySendError::Full(message)) => message,
        };
        if ending.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep(PAUSE);
    }
}

fn print(format: Format, messages: &Receiver<Message>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout());
    let mut lines = Lines::default();
    loop {
        let message = match messages.try_recv() {
            Ok(message) => message,
            Err(TryRecvError::Disconnected) => return out.flush(),
            Err(TryRecvError::Empty) => {
                out.flush()?;
                match messages.recv() {
                    Ok(message) => message,
                    Err(mpsc::RecvError) => return Ok(()),
                }
            }
        };
        match (message, format) {
            (Message::Begin(begin), _) => lines = begin,
            (Message::Told(_), Format::Quiet) => {}
            (Message::Told(told), Format::Text) => out.write_all(lines.text(&told).as_bytes())?,
            (Message::Told(told), Format::Json) => writeln!(out, "{}", lines.json(&told))?,
            (Message::Finish(why), Format::Json) => {
                writeln!(out, "{}", json!({ "event": "end", "why": why }))?;
                return out.flush();
            }
            (Message::Finish(_), Format::Text | Format::Quiet) => return out.flush(),
        }
    }
}
