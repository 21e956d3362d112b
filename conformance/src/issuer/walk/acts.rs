//! What comes of what is entered: answers to gates, commands, and the trial of the PUK at the end.

use super::commands::{Command, HELP};
use super::form::{Offer, What};
use super::{Tone, Walk};
use crate::issuer::clock::Timestamp;
use crate::issuer::engine::{Awaiting, Claims, Event, Input, Level, Standing, Typed};
use crate::issuer::policy::{Field, Gate};
use crate::issuer::secret::Secret;

type Given = Vec<(What, Secret)>;

impl Walk {
    /// Takes the next entry, and acts on all of them with the last.
    pub(super) fn answer(&mut self, text: &str) {
        if self.form.is_idle() {
            let waits = matches!(self.standing(), Some(Standing::Cooling(_)));
            return match waits && text.is_empty() {
                true => self.obey(Command::Advance(None)),
                false => self.nothing_is_asked(),
            };
        }
        let Some(given) = self.form.give(text) else {
            return;
        };
        if matches!(given.first(), Some((What::NewPin, _))) {
            return self.tries_the_puk(&given);
        }
        match self.procedure.is_some() {
            false => self.starts(given),
            true => self.submits(&given),
        }
    }

    fn nothing_is_asked(&mut self) {
        let text = match self.standing() {
            Some(Standing::Cooling(until)) => {
                format!("nothing is asked before {until}; `advance` goes there")
            }
            _ => "it is over: `again` begins another recovery, `quit` leaves".to_owned(),
        };
        self.say(Tone::Plain, text);
    }

    fn starts(&mut self, given: Given) {
        let claims = match self.claims(given) {
            Ok(claims) => claims,
            Err(why) => {
                self.say(Tone::Bad, format!("the card's papers are refused: {why}"));
                return self.asks();
            }
        };
        self.begun_at = self.engine.outbox().arrived(self.now()).count();
        let now = self.now();
        let revision = self.policy.revision(now).ok().flatten();
        self.gates = self.policy.gates_of(revision);
        let event = Event::Start {
            policy: self.policy.id.value.clone(),
            channel: self.channel,
            claims,
        };
        self.happens(event);
    }

    /// What the person tells, with what the card shows where the policy asks for that.
    fn claims(&mut self, given: Given) -> Result<Claims, String> {
        let asks = |wanted: Field| match self.gates.first() {
            Some(Gate::Identify(gate)) => gate.fields.iter().any(|field| field.value == wanted),
            _ => false,
        };
        let mut claims = Claims::default();
        if asks(Field::Sod) || asks(Field::Nis) {
            let nun = given
                .iter()
                .find(|(what, _)| *what == What::Fact(Field::Nun));
            let nun = nun.map_or(self.nun.as_str(), |(_, nun)| nun.reveal().trim());
            let nun = nun.to_owned();
            claims = self.holder.evidence(&nun, &self.trusted)?.into();
            let what = "the card is read: service number, services key, security object";
            self.say(Tone::Aside, what);
        }
        claims.device_key = Some(self.holder.device().public_key().clone());
        for (what, value) in given {
            claims = told(claims, what, &value);
        }
        Ok(claims)
    }

    fn submits(&mut self, given: &Given) {
        let Some(procedure) = self.procedure.clone() else {
            return;
        };
        let of = |wanted: What| {
            let mut given = given.iter();
            given.find_map(|(what, value)| (*what == wanted).then(|| value.clone()))
        };
        let new = || of(What::New).zip(of(What::Again));
        let input = if let Some(word) = of(What::Human) {
            Ok(Input::Captcha(word.reveal().to_owned()))
        } else if let Some(which) = of(What::Signer) {
            self.signature(which.reveal()).map(Input::Proof)
        } else if let (Some(current), Some((new, confirm))) = (of(What::Current), new()) {
            Ok(Input::Change {
                current,
                new,
                confirm,
            })
        } else if let Some((new, confirm)) = new() {
            Ok(Input::Choose { new, confirm })
        } else {
            Ok(Input::Code {
                code: of(What::Code).map(Typed::Text),
                link: of(What::Link),
                repeat: Box::new(repeated(given)),
            })
        };
        match input {
            Ok(input) => self.happens(Event::Submit { procedure, input }),
            Err(why) => self.say(Tone::Bad, why),
        }
    }

    /// A signature over the challenge of this moment, by the holder's card or by a stranger's.
    fn signature(&mut self, which: &str) -> Result<Vec<u8>, String> {
        let Some(Standing::Awaiting(Awaiting::Proof { challenge, .. })) = self.standing() else {
            return Err("no proof is asked for".to_owned());
        };
        let (whose, signature) = match which.trim() {
            "mine" => ("the card", self.holder.sign(&challenge)?),
            "other" => (
                "a stranger's card",
                self.holder.strangers_signature(&challenge)?,
            ),
            other => return Err(format!("`{other}` is neither mine nor other")),
        };
        let length = signature.len();
        let text = format!(
            "challenge {}: {whose} signs it with key 83, {length} bytes",
            hex::encode_upper(&challenge)
        );
        self.say(Tone::Aside, text);
        Ok(signature)
    }

