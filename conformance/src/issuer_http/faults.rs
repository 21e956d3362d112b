//! Answers that meet faults on their way to the client: they are spoiled after everything that was asked has happened, as a
//! network would do it.

use std::time::Duration;

use cie_emulator::control::http::Answer;
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::Desk;
use crate::issuer::clock::Period;
use crate::issuer::wire::CLIENT_TIMEOUT_SECONDS;

/// Longest time an answer is kept back.
const LATEST: Duration = Duration::from_secs(120);

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerFault {
    /// Nothing: this answer is spared.
    None,
    /// Status 500, without a body.
    ServerError,
    /// The body is no JSON.
    Malformed,
    /// A refusal comes without its reason. Waits for the next refusal; answers that grant pass by it.
    WithoutReason,
    /// It comes after the 20 seconds for which the observed client waits, by the real clock.
    Late,
    /// It comes this much later by the real clock, ISO 8601, two minutes at most: PT3S.
    LateBy(Period),
}

/// An answer, and how long it is kept back.
pub(super) struct Travelled {
    pub(super) answer: Answer,
    pub(super) late: Option<Duration>,
}

impl From<Answer> for Travelled {
    fn from(answer: Answer) -> Self {
        Self { answer, late: None }
    }
}

impl AnswerFault {
    /// Whether it can be carried out.
    pub(super) fn check(self) -> Result<(), String> {
        match self {
            Self::LateBy(by) if by.duration() > LATEST => {
                Err(format!("late_by: {by} is longer than two minutes"))
            }
            _ => Ok(()),
        }
    }
}

impl Desk {
    /// The answer on its way, once it has met the fault that waited for it.
    pub(super) fn travels(&mut self, mut answer: Answer) -> Travelled {
        let granted = (200..300).contains(&answer.status);
        let late = match self.next_fault(granted) {
            None | Some(AnswerFault::None) => None,
            Some(AnswerFault::ServerError) => {
                answer = Answer::new(500, String::new());
                None
            }
            Some(AnswerFault::Malformed) => {
                answer.json = "<html>gateway</html>".to_owned();
                None
            }
            Some(AnswerFault::WithoutReason) => {
                let body: Result<serde_json::Value, _> = serde_json::from_str(&answer.json);
                if let Ok(serde_json::Value::Object(mut body)) = body {
                    body.remove("reason");
                    answer.json = serde_json::Value::Object(body).to_string();
                }
                None
            }
            Some(AnswerFault::Late) => Some(Duration::from_secs(CLIENT_TIMEOUT_SECONDS + 1)),
            Some(AnswerFault::LateBy(by)) => Some(by.duration().min(LATEST)),
        };
        Travelled { answer, late }
    }
}
