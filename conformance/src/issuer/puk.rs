//! The recovery of a lost PUK: the messages A01 to A05 on one side, the engine and its policy `cie-puk` on the other. What the
//! messages say of the card is checked here; gates, times, tries and what is sent to whom are the policy's.

use cie_crypto::rsa::PublicKey;

use super::clock::Timestamp;
use super::engine::{
    Awaiting, Claims, Effect, Engine, Event, Input, Outcome, ProcedureId, Standing, Typed,
};
use super::evidence::{EvidenceError, Trusted, check_card};
use super::policy::{Channel, Field, Medium};
use super::reason::reason;
use super::wire::{Answer, Halves, Refusal, Request, Start};

/// The policy behind the messages.
pub const POLICY: &str = "cie-puk";

/// Where the messages come from.
const CHANNEL: Channel = Channel::App;

/// An answer to a message, and what the engine did on the way. An answer that the engine was not asked for has no outcome.
#[derive(Clone, Debug)]
pub struct Handled {
    /// What the client hears.
    pub answer: Answer,
    /// What the engine answered and did.
    pub outcome: Option<Outcome>,
}

impl Handled {
    /// A refusal before the engine is asked; nothing has begun, nothing is over.
    fn refused(reason: &'static str) -> Self {
        Self {
            answer: refusal(reason, false),
            outcome: None,
        }
    }
}

/// Answers one message.
pub fn handle(
    engine: &mut Engine,
    trusted: &Trusted,
    now: Timestamp,
    request: &Request,
) -> Handled {
    // What time has brought about comes before what is asked.
    let due = engine.step(now, Event::Tick).effects;
    let mut handled = match request {
        Request::Start(start) => begin(engine, trusted, now, start),
        Request::FirstProof {
            procedure,
            signature,
        } => {
            let input = Input::Proof(signature.clone());
            submit(engine, now, procedure, None, First::Proof, input)
        }
        Request::Code {
            procedure,
            nun,
            hash,
        } => match hash_of(hash) {
            Some(digest) => {
                let input = Input::Code {
                    code: Some(Typed::Sha256(digest)),
                    link: None,
                    repeat: Box::new(Claims::default().with(Field::Nun, nun)),
                };
                submit(engine, now, procedure, Some(nun), First::Code, input)
            }
            None => Handled::refused("request"),
        },
        Request::SecondProof {
            procedure,
            nun,
            signature,
        } => {
            let input = Input::Proof(signature.clone());
            submit(engine, now, procedure, Some(nun), First::Disclosure, input)
        }
        Request::State { procedure, nun } => state(engine, procedure, nun),
    };
    if let Some(outcome) = &mut handled.outcome {
        outcome.effects.splice(0..0, due);
    }
    handled
}

/// What a message asks for, where several are answers to gates of one kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    /// A02: a proof after which something is waited for.
    Proof,
    /// A03.
    Code,
    /// A04: the proof that ends in the disclosure.
    Disclosure,
}

fn begin(engine: &mut Engine, trusted: &Trusted, now: Timestamp, start: &Start) -> Handled {
    let card = match check_card(start, trusted) {
        Ok(card) => card,
        Err(error) => {
            // The sentences say nothing of what was sent.
            let why = error.to_string();
            engine.turned_away(None, POLICY, &format!("start {}", CHANNEL.name()), &why);
            return Handled::refused(word(error));
        }
    };
    let (modulus, exponent) = &start.device_key;
    let mut claims = Claims::from(card);
    claims.device_key = PublicKey::new(modulus, exponent).ok();
    for (medium, address) in [
        (Medium::Sms, &start.address_sms),
        (Medium::Email, &start.address_email),
    ] {
        if let Some(address) = address {
            claims = claims.contact(medium, address);
        }
    }
    let event = Event::Start {
        policy: POLICY.to_owned(),
        channel: CHANNEL,
        claims,
    };
    let outcome = engine.step(now, event);
    let answer = match (&outcome.reply.result, &outcome.reply.standing) {
        (Ok(_), Some(Standing::Awaiting(Awaiting::Proof { challenge, .. }))) => Answer::Started {
            procedure: name_of(&outcome),
            challenge: challenge.clone(),
            message: outcome.reply.message(),
        },
        _ => refused(&outcome),
    };
    Handled {
        answer,
        outcome: Some(outcome),
    }
}

