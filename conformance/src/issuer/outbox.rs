//! What the issuer has sent: an append-only list, numbered without gaps, that nothing rewrites. How messages arrive is
//! another matter: faults of delivery drop them, delay them, double them or let one overtake another, and the list of what
//! was sent stays as it is.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::clock::{Period, Timestamp};
use super::policy::Medium;
use super::secret::Secret;

/// A message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// How.
    pub channel: Medium,
    /// To which address.
    pub to: String,
    /// What kind of message: `cie-puk.code`.
    pub template: String,
    vars: BTreeMap<&'static str, Secret>,
}

impl Message {
    /// What a variable of the message holds, in clear: `code`, `link`, `part`. This is where a receiver reads it.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(Secret::reveal)
    }

    /// The names of its variables.
    pub fn vars(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.vars.keys().copied()
    }
}

/// The envelope, and the names of what is inside.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.vars().collect();
        write!(
            f,
            "Message({} {} {} {} {names:?})",
            self.seq,
            self.at,
            self.channel.name(),
            self.template
        )
    }
}

/// What happens to a message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    Drop,
    /// It arrives this much later.
    Delay(Period),
    /// It arrives twice.
    Duplicate,
    /// It arrives right after the next message that arrives, and not at all when none does.
    Reorder,
}

/// A message at the door.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Timestamp,
    seq: u64,
    taken: bool,
}

/// Everything sent, and how it arrives.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    sent: Vec<Message>,
    arrivals: Vec<Arrival>,
    /// Messages that wait to be overtaken.
    held: Vec<u64>,
    faults: VecDeque<Fault>,
    standing: Option<Fault>,
}

impl Outbox {
    /// The next messages meet these faults, one each, in this order.
    pub fn fault_next(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }

    /// Every message that meets no other fault meets this one, until it is lifted with `None`.
    pub fn fault_all(&mut self, fault: Option<Fault>) {
        self.standing = fault;
    }

    pub(super) fn send(
        &mut self,
        at: Timestamp,
        channel: Medium,
        to: String,
        template: String,
        vars: BTreeMap<&'static str, Secret>,
    ) -> u64 {
        let seq = self.sent.len() as u64 + 1;
        self.sent.push(Message {
            seq,
            at,
            channel,
            to,
            template,
            vars,
        });
        match self.faults.pop_front().or(self.standing) {
            None => self.arrive(at, seq),
            Some(Fault::Drop) => {}
            Some(Fault::Delay(by)) => self.arrive(by.after(at), seq),
            Some(Fault::Duplicate) => {
                self.arrive(at, seq);
                self.arrive(at, seq);
            }
            Some(Fault::Reorder) => self.held.push(seq),
        }
        seq
    }

    /// Sorts an arrival in behind those of the same instant, with what waited to be overtaken after it.
    fn arrive(&mut self, at: Timestamp, seq: u64) {
        let held = std::mem::take(&mut self.held);
        for seq in std::iter::once(seq).chain(held) {
            let place = self.arrivals.partition_point(|arrival| arrival.at <= at);
            let taken = false;
            self.arrivals.insert(place, Arrival { at, seq, taken });
        }
    }

    /// Everything that was sent, in order.
    #[must_use]
    pub fn sent(&self) -> &[Message] {
        &self.sent
    }

    /// Everything that has arrived by `now`, in the order of arrival; a doubled message twice.
    pub fn arrived(&self, now: Timestamp) -> impl Iterator<Item = &Message> {
        let arrived = self
            .arrivals
            .iter()
            .take_while(move |arrival| arrival.at <= now);
        arrived.filter_map(|arrival| self.message(arrival.seq))
    }

    /// The message of a number.
    #[must_use]
    pub fn message(&self, seq: u64) -> Option<&Message> {
        let place = usize::try_from(seq).ok()?.checked_sub(1)?;
        self.sent.get(place)
    }

    /// Takes the first message that has arrived by `now`, was not taken before and is wanted.
    pub fn take(&mut self, now: Timestamp, wanted: impl Fn(&Message) -> bool) -> Option<Message> {
        let new = |arrival: &Arrival| arrival.at <= now && !arrival.taken;
        let place = self
            .arrivals
            .iter()
            .position(|arrival| new(arrival) && self.message(arrival.seq).is_some_and(&wanted))?;
        let arrival = self.arrivals.get_mut(place)?;
        arrival.taken = true;
        let seq = arrival.seq;
        self.message(seq).cloned()
    }
}
