//! A card in a PC/SC reader as a target: power, bytes, insertion and removal through the resource manager. It survives what
//! happens to readers (cards pulled, readers unplugged, services restarted, other programs resetting the card): the case that
//! meets it is told what happened, and the next [`power_on`](Target::power_on) begins anew where that is possible.
//!
//! What a command may do to the card is not decided here; a guard stands before this target where that matters.

mod choose;
mod control;
mod error;
mod hands;
mod link;
mod survey;
mod t0;

use std::time::{Duration, Instant};

use pcsc::{Disposition, Error, Protocol, Protocols, ShareMode};

pub use choose::{Found, choose, readers};
pub use control::Control;
pub use error::ReaderError;
pub use hands::{Hands, Person};
pub use link::{Link, PcscLink, Seen};
pub use survey::{AtrAttribute, Contact, contact};

use super::{Reset, Target, TargetError, TargetKind};

/// What other programs may do to the card in the meantime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Share {
    /// Nothing: none can connect.
    #[default]
    Exclusive,
    /// They may be connected, and wait while a case runs.
    Transaction,
    /// Anything, between two commands. A reset by them is noticed.
    Shared,
}

impl Share {
    const fn mode(self) -> ShareMode {
        match self {
            Self::Exclusive => ShareMode::Exclusive,
            Self::Transaction | Self::Shared => ShareMode::Shared,
        }
    }
}

/// How to use a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderOptions {
    /// What other programs may do.
    pub share: Share,
    /// Protocols allowed; the reader chooses where both are.
    pub protocols: Protocols,
    /// How long a card that went away by itself, a reader or a service is waited for at the beginning of a case.
    pub recovery: Duration,
    /// How long somebody who was asked to move the card is waited for.
    pub patience: Duration,
    /// Whether a command of a single byte reaches the card. Behind vpcd it would be taken for an order to the card's side (power
    /// off, reset) and never answered; our own driver carries it.
    pub lone_bytes: bool,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self {
            share: Share::Exclusive,
            protocols: Protocols::ANY,
            recovery: Duration::from_secs(3),
            patience: Duration::from_secs(60),
            lone_bytes: false,
        }
    }
}

/// Between two attempts to reach a card that is not there yet.
const PAUSE: Duration = Duration::from_millis(100);

/// A card in a reader.
pub struct Reader {
    link: Box<dyn Link>,
    hands: Box<dyn Hands>,
    name: String,
    options: ReaderOptions,
    connected: bool,
    protocol: Option<Protocol>,
    /// Insertions and removals when the card was last connected to, as the resource manager counted them.
    events: Option<u32>,
    /// How often the card may have become another one.
    changes: u64,
    /// Nobody came the last time something was waited for: it is not waited for again until it was there.
    given_up: bool,
}

impl Reader {
    /// The reader with this name. Nothing is connected to before [`power_on`](Target::power_on).
    pub fn new(
        link: Box<dyn Link>,
        name: impl Into<String>,
        options: ReaderOptions,
        hands: Box<dyn Hands>,
    ) -> Self {
        Self {
            link,
            hands,
            name: name.into(),
            options,
            connected: false,
            protocol: None,
            events: None,
            changes: 0,
            given_up: false,
        }
    }

    /// The reader's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The protocol in use; `None` without a connection.
    #[must_use]
    pub const fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    /// A number that grows whenever the card in the reader may have become another one: whoever knows something of the card asks
    /// whether it is still the same.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether the reader shows a card.
    pub fn has_card(&mut self) -> bool {
        self.link.look(&self.name).is_ok_and(|seen| seen.has_card())
    }

    /// The way to the resource manager, for questions about the reader.
    pub fn link(&mut self) -> &mut dyn Link {
        self.link.as_mut()
    }

    fn met(&mut self, error: Error) -> TargetError {
        error::met(error, &self.name, self.options.share)
    }

    /// What an error means that may be about the card, the reader or the way to it: the resource manager is asked which.
    fn lost(&mut self, error: Error) -> TargetError {
        match self.met(error) {
            // A driver has one error for a card that is silent and one that is gone.
            TargetError::NoResponse => match self.link.look(&self.name) {
                Ok(seen) if !seen.has_card() => TargetError::CardRemoved,
                Ok(_) => TargetError::NoResponse,
                Err(error) => self.met(error),
            },
            other => other,
        }
    }

    fn drop_connection(&mut self, disposition: Disposition) {
        self.link.disconnect(disposition);
        self.connected = false;
        self.protocol = None;
    }

