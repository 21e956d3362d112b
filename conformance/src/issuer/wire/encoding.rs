//! How values look inside the messages: query, base64 in both alphabets, hexadecimal. Which field takes which form is said by
//! the messages themselves.

use base64ct::{Base64, Base64Url, Encoding};
use cie_crypto::hash::sha256;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::WireError;

/// The media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/vnd.cnsd.api.repukbo.v1+json";
/// Where all procedures live.
pub(super) const ROOT: &str = "/repuk/api/repuks/";

/// What stays itself in a query. `+` does not: in a query it would read as a space, and telephone numbers begin with it.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'=');

/// The hash in A03: SHA-256 of the digits, 64 hexadecimal digits in small letters.
#[must_use]
pub fn otp_hash(code: &str) -> String {
    hex::encode(sha256(&[code.as_bytes()]))
}

/// `name=value&…`, percent-encoded.
pub(super) fn query<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let fields = fields.into_iter();
    let fields = fields.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, KEPT)));
    fields.collect::<Vec<_>>().join("&")
}

/// The fields of a query in their order. A `+` reads as a space, as servers of forms read it.
pub(super) fn fields(query: &str) -> Result<Vec<(String, String)>, WireError> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let decoded = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            let bytes = percent_decode_str(&spaced).decode_utf8();
            bytes
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| WireError::Form {
                    field: "query",
                    wanted: "percent-encoded UTF-8",
                })
        };
        Ok((decode(name)?, decode(value)?))
    });
    decoded.collect()
}

/// Base64 with the alphabet of URLs and padding (RFC 4648 §5), as signatures travel.
pub(super) fn to_url_base64(bytes: &[u8]) -> String {
    Base64Url::encode_string(bytes)
}

pub(super) fn from_url_base64(field: &'static str, text: &str) -> Result<Vec<u8>, WireError> {
    let wanted = "base64url with padding";
    Base64Url::decode_vec(text).map_err(|_| WireError::Form { field, wanted })
}

/// Base64 (RFC 4648 §4), as the security object and the halves travel.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(super) fn from_base64(field: &'static str, text: &str) -> Result<Vec<u8>, WireError> {
    let wanted = "base64 with padding";
    Base64::decode_vec(text).map_err(|_| WireError::Form { field, wanted })
}

pub(super) fn from_hex(field: &'static str, text: &str) -> Result<Vec<u8>, WireError> {
    let wanted = "hexadecimal";
    hex::decode(text).map_err(|_| WireError::Form { field, wanted })
}
