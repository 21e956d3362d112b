//! Requests that come whole, in pieces, too long, and never.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// Gives its bytes a few at a time.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

const POST: &[u8] = b"POST /v1/insert HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer x\r\nContent-Length: 4\r\n\r\n{\"a\"and more";

#[rstest]
#[case::at_once(1_000_000)]
#[case::byte_by_byte(1)]
#[case::in_pieces(7)]
fn a_request_in_pieces(#[case] size: usize) {
    let request = read_request(&mut Slowly(POST, size)).unwrap();
    assert_eq!(
        request,
        Request {
            method: "POST".to_owned(),
            path: "/v1/insert".to_owned(),
            host: Some("localhost:1".to_owned()),
            authorization: Some(b"Bearer x".to_vec()),
            content_type: None,
            body: b"{\"a\"".to_vec(),
        }
    );
}

#[rstest]
#[case::nothing("", 400)]
#[case::garbage("\u{1}\u{2}\r\n\r\n", 400)]
#[case::cut("GET / HTTP/1.1\r\nHost: a", 400)]
#[case::body_cut("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", 400)]
#[case::length_word("POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n", 400)]
#[case::length_signed("POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nabcde", 400)]
#[case::length_twice(
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    400
)]
#[case::chunked("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501)]
#[case::long_body("POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", 413)]
#[case::huge_body(
    "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    400
)]
fn refused(#[case] text: &str, #[case] status: u16) {
    let answer = read_request(&mut text.as_bytes()).unwrap_err();
    assert_eq!(answer.status, status, "{answer:?}");
}

#[rstest]
#[case::one_long_line(format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(MAX_HEAD)))]
#[case::many_fields(format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(33)))]
fn an_oversized_head(#[case] text: String) {
    let answer = read_request(&mut text.as_bytes()).unwrap_err();
    assert_eq!(answer.status, 431);
}

#[rstest]
#[case::as_long_as_may_be(10_000, Ok(10_000))]
#[case::longer(10_001, Err(413))]
fn as_much_body_as_was_said(#[case] length: usize, #[case] read: Result<usize, u16>) {
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
    let bytes = [head.into_bytes(), vec![b'a'; length]].concat();
    let request = read_request_with(&mut bytes.as_slice(), 10_000);
    assert_eq!(
        request.map(|it| it.body.len()).map_err(|it| it.status),
        read
    );
}

#[rstest]
#[case::none("", None)]
#[case::one("Content-Type: a/b; c=d\r\n", Some("a/b; c=d"))]
#[case::two("Content-Type: a/b\r\nContent-Type: a/b\r\n", None)]
fn what_the_body_is(#[case] field: &str, #[case] read: Option<&str>) {
    let text = format!("GET / HTTP/1.1\r\n{field}\r\n");
    let request = read_request(&mut text.as_bytes()).unwrap();
    assert_eq!(request.content_type.as_deref(), read);
}

#[test]
fn an_empty_body_is_none() {
    let bytes = Answer::new(500, String::new()).to_bytes();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("\r\nContent-Length: 0\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn two_hosts_are_none() {
    let text = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n";
    assert_eq!(read_request(&mut text.as_bytes()).unwrap().host, None);
}

fn server() -> Server {
    let handler: Handler = Arc::new(|request| {
        Answer::new(200, serde_json::json!({ "path": request.path }).to_string())
    });
    Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), handler).unwrap()
}

fn ask(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_answers_and_ends() {
    let server = server();
    let answer = ask(&server, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"path\":\"/a\"}\n"), "{answer}");
    // The body that was announced is not there to the end, and the answer comes through all the same.
    let mut oversized = b"POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n".to_vec();
    oversized.extend(vec![b'a'; 60_000]);
    let answer = ask(&server, &oversized);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn who_says_nothing_keeps_nobody_waiting() {
    let server = server();
    let _silent: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    let answer = ask(&server, b"GET /b HTTP/1.1\r\n\r\n");
    assert!(answer.contains("/b"), "{answer}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(request) = read_request(&mut bytes.as_slice()) {
            prop_assert!(request.body.len() <= MAX_BODY);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(GET|POST) /[a-z]{0,5} HTTP/1.[01]\r\n([A-Z][a-z-]{1,15}: [ -~]{0,20}\r\n){0,4}\r\n") {
        if let Ok(request) = read_request(&mut text.as_bytes()) {
            prop_assert!(request.path.starts_with('/'));
        }
    }
}
