//! The way from a slot to the clients: our driver or vpcd, in a daemon that runs or in one of this command's own.

use super::cards::Cards;
use super::printer::Printer;
use crate::failure::Failure;
use crate::output;
use cie_emulator::control::lines::Told;
use cie_emulator::install;
use cie_emulator::link::{Endpoint, Link, LinkError, LinkEvent, Slot, VPCD_PORT, Via};
use cie_pcscd::{DaemonError, PrivateDaemon, SOCKET_VARIABLE, SharedDaemon};
use clap::ValueEnum;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Once;

/// Whose daemon is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Which {
    /// The machine's.
    Shared,
    /// One that only those see who ask for it.
    Private,
}

/// The way of every reader.
pub(super) fn parse(texts: &[String], readers: usize) -> Result<Vec<Via>, Failure> {
    match texts {
        [one] => (1..=readers)
            .map(|reader| way(one, reader, readers))
            .collect(),
        several if several.len() == readers => several
            .iter()
            .enumerate()
            .map(|(index, text)| way(text, index + 1, 1))
            .collect(),
        several => Err(Failure::Input(format!(
            "--via is given {} times for {readers} card(s) in readers; give it once, or once for each --card",
            several.len()
        ))),
    }
}

/// One way; `sharing` readers go by the same words.
fn way(text: &str, reader: usize, sharing: usize) -> Result<Via, Failure> {
    let wrong = |reason: String| Failure::Input(format!("--via {text}: {reason}"));
    let (kind, place) = match text.split_once(':') {
        None => (text, None),
        Some((kind, place)) => (kind, Some(place)),
    };
    match (kind, place) {
        ("driver", None) => Ok(Via::Driver(install::endpoint(reader))),
        ("driver", Some(_)) if sharing > 1 => Err(wrong(format!(
            "{sharing} readers cannot share one endpoint; give --via once for each reader"
        ))),
        ("driver", Some(place)) => place
            .parse::<Endpoint>()
            .map(Via::Driver)
            .map_err(|error| wrong(error.to_string())),
        ("vpcd", place) => {
            let first = match place {
                None => VPCD_PORT,
                Some(port) => port
                    .parse()
                    .ok()
                    .filter(|port| *port > 0)
                    .ok_or_else(|| wrong(format!("{port:?} is not a port, 1 to 65535")))?,
            };
            // Alone on its words, a reader has the port that they say; together, one after the other.
            let offset = if sharing > 1 || place.is_none() {
                reader - 1
            } else {
                0
            };
            let port = u16::try_from(offset)
                .ok()
                .and_then(|offset| first.checked_add(offset))
                .ok_or_else(|| wrong("there are no ports left for so many readers".to_owned()))?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            Ok(Via::Vpcd(address))
        }
        _ => Err(wrong(
            "write driver, driver:unix:/path, driver:127.0.0.1:PORT, vpcd or vpcd:PORT".to_owned(),
        )),
    }
}

/// Shows every slot to the daemon.
pub(super) fn connect(
    slots: Vec<Slot>,
    ways: Vec<Via>,
    printer: &Printer,
) -> Result<Vec<Link>, Failure> {
    slots
        .into_iter()
        .zip(ways)
        .enumerate()
        .map(|(index, (slot, via))| {
            let tell = (!printer.is_quiet()).then(|| printer.teller());
            let reader = index + 1;
            let hint = hint(&via);
            let hinted = Once::new();
            let listener = move |event| {
                if matches!(event, LinkEvent::Waiting { .. }) {
                    hinted.call_once(|| output::tell(hint));
                }
                if let Some(tell) = &tell {
                    tell(Told::Link { reader, event });
                }
            };
            Link::start(slot, via, Box::new(listener)).map_err(|error| match error {
                LinkError::Endpoint(_) => Failure::Input(error.to_string()),
                LinkError::Thread(_) => Failure::Other(error.to_string()),
            })
        })
        .collect()
}

/// What to do when there is nobody at the other end.
const fn hint(via: &Via) -> &'static str {
    match via {
        Via::Driver(_) => {
            "waiting for a daemon with our driver: `sudo cie-card driver install` once, then restart pcscd (where it is started on demand, any client starts it); or end this and add --start-pcscd; `cie-card doctor` looks closer"
        }
        Via::Vpcd(_) => {
            "waiting for vpcd: apt-get install pcscd vsmartcard-vpcd, then restart pcscd (where it is started on demand, any client starts it); `cie-card doctor` looks closer"
        }
    }
}

/// A daemon for the time of this command.
pub(super) enum Daemon {
    Shared {
        running: Option<SharedDaemon>,
        readers: usize,
    },
    Private(PrivateDaemon),
}

impl Daemon {
    pub(super) fn start(which: Option<Which>, cards: &Cards) -> Result<Option<Self>, Failure> {
        let names = (1..=cards.readers()).map(install::reader_name);
        match which {
            None => Ok(None),
            Some(Which::Shared) => {
                let readers: Vec<(String, Endpoint)> = names
                    .enumerate()
                    .map(|(index, name)| (name, install::endpoint(index + 1)))
                    .collect();
                let running = SharedDaemon::start(&readers).map_err(refused)?;
                output::tell("pcscd runs for the time of this command");
                Ok(Some(Self::Shared {
                    running: Some(running),
                    readers: cards.readers(),
                }))
            }
            Some(Which::Private) => {
                let builder = names.fold(PrivateDaemon::builder(), |builder, name| {
                    builder.reader(name)
                });
                let daemon = builder.start().map_err(refused)?;
                output::tell(&format!(
                    "a private pcscd runs for the time of this command; clients find it with\n  export {SOCKET_VARIABLE}={}",
                    daemon.socket().display()
                ));
                Ok(Some(Self::Private(daemon)))
            }
        }
    }

    /// The ways to its readers.
    pub(super) fn ways(&self) -> Vec<Via> {
        match self {
            Self::Shared { readers, .. } => (1..=*readers)
                .map(|reader| Via::Driver(install::endpoint(reader)))
                .collect(),
            Self::Private(daemon) => daemon
                .endpoints()
                .iter()
                .cloned()
                .map(Via::Driver)
                .collect(),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Self::Shared { running, readers } = self else {
            return;
        };
        // It ends first. A daemon that is told to end does not always close its readers, and their sockets stay.
        *running = None;
        for endpoint in (1..=*readers).map(install::endpoint) {
            if let Endpoint::Unix(path) = endpoint {
                // Most often the driver has removed it.
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn refused(error: DaemonError) -> Failure {
    let more = match &error {
        DaemonError::NotRoot => " (--start-pcscd private)",
        DaemonError::Missing { .. }
        | DaemonError::Driver(_)
        | DaemonError::Conf(_)
        | DaemonError::System { .. }
        | DaemonError::Ended { .. }
        | DaemonError::Slow { .. }
        | DaemonError::Running => "",
    };
    Failure::Other(format!("{error}{more}"))
}
