//! The parameters of a card's behaviour that public sources leave open, each with its default and the evidence for it.

use crate::credentials::{
    BadLength, CredentialPolicy, LastWrong, NewPinCheck, PukExhaustion, VerifyEmpty,
};
use crate::wire::StatusWord;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use thiserror::Error;

static PRESETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/profiles");

/// Which dialects a card accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Both forms, whatever the chip family.
    Lenient,
    /// The chip family's own form only.
    Strict,
}

/// When a plain answer waits for GET RESPONSE behind `61xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GetResponse {
    /// Never: answers come whole.
    Never,
    /// Plain INTERNAL AUTHENTICATE without Le.
    InternalAuthenticate,
    /// Every plain answer without Le, or longer than Le.
    Always,
}

/// Where a card loses power by itself, once, for rehearsing what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TearKnob {
    /// Nowhere.
    None,
    /// At the first write of persistent memory, before it is durable.
    BeforeCommit,
    /// At the first write of persistent memory, when it is durable.
    AfterCommit,
}

/// What of EF.CardAccess is there while nothing is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardAccess {
    /// Nothing.
    Nothing,
    /// SELECT by its identifier finds it.
    Select,
    /// READ BINARY by its short identifier too.
    Read,
}

/// How errors of the document come back inside a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// Protected; the session goes on.
    Protected,
    /// As a bare status word that does not count; the session goes on.
    PlainKeepSession,
}

/// A status word given as four hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmStatus(pub StatusWord);

impl Serialize for SmStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:04X}", self.0.0))
    }
}

impl<'de> Deserialize<'de> for SmStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            serde::de::Error::custom(
                "a status word is four hexadecimal digits in quotes, e.g. \"6988\"",
            )
        };
        if text.len() != 4 {
            return Err(wrong());
        }
        u16::from_str_radix(&text, 16)
            .map(|sw| Self(StatusWord(sw)))
            .map_err(|_| wrong())
    }
}

/// A status word that is answered instead of doing anything, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerInstead(pub Option<StatusWord>);

/// The value for doing what a card does.
const NOTHING_INSTEAD: &str = "none";

impl Serialize for AnswerInstead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_str(NOTHING_INSTEAD),
            Some(sw) => SmStatus(sw).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AnswerInstead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == NOTHING_INSTEAD {
            return Ok(Self(None));
        }
        let text = serde::de::value::StringDeserializer::<D::Error>::new(text);
        SmStatus::deserialize(text).map(|status| Self(Some(status.0)))
    }
}

/// All parameters of a card's behaviour. Names, defaults and evidence: `fixtures/profiles/default.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // each field is documented, with its evidence, in fixtures/profiles/default.yaml
pub struct Profile {
    #[serde(deserialize_with = "tries")]
    pub pin_tries: u8,
    #[serde(deserialize_with = "tries")]
    pub puk_tries: u8,
    pub puk_exhaustion: PukExhaustion,
    pub last_wrong: LastWrong,
    pub verify_empty: VerifyEmpty,
    pub bad_length: BadLength,
    pub new_pin_check: NewPinCheck,
    pub puk_success_resets: bool,
    pub rrc_00: bool,
    pub change_verifies_pin: bool,
    pub rrc_needs_puk: bool,
    pub verify_answer: AnswerInstead,
    pub dialects: Choice,
    pub get_response: GetResponse,
    pub wrong_le_6cxx: bool,
    pub no_selection: SmStatus,
    pub sm_without_session: SmStatus,
    pub sm_object_missing: SmStatus,
    pub sm_object_incorrect: SmStatus,
    pub authentication_failed: SmStatus,
    pub pad_files: bool,
    pub sn_icc_in_cie_df: bool,
    pub tear: TearKnob,
    pub bac: bool,
    pub bac_anywhere: bool,
    pub card_access_unselected: CardAccess,
    pub document_select_refuses: bool,
    pub document_end_warning: bool,
    pub document_beyond_end: SmStatus,
    pub document_errors: ErrorStyle,
    pub document_sm_without_session: SmStatus,
    pub document_sm_object_missing: SmStatus,
    pub document_sm_object_incorrect: SmStatus,
    #[serde(deserialize_with = "nonce_length")]
    pub pace_nonce: u8,
    pub pace_chaining: SmStatus,
    pub pace_unknown_protocol: SmStatus,
    pub pace_subgroup_check: bool,
    pub password_failed: SmStatus,
    pub chip_key_refused: SmStatus,
}

impl Profile {
    /// The rules of PIN and PUK among the parameters.
    #[must_use]
    pub const fn credential_policy(&self) -> CredentialPolicy {
        CredentialPolicy {
            pin_tries: self.pin_tries,
            puk_tries: self.puk_tries,
            puk_exhaustion: self.puk_exhaustion,
            last_wrong: self.last_wrong,
            verify_empty: self.verify_empty,
            bad_length: self.bad_length,
            new_pin_check: self.new_pin_check,
            puk_success_resets: self.puk_success_resets,
            rrc_00: self.rrc_00,
            change_verifies_pin: self.change_verifies_pin,
            rrc_needs_puk: self.rrc_needs_puk,
        }
    }

    /// The default with these parameters set: names as in [`parameters`], values as in its YAML.
    ///
    /// # Errors
    /// [`ProfileError`] for a name that does not exist or a value it does not take.
    pub fn with<'a>(
        overrides: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<Self, ProfileError> {
        let mut values: Map<String, Value> = parameters()?
            .iter()
            .map(|(name, parameter)| (name.clone(), parameter.value.clone()))
            .collect();
        for (name, value) in overrides {
            let Some(slot) = values.get_mut(name) else {
                return Err(ProfileError::UnknownParameter {
                    name: name.to_owned(),
                    known: values.keys().cloned().collect::<Vec<_>>().join(", "),
                });
            };
            let earlier = std::mem::replace(slot, value);
            Self::deserialize(Value::Object(values.clone())).map_err(|error| {
                ProfileError::BadValue {
                    name: name.to_owned(),
                    default: earlier.to_string(),
                    reason: error.to_string(),
                }
            })?;
        }
        Self::deserialize(Value::Object(values)).map_err(|error| ProfileError::BadPreset {
            name: "default".to_owned(),
            reason: error.to_string(),
        })
    }