    /// Connects, restarts the card and takes it for this program: its answer to reset.
    fn connect(&mut self, restart: Disposition) -> Result<Vec<u8>, Error> {
        let (mode, protocols) = (self.options.share.mode(), self.options.protocols);
        if !self.connected {
            self.link.connect(&self.name, mode, protocols)?;
            self.connected = true;
            if self.options.share != Share::Shared {
                self.link.begin()?;
            }
        }
        self.link.reconnect(mode, protocols, restart)?;
        let (atr, protocol) = self.link.status()?;
        self.protocol = protocol;
        let events = self.link.look(&self.name)?.events;
        if self.events.replace(events) != Some(events) {
            self.changes += 1;
        }
        Ok(atr)
    }

    /// Connects, and where the old connection is of no use any more, once again with a new one. What is not there is waited for.
    fn restart(&mut self, restart: Disposition) -> Result<Vec<u8>, TargetError> {
        let begun = Instant::now();
        loop {
            let fresh = !self.connected;
            let error = match self.connect(restart) {
                Ok(atr) => {
                    self.given_up = false;
                    return Ok(atr);
                }
                Err(error) => error,
            };
            self.drop_connection(Disposition::LeaveCard);
            let met = self.lost(error);
            if matches!(met, TargetError::CardRemoved | TargetError::ReaderGone(_)) {
                self.events = None;
            }
            if matches!(met, TargetError::ReaderGone(_)) {
                self.link.forget();
            }
            if !fresh {
                // What happened, happened to the old connection.
                continue;
            }
            let may_come = matches!(met, TargetError::CardRemoved | TargetError::ReaderGone(_))
                || error == Error::SharingViolation;
            if !may_come || self.given_up || begun.elapsed() >= self.options.recovery {
                self.given_up |= may_come;
                return Err(met);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the reader has a card, or has none.
    fn wait_for(&mut self, card: bool, request: &'static str) -> Result<(), TargetError> {
        let begun = Instant::now();
        let mut seen = self
            .link
            .look(&self.name)
            .map_err(|error| self.met(error))?;
        while seen.has_card() != card {
            let left = self.options.patience.saturating_sub(begun.elapsed());
            seen = match self.link.wait(&self.name, &seen, left) {
                Ok(seen) => seen,
                Err(Error::Timeout) => {
                    let seconds = self.options.patience.as_secs();
                    return Err(TargetError::Refused(format!(
                        "nobody {request} within {seconds} s; run the case again, or give it longer with --patience"
                    )));
                }
                Err(error) => return Err(self.met(error)),
            };
        }
        Ok(())
    }
}

impl Target for Reader {
    fn kind(&self) -> TargetKind {
        TargetKind::Reader
    }

    fn describe(&self) -> String {
        let protocol = match self.protocol {
            None => "",
            Some(Protocol::T0) => ", T=0",
            Some(Protocol::T1) => ", T=1",
            Some(Protocol::RAW) => ", raw",
        };
        format!("reader {}{protocol}", self.name)
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.drop_connection(Disposition::UnpowerCard);
        Ok(())
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.restart(match reset {
            Reset::Warm => Disposition::ResetCard,
            Reset::Cold => Disposition::UnpowerCard,
        })
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        if !self.connected {
            return Err(TargetError::NoResponse);
        }
        if command.is_empty() || (command.len() == 1 && !self.options.lone_bytes) {
            let why = "readers carry no command of fewer than two bytes; run the case on the embedded card";
            return Err(TargetError::Refused(why.to_owned()));
        }
        let link = self.link.as_mut();
        let sent = match self.protocol {
            Some(Protocol::T0) => t0::exchange(command, response, |c, r| link.transmit(c, r)),
            _ => link.transmit(command, response).map(Some),
        };
        match sent {
            // A card side that closes without answering is a success of no bytes for some drivers.
            Ok(Some(())) if response.is_empty() => Err(self.lost(Error::NotTransacted)),
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(TargetError::Refused(
                "T=0 carries no extended length fields; use --protocol t1".to_owned(),
            )),
            Err(error) => {
                response.clear();
                Err(self.lost(error))
            }
        }
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.drop_connection(Disposition::UnpowerCard);
        self.events = None;
        self.hands
            .remove(&self.name)
            .map_err(TargetError::Refused)?;
        self.wait_for(false, "took the card out")
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.hands
            .insert(&self.name)
            .map_err(TargetError::Refused)?;
        self.wait_for(true, "put the card in")
    }
}

#[cfg(test)]
mod tests;
