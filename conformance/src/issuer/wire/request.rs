//! The five requests: meaning, and the method, target and body they travel as.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::encoding::{
    MEDIA_TYPE, ROOT, fields, from_base64, from_hex, from_url_base64, query, to_base64,
    to_url_base64,
};
use super::{MAX_BODY, MAX_TARGET, NIS_LENGTH, WireError};

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reading.
    Get,
    /// Everything else.
    Put,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Put => "PUT",
        })
    }
}

/// The kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// Start of a procedure.
    A01,
    /// First proof of the card.
    A02,
    /// The code that was sent to the citizen.
    A03,
    /// Second proof of the card.
    A04,
    /// Question for the state.
    A05,
}

impl Message {
    const ALL: [Self; 5] = [Self::A01, Self::A02, Self::A03, Self::A04, Self::A05];

    /// The value of `msgType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A01 => "A01",
            Self::A02 => "A02",
            Self::A03 => "A03",
            Self::A04 => "A04",
            Self::A05 => "A05",
        }
    }

    /// The method it is sent with.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::A05 => Method::Get,
            Self::A01 | Self::A02 | Self::A03 | Self::A04 => Method::Put,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The header `Content-Type`, where there is one.
    pub content_type: Option<String>,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(
            f,
            "Http({} {path}, {} bytes of body)",
            self.method,
            self.body.len()
        )
    }
}

/// What A01 carries. Contacts and keys are as the client sent them; nothing was compared with anything yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The number of the document, as it was typed.
    pub nun: String,
    /// The service number, at most 12 characters.
    pub nis: String,
    /// A telephone number.
    pub address_sms: Option<String>,
    /// An e-mail address.
    pub address_email: Option<String>,
    /// The card's security object, EF.1006.
    pub sod: Vec<u8>,
    /// The card's services key: modulus and exponent of EF.1005.
    pub card_key: (Vec<u8>, Vec<u8>),
    /// The device's key, to which the halves will be encrypted: modulus and exponent.
    pub device_key: (Vec<u8>, Vec<u8>),
}

/// A request by its meaning.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// A01.
    Start(Box<Start>),
    /// A02: the signature over the challenge.
    FirstProof {
        /// Which procedure.
        procedure: String,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A03: the hash of the code.
    Code {
        /// Which procedure.
        procedure: String,
        /// The number of the document.
        nun: String,
        /// The hash, as it was sent.
        hash: String,
    },
    /// A04: the signature over the second challenge.
    SecondProof {
        /// Which procedure.
        procedure: String,
        /// The number of the document.
        nun: String,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A05.
    State {
        /// Which procedure.
        procedure: String,
        /// The number of the document.
        nun: String,
    },
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}", self.message())?;
        if let Some(procedure) = self.procedure() {
            write!(f, " of {procedure}")?;
        }
        f.write_str(")")
    }
}

#[derive(Serialize, Deserialize)]
struct Key {
    modulus: String,
    exponent: String,
}

impl Key {
    fn of((modulus, exponent): &(Vec<u8>, Vec<u8>)) -> Self {
        Self {
            modulus: hex::encode_upper(modulus),
            exponent: hex::encode_upper(exponent),
        }
    }

    fn numbers(&self, field: &'static str) -> Result<(Vec<u8>, Vec<u8>), WireError> {
        Ok((
            from_hex(field, &self.modulus)?,
            from_hex(field, &self.exponent)?,
        ))
    }
}

#[derive(Serialize, Deserialize)]
struct StartBody {
    sod: String,
    kpubint: Key,
    kpubdev: Key,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeBody {
    totp_hash: String,
}

impl Request {
    /// Which message it is.
    #[must_use]
    pub const fn message(&self) -> Message {
        match self {
            Self::Start(_) => Message::A01,
            Self::FirstProof { .. } => Message::A02,
            Self::Code { .. } => Message::A03,
            Self::SecondProof { .. } => Message::A04,
            Self::State { .. } => Message::A05,
        }
    }

    /// The procedure it is about; A01 has none yet.
    #[must_use]
    pub fn procedure(&self) -> Option<&str> {
        match self {
            Self::Start(_) => None,
            Self::FirstProof { procedure, .. }
            | Self::Code { procedure, .. }
            | Self::SecondProof { procedure, .. }
            | Self::State { procedure, .. } => Some(procedure),
        }
    }

    /// As the client sends it. A service number is cut to 12 characters.
    #[must_use]
    pub fn to_http(&self) -> Http {
        let message = self.message();
        let mut named = vec![("msgType", message.name()), ("lng", "IT")];
        let (proof, cut): (String, String);
        let mut body = Vec::new();
        match self {
            Self::Start(start) => {
                cut = start.nis.chars().take(NIS_LENGTH).collect();
                named.extend([("nun", start.nun.as_str()), ("nis", &cut)]);
                named.extend(start.address_sms.as_deref().map(|to| ("addressSms", to)));
                named.extend(
                    start
                        .address_email
                        .as_deref()
                        .map(|to| ("addressEmail", to)),
                );
                body = json(&StartBody {
                    sod: to_base64(&start.sod),
                    kpubint: Key::of(&start.card_key),
                    kpubdev: Key::of(&start.device_key),
                });
            }
            Self::FirstProof { signature, .. } => {
                proof = to_url_base64(signature);
                named.push(("randomCodeEncrypted", &proof));
            }
            Self::Code { nun, hash, .. } => {
                named.push(("nun", nun));
                body = json(&CodeBody {
                    totp_hash: hash.clone(),
                });
            }
            Self::SecondProof { nun, signature, .. } => {
                proof = to_url_base64(signature);
                named.extend([("nun", nun.as_str()), ("randomCodeEncrypted", &proof)]);
            }
            Self::State { nun, .. } => named.push(("nun", nun)),
        }
        let end = match self {
            Self::SecondProof { .. } => "/puk",
            _ => "",
        };
        let procedure = self.procedure().unwrap_or_default();
        Http {
            method: message.method(),
            target: format!("{ROOT}{procedure}{end}?{}", query(named)),
            content_type: (!body.is_empty()).then(|| MEDIA_TYPE.to_owned()),
            body,
        }
    }

