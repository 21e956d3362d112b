//! An answer of the issuer, and what is wrong with it.

use std::fmt;

use crate::issuer::engine::{Done, Level, Refusal, Reply, Standing};
use crate::issuer::reason::reason;
use crate::report::model::{Failure, FailureKind};
use crate::scenario::model::issuer::ReplyExpect;
use crate::scenario::{At, Span};

/// An answer as far as it can be judged; nothing in it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super::super) struct Replied {
    /// What was asked is granted.
    pub(super) granted: bool,
    /// Why not.
    pub(super) reason: Option<String>,
    /// The procedure is over.
    pub(super) closed: bool,
    /// The gate that waits now; "cooling" where only time helps.
    pub(super) gate: Option<String>,
    pub(super) tries_left: Option<u64>,
    pub(super) level: Option<u64>,
    /// The words of a refusal about rules.
    pub(super) rules: Option<String>,
    /// Nothing of it reached the client.
    pub(super) lost: bool,
}

impl Replied {
    /// The engine's own answer.
    pub(super) fn of(reply: &Reply) -> Self {
        let level = match &reply.result {
            Ok(Done::LoggedIn(Level::One) | Done::LoginCodeSent) => Some(1),
            Ok(Done::LoggedIn(Level::Two)) => Some(2),
            Ok(Done::MustChange) | Err(Refusal::Login) => Some(0),
            Ok(_) | Err(_) => None,
        };
        Self {
            granted: reply.result.is_ok(),
            reason: reason(reply).map(str::to_owned),
            closed: reply.is_closed(),
            gate: reply.standing.as_ref().and_then(gate).map(str::to_owned),
            tries_left: reply.tries_left().map(u64::from),
            level,
            rules: match &reply.result {
                Err(refusal @ Refusal::Rules(_)) => Some(refusal.to_string()),
                Ok(_) | Err(_) => None,
            },
            lost: false,
        }
    }

    /// Nothing came.
    pub(super) fn lost() -> Self {
        Self {
            lost: true,
            ..Self::default()
        }
    }
}

/// The gate at which a procedure stands.
pub(super) fn gate(standing: &Standing) -> Option<&'static str> {
    match standing {
        Standing::Awaiting(awaiting) => Some(awaiting.gate()),
        Standing::Cooling(_) => Some("cooling"),
        Standing::Completed | Standing::Closed(_) => None,
    }
}

impl fmt::Display for Replied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lost {
            return f.write_str("reply: none that the client could read");
        }
        match (&self.reason, self.granted) {
            (_, true) => f.write_str("reply: granted")?,
            (Some(reason), false) => write!(f, "reply: refused, {reason}")?,
            (None, false) => f.write_str("reply: refused, without a reason")?,
        }
        if let Some(gate) = &self.gate {
            write!(f, ", at the gate {gate}")?;
        }
        if let Some(tries) = self.tries_left {
            write!(f, ", {tries} tries left")?;
        }
        if let Some(level) = self.level {
            write!(f, ", level {level}")?;
        }
        f.write_str(if self.closed { ", closed" } else { "" })
    }
}

/// Everything that an answer misses of what is expected, each with its place.
pub(in super::super::super) fn check(
    expected: Option<&At<ReplyExpect>>,
    replied: &Replied,
) -> Vec<(Option<Span>, Failure)> {
    let none = At {
        value: ReplyExpect::default(),
        span: None,
    };
    let expected = expected.unwrap_or(&none);
    let mut judge = Judge {
        whole: expected.span.clone(),
        misses: Vec::new(),
    };
    let wanted = &expected.value;
    judge.lost(wanted, replied);
    if judge.misses.is_empty() && !replied.lost {
        judge.answer(wanted, replied);
    }
    judge.misses
}

struct Judge {
    whole: Option<Span>,
    misses: Vec<(Option<Span>, Failure)>,
}

impl Judge {
    fn miss(&mut self, span: Option<&Span>, what: &str, expected: String, got: String) {
        let failure = Failure {
            kind: FailureKind::Issuer,
            message: format!("the issuer's answer: {what} is {got}, expected {expected}"),
            expected: Some(expected),
            got: Some(got),
            ..Failure::default()
        };
        self.misses
            .push((span.cloned().or_else(|| self.whole.clone()), failure));
    }

    fn lost(&mut self, wanted: &ReplyExpect, replied: &Replied) {
        let lost = wanted.lost.as_ref().is_some_and(|lost| lost.value);
        if lost != replied.lost {
            let span = wanted.lost.as_ref().and_then(|lost| lost.span.clone());
            let words = |lost| if lost { "lost" } else { "there" };
            let (expected, got) = (words(lost).to_owned(), words(replied.lost).to_owned());
            self.miss(span.as_ref(), "it", expected, got);
        }
    }

    fn answer(&mut self, wanted: &ReplyExpect, replied: &Replied) {
        self.granted(wanted, replied);
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        for (what, expected, got) in [
            ("the reason", &wanted.reason, text(&replied.reason)),
            ("the gate", &wanted.gate, text(&replied.gate)),
        ] {
            if let Some(At { value, span }) = expected
                && *value != got
            {
                self.miss(span.as_ref(), what, value.clone(), got);
            }
        }
        if let Some(At { value, span }) = &wanted.closed
            && *value != replied.closed
        {
            let (expected, got) = (value.to_string(), replied.closed.to_string());
            self.miss(span.as_ref(), "closed", expected, got);
        }
        for (what, expected, got) in [
            ("tries left", &wanted.tries_left, replied.tries_left),
            ("the level", &wanted.level, replied.level),
        ] {
            if let Some(At { value, span }) = expected
                && !got.is_some_and(|got| value.contains(got))
            {
                let got = got.map_or_else(|| "not told".to_owned(), |got| got.to_string());
                self.miss(span.as_ref(), what, value.to_string(), got);
            }
        }
        if let Some(At { value, span }) = &wanted.rules
            && !replied
                .rules
                .as_ref()
                .is_some_and(|rules| rules.contains(value))
        {
            self.miss(
                span.as_ref(),
                "the rules named",
                value.clone(),
                text(&replied.rules),
            );
        }
    }

    fn granted(&mut self, wanted: &ReplyExpect, replied: &Replied) {
        let level = wanted.level.is_some();
        let expected = match &wanted.granted {
            Some(granted) => granted.value,
            // A level of 0 says by itself that a login was refused.
            None if level => return,
            None => wanted.reason.is_none(),
        };
        if expected == replied.granted {
            return;
        }
        let span = wanted
            .granted
            .as_ref()
            .and_then(|granted| granted.span.clone());
        let words = |granted, reason: &Option<String>| match (granted, reason) {
            (true, _) => "granted".to_owned(),
            (false, Some(reason)) => format!("refused ({reason})"),
            (false, None) => "refused".to_owned(),
        };
        let got = words(replied.granted, &replied.reason);
        self.miss(span.as_ref(), "it", words(expected, &None), got);
    }
}
