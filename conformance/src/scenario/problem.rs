//! What is wrong with a file, said so that its author can mend it: a code, a sentence, the place with a caret, and where
//! possible the text to write instead. Problems are collected, not thrown: one run of the loader reports all of a file.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::Span;

/// The kinds of problem; the name of each is part of the output and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Not YAML.
    Syntax,
    /// Larger, deeper or longer than a scenario may be.
    Limit,
    /// A key given twice in one mapping.
    DuplicateKey,
    /// `<<`: mappings are not merged.
    MergeKey,
    /// A key that nothing reads.
    UnknownField,
    /// A key that must be there and is not.
    MissingField,
    /// Another shape than the one wanted: a list for a text, a text for a number.
    WrongType,
    /// Unquoted text that YAML reads as a number, a boolean or nothing.
    Unquoted,
    /// The right shape with a content that cannot be.
    BadValue,
    /// A step without a verb, or with several.
    Verb,
    /// `${name}` of which no `vars`, `matrix`, parameter or loop gives a value.
    UnknownVariable,
    /// `${f(x)}` that is not one of the functions, or not callable like that.
    BadFunction,
    /// A block that does not exist, lacks a parameter, or uses blocks itself.
    Block,
    /// An id that is in no file of the requirements.
    UnknownRequirement,
    /// A chip family that does not exist.
    UnknownChip,
    /// A behaviour profile, or a parameter of one, that does not exist.
    UnknownProfile,
    /// A persona that does not exist.
    UnknownPersona,
    /// `capture` names that do not meet their use.
    UnknownCapture,
    /// A declared hazard below what the steps can do.
    Hazard,
    /// A format version this release does not read.
    Version,
    /// An id that is not the path of the file.
    Id,
    /// Something allowed but of no effect.
    Unused,
}

impl Code {
    /// The name shown in brackets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Limit => "limit",
            Self::DuplicateKey => "duplicate-key",
            Self::MergeKey => "merge-key",
            Self::UnknownField => "unknown-field",
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
            Self::Unquoted => "unquoted",
            Self::BadValue => "bad-value",
            Self::Verb => "verb",
            Self::UnknownVariable => "unknown-variable",
            Self::BadFunction => "bad-function",
            Self::Block => "block",
            Self::UnknownRequirement => "unknown-requirement",
            Self::UnknownChip => "unknown-chip",
            Self::UnknownProfile => "unknown-profile",
            Self::UnknownPersona => "unknown-persona",
            Self::UnknownCapture => "unknown-capture",
            Self::Hazard => "hazard",
            Self::Version => "version",
            Self::Id => "id",
            Self::Unused => "unused",
        }
    }

    /// True for what is worth saying but does not keep a scenario from running.
    pub fn is_warning(self) -> bool {
        matches!(self, Self::Unused)
    }
}

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The kind.
    pub code: Code,
    /// What happened, in one sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Words under the caret; may be empty.
    pub label: String,
    /// Other places that matter, each with a few words.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// Adds words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// The problem as text of several lines: sentence, `file:line:column`, the line itself with a caret, help.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let level = if self.code.is_warning() {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let title = level
            .primary_title(self.message.as_str())
            .id(self.code.name());
        let mut group = Group::with_title(title).element(self.snippet());
        for (span, words) in self
            .related
            .iter()
            .filter(|(span, _)| span.source() != self.span.source())
        {
            let snippet = Snippet::source(span.source().text()).path(span.file());
            group = group.element(
                snippet.annotation(
                    AnnotationKind::Context
                        .span(visible(span))
                        .label(words.as_str()),
                ),
            );
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    fn snippet(&self) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let snippet = Snippet::source(self.span.source().text()).path(self.span.file());
        let mut primary = AnnotationKind::Primary.span(visible(&self.span));
        if !self.label.is_empty() {
            primary = primary.label(self.label.as_str());
        }
        let here = self
            .related
            .iter()
            .filter(|(span, _)| span.source() == self.span.source());
        here.fold(snippet.annotation(primary), |snippet, (span, words)| {
            snippet.annotation(
                AnnotationKind::Context
                    .span(visible(span))
                    .label(words.as_str()),
            )
        })
    }
}

/// The first line of a span: a caret under twenty lines helps nobody.
fn visible(span: &Span) -> std::ops::Range<usize> {
    let range = span.range();
    let first = span
        .text()
        .lines()
        .next()
        .map_or(0, |line| line.trim_end().len());
    range.start..(range.start + first).max(range.start)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.span, self.message, self.code.name())
    }
}

/// All problems of one or several files, in the order of their places.
#[derive(Clone, Default, PartialEq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct Problems(Vec<Problem>);

/// Problems kept of one file: who has two hundred does not read the rest.
const MOST: usize = 200;

impl Problems {
    /// Adds one. The same words at the same place are kept once: a loop of ten says its error once.
    pub fn push(&mut self, problem: Problem) {
        let known =
            |known: &Problem| known.span == problem.span && known.message == problem.message;
        if self.0.len() < MOST && !self.0.iter().any(known) {
            self.0.push(problem);
        }
    }

    /// Adds those of another collection.
    pub fn extend(&mut self, others: Self) {
        for problem in others.0 {
            self.push(problem);
        }
    }

    /// Nothing at all, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At least one problem that keeps a scenario from running.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| !problem.code.is_warning())
    }

    /// The problems, by file and place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Puts them in the order of their places.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| {
            let key = |problem: &Problem| {
                (
                    problem.span.file().to_owned(),
                    problem.span.range().start,
                    problem.code,
                )
            };
            key(a).cmp(&key(b))
        });
        self
    }

    /// All of them as text, separated by empty lines.
    pub fn render(&self, colour: bool) -> String {
        let rendered: Vec<String> = self
            .0
            .iter()
            .map(|problem| problem.render(colour))
            .collect();
        rendered.join("\n\n")
    }
}

/// As for people: a test that fails with problems shows them readable.
impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The candidate nearest to a mistyped word (inserted, removed, replaced letters, swapped neighbours), when one is near enough to
/// be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        // Not letter by letter where the lengths say no: a stranger's name may be as long as a file.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(score, _)| *score <= limit)
        .min_by_key(|(score, _)| *score)
        .map(|(_, candidate)| candidate)
}
