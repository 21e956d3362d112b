//! `${name}` and the closed list of functions: text is filled in before a value is decoded, so that every field of the
//! language can take a variable. No expressions beyond these functions, no shell, nothing from the environment.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::decode::suggestion;
use super::problem::{Code, Problem, nearest};
use super::source::Span;
use super::text::HexBytes;
use super::tree::{Entry, Kind, Node, Scalar, Style};

/// Longest text a substitution may make, in bytes.
const MAX_TEXT: usize = 1 << 18;
/// All texts that substitutions make in one file, in bytes.
const MAX_FILLED: usize = 64 << 20;

/// The functions and what they take, for messages.
const FUNCTIONS: [(&str, &str); 7] = [
    ("hex", "hex(number): the number in hex, whole bytes"),
    (
        "nibble",
        "nibble(number): the number 0 to 15 as one hex digit",
    ),
    ("len", "len(hex): the number of bytes, as one byte in hex"),
    ("ascii", "ascii(text): the bytes of a text, in hex"),
    ("add", "add(number, number)"),
    ("sub", "sub(number, number): never below zero"),
    ("repeat", "repeat(text, times)"),
];

/// What is counted over a whole file: which variables were used, and how much text was made.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    used: RefCell<BTreeSet<String>>,
    filled: Cell<usize>,
}

impl Ledger {
    /// True when a variable of this name was asked for.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }
}

/// The variables in reach.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'u> {
    values: BTreeMap<String, String>,
    ledger: &'u Ledger,
    /// False inside a block, whose parameters are no variables of the file.
    counts: bool,
}

impl<'u> Scope<'u> {
    /// No variables yet.
    pub(crate) fn new(ledger: &'u Ledger) -> Self {
        Self {
            values: BTreeMap::new(),
            ledger,
            counts: true,
        }
    }

    /// The scope of a block: its parameters only.
    pub(crate) fn of_block(ledger: &'u Ledger, values: BTreeMap<String, String>) -> Self {
        Self {
            values,
            ledger,
            counts: false,
        }
    }

    /// The same scope with one more variable.
    pub(crate) fn with(&self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut scope = self.clone();
        scope.values.insert(name.into(), value.into());
        scope
    }

    fn get(&self, name: &str) -> Option<&str> {
        if self.counts && !self.ledger.is_used(name) {
            self.ledger.used.borrow_mut().insert(name.to_owned());
        }
        self.values.get(name).map(String::as_str)
    }

    /// The tree with every variable in its values replaced.
    pub(crate) fn fill(&self, node: &Node, problems: &mut Vec<Problem>) -> Node {
        let kind = match &node.kind {
            Kind::Scalar(scalar) => Kind::Scalar(self.fill_scalar(scalar, &node.span, problems)),
            Kind::List(items) => {
                Kind::List(items.iter().map(|item| self.fill(item, problems)).collect())
            }
            Kind::Map(entries) => {
                let fill = |entry: &Entry, problems: &mut Vec<Problem>| Entry {
                    key: entry.key.clone(),
                    value: self.fill(&entry.value, problems),
                };
                Kind::Map(entries.iter().map(|entry| fill(entry, problems)).collect())
            }
        };
        Node {
            kind,
            span: node.span.clone(),
        }
    }

    fn fill_scalar(&self, scalar: &Scalar, span: &Span, problems: &mut Vec<Problem>) -> Scalar {
        if !scalar.text.contains("${") {
            return scalar.clone();
        }
        match self.fill_text(&scalar.text) {
            Ok(text) => Scalar {
                text,
                style: Style::Filled,
            },
            Err(trouble) => {
                problems.push(trouble.problem(span, self));
                scalar.clone()
            }
        }
    }

    /// A text with its variables replaced; `$${` stands for `${` itself.
    fn fill_text(&self, text: &str) -> Result<String, Trouble> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = from.get(2..).unwrap_or_default();
                continue;
            }
            filled.push_str(before);
            let inner = from.get(2..).unwrap_or_default();
            let end = inner
                .find('}')
                .ok_or_else(|| Trouble::form(from, "`${` without its `}`"))?;
            let (expression, after) = inner.split_at(end);
            let mut reader = Reader {
                left: expression,
                whole: expression,
            };
            filled.push_str(&reader.value(self, 0)?);
            reader.end()?;
            rest = after.get(1..).unwrap_or_default();
            if filled.len() > MAX_TEXT {
                return Err(Trouble::form(expression, "the text grows beyond 256 KiB"));
            }
        }
        filled.push_str(rest);
        self.ledger
            .filled
            .set(self.ledger.filled.get().saturating_add(filled.len()));
        if self.ledger.filled.get() > MAX_FILLED {
            return Err(Trouble {
                code: Code::Limit,
                ..Trouble::form(
                    text,
                    "the variables of this file make more than 64 MiB of text",
                )
            });
        }
        Ok(filled)
    }
}

/// Why an expression has no value.
struct Trouble {
    code: Code,
    /// The part of the text it is about.
    part: String,
    message: String,
    /// For an unknown name: the name.
    name: Option<String>,
}

impl Trouble {
    fn form(part: &str, message: impl Into<String>) -> Self {
        Self {
            code: Code::BadFunction,
            part: part.to_owned(),
            message: message.into(),
            name: None,
        }
    }

