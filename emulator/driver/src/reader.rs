//! One virtual reader, as pcscd sees it through the C boundary: presence, power, transmission, the event thread's wait.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cie_driver_protocol::{Endpoint, Kind};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{Shutdown, shutdown};

use crate::connection::{Connection, Fault};
use crate::listener::{ListenError, Listener};
use crate::log;
use crate::presence::{LONGEST_ATR, Presence};
use crate::watcher::{CONNECTION, LISTENER, WAKE, Watcher};

/// How long the reader stays empty at least. pcscd looks whether a client's card has been removed a moment before it has
/// the command transmitted; a command that was on its way when the removal was noted must still find the reader empty.
const SHORTEST_ABSENCE: Duration = Duration::from_millis(30);

/// What clients' threads and the watcher share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) listener: Listener,
    pub(crate) epoll: OwnedFd,
    /// The connection; held during a whole request. Never taken while `presence` is.
    pub(crate) peer: Mutex<Option<Connection>>,
    /// A second handle to the connection's socket, for ending a request that another thread waits for.
    handle: Mutex<Option<OwnedFd>>,
    presence: Mutex<Presence>,
    changed: Condvar,
    wake: OwnedFd,
}

/// A reader. Closed when dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

/// What a power action is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// Power on, cold.
    On,
    /// Warm reset.
    Reset,
}

