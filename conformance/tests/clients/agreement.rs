//! Key agreement and device authentication as every family does them: the same bytes everywhere, except who sends an Le with the
//! first command, how integers are written, and how answers are parsed.

use cie_conformance::terminal::SessionKeys;
use cie_conformance::terminal::ias::published;
use cie_crypto::dh::Group;
use cie_crypto::hash;
use cie_crypto::rsa::PublicKey;

use crate::Stop;
use crate::ber::{self, Node};
use crate::reader::Reader;

/// How a family reads the answers of GET DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parser {
    /// By position; the authority's key by its four tags, each of which must be there.
    Positional,
    /// By position everywhere: modulus first, exponent second.
    PositionalKey,
    /// The authority's key by tag, without a need for the exponent.
    ByTag,
    /// Strict DER with the class and number of every level.
    Strict,
}

/// What differs in the protocol itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) parser: Parser,
    /// Le `00` with MSE SET of the authority's key.
    pub(crate) le_with_authority: bool,
    /// Integers are written at their shortest, only 255 bytes become 256.
    pub(crate) shortest: bool,
}

/// Domain parameters as served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) g: Vec<u8>,
    pub(crate) p: Vec<u8>,
    pub(crate) q: Vec<u8>,
}

/// The authority's key as served; the exponent where the family needs it.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Option<Vec<u8>>,
    pub(crate) holder: Vec<u8>,
    pub(crate) authorization: Vec<u8>,
}

/// A public key file: modulus and exponent, leading zeros stripped.
pub(crate) fn public_key(file: &[u8], parser: Parser) -> Result<PublicKey, Stop> {
    let sequence = match parser {
        Parser::Strict => ber::strict(file)?,
        _ => ber::first(file)?,
    };
    let unsigned = |node: Node<'_>| {
        let zeros = node.value.iter().take_while(|byte| **byte == 0).count();
        node.value[zeros..].to_vec()
    };
    PublicKey::new(&unsigned(sequence.child(0)?), &unsigned(sequence.child(1)?))
        .map_err(|_| Stop::Parse("no RSA key"))
}

/// Goes down an answer of GET DATA: the innermost level.
fn walk<'a>(answer: &'a [u8], parser: Parser, path: &[u32]) -> Result<Node<'a>, Stop> {
    if parser == Parser::Strict {
        let mut node = ber::strict(answer)?;
        if node.tag != path[0] {
            return Err(Stop::Parse("another outer tag"));
        }
        for tag in &path[1..] {
            node = node.child_tagged(0, *tag)?;
        }
        return Ok(node);
    }
    let mut node = ber::first(answer)?;
    for _ in &path[1..] {
        node = node.child(0)?;
    }
    Ok(node)
}

/// The parameters in one answer, in the order g, p, q.
pub(crate) fn combined(answer: &[u8], parser: Parser) -> Result<Parameters, Stop> {
    let level = walk(answer, parser, &[0x70, 0xBF_A101, 0xA3])?;
    let child = |n| level.child(n).map(|node| node.value.to_vec());
    Ok(Parameters {
        g: child(0)?,
        p: child(1)?,
        q: child(2)?,
    })
}

/// One parameter.
pub(crate) fn single(answer: &[u8], parser: Parser) -> Result<Vec<u8>, Stop> {
    Ok(walk(answer, parser, &[0x70, 0xBF_A101, 0xA3])?
        .child(0)?
        .value
        .to_vec())
}

/// The authority's key.
pub(crate) fn authority(answer: &[u8], parser: Parser) -> Result<Authority, Stop> {
    let level = walk(answer, parser, &[0x70, 0xBF_A004, 0x7F49])?;
    let by_tag = |tag| level.tagged(tag).map(|node| node.value.to_vec());
    let (modulus, exponent) = match parser {
        Parser::PositionalKey => (
            level.child(0)?.value.to_vec(),
            Some(level.child(1)?.value.to_vec()),
        ),
        Parser::ByTag => (by_tag(0x81)?, None),
        Parser::Positional | Parser::Strict => (by_tag(0x81)?, Some(by_tag(0x82)?)),
    };
    let (holder, authorization) = (by_tag(0x5F20)?, by_tag(0x5F4C)?);
    if holder.len() != 12 || authorization.len() != 7 {
        return Err(Stop::Crash("references of another length are sliced"));
    }
    Ok(Authority {
        modulus,
        exponent,
        holder,
        authorization,
    })
}

