//! Who somebody is, by what they tell: one record of the registry that every given fact matches, or nobody.

use super::Engine;
use super::event::Claims;
use crate::issuer::policy::{Field, Identify};
use crate::issuer::registry::Person;

/// Which account a secret in force is of.
pub(super) type AccountName<'a> = Option<&'a str>;

impl Engine {
    /// The person whom the first of the facts that finds anybody finds, matching or not in the rest.
    pub(super) fn found(&self, rule: &Identify, claims: &Claims) -> Option<&Person> {
        let mut finding = rule.fields.iter().filter(|field| field.finds());
        finding.find_map(|field| self.registry.find(field.value, claims.fact(field.value)?))
    }

    /// Whether every fact and contact that the rule asks for, and every contact given, is this person's.
    pub(super) fn matches(
        &self,
        person: &Person,
        rule: &Identify,
        claims: &Claims,
        account: AccountName<'_>,
    ) -> bool {
        let digits = rule.puk_digits.as_ref().map_or(0, |digits| digits.value);
        let mut fields = rule.fields.iter().map(|field| field.value);
        let facts = fields.all(|field| self.fact_matches(person, field, claims, account, digits));
        facts && contacts_match(person, rule, claims)
    }

    pub(super) fn fact_matches(
        &self,
        person: &Person,
        field: Field,
        claims: &Claims,
        account: AccountName<'_>,
        puk_digits: u32,
    ) -> bool {
        match field {
            Field::Cf | Field::Nun | Field::Nis | Field::Email => claims
                .fact(field)
                .and_then(|given| self.registry.find(field, given))
                .is_some_and(|found| found.nun == person.nun),
            Field::HealthCard => {
                person.health_card.is_some() && claims.fact(field) == person.health_card.as_deref()
            }
            Field::Sod => claims.sod_hashes.as_ref() == Some(&person.sod_hashes),
            Field::PukFirst => claims
                .puk_first
                .as_ref()
                .is_some_and(|digits| person.puk_begins_with(digits, puk_digits as usize)),
            Field::CurrentSecret => match (account, &claims.current_secret) {
                (Some(name), Some(secret)) => {
                    let secret = self.policies.accounts().canonical(name, secret);
                    person.account(name).matches(&secret)
                }
                _ => false,
            },
        }
    }
}

/// Every contact given is on record, and as many of those that count are given as must be.
fn contacts_match(person: &Person, rule: &Identify, claims: &Claims) -> bool {
    let right = claims
        .contacts
        .iter()
        .all(|(medium, address)| person.contacts.is(*medium, address));
    let Some(wanted) = &rule.contacts else {
        return right;
    };
    let given = wanted
        .of
        .iter()
        .filter(|medium| claims.contacts.contains_key(medium));
    right && given.count() >= wanted.at_least.value as usize
}
