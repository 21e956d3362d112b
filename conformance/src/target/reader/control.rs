//! The hands of `cie-card serve`: its control API takes the card out and puts it back, so that cases which want that need nobody.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use zeroize::Zeroizing;

use super::hands::Hands;

/// Moving a card takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers are one line of JSON.
const LONGEST: u64 = 64 << 10;

/// The control API of a program that serves cards.
pub struct Control {
    address: SocketAddr,
    token: Zeroizing<String>,
    reader: Option<usize>,
}

impl Control {
    /// The API at this address, which knows the token. `reader` is the number of the reader there; needed where it has several.
    #[must_use]
    pub const fn new(address: SocketAddr, token: Zeroizing<String>, reader: Option<usize>) -> Self {
        Self {
            address,
            token,
            reader,
        }
    }

    fn ask(&self, what: &str) -> Result<(), String> {
        let answer = self.exchange(what).map_err(|error| {
            format!(
                "the control API at {} does not answer ({error}); is `cie-card serve --control` running?",
                self.address
            )
        })?;
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let length = head.parse(&answer);
        let (Ok(httparse::Status::Complete(length)), Some(code)) = (length, head.code) else {
            return Err(format!(
                "what listens at {} is not the control API",
                self.address
            ));
        };
        if code == 200 {
            return Ok(());
        }
        let body: serde_json::Value =
            serde_json::from_slice(answer.get(length..).unwrap_or_default()).unwrap_or_default();
        let why = body.get("error").and_then(serde_json::Value::as_str);
        Err(format!(
            "the control API at {} refused to {what} the card: {}",
            self.address,
            why.unwrap_or("it did not say why")
        ))
    }

    fn exchange(&self, what: &str) -> io::Result<Vec<u8>> {
        let body = match self.reader {
            Some(reader) => format!("{{\"reader\":{reader}}}"),
            None => "{}".to_owned(),
        };
        let request = Zeroizing::new(format!(
            "POST /v1/{what} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            self.token.as_str(),
            body.len()
        ));
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Hands for Control {
    fn remove(&mut self, _: &str) -> Result<(), String> {
        self.ask("remove")
    }

    fn insert(&mut self, _: &str) -> Result<(), String> {
        self.ask("insert")
    }
}
