//! The line: `KEY=VALUE` pairs with commas between them, in any order. Keys are `persona`, `seed`, `chip`, `profile`, `name`
//! and every behaviour parameter; a word without `=` stands for `persona=WORD`. What ends in `.cie` is a stored card, which
//! takes no other key but `name`.

use super::{CardSpec, Origin};
use crate::chip;
use std::str::FromStr;
use thiserror::Error;

/// Why a line names no card. Fields count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpecError {
    /// Nothing between two commas, or nothing at all.
    #[error(
        "field {field} is empty; write KEY=VALUE pairs with commas between them, e.g. seed=7,chip=nxp"
    )]
    Empty {
        /// Which field.
        field: usize,
    },
    /// A key that is not known.
    #[error(
        "field {field}: {key:?} is neither persona, seed, chip, profile nor name, and no behaviour parameter either; `cie-card chips --parameters` lists those"
    )]
    UnknownKey {
        /// Which field.
        field: usize,
        /// The key.
        key: String,
    },
    /// A key with nothing behind its `=`.
    #[error("field {field}: {key} has no value; write {key}=VALUE")]
    NoValue {
        /// Which field.
        field: usize,
        /// The key.
        key: String,
    },
    /// A key that was there before.
    #[error("field {field}: {key} is given twice; keep one of the two")]
    Twice {
        /// Which field.
        field: usize,
        /// The key.
        key: String,
    },
    /// A number that is none.
    #[error(
        "field {field}: {value:?} is no seed; a seed is a whole number from 0 to {max}",
        max = u64::MAX
    )]
    Seed {
        /// Which field.
        field: usize,
        /// What stands there.
        value: String,
    },
    /// Two holders for one card.
    #[error("field {field}: a card has one holder; give either a persona, a seed or a stored card")]
    TwoHolders {
        /// Which field.
        field: usize,
    },
    /// Something else about a card that is stored.
    #[error(
        "{key} cannot be given for a stored card: it keeps what it was made with; leave {key} out, or make another card with `cie-card new`"
    )]
    Stored {
        /// What was given.
        key: String,
    },
}

/// What has been read so far.
#[derive(Default)]
struct Draft {
    origin: Option<Origin>,
    chip: Option<String>,
    profile: Option<String>,
    name: Option<String>,
    set: Vec<(String, String)>,
}

impl FromStr for CardSpec {
    type Err = SpecError;

    fn from_str(line: &str) -> Result<Self, SpecError> {
        let mut draft = Draft::default();
        for (index, text) in line.split(',').enumerate() {
            draft.field(index.saturating_add(1), text.trim())?;
        }
        draft.check_stored()?;
        let default = Self::default();
        Ok(Self {
            origin: draft.origin.unwrap_or(default.origin),
            chip: draft.chip.unwrap_or(default.chip),
            profile: draft.profile.unwrap_or(default.profile),
            set: draft
                .set
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            name: draft.name,
        })
    }
}

impl Draft {
    fn field(&mut self, field: usize, text: &str) -> Result<(), SpecError> {
        if text.is_empty() {
            return Err(SpecError::Empty { field });
        }
        let (key, value) = match text.split_once('=') {
            None => ("persona", text),
            Some((key, value)) => (key.trim(), value.trim()),
        };
        if value.is_empty() {
            let key = key.to_owned();
            return Err(SpecError::NoValue { field, key });
        }
        match key {
            "persona" => self.holder(field, origin(value)),
            "seed" => self.holder(field, seed(field, value)?),
            "chip" => once(&mut self.chip, field, key, value),
            "profile" => once(&mut self.profile, field, key, value),
            "name" => once(&mut self.name, field, key, value),
            _ => self.parameter(field, key, value),
        }
    }

    /// A stored card is what it is.
    fn check_stored(&self) -> Result<(), SpecError> {
        let Some(Origin::Stored(_)) = self.origin else {
            return Ok(());
        };
        let chip = self.chip.is_some().then_some("chip");
        let profile = self.profile.is_some().then_some("profile");
        let set = self.set.first().map(|(name, _)| name.as_str());
        match chip.or(profile).or(set) {
            None => Ok(()),
            Some(key) => Err(SpecError::Stored {
                key: key.to_owned(),
            }),
        }
    }

    fn holder(&mut self, field: usize, origin: Origin) -> Result<(), SpecError> {
        match self.origin.replace(origin) {
            None => Ok(()),
            Some(_) => Err(SpecError::TwoHolders { field }),
        }
    }

    fn parameter(&mut self, field: usize, key: &str, value: &str) -> Result<(), SpecError> {
        let known = chip::parameters().is_ok_and(|all| all.contains_key(key));
        let key = key.to_owned();
        if !known {
            return Err(SpecError::UnknownKey { field, key });
        }
        if self.set.iter().any(|(before, _)| *before == key) {
            return Err(SpecError::Twice { field, key });
        }
        self.set.push((key, value.to_owned()));
        Ok(())
    }
}

