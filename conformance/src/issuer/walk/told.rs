//! What is shown: gates as they are reached, what was done, messages as they arrive, the outbox, the audit, the state.

use super::begin::policy_uses_card;
use super::{Outcome, Tone, Walk, words};
use crate::issuer::engine::{Effect, Standing};
use crate::issuer::outbox::Message;
use crate::issuer::policy::{Gate, Padding};
use crate::issuer::wire::Halves;

impl Walk {
    /// The gates that were passed by themselves since the one at this place, in words.
    pub(super) fn describes_passed(&mut self, place: Option<usize>) {
        let until = match (self.gate(), self.outcome()) {
            (Some((until, _)), _) => until,
            (None, Outcome::Completed) => self.gates.len() + 1,
            (None, Outcome::Open | Outcome::Closed(_)) => return,
        };
        // The start has passed the first gate.
        for passed in place.unwrap_or(1) + 1..until {
            if let Some(gate) = self.gates.get(passed - 1).cloned() {
                self.describes(passed, &gate);
            }
        }
    }

    fn describes(&mut self, place: usize, gate: &Gate) {
        let of = self.gates.len();
        self.say(Tone::Heading, format!("[{place} of {of}] {}", gate.name()));
        self.say(Tone::Plain, words::gate(gate));
    }

    /// The gate at which the recovery stands, in words.
    pub(super) fn describes_gate(&mut self) {
        let (place, gate) = match self.gate() {
            Some((place, gate)) => (place, gate.clone()),
            None => match self.gates.first() {
                Some(gate) if self.procedure.is_none() => (1, gate.clone()),
                _ => return,
            },
        };
        self.describes(place, &gate);
        if let Some(Standing::Cooling(until)) = self.standing() {
            let text = format!("until {until}: `advance` lets the time pass");
            self.say(Tone::Plain, text);
        }
    }

    /// On to what the recovery waits for next, or to its end.
    pub(super) fn goes_on(&mut self) {
        match self.outcome() {
            // What was refused before it began is asked for once more.
            Outcome::Open if self.procedure.is_none() => {}
            Outcome::Open => self.describes_gate(),
            Outcome::Completed => {
                let of = self.gates.len();
                self.say(
                    Tone::Heading,
                    format!("completed: all {of} gates are passed"),
                );
                self.says_what_now();
            }
            Outcome::Closed(reason) => {
                self.say(Tone::Heading, format!("closed: {reason}"));
                self.say(
                    Tone::Plain,
                    "nothing more comes of it; `again` begins another recovery",
                );
            }
        }
    }

    fn says_what_now(&mut self) {
        let text = match (&self.recovered, &self.policy.account) {
            (Some(_), _) => {
                "the card is in the reader: type the PIN that the PUK is to set, or no".to_owned()
            }
            (None, Some(account)) => format!(
                "`login NAME SECRET` tries it at the account {}; `again` begins another recovery, `quit` leaves",
                account.name.value
            ),
            (None, None) => "`again` begins another recovery, `quit` leaves".to_owned(),
        };
        self.say(Tone::Plain, text);
    }

