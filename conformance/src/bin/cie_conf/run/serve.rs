//! `--serve`: cards of this program in a virtual reader of this machine, and the reader that shows them.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cie_conformance::run::{EmbeddedCards, Provider, ServedCards, ServedSlot, Setup};
use cie_conformance::scenario::Case;
use cie_conformance::target::TargetKind;
use cie_conformance::target::reader::{PcscLink, Reader, ReaderError, ReaderOptions, choose};
use cie_emulator::install;
use cie_emulator::link::{Endpoint, Link, LinkEvent, Slot, VPCD_PORT, Via};

use super::private::PrivateReader;
use crate::failure::Failure;

/// How long daemon and reader may take to show up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way from cards to PC/SC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serve {
    /// Into a reader of a daemon that runs.
    Via(Via),
    /// Into a reader of a daemon of the run's own.
    Private(PrivateReader),
}

impl FromStr for Serve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (way, place) = match text.split_once(':') {
            Some((way, place)) => (way, Some(place)),
            None => (text, None),
        };
        match way {
            "driver" => {
                let endpoint = match place {
                    None => install::endpoint(1),
                    Some(place) => Endpoint::from_str(place).map_err(|error| error.to_string())?,
                };
                Ok(Self::Via(Via::Driver(endpoint)))
            }
            "vpcd" => {
                let port = match place {
                    None => VPCD_PORT,
                    Some(port) => port
                        .parse()
                        .map_err(|_| format!("`{port}` is no port; write vpcd:35963"))?,
                };
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                Ok(Self::Via(Via::Vpcd(address)))
            }
            "private" => match place {
                None => Ok(Self::Private(PrivateReader::Driver)),
                Some("vpcd") => Ok(Self::Private(PrivateReader::Vpcd)),
                Some(other) => Err(format!("`private:{other}`: write private or private:vpcd")),
            },
            _ => Err(
                "write driver, driver:unix:/path/of/the/socket, vpcd, vpcd:PORT, private or private:vpcd"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Via(Via::Driver(endpoint)) => write!(f, "driver:{endpoint}"),
            Self::Via(Via::Vpcd(address)) => write!(f, "vpcd:{}", address.port()),
            Self::Private(reader) => f.write_str(reader.name()),
        }
    }
}

/// Cards that are served as long as this lives.
pub(super) struct Served {
    cards: ServedCards,
    _link: Link,
}

impl Provider for Served {
    fn kind(&self) -> TargetKind {
        self.cards.kind()
    }
    fn describe(&self) -> String {
        self.cards.describe()
    }
    fn capacity(&self) -> usize {
        self.cards.capacity()
    }
    fn card(&self, case: &Case, seed: u64) -> Result<Setup, String> {
        self.cards.card(case, seed)
    }
}

/// Shows an empty slot to PC/SC, and finds the reader that shows it.
pub(super) fn start(
    via: &Via,
    name: Option<&str>,
    options: ReaderOptions,
    cards: EmbeddedCards,
) -> Result<Served, Failure> {
    let slot = Slot::new("cie-conf");
    let (heard, events) = mpsc::channel();
    let listener = Box::new(move |event| {
        // Nobody listens any more once the reader was found.
        let _ = heard.send(event);
    });
    let link = Link::start(slot.clone(), via.clone(), listener)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let slot = ServedSlot::fill(slot, &cards).map_err(Failure::Harness)?;
    wait_until_connected(&events)?;
    let name = find(name)?;
    let options = ReaderOptions {
        lone_bytes: matches!(via, Via::Driver(_)),
        ..options
    };
    let reader = Reader::new(Box::new(PcscLink::new()), name, options, slot.hands());
    let cards = ServedCards::new(cards, &slot, reader).map_err(Failure::Refused)?;
    Ok(Served { cards, _link: link })
}

/// The reader with the card; daemons need a moment to see one.
fn find(name: Option<&str>) -> Result<String, Failure> {
    let begun = Instant::now();
    let mut link = PcscLink::new();
    loop {
        match choose(&mut link, name) {
            Ok(name) => return Ok(name),
            Err(ReaderError::NoCard { .. } | ReaderError::NoReader)
                if begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn wait_until_connected(events: &mpsc::Receiver<LinkEvent>) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut why = "nobody answered".to_owned();
    loop {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        match events.recv_timeout(left) {
            Ok(LinkEvent::Connected) => return Ok(()),
            Ok(LinkEvent::Waiting { reason } | LinkEvent::Disconnected { reason }) => why = reason,
            Ok(LinkEvent::AnswerTooLong { .. }) => {}
            Err(_) => {
                return Err(Failure::Harness(format!(
                    "the card cannot be served: {why}"
                )));
            }
        }
    }
}
