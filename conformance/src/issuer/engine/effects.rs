//! What gates do at last: secrets set, issued and sent in parts, the PUK handed out. An account's old secret works up to this
//! moment, and not after it.

use std::collections::BTreeMap;

use cie_crypto::encryption::{EncryptionScheme, encrypt};
use cie_crypto::hash::HashAlgorithm;

use super::Engine;
use super::procedure::ProcedureId;
use super::reply::{CloseReason, Effect};
use crate::issuer::account::AccountState;
use crate::issuer::policy::{Disclose, IssueSecret, Medium, Padding};
use crate::issuer::secret::{Draw, Hashed, Secret};

impl Engine {
    /// Whether the person behind a procedure is still in the state the policy asks for; else it is closed.
    pub(super) fn may_take_effect(&mut self, id: &ProcedureId, effects: &mut Vec<Effect>) -> bool {
        let Some(procedure) = self.procedures.get(id) else {
            return false;
        };
        let nun = procedure.who.nun.as_deref();
        let Some(person) = nun.and_then(|nun| self.registry.get(nun)) else {
            self.close(id, CloseReason::Mismatch, effects);
            return false;
        };
        let account = procedure.policy.account.as_ref();
        let allowed = account.is_none_or(|rule| {
            let state = person.account(&rule.name).state();
            match procedure.issued {
                true => state == AccountState::Issued,
                false => rule.require.contains(&state),
            }
        });
        if !allowed {
            self.close(id, CloseReason::Ineligible, effects);
        }
        allowed
    }

    /// Replaces the secret of the account that a procedure is about.
    pub(super) fn set_secret(
        &mut self,
        id: &ProcedureId,
        secret: &Secret,
        state: AccountState,
        effects: &mut Vec<Effect>,
    ) {
        let Some(procedure) = self.procedures.get(id) else {
            return;
        };
        let (Some(nun), Some(rule)) = (procedure.who.nun.clone(), &procedure.policy.account) else {
            return;
        };
        let account = rule.name.value.clone();
        let label = format!("salt {} {}", procedure.number, state.name());
        let mut draw = Draw::new(self.seed, &label);
        let canonical = self.policies.accounts().canonical(&account, secret);
        let hashed = Hashed::new(&canonical, draw.source());
        if let Some(person) = self.registry.get_mut(&nun) {
            person
                .accounts
                .entry(account.clone())
                .or_default()
                .set(hashed, state);
        }
        self.login_codes.remove(&(account.clone(), nun.clone()));
        self.note(id, "secret", state.name());
        effects.push(match state {
            AccountState::Issued => Effect::SecretIssued { account, nun },
            AccountState::Active
            | AccountState::NotActivated
            | AccountState::Suspended
            | AccountState::Revoked => Effect::SecretSet { account, nun },
        });
    }

    /// Makes a secret and sends its parts. Somebody to whom a part cannot be sent keeps the old one. Whether it was done.
    pub(super) fn issue(
        &mut self,
        id: &ProcedureId,
        gate: &IssueSecret,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(procedure) = self.procedures.get_mut(id) else {
            return false;
        };
        let nun = procedure.who.nun.as_deref();
        let contacts = nun
            .and_then(|nun| self.registry.get(nun))
            .map(|it| &it.contacts);
        let ways = gate.parts.iter().map(|part| {
            let mut ways = part.channel.iter();
            ways.find_map(|way| Some((*way, contacts?.get(*way)?.to_owned())))
        });
        let Some(ways) = ways.collect::<Option<Vec<_>>>() else {
            self.close(id, CloseReason::Ineligible, effects);
            return false;
        };
        procedure.issued = true;
        let mut draw = Draw::new(self.seed, &format!("issued {}", procedure.number));
        let alphabet = gate.charset.alphabet();
        let parts = gate
            .parts
            .iter()
            .map(|part| draw.text(&alphabet, part.len.value as usize));
        let parts: Vec<Secret> = parts.collect();
        let whole = parts
            .iter()
            .fold(Secret::new(""), |whole, part| whole.join(part));
        self.set_secret(id, &whole, AccountState::Issued, effects);
        for (number, (way, part)) in ways.into_iter().zip(parts).enumerate() {
            let template = format!("part-{}", number + 1);
            self.send(
                id,
                way,
                &template,
                BTreeMap::from([("part", part)]),
                effects,
            );
        }
        true
    }

    /// Hands out the halves of the PUK, each encrypted by itself. Whether it was done.
    pub(super) fn disclose(
        &mut self,
        id: &ProcedureId,
        gate: &Disclose,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(procedure) = self.procedures.get(id) else {
            return false;
        };
        let nun = procedure.who.nun.as_deref();
        let person = nun.and_then(|nun| self.registry.get(nun));
        let mut draw = Draw::new(self.seed, &format!("disclosure {}", procedure.number));
        let scheme = match gate.padding {
            Padding::Pkcs1 => EncryptionScheme::Pkcs1,
            Padding::OaepSha1 => EncryptionScheme::Oaep(HashAlgorithm::Sha1),
            Padding::OaepSha256 => EncryptionScheme::Oaep(HashAlgorithm::Sha256),
        };
        let halves = person
            .zip(procedure.device_key.as_ref())
            .and_then(|(person, key)| {
                let mut seal = |half: &Secret| {
                    encrypt(key, scheme, half.reveal().as_bytes(), draw.source()).ok()
                };
                let [first, second] = person.puk_halves();
                Some((seal(first)?, seal(second)?))
            });
        match halves {
            None => {
                self.close(id, CloseReason::Ineligible, effects);
                false
            }
            Some((first, second)) => {
                effects.push(Effect::PukDisclosed { first, second });
                self.note(id, "disclose", "ok");
                true
            }
        }
    }

    /// Puts a message into the outbox.
    pub(super) fn send(
        &mut self,
        id: &ProcedureId,
        (channel, to): (Medium, String),
        template: &str,
        vars: BTreeMap<&'static str, Secret>,
        effects: &mut Vec<Effect>,
    ) {
        let policy = self
            .procedures
            .get(id)
            .map(|it| it.policy.id.value.as_str());
        let template = format!("{}.{template}", policy.unwrap_or("issuer"));
        let seq = self
            .outbox
            .send(self.clock.now(), channel, to, template, vars);
        effects.push(Effect::Sent { seq, channel });
        self.note(
            id,
            &format!("send {}", channel.name()),
            format!("message {seq}"),
        );
    }
}
