//! Steps at the issuer, carried out: one issuer for each case, with a clock and randomness of its own that derive from nothing
//! but the case. What it answers is judged in [`judge`]; what it decides is the engine's.

mod client;
mod given;
pub(in super::super) mod judge;
mod letters;
mod office;

use cie_crypto::random::Seeded;

use super::{Outcome, Session, Trouble};
use crate::issuer::audit::Audit;
use crate::issuer::clock::Timestamp;
use crate::issuer::engine::{Effect, Event, Input, Level, ProcedureId, Typed};
use crate::issuer::secret::Secret;
use crate::scenario::model::Step;
use crate::scenario::model::issuer::{Issuer, Login, Operator, Revoke, Start, Submission, Whose};
use judge::Replied;
use office::Known;
pub(super) use office::Office;

/// When an issuer opens that no step opens: any day on which nothing begins or ends.
const OPENS: &str = "2026-03-02T09:00:00Z";

/// What came of a step at the issuer.
#[derive(Debug, Default)]
pub(in super::super) struct AtIssuer {
    /// The answer, where there is one.
    pub(in super::super) replied: Option<Replied>,
    /// What was expected of letterboxes and is not so.
    pub(in super::super) missed: Vec<String>,
    /// What happened, line by line, without anything secret.
    pub(in super::super) events: Vec<String>,
}

impl AtIssuer {
    fn said(line: impl Into<String>) -> Self {
        Self {
            events: vec![line.into()],
            ..Self::default()
        }
    }

    fn replied(replied: Replied, effects: &[Effect], office: &Office) -> Self {
        let mut events = vec![replied.to_string()];
        events.extend(effects.iter().map(|effect| office.words(effect)));
        Self {
            replied: Some(replied),
            missed: Vec::new(),
            events,
        }
    }
}

pub(super) type Happened = Result<AtIssuer, Trouble>;

fn harness(what: impl ToString) -> Trouble {
    Trouble::Harness(what.to_string())
}

impl Session {
    /// What happened at the issuer of this case; nothing where there is none.
    pub(in super::super) fn audit(&self) -> Option<&Audit> {
        self.office.as_deref().map(Office::audit)
    }

    /// Carries one step at the issuer out.
    pub(super) fn at_issuer(&mut self, step: &Step, issuer: &Issuer) -> Result<Outcome, Trouble> {
        let capture = step.capture.as_ref().map(|capture| capture.name.clone());
        let happened = self.happens(issuer, capture.as_deref())?;
        Ok(Outcome {
            issuer: Some(happened),
            ..Outcome::default()
        })
    }

    fn happens(&mut self, issuer: &Issuer, capture: Option<&str>) -> Happened {
        match issuer {
            Issuer::Open(at) => self.opens(at.0),
            Issuer::Enrol(enrol) => self.enrols(enrol),
            Issuer::Start(start) => self.starts(start, capture),
            Issuer::Submit(submission) => self.submits(submission, capture),
            Issuer::Resend(whose) => self.resends(whose),
            Issuer::Send(send) => self.sends(send),
            Issuer::Advance(by) => {
                let until = by.after(self.office()?.now());
                self.passes(until)
            }
            Issuer::Until(at) => self.passes(at.0),
            Issuer::ExpectMessage(wanted) => self.expects(wanted),
            Issuer::ExpectNoMessage(wanted) => self.expects_none(wanted),
            Issuer::TakeCode(take) => self.takes(take, capture.unwrap_or_default()),
            Issuer::Login(login) => self.logs_in(login),
            Issuer::Revoke(revoke) => self.revokes(revoke),
            Issuer::Faults(faults) => Ok(self.office()?.disturb(faults)),
            Issuer::Operator(operator) => self.operates(operator),
        }
    }

    /// The issuer of this case; it opens with the people that come with the program.
    fn office(&mut self) -> Result<&mut Office, Trouble> {
        if self.office.is_none() {
            let opens = OPENS.parse().map_err(harness)?;
            self.office = Some(Box::new(self.new_office(opens)?));
        }
        self.office
            .as_deref_mut()
            .ok_or_else(|| harness("the issuer did not open"))
    }

    fn new_office(&self, opens: Timestamp) -> Result<Office, Trouble> {
        Office::open(opens, self.seed, self.holder()).map_err(harness)
    }

    /// The number of the document under test, where it is known.
    fn holder(&self) -> Option<String> {
        use crate::scenario::model::PersonaField::DocumentNumber;
        let number = self.facts.field(DocumentNumber).ok()?;
        Some(String::from_utf8_lossy(number).into_owned())
    }

    fn opens(&mut self, at: Timestamp) -> Happened {
        if self.office.is_some() {
            let what = "the issuer is open already: `open` comes before every other step at it";
            return Err(harness(what));
        }
        self.office = Some(Box::new(self.new_office(at)?));
        Ok(AtIssuer::said(format!("the issuer opens at {at}")))
    }

    fn passes(&mut self, until: Timestamp) -> Happened {
        let office = self.office()?;
        if until < office.now() {
            let now = office.now();
            return Err(harness(format!(
                "it is {now} already; time does not go back"
            )));
        }
        let outcome = office.engine.step(until, Event::Tick);
        let mut happened = AtIssuer::said(format!("it is {until}"));
        let effects = outcome.effects.iter();
        happened
            .events
            .extend(effects.map(|effect| office.words(effect)));
        Ok(happened)
    }

