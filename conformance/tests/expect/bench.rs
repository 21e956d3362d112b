//! A bench for expectations: an answer to be judged, and surroundings filled by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use cie_conformance::expect::{Miss, Observation, Surroundings, check};
use cie_conformance::report::model::Failure;
use cie_conformance::scenario::decode::decode;
use cie_conformance::scenario::model::{Application, Bytes, ChannelForm, Expect, PublicKeySource};
use cie_conformance::scenario::{Node, Source};
use cie_conformance::target::CardState;
use cie_crypto::rsa::PublicKey;
use cie_emulator::wire::StatusWord;
use serde_json::Value;

/// The right PIN of the bench. No message may contain it.
pub(crate) const PIN: &[u8] = b"73951846";

/// What is on the bench.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) sent: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
    pub(crate) sw: u16,
    pub(crate) channel: ChannelForm,
    pub(crate) signed: Option<Vec<u8>>,
    pub(crate) elapsed: Option<Duration>,
    pub(crate) tries_from_state: Option<(u8, u8)>,
    pub(crate) tries_from_status: (Option<u8>, Option<u8>),
    pub(crate) state: Option<CardState>,
    pub(crate) persistent_changed: Option<bool>,
    pub(crate) around: Around,
}

/// What the bench knows beyond the answer.
#[derive(Clone, Default)]
pub(crate) struct Around {
    pub(crate) captures: BTreeMap<String, Vec<u8>>,
    pub(crate) keys: Vec<(PublicKeySource, PublicKey)>,
    pub(crate) application: Option<Application>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            sent: None,
            data: Vec::new(),
            sw: 0x9000,
            channel: ChannelForm::Plain,
            signed: None,
            elapsed: None,
            tries_from_state: None,
            tries_from_status: (None, None),
            state: None,
            persistent_changed: None,
            around: Around::default(),
        }
    }
}

impl Bench {
    /// An answer with these data, in hexadecimal.
    pub(crate) fn data(hex: &str) -> Self {
        Self {
            data: hex::decode(hex).expect("hexadecimal"),
            ..Self::default()
        }
    }

    /// The same with another status word.
    pub(crate) fn status(mut self, sw: u16) -> Self {
        self.sw = sw;
        self
    }

    /// The same with something captured.
    pub(crate) fn captured(mut self, name: &str, hex: &str) -> Self {
        self.around
            .captures
            .insert(name.to_owned(), hex::decode(hex).expect("hexadecimal"));
        self
    }

    /// The same with a key to be found.
    pub(crate) fn key(mut self, source: PublicKeySource, key: PublicKey) -> Self {
        self.around.keys.push((source, key));
        self
    }
}

impl Surroundings for Around {
    fn bytes(&mut self, value: &Bytes) -> Result<Vec<u8>, String> {
        match value {
            Bytes::Given(bytes) => Ok(bytes.clone()),
            Bytes::Right(_) => Ok(PIN.to_vec()),
            Bytes::FirstHalf(_) => Ok(PIN[..4].to_vec()),
            Bytes::Captured(name) => self
                .captured(name)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| format!("nothing is captured as \"{name}\" yet")),
            Bytes::Fill(fill) => Ok(vec![fill.byte.0; fill.length as usize]),
            Bytes::Concat(parts) => parts.iter().try_fold(Vec::new(), |mut all, part| {
                all.extend(self.bytes(part)?);
                Ok(all)
            }),
            other => Err(format!("the bench does not know {other:?}")),
        }
    }

    fn captured(&self, name: &str) -> Option<&[u8]> {
        self.captures.get(name).map(Vec::as_slice)
    }

    fn public_key(&mut self, source: &PublicKeySource) -> Result<PublicKey, String> {
        let found = self.keys.iter().find(|(known, _)| known == source);
        found
            .map(|(_, key)| key.clone())
            .ok_or_else(|| format!("there is no key {source:?} on the bench"))
    }

    fn today(&self) -> String {
        "2024-06-15".to_owned()
    }

    fn application_of(&self, _: &CardState) -> Option<Application> {
        self.application
    }
}

/// An expectation as it is written in a scenario (JSON is YAML).
pub(crate) fn expectation(value: &Value) -> Expect {
    let source = Source::new("bench.yaml", value.to_string());
    let node = Node::parse(&source).expect("YAML");
    decode(&node).expect("an expectation")
}

/// What is missed.
pub(crate) fn misses(bench: &Bench, value: Value) -> Vec<Miss> {
    let observation = Observation {
        sent: bench.sent.as_deref(),
        data: &bench.data,
        sw: StatusWord(bench.sw),
        channel: bench.channel,
        signed: bench.signed.as_deref(),
        elapsed: bench.elapsed,
        tries_from_state: bench.tries_from_state,
        tries_from_status: bench.tries_from_status,
        state: bench.state.as_ref(),
        persistent_changed: bench.persistent_changed,
    };
    check(
        &expectation(&value),
        &observation,
        &mut bench.around.clone(),
    )
}

/// The messages alone.
pub(crate) fn said(bench: &Bench, value: Value) -> Vec<String> {
    misses(bench, value)
        .into_iter()
        .map(|miss| miss.failure.message)
        .collect()
}

/// The only miss there is.
pub(crate) fn only(bench: &Bench, value: Value) -> Failure {
    let mut misses = misses(bench, value);
    assert_eq!(misses.len(), 1, "{misses:?}");
    misses.remove(0).failure
}
