//! What a card tells about itself before the key agreement: domain parameters and the public key of the terminals' authority,
//! read with GET DATA and held to every rule that some client depends on.

use cie_crypto::dh::Group;
use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::tlv::{self, Tag, Tlv};

use super::super::{Terminal, TerminalError};
use super::commands;
use super::rules::{IasError, Rule, require};

/// How the domain parameters are asked for; chips differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// One request for all three.
    Combined,
    /// One request each for g, p and q.
    Separate,
    /// Combined, and separate when the card refuses that.
    #[default]
    Automatic,
}

/// Diffie-Hellman domain parameters as served; the hashes of the authentications cover exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainParameters {
    /// Generator, 256 bytes.
    pub g: Vec<u8>,
    /// Modulus, 256 bytes.
    pub p: Vec<u8>,
    /// Order of the subgroup, 32 bytes.
    pub q: Vec<u8>,
    group: Group,
}

impl DomainParameters {
    /// Checks three numbers.
    ///
    /// # Errors
    /// [`IasError::Broken`] with the first rule that does not hold.
    pub fn new(g: &[u8], p: &[u8], q: &[u8]) -> Result<Self, IasError> {
        let length = |rule, what: &str, bytes: &[u8], expected: usize| {
            require(rule, bytes.len() == expected, || {
                format!("{what} has {} bytes, expected {expected}", bytes.len())
            })
        };
        length(Rule::PrimeLength, "p", p, 256)?;
        length(Rule::GeneratorLength, "g", g, 256)?;
        length(Rule::OrderLength, "q", q, 32)?;
        let odd = p.last().is_some_and(|last| last & 1 == 1);
        require(Rule::PrimeOdd, odd, || "p is even".into())?;
        let top = p.first().is_some_and(|first| first & 0x80 != 0);
        require(Rule::PrimeLength, top, || {
            "the highest bit of p is not set".into()
        })?;
        for (name, bytes) in [("g", g), ("p", p), ("q", q)] {
            no_trailing_zero(name, bytes)?;
        }
        let group = Group::new(p, g, q)
            .map_err(|error| IasError::broken(Rule::GroupRange, error.to_string()))?;
        require(Rule::GeneratorOrder, group.generator_has_order(), || {
            "g to the power of q is not 1 modulo p".into()
        })?;
        Ok(Self {
            g: g.to_vec(),
            p: p.to_vec(),
            q: q.to_vec(),
            group,
        })
    }

    /// From the object that carries all three (`70`/`BFA101`/`A3` with `97`, `98`, `99`): the combined answer, or EF.D004.
    ///
    /// # Errors
    /// [`IasError::Broken`] for another structure, and those of [`new`](Self::new).
    pub fn from_answer(answer: &[u8]) -> Result<Self, IasError> {
        let objects = descend(answer, &[0x70, 0xBF_A1_01, 0xA3])?;
        match values(&objects, &[0x97, 0x98, 0x99])?[..] {
            [g, p, q] => Self::new(g, p, q),
            _ => Err(IasError::Missing("a domain parameter")),
        }
    }

    /// The group for computing.
    #[must_use]
    pub const fn group(&self) -> &Group {
        &self.group
    }
}

/// The public key of the terminals' authority as served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaKey {
    /// Modulus, 256 bytes.
    pub modulus: Vec<u8>,
    /// Public exponent, 256 bytes with leading zeros.
    pub exponent: Vec<u8>,
    /// Certificate holder reference, 12 bytes.
    pub holder_reference: [u8; 12],
    /// Certificate holder authorization, 7 bytes.
    pub holder_authorization: [u8; 7],
}

impl CaKey {
    /// The reference that certificates name their authority by: the last 8 bytes of the holder reference.
    #[must_use]
    pub const fn authority_reference(&self) -> [u8; 8] {
        let [_, _, _, _, reference @ ..] = self.holder_reference;
        reference
    }

    /// The key for computing.
    ///
    /// # Errors
    /// [`IasError::Broken`] when modulus or exponent are no RSA key.
    pub fn public_key(&self) -> Result<PublicKey, IasError> {
        PublicKey::new(&self.modulus, &self.exponent)
            .map_err(|error| IasError::broken(Rule::CaModulus, error.to_string()))
    }
}

/// Reads and checks the domain parameters. The DF of the CIE is selected, the channel is not open.
///
/// # Errors
/// [`IasError::Terminal`] for a status word other than `9000`, [`IasError::Broken`] for what a client could not use.
pub fn read_parameters(
    terminal: &mut Terminal,
    dialect: Dialect,
) -> Result<DomainParameters, IasError> {
    match dialect {
        Dialect::Combined => read_combined(terminal),
        Dialect::Separate => read_separate(terminal),
        Dialect::Automatic => match read_combined(terminal) {
            Err(IasError::Terminal(TerminalError::Status { .. })) => read_separate(terminal),
            other => other,
        },
    }
}