    /// The value of a parameter as it is written, e.g. `auth_locked`, `3`, `6988`; `None` for a name that does not exist.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<String> {
        let values = serde_json::to_value(self).ok()?;
        match values.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// As [`Profile::with`], from texts such as `puk_exhaustion=puk_object_only` or `pin_tries=5`.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn with_settings<'a>(
        settings: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ProfileError> {
        let pairs = settings
            .into_iter()
            .map(setting)
            .collect::<Result<Vec<_>, _>>()?;
        Self::with(pairs)
    }
}

/// A text such as `pin_tries=5` as name and value of that parameter's type.
///
/// # Errors
/// [`ProfileError::NoValue`] without `=`.
pub fn setting(text: &str) -> Result<(&str, Value), ProfileError> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| ProfileError::NoValue(text.to_owned()))?;
    let (name, value) = (name.trim(), value.trim());
    Ok((name, typed(name, value)?))
}

/// A text becomes a value of the type its parameter has.
fn typed(name: &str, text: &str) -> Result<Value, ProfileError> {
    let as_text = Value::String(text.to_owned());
    Ok(match parameters()?.get(name).map(|p| &p.value) {
        Some(Value::String(_)) | None => as_text,
        Some(_) => serde_json::from_str(text).unwrap_or(as_text),
    })
}

/// One parameter: its default, and why that is the default.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Default.
    pub value: Value,
    /// Evidence grade: A stated by the issuer's own documents or code, B several independent sources, C one source,
    /// I inferred from A or B, ? not found.
    pub evidence: String,
    /// What it changes, and the other values it takes.
    pub text: String,
}

/// Why a profile is not to be had.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// No such parameter.
    #[error("no profile parameter is called {name:?}; there are: {known}")]
    UnknownParameter {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A value the parameter does not take.
    #[error("profile parameter {name}: {reason} (the default is {default})")]
    BadValue {
        /// The parameter.
        name: String,
        /// Its default.
        default: String,
        /// What is wrong.
        reason: String,
    },
    /// A setting without a value.
    #[error("{0:?} sets nothing: write NAME=VALUE")]
    NoValue(String),
    /// No such preset.
    #[error("no profile is called {name:?}; there are: {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A built-in file is not well formed.
    #[error("fixtures/profiles/{name}.yaml: {reason}")]
    BadPreset {
        /// The preset.
        name: String,
        /// Line, column and reason.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    #[allow(dead_code)] // for the reader of the file
    title: String,
    set: BTreeMap<String, Value>,
}

static DEFAULTS: LazyLock<Result<BTreeMap<String, Parameter>, String>> = LazyLock::new(|| {
    serde_yaml::from_str::<Defaults>(text_of("default"))
        .map(|defaults| defaults.parameters)
        .map_err(|error| error.to_string())
});

/// All parameters by name, with defaults and evidence.
///
/// # Errors
/// [`ProfileError::BadPreset`] when the built-in file is not well formed.
pub fn parameters() -> Result<&'static BTreeMap<String, Parameter>, ProfileError> {
    DEFAULTS.as_ref().map_err(|reason| ProfileError::BadPreset {
        name: "default".to_owned(),
        reason: reason.clone(),
    })
}

/// Names of the built-in profiles, `default` among them.
#[must_use]
pub fn presets() -> Vec<String> {
    let mut names: Vec<String> = PRESETS
        .files()
        .filter(|file| file.path().extension().is_some_and(|e| e == "yaml"))
        .filter_map(|file| file.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// A built-in profile.
///
/// # Errors
/// [`ProfileError::UnknownPreset`], or [`ProfileError::BadPreset`] when its file is not well formed.
pub fn preset(name: &str) -> Result<Profile, ProfileError> {
    let values = preset_values(name)?;
    Profile::with(values.iter().map(|(k, v)| (k.as_str(), v.clone())))
}

/// What a built-in profile sets, by parameter; nothing for `default`.
///
/// # Errors
/// As [`preset`].
pub fn preset_values(name: &str) -> Result<BTreeMap<String, Value>, ProfileError> {
    if name == "default" {
        return Ok(BTreeMap::new());
    }
    if !presets().iter().any(|known| known == name) {
        return Err(ProfileError::UnknownPreset {
            name: name.to_owned(),
            known: presets().join(", "),
        });
    }
    let preset: Preset =
        serde_yaml::from_str(text_of(name)).map_err(|error| ProfileError::BadPreset {
            name: name.to_owned(),
            reason: error.to_string(),
        })?;
    Ok(preset.set)
}

fn text_of(name: &str) -> &'static str {
    PRESETS
        .get_file(format!("{name}.yaml"))
        .and_then(|file| file.contents_utf8())
        .unwrap_or_default()
}

fn nonce_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        n @ (8 | 16) => Ok(n),
        n => Err(serde::de::Error::custom(format_args!(
            "the nonce of PACE has 16 bytes, or 8 with 3DES, not {n}"
        ))),
    }
}

fn tries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        n @ 1..=15 => Ok(n),
        n => Err(serde::de::Error::custom(format_args!(
            "tries are 1 to 15 (63Cx has one hexadecimal digit), not {n}"
        ))),
    }
}
