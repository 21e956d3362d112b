//! What a client sees of a reader and of the card in it, for lists and for the doctor: connected to and let go again, no command
//! sent, no reset caused.

use pcsc::{Attribute, Disposition, Error, Protocol, Protocols, ShareMode, State};

use super::choose::Found;
use super::link::Link;

/// Whether the answer to reset can be read as an attribute of the reader (`SCARD_ATTR_ATR_STRING`), which some clients insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtrAttribute {
    /// It is the answer to reset.
    Readable,
    /// It is something else.
    Different,
    /// The driver does not answer it.
    Missing,
}

/// What came of connecting to the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It could be connected to.
    Connected {
        /// The protocol that reader and card agreed on.
        protocol: Option<Protocol>,
        /// The attribute.
        attribute: AtrAttribute,
    },
    /// There is no card.
    NoCard,
    /// Another program has it for itself.
    Held,
    /// The card does not answer.
    Mute,
    /// Something else, as the resource manager says it.
    Failed(Error),
}

/// Connects to the card in a reader, looks, and lets it go as it was.
pub fn contact(link: &mut dyn Link, reader: &Found) -> Contact {
    if !reader.seen.has_card() {
        return Contact::NoCard;
    }
    if reader.seen.state.contains(State::MUTE) {
        return Contact::Mute;
    }
    let connected = link.connect(&reader.name, ShareMode::Shared, Protocols::ANY);
    let result = connected.and_then(|()| look(link));
    link.disconnect(Disposition::LeaveCard);
    match result {
        Ok(contact) => contact,
        Err(Error::SharingViolation) => Contact::Held,
        Err(Error::NoSmartcard | Error::RemovedCard) => Contact::NoCard,
        Err(Error::UnresponsiveCard | Error::UnpoweredCard) => Contact::Mute,
        Err(error) => Contact::Failed(error),
    }
}

fn look(link: &mut dyn Link) -> Result<Contact, Error> {
    let (atr, protocol) = link.status()?;
    let attribute = match link.attribute(Attribute::AtrString) {
        Ok(value) if value == atr => AtrAttribute::Readable,
        Ok(_) => AtrAttribute::Different,
        Err(_) => AtrAttribute::Missing,
    };
    Ok(Contact::Connected {
        protocol,
        attribute,
    })
}
