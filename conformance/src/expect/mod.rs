//! What an answer is measured against: every expectation of the language, and the difference it shows when it is not met.
//! This room looks at one observation at a time. It sends nothing, keeps nothing, and does not weigh: whether a miss is a
//! failure or a warning is decided by who asked.
//!
//! All misses of a step are collected. An expectation that cannot be judged (a state nobody can see, a value that is not
//! known) is a miss of kind [`FailureKind::Harness`]: it is neither met nor the card's fault.

mod algorithm;
mod alternatives;
mod answer;
mod bytes;
mod certificate;
mod pattern;
mod security_object;
mod signature;
mod state;
mod tlv;
mod words;
mod x509;
mod zone;

use std::time::Duration;

use cie_crypto::rsa;
use cie_emulator::wire::StatusWord;

use crate::report::model::{Failure, FailureKind};
use crate::report::words::command_digits;
use crate::scenario::Span;
use crate::scenario::model::{Application, Bytes, ChannelForm, Expect, PublicKeySource};
use crate::target::CardState;

/// Whether a certificate (DER, zeros may follow) was signed with this key.
///
/// # Errors
/// Why not, as the end of a sentence.
pub(crate) fn certificate_signed_by(der: &[u8], key: &rsa::PublicKey) -> Result<(), String> {
    x509::Certificate::read(der)?.verify(key)
}

/// What there is to judge after one step.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The plain command, whole, before it was chained or protected; `None` for a step without a command. Only for reports.
    pub sent: Option<&'a [u8]>,
    /// The data of the answer that decides, secure messaging taken off.
    pub data: &'a [u8],
    /// Its status word.
    pub sw: StatusWord,
    /// How it came back.
    pub channel: ChannelForm,
    /// What the step asked the card to sign.
    pub signed: Option<&'a [u8]>,
    /// How long the answer took; `None` when nobody measured.
    pub elapsed: Option<Duration>,
    /// Tries left of PIN and PUK, as the card's state shows them. `None` for a card that cannot be looked into.
    pub tries_from_state: Option<(u8, u8)>,
    /// Tries left of PIN and PUK, as the status words told last. `None` when none told.
    pub tries_from_status: (Option<u8>, Option<u8>),
    /// The card's state after the step. `None` for a card that cannot be looked into.
    pub state: Option<&'a CardState>,
    /// Whether what survives a loss of power changed in this step.
    pub persistent_changed: Option<bool>,
}

/// What expectations refer to beyond the answer. Errors are sentences for people; they become misses.
pub trait Surroundings {
    /// The bytes a value of the language stands for.
    ///
    /// # Errors
    /// Why the value is not known.
    fn bytes(&mut self, value: &Bytes) -> Result<Vec<u8>, String>;

    /// What an earlier step captured under a name.
    fn captured(&self, name: &str) -> Option<&[u8]>;

    /// A public key by its source.
    ///
    /// # Errors
    /// Why there is no such key.
    fn public_key(&mut self, source: &PublicKeySource) -> Result<rsa::PublicKey, String>;

    /// The day of the run, `YYYY-MM-DD`. Given from outside, so that a run can be repeated.
    fn today(&self) -> String;

    /// The application a state's selection stands for; `None` when nothing known is selected.
    fn application_of(&self, state: &CardState) -> Option<Application>;
}

/// One expectation that is not met, with its place in the file.
#[derive(Clone, Debug)]
pub struct Miss {
    /// What is wrong.
    pub failure: Failure,
    /// The expectation's place; `None` when nobody wrote it down (the implied `9000`).
    pub span: Option<Span>,
}

/// Every expectation that is not met, in the order of the language's table. Empty when the step is as expected.
///
/// Without `sw`, and when neither `any_of` nor `not` speaks of the status word, `9000` is expected.
pub fn check(
    expect: &Expect,
    observation: &Observation<'_>,
    surroundings: &mut dyn Surroundings,
) -> Vec<Miss> {
    let mut judge = Judge {
        observation,
        surroundings,
        misses: Vec::new(),
    };
    judge.expectation(expect, true);
    let mut misses = judge.misses;
    let sent = observation.sent.map(command_digits);
    for miss in &mut misses {
        miss.failure.sent.clone_from(&sent);
        if miss.failure.note.is_none() {
            miss.failure.note.clone_from(&expect.note);
        }
    }
    misses
}

/// One judgement under way: what is looked at, and what was found so far.
struct Judge<'a, 'o> {
    observation: &'a Observation<'o>,
    surroundings: &'a mut dyn Surroundings,
    misses: Vec<Miss>,
}

impl Judge<'_, '_> {
    fn miss(&mut self, span: Option<&Span>, failure: Failure) {
        self.misses.push(Miss {
            failure,
            span: span.cloned(),
        });
    }

    /// A miss in words alone.
    fn say(&mut self, span: Option<&Span>, kind: FailureKind, message: String) {
        self.miss(span, in_words(kind, message));
    }

    /// A miss that is nobody's fault but the scenario's or the harness's.
    fn unknown(&mut self, span: Option<&Span>, message: String) {
        self.say(span, FailureKind::Harness, message);
    }
}

fn in_words(kind: FailureKind, message: String) -> Failure {
    Failure {
        kind,
        message,
        ..Failure::default()
    }
}

/// A failure with what was expected and what came, where pointing at a character would mean nothing.
fn side_by_side(kind: FailureKind, message: String, expected: String, got: String) -> Failure {
    Failure {
        expected: Some(expected),
        got: Some(got),
        ..in_words(kind, message)
    }
}