    /// What was done.
    pub(super) fn tells(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                // Messages are told of as they arrive, ends where the recovery is.
                Effect::Sent { .. } | Effect::Completed(_) | Effect::Closed(..) => {}
                Effect::SecretSet { account, .. } => {
                    let text = format!("a new secret is in force for the account {account}");
                    self.say(Tone::Good, text);
                }
                Effect::SecretIssued { account, .. } => {
                    let text = format!(
                        "a first secret was issued for the account {account}; any earlier one is void"
                    );
                    self.say(Tone::Good, text);
                }
                Effect::SecretShown(secret) => {
                    let text = format!("the new secret, shown this once: {}", secret.reveal());
                    self.say(Tone::Letter, text);
                    self.shown_secret = Some(secret.clone());
                }
                Effect::PukDisclosed { first, second } => self.opens_halves(&Halves {
                    first: first.clone(),
                    second: second.clone(),
                }),
                Effect::DocumentChanged { nun, state } => {
                    self.say(Tone::Plain, format!("document {nun} is {}", state.name()));
                }
                Effect::AccountChanged { account, state, .. } => {
                    let text = format!("account {account} is {}", state.name());
                    self.say(Tone::Plain, text);
                }
            }
        }
    }

    /// The device opens the halves of the PUK.
    fn opens_halves(&mut self, halves: &Halves) {
        let padding = self.gates.iter().find_map(|gate| match gate {
            Gate::Disclose(gate) => Some(gate.padding),
            _ => None,
        });
        match self.holder.open(halves, padding.unwrap_or(Padding::Pkcs1)) {
            Err(why) => self.say(Tone::Bad, why),
            Ok(puk) => {
                let (first, second) = (halves.first.len(), halves.second.len());
                let text = format!(
                    "two halves arrive, {first} and {second} bytes encrypted to the device's key"
                );
                self.say(Tone::Plain, text);
                let (first, second) = (puk.first_half(), puk.second_half());
                let text = format!(
                    "the device opens them: {} and {}, the PUK is {}",
                    first.reveal_str(),
                    second.reveal_str(),
                    String::from_utf8_lossy(puk.reveal())
                );
                self.say(Tone::Letter, text);
                self.recovered = Some(puk);
            }
        }
    }

    /// What has arrived since.
    pub(super) fn shows_arrivals(&mut self) {
        let arrived: Vec<Message> = {
            let all = self.engine.outbox().arrived(self.now());
            all.skip(self.shown).cloned().collect()
        };
        self.shown += arrived.len();
        for message in &arrived {
            self.say(Tone::Letter, letter(message));
        }
        if !arrived.is_empty() {
            self.offers_what_arrived();
        }
    }

    pub(super) fn shows_outbox(&mut self) {
        let sent: Vec<String> = self
            .engine
            .outbox()
            .sent()
            .iter()
            .map(|message| format!("{} {}", message.at, letter(message)))
            .collect();
        if sent.is_empty() {
            self.say(Tone::Plain, "nothing was sent");
        }
        for line in sent {
            self.say(Tone::Letter, line);
        }
    }

    pub(super) fn shows_audit(&mut self) {
        let audit = self.engine.audit().to_string();
        if audit.is_empty() {
            self.say(Tone::Plain, "nothing is written down");
        }
        for line in audit.lines() {
            self.say(Tone::Plain, line);
        }
    }

    pub(super) fn shows_state(&mut self) {
        let now = self.now();
        let next = match self.engine.next_due() {
            Some(due) => format!("; something happens in {}", words::between(now, due)),
            None => String::new(),
        };
        self.say(Tone::Plain, format!("clock: {now}{next}"));
        let standing = match (self.standing(), self.gate()) {
            (Some(standing), Some((place, gate))) => format!(
                "{standing} (gate {place} of {}, {})",
                self.gates.len(),
                gate.name()
            ),
            (Some(standing), None) => standing.to_string(),
            (None, _) => self.waits_for(),
        };
        self.say(Tone::Plain, format!("recovery: {standing}"));
        let ahead = match &self.procedure {
            Some(procedure) => self.engine.ahead(procedure),
            None => self.gates.iter().skip(1).map(Gate::name).collect(),
        };
        if !ahead.is_empty() {
            self.say(Tone::Plain, format!("ahead: {}", ahead.join(", ")));
        }
        if let Some(person) = self.person() {
            let mut lines = vec![format!(
                "document: {} is {}",
                person.nun,
                person.document.name()
            )];
            if let Some(rule) = &self.policy.account {
                let state = person.account(&rule.name.value).state();
                lines.push(format!("account {}: {}", rule.name.value, state.name()));
            }
            for line in lines {
                self.say(Tone::Plain, line);
            }
        }
        if policy_uses_card(&self.gates) {
            let counters = self.holder.counters();
            self.say(Tone::Plain, format!("card: {counters}"));
        }
    }
}

/// A message with what stands in it.
fn letter(message: &Message) -> String {
    let inside = message
        .vars()
        .map(|name| format!("{name} {}", message.var(name).unwrap_or_default()));
    let inside: Vec<String> = inside.collect();
    format!(
        "message {} by {} to {} ({}): {}",
        message.seq,
        message.channel.name(),
        message.to,
        message.template,
        inside.join(", ")
    )
}