    fn starts(&mut self, start: &Start, capture: Option<&str>) -> Happened {
        let claims = self.claims(&start.identify)?;
        let office = self.office()?;
        let event = Event::Start {
            policy: start.policy.value.clone(),
            channel: start.channel.value.0,
            claims,
        };
        let outcome = office.step(event);
        if let Some(procedure) = &outcome.reply.procedure {
            office.remember(Known::new(procedure.clone(), start.name.clone()));
        }
        office.keep_shown(&outcome.effects, capture);
        let replied = Replied::of(&outcome.reply);
        Ok(AtIssuer::replied(replied, &outcome.effects, office))
    }

    fn submits(&mut self, submission: &Submission, capture: Option<&str>) -> Happened {
        let procedure = self.office()?.named(submission.procedure.as_deref())?;
        let input = self.input(submission, &procedure)?;
        let office = self.office()?;
        let outcome = office.step(Event::Submit { procedure, input });
        office.keep_shown(&outcome.effects, capture);
        let replied = Replied::of(&outcome.reply);
        Ok(AtIssuer::replied(replied, &outcome.effects, office))
    }

    fn input(
        &mut self,
        submission: &Submission,
        procedure: &ProcedureId,
    ) -> Result<Input, Trouble> {
        if let Some(word) = &submission.captcha {
            return Ok(Input::Captcha(self.given(word)?.reveal().to_owned()));
        }
        if let Some(code) = &submission.code {
            let given =
                |session: &mut Self, value: &Option<_>| -> Result<Option<Secret>, Trouble> {
                    value.as_ref().map(|value| session.given(value)).transpose()
                };
            let (typed, link) = (given(self, &code.code)?, given(self, &code.link)?);
            return Ok(Input::Code {
                code: typed.map(Typed::Text),
                link,
                repeat: Box::new(self.claims(&code.repeat)?),
            });
        }
        if let Some(choice) = &submission.choose_secret {
            let new = self.given(&choice.secret)?;
            let confirm = choice.confirm.as_ref().map(|again| self.given(again));
            let confirm = confirm.transpose()?.unwrap_or_else(|| new.clone());
            return Ok(Input::Choose { new, confirm });
        }
        if let Some(change) = &submission.first_use_change {
            let (current, new) = (self.given(&change.current)?, self.given(&change.new)?);
            let confirm = change.confirm.as_ref().map(|again| self.given(again));
            let confirm = confirm.transpose()?.unwrap_or_else(|| new.clone());
            return Ok(Input::Change {
                current,
                new,
                confirm,
            });
        }
        let proof = submission.card_proof.unwrap_or_default();
        self.proof(proof, procedure).map(Input::Proof)
    }

    fn resends(&mut self, whose: &Whose) -> Happened {
        let office = self.office()?;
        let procedure = office.named(whose.procedure.as_deref())?;
        let outcome = office.step(Event::Resend { procedure });
        let replied = Replied::of(&outcome.reply);
        Ok(AtIssuer::replied(replied, &outcome.effects, office))
    }

    fn logs_in(&mut self, login: &Login) -> Happened {
        let mut aliases = login.alias.aliases();
        let (field, value) = aliases.next().ok_or_else(|| harness("no user name"))?;
        let alias = self.fact(field, value)?;
        let secret = self.given(&login.secret)?;
        let otp = login.otp.as_ref().map(|otp| self.given(otp)).transpose()?;
        let level = match otp.is_some() || login.second_level {
            true => Level::Two,
            false => Level::One,
        };
        let office = self.office()?;
        let outcome = office.step(Event::Login {
            account: login.account.value.clone(),
            alias,
            secret,
            level,
            otp,
        });
        let replied = Replied::of(&outcome.reply);
        Ok(AtIssuer::replied(replied, &outcome.effects, office))
    }

    fn revokes(&mut self, revoke: &Revoke) -> Happened {
        let claims = self.claims(&revoke.identify)?;
        let office = self.office()?;
        let outcome = office.step(Event::Revoke {
            account: revoke.account.value.clone(),
            claims,
        });
        let replied = Replied::of(&outcome.reply);
        Ok(AtIssuer::replied(replied, &outcome.effects, office))
    }

    /// What an operator does is done, or the scenario asks for what cannot be.
    fn operates(&mut self, operator: &Operator) -> Happened {
        let office = self.office()?;
        let nun = office.person()?.nun.clone();
        let document = operator.document.map(|state| Event::Document {
            nun: nun.clone(),
            state,
        });
        let accounts = operator
            .accounts
            .iter()
            .map(|(account, state)| Event::Operator {
                account: account.clone(),
                nun: nun.clone(),
                state: *state,
            });
        let events: Vec<Event> = document.into_iter().chain(accounts).collect();
        let mut happened = AtIssuer::default();
        for event in events {
            let outcome = office.step(event);
            if let Err(refusal) = outcome.reply.result {
                return Err(harness(format!("the operator cannot do this: {refusal}")));
            }
            let effects = outcome.effects.iter();
            happened
                .events
                .extend(effects.map(|effect| office.words(effect)));
        }
        Ok(happened)
    }
}

/// Randomness of one purpose of the case's client, apart from the terminal's and the card's.
fn client_random(seed: u64) -> Seeded {
    Seeded::derived(seed, "issuer's client")
}
