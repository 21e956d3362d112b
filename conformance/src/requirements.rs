//! The catalogue of what a CIE must do: ids that scenarios cite and coverage counts. One file per topic; the whole is
//! embedded in the program. Nothing here judges, it only knows what was written down and how sure it is.

mod articles;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::scenario::model::Chips;
use crate::scenario::{At, Code, Node, Problem, Problems, Source, Span, decode_all, read_document};

pub use articles::{Account, Article, Disposition, Item, is_item_id};

/// What a card must do, in one sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// `CIE-PIN-003`, or `ICAO-P-14` for a case of a published catalogue.
    pub id: String,
    /// Whether doing otherwise is a failure or a warning.
    pub level: Level,
    /// The requirement in our own words.
    pub text: String,
    /// Clauses of public standards, or `observed client behaviour`.
    pub source: Vec<String>,
    /// How sure it is.
    pub evidence: Evidence,
    /// Chip families it holds for.
    pub chips: Chips,
    /// The parameter of behaviour that can make a card do otherwise.
    pub parameter: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// How binding a requirement is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A card that does otherwise fails.
    Must,
    /// A card that does otherwise gets a warning.
    Should,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        })
    }
}

/// How sure a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Evidence {
    /// The issuer's own documents or code, or the standard itself.
    A,
    /// Several independent sources.
    B,
    /// One source.
    C,
    /// Inferred from the above.
    I,
    /// Open: the requirement states what this project's card does.
    #[serde(rename = "?")]
    Open,
}

/// A topic: one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// `PIN` in `CIE-PIN-003`.
    pub name: String,
    /// What it is about.
    pub title: String,
}

/// All requirements, by id, and the items of the articles beside them.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    topics: Vec<Topic>,
    by_id: BTreeMap<String, Requirement>,
    articles: Vec<Article>,
    items: BTreeMap<String, Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "cie-requirements")]
    _version: u32,
    topic: At<String>,
    title: String,
    requirements: BTreeMap<String, At<Body>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    level: Level,
    text: String,
    source: Vec<String>,
    evidence: Evidence,
    #[serde(default)]
    chips: Chips,
    parameter: Option<String>,
}

impl Requirements {
    /// The catalogue embedded in the program.
    ///
    /// # Errors
    /// What is wrong with its files; the tests see to it that nothing is.
    pub fn embedded() -> Result<Self, Problems> {
        Self::read(&crate::scenario::embedded::requirement_files())
    }

    /// Reads the files of a catalogue.
    ///
    /// # Errors
    /// Everything wrong with any of them: unknown fields, ids out of form or of another topic, ids given twice.
    pub fn read(files: &[Arc<Source>]) -> Result<Self, Problems> {
        let mut all = Self::default();
        let mut problems = Problems::default();
        for source in files {
            match articles::is_file_of_articles(source) {
                true => all.read_articles(source, &mut problems),
                false => all.read_file(source, &mut problems),
            }
        }
        let problems = problems.sorted();
        if problems.has_errors() {
            Err(problems)
        } else {
            Ok(all)
        }
    }

    fn read_file(&mut self, source: &Arc<Source>, problems: &mut Problems) {
        let Some((file, places)) =
            read_entries::<File>(source, "cie-requirements", "requirements", problems)
        else {
            return;
        };
        for (id, body) in file.requirements {
            let span = places.of(&id);
            if !is_id_of(&id, &file.topic) {
                let message = format!("`{id}` is no id of the topic {}", file.topic.value);
                let problem = Problem::new(Code::BadValue, message, span);
                problems.push(
                    problem.help(match file.topic.value.strip_prefix(CATALOGUE) {
                        Some(_) => format!("ids here look like {}-01", file.topic.value),
                        None => format!("ids here look like CIE-{}-001", file.topic.value),
                    }),
                );
                continue;
            }
            if let Some(known) = self.by_id.get(&id) {
                let problem =
                    Problem::new(Code::DuplicateKey, format!("`{id}` exists already"), span);
                problems.push(problem.related(known.span.clone(), "here"));
                continue;
            }
            let Body {
                level,
                text,
                source,
                evidence,
                chips,
                parameter,
            } = body.value;
            let requirement = Requirement {
                id: id.clone(),
                level,
                text,
                source,
                evidence,
                chips,
                parameter,
                span,
            };
            self.by_id.insert(id, requirement);
        }
        self.topics.push(Topic {
            name: file.topic.value,
            title: file.title,
        });
    }

    /// One requirement.
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.by_id.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.by_id.values()
    }

    /// The topics, in the order of their files.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Reads a file of the catalogue: a document that `key` opens, whose `entries` have ids. What is wrong with it goes to
/// `problems`.
fn read_entries<T: DeserializeOwned>(
    source: &Arc<Source>,
    key: &str,
    entries: &str,
    problems: &mut Problems,
) -> Option<(T, Places)> {
    let root = read_document(source, key)
        .map_err(|found| problems.extend(found))
        .ok()?;
    let file = decode_all(&root)
        .map_err(|found| found.into_iter().for_each(|it| problems.push(it)))
        .ok()?;
    let entries = root.get(entries).map(Node::entries).unwrap_or_default();
    let by_id = entries
        .iter()
        .map(|entry| (entry.key.text.clone(), entry.key.span.clone()))
        .collect();
    let whole = Span::whole(source);
    Some((file, Places { by_id, whole }))
}

/// Where the ids of a file stand.
struct Places {
    by_id: BTreeMap<String, Span>,
    whole: Span,
}

impl Places {
    fn of(&self, id: &str) -> Span {
        self.by_id.get(id).unwrap_or(&self.whole).clone()
    }
}

/// Topics of a published catalogue keep its ids: `ICAO-P` holds `ICAO-P-14`.
pub(crate) const CATALOGUE: &str = "ICAO-";

/// `CIE-`, the topic, `-` and three digits; of a published catalogue the topic, `-` and the catalogue's own number in two.
fn is_id_of(id: &str, topic: &str) -> bool {
    let (rest, digits) = match topic.starts_with(CATALOGUE) {
        true => (Some(id), 2),
        false => (id.strip_prefix("CIE-"), 3),
    };
    let number = rest
        .and_then(|rest| rest.strip_prefix(topic))
        .and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| {
        number.len() == digits && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
