//! How procedures move: into the next gate, to their end, and along with time.

use super::Engine;
use super::procedure::{Challenge, Due, Live, Procedure, ProcedureId, SentCode, State};
use super::reply::{CloseReason, Done, Effect, Refusal, Reply};
use crate::issuer::clock::Timestamp;
use crate::issuer::policy::{CodeGate, Gate, Generator, Medium, Revision, SendTo};
use crate::issuer::secret::{Draw, Secret};

/// Characters of a link's token.
const LINK: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LINK_LENGTH: usize = 26;

impl Engine {
    /// Does what time has brought about up to `now`, each at its own instant, and sets the clock.
    pub(super) fn catch_up(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let now = now.max(self.clock.now());
        loop {
            let due = self.procedures.values().filter_map(|procedure| {
                let (at, due) = procedure.next_due()?;
                Some((at, due, procedure.number, &procedure.id))
            });
            let Some((at, due, _, id)) = due.min().filter(|(at, ..)| *at <= now) else {
                break;
            };
            let id = id.clone();
            self.clock.set(at);
            self.happen(&id, due, effects);
        }
        self.clock.set(now);
    }

    fn happen(&mut self, id: &ProcedureId, due: Due, effects: &mut Vec<Effect>) {
        match due {
            Due::Lifetime | Due::Challenge => self.close(id, CloseReason::Expired, effects),
            Due::Revision => self.revise(id, effects),
            Due::Cooling => {
                if let Some(State::Cooling(place, _)) = self.procedures.get(id).map(|it| it.state) {
                    self.note(id, "cooling", "over");
                    self.enter(id, place + 1, effects);
                }
            }
            Due::Code => self.void_code(id, effects),
        }
    }

    /// The code's time is over: the procedure waits for another, when another may be sent.
    fn void_code(&mut self, id: &ProcedureId, effects: &mut Vec<Effect>) {
        let Some(procedure) = self.procedures.get_mut(id) else {
            return;
        };
        procedure.live.code = None;
        let more = match procedure.gate() {
            Some(Gate::Code(gate)) => procedure.live.sends < gate.max_sends.value,
            _ => false,
        };
        match more {
            true => self.note(id, "code", "expired"),
            false => self.close(id, CloseReason::Expired, effects),
        }
    }

    /// The revision is over: the procedure goes on under the next, when that has the same gates and is open to the person.
    fn revise(&mut self, id: &ProcedureId, effects: &mut Vec<Effect>) {
        let now = self.clock.now();
        let Some(procedure) = self.procedures.get(id) else {
            return;
        };
        let next = procedure
            .policy
            .revision(now)
            .ok()
            .flatten()
            .filter(|next| {
                let nun = procedure.who.nun.as_deref();
                let person = nun.and_then(|nun| self.registry.get(nun));
                let open = person.is_none_or(|person| next.is_open_to(person.categories.iter()));
                open && procedure.policy.gates_of(Some(next)) == procedure.gates
            });
        match next.map(Revision::ends) {
            None => self.close(id, CloseReason::Ineligible, effects),
            Some(ends) => {
                if let Some(procedure) = self.procedures.get_mut(id) {
                    procedure.revision_ends = ends;
                }
            }
        }
    }

    /// Ends a procedure without success. Nothing more ever comes of it.
    pub(super) fn close(
        &mut self,
        id: &ProcedureId,
        reason: CloseReason,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(procedure) = self.procedures.get_mut(id) {
            procedure.state = State::Closed(reason);
            procedure.live = Live::default();
            effects.push(Effect::Closed(id.clone(), reason));
            self.note(id, "closed", reason.to_string());
        }
    }

    /// Brings a procedure to the gate at a place, through those that pass by themselves, to the next that waits.
    pub(super) fn enter(&mut self, id: &ProcedureId, place: usize, effects: &mut Vec<Effect>) {
        let mut place = place;
        while let Some(gate) = self.move_to(id, place) {
            if !self.arrive(id, &gate, place, effects) {
                return;
            }
            place += 1;
        }
        if let Some(procedure) = self.procedures.get_mut(id)
            && procedure.is_live()
        {
            procedure.state = State::Completed;
            effects.push(Effect::Completed(id.clone()));
            self.note(id, "completed", "ok");
        }
    }

    /// The gate at a place, where the procedure now stands with nothing left of the one before.
    fn move_to(&mut self, id: &ProcedureId, place: usize) -> Option<Gate> {
        let procedure = self.procedures.get_mut(id)?;
        procedure.live = Live::default();
        let gate = procedure.gates.get(place)?.clone();
        procedure.state = State::Open(place);
        Some(gate)
    }

