//! A trace as the skeleton of a scenario: the same commands, the same answers expected. Channels are opened by their name, since
//! their keys are new each time; codes are `right` or `wrong`, as the card found them; what cannot be sent again becomes a note.
//! A person goes on from there: with a better title, the requirement that is shown, and fewer steps.

mod steps;

use std::fmt::Write as _;

use cie_emulator::phy::trace::file::{Case as Marker, Record, Recording};

use crate::scenario::model::Hazard;
use crate::scenario::{Code, Problems, Source, layout, lint};
use crate::suite::{Suite, select};

/// The requirement that every trace shows: each command is answered.
const EVERY_TRACE: &str = "CIE-WIRE-001";

/// What a scenario can do to a card, from the least to the worst.
const HAZARDS: [Hazard; 6] = [
    Hazard::None,
    Hazard::BurnsPin,
    Hazard::BurnsPuk,
    Hazard::Writes,
    Hazard::BlocksPin,
    Hazard::Bricks,
];

/// Why a trace becomes no scenario.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SkeletonError {
    /// One scenario is one case.
    #[error("the trace has several cases: {}; choose one with --case", .0.join(", "))]
    Several(Vec<String>),
    /// No such case.
    #[error("the trace has no case {name}; it has: {}", .there.join(", "))]
    NoCase {
        /// What was asked for.
        name: String,
        /// What there is.
        there: Vec<String>,
    },
    /// Nothing happened.
    #[error("the trace has no exchange, so there is nothing to do in a scenario")]
    Nothing,
    /// The scenario would not be one: longer than scenarios may be.
    #[error("the scenario would have errors")]
    Unfit(Problems),
}

/// A scenario that does what a case of the trace did, in the canonical layout and without a lint. `file` is the name of the file
/// it will stand in; its id follows from it.
///
/// # Errors
/// [`SkeletonError`].
pub fn skeleton(
    trace: &Recording,
    case: Option<&str>,
    file: &str,
) -> Result<String, SkeletonError> {
    let (marker, records) = choose(trace, case)?;
    if !records
        .iter()
        .any(|(_, record)| matches!(record, Record::Exchange(_)))
    {
        return Err(SkeletonError::Nothing);
    }
    let suite = Suite::embedded().map_err(SkeletonError::Unfit)?;
    let steps = steps::of(records);
    let mut last = None;
    for hazard in HAZARDS {
        let text = document(&marker, &suite, trace, file, hazard, &steps);
        let source = Source::new(file, text);
        let problems = lint(&source, suite.catalogue());
        if problems.iter().count() == 0 {
            return layout(&source).map_err(SkeletonError::Unfit);
        }
        let too_low = problems.iter().all(|problem| problem.code == Code::Hazard);
        if !too_low {
            return Err(SkeletonError::Unfit(problems));
        }
        last = Some(problems);
    }
    Err(SkeletonError::Unfit(last.unwrap_or_default()))
}

type Records<'a> = Vec<&'a (usize, Record)>;

/// The case and its records.
fn choose<'a>(
    trace: &'a Recording,
    case: Option<&str>,
) -> Result<(Marker, Records<'a>), SkeletonError> {
    let mut cases: Vec<(Marker, Records<'a>)> = vec![(Marker::default(), Vec::new())];
    for entry in &trace.records {
        match &entry.1 {
            Record::Case(marker) => cases.push((marker.clone(), Vec::new())),
            _ => {
                if let Some((_, records)) = cases.last_mut() {
                    records.push(entry);
                }
            }
        }
    }
    cases.retain(|(marker, records)| !marker.name.is_empty() || !records.is_empty());
    let names = || {
        cases
            .iter()
            .map(|(marker, _)| marker.name.clone())
            .collect()
    };
    match case {
        Some(name) => {
            let there = names();
            let found = cases.into_iter().find(|(marker, _)| marker.name == name);
            found.ok_or_else(|| SkeletonError::NoCase {
                name: name.to_owned(),
                there,
            })
        }
        None if cases.len() > 1 => Err(SkeletonError::Several(names())),
        None => cases.pop().ok_or(SkeletonError::Nothing),
    }
}

fn document(
    marker: &Marker,
    suite: &Suite,
    trace: &Recording,
    file: &str,
    hazard: Hazard,
    steps: &[String],
) -> String {
    let mut out = String::new();
    let recorded = match marker.name.as_str() {
        "" => trace.header.recorded.clone(),
        name => name.to_owned(),
    };
    let requirements = requirements(marker, suite);
    let _ = writeln!(out, "cie-scenario: 1");
    let _ = writeln!(out, "id: {}", id(file));
    let _ = writeln!(
        out,
        "title: {}",
        quoted(&format!("as recorded: {recorded}"))
    );
    let _ = writeln!(out, "requirements: [{}]", requirements.join(", "));
    let _ = writeln!(out, "hazard: {hazard}");
    let card = card(marker);
    if !card.is_empty() {
        let _ = writeln!(out, "card: {{ {} }}", card.join(", "));
    }
    let _ = writeln!(out, "steps:");
    for step in steps {
        out.push_str(step);
    }
    out
}

/// The requirements of the scenario that was recorded, where it is one of the suite.
fn requirements(marker: &Marker, suite: &Suite) -> Vec<String> {
    let chosen = select(suite, std::slice::from_ref(&marker.name)).ok();
    let chosen = chosen.filter(|_| !marker.name.is_empty());
    let cited: Vec<String> = chosen
        .iter()
        .flat_map(|selection| selection.cases.first())
        .flat_map(|case| case.requirements().map(str::to_owned))
        .collect();
    match cited.is_empty() {
        true => vec![EVERY_TRACE.to_owned()],
        false => cited,
    }
}

/// The card as it was made; nothing of a card that was not.
fn card(marker: &Marker) -> Vec<String> {
    if marker.persona.is_none() {
        return Vec::new();
    }
    let named = [
        ("persona", &marker.persona),
        ("chip", &marker.chip),
        ("preset", &marker.preset),
    ];
    let named = named.into_iter().filter_map(|(key, value)| {
        let value = value.as_ref()?;
        Some(format!("{key}: {}", quoted(value)))
    });
    let mut card: Vec<String> = named.collect();
    if !marker.profile.is_empty() {
        let settings = marker.profile.iter();
        let settings: Vec<String> = settings
            .map(|(name, value)| format!("{name}: {}", quoted(value)))
            .collect();
        card.push(format!("profile: {{ {} }}", settings.join(", ")));
    }
    card
}

/// The path below a folder of scenarios, or the name alone.
fn id(file: &str) -> String {
    let path = file.replace('\\', "/");
    let path = path
        .strip_suffix(".yaml")
        .or_else(|| path.strip_suffix(".yml"))
        .unwrap_or(&path);
    match path.rsplit_once("scenarios/") {
        Some((_, below)) => below.to_owned(),
        None => path
            .rsplit_once('/')
            .map_or(path, |(_, name)| name)
            .to_owned(),
    }
}

/// Text as YAML reads it back: no variable begins in it.
fn quoted(text: &str) -> String {
    let text = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
    text.replace("${", "$${")
}
