//! What is asked at each gate: the entries, and what an empty line stands for: what is on record, what arrived, what a holder
//! has at hand.

use super::Walk;
use super::form::{Entry, Form, Offer, What};
use super::words;
use crate::issuer::engine::Standing;
use crate::issuer::outbox::Message;
use crate::issuer::policy::{CodeGate, Field, FirstUseChange, Gate, Generator, Identify, Medium};
use crate::issuer::registry::{Person, published_secret};
use crate::issuer::secret::Secret;

/// A PIN that nobody has.
const NEW_PIN: &str = "13572468";

impl Walk {
    /// What is asked for where the recovery stands now.
    pub(super) fn asks(&mut self) {
        self.form = match self.standing() {
            None => self.identity(),
            Some(Standing::Cooling(_)) => Form::idle("waiting [advance]"),
            Some(Standing::Awaiting(_)) => match self.gate().map(|(_, gate)| gate.clone()) {
                Some(gate) => Form::of(self.entries(&gate)),
                None => Form::idle("over"),
            },
            Some(Standing::Completed) if self.recovered.is_some() => Form::of(vec![Entry::new(
                What::NewPin,
                "new PIN, or no",
                Offer::Shown(NEW_PIN.to_owned()),
            )]),
            Some(Standing::Completed | Standing::Closed(_)) => Form::idle("over"),
        };
    }

    pub(super) fn person(&self) -> Option<&Person> {
        self.engine.registry().get(&self.nun)
    }

    /// Who somebody is.
    fn identity(&self) -> Form {
        match self.gates.first() {
            Some(Gate::Identify(gate)) => Form::of(self.identity_entries(gate)),
            _ => Form::idle("over"),
        }
    }

    fn identity_entries(&self, gate: &Identify) -> Vec<Entry> {
        let digits = gate.puk_digits.as_ref().map_or(0, |digits| digits.value);
        // What the card shows to everybody is read from it, not typed.
        let typed = |field: &Field| !matches!(field, Field::Sod | Field::Nis);
        let fields = gate.fields.iter().map(|field| field.value).filter(typed);
        let mut entries: Vec<Entry> = fields
            .map(|field| {
                let label = match field {
                    Field::PukFirst => format!("first {digits} digits of the PUK"),
                    _ => words::field(field).to_owned(),
                };
                Entry::new(What::Fact(field), label, self.fact(field, digits))
            })
            .collect();
        let contacts = gate.contacts.iter().flat_map(|wanted| &wanted.of);
        entries.extend(contacts.map(|medium| {
            let label = words::medium(*medium);
            Entry::new(What::Contact(*medium), label, self.contact(*medium))
        }));
        entries
    }

    /// What the person has at hand of a fact.
    fn fact(&self, field: Field, digits: u32) -> Offer {
        let person = self.person();
        let shown = |text: Option<&str>| match text {
            Some(text) => Offer::Shown(text.to_owned()),
            None => Offer::Nothing,
        };
        match field {
            Field::Cf => shown(person.and_then(|it| it.cf.as_deref())),
            Field::Nun => shown(Some(&self.nun)),
            Field::Nis => shown(person.map(|it| it.nis.as_str())),
            Field::Email => self.contact(Medium::Email),
            Field::HealthCard => shown(person.and_then(|it| it.health_card.as_deref())),
            Field::Sod => Offer::Nothing,
            Field::PukFirst => {
                let half = self.holder.data.puk.first_half();
                let half: String = half.reveal_str().chars().take(digits as usize).collect();
                Offer::Hidden("as on the receipt", Secret::new(half))
            }
            Field::CurrentSecret => self.secret_in_force(),
        }
    }

    fn contact(&self, medium: Medium) -> Offer {
        let address = self.person().and_then(|it| it.contacts.get(medium));
        match address {
            Some(address) => Offer::Shown(address.to_owned()),
            None => Offer::Nothing,
        }
    }

