//! The articles this project grew from, item by item: every system, credential, number, rule and step they name, with what became
//! of it. Scenarios cite an item like a requirement; an item nobody cites carries its reason. Nothing here counts citations.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Requirements, read_entries};
use crate::scenario::{At, Code, Problem, Problems, Source, Span};

/// The first key of a file of articles.
pub(super) const KEY: &str = "cie-articles";

/// An article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// `S0` in `S0-12`.
    pub name: String,
    /// What it is about, and of what day it is.
    pub title: String,
}

/// One thing an article says.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `S0-12`.
    pub id: String,
    /// Lines of the article, as `9` or `13, 15`.
    pub lines: String,
    /// The item in our own words.
    pub text: String,
    /// What became of it; at least one.
    pub disposition: Vec<Disposition>,
    /// How it is accounted for where no scenario cites it.
    pub account: Account,
    /// Where it stands.
    pub span: Span,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Behaviour of the card.
    Card,
    /// Something made when a card is personalised: files, codes, receipt, letter.
    Personalisation,
    /// A story or a way of using the card that scenarios tell.
    Scenario,
    /// Behaviour of the simulated issuer.
    Issuer,
    /// A rule in a policy of the simulated issuer.
    Policy,
    /// Written down, without behaviour.
    Fact,
    /// Left out.
    LeftOut,
}

impl Disposition {
    /// Its name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Personalisation => "personalisation",
            Self::Scenario => "scenario",
            Self::Issuer => "issuer",
            Self::Policy => "policy",
            Self::Fact => "fact",
            Self::LeftOut => "left out",
        }
    }
}

/// How an item is accounted for beside its citations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// By nothing: scenarios have to cite it.
    Citations,
    /// By this reason, whether scenarios cite it or not.
    Reason(String),
    /// Not yet: this is what it waits for.
    Open(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "cie-articles")]
    _version: u32,
    articles: BTreeMap<String, String>,
    items: BTreeMap<String, At<Body>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    lines: String,
    text: String,
    disposition: Vec<Disposition>,
    reason: Option<String>,
    open: Option<String>,
}

/// Whether an id is that of an article's item: a letter, a digit, `-` and two digits.
#[must_use]
pub fn is_item_id(id: &str) -> bool {
    matches!(id.as_bytes(), [letter, article, b'-', tens, ones]
        if letter.is_ascii_uppercase() && [article, tens, ones].iter().all(|byte| byte.is_ascii_digit()))
}

/// Whether a file of the catalogue is one of articles.
pub(super) fn is_file_of_articles(source: &Source) -> bool {
    source.text().lines().any(|line| {
        line.strip_prefix(KEY)
            .is_some_and(|rest| rest.starts_with(':'))
    })
}

impl Requirements {
    /// The articles, by name.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// The items of the articles, by id.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.values()
    }

    /// One item.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.get(id)
    }

    pub(super) fn read_articles(&mut self, source: &Arc<Source>, problems: &mut Problems) {
        let Some((file, places)) = read_entries::<File>(source, KEY, "items", problems) else {
            return;
        };
        for (id, body) in file.items {
            match self.item_of(&id, body.value, &file.articles, places.of(&id)) {
                Ok(item) => {
                    self.items.insert(id, item);
                }
                Err(problem) => problems.push(*problem),
            }
        }
        let articles = file.articles.into_iter();
        self.articles
            .extend(articles.map(|(name, title)| Article { name, title }));
    }

    fn item_of(
        &self,
        id: &str,
        body: Body,
        articles: &BTreeMap<String, String>,
        span: Span,
    ) -> Result<Item, Box<Problem>> {
        let refused = |message: String, help: &str| {
            let problem = Problem::new(Code::BadValue, message, span.clone());
            Err(Box::new(problem.help(help)))
        };
        let article = id.split('-').next().unwrap_or_default();
        if !is_item_id(id) || !articles.contains_key(article) {
            let names: Vec<&str> = articles.keys().map(String::as_str).collect();
            return refused(
                format!("`{id}` is no id of an item"),
                &format!(
                    "ids here look like S0-01; the articles are {}",
                    names.join(", ")
                ),
            );
        }
        if let Some(known) = self.items.get(id) {
            let problem = Problem::new(Code::DuplicateKey, format!("`{id}` exists already"), span);
            return Err(Box::new(problem.related(known.span.clone(), "here")));
        }
        if body.disposition.is_empty() {
            return refused(
                format!("`{id}` does not say what became of it"),
                "name at least one of card, personalisation, scenario, issuer, policy, fact, left_out",
            );
        }
        let account = match (body.reason, body.open) {
            (None, None) => Account::Citations,
            (Some(reason), None) => Account::Reason(reason),
            (None, Some(what)) => Account::Open(what),
            (Some(_), Some(_)) => {
                return refused(
                    format!("`{id}` has a reason and is open"),
                    "an item that carries its reason waits for nothing; remove one of the two",
                );
            }
        };
        Ok(Item {
            id: id.to_owned(),
            lines: body.lines,
            text: body.text,
            disposition: body.disposition,
            account,
            span,
        })
    }
}