fn submit(
    engine: &mut Engine,
    now: Timestamp,
    procedure: &str,
    nun: Option<&str>,
    message: First,
    input: Input,
) -> Handled {
    let procedure = ProcedureId::new(procedure);
    if let Some((reason, why)) = elsewhere(engine, &procedure, nun, message) {
        engine.turned_away(Some(&procedure), POLICY, "submit", why);
        return Handled::refused(reason);
    }
    let outcome = engine.step(now, Event::Submit { procedure, input });
    let halves = outcome.effects.iter().find_map(|effect| match effect {
        Effect::PukDisclosed { first, second } => Some(Halves {
            first: first.clone(),
            second: second.clone(),
        }),
        _ => None,
    });
    let answer = match (&outcome.reply.result, &outcome.reply.standing, message) {
        (Err(_), _, _) => refused(&outcome),
        (Ok(_), _, First::Proof) => Answer::Accepted {
            procedure: name_of(&outcome),
        },
        (Ok(_), Some(Standing::Awaiting(Awaiting::Proof { challenge, .. })), First::Code) => {
            Answer::Challenge(challenge.clone())
        }
        (Ok(_), _, First::Disclosure) if halves.is_some() => match halves {
            Some(halves) => Answer::Disclosed(halves),
            None => refused(&outcome),
        },
        (Ok(_), _, First::Code | First::Disclosure) => refused(&outcome),
    };
    Handled {
        answer,
        outcome: Some(outcome),
    }
}

/// Why the message is not for this procedure as it stands, in a word and in words; `None` when it is, or when the engine has better words for it.
fn elsewhere(
    engine: &Engine,
    procedure: &ProcedureId,
    nun: Option<&str>,
    message: First,
) -> Option<(&'static str, &'static str)> {
    let (owner, policy) = engine.subject(procedure)?;
    if policy != POLICY {
        return Some(("unknown_procedure", "the procedure is of another policy"));
    }
    if nun.is_some_and(|nun| nun != owner) {
        return Some(("mismatch", "another number of the card than at the start"));
    }
    // Both proofs are of one kind of gate: A02 must not be taken for A04, nor A04 for A02.
    let standing = engine.standing(procedure);
    let proof = matches!(standing, Some(Standing::Awaiting(Awaiting::Proof { .. })));
    let last = !engine.ahead(procedure).contains(&"card_proof");
    match message {
        First::Proof if proof && last => {
            Some(("wrong_gate", "the first proof, where the last is asked for"))
        }
        First::Disclosure if proof && !last => {
            Some(("wrong_gate", "the last proof, where the first is asked for"))
        }
        First::Proof | First::Code | First::Disclosure => None,
    }
}

/// A05: reads, and changes nothing.
fn state(engine: &Engine, procedure: &str, nun: &str) -> Handled {
    let procedure = ProcedureId::new(procedure);
    let subject = engine
        .subject(&procedure)
        .filter(|(_, policy)| *policy == POLICY);
    let answer = match (subject, engine.standing(&procedure)) {
        (Some((owner, _)), Some(_)) if owner != nun => refusal("mismatch", false),
        (Some(_), Some(Standing::Closed(reason))) => refusal(&reason.to_string(), true),
        (Some(_), Some(standing)) => Answer::State(standing.to_string()),
        (_, None) | (None, _) => refusal("unknown_procedure", false),
    };
    Handled {
        answer,
        outcome: None,
    }
}

fn name_of(outcome: &Outcome) -> String {
    let name = outcome.reply.procedure.as_ref();
    name.map_or_else(String::new, |name| name.as_str().to_owned())
}

fn refused(outcome: &Outcome) -> Answer {
    let reply = &outcome.reply;
    refusal(reason(reply).unwrap_or("request"), reply.is_closed())
}

fn refusal(reason: &str, closed: bool) -> Answer {
    Answer::Refused(Refusal {
        reason: Some(reason.to_owned()),
        result_codes: None,
        closed: Some(closed),
    })
}

/// What the public client hashes the code to: 64 hexadecimal digits.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

const fn word(error: EvidenceError) -> &'static str {
    match error {
        EvidenceError::SecurityObject => "security_object",
        EvidenceError::Signer => "signer",
        EvidenceError::Nis | EvidenceError::Nun | EvidenceError::ServicesKey => "mismatch",
    }
}