    /// The secret that the sample person has at first, where it is published.
    fn secret_in_force(&self) -> Offer {
        let account = self.policy.account.as_ref().map(|rule| &rule.name.value);
        let known = account.and_then(|name| published_secret(&self.holder.persona, name));
        match known {
            Some(secret) => Offer::Hidden("as in the file of sample people", secret),
            None => Offer::Nothing,
        }
    }

    fn entries(&self, gate: &Gate) -> Vec<Entry> {
        match gate {
            Gate::Identify(gate) => self.identity_entries(gate),
            Gate::Captcha(_) => {
                let offer = Offer::Shown("human".to_owned());
                vec![Entry::new(What::Human, "security code", offer)]
            }
            Gate::CardProof(_) => {
                let offer = Offer::Shown("mine".to_owned());
                vec![Entry::new(
                    What::Signer,
                    "which card signs, mine or other",
                    offer,
                )]
            }
            Gate::Code(gate) => self.code_entries(gate),
            Gate::ChooseSecret(gate) => {
                let suggestion = gate.rules().generated(self.seed, "walk/suggestion");
                let offer = Offer::Shown(suggestion.reveal().to_owned());
                new_and_again("new secret", offer)
            }
            Gate::FirstUseChange(gate) => self.change_entries(gate),
            // These pass by themselves, or with time.
            Gate::Cooling(_) | Gate::IssueSecret(_) | Gate::Disclose(_) => Vec::new(),
        }
    }

    fn code_entries(&self, gate: &CodeGate) -> Vec<Entry> {
        let mut entries = Vec::new();
        if gate.kind.has_link() {
            entries.push(Entry::new(What::Link, "link", self.arrived_offer("link")));
        }
        if gate.kind.has_code() {
            entries.push(Entry::new(What::Code, "code", self.arrived_offer("code")));
        }
        let repeat = gate.repeat.iter().map(|field| {
            let (label, offer) = (words::field(field.value), self.fact(field.value, 0));
            Entry::new(What::Fact(field.value), format!("{label}, again"), offer)
        });
        entries.extend(repeat);
        entries
    }

    fn change_entries(&self, gate: &FirstUseChange) -> Vec<Entry> {
        let parts: Vec<&str> = self.arrived("part").collect();
        let current = match parts.is_empty() {
            true => self.secret_in_force(),
            false => Offer::Hidden("the parts that arrived", Secret::new(parts.concat())),
        };
        let new = match (gate.generator, &self.shown_secret) {
            (Generator::System, Some(shown)) => Offer::Shown(shown.reveal().to_owned()),
            (Generator::System, None) => Offer::Nothing,
            (Generator::User, _) => {
                let suggestion = gate.rules().generated(self.seed, "walk/suggestion");
                Offer::Shown(suggestion.reveal().to_owned())
            }
        };
        let current = Entry::new(What::Current, "secret in force", current);
        [vec![current], new_and_again("new secret", new)].concat()
    }

    /// What the last message that arrived for this policy's code says.
    pub(super) fn arrived_offer(&self, var: &'static str) -> Offer {
        match self.arrived(var).last() {
            Some(value) => Offer::Shown(value.to_owned()),
            None => Offer::Nothing,
        }
    }

    /// The values of a variable in the messages of this policy that have arrived, in the order in which they were sent.
    fn arrived(&self, var: &'static str) -> impl Iterator<Item = &str> {
        let own = format!("{}.", self.policy.id.value);
        let arrived = self.engine.outbox().arrived(self.now());
        let mut messages: Vec<&Message> = arrived.skip(self.begun_at).collect();
        messages.sort_by_key(|message| message.seq);
        let own = messages
            .into_iter()
            .filter(move |message| message.template.starts_with(&own));
        own.filter_map(move |message| message.var(var))
    }
}

fn new_and_again(label: &str, offer: Offer) -> Vec<Entry> {
    vec![
        Entry::new(What::New, label, offer),
        Entry::new(What::Again, "once more", Offer::Same),
    ]
}