fn read_combined(terminal: &mut Terminal) -> Result<DomainParameters, IasError> {
    let command = commands::get_data(&commands::ALL_PARAMETERS);
    let reply = terminal.demand("GET DATA, all domain parameters", &command)?;
    DomainParameters::from_answer(&reply.data)
}

fn read_separate(terminal: &mut Terminal) -> Result<DomainParameters, IasError> {
    let mut read = |step, tag: u8| -> Result<Vec<u8>, IasError> {
        let command = commands::get_data(&commands::one_parameter(tag));
        let reply = terminal.demand(step, &command)?;
        let objects = descend(&reply.data, &[0x70, 0xBF_A1_01, 0xA3])?;
        Ok(values(&objects, &[u32::from(tag)])?.concat())
    };
    let g = read("GET DATA, generator g", 0x97)?;
    let p = read("GET DATA, modulus p", 0x98)?;
    let q = read("GET DATA, order q", 0x99)?;
    DomainParameters::new(&g, &p, &q)
}

/// Reads and checks the public key of the terminals' authority.
///
/// # Errors
/// As [`read_parameters`].
pub fn read_ca_key(terminal: &mut Terminal) -> Result<CaKey, IasError> {
    let command = commands::get_data(&commands::CA_PUBLIC_KEY);
    let reply = terminal.demand("GET DATA, public key of the authority", &command)?;
    parse_ca_key(&reply.data)
}

fn parse_ca_key(answer: &[u8]) -> Result<CaKey, IasError> {
    let objects = descend(answer, &[0x70, 0xBF_A0_04, 0x7F49])?;
    let values = values(&objects, &[0x81, 0x82, 0x5F20, 0x5F4C])?;
    let [modulus, exponent, reference, authorization] = values[..] else {
        return Err(IasError::Missing("a part of the authority's key"));
    };
    let usable = matches!(modulus, [first, .., last] if *first > 0x6A && last & 1 == 1);
    require(Rule::CaModulus, usable && modulus.len() == 256, || {
        format!(
            "a modulus of {} bytes; 256, odd, beginning above 6A",
            modulus.len()
        )
    })?;
    let odd = exponent.last().is_some_and(|last| last & 1 == 1);
    require(Rule::CaExponent, odd && exponent.len() == 256, || {
        format!("an exponent of {} bytes; 256, odd", exponent.len())
    })?;
    let holder_reference = reference.try_into().map_err(|_| {
        let detail = format!("{} bytes, expected 12", reference.len());
        IasError::broken(Rule::CaHolderReference, detail)
    })?;
    let holder_authorization = authorization.try_into().map_err(|_| {
        let detail = format!("{} bytes, expected 7", authorization.len());
        IasError::broken(Rule::CaHolderAuthorization, detail)
    })?;
    Ok(CaKey {
        modulus: modulus.to_vec(),
        exponent: exponent.to_vec(),
        holder_reference,
        holder_authorization,
    })
}

/// Goes down nested objects that each are the only one at their level; the children of the innermost are returned. The answer
/// must not end in `00`, and all lengths must be minimal.
pub(super) fn descend<'a>(answer: &'a [u8], path: &[u32]) -> Result<Vec<Tlv<'a>>, IasError> {
    no_trailing_zero("the answer", answer)?;
    let structure =
        |error: tlv::TlvError| IasError::broken(Rule::AnswerStructure, error.to_string());
    let mut level = answer;
    for tag in path {
        let object = Tlv::read_only(level, Tag(*tag)).map_err(structure)?;
        minimal(object)?;
        level = object.value;
    }
    let mut children = Vec::new();
    for child in tlv::Objects::new(level) {
        let child = child.map_err(structure)?;
        minimal(child)?;
        children.push(child);
    }
    Ok(children)
}

/// The values of exactly these objects, in this order.
pub(super) fn values<'a>(objects: &[Tlv<'a>], tags: &[u32]) -> Result<Vec<&'a [u8]>, IasError> {
    let found: Vec<u32> = objects.iter().map(|object| object.tag.0).collect();
    require(Rule::AnswerStructure, found == tags, || {
        format!("objects {found:X?}, expected {tags:X?} in this order")
    })?;
    Ok(objects.iter().map(|object| object.value).collect())
}

fn minimal(object: Tlv<'_>) -> Result<(), IasError> {
    let same = tlv::object(object.tag.0, object.value) == object.raw;
    require(Rule::MinimalLengths, same, || {
        format!("the length of data object {} is not minimal", object.tag)
    })
}

pub(super) fn no_trailing_zero(what: &str, bytes: &[u8]) -> Result<(), IasError> {
    require(Rule::NoTrailingZero, bytes.last() != Some(&0), || {
        format!("{what} ends in 00")
    })
}
