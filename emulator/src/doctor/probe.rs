//! The delayed acknowledgement, measured from the card's side of vpcd and without any client. vpcd asks a card for its
//! answer to reset again and again; where length and body leave in two writes, the second waits for the acknowledgement of
//! the first, and the wait between the two is what is measured.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Where vpcd waits for the card of its first slot; the second slot is one higher.
pub const VPCD_PORT: u16 = 0x8C7B;

/// Longer than any pause between two messages of vpcd, which asks every 400 ms.
const PATIENCE: Duration = Duration::from_millis(2500);

/// The answer to reset of a card without anything to say, T=1 offered.
const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

/// Control bytes that are not answered: power off, power on, reset.
const UNANSWERED: [u8; 3] = [0x00, 0x01, 0x02];

/// Why there is no measurement.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Nobody listens.
    #[error("nothing listens at {0}")]
    Nobody(SocketAddr),
    /// Somebody listens and says nothing: another card is in.
    #[error("whatever listens at {0} says nothing, as vpcd does while another card is in")]
    Occupied(SocketAddr),
    /// Somebody listens who does not speak like vpcd.
    #[error("whatever listens at {0} does not speak like vpcd")]
    NotVpcd(SocketAddr),
    /// The connection broke.
    #[error("the connection to {address} broke: {source}")]
    Broken {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// How long the body of each message came after its length.
///
/// A card is in that reader while this runs: up to 0.4 s for each exchange.
///
/// # Errors
/// [`ProbeError`].
pub fn delays(
    address: SocketAddr,
    exchanges: usize,
    quick: bool,
) -> Result<Vec<Duration>, ProbeError> {
    let mut peer = Peer::connect(address, quick)?;
    let mut delays = Vec::with_capacity(exchanges);
    while delays.len() < exchanges {
        let mut length = [0; 2];
        peer.read(&mut length, delays.is_empty())?;
        let began = Instant::now();
        let length = usize::from(u16::from_be_bytes(length));
        // The idle vpcd sends control bytes; clients' commands are longer, and nobody expects an answer from this card.
        let mut body = vec![0; length];
        peer.read(&mut body, false)?;
        delays.push(began.elapsed());
        match body.as_slice() {
            [] => return Err(ProbeError::NotVpcd(address)),
            [one] if UNANSWERED.contains(one) => {}
            [_] => peer.answer(&ATR)?,
            _ => peer.answer(&[0x6F, 0x00])?,
        }
    }
    Ok(delays)
}

struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    quick: bool,
}

impl Peer {
    fn connect(address: SocketAddr, quick: bool) -> Result<Self, ProbeError> {
        let broken = |source| ProbeError::Broken { address, source };
        let stream =
            TcpStream::connect_timeout(&address, PATIENCE).map_err(|source| {
                match source.kind() {
                    ErrorKind::ConnectionRefused => ProbeError::Nobody(address),
                    _ => broken(source),
                }
            })?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
        Ok(Self {
            stream,
            address,
            quick,
        })
    }

    fn read(&mut self, buffer: &mut [u8], first: bool) -> Result<(), ProbeError> {
        let mut rest = buffer;
        while !rest.is_empty() {
            let count = self
                .stream
                .read(rest)
                .map_err(|source| match source.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut if first => {
                        ProbeError::Occupied(self.address)
                    }
                    _ => self.broken(source),
                })?;
            if self.quick {
                // The kernel goes back to delaying by itself, so it is told after each read.
                rustix::net::sockopt::set_tcp_quickack(&self.stream, true)
                    .map_err(|errno| self.broken(errno.into()))?;
            }
            if count == 0 {
                return Err(self.broken(ErrorKind::UnexpectedEof.into()));
            }
            rest = rest.get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }

    fn answer(&mut self, body: &[u8]) -> Result<(), ProbeError> {
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
        self.stream
            .write_all(&[&length, body].concat())
            .map_err(|source| self.broken(source))
    }

    const fn broken(&self, source: io::Error) -> ProbeError {
        ProbeError::Broken {
            address: self.address,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    /// A vpcd of one connection: sends what it is told, keeps what it hears.
    fn vpcd(messages: Vec<Vec<u8>>) -> (SocketAddr, thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for message in &messages {
                let length = u16::try_from(message.len()).unwrap();
                stream.write_all(&length.to_be_bytes()).unwrap();
                stream.write_all(message).unwrap();
            }
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).unwrap();
            heard
        });
        (address, heard)
    }

    #[rstest]
    #[case::naive(false)]
    #[case::quick(true)]
    fn it_plays_a_card(#[case] quick: bool) {
        let messages = vec![vec![4], vec![1], vec![0, 0xA4, 0, 0], vec![4]];
        let (address, heard) = vpcd(messages);
        let delays = delays(address, 4, quick).unwrap();
        assert_eq!(delays.len(), 4);
        let expected = [&[0, 5][..], &ATR, &[0, 2, 0x6F, 0], &[0, 5], &ATR].concat();
        assert_eq!(heard.join().unwrap(), expected);
    }

    #[test]
    fn nobody_there() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(matches!(
            delays(address, 1, false),
            Err(ProbeError::Nobody(_))
        ));
    }

    #[test]
    fn not_vpcd() {
        let (address, _heard) = vpcd(vec![vec![]]);
        assert!(matches!(
            delays(address, 1, false),
            Err(ProbeError::NotVpcd(_))
        ));
    }

    #[test]
    fn closing_in_the_middle() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let closing = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&[0]).unwrap();
        });
        assert!(matches!(
            delays(address, 1, false),
            Err(ProbeError::Broken { .. })
        ));
        closing.join().unwrap();
    }
}