    /// What a gate does as it is reached. Whether it is passed with that.
    fn arrive(
        &mut self,
        id: &ProcedureId,
        gate: &Gate,
        place: usize,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let now = self.clock.now();
        if gate.has_effect() && !self.may_take_effect(id, effects) {
            return false;
        }
        let number = self.procedures.get(id).map_or(0, |it| it.number);
        match gate {
            Gate::Identify(_) => true,
            Gate::Captcha(_) | Gate::ChooseSecret(_) => false,
            Gate::CardProof(gate) => {
                let mut draw = Draw::new(self.seed, &format!("challenge {number} {place}"));
                let bytes = draw.bytes(gate.bytes.value as usize);
                let expires = gate.ttl.after(now);
                self.live(id, |live| {
                    live.challenge = Some(Challenge { bytes, expires });
                });
                false
            }
            Gate::Cooling(gate) => {
                if let Some(procedure) = self.procedures.get_mut(id) {
                    procedure.state = State::Cooling(place, gate.duration.after(now));
                }
                false
            }
            Gate::Code(gate) => {
                self.send_code(id, gate, effects);
                false
            }
            Gate::IssueSecret(gate) => self.issue(id, gate, effects),
            Gate::Disclose(gate) => self.disclose(id, gate, effects),
            Gate::FirstUseChange(gate) => {
                if gate.generator == Generator::System {
                    let mut draw = Draw::new(self.seed, &format!("shown {number} {place}"));
                    let secret = gate.rules().generate(&mut draw);
                    effects.push(Effect::SecretShown(secret.clone()));
                    self.live(id, |live| live.shown = Some(secret));
                }
                false
            }
        }
    }

    fn live(&mut self, id: &ProcedureId, change: impl FnOnce(&mut Live)) {
        if let Some(procedure) = self.procedures.get_mut(id) {
            change(&mut procedure.live);
        }
    }

    /// Makes a code that voids the one before, and sends it, when there is somebody to send it to.
    fn send_code(&mut self, id: &ProcedureId, gate: &CodeGate, effects: &mut Vec<Effect>) {
        let Some(procedure) = self.procedures.get_mut(id) else {
            return;
        };
        let (State::Open(place) | State::Cooling(place, _)) = procedure.state else {
            return;
        };
        procedure.live.sends += 1;
        let label = format!("code {} {place} {}", procedure.number, procedure.live.sends);
        let mut draw = Draw::new(self.seed, &label);
        let length = gate.len.as_ref().map_or(0, |length| length.value as usize);
        let code = draw.text(&gate.charset.alphabet(), length);
        let link = draw.text(LINK, LINK_LENGTH);
        let way = way(gate.channel, procedure);
        let nun = procedure.who.nun.as_deref();
        let contacts = nun
            .and_then(|nun| self.registry.get(nun))
            .map(|it| &it.contacts);
        let to = way
            .zip(contacts)
            .and_then(|(way, contacts)| Some((way, contacts.get(way)?)));
        let keep = |wanted: bool, secret: Secret| (wanted && to.is_some()).then_some(secret);
        let (code, link) = (
            keep(gate.kind.has_code(), code),
            keep(gate.kind.has_link(), link),
        );
        procedure.live.code = Some(SentCode {
            code: code.clone(),
            link: link.clone(),
            expires: gate.ttl.after(self.clock.now()),
        });
        let to = to.map(|(way, address)| (way, address.to_owned()));
        if let Some((way, address)) = to {
            let vars = [("code", code), ("link", link)];
            let vars = vars
                .into_iter()
                .filter_map(|(name, secret)| Some((name, secret?)));
            self.send(id, (way, address), "code", vars.collect(), effects);
        }
    }

    pub(super) fn resend(&mut self, id: &ProcedureId, effects: &mut Vec<Effect>) -> Reply {
        let result = match self.standing_gate(id) {
            Err(refusal) => Err(refusal),
            Ok(Gate::Code(gate)) => {
                let sends = self.procedures.get(id).map_or(0, |it| it.live.sends);
                match sends < gate.max_sends.value {
                    false => Err(Refusal::NoMoreSends),
                    true => {
                        self.send_code(id, &gate, effects);
                        Ok(Done::Resent)
                    }
                }
            }
            Ok(other) => Err(Refusal::WrongGate(other.name())),
        };
        self.noted(id, "resend", result)
    }

    /// The gate at which a procedure waits for an answer.
    pub(super) fn standing_gate(&self, id: &ProcedureId) -> Result<Gate, Refusal> {
        let procedure = self.procedures.get(id).ok_or(Refusal::UnknownProcedure)?;
        match procedure.state {
            State::Closed(reason) => Err(Refusal::Closed(reason)),
            State::Completed => Err(Refusal::Completed),
            State::Cooling(_, until) => Err(Refusal::NotYet(until)),
            State::Open(place) => {
                let gate = procedure.gates.get(place);
                gate.cloned().ok_or(Refusal::Completed)
            }
        }
    }

    /// The reply about a procedure, with its line in the audit.
    pub(super) fn noted(
        &mut self,
        id: &ProcedureId,
        what: &str,
        result: Result<Done, Refusal>,
    ) -> Reply {
        let outcome = match &result {
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        self.note(id, what, outcome);
        self.reply(id, result)
    }

    pub(super) fn reply(&self, id: &ProcedureId, result: Result<Done, Refusal>) -> Reply {
        let procedure = self.procedures.get(id);
        Reply {
            procedure: procedure.map(|it| it.id.clone()),
            result,
            standing: procedure.map(Procedure::standing),
        }
    }

    pub(super) fn note(&mut self, id: &ProcedureId, what: &str, outcome: impl Into<String>) {
        let procedure = self.procedures.get(id);
        let number = procedure.map(|it| it.number);
        let about = procedure.map_or("procedure", |it| it.policy.id.value.as_str());
        self.audit
            .add(self.clock.now(), number, about, what, outcome);
    }
}

fn way(channel: SendTo, procedure: &Procedure) -> Option<Medium> {
    match channel {
        SendTo::Sms => Some(Medium::Sms),
        SendTo::Email => Some(Medium::Email),
        SendTo::Pec => Some(Medium::Pec),
        SendTo::SameContact => procedure.contact,
    }
}
