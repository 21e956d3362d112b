//! As much of HTTP/1.1 (RFC 9112) as a control API needs: one request per connection, every size and every wait bounded.
//! The head is read by `httparse`; what a request asks for is the business of [`super::api`].

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes of request line and headers.
pub const MAX_HEAD: usize = 8 * 1024;

/// Bytes of a body, where nobody needs more.
pub const MAX_BODY: usize = 4 * 1024;

/// What answers are, where they are nothing else.
const JSON: &str = "application/json";

/// Header fields of a request.
const MAX_FIELDS: usize = 32;

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 16;

/// How long one request may take to come in, and its answer to go out.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` or another.
    pub method: String,
    /// The target as sent.
    pub path: String,
    /// The field `Host`; `None` when it is missing or comes twice.
    pub host: Option<String>,
    /// The field `Authorization`.
    pub authorization: Option<Vec<u8>>,
    /// The field `Content-Type`; `None` when it is missing, comes twice or is no text.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer: a status and a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code (RFC 9110 §15).
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body; none at all when it is empty.
    pub json: String,
}

impl Answer {
    /// A JSON text.
    #[must_use]
    pub const fn new(status: u16, json: String) -> Self {
        Self {
            status,
            media_type: JSON,
            json,
        }
    }

    /// An error and its reason, as `{"error": ...}`.
    #[must_use]
    pub fn error(status: u16, reason: &str) -> Self {
        Self::new(status, serde_json::json!({ "error": reason }).to_string())
    }

    const fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            409 => "Conflict",
            410 => "Gone",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            _ => "Error",
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let challenge = match self.status {
            401 => "WWW-Authenticate: Bearer\r\n",
            _ => "",
        };
        let end = if self.json.is_empty() { "" } else { "\n" };
        format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{challenge}Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}{end}",
            self.status,
            self.reason(),
            self.media_type,
            self.json.len().saturating_add(end.len()),
            self.json
        )
        .into_bytes()
    }
}

/// How long the end waits for answers that are on their way.
const GRACE: Duration = Duration::from_secs(1);

/// What answers requests.
pub type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

