//! One procedure: whose, under which rules, where it stands, and what it waits for.

use std::fmt;
use std::sync::Arc;

use cie_crypto::rsa::PublicKey;

use super::reply::{Awaiting, CloseReason, Standing};
use crate::issuer::clock::Timestamp;
use crate::issuer::policy::{Gate, Medium, Policy};
use crate::issuer::secret::Secret;

/// Name of a procedure: 16 small letters and digits, the same for the same seed and history. Survives a client's restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcedureId(pub(super) String);

impl ProcedureId {
    /// The name as it came from outside; whether there is such a procedure is another question.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcedureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose procedure it is.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// What starts are counted by.
    pub(super) key: String,
    /// Number of the card; nobody's for one that only looks like a procedure.
    pub(super) nun: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Procedure {
    pub(super) id: ProcedureId,
    /// Its place in the order of starts, from 1.
    pub(super) number: u64,
    pub(super) policy: Arc<Policy>,
    pub(super) gates: Arc<[Gate]>,
    pub(super) who: Who,
    /// The contact that was told when it began.
    pub(super) contact: Option<Medium>,
    pub(super) device_key: Option<PublicKey>,
    /// End of its lifetime.
    pub(super) expires: Timestamp,
    /// End of the revision it runs under.
    pub(super) revision_ends: Timestamp,
    pub(super) state: State,
    pub(super) live: Live,
    /// Whether it has issued a secret itself.
    pub(super) issued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The gate at this place waits.
    Open(usize),
    /// The gate at this place lets time pass.
    Cooling(usize, Timestamp),
    Completed,
    Closed(CloseReason),
}

/// What belongs to the gate a procedure stands at, and goes when it moves on.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) tries: u32,
    pub(super) sends: u32,
    pub(super) code: Option<SentCode>,
    pub(super) challenge: Option<Challenge>,
    pub(super) shown: Option<Secret>,
}

/// What was sent; nothing in it when there was nobody to send it to.
#[derive(Clone, Debug)]
pub(super) struct SentCode {
    pub(super) code: Option<Secret>,
    pub(super) link: Option<Secret>,
    pub(super) expires: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Challenge {
    pub(super) bytes: Vec<u8>,
    pub(super) expires: Timestamp,
}

/// Something that time brings about. Of what falls on one instant, ends come before beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Lifetime,
    Revision,
    Challenge,
    Code,
    Cooling,
}

impl Procedure {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, State::Open(_) | State::Cooling(..))
    }

    /// The gate it stands at.
    pub(super) fn gate(&self) -> Option<&Gate> {
        match self.state {
            State::Open(place) | State::Cooling(place, _) => self.gates.get(place),
            State::Completed | State::Closed(_) => None,
        }
    }

    /// What time will bring about next, and when.
    pub(super) fn next_due(&self) -> Option<(Timestamp, Due)> {
        if !self.is_live() {
            return None;
        }
        let cooling = match self.state {
            State::Cooling(_, until) => Some((until, Due::Cooling)),
            State::Open(_) | State::Completed | State::Closed(_) => None,
        };
        let challenge = self
            .live
            .challenge
            .as_ref()
            .map(|it| (it.expires, Due::Challenge));
        let code = self.live.code.as_ref().map(|it| (it.expires, Due::Code));
        let always = [
            (self.expires, Due::Lifetime),
            (self.revision_ends, Due::Revision),
        ];
        let some = [cooling, challenge, code].into_iter().flatten();
        always.into_iter().chain(some).min()
    }

    pub(super) fn standing(&self) -> Standing {
        match self.state {
            State::Completed => Standing::Completed,
            State::Closed(reason) => Standing::Closed(reason),
            State::Cooling(_, until) => Standing::Cooling(until),
            State::Open(place) => match self.gates.get(place) {
                None => Standing::Completed,
                Some(gate) => Standing::Awaiting(self.awaiting(gate)),
            },
        }
    }

    fn awaiting(&self, gate: &Gate) -> Awaiting {
        match gate {
            Gate::CardProof(_) => {
                let challenge = self.live.challenge.as_ref();
                Awaiting::Proof {
                    challenge: challenge.map(|it| it.bytes.clone()).unwrap_or_default(),
                    until: challenge.map_or(self.expires, |it| it.expires),
                }
            }
            Gate::Code(gate) => Awaiting::Code {
                kind: gate.kind,
                channel: gate.channel,
            },
            Gate::FirstUseChange(gate) => Awaiting::Change {
                generator: gate.generator,
            },
            Gate::ChooseSecret(_) => Awaiting::NewSecret,
            // The last four never wait: they are passed as they are reached.
            Gate::Captcha(_)
            | Gate::Identify(_)
            | Gate::Cooling(_)
            | Gate::IssueSecret(_)
            | Gate::Disclose(_) => Awaiting::Captcha,
        }
    }
}
