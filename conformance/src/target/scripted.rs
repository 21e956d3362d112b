//! A target that answers from a list: recorded sessions and tests of the terminal. It accepts exactly the commands of its
//! script, in their order, and refuses to guess.

use std::collections::VecDeque;

use super::{Reset, Target, TargetError, TargetKind};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptStep {
    /// This command is answered with this response.
    Exchange {
        /// The bytes that must be sent.
        command: Vec<u8>,
        /// The bytes that come back.
        response: Vec<u8>,
    },
    /// Any command is answered with this response.
    Answer(Vec<u8>),
    /// The next command meets this error.
    Error(TargetError),
}

/// A card made of a list of [`ScriptStep`]s.
#[derive(Clone, Debug)]
pub struct ScriptedTarget {
    atr: Vec<u8>,
    steps: VecDeque<ScriptStep>,
    sent: usize,
}

impl ScriptedTarget {
    /// A card with this answer to reset (may be any bytes) and these steps. A reset does not rewind them.
    #[must_use]
    pub fn new(atr: &[u8], steps: impl IntoIterator<Item = ScriptStep>) -> Self {
        Self {
            atr: atr.to_vec(),
            steps: steps.into_iter().collect(),
            sent: 0,
        }
    }

    /// Pairs of command and response.
    #[must_use]
    pub fn replaying(atr: &[u8], pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let exchange = |(command, response)| ScriptStep::Exchange { command, response };
        Self::new(atr, pairs.into_iter().map(exchange))
    }

    /// How many steps are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.steps.len()
    }
}

impl Target for ScriptedTarget {
    fn kind(&self) -> TargetKind {
        TargetKind::Recording
    }

    fn describe(&self) -> String {
        format!("a recording, {} exchanges left", self.steps.len())
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        Ok(())
    }

    fn reset(&mut self, _reset: Reset) -> Result<Vec<u8>, TargetError> {
        Ok(self.atr.clone())
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        self.sent += 1;
        let number = self.sent;
        match self.steps.pop_front() {
            Some(ScriptStep::Exchange {
                command: expected,
                response: answer,
            }) => {
                if expected != command {
                    return Err(TargetError::Harness(format!(
                        "exchange {number} of the recording expects {}, the terminal sent {}",
                        hex::encode_upper(expected),
                        hex::encode_upper(command)
                    )));
                }
                response.extend_from_slice(&answer);
                Ok(())
            }
            Some(ScriptStep::Answer(answer)) => {
                response.extend_from_slice(&answer);
                Ok(())
            }
            Some(ScriptStep::Error(error)) => Err(error),
            None => Err(TargetError::Harness(format!(
                "the recording ends before exchange {number}: {}",
                hex::encode_upper(command)
            ))),
        }
    }
}
