//! Facts that a scenario declares to hold from some step on, checked after every step that follows.

use std::collections::BTreeSet;

use cie_emulator::wire::{Command, Response, StatusWord, ins};

use super::session::Session;
use crate::report::model::{Failure, FailureKind};
use crate::scenario::model::Invariant;
use crate::target::CardState;
use crate::terminal::{Exchange, Protection, Reply};

/// What holds, and what was seen last.
pub(super) struct Watch {
    holding: Vec<Invariant>,
    first_state: Option<CardState>,
    last_state: Option<CardState>,
    reply: Option<Reply>,
    exchange: Option<Exchange>,
}

impl Watch {
    pub(super) fn new(session: &mut Session) -> Self {
        Self {
            holding: Vec::new(),
            first_state: None,
            last_state: session.terminal.state(),
            reply: None,
            exchange: None,
        }
    }

    /// From now on this holds.
    pub(super) fn begin(&mut self, invariant: Invariant) {
        if !self.holding.contains(&invariant) {
            self.holding.push(invariant);
        }
        self.first_state.clone_from(&self.last_state);
    }

    /// Keeps the last answer for a capture in a step of its own.
    pub(super) fn saw(&mut self, reply: Option<Reply>, exchange: Option<Exchange>) {
        if reply.is_some() {
            self.reply = reply;
            self.exchange = exchange;
        }
    }

    pub(super) const fn last_reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    pub(super) const fn last_exchange(&self) -> Option<&Exchange> {
        self.exchange.as_ref()
    }

    /// What does not hold any more after a step with these exchanges.
    pub(super) fn check(&mut self, session: &mut Session, exchanges: &[Exchange]) -> Vec<Failure> {
        let state = session.terminal.state();
        let mut broken: BTreeSet<String> = BTreeSet::new();
        for invariant in self.holding.clone() {
            let found = match invariant {
                Invariant::CountersTruthful => self.truthful(state.as_ref(), session, exchanges),
                Invariant::CountersMonotone => self.monotone(state.as_ref(), exchanges),
                Invariant::NoSecretInAnswers => secrets(session, exchanges),
                Invariant::ErrorsEndSessions => ends(state.as_ref(), exchanges),
                Invariant::AnswersProtected => unprotected(exchanges),
                Invariant::NothingPersists => self.persists(state.as_ref()),
                Invariant::DocumentSurvives => document(session, exchanges),
            };
            broken.extend(found.map(|what| format!("invariant {invariant:?}: {what}")));
        }
        self.last_state = state;
        let failure = |message| Failure {
            kind: FailureKind::State,
            message,
            ..Failure::default()
        };
        broken.into_iter().map(failure).collect()
    }

    fn truthful(
        &self,
        state: Option<&CardState>,
        session: &Session,
        exchanges: &[Exchange],
    ) -> Option<String> {
        let state = state?;
        let (pin, puk) = (state.pin_tries?, state.puk_tries?);
        let (most_pin, most_puk) = session.facts.tries;
        if pin > most_pin || puk > most_puk {
            return Some(format!(
                "the counters are {pin} and {puk}, at most {most_pin} and {most_puk}"
            ));
        }
        let last = exchanges.last()?;
        let told = last.sw?.tries_left()?;
        let header = Command::parse(last.plain_command.as_ref()?).ok()?.header;
        // RESET RETRY COUNTER names the PIN, but the value that can be wrong in it is the PUK.
        let about_puk = header.p2 == 0x82 || header.ins == ins::RESET_RETRY_COUNTER;
        let truth = if about_puk { puk } else { pin };
        (told != truth).then(|| format!("63C{told:X} was answered, the counter is {truth}"))
    }

