//! What people tell the issuer, as scenarios write it: from the record that the control port shows, from messages, from the card.

use std::collections::BTreeMap;

use cie_conformance::scenario::model::CodeName;
use cie_conformance::scenario::model::issuer::{Facts, Given};
use cie_emulator::persona::CardData;
use serde_json::{Map, Value};

/// What a client knows.
pub(crate) struct Knows<'a> {
    /// The person's entry, as the control port shows it.
    pub(crate) record: Value,
    /// What was read from messages or shown once.
    pub(crate) taken: &'a BTreeMap<String, String>,
    pub(crate) card: &'a CardData,
}

impl Knows<'_> {
    /// A text; `name` says which fact or contact `right` and `wrong` are about.
    pub(crate) fn text(&self, name: &str, given: &Given) -> String {
        let record = || {
            let value = self.record[name].as_str();
            let value = value.or_else(|| self.record["contacts"][name].as_str());
            value.unwrap_or_else(|| panic!("no {name} in {}", self.record))
        };
        match given {
            Given::Right => record().to_owned(),
            Given::Wrong => match (name, record()) {
                ("email" | "pec", address) => format!("not-{address}"),
                (_, value) => changed(value),
            },
            Given::Text(text) => text.clone(),
            Given::Captured(name) => self.taken[name].clone(),
            Given::Spoiled(given) => changed(&self.text(name, given)),
            Given::Join(parts) => parts.iter().map(|part| self.text(name, part)).collect(),
            Given::FirstDigits(count) => {
                self.card.puk.first_half().reveal_str()[..*count as usize].to_owned()
            }
            Given::SecondDigits(count) => {
                self.card.puk.second_half().reveal_str()[..*count as usize].to_owned()
            }
            Given::Code(CodeName::Puk) => digits(&self.card.puk),
            Given::Code(CodeName::Pin) => digits(&self.card.pin),
        }
    }

    /// Everything that somebody tells, as the interface takes it.
    pub(crate) fn told(&self, facts: &Facts) -> Value {
        let named = [
            ("cf", &facts.cf),
            ("nun", &facts.nun),
            ("nis", &facts.nis),
            ("puk_first", &facts.puk_first),
            ("current_secret", &facts.current_secret),
            ("health_card", &facts.health_card),
            ("sms", &facts.sms),
            ("email", &facts.email),
            ("pec", &facts.pec),
        ];
        let told = named.into_iter().filter_map(|(name, given)| {
            let text = self.text(name, given.as_ref()?);
            Some((name.to_owned(), Value::from(text)))
        });
        Value::Object(told.collect::<Map<_, _>>())
    }
}

fn digits(code: &cie_emulator::credentials::Code) -> String {
    String::from_utf8(code.reveal().to_vec()).unwrap()
}

/// The text with its last letter or digit made another one.
pub(crate) fn changed(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let last = characters.iter().rposition(char::is_ascii_alphanumeric);
    let last = &mut characters[last.expect("a letter or digit")];
    *last = match *last {
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        other => char::from_u32(u32::from(other) + 1).unwrap(),
    };
    characters.into_iter().collect()
}