fn origin(value: &str) -> Origin {
    match value.ends_with(".cie") {
        true => Origin::Stored(value.into()),
        false => Origin::Persona(value.to_owned()),
    }
}

fn seed(field: usize, value: &str) -> Result<Origin, SpecError> {
    value.parse().map(Origin::Seed).map_err(|_| {
        let value = value.to_owned();
        SpecError::Seed { field, value }
    })
}

fn once(place: &mut Option<String>, field: usize, key: &str, value: &str) -> Result<(), SpecError> {
    match place.replace(value.to_owned()) {
        None => Ok(()),
        Some(_) => Err(SpecError::Twice {
            field,
            key: key.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn persona(name: &str) -> CardSpec {
        CardSpec {
            origin: Origin::Persona(name.to_owned()),
            ..CardSpec::default()
        }
    }

    #[rstest]
    #[case::word("adult-seeded", persona("adult-seeded"))]
    #[case::file("people/anna.yaml", persona("people/anna.yaml"))]
    #[case::key("persona=adult-seeded", persona("adult-seeded"))]
    #[case::stored("cards/anna.cie,name=Anna", CardSpec {
        origin: Origin::Stored("cards/anna.cie".into()),
        name: Some("Anna".to_owned()),
        ..CardSpec::default()
    })]
    #[case::chip("chip=nxp", CardSpec { chip: "nxp".to_owned(), ..CardSpec::default() })]
    #[case::all(
        "seed=7, chip=stm ,profile=strict,pin_tries=5,name=the second",
        CardSpec {
            origin: Origin::Seed(7),
            chip: "stm".to_owned(),
            profile: "strict".to_owned(),
            set: vec!["pin_tries=5".to_owned()],
            name: Some("the second".to_owned()),
        }
    )]
    fn read(#[case] line: &str, #[case] expected: CardSpec) {
        assert_eq!(line.parse(), Ok(expected));
    }

    #[rstest]
    #[case::nothing("", SpecError::Empty { field: 1 })]
    #[case::hole("seed=7,,chip=nxp", SpecError::Empty { field: 2 })]
    #[case::key("sed=7", SpecError::UnknownKey { field: 1, key: "sed".to_owned() })]
    #[case::value("seed=7,chip=", SpecError::NoValue { field: 2, key: "chip".to_owned() })]
    #[case::twice("chip=nxp,chip=stm", SpecError::Twice { field: 2, key: "chip".to_owned() })]
    #[case::parameter_twice("pin_tries=3,pin_tries=4", SpecError::Twice { field: 2, key: "pin_tries".to_owned() })]
    #[case::seed("seed=-1", SpecError::Seed { field: 1, value: "-1".to_owned() })]
    #[case::two_holders("adult-default,seed=7", SpecError::TwoHolders { field: 2 })]
    #[case::stored_and_seed("anna.cie,seed=7", SpecError::TwoHolders { field: 2 })]
    #[case::stored_chip("anna.cie,chip=nxp", SpecError::Stored { key: "chip".to_owned() })]
    #[case::stored_profile("profile=strict,anna.cie", SpecError::Stored { key: "profile".to_owned() })]
    #[case::stored_parameter("anna.cie,pin_tries=5", SpecError::Stored { key: "pin_tries".to_owned() })]
    fn refused(#[case] line: &str, #[case] error: SpecError) {
        assert_eq!(line.parse::<CardSpec>(), Err(error));
    }

    #[rstest]
    #[case::made("seed=7", "seed 7 on gemalto")]
    #[case::given("seed=7,name=Anna", "Anna")]
    #[case::stored("anna.cie", "anna.cie")]
    fn label(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(line.parse::<CardSpec>().unwrap().label(), expected);
    }

    #[test]
    fn a_card_is_what_its_words_say() {
        let spec: CardSpec = "seed=7,chip=nxp,pin_tries=5".parse().unwrap();
        let issued = spec.issue().unwrap();
        assert_eq!(issued.card.image().chip.id, "nxp");
        assert_eq!(issued.card.state().pin_left, 5);
        assert_eq!(issued.changed.keys().collect::<Vec<_>>(), ["pin_tries"]);
    }

    #[rstest]
    #[case::chip("chip=infineon", "no chip family is called")]
    #[case::profile("profile=lax", "no profile is called")]
    #[case::value("pin_tries=16", "profile parameter pin_tries")]
    #[case::persona("nobody", "there is no built-in persona")]
    #[case::stored("missing/anna.cie", "missing/anna.cie: cannot open the card file")]
    #[case::file(
        "missing/citizen.yaml",
        "cannot read persona file missing/citizen.yaml"
    )]
    fn names_are_looked_up(#[case] line: &str, #[case] start: &str) {
        let spec: CardSpec = line.parse().unwrap();
        let message = spec.issue().err().unwrap().to_string();
        assert!(message.starts_with(start), "{message}");
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in "\\PC{0,60}") {
            if let Ok(spec) = line.parse::<CardSpec>() {
                prop_assert!(!spec.chip.is_empty());
            }
        }
    }
}
