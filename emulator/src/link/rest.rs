//! What every link needs to rest: a bounded, growing pause between attempts that an order to stop or a change in the
//! slot ends at once, and a listener that hears each reason for waiting once.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::slot::lock;
use super::{LinkEvent, Listener};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// Orders to a link's thread, and its rest.
#[derive(Debug, Default)]
pub(super) struct Rest {
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Orders {
    stop: bool,
    look: bool,
}

impl Rest {
    /// Orders the thread to end.
    pub(super) fn stop(&self) {
        lock(&self.orders).stop = true;
        self.changed.notify_all();
    }

    /// Ends the present or the next pause.
    pub(super) fn wake(&self) {
        lock(&self.orders).look = true;
        self.changed.notify_all();
    }

    /// Whether the thread shall end.
    pub(super) fn is_over(&self) -> bool {
        lock(&self.orders).stop
    }

    /// Waits this long (`None`: for ever), or until woken.
    pub(super) fn pause(&self, length: Option<Duration>) {
        let began = Instant::now();
        let mut orders = lock(&self.orders);
        while !orders.stop && !orders.look {
            let left = length.map(|length| length.saturating_sub(began.elapsed()));
            orders = match left {
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let result = self.changed.wait_timeout(orders, left);
                    result.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let result = self.changed.wait(orders);
                    result.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        orders.look = false;
    }

    /// Waits this long, whatever happens in the slot; only an order to stop ends it.
    pub(super) fn stay_away(&self, length: Duration) {
        let began = Instant::now();
        while !self.is_over() {
            let left = length.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            self.pause(Some(left));
        }
    }
}

/// The growing pause between attempts.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    /// The first pause is short.
    pub(super) const fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// The next pause: twice the last one, up to a bound.
    pub(super) fn next_pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = pause.saturating_mul(2).min(LONGEST_PAUSE);
        pause
    }
}

/// Does something with a card; a panic of the card becomes the end of the connection, not of the link.
pub(super) fn unharmed<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(io::Error::other("the card panicked; this is a bug")))
}

/// The listener of a link, spared repetitions.
pub(super) struct Teller {
    listener: Listener,
    last_wait: Mutex<Option<String>>,
}

impl Teller {
    /// A teller to this listener.
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            listener,
            last_wait: Mutex::default(),
        }
    }

    /// Tells why the link waits, unless that was the last thing told.
    pub(super) fn waiting(&self, reason: String) {
        let mut last = lock(&self.last_wait);
        if last.as_ref() != Some(&reason) {
            *last = Some(reason.clone());
            drop(last);
            (self.listener)(LinkEvent::Waiting { reason });
        }
    }

    /// Tells anything else.
    pub(super) fn tell(&self, event: LinkEvent) {
        *lock(&self.last_wait) = None;
        (self.listener)(event);
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").finish_non_exhaustive()
    }
}
