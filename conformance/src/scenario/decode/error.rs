//! What does not fit, before and after its place is known.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::scenario::problem::{Code, Problem, nearest};
use crate::scenario::source::Span;
use crate::scenario::tree::{Node, Scalar, Style};

/// Why a value could not be decoded; becomes a [`Problem`] at the place where it happened.
#[derive(Debug)]
pub struct DecodeError {
    code: Code,
    message: String,
    /// For a wrong shape: what was wanted; the message is made when the value is known.
    wanted: Option<String>,
    help: Option<String>,
    place: Option<Span>,
}

impl DecodeError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            wanted: None,
            help: None,
            place: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Fixes the place, unless a deeper value has done so already.
    pub(super) fn at(mut self, node: &Node) -> Self {
        if self.place.is_none() {
            if let Some(wanted) = self.wanted.take() {
                self.message = format!("expected {wanted}, found {}", node.describe());
            }
            self.place = Some(node.span.clone());
        }
        self
    }

    pub(super) fn at_key(mut self, span: &Span) -> Self {
        self.place.get_or_insert_with(|| span.clone());
        self
    }

    pub(super) fn into_problem(self, node: &Node) -> Problem {
        let error = self.at(node);
        let span = error.place.unwrap_or_else(|| node.span.clone());
        let problem = Problem::new(error.code, error.message, span);
        match error.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::BadValue, message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self {
            wanted: Some(wanted.to_string()),
            ..Self::new(Code::WrongType, String::new())
        }
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let wanted = match wanted.to_string().as_str() {
            "u8" => "a number from 0 to 255".to_owned(),
            "u16" => "a number from 0 to 65535".to_owned(),
            "u32" | "u64" => "a number of 0 or more".to_owned(),
            other => other.to_owned(),
        };
        Self {
            wanted: Some(wanted),
            ..Self::new(Code::BadValue, String::new())
        }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        let error = Self::new(
            Code::BadValue,
            format!("\"{word}\" is none of the values allowed here"),
        );
        error.help(suggestion(word, known))
    }

    fn unknown_field(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Code::UnknownField, format!("unknown field `{word}`"))
            .help(suggestion(word, known))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(
            Code::MissingField,
            format!("the field `{field}` is missing"),
        )
    }
}

/// "did you mean", or the list to choose from.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "no field is allowed here".to_owned(),
        None => format!("allowed here: {}", known.join(", ")),
    }
}

/// The problem of a text that YAML reads as something else.
pub(super) fn unquoted(scalar: &Scalar) -> DecodeError {
    let reading = match scalar.style {
        Style::Number => "a number",
        Style::Bool => "a boolean",
        Style::Null => "nothing",
        Style::Text | Style::Filled => "text",
    };
    let message = format!(
        "`{}` without quotes is {reading} in YAML, and text is wanted here",
        scalar.text
    );
    DecodeError::new(Code::Unquoted, message).help(format!("write \"{}\"", scalar.text))
}

pub(super) fn wrong_shape(node: &Node, wanted: &dyn Expected) -> DecodeError {
    <DecodeError as serde::de::Error>::invalid_type(Unexpected::Other(""), wanted).at(node)
}
