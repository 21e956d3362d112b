//! Recording cases of the suite in memory.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use cie_conformance::record::{Memory, record};
use cie_conformance::run::{EmbeddedCards, Options, Provider, Silent};
use cie_conformance::scenario::Case;
use cie_conformance::suite::{Suite, select};
use cie_emulator::phy::trace::file::{Header, Record, Recording, Redaction};

/// Cases of the suite.
pub(crate) fn cases(names: &[&str]) -> Vec<Case> {
    let suite = Suite::embedded().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    select(&suite, &names).unwrap().cases
}

/// The run of some cases on the cards of a provider.
pub(crate) fn recorded(provider: &dyn Provider, names: &[&str], redaction: Redaction) -> Recording {
    let memory = Memory::default();
    let header = Header {
        seed: Some(1),
        redaction,
        ..Header::new("a test")
    };
    let recorded = record(
        &cases(names),
        provider,
        &Options::default(),
        &BTreeSet::new(),
        memory.writer(&header).unwrap(),
        &Silent,
        &AtomicBool::new(false),
    );
    assert!(recorded.unwrap().cases > 0);
    memory.recording("memory").unwrap()
}

/// The same on embedded cards of a chip and a persona.
pub(crate) fn embedded(
    chip: &str,
    persona: &str,
    names: &[&str],
    redaction: Redaction,
) -> Recording {
    let cards = EmbeddedCards::new(chip).of_persona(persona);
    let mut recording = recorded(&cards, names, redaction);
    recording.header.chip = Some(chip.to_owned());
    recording.header.persona = Some(persona.to_owned());
    recording
}

/// A trace as it stands in a file.
pub(crate) fn text(recording: &Recording) -> String {
    let lines = recording.records.iter();
    let lines: Vec<String> = lines
        .map(|(_, record)| serde_json::to_string(record).unwrap())
        .collect();
    format!(
        "{}\n{}\n",
        serde_json::to_string(&recording.header).unwrap(),
        lines.join("\n")
    )
}

/// The exchanges of a trace.
pub(crate) fn exchanges(recording: &Recording) -> Vec<&cie_emulator::phy::trace::file::Exchange> {
    let records = recording.records.iter();
    records
        .filter_map(|(_, record)| match record {
            Record::Exchange(exchange) => Some(exchange),
            _ => None,
        })
        .collect()
}