/// Locks, whatever a panic elsewhere has done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader {
    /// Opens a reader at this endpoint and starts its watcher.
    ///
    /// # Errors
    /// When it cannot listen there, or the system has no descriptors or threads left.
    pub(crate) fn open(endpoint: &Endpoint) -> Result<Self, ListenError> {
        let listener = Listener::open(endpoint)?;
        let system = |error: io::Error| ListenError::System(endpoint.clone(), error);
        let shared = Shared::new(endpoint.to_string(), listener).map_err(system)?;
        let shared = Arc::new(shared);
        let watcher = Watcher::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("cie-driver".to_owned())
            .spawn(move || watcher.run())
            .map_err(system)?;
        log(&shared.name, "the reader waits for its card side");
        Ok(Self {
            shared,
            watcher: Some(thread),
        })
    }

    /// Whether a card is in.
    pub(crate) fn is_present(&self) -> bool {
        lock(&self.shared.presence).insertion().is_some()
    }

    /// The answer to reset of the card that has power.
    pub(crate) fn atr(&self) -> Option<Vec<u8>> {
        lock(&self.shared.presence).atr().map(<[u8]>::to_vec)
    }

    /// Gives power, or resets. Returns the answer to reset, 1 to 33 bytes.
    pub(crate) fn power(&self, action: Power) -> Result<Vec<u8>, Fault> {
        let kind = match action {
            Power::On => Kind::PowerOn,
            Power::Reset => Kind::Reset,
        };
        let mut room = [0; LONGEST_ATR];
        let mut atr = Vec::new();
        self.shared
            .request(kind, &[], &mut room, |insertion, room| {
                atr.extend(room);
                lock(&self.shared.presence).keep_atr(insertion, room);
            })?;
        Ok(atr)
    }

    /// Takes the power away. An empty reader has none.
    pub(crate) fn power_off(&self) -> Result<(), Fault> {
        let result = self
            .shared
            .request(Kind::PowerOff, &[], &mut [], |insertion, _| {
                lock(&self.shared.presence).keep_atr(insertion, &[]);
            });
        match result {
            Err(Fault::NoCard) => Ok(()),
            other => other,
        }
    }

    /// Sends a command APDU; puts the response APDU into `room` and returns its length.
    pub(crate) fn transmit(&self, command: &[u8], room: &mut [u8]) -> Result<usize, Fault> {
        let mut length = 0;
        self.shared
            .request(Kind::Transmit, command, room, |_, answer| {
                length = answer.len();
            })?;
        Ok(length)
    }

    /// The event thread's wait: returns when there is something to see, when asked to stop, or after `limit`.
    pub(crate) fn wait(&self, limit: Duration) {
        let began = Instant::now();
        if lock(&self.shared.presence).has_shown_absence() {
            std::thread::sleep(SHORTEST_ABSENCE);
        }
        let mut presence = lock(&self.shared.presence);
        presence.enter_wait();
        while !presence.is_due() {
            let left = limit.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(presence, left);
            presence = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        presence.leave_wait();
    }

    /// Ends whatever another thread waits for in this reader.
    pub(crate) fn close(&self) {
        self.stop_waiting();
        if let Some(handle) = lock(&self.shared.handle).as_ref() {
            // Fails only when the other side has closed already.
            let _ = shutdown(handle, Shutdown::Both);
        }
    }

    /// Brings the event thread out of its wait.
    pub(crate) fn stop_waiting(&self) {
        lock(&self.shared.presence).stop_waiting();
        self.shared.changed.notify_all();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.close();
        // The counter of a fresh eventfd cannot overflow.
        let _ = rustix::io::write(&self.shared.wake, &1_u64.to_ne_bytes());
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

impl Shared {
    fn new(name: String, listener: Listener) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC)?;
        epoll::add(&epoll, &wake, EventData::new_u64(WAKE), EventFlags::IN)?;
        let data = EventData::new_u64(LISTENER);
        epoll::add(&epoll, &listener, data, EventFlags::IN)?;
        Ok(Self {
            name,
            listener,
            epoll,
            peer: Mutex::default(),
            handle: Mutex::default(),
            presence: Mutex::default(),
            changed: Condvar::new(),
            wake,
        })
    }

    /// Asks the card side; gives the insertion and the answer's body to `done`. The connection is the caller's alone
    /// meanwhile.
    fn request(
        &self,
        kind: Kind,
        body: &[u8],
        room: &mut [u8],
        done: impl FnOnce(u32, &[u8]),
    ) -> Result<(), Fault> {
        let mut peer = lock(&self.peer);
        let insertion = lock(&self.presence).insertion().ok_or(Fault::NoCard)?;
        let connection = peer.as_mut().ok_or(Fault::NoCard)?;
        self.watch(connection, EventFlags::empty());
        let mut news = |insertion| self.show(insertion);
        let result = connection.request(kind, insertion, body, room, &mut news);
        if let Ok(length) = result {
            done(insertion, room.get(..length).unwrap_or_default());
        }
        let end = match &result {
            Err(fault) if fault.is_fatal() => Some(fault.to_string()),
            _ if connection.has_more() => connection
                .listen(&mut news)
                .err()
                .map(|fault| fault.to_string()),
            _ => None,
        };
        match end {
            Some(why) => self.lose(&mut peer, &why),
            None => self.watch(connection, EventFlags::IN),
        }
        result.map(drop)
    }

    fn watch(&self, connection: &Connection, interest: EventFlags) {
        let data = EventData::new_u64(CONNECTION);
        // Changing what is registered cannot fail; if it did, the watcher would only listen once too often.
        let _ = epoll::modify(&self.epoll, connection, data, interest);
    }

    /// Takes a greeted connection; its card side says next what is in the slot.
    pub(crate) fn connect(&self, connection: Connection) -> io::Result<()> {
        let mut peer = lock(&self.peer);
        *lock(&self.handle) = Some(connection.as_fd().try_clone_to_owned()?);
        let data = EventData::new_u64(CONNECTION);
        epoll::add(&self.epoll, &connection, data, EventFlags::IN)?;
        let connection = peer.insert(connection);
        // What came together with the greeting lies in the inbox already.
        if let Err(fault) = connection.listen(&mut |insertion| self.show(insertion)) {
            self.lose(&mut peer, &fault);
        }
        Ok(())
    }

    /// Whether there is a card side.
    pub(crate) fn is_connected(&self) -> bool {
        lock(&self.handle).is_some()
    }

    /// The card side is gone, and its card with it.
    pub(crate) fn lose(&self, peer: &mut Option<Connection>, why: &dyn std::fmt::Display) {
        log(&self.name, format_args!("the card side is gone: {why}"));
        if let Some(connection) = peer.take() {
            // Closing alone would not do: the second handle keeps the registration alive.
            let _ = epoll::delete(&self.epoll, &connection);
        }
        *lock(&self.handle) = None;
        self.show(0);
    }

    /// News of the slot.
    pub(crate) fn show(&self, insertion: u32) {
        lock(&self.presence).show(insertion);
        self.changed.notify_all();
    }
}
