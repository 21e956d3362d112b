//! Who the issuer knows: invented people with the cards of the emulator's personas. The registry finds a person by a fact,
//! holds the two halves of the PUK apart, and never learns a PIN: none is in it, and no event brings one.

mod contact;
mod load;
mod person;

use std::collections::BTreeMap;

pub use contact::{Contacts, Email, Phone};
pub use load::{people_files, published_secret};
pub use person::{Category, DocumentState, Person};

use super::policy::Field;

/// Why somebody could not be put into the registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The card's security object cannot be read.
    #[error("the card's security object cannot be read: {0}; read EF.SOD again, all of it")]
    SecurityObject(String),
    /// Somebody with this card, fiscal code or address is there already.
    #[error("there is somebody with the same {0} already; give each person their own")]
    Taken(&'static str),
}

/// People by the number of their card.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<String, Person>);

impl Registry {
    /// Puts a person in.
    ///
    /// # Errors
    /// [`RegistryError::Taken`]: two people would be found by one fact.
    pub fn add(&mut self, person: Person) -> Result<(), RegistryError> {
        for field in [Field::Nun, Field::Nis, Field::Cf, Field::Email] {
            let value = value(&person, field);
            if value.is_some_and(|value| self.find(field, value).is_some()) {
                return Err(RegistryError::Taken(field.name()));
            }
        }
        self.0.insert(person.nun.clone(), person);
        Ok(())
    }

    /// Puts a person in; whoever had this card before is forgotten.
    ///
    /// # Errors
    /// [`RegistryError::Taken`], by somebody with another card; nothing has changed then.
    pub fn replace(&mut self, person: Person) -> Result<(), RegistryError> {
        let others = self.0.iter();
        let others = others.filter(|(_, it)| it.nun != person.nun && it.nis != person.nis);
        let mut people = Self(others.map(|(nun, it)| (nun.clone(), it.clone())).collect());
        people.add(person)?;
        *self = people;
        Ok(())
    }

    /// The person of a card.
    #[must_use]
    pub fn get(&self, nun: &str) -> Option<&Person> {
        self.0.get(nun)
    }

    pub(super) fn get_mut(&mut self, nun: &str) -> Option<&mut Person> {
        self.0.get_mut(nun)
    }

    /// The person whom a fact finds; nobody for facts that find no one. Letters count the same, large and small.
    #[must_use]
    pub fn find(&self, field: Field, given: &str) -> Option<&Person> {
        let mut people = self.0.values();
        people.find(|person| {
            value(person, field).is_some_and(|value| value.eq_ignore_ascii_case(given.trim()))
        })
    }

    /// Everybody, by number of card.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.values()
    }
}

/// A person's value of a fact that finds people.
fn value(person: &Person, field: Field) -> Option<&str> {
    match field {
        Field::Nun => Some(&person.nun),
        Field::Nis => Some(&person.nis),
        Field::Cf => person.cf.as_deref(),
        Field::Email => person.contacts.email.as_ref().map(Email::as_str),
        Field::Sod | Field::PukFirst | Field::CurrentSecret | Field::HealthCard => None,
    }
}