/// Both public values, as they crossed the wire.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    parameters: Parameters,
    pub(crate) terminal_public: Vec<u8>,
    pub(crate) card_public: Vec<u8>,
}

/// The shortest form of an integer in the desktop programs.
pub(crate) fn shortest(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    match number.len() - zeros {
        0xFF => [&[0], &number[zeros..]].concat(),
        _ => number[zeros..].to_vec(),
    }
}

fn written(number: Vec<u8>, style: Style) -> Vec<u8> {
    match style.shortest {
        true => shortest(&number),
        false => number,
    }
}

/// The key agreement with a fresh exponent.
pub(crate) fn agree(
    reader: &mut Reader,
    parameters: &Parameters,
    style: Style,
) -> Result<Agreed, Stop> {
    let mut exponent = reader.draw(parameters.q.len());
    exponent[0] %= parameters.q[0];
    if style.shortest || style.parser == Parser::Strict {
        // Their libraries take the exponent for a public one, which must be odd.
        let last = exponent.len() - 1;
        exponent[last] |= 1;
    }
    agree_with(reader, parameters, style, &exponent)
}

/// The key agreement with this exponent; the channel is open afterwards.
pub(crate) fn agree_with(
    reader: &mut Reader,
    parameters: &Parameters,
    style: Style,
    exponent: &[u8],
) -> Result<Agreed, Stop> {
    let Parameters { g, p, q } = parameters;
    if g.len() != p.len() {
        return Err(Stop::Crash(
            "the raw operation takes exactly the length of the modulus",
        ));
    }
    let group = Group::new(p, g, q).map_err(|_| Stop::Parse("no group"))?;
    let public = written(group.public_value(exponent), style);
    let length = (public.len() as u16).to_be_bytes();
    let length = match public.len() {
        256.. => vec![0x82, length[0], length[1]],
        _ => vec![0x81, length[1]],
    };
    let template = [
        &[0x80, 0x01, 0x9B, 0x83, 0x01, 0x81, 0x91][..],
        &length,
        &public,
    ]
    .concat();
    let (first, second) = template.split_at(255);
    let link =
        |cla: u8, piece: &[u8]| [&[cla, 0x22, 0x41, 0xA6, piece.len() as u8][..], piece].concat();
    let first = reader.plain(&link(0x10, first))?;
    let second = reader.plain(&link(0x00, second))?;
    if !reader.manners().demands && first.sw != 0x9000 {
        return Err(Stop::Status(first.sw));
    }
    if second.sw != 0x9000 {
        return Err(Stop::Status(second.sw));
    }
    let answer = reader.plain_hex("00CB3FFF064D04A6029100")?;
    let card_public = walk(&answer.data, style.parser, &[0xA6])?
        .child(0)?
        .value
        .to_vec();
    if card_public.len() != p.len() {
        return Err(Stop::Crash(
            "the raw operation takes exactly the length of the modulus",
        ));
    }
    let secret = group
        .shared_secret(exponent, &card_public)
        .map_err(|_| Stop::Parse("K.ICC"))?;
    reader.open_channel(&SessionKeys::from_secret(&written(secret.to_vec(), style)));
    Ok(Agreed {
        parameters: parameters.clone(),
        terminal_public: public,
        card_public,
    })
}

/// The terminal's certificate for this authority, 354 bytes.
pub(crate) fn certificate(authority: &Authority, style: Style) -> Result<Vec<u8>, Stop> {
    let content = [
        &[0x8A][..],
        &authority.holder[4..],
        &published::TERMINAL_HOLDER_REFERENCE,
        &authority.authorization[..6],
        &[0x01],
        &[0x2A, 0x81, 0x22, 0xF4, 0x2A, 0x02, 0x04, 0x01, 0x04],
        &published::TERMINAL_MODULUS,
        &[0x00, 0x01, 0x00, 0x01],
    ]
    .concat();
    let size = authority.modulus.len();
    let (inside, outside) = content.split_at(size - 34);
    let block = [&[0x6A], inside, &hash::sha256(&[&content]), &[0xBC]].concat();
    let signer = PublicKey::new(&authority.modulus, &published::CA_EXPONENT);
    let signature = signer
        .and_then(|key| key.apply(&block))
        .map_err(|_| Stop::Parse("authority"))?;
    if let (false, Some(exponent)) = (style.parser == Parser::PositionalKey, &authority.exponent) {
        // The desktop programs open their own certificate before they send it.
        let opener = PublicKey::new(&authority.modulus, exponent);
        let opened = opener
            .and_then(|key| key.apply(&signature))
            .map_err(|_| Stop::Parse("authority"))?;
        if opened != block {
            return Err(Stop::Mismatch(
                "the served exponent does not open the certificate",
            ));
        }
    }
    let signature = written(signature, style);
    let mut body = long(&[0x5F, 0x37], &signature);
    body.extend(
        [
            &[0x5F, 0x38, outside.len() as u8][..],
            outside,
            &[0x42, 0x08],
            &authority.holder[4..],
        ]
        .concat(),
    );
    Ok(long(&[0x7F, 0x21], &body))
}

