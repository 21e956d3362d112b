//! An answer to the gate at which a procedure stands. An answer to any other gate is refused and changes nothing; so is one
//! to a procedure that is over.

use cie_crypto::ct;

use super::Engine;
use super::event::{Claims, Input, Typed};
use super::procedure::{ProcedureId, SentCode, State};
use super::proof::proves;
use super::reply::{CloseReason, Done, Effect, Refusal, Reply};
use crate::issuer::account::AccountState;
use crate::issuer::policy::{CardProof, ChooseSecret, CodeGate, FirstUseChange, Gate, Generator};
use crate::issuer::registry::Person;
use crate::issuer::rules::Charset;
use crate::issuer::secret::Secret;

/// The word that shows that no machine answers.
const HUMAN: &str = "human";

impl Engine {
    pub(super) fn submit(
        &mut self,
        id: &ProcedureId,
        input: Input,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let gate = match self.standing_gate(id) {
            Ok(gate) => gate,
            Err(refusal) => return self.noted(id, "submit", Err(refusal)),
        };
        let what = format!("submit {}", gate.name());
        let result = self.answer(id, &gate, input, effects);
        let reply = self.noted(id, &what, result.map(|()| Done::Passed));
        if reply.result.is_err() {
            return reply;
        }
        if let Some(State::Open(place)) = self.procedures.get(id).map(|it| it.state) {
            self.enter(id, place + 1, effects);
        }
        self.reply(id, Ok(Done::Passed))
    }

    fn answer(
        &mut self,
        id: &ProcedureId,
        gate: &Gate,
        input: Input,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        match (gate, input) {
            (Gate::Captcha(_), Input::Captcha(word)) => match word == HUMAN {
                true => Ok(()),
                false => Err(Refusal::Captcha),
            },
            (Gate::CardProof(gate), Input::Proof(signature)) => {
                self.proof(id, gate, &signature, effects)
            }
            (Gate::Code(gate), Input::Code { code, link, repeat })
                if code.is_some() == gate.kind.has_code()
                    && link.is_some() == gate.kind.has_link() =>
            {
                self.code(id, gate, (code, link), &repeat, effects)
            }
            (Gate::ChooseSecret(gate), Input::Choose { new, confirm }) => {
                self.choose(id, gate, (&new, &confirm), effects)
            }
            (
                Gate::FirstUseChange(gate),
                Input::Change {
                    current,
                    new,
                    confirm,
                },
            ) => self.change(id, gate, &current, (&new, &confirm), effects),
            (
                Gate::Identify(_)
                | Gate::Captcha(_)
                | Gate::CardProof(_)
                | Gate::Cooling(_)
                | Gate::Code(_)
                | Gate::ChooseSecret(_)
                | Gate::IssueSecret(_)
                | Gate::Disclose(_)
                | Gate::FirstUseChange(_),
                Input::Captcha(_)
                | Input::Proof(_)
                | Input::Code { .. }
                | Input::Choose { .. }
                | Input::Change { .. },
            ) => Err(Refusal::WrongGate(gate.name())),
        }
    }

    /// The person behind a procedure.
    fn person(&self, id: &ProcedureId) -> Option<&Person> {
        let nun = self.procedures.get(id)?.who.nun.as_deref()?;
        self.registry.get(nun)
    }

    fn proof(
        &mut self,
        id: &ProcedureId,
        gate: &CardProof,
        signature: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let procedure = self.procedures.get(id);
        let challenge = procedure.and_then(|it| it.live.challenge.as_ref());
        let proven = challenge
            .zip(self.person(id))
            .is_some_and(|(challenge, person)| {
                proves(person, gate.compare, &challenge.bytes, signature)
            });
        if !proven {
            self.close(id, CloseReason::Proof, effects);
            return Err(Refusal::Proof);
        }
        Ok(())
    }

    fn code(
        &mut self,
        id: &ProcedureId,
        gate: &CodeGate,
        (code, link): (Option<Typed>, Option<Secret>),
        repeat: &Claims,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let procedure = self.procedures.get(id).ok_or(Refusal::UnknownProcedure)?;
        let sent = procedure.live.code.as_ref().ok_or(Refusal::CodeVoid)?;
        let account = procedure
            .policy
            .account
            .as_ref()
            .map(|rule| rule.name.value.as_str());
        let told = self.person(id).is_some_and(|person| {
            let mut fields = gate.repeat.iter();
            fields.all(|field| self.fact_matches(person, field.value, repeat, account, 0))
        });
        if told && is_sent(sent, gate, code.as_ref(), link.as_ref()) {
            return Ok(());
        }
        let tries_left = self.missed(id, gate.max_tries.value, effects);
        Err(Refusal::WrongCode { tries_left })
    }

