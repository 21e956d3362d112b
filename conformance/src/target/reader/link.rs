//! The seam to the resource manager: what a reader target needs of PC/SC, as a trait, and its one real implementation over the
//! `pcsc` crate. It translates nothing: errors are the resource manager's, and what they mean for a case is decided above.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{
    Attribute, Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocol, Protocols,
    ReaderState, Scope, ShareMode, State,
};

/// What the resource manager says of a reader, without touching its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is in it.
    pub state: State,
    /// Insertions and removals so far.
    pub events: u32,
    /// The answer to reset of the card in it, 0 to 33 bytes.
    pub atr: Vec<u8>,
}

impl Seen {
    /// Whether a card is in the reader.
    #[must_use]
    pub const fn has_card(&self) -> bool {
        self.state.contains(State::PRESENT)
    }
}

/// Resource manager, reader and card, as far as a target uses them. Readers are named as the resource manager names them.
pub trait Link: Send {
    /// The readers there are; none is not an error.
    ///
    /// # Errors
    /// Those of the resource manager, as with all functions here.
    fn readers(&mut self) -> Result<Vec<String>, Error>;

    /// What is in a reader now.
    ///
    /// # Errors
    /// As above.
    fn look(&mut self, reader: &str) -> Result<Seen, Error>;

    /// Waits until a reader is no longer as it was seen, or the time is over ([`Error::Timeout`]).
    ///
    /// # Errors
    /// As above.
    fn wait(&mut self, reader: &str, seen: &Seen, most: Duration) -> Result<Seen, Error>;

    /// Connects to the card in a reader.
    ///
    /// # Errors
    /// As above.
    fn connect(
        &mut self,
        reader: &str,
        share: ShareMode,
        protocols: Protocols,
    ) -> Result<(), Error>;

    /// Connects again, after restarting the card as `disposition` says.
    ///
    /// # Errors
    /// As above; [`Error::InvalidHandle`] when not connected.
    fn reconnect(
        &mut self,
        share: ShareMode,
        protocols: Protocols,
        disposition: Disposition,
    ) -> Result<(), Error>;

    /// Ends the connection, and with it any transaction. Nothing happens when there is none.
    fn disconnect(&mut self, disposition: Disposition);

    /// Begins a transaction that lasts until the connection ends.
    ///
    /// # Errors
    /// As above.
    fn begin(&mut self) -> Result<(), Error>;

    /// The answer to reset of the card connected to, and its protocol.
    ///
    /// # Errors
    /// As above.
    fn status(&mut self) -> Result<(Vec<u8>, Option<Protocol>), Error>;

    /// Sends a command, replaces the content of `response`.
    ///
    /// # Errors
    /// As above.
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), Error>;

    /// An attribute of the reader connected to.
    ///
    /// # Errors
    /// As above; [`Error::UnsupportedFeature`] where the driver does not answer it.
    fn attribute(&mut self, attribute: Attribute) -> Result<Vec<u8>, Error>;

    /// Forgets everything, so that the next call begins a new session with the resource manager.
    fn forget(&mut self);
}

/// The real resource manager. A session with it is opened when first needed.
#[derive(Default)]
pub struct PcscLink {
    context: Option<Context>,
    card: Option<Card>,
    buffer: Vec<u8>,
}

impl PcscLink {
    /// Without a session yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn context(&mut self) -> Result<&Context, Error> {
        if self
            .context
            .as_ref()
            .is_none_or(|context| context.is_valid().is_err())
        {
            self.forget();
            self.context = Some(Context::establish(Scope::User)?);
        }
        self.context.as_ref().ok_or(Error::NoService)
    }

    fn connected(&mut self) -> Result<&mut Card, Error> {
        self.card.as_mut().ok_or(Error::InvalidHandle)
    }
}

fn name_of(reader: &str) -> Result<CString, Error> {
    CString::new(reader).map_err(|_| Error::UnknownReader)
}

impl Link for PcscLink {
    fn readers(&mut self) -> Result<Vec<String>, Error> {
        let names = self.context()?.list_readers_owned()?;
        let names = names.iter().map(|name| name.to_string_lossy().into_owned());
        Ok(names.collect())
    }

    fn look(&mut self, reader: &str) -> Result<Seen, Error> {
        self.change(reader, State::UNAWARE, Duration::ZERO)
    }

    fn wait(&mut self, reader: &str, seen: &Seen, most: Duration) -> Result<Seen, Error> {
        self.change(reader, seen.state, most)
    }

    fn connect(
        &mut self,
        reader: &str,
        share: ShareMode,
        protocols: Protocols,
    ) -> Result<(), Error> {
        let name = name_of(reader)?;
        self.disconnect(Disposition::LeaveCard);
        self.card = Some(self.context()?.connect(&name, share, protocols)?);
        Ok(())
    }

    fn reconnect(
        &mut self,
        share: ShareMode,
        protocols: Protocols,
        disposition: Disposition,
    ) -> Result<(), Error> {
        self.connected()?.reconnect(share, protocols, disposition)
    }

    fn disconnect(&mut self, disposition: Disposition) {
        // What cannot be disconnected is gone already.
        if let Some(card) = self.card.take() {
            let _ = card.disconnect(disposition);
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        let transaction = self.connected()?.transaction()?;
        // It would end where this function ends; it is meant to last as long as the connection, which ends it.
        std::mem::forget(transaction);
        Ok(())
    }

    fn status(&mut self) -> Result<(Vec<u8>, Option<Protocol>), Error> {
        let status = self.connected()?.status2_owned()?;
        Ok((status.atr().to_vec(), status.protocol2()))
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), Error> {
        response.clear();
        self.buffer.resize(MAX_BUFFER_SIZE_EXTENDED, 0);
        let card = self.card.as_ref().ok_or(Error::InvalidHandle)?;
        response.extend_from_slice(card.transmit(command, &mut self.buffer)?);
        Ok(())
    }

    fn attribute(&mut self, attribute: Attribute) -> Result<Vec<u8>, Error> {
        self.connected()?.get_attribute_owned(attribute)
    }

    fn forget(&mut self) {
        self.disconnect(Disposition::LeaveCard);
        self.context = None;
    }
}

impl PcscLink {
    fn change(&mut self, reader: &str, known: State, most: Duration) -> Result<Seen, Error> {
        let name = name_of(reader)?;
        let mut states = [ReaderState::new(name, known - State::CHANGED)];
        self.context()?.get_status_change(most, &mut states)?;
        let [state] = states;
        if state
            .event_state()
            .intersects(State::UNKNOWN | State::UNAVAILABLE)
        {
            return Err(Error::ReaderUnavailable);
        }
        Ok(Seen {
            state: state.event_state(),
            events: state.event_count(),
            atr: state.atr().to_vec(),
        })
    }
}
