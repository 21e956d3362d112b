//! A YAML document as a tree in which every key and value knows its place and every scalar knows how it was written.
//! The tree is what variables are substituted in and what steps are decoded from, one by one, so that an error in one
//! step does not hide those of the others. It knows nothing of scenarios.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::problem::{Code, Problem};
use super::source::{Source, Span};

/// Largest scenario file, in bytes: some ten thousand steps.
pub const MAX_BYTES: usize = 4 << 20;
/// Deepest nesting of a file; scenarios need about twelve levels.
const MAX_DEPTH: usize = 48;
/// Values of a file, aliases counted as often as they are used.
const MAX_NODES: usize = 200_000;
/// Aliases of a file.
const MAX_ALIASES: usize = 1_000;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands; for a value reached through an alias, where the alias stands.
    pub span: Span,
}

/// The three shapes of YAML.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A scalar: its text after escapes, and how it was written.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; duplicate keys are kept for the loader to report.
    Map(Vec<Entry>),
}

/// A scalar's text and the reading YAML would give it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, escapes resolved. For a plain scalar, exactly as it stands in the file.
    pub text: String,
    /// What YAML makes of it.
    pub style: Style,
}

/// How a scalar reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A string, quoted or not.
    Text,
    /// Unquoted, and a number for YAML.
    Number,
    /// Unquoted, and a boolean for YAML (1.1 or 1.2).
    Bool,
    /// Unquoted `null`, `~`, or nothing at all.
    Null,
    /// The outcome of a substitution: a string that may also stand where a number or a boolean is wanted.
    Filled,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key: always text.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// Reads one YAML document.
    ///
    /// # Errors
    /// What is wrong with it as YAML: syntax, several documents, or a budget that guards against hostile files.
    pub fn parse(source: &Arc<Source>) -> Result<Self, Box<Problem>> {
        if source.text().len() > MAX_BYTES {
            let message = format!(
                "the file has {} bytes; at most {MAX_BYTES} are read",
                source.text().len()
            );
            return Err(Box::new(Problem::new(
                Code::Limit,
                message,
                Span::whole(source),
            )));
        }
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES, max_aliases: MAX_ALIASES, max_documents: 1 },
            duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::PassThrough,
            merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
            non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
            with_snippet: false,
        };
        let raw: serde_yaml::Spanned<Raw> =
            serde_yaml::from_str_with_options(source.text(), options)
                .map_err(|error| Box::new(syntax_problem(source, &error)))?;
        Ok(place(source, raw))
    }

    /// The entries of a mapping, nothing for the other shapes.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar(_) | Kind::List(_) => &[],
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key.text == key)
            .map(|entry| &entry.value)
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// True for `null`, `~` and an empty value.
    pub fn is_null(&self) -> bool {
        matches!(
            &self.kind,
            Kind::Scalar(Scalar {
                style: Style::Null,
                ..
            })
        )
    }

    /// What it is, in words for messages.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.style {
                Style::Text | Style::Filled => format!("the text \"{}\"", scalar.text),
                Style::Number => format!("the number {}", scalar.text),
                Style::Bool => format!("the boolean {}", scalar.text),
                Style::Null => "nothing".to_owned(),
            },
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        }
    }

    /// Values in the tree, itself included.
    pub fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::size).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// The tree as the YAML reader hands it over.
enum Raw {
    Scalar(Option<String>, Style),
    List(Vec<serde_yaml::Spanned<Raw>>),
    Map(Vec<(serde_yaml::Spanned<RawKey>, serde_yaml::Spanned<Raw>)>),
}

/// A key; `None` when only the source text tells how it was written.
struct RawKey(Option<String>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Raw::deserialize(deserializer)? {
            Raw::Scalar(text, _) => Ok(Self(text)),
            Raw::List(_) | Raw::Map(_) => Err(serde::de::Error::custom("a key must be text")),
        }
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Some(text.to_owned()), Style::Text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Bool))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Number))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Number))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Number))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(None, Style::Null))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Raw, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// Gives the reader's tree its places in our source.
fn place(source: &Arc<Source>, raw: serde_yaml::Spanned<Raw>) -> Node {
    let defined = span_of(source, &raw.defined);
    let span = if raw.referenced == raw.defined {
        defined.clone()
    } else {
        span_of(source, &raw.referenced)
    };
    match raw.value {
        Raw::Scalar(text, style) => {
            let text = text.unwrap_or_else(|| defined.text().trim_end().to_owned());
            // A single y or n was a boolean on paper only; nearly no reader takes it for one.
            let style = if style == Style::Bool && text.len() == 1 {
                Style::Text
            } else {
                style
            };
            Node {
                kind: Kind::Scalar(Scalar { text, style }),
                span,
            }
        }
        Raw::List(items) => {
            let items: Vec<Node> = items.into_iter().map(|item| place(source, item)).collect();
            let span = items
                .last()
                .map_or_else(|| span.clone(), |last| span.until(&last.span));
            Node {
                kind: Kind::List(items),
                span,
            }
        }
        Raw::Map(entries) => {
            let entries: Vec<Entry> = entries
                .into_iter()
                .map(|(key, value)| entry(source, key, value))
                .collect();
            let span = entries
                .last()
                .map_or_else(|| span.clone(), |last| span.until(&last.value.span));
            Node {
                kind: Kind::Map(entries),
                span,
            }
        }
    }
}

fn entry(
    source: &Arc<Source>,
    key: serde_yaml::Spanned<RawKey>,
    value: serde_yaml::Spanned<Raw>,
) -> Entry {
    let span = span_of(source, &key.referenced);
    let text = key
        .value
        .0
        .unwrap_or_else(|| span_of(source, &key.defined).text().trim_end().to_owned());
    Entry {
        key: Key { text, span },
        value: place(source, value),
    }
}

fn span_of(source: &Arc<Source>, at: &serde_yaml::Location) -> Span {
    let span = at.span();
    let start = span.byte_offset().map_or(0, to_usize);
    let length = span.byte_len().map_or(0, to_usize);
    Span::new(source, start..start.saturating_add(length))
}

fn to_usize(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The YAML reader's own error in our form: its words, its place, without the place in the words.
fn syntax_problem(source: &Arc<Source>, error: &serde_yaml::Error) -> Problem {
    let error = error.without_snippet();
    let span = error.location().map_or_else(
        || Span::whole(source),
        |at| Span::at_line(source, at.line(), at.column()),
    );
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or(&words);
    if words.contains("budget breached: Documents") {
        let message = "a second YAML document: one scenario per file";
        return Problem::new(Code::Syntax, message, span);
    }
    if let Some(which) = words.strip_prefix("budget breached: ") {
        let which = which
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let message = match which.as_str() {
            "depth" => "the file is nested too deeply".to_owned(),
            _ => format!("the file has too many {which}"),
        };
        let help = format!(
            "at most {MAX_DEPTH} levels, {MAX_NODES} values (an alias counts as what it stands for) and {MAX_ALIASES} aliases are read"
        );
        return Problem::new(Code::Limit, message, span).help(help);
    }
    Problem::new(Code::Syntax, words, span)
}
