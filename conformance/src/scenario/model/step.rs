//! One step: a verb, and what every step may say besides. In a file a step is a mapping with exactly one verb and any of
//! the common keys.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::action::Action;
use super::card::{Chips, Target};
use super::expect::Expect;
use super::shorthand::text_or_fields;
use super::tamper::Tamper;
use super::tlv::TlvPath;
use crate::scenario::source::Span;

/// What every step may say besides its verb.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Common {
    /// What is expected of the answer; status "9000" when absent.
    pub expect: Option<Expect>,
    /// Send it plain or protected, instead of what the open channel implies.
    pub channel: Option<ChannelForm>,
    /// Spoil the command on its way.
    pub tamper: Option<Tamper>,
    /// Keep a part of the answer under a name.
    pub capture: Option<Capture>,
    /// Why; shown in the report.
    pub note: Option<String>,
    /// A name for the step, for faults and reports.
    pub name: Option<String>,
    /// Do it only on some chips or targets.
    pub only: Option<Only>,
}

/// The keys of [`Common`].
pub const COMMON_KEYS: [&str; 7] = [
    "expect", "channel", "tamper", "capture", "note", "name", "only",
];

/// A step ready to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// What is expected; a step that says nothing expects `9000`.
    pub expect: Expect,
    /// How it is sent; as the open channel implies when absent.
    pub channel: Option<ChannelForm>,
    /// How it is spoiled.
    pub tamper: Tamper,
    /// What is kept of the answer.
    pub capture: Option<Capture>,
    /// Why.
    pub note: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Where it is left out.
    pub only: Option<Only>,
    /// Its place: from the first key to the end of the last value.
    pub span: Span,
    /// The place of the verb and its parameters.
    pub verb_span: Span,
    /// The place of `expect`, when there is one.
    pub expect_span: Option<Span>,
    /// Groups and turns of loops around it, from the outside: `["locking", "left=2"]`.
    pub path: Vec<String>,
    /// Where the block it comes from was used.
    pub used_at: Option<Span>,
}

/// Characters of a title that was not given by the author.
const TITLE: usize = 100;

impl Step {
    /// The name its author gave it, or the verb as it is written; groups and turns of loops before it.
    pub fn title(&self) -> String {
        let mut own = match (&self.name, &self.action) {
            (Some(name), _) => name.clone(),
            (None, Action::Issuer(step)) => step.title(),
            (None, _) => as_written(self.verb_span.text()),
        };
        if let Some((end, _)) = own.char_indices().nth(TITLE - 1)
            && own.chars().nth(TITLE).is_some()
        {
            own.truncate(end);
            own.push('…');
        }
        if self.path.is_empty() {
            return own;
        }
        format!("{} › {own}", self.path.join(" › "))
    }
}

/// What somebody wrote, on one line; braces that the end of the place left open are closed.
fn as_written(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !written.is_empty() {
            written.push(' ');
        }
        written.push_str(word);
    }
    let opened = written.matches('{').count();
    let open = opened.saturating_sub(written.matches('}').count());
    written.extend(std::iter::repeat_n(" }", open));
    written
}

/// How a command or an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelForm {
    /// In clear.
    Plain,
    /// Under secure messaging.
    Protected,
}

/// A part of an answer, kept under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The name.
    pub name: String,
    /// Which part.
    pub from: CaptureFrom,
    /// Leave out so many bytes at the start of the part.
    pub offset: u32,
    /// Keep so many bytes; to the end when absent.
    pub length: Option<u32>,
    /// Keep the value of this data object instead of the whole data.
    pub tlv: Option<TlvPath>,
}

/// The long form of `capture`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct CaptureFields {
    /// The name.
    name: String,
    /// Which part; the data when absent.
    #[serde(default)]
    from: CaptureFrom,
    /// Leave out so many bytes at the start of the part.
    #[serde(default)]
    offset: u32,
    /// Keep so many bytes; to the end when absent.
    length: Option<u32>,
    /// Keep the value of the data object at this path ("7F49/81") instead of the whole data.
    tlv: Option<TlvPath>,
}

impl From<CaptureFields> for Capture {
    fn from(f: CaptureFields) -> Self {
        Self {
            name: f.name,
            from: f.from,
            offset: f.offset,
            length: f.length,
            tlv: f.tlv,
        }
    }
}

text_or_fields!(
    Capture,
    "Capture",
    "a name, or {name, from, offset, length, tlv}",
    CaptureFields,
    |text| {
        Ok(Self {
            name: text.to_owned(),
            from: CaptureFrom::Data,
            offset: 0,
            length: None,
            tlv: None,
        })
    }
);

/// Which part of an answer is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// The data, without protection.
    #[default]
    Data,
    /// The status word.
    Status,
    /// The answer as it came over the line.
    Answer,
    /// The command as it went over the line.
    Command,
}

/// Where a step is carried out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Only {
    /// These chips.
    pub chips: Chips,
    /// These targets; all when absent.
    pub targets: Vec<Target>,
}

/// A step in a file, before expansion. Decoding a header passes over it; the loader reads steps one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSource;

impl<'de> Deserialize<'de> for StepSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
impl schemars::JsonSchema for StepSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Step".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({})
    }
}