    /// Counts a wrong answer, and closes with the last one allowed. Gives how many are left.
    fn missed(&mut self, id: &ProcedureId, max_tries: u32, effects: &mut Vec<Effect>) -> u32 {
        let Some(procedure) = self.procedures.get_mut(id) else {
            return 0;
        };
        procedure.live.tries += 1;
        let left = max_tries.saturating_sub(procedure.live.tries);
        if left == 0 {
            self.close(id, CloseReason::Attempts, effects);
        }
        left
    }

    fn choose(
        &mut self,
        id: &ProcedureId,
        gate: &ChooseSecret,
        (new, confirm): (&Secret, &Secret),
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if new != confirm {
            return Err(Refusal::ConfirmDiffers);
        }
        let broken = gate.rules().broken(new);
        if !broken.is_empty() {
            return Err(Refusal::Rules(broken));
        }
        let name = self.account_name(id);
        let canonical = self.policies.accounts().canonical(&name, new);
        let used = self.person(id).is_some_and(|person| {
            person
                .account(&name)
                .was_used(&canonical, gate.history as usize)
        });
        if used {
            return Err(Refusal::UsedBefore);
        }
        self.take_effect(id, new, effects)
    }

    fn change(
        &mut self,
        id: &ProcedureId,
        gate: &FirstUseChange,
        current: &Secret,
        (new, confirm): (&Secret, &Secret),
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let name = self.account_name(id);
        let canonical = self.policies.accounts().canonical(&name, current);
        let right = self
            .person(id)
            .is_some_and(|it| it.account(&name).matches(&canonical));
        if !right {
            let tries_left = self.missed(id, gate.max_tries.value, effects);
            return Err(Refusal::WrongSecret { tries_left });
        }
        if new != confirm {
            return Err(Refusal::ConfirmDiffers);
        }
        match gate.generator {
            Generator::System => {
                let shown = self
                    .procedures
                    .get(id)
                    .and_then(|it| it.live.shown.as_ref());
                let same = |shown: &Secret| gate.charset.canonical(new) == *shown;
                if !shown.is_some_and(same) {
                    return Err(Refusal::NotTheShown);
                }
            }
            Generator::User => {
                let broken = gate.rules().broken(new);
                if !broken.is_empty() {
                    return Err(Refusal::Rules(broken));
                }
            }
        }
        self.take_effect(id, new, effects)
    }

    /// Sets the account's secret, when the account is still in a state that allows it.
    fn take_effect(
        &mut self,
        id: &ProcedureId,
        new: &Secret,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if !self.may_take_effect(id, effects) {
            return Err(Refusal::Closed(CloseReason::Ineligible));
        }
        self.set_secret(id, new, AccountState::Active, effects);
        Ok(())
    }

    fn account_name(&self, id: &ProcedureId) -> String {
        let rule = self
            .procedures
            .get(id)
            .and_then(|it| it.policy.account.as_ref());
        rule.map(|rule| rule.name.value.clone()).unwrap_or_default()
    }
}

/// Whether this is what was sent.
fn is_sent(sent: &SentCode, gate: &CodeGate, code: Option<&Typed>, link: Option<&Secret>) -> bool {
    let code_right = match (&sent.code, code) {
        (Some(sent), Some(Typed::Text(typed))) => *sent == canonical(gate.charset, typed),
        (Some(sent), Some(Typed::Sha256(hash))) => ct::eq(&sent.sha256(), hash),
        (None, Some(_)) => false,
        (_, None) => !gate.kind.has_code(),
    };
    let link_right = match (&sent.link, link) {
        (Some(sent), Some(given)) => sent == given,
        (None, Some(_)) => false,
        (_, None) => !gate.kind.has_link(),
    };
    code_right && link_right
}

fn canonical(charset: Charset, typed: &Secret) -> Secret {
    charset.canonical(&Secret::new(typed.reveal().trim()))
}