fn long(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let [high, low] = (value.len() as u16).to_be_bytes();
    [tag, &[0x82, high, low], value].concat()
}

/// Device authentication; the counter is set anew. SN.ICC as the card proved it.
pub(crate) fn authenticate(
    reader: &mut Reader,
    agreed: &Agreed,
    authority: &Authority,
    device: &PublicKey,
    style: Style,
) -> Result<[u8; 8], Stop> {
    let le = style.le_with_authority.then_some(0);
    reader.protected_ok("002281B6", &[0x80, 0x01, 0x41, 0x83, 0x01, 0x84], le)?;
    reader.protected_ok("002A00AE", &certificate(authority, style)?, None)?;
    let holder = [&[0x83, 0x0C][..], &published::TERMINAL_HOLDER_REFERENCE].concat();
    reader.protected_ok("002281A4", &holder, None)?;
    let challenge = reader.protected_ok("00840000", &[], Some(8))?.data;
    if challenge.len() != 8 {
        return Err(Stop::Crash("a challenge of another length"));
    }
    let proof = proof(reader, agreed, &challenge)?;
    reader.protected_ok("00820000", &proof, None)?;
    reader.protected_ok("002241A4", &[0x84, 0x01, 0x82, 0x80, 0x01, 0x9B], None)?;
    let random = reader.draw(8);
    let answer = reader.protected_ok("00880000", &random, None)?.data;
    let serial = check_proof(agreed, device, &random, &answer)?;
    let counter = u64::from(tail(&challenge)?) << 32 | u64::from(tail(&random)?);
    reader.channel()?.set_counter(counter);
    Ok(serial)
}

/// What the terminal sends to be believed, 264 bytes.
pub(crate) fn proof(
    reader: &mut Reader,
    agreed: &Agreed,
    challenge: &[u8],
) -> Result<Vec<u8>, Stop> {
    let padding = reader.draw(222);
    let Parameters { g, p, q } = &agreed.parameters;
    let serial = published::TERMINAL_SERIAL_NUMBER;
    let digest = hash::sha256(&[
        &padding,
        &agreed.terminal_public,
        &serial,
        challenge,
        &agreed.card_public,
        g,
        p,
        q,
    ]);
    let block = [&[0x6A], &padding[..], &digest, &[0xBC]].concat();
    let key = published::terminal_key().ok_or(Stop::Crash("published key"))?;
    let signature = key
        .apply(&block)
        .map_err(|_| Stop::Crash("published key"))?;
    Ok([&serial[..], &signature].concat())
}

/// The card's proof: SN.ICC in front of the signature.
pub(crate) fn check_proof(
    agreed: &Agreed,
    device: &PublicKey,
    random: &[u8],
    answer: &[u8],
) -> Result<[u8; 8], Stop> {
    let wrong = Stop::Mismatch("the card's proof");
    let (serial, signature) = answer.split_first_chunk::<8>().ok_or(wrong.clone())?;
    if signature.len() != device.size() {
        return Err(Stop::Crash(
            "the raw operation takes exactly the length of the modulus",
        ));
    }
    let block = device.apply(signature).map_err(|_| wrong.clone())?;
    let [0x6A, middle @ .., 0xBC] = &block[..] else {
        return Err(wrong);
    };
    let (padding, found) = middle.split_at(device.size() - 34);
    let Parameters { g, p, q } = &agreed.parameters;
    let digest = hash::sha256(&[
        padding,
        &agreed.card_public,
        serial,
        random,
        &agreed.terminal_public,
        g,
        p,
        q,
    ]);
    match digest == found {
        true => Ok(*serial),
        false => Err(wrong),
    }
}

fn tail(bytes: &[u8]) -> Result<u32, Stop> {
    let tail = bytes.last_chunk::<4>().ok_or(Stop::Crash("four bytes"))?;
    Ok(u32::from_be_bytes(*tail))
}
