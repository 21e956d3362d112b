//! Addresses that reach nobody: e-mail at the domains reserved for examples and tests (RFC 2606), and telephone numbers in a
//! range that no numbering plan uses. Anything else cannot be built, so no file can bring a real person in.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::issuer::policy::Medium;
use crate::scenario::text::text_type;

/// An e-mail address at `example.org`, `example.com`, `example.net`, below one of them, or below `.test`. Kept in small
/// letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text
            .split_once('@')
            .ok_or_else(|| format!("`{text}` is no e-mail address"))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
        if local.is_empty() || !local.bytes().chain(domain.bytes()).all(plain) {
            return Err(format!("`{text}` is no e-mail address"));
        }
        let reserved = ["example.org", "example.com", "example.net", "test"];
        let below = |end: &str| {
            domain
                .strip_suffix(end)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        let exact = reserved.contains(&domain) && domain != "test";
        match exact || reserved.iter().any(|end| below(end)) {
            true => Ok(Self(text)),
            false => Err(format!(
                "`{text}` may belong to somebody: only example.org, example.com, example.net and domains below .test are taken"
            )),
        }
    }
}

text_type!(
    Email,
    "an e-mail address at a reserved domain, such as name@example.org",
    "@",
    "An e-mail address at example.org, example.com, example.net or below .test."
);

/// A telephone number in the range `+39 000`, followed by six or seven digits: no Italian number begins with two zeros.
/// Kept without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

impl Phone {
    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: String = text.chars().filter(|it| *it != ' ').collect();
        let rest = number.strip_prefix("+39000");
        let digits = rest.is_some_and(|rest| {
            (6..=7).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        match digits {
            true => Ok(Self(number)),
            false => Err(format!(
                "`{text}` may belong to somebody: only +39 000 with six or seven more digits is taken"
            )),
        }
    }
}

text_type!(
    Phone,
    "a telephone number such as \"+39 000 000001\"",
    "^\\+39",
    "A telephone number in the range +39 000, which nobody has."
);

/// How a person can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// Telephone for short messages.
    pub sms: Option<Phone>,
    /// E-mail.
    pub email: Option<Email>,
    /// Certified e-mail.
    pub pec: Option<Email>,
}

impl Contacts {
    /// The address for a medium.
    #[must_use]
    pub fn get(&self, medium: Medium) -> Option<&str> {
        match medium {
            Medium::Sms => self.sms.as_ref().map(Phone::as_str),
            Medium::Email => self.email.as_ref().map(Email::as_str),
            Medium::Pec => self.pec.as_ref().map(Email::as_str),
        }
    }

    /// Whether what somebody typed is the address on record.
    #[must_use]
    pub fn is(&self, medium: Medium, typed: &str) -> bool {
        let plain: String = match medium {
            Medium::Sms => typed.chars().filter(|it| *it != ' ').collect(),
            Medium::Email | Medium::Pec => typed.trim().to_ascii_lowercase(),
        };
        self.get(medium) == Some(plain.as_str())
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
