//! The login probe: shows which secret is in force and how far it reaches. It is an aid for tests and no identity provider:
//! no session comes of it. Holders end their accounts here too.

use std::collections::BTreeMap;

use super::Engine;
use super::event::{Claims, Level};
use super::reply::{Done, Effect, Refusal, Reply};
use crate::issuer::account::{AccountKind, AccountState, SecondFactor};
use crate::issuer::clock::Timestamp;
use crate::issuer::registry::Person;
use crate::issuer::rules::Charset;
use crate::issuer::secret::{Draw, Secret};

/// A code of level 2 on its way.
#[derive(Clone, Debug)]
pub(super) struct LoginCode {
    code: Secret,
    expires: Timestamp,
    tries: u32,
}

impl Engine {
    pub(super) fn login(
        &mut self,
        account: &str,
        alias: &str,
        secret: &Secret,
        (level, otp): (Level, Option<&Secret>),
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let result = self.try_login(account, alias, secret, (level, otp), effects);
        self.told(account, "login", result)
    }

    fn try_login(
        &mut self,
        account: &str,
        alias: &str,
        secret: &Secret,
        (level, otp): (Level, Option<&Secret>),
        effects: &mut Vec<Effect>,
    ) -> Result<Done, Refusal> {
        let unknown = || Refusal::UnknownAccount(account.to_owned());
        let accounts = self.policies.accounts().clone();
        let kind = accounts.get(account).ok_or_else(unknown)?;
        let person = self.by_alias(kind, alias).ok_or(Refusal::Login)?;
        let kept = person.account(account);
        if !kept.matches(&accounts.canonical(account, secret)) {
            return Err(Refusal::Login);
        }
        let nun = person.nun.clone();
        match (kept.state(), level) {
            (AccountState::Issued, _) => Ok(Done::MustChange),
            (AccountState::Active, Level::One) => Ok(Done::LoggedIn(Level::One)),
            (AccountState::Active, Level::Two) => {
                let factor = kind.second_factor.as_ref().ok_or(Refusal::NoSecondFactor)?;
                match otp {
                    Some(otp) => self.login_code(account, &nun, factor, otp),
                    None => self.send_login_code(account, &nun, factor, effects),
                }
            }
            (
                AccountState::NotActivated | AccountState::Suspended | AccountState::Revoked,
                Level::One | Level::Two,
            ) => Err(Refusal::Login),
        }
    }

    fn by_alias(&self, kind: &AccountKind, alias: &str) -> Option<&Person> {
        let mut aliases = kind.aliases.iter();
        aliases.find_map(|field| self.registry.find(field.value, alias))
    }

    fn send_login_code(
        &mut self,
        account: &str,
        nun: &str,
        factor: &SecondFactor,
        effects: &mut Vec<Effect>,
    ) -> Result<Done, Refusal> {
        let contacts = self.registry.get(nun).map(|person| &person.contacts);
        let address = contacts.and_then(|contacts| contacts.get(factor.channel));
        let address = address.ok_or(Refusal::NoSecondFactor)?.to_owned();
        self.logins += 1;
        let mut draw = Draw::new(self.seed, &format!("login {}", self.logins));
        let code = draw.text(&Charset::Digits.alphabet(), factor.len.value as usize);
        let now = self.clock.now();
        let kept = LoginCode {
            code: code.clone(),
            expires: factor.ttl.after(now),
            tries: 0,
        };
        self.login_codes
            .insert((account.to_owned(), nun.to_owned()), kept);
        let template = format!("{account}.login");
        let vars = BTreeMap::from([("code", code)]);
        let seq = self
            .outbox
            .send(now, factor.channel, address, template, vars);
        let channel = factor.channel;
        effects.push(Effect::Sent { seq, channel });
        let what = format!("send {}", channel.name());
        self.audit
            .add(now, None, account, what, format!("message {seq}"));
        Ok(Done::LoginCodeSent)
    }

    fn login_code(
        &mut self,
        account: &str,
        nun: &str,
        factor: &SecondFactor,
        otp: &Secret,
    ) -> Result<Done, Refusal> {
        let key = (account.to_owned(), nun.to_owned());
        let now = self.clock.now();
        let kept = self
            .login_codes
            .get_mut(&key)
            .filter(|kept| now < kept.expires);
        let Some(kept) = kept else {
            self.login_codes.remove(&key);
            return Err(Refusal::CodeVoid);
        };
        if kept.code == *otp {
            self.login_codes.remove(&key);
            return Ok(Done::LoggedIn(Level::Two));
        }
        kept.tries += 1;
        let tries_left = factor.max_tries.saturating_sub(kept.tries);
        if tries_left == 0 {
            self.login_codes.remove(&key);
        }
        Err(Refusal::WrongCode { tries_left })
    }

    /// A holder ends their account.
    pub(super) fn revoke(
        &mut self,
        account: &str,
        claims: &Claims,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let accounts = self.policies.accounts().clone();
        let unknown = || Refusal::UnknownAccount(account.to_owned());
        let rule = accounts.get(account).ok_or_else(unknown);
        let result = rule.and_then(|kind| {
            let rule = kind.revocation.as_ref().ok_or(Refusal::Mismatch)?;
            let person = self.found(rule, claims).ok_or(Refusal::Mismatch)?;
            if !self.matches(person, rule, claims, Some(account)) {
                return Err(Refusal::Mismatch);
            }
            let (state, nun) = (person.account(account).state(), person.nun.clone());
            match state {
                AccountState::Issued | AccountState::Active | AccountState::Suspended => Ok(nun),
                AccountState::NotActivated | AccountState::Revoked => {
                    Err(Refusal::AccountState(state))
                }
            }
        });
        let result = result.map(|nun| {
            self.set_account(account, &nun, AccountState::Revoked, effects);
            Done::Recorded
        });
        self.told(account, "revoke", result)
    }
}
