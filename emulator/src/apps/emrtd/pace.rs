//! PACE with generic mapping (ICAO 9303-11 §4.4): MANAGE SECURITY ENVIRONMENT names protocol and password, four GENERAL
//! AUTHENTICATE exchange nonce, mapping, keys and tokens. One step out of turn, and it begins again.

use super::agreement::{Base, KeyPair};
use super::keys::{Keys, PaceOffer};
use super::state::{Access, Procedure};
use crate::apps::{After, Answer, Context, Refusal};
use crate::card::Defect;
use crate::secure_messaging::SecureSession;
use crate::wire::StatusWord;
use crate::wire::tlv::{self, Tlv};
use cie_crypto::ct;
use cie_crypto::kdf::{ENC, MAC, PASSWORD};
use cie_crypto::suite::Suite;
use zeroize::Zeroizing;

/// What the next GENERAL AUTHENTICATE continues.
#[derive(Clone, Default)]
pub(super) enum Exchange {
    /// Nothing.
    #[default]
    Idle,
    /// PACE was set: the nonce comes next.
    Set(Box<Setting>),
    /// The nonce was given: the mapping comes next, or another nonce.
    Nonce(Box<Setting>, Zeroizing<Vec<u8>>),
    /// The new base is known: the ephemeral keys come next.
    Mapped(Box<Setting>, Base),
    /// The keys are agreed: the tokens come next.
    Agreed(Box<Agreed>),
    /// Chip Authentication was set with this key of the card: the terminal's key comes next.
    ChipAuthentication(usize),
}

/// What MANAGE SECURITY ENVIRONMENT set.
#[derive(Clone)]
pub(super) struct Setting {
    offer: PaceOffer,
    /// The key that encrypts the nonce.
    password_key: Zeroizing<Vec<u8>>,
}

/// Keys and tokens, before either side has proven them.
#[derive(Clone)]
pub(super) struct Agreed {
    session: SecureSession,
    expected: [u8; 8],
    token: [u8; 8],
    chip_name: Vec<u8>,
}

/// Password references (ICAO 9303-11 §4.4.4.1).
const PASSWORD_MRZ: u8 = 0x01;
const PASSWORD_CAN: u8 = 0x02;

/// MANAGE SECURITY ENVIRONMENT: SET AT for PACE.
pub(super) fn set(
    context: &mut Context<'_>,
    oid: &[u8],
    password: u8,
    parameters: Option<&[u8]>,
) -> Result<Answer, Refusal> {
    let keys = context
        .image
        .emrtd
        .as_ref()
        .ok_or(StatusWord::FUNCTION_NOT_SUPPORTED)?;
    if context.emrtd.terminal_key.is_some() {
        // The session of Chip Authentication is the last of its kind.
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let offer =
        find_offer(keys, oid, parameters).ok_or(context.image.profile.pace_unknown_protocol.0)?;
    let mrz = keys.mrz.secret();
    let secret: &[u8] = match password {
        PASSWORD_MRZ => &*mrz,
        PASSWORD_CAN => keys.can.secret(),
        _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
    };
    context.emrtd.exchange = Exchange::Set(Box::new(Setting {
        offer: offer.clone(),
        password_key: offer.suite.derive(secret, PASSWORD),
    }));
    Ok(StatusWord::NO_ERROR.into())
}

/// The one offer that is meant; domain parameters need not be named where there is only one.
fn find_offer<'a>(keys: &'a Keys, oid: &[u8], parameters: Option<&[u8]>) -> Option<&'a PaceOffer> {
    let mut matching = keys.pace.iter().filter(|offer| {
        let named = parameters.is_none_or(|id| offer.domain.id().is_some_and(|own| id == [own]));
        offer.oid() == oid && named
    });
    let first = matching.next()?;
    (matching.next().is_none() || parameters.is_some()).then_some(first)
}

/// One of PACE's GENERAL AUTHENTICATE, with the object in its data.
pub(super) fn step(
    context: &mut Context<'_>,
    exchange: Exchange,
    object: Option<Tlv<'_>>,
) -> Result<Answer, Refusal> {
    let last = matches!(exchange, Exchange::Agreed(_));
    if context.chained == last {
        return Err(context.image.profile.pace_chaining.0.into());
    }
    let object = object.map(|object| (object.tag.0, object.value));
    match (exchange, object) {
        (Exchange::Set(setting) | Exchange::Nonce(setting, _), None) => nonce(context, setting),
        (Exchange::Nonce(setting, nonce), Some((0x81, value))) => {
            mapping(context, setting, &nonce, value)
        }
        (Exchange::Mapped(setting, base), Some((0x83, value))) => {
            agreement(context, &setting, &base, value)
        }
        (Exchange::Agreed(agreed), Some((0x85, value))) => tokens(context, *agreed, value),
        (exchange, object) => Err(out_of_turn(&exchange, object.map(|(tag, _)| tag)).into()),
    }
}

