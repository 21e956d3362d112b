//! What people give: values of the language become facts, codes and secrets, from the record of the person in question and from
//! what was read before.

use super::super::{Session, Trouble};
use super::harness;
use crate::issuer::engine::Claims;
use crate::issuer::policy::{Field, Medium};
use crate::issuer::registry::Person;
use crate::issuer::secret::Secret;
use crate::scenario::model::CodeName;
use crate::scenario::model::issuer::{Facts, Given};

impl Session {
    /// A value that no record holds: a code, a link, a password.
    pub(super) fn given(&mut self, value: &Given) -> Result<Secret, Trouble> {
        Ok(match value {
            Given::Text(text) => Secret::new(text.clone()),
            Given::Captured(name) => {
                let taken = self.office()?.taken.get(name).cloned();
                taken.ok_or_else(|| harness(format!("nothing was read as `{name}`")))?
            }
            Given::Spoiled(value) => spoiled(&self.given(value)?),
            Given::Join(parts) => {
                let mut whole = Secret::new("");
                for part in parts {
                    whole = whole.join(&self.given(part)?);
                }
                whole
            }
            Given::FirstDigits(count) => self.digits_of_puk(false, *count)?,
            Given::SecondDigits(count) => self.digits_of_puk(true, *count)?,
            Given::Code(name) => {
                let code = self.codes.right(*name);
                let code = code.map_err(|words| self.unknown_code(words))?;
                Secret::new(String::from_utf8_lossy(code.reveal()).into_owned())
            }
            Given::Right | Given::Wrong => {
                let what = "right and wrong stand for facts on record; write the text itself, or what was captured";
                return Err(harness(what));
            }
        })
    }

    fn digits_of_puk(&mut self, second: bool, count: u32) -> Result<Secret, Trouble> {
        let puk = self.codes.right(CodeName::Puk);
        let puk = puk.map_err(|words| self.unknown_code(words))?;
        let half = match second {
            true => puk.second_half(),
            false => puk.first_half(),
        };
        let digits = half.reveal_str().chars().take(count as usize);
        Ok(Secret::new(digits.collect::<String>()))
    }

    /// A fact as somebody tells it.
    pub(super) fn fact(&mut self, field: Field, value: &Given) -> Result<String, Trouble> {
        let told = |record: Option<&str>| {
            let what = || harness(format!("no {} is on record", field.name()));
            record.map(str::to_owned).ok_or_else(what)
        };
        match value {
            Given::Right => told(on_record(self.office()?.person()?, field)),
            Given::Wrong => {
                let right = told(on_record(self.office()?.person()?, field))?;
                Ok(changed(&right))
            }
            _ => Ok(self.given(value)?.reveal().to_owned()),
        }
    }

    /// A contact as somebody tells it.
    pub(super) fn contact(&mut self, medium: Medium, value: &Given) -> Result<String, Trouble> {
        let what = || harness(format!("no {} contact is on record", medium.name()));
        let record = |session: &mut Self| -> Result<String, Trouble> {
            let person = session.office()?.person()?;
            person
                .contacts
                .get(medium)
                .map(str::to_owned)
                .ok_or_else(what)
        };
        match value {
            Given::Right => record(self),
            Given::Wrong => Ok(match (medium, record(self)?) {
                (Medium::Sms, number) => changed(&number),
                (Medium::Email | Medium::Pec, address) => format!("not-{address}"),
            }),
            _ => Ok(self.given(value)?.reveal().to_owned()),
        }
    }

    /// Everything somebody tells of themselves.
    pub(super) fn claims(&mut self, facts: &Facts) -> Result<Claims, Trouble> {
        let mut claims = Claims::default();
        let texts = [
            (Field::Cf, &facts.cf),
            (Field::Nun, &facts.nun),
            (Field::Nis, &facts.nis),
            (Field::HealthCard, &facts.health_card),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                claims = claims.with(field, self.fact(field, value)?);
            }
        }
        let contacts = [
            (Medium::Sms, &facts.sms),
            (Medium::Email, &facts.email),
            (Medium::Pec, &facts.pec),
        ];
        for (medium, value) in contacts {
            if let Some(value) = value {
                let address = self.contact(medium, value)?;
                if medium == Medium::Email {
                    // An address is a contact, and a fact that finds its holder.
                    claims = claims.with(Field::Email, address.clone());
                }
                claims = claims.contact(medium, address);
            }
        }
        let secret = |session: &mut Self, value: &Option<Given>| -> Result<_, Trouble> {
            value.as_ref().map(|value| session.given(value)).transpose()
        };
        claims.puk_first = secret(self, &facts.puk_first)?;
        claims.current_secret = secret(self, &facts.current_secret)?;
        Ok(claims)
    }
}

fn on_record(person: &Person, field: Field) -> Option<&str> {
    match field {
        Field::Cf => person.cf.as_deref(),
        Field::Nun => Some(&person.nun),
        Field::Nis => Some(&person.nis),
        Field::Email => person.contacts.get(Medium::Email),
        Field::HealthCard => person.health_card.as_deref(),
        Field::Sod | Field::PukFirst | Field::CurrentSecret => None,
    }
}

fn spoiled(secret: &Secret) -> Secret {
    Secret::new(changed(secret.reveal()))
}

/// The text with its last letter or digit made another one of its kind.
fn changed(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let place = characters.iter().rposition(char::is_ascii_alphanumeric);
    match place.and_then(|place| characters.get_mut(place)) {
        Some(last) => {
            *last = match *last {
                '9' => '0',
                'z' => 'a',
                'Z' => 'A',
                other => char::from_u32(u32::from(other) + 1).unwrap_or('0'),
            };
        }
        None => characters.push('x'),
    }
    characters.into_iter().collect()
}