    /// Presents the PUK that came back.
    fn tries_the_puk(&mut self, given: &Given) {
        let new = given.first().map_or("", |(_, new)| new.reveal()).to_owned();
        if ["no", "n"].contains(&new.trim()) {
            return self.is_over();
        }
        let Some(puk) = self.recovered.clone() else {
            return;
        };
        let before = self.holder.counters();
        self.say(Tone::Plain, format!("card before: {before}"));
        match self.holder.unblock(&puk, new.trim()) {
            Err(why) => {
                self.say(Tone::Bad, why);
                return self.asks();
            }
            Ok((said, good)) => {
                for line in said {
                    self.say(Tone::Plain, line);
                }
                let after = self.holder.counters();
                self.say(Tone::Plain, format!("card after: {after}"));
                let right = self.holder.data.puk.matches(puk.reveal());
                match (good, right) {
                    (true, _) => self.say(Tone::Good, "the PIN is unblocked, and the new one is in force"),
                    (false, true) => self.say(Tone::Bad, "the PUK is the right one and useless: wrong ones have locked it for good, and what is left of the card is a document"),
                    (false, false) => self.say(Tone::Bad, "this is not the card's PUK"),
                }
            }
        }
        self.is_over();
    }

    fn is_over(&mut self) {
        self.recovered = None;
        self.form = super::form::Form::idle("over");
        self.nothing_is_asked();
    }

    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Help => {
                for (command, what) in HELP {
                    self.say(Tone::Plain, format!("{command:<29} {what}"));
                }
            }
            Command::Advance(Some(by)) => self.passes(by.after(self.now())),
            Command::Advance(None) => match self.engine.next_due() {
                Some(due) => self.passes(due),
                None => self.say(
                    Tone::Bad,
                    "nothing will happen by itself; say how long: `advance 48h`",
                ),
            },
            Command::Until(instant) if instant < self.now() => {
                let now = self.now();
                self.say(
                    Tone::Bad,
                    format!("it is {now} already; time does not go back"),
                );
            }
            Command::Until(instant) => self.passes(instant),
            Command::BadTime(why) => self.say(Tone::Bad, why),
            Command::Outbox => self.shows_outbox(),
            Command::Audit => self.shows_audit(),
            Command::State => self.shows_state(),
            Command::Resend => match self.procedure.clone() {
                Some(procedure) => self.happens(Event::Resend { procedure }),
                None => self.say(Tone::Bad, "no recovery has begun"),
            },
            Command::Again => self.begins_again(),
            Command::Login { alias, secret, otp } => self.logs_in(alias, &secret, otp),
            Command::Quit => self.left = true,
        }
    }

    fn passes(&mut self, until: Timestamp) {
        let place = self.gate().map(|(place, _)| place);
        let ended = matches!(
            self.standing(),
            Some(Standing::Completed | Standing::Closed(_))
        );
        let outcome = self.engine.step(until, Event::Tick);
        self.say(Tone::Plain, format!("clock: {until}"));
        self.tells(&outcome.effects);
        let moved = place != self.gate().map(|(place, _)| place);
        if moved && !ended {
            self.goes_on();
        }
        self.shows_arrivals();
        if moved && !ended {
            self.asks();
        }
    }

    fn begins_again(&mut self) {
        self.procedure = None;
        self.recovered = None;
        self.shown_secret = None;
        self.asks();
        self.describes_gate();
    }

    fn logs_in(&mut self, alias: String, secret: &str, otp: Option<String>) {
        let Some(account) = self.policy.account.as_ref() else {
            return self.say(Tone::Bad, "this policy is about no account");
        };
        let level = match otp.is_some() {
            true => Level::Two,
            false => Level::One,
        };
        let outcome = self.engine.step(
            self.engine.now(),
            Event::Login {
                account: account.name.value.clone(),
                alias,
                secret: Secret::new(secret),
                level,
                otp: otp.filter(|otp| otp != "send").map(Secret::new),
            },
        );
        match outcome.reply.result {
            Ok(done) => self.say(Tone::Good, done.to_string()),
            Err(refusal) => self.say(Tone::Bad, format!("refused: {refusal}")),
        }
        self.tells(&outcome.effects);
        self.shows_arrivals();
    }

    /// Something happens at the issuer now, and is told.
    fn happens(&mut self, event: Event) {
        let place = self.gate().map(|(place, _)| place);
        let outcome = self.engine.step(self.engine.now(), event);
        if self.procedure.is_none() {
            self.procedure.clone_from(&outcome.reply.procedure);
        }
        match &outcome.reply.result {
            Ok(done) => self.say(Tone::Good, done.to_string()),
            Err(refusal) => self.say(Tone::Bad, format!("refused: {refusal}")),
        }
        self.describes_passed(place);
        self.tells(&outcome.effects);
        if self.gate().is_none() || place != self.gate().map(|(place, _)| place) {
            self.goes_on();
        }
        self.shows_arrivals();
        self.asks();
    }

    /// A new offer for what has just arrived, where a code is waited for.
    pub(super) fn offers_what_arrived(&mut self) {
        for (what, var) in [(What::Code, "code"), (What::Link, "link")] {
            let offer: Offer = self.arrived_offer(var);
            self.form.offer(what, &offer);
        }
    }
}

/// What is told again together with a code.
fn repeated(given: &Given) -> Claims {
    let facts = given
        .iter()
        .filter(|(what, _)| matches!(what, What::Fact(_)));
    facts.fold(Claims::default(), |claims, (what, value)| {
        told(claims, *what, value)
    })
}

/// The claims with one more thing told.
fn told(mut claims: Claims, what: What, value: &Secret) -> Claims {
    let text = value.reveal();
    let none = text.trim().is_empty() || text.trim() == "-";
    match what {
        What::Fact(Field::PukFirst) => claims.puk_first = Some(value.clone()),
        What::Fact(Field::CurrentSecret) => claims.current_secret = Some(value.clone()),
        What::Fact(field) => claims = claims.with(field, text),
        What::Contact(medium) if !none => claims = claims.contact(medium, text),
        _ => {}
    }
    claims
}