/// `6985` for a step that belongs elsewhere, `6A80` for what is no step. Where the nonce is asked for, mapping data are an
/// object too many rather than a step too early.
const fn out_of_turn(exchange: &Exchange, tag: Option<u32>) -> StatusWord {
    match (exchange, tag) {
        (Exchange::Set(_), Some(0x81)) => StatusWord::INCORRECT_DATA,
        (_, None | Some(0x81 | 0x83 | 0x85)) => StatusWord::CONDITIONS_NOT_SATISFIED,
        _ => StatusWord::INCORRECT_DATA,
    }
}

fn respond(context: &mut Context<'_>, tag: u32, value: &[u8]) {
    context
        .reply
        .extend(tlv::object(0x7C, &tlv::object(tag, value)));
}

fn nonce(context: &mut Context<'_>, setting: Box<Setting>) -> Result<Answer, Refusal> {
    let suite = setting.offer.suite;
    let length = match suite {
        Suite::TripleDes => usize::from(context.image.profile.pace_nonce),
        Suite::Aes128 | Suite::Aes192 | Suite::Aes256 => 16,
    };
    let mut nonce = Zeroizing::new(vec![0; length]);
    if !context.image.flaw.is(Defect::NonceConstant) {
        context.random.fill(&mut nonce);
    }
    let mut encrypted = nonce.to_vec();
    suite
        .encrypt(&setting.password_key, &mut encrypted)
        .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
    respond(context, 0x80, &encrypted);
    context.emrtd.exchange = Exchange::Nonce(setting, nonce);
    Ok(StatusWord::NO_ERROR.into())
}

fn mapping(
    context: &mut Context<'_>,
    setting: Box<Setting>,
    nonce: &[u8],
    terminal: &[u8],
) -> Result<Answer, Refusal> {
    let base = Base::of(&setting.offer.domain);
    let pair = draw(context, &base)?;
    let mapped = pair
        .agree(terminal, context.image.profile.pace_subgroup_check)
        .and_then(|shared| base.map(nonce, &shared))
        .map_err(|_| StatusWord::INCORRECT_DATA)?;
    respond(context, 0x82, &pair.public);
    context.emrtd.exchange = Exchange::Mapped(setting, mapped);
    Ok(StatusWord::NO_ERROR.into())
}

fn draw(context: &mut Context<'_>, base: &Base) -> Result<KeyPair, StatusWord> {
    base.draw(context.random)
        .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)
}

fn agreement(
    context: &mut Context<'_>,
    setting: &Setting,
    base: &Base,
    terminal: &[u8],
) -> Result<Answer, Refusal> {
    let pair = draw(context, base)?;
    let shared = pair
        .agree(terminal, context.image.profile.pace_subgroup_check)
        .map_err(|_| StatusWord::INCORRECT_DATA)?;
    let suite = setting.offer.suite;
    let encryption = suite.derive(shared.secret(), ENC);
    let checksum = suite.derive(shared.secret(), MAC);
    // Each side proves that it knows the keys by a checksum over the other's public key, as it was sent.
    let token = |public: &[u8]| {
        let data = token_data(&setting.offer.oid(), base.public_key_tag(), public);
        suite.token(&checksum, &data)
    };
    let session = SecureSession::with_suite(suite, &encryption, &checksum, 0);
    let (Ok(expected), Ok(token), Some(session)) = (token(&pair.public), token(terminal), session)
    else {
        return Err(StatusWord::NO_PRECISE_DIAGNOSIS.into());
    };
    respond(context, 0x84, &pair.public);
    context.emrtd.exchange = Exchange::Agreed(Box::new(Agreed {
        session,
        expected,
        token,
        chip_name: base.compress(&pair.public),
    }));
    Ok(StatusWord::NO_ERROR.into())
}

/// `7F49 { 06 protocol, 84 | 86 public key }` (ICAO 9303-11 §4.4.3.4).
fn token_data(oid: &[u8], tag: u32, public: &[u8]) -> Vec<u8> {
    let content = [tlv::object(0x06, oid), tlv::object(tag, public)].concat();
    tlv::object(0x7F49, &content)
}

fn tokens(context: &mut Context<'_>, agreed: Agreed, terminal: &[u8]) -> Result<Answer, Refusal> {
    let unchecked = context.image.flaw.is(Defect::TokenUnchecked);
    if !ct::eq(&agreed.expected, terminal) && !unchecked {
        return Err(context.image.profile.password_failed.0.into());
    }
    respond(context, 0x86, &agreed.token);
    context.ias.secure_messaging_ended();
    context.emrtd.session_begins(Access {
        procedure: Procedure::Pace,
        chip_name: agreed.chip_name,
    });
    Ok(Answer {
        sw: StatusWord::NO_ERROR,
        after: After::Open(Box::new(agreed.session)),
    })
}
