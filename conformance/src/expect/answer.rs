//! Expectations about the bare answer: status word, channel, data as bytes, time, and comparisons with captures.

use std::time::Duration;

use cie_crypto::hash::sha256;

use super::{Judge, in_words, side_by_side, words};
use crate::report::model::{Failure, FailureKind};
use crate::scenario::At;
use crate::scenario::model::{ChannelForm, Expect, StatusMatch};
use crate::scenario::text::{Bound, HexBytes, Time};

impl Judge<'_, '_> {
    pub(super) fn status(&mut self, expected: &At<StatusMatch>) {
        let sw = self.observation.sw;
        if expected.value.matches(sw.0) {
            return;
        }
        let got = format!("{:04X}", sw.0);
        let failure = match &expected.value {
            StatusMatch::OneOf(masks) => {
                let meant: Vec<String> = masks.iter().map(|mask| words::status(*mask)).collect();
                let message = format!("the status word is {sw}, expected {}", meant.join(" or "));
                match masks.as_slice() {
                    [mask] => Failure::compare(FailureKind::Sw, &message, &mask.to_string(), &got),
                    _ => side_by_side(FailureKind::Sw, message, expected.value.to_string(), got),
                }
            }
            StatusMatch::Error | StatusMatch::Warning | StatusMatch::Any | StatusMatch::Mute => {
                side_by_side(
                    FailureKind::Sw,
                    format!("the status word is {sw}, expected {}", expected.value),
                    expected.value.to_string(),
                    got,
                )
            }
        };
        self.miss(expected.span.as_ref(), failure);
    }

    /// A step that says nothing about the status word expects `9000`.
    pub(super) fn implied_status(&mut self) {
        let sw = self.observation.sw;
        if !sw.is_ok() || sw.0 != 0x9000 {
            let message = format!(
                "the status word is {sw}, expected 9000 (no error), as nothing else is asked for"
            );
            let got = format!("{:04X}", sw.0);
            let failure = Failure::compare(FailureKind::Sw, &message, "9000", &got);
            self.miss(None, failure);
        }
    }

    /// Everything that looks at the answer without understanding it.
    pub(super) fn answer(&mut self, expect: &Expect) {
        if let Some(channel) = &expect.channel {
            self.channel(channel);
        }
        if let Some(data) = &expect.data {
            self.bytes_fit(&data.value, data.span.as_ref());
        }
        if let Some(empty) = &expect.empty {
            self.empty(empty);
        }
        if let Some(length) = &expect.length {
            self.length(length);
        }
        if let Some(digest) = &expect.sha256 {
            self.sha256(digest);
        }
        if let Some(limit) = &expect.within {
            self.time(limit, |elapsed, limit| elapsed <= limit, "at most");
        }
        if let Some(limit) = &expect.at_least {
            self.time(limit, |elapsed, limit| elapsed >= limit, "at least");
        }
    }

    fn channel(&mut self, expected: &At<ChannelForm>) {
        let got = self.observation.channel;
        if expected.value == got {
            return;
        }
        let word = |form| match form {
            ChannelForm::Plain => "plain",
            ChannelForm::Protected => "protected",
        };
        let message = match got {
            ChannelForm::Plain => {
                "the status word came back plain, expected under secure messaging"
            }
            ChannelForm::Protected => {
                "the status word came back under secure messaging, expected plain"
            }
        };
        let failure = side_by_side(
            FailureKind::Channel,
            message.to_owned(),
            word(expected.value).to_owned(),
            word(got).to_owned(),
        );
        self.miss(expected.span.as_ref(), failure);
    }

    fn empty(&mut self, expected: &At<bool>) {
        let data = self.observation.data;
        let message = match (expected.value, data.is_empty()) {
            (true, false) => format!("no data are expected, {} came", words::count(data.len())),
            (false, true) => "data are expected, none came".to_owned(),
            (true, true) | (false, false) => return,
        };
        let failure = Failure {
            got: Some(words::hex(data)).filter(|got| !got.is_empty()),
            ..in_words(FailureKind::Data, message)
        };
        self.miss(expected.span.as_ref(), failure);
    }

    fn length(&mut self, expected: &At<Bound>) {
        let length = self.observation.data.len();
        if !expected.value.contains(length as u64) {
            let (expected_words, got) = (bytes_in(expected.value), words::count(length));
            let message = format!("the data have {got}, expected {expected_words}");
            let failure = side_by_side(FailureKind::Data, message, expected_words, got);
            self.miss(expected.span.as_ref(), failure);
        }
    }

    fn sha256(&mut self, expected: &At<HexBytes>) {
        let digest = sha256(&[self.observation.data]);
        if expected.value.0 != digest {
            let message = format!(
                "the SHA-256 of the data ({}) is another one",
                words::count(self.observation.data.len())
            );
            let failure = Failure::compare(
                FailureKind::Data,
                &message,
                &expected.value.to_string(),
                &words::hex(&digest),
            );
            self.miss(expected.span.as_ref(), failure);
        }
    }

    fn time(&mut self, limit: &At<Time>, meets: fn(Duration, Duration) -> bool, relation: &str) {
        let Time(allowed) = limit.value;
        match self.observation.elapsed {
            None => self.unknown(
                limit.span.as_ref(),
                "the time of the answer was not measured, so no limit can be checked".to_owned(),
            ),
            Some(elapsed) if meets(elapsed, allowed) => {}
            Some(elapsed) => {
                let expected = format!("{relation} {}", duration(allowed));
                let got = duration(elapsed);
                let message = format!("the answer took {got}, expected {expected}");
                let failure = side_by_side(FailureKind::Time, message, expected, got);
                self.miss(limit.span.as_ref(), failure);
            }
        }
    }

    pub(super) fn captures(&mut self, expect: &Expect) {
        if let Some(name) = &expect.same_as {
            self.capture(name, true);
        }
        if let Some(name) = &expect.differs_from {
            self.capture(name, false);
        }
    }

    fn capture(&mut self, name: &At<String>, same: bool) {
        let data = self.observation.data;
        let Some(captured) = self.surroundings.captured(&name.value) else {
            let message = format!("nothing is captured as \"{}\" yet", name.value);
            self.unknown(name.span.as_ref(), message);
            return;
        };
        let failure = match (same, captured == data) {
            (true, true) | (false, false) => return,
            (true, false) => {
                let message = format!("the data differ from the capture \"{}\"", name.value);
                super::bytes::compare(FailureKind::Capture, &message, captured, data)
            }
            (false, true) => Failure {
                got: Some(words::hex(data)),
                ..in_words(
                    FailureKind::Capture,
                    format!(
                        "the data are the same as the capture \"{}\" ({}), they must differ",
                        name.value,
                        words::count(data.len())
                    ),
                )
            },
        };
        self.miss(name.span.as_ref(), failure);
    }
}

/// A bound on a length in words: `8 bytes`, `at least 8 bytes`.
pub(super) fn bytes_in(bound: Bound) -> String {
    match (bound.min, bound.max) {
        (1, 1) => "1 byte".to_owned(),
        _ => format!("{bound} bytes"),
    }
}

/// A duration as people read it, to three digits behind the point at most: `200 ms`, `1.5 s`, `40 µs`.
fn duration(time: Duration) -> String {
    let (number, unit) = match time.as_micros() {
        0..1_000 => (time.as_secs_f64() * 1e6, "µs"),
        1_000..1_000_000 => (time.as_secs_f64() * 1e3, "ms"),
        _ => (time.as_secs_f64(), "s"),
    };
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} {unit}")
}