    fn monotone(&self, state: Option<&CardState>, exchanges: &[Exchange]) -> Option<String> {
        let (before, after) = (self.last_state.as_ref()?, state?);
        let (pin, puk) = (
            after.pin_tries? > before.pin_tries?,
            after.puk_tries? > before.puk_tries?,
        );
        let succeeded = |reference: u8| {
            exchanges.iter().any(|exchange| {
                let command = exchange.plain_command.as_deref().map(Command::parse);
                let Some(Ok(command)) = command else {
                    return false;
                };
                let about = matches!(
                    command.header.ins,
                    ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
                );
                // RESET RETRY COUNTER with the PUK in its data is a successful command on both.
                let named = command.header.p2 == reference
                    || (command.header.ins == ins::RESET_RETRY_COUNTER && command.header.p1 == 0);
                about && named && exchange.sw == Some(StatusWord::NO_ERROR)
            })
        };
        match (pin && !succeeded(0x81), puk && !succeeded(0x82)) {
            (true, _) => {
                Some("the PIN's counter rose without a successful command on the PIN".to_owned())
            }
            (_, true) => {
                Some("the PUK's counter rose without a successful command on the PUK".to_owned())
            }
            (false, false) => None,
        }
    }

    fn persists(&self, state: Option<&CardState>) -> Option<String> {
        let (first, now) = (self.first_state.as_ref()?, state?);
        let changed = first.persistent_digest != now.persistent_digest;
        changed.then(|| "the persistent memory of the card changed".to_owned())
    }
}

/// The codes of the card, as ASCII and as BCD, in any answer.
fn secrets(session: &Session, exchanges: &[Exchange]) -> Option<String> {
    let codes = [
        &session.codes.pin,
        &session.codes.puk,
        &session.codes.original_pin,
    ];
    for code in codes.into_iter().flatten() {
        let ascii = code.reveal().to_vec();
        let bcd: Vec<u8> = code
            .reveal()
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => (a & 0x0F) << 4 | (b & 0x0F),
                _ => 0,
            })
            .collect();
        for exchange in exchanges {
            let answers = [&exchange.plain_response, &exchange.wire_response];
            for answer in answers.into_iter().flatten() {
                let public = session
                    .facts
                    .field(crate::scenario::model::PersonaField::Nis)
                    .unwrap_or_default();
                let holds =
                    |needle: &[u8]| answer.windows(needle.len()).any(|window| window == needle);
                // The sample persona's number contains its sample PIN; what is public is no secret.
                let in_public = public.windows(8).any(|window| window == ascii);
                if !in_public && (holds(&ascii) || holds(&bcd)) {
                    return Some("an answer contains a code of the card".to_owned());
                }
            }
        }
    }
    None
}

fn ends(state: Option<&CardState>, exchanges: &[Exchange]) -> Option<String> {
    let state = state?;
    let refused = exchanges.last().is_some_and(|exchange| {
        exchange.sent == Protection::Protected
            && matches!(
                exchange.sw,
                Some(StatusWord::SM_DATA_OBJECTS_INCORRECT | StatusWord::SM_DATA_OBJECTS_MISSING)
            )
    });
    let something = state.security.device_authenticated
        || state.security.pin_verified
        || state.security.puk_verified;
    (refused && something)
        .then(|| "something is still authenticated after a secure messaging error".to_owned())
}

fn unprotected(exchanges: &[Exchange]) -> Option<String> {
    exchanges.iter().find_map(|exchange| {
        let in_session = exchange.sent == Protection::Protected && exchange.tamper.is_none();
        let plain = exchange.channel == Protection::Plain && exchange.wire_response.is_some();
        (in_session && plain)
            .then(|| "an answer inside the session came back unprotected".to_owned())
    })
}

/// Whatever is read in plain of the public files is what the card was personalised with.
fn document(session: &Session, exchanges: &[Exchange]) -> Option<String> {
    let sw = exchanges.last()?.sw?;
    let command = Command::parse(exchanges.last()?.plain_command.as_ref()?).ok()?;
    let reads = command.header.ins == ins::READ_BINARY && command.header.p1 & 0x80 == 0;
    let response = exchanges.last()?.plain_response.as_ref()?;
    let data = Response::parse(response).ok()?.data;
    if !reads || data.is_empty() || !(sw.is_ok() || sw == StatusWord::END_OF_FILE) {
        return None;
    }
    let state_file = session.facts.file(0x1001).ok()?;
    let known = [0x1001, 0x1004, 0x1005, 0x1006, 0xD003, 0xD004];
    let found = known
        .iter()
        .filter_map(|file| session.facts.file(*file).ok());
    let offset = usize::from(command.header.p1_p2());
    let matches = found.chain([state_file]).any(|content| {
        content
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(data))
    });
    (!matches).then(|| {
        "a public file reads differently from what the card was personalised with".to_owned()
    })
}