    fn problem(self, span: &Span, scope: &Scope<'_>) -> Problem {
        let within = span
            .text()
            .find(&self.part)
            .map(|at| span.range().start + at);
        let place = within.map_or_else(
            || span.clone(),
            |start| Span::new(span.source(), start..start + self.part.len()),
        );
        let problem = Problem::new(self.code, self.message, place);
        match (self.code, self.name) {
            (Code::UnknownVariable, Some(name)) => {
                let known: Vec<&str> = scope.values.keys().map(String::as_str).collect();
                match nearest(&name, known.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean `${{{meant}}}`?")),
                    None if known.is_empty() => problem.help("no variable is in reach here: `vars`, `matrix`, loops and block parameters give them"),
                    None => problem.help(format!("in reach here: {}", known.join(", "))),
                }
            }
            (_, Some(name)) => {
                let known = FUNCTIONS.map(|(function, _)| function);
                problem.help(suggestion(&name, &known))
            }
            (_, None) => {
                let usage = FUNCTIONS
                    .iter()
                    .find(|(function, _)| self.part.starts_with(&format!("{function}(")));
                match usage {
                    Some((_, usage)) => problem.help(*usage),
                    None => problem,
                }
            }
        }
    }
}

/// Reads `name`, `7` and `function(value, value)`.
struct Reader<'t> {
    left: &'t str,
    whole: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, scope: &Scope<'_>, depth: usize) -> Result<String, Trouble> {
        if depth > 8 {
            return Err(Trouble::form(
                self.whole,
                "functions nested more than eight deep",
            ));
        }
        let word = self.word();
        if word.is_empty() {
            return Err(Trouble::form(
                self.whole,
                format!("`${{{}}}` is neither a variable nor a function", self.whole),
            ));
        }
        if !self.take('(') {
            if word.bytes().all(|byte| byte.is_ascii_digit()) && depth > 0 {
                return Ok(word);
            }
            let unknown = || Trouble {
                code: Code::UnknownVariable,
                part: word.clone(),
                message: format!("there is no variable `{word}` here"),
                name: Some(word.clone()),
            };
            return scope.get(&word).map(str::to_owned).ok_or_else(unknown);
        }
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.value(scope, depth + 1)?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(Trouble::form(self.whole, "`,` or `)` is missing"));
                }
            }
        }
        self.call(&word, &arguments)
    }

    /// Calls a function of the closed list.
    fn call(&self, function: &str, arguments: &[String]) -> Result<String, Trouble> {
        let trouble = |message: String| Trouble::form(self.whole, message);
        let outcome = match (function, arguments) {
            ("hex", [n]) => number(n).map(|n| {
                let digits = format!("{n:X}");
                if digits.len().is_multiple_of(2) {
                    digits
                } else {
                    format!("0{digits}")
                }
            }),
            ("nibble", [n]) => number(n).and_then(nibble),
            ("len", [text]) => byte_length(text),
            ("ascii", [text]) => Ok(hex::encode_upper(text)),
            ("add", [a, b]) => number(a).and_then(|a| Ok(a.saturating_add(number(b)?).to_string())),
            ("sub", [a, b]) => number(a).and_then(|a| subtract(a, number(b)?)),
            ("repeat", [text, times]) => number(times).and_then(|times| repeated(text, times)),
            _ if FUNCTIONS.iter().any(|(known, _)| *known == function) => Err(format!(
                "{function}() does not take {} values",
                arguments.len()
            )),
            _ => {
                return Err(Trouble {
                    code: Code::BadFunction,
                    part: function.to_owned(),
                    message: format!("there is no function `{function}`"),
                    name: Some(function.to_owned()),
                });
            }
        };
        outcome.map_err(trouble)
    }

    fn end(&mut self) -> Result<(), Trouble> {
        self.left = self.left.trim_start();
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(Trouble::form(
                self.whole,
                format!("`{}` is left over", self.left),
            ))
        }
    }

    fn word(&mut self) -> String {
        self.left = self.left.trim_start();
        let end = self
            .left
            .find(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c))
            .unwrap_or(self.left.len());
        let (word, rest) = self.left.split_at(end);
        self.left = rest;
        word.to_owned()
    }

    fn take(&mut self, symbol: char) -> bool {
        self.left = self.left.trim_start();
        match self.left.strip_prefix(symbol) {
            Some(rest) => {
                self.left = rest;
                true
            }
            None => false,
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a number is wanted, not \"{text}\""))
}

fn nibble(n: u64) -> Result<String, String> {
    if n < 16 {
        Ok(format!("{n:X}"))
    } else {
        Err(format!("{n} is not one hex digit"))
    }
}

fn subtract(a: u64, b: u64) -> Result<String, String> {
    let difference = a
        .checked_sub(b)
        .ok_or_else(|| format!("sub({a}, {b}) is below zero"))?;
    Ok(difference.to_string())
}

fn byte_length(text: &str) -> Result<String, String> {
    let bytes: HexBytes = text.parse()?;
    let length = u8::try_from(bytes.0.len()).map_err(|_| "more than 255 bytes".to_owned())?;
    Ok(format!("{length:02X}"))
}

fn repeated(text: &str, times: u64) -> Result<String, String> {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    match text.len().checked_mul(times) {
        Some(length) if length <= MAX_TEXT => Ok(text.repeat(times)),
        _ => Err("the text grows beyond 256 KiB".to_owned()),
    }
}