    /// Reads a request. Fields that are not known are passed over, as servers do; fields given twice are refused.
    ///
    /// # Errors
    /// [`WireError`], for any bytes that are not one of the messages.
    pub fn from_http(http: &Http) -> Result<Self, WireError> {
        limit("a target", http.target.len(), MAX_TARGET)?;
        limit("a body", http.body.len(), MAX_BODY)?;
        let (path, query) = http.target.split_once('?').unwrap_or((&http.target, ""));
        let place = Place::of(path)?;
        let query = Fields(fields(query)?);
        let message = query.message()?;
        if message.method() != http.method {
            let wanted = message.method();
            return Err(WireError::Method { message, wanted });
        }
        match (message, place) {
            (Message::A01, Place::Root) => start(&query, http),
            (Message::A02, Place::Procedure(procedure)) => Ok(Self::FirstProof {
                procedure,
                signature: query.proof()?,
            }),
            (Message::A03, Place::Procedure(procedure)) => Ok(Self::Code {
                procedure,
                nun: query.needed("nun")?,
                hash: parse::<CodeBody>(http)?.totp_hash,
            }),
            (Message::A04, Place::Puk(procedure)) => Ok(Self::SecondProof {
                procedure,
                nun: query.needed("nun")?,
                signature: query.proof()?,
            }),
            (Message::A05, Place::Procedure(procedure)) => Ok(Self::State {
                procedure,
                nun: query.needed("nun")?,
            }),
            (_, Place::Root | Place::Procedure(_) | Place::Puk(_)) => Err(WireError::MessageType),
        }
    }
}

fn start(query: &Fields, http: &Http) -> Result<Request, WireError> {
    let nis = query.needed("nis")?;
    if nis.chars().count() > NIS_LENGTH {
        let wanted = "at most 12 characters";
        return Err(WireError::Form {
            field: "nis",
            wanted,
        });
    }
    let body = parse::<StartBody>(http)?;
    Ok(Request::Start(Box::new(Start {
        nun: query.needed("nun")?,
        nis,
        address_sms: query.given("addressSms")?,
        address_email: query.given("addressEmail")?,
        sod: from_base64("sod", &body.sod)?,
        card_key: body.kpubint.numbers("kpubint")?,
        device_key: body.kpubdev.numbers("kpubdev")?,
    })))
}

enum Place {
    Root,
    Procedure(String),
    Puk(String),
}

impl Place {
    fn of(path: &str) -> Result<Self, WireError> {
        let rest = path.strip_prefix(ROOT).ok_or(WireError::Path)?;
        let (id, puk) = match rest.strip_suffix("/puk") {
            Some(id) => (id, true),
            None => (rest, false),
        };
        // What names a procedure is this project's choice; nothing else can be one.
        let plain = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match (id.is_empty(), puk) {
            _ if !plain || id.len() > 64 => Err(WireError::Path),
            (true, false) => Ok(Self::Root),
            (true, true) => Err(WireError::Path),
            (false, false) => Ok(Self::Procedure(id.to_owned())),
            (false, true) => Ok(Self::Puk(id.to_owned())),
        }
    }
}

struct Fields(Vec<(String, String)>);

impl Fields {
    /// The one value of a field; an empty one is none.
    fn given(&self, name: &'static str) -> Result<Option<String>, WireError> {
        let mut found = self.0.iter().filter(|(given, _)| given == name);
        let first = found.next();
        if found.next().is_some() {
            return Err(WireError::Twice(name));
        }
        let value = first.map(|(_, value)| value.clone());
        Ok(value.filter(|value| !value.is_empty()))
    }

    fn needed(&self, name: &'static str) -> Result<String, WireError> {
        self.given(name)?.ok_or(WireError::Missing(name))
    }

    fn proof(&self) -> Result<Vec<u8>, WireError> {
        let field = "randomCodeEncrypted";
        from_url_base64(field, &self.needed(field)?)
    }

    fn message(&self) -> Result<Message, WireError> {
        let name = self.needed("msgType")?;
        let mut known = Message::ALL.into_iter();
        let message = known.find(|message| message.name() == name);
        message.ok_or(WireError::MessageType)
    }
}

fn limit(what: &'static str, length: usize, limit: usize) -> Result<(), WireError> {
    match length > limit {
        true => Err(WireError::TooLong {
            what,
            length,
            limit,
        }),
        false => Ok(()),
    }
}

/// Structs of strings always become JSON, so the empty body is never given.
fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

fn parse<T: for<'de> Deserialize<'de>>(http: &Http) -> Result<T, WireError> {
    let media_type = http.content_type.as_deref().unwrap_or_default();
    // A parameter such as `; charset=utf-8` changes nothing.
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Err(WireError::MediaType);
    }
    serde_json::from_slice(&http.body).map_err(|error| WireError::Json(error.to_string()))
}