/// A listener and the thread that serves it. Ends when dropped, after requests that are being answered.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    busy: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `address` (port 0: any that is free) and serves.
    ///
    /// # Errors
    /// When the address cannot be used, or the system gives no thread.
    pub fn start(address: SocketAddr, handler: Handler) -> io::Result<Self> {
        Self::start_with(address, MAX_BODY, handler)
    }

    /// As [`Self::start`], for requests with bodies of up to `max_body` bytes.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(address: SocketAddr, max_body: usize, handler: Handler) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let busy = Arc::new(AtomicUsize::new(0));
        let places = Arc::clone(&busy);
        let thread = thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || serve(&listener, &stop, &places, max_body, &handler))?;
        Ok(Self {
            address,
            busy,
            stopping,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Accepting waits for a connection; this is one. On every address, it is reached on this machine's own.
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let woken = TcpStream::connect_timeout(&own, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            // A panic in that thread has been shown there already.
            let _ = thread.join();
        }
        // Answers that are on their way get there, unless nobody takes them.
        let began = Instant::now();
        while self.busy.load(Ordering::Relaxed) > 0 && began.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn serve(
    listener: &TcpListener,
    stopping: &AtomicBool,
    busy: &Arc<AtomicUsize>,
    max_body: usize,
    handler: &Handler,
) {
    while !stopping.load(Ordering::Relaxed) {
        let Ok((stream, _)) = listener.accept() else {
            // Out of descriptors, say: others may be given back meanwhile.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        if stopping.load(Ordering::Relaxed) {
            return;
        }
        let place = Place::take(busy);
        let handler = Arc::clone(handler);
        // Without a thread the connection is closed unanswered.
        let _ = thread::Builder::new().spawn(move || match place {
            Some(_place) => converse(stream, max_body, &handler),
            None => send(
                stream,
                &Answer::error(503, "too many connections; try again"),
                Deadline::after(PATIENCE),
            ),
        });
    }
}

/// One of the connections there may be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(busy: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(busy));
        (busy.fetch_add(1, Ordering::Relaxed) < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn converse(stream: TcpStream, max_body: usize, handler: &Handler) {
    let deadline = Deadline::after(PATIENCE);
    let mut source = Timed {
        stream: &stream,
        deadline,
    };
    let answer = match read_request_with(&mut source, max_body) {
        Ok(request) => handler(&request),
        Err(answer) => answer,
    };
    send(stream, &answer, Deadline::after(PATIENCE));
}

fn send(mut stream: TcpStream, answer: &Answer, deadline: Deadline) {
    let left = deadline.left();
    // Who does not take the answer goes without.
    let _ = stream
        .set_write_timeout(Some(left.max(Duration::from_millis(1))))
        .and_then(|()| stream.write_all(&answer.to_bytes()))
        .and_then(|()| stream.shutdown(std::net::Shutdown::Write));
    drain(&stream);
}

/// Closing with bytes unread would reset the connection, and the answer with it: a little more is read and thrown away.
fn drain(stream: &TcpStream) {
    let mut timed = Timed {
        stream,
        deadline: Deadline::after(Duration::from_millis(500)),
    };
    let mut sink = [0; 1024];
    for _ in 0..64 {
        match timed.read(&mut sink) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// A connection whose reads end at a deadline, however slowly the bytes come.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Deadline,
}

/// The end of a stretch of time, without a sum that could overflow.
#[derive(Clone, Copy)]
struct Deadline {
    began: Instant,
    length: Duration,
}

impl Deadline {
    fn after(length: Duration) -> Self {
        let began = Instant::now();
        Self { began, length }
    }

    fn left(self) -> Duration {
        self.length.saturating_sub(self.began.elapsed())
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.left();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// Reads one request, with a body of up to [`MAX_BODY`] bytes.
///
/// # Errors
/// The answer to a request that cannot be served.
pub fn read_request(source: &mut impl Read) -> Result<Request, Answer> {
    read_request_with(source, MAX_BODY)
}

/// Reads one request, with a body of up to `max_body` bytes.
///
/// # Errors
/// As [`read_request`].
pub fn read_request_with(source: &mut impl Read, max_body: usize) -> Result<Request, Answer> {
    let mut head = Vec::with_capacity(1024);
    let (mut request, length, end) = loop {
        if let Some(parsed) = parse_head(&head)? {
            break parsed;
        }
        if head.len() >= MAX_HEAD {
            return Err(Answer::error(
                431,
                "the head of the request is longer than 8 KiB",
            ));
        }
        let room = MAX_HEAD.saturating_sub(head.len());
        read_some(source, &mut head, room.min(1024))?;
    };
    if length > max_body {
        let kib = max_body / 1024;
        let reason = format!("the body of the request is longer than {kib} KiB");
        return Err(Answer::error(413, &reason));
    }
    let mut body = head.split_off(end.min(head.len()));
    while let Some(missing) = length.checked_sub(body.len()).filter(|left| *left > 0) {
        read_some(source, &mut body, missing)?;
    }
    body.truncate(length);
    request.body = body;
    Ok(request)
}

fn read_some(source: &mut impl Read, into: &mut Vec<u8>, most: usize) -> Result<(), Answer> {
    let mut buffer = vec![0; most];
    let count = source
        .read(&mut buffer)
        .map_err(|error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                Answer::error(408, "the request took too long")
            }
            _ => Answer::error(400, "the request could not be read"),
        })?;
    if count == 0 {
        return Err(Answer::error(400, "the request ends in the middle"));
    }
    into.extend(buffer.iter().take(count));
    Ok(())
}

/// Request, length of its body and where that begins; `None` while the head is not whole.
fn parse_head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Answer> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let end = match head.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Answer::error(
                431,
                "the request has more than 32 header fields",
            ));
        }
        Err(_) => return Err(Answer::error(400, "this is not HTTP/1.1")),
    };
    let values = |name: &str| -> Vec<&[u8]> {
        head.headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
            .collect()
    };
    if !values("transfer-encoding").is_empty() {
        return Err(Answer::error(501, "send the body with a Content-Length"));
    }
    let length = match values("content-length").as_slice() {
        [] => 0,
        [one] => std::str::from_utf8(one)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Answer::error(400, "Content-Length is not a number"))?,
        _ => return Err(Answer::error(400, "Content-Length comes twice")),
    };
    let one = |name: &str| match values(name).as_slice() {
        [one] => Some(one.to_vec()),
        _ => None,
    };
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        host: one("host").and_then(|host| String::from_utf8(host).ok()),
        authorization: one("authorization"),
        content_type: one("content-type").and_then(|it| String::from_utf8(it).ok()),
        body: Vec::new(),
    };
    Ok(Some((request, length, end)))
}

#[cfg(test)]
mod tests;
