//! Files that people and strangers write: scenarios, personas, chip families, the words for a card. Whatever stands in them is
//! read or refused with its place, within bounds of memory and time.

use std::sync::{Arc, LazyLock};

use cie_conformance::scenario::{
    Catalogue, Loaded, MAX_STEPS, Problems, Source, layout, lint, load,
};
use cie_emulator::chip::Chip;
use cie_emulator::persona::{Persona, PersonaError, personalise};
use cie_emulator::spec::CardSpec;

use crate::input::Input;

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded().expect("the built-in requirements"));

/// Scenario and block files: loaded, linted, laid out.
pub(crate) fn scenario(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let source = Source::new("folder/any.yaml", text.clone());
    let problems = lint(&source, &CATALOGUE);
    placed(&problems, &source);
    match load(&source, &CATALOGUE) {
        Ok(loaded) => bounded(&loaded),
        Err(refused) => {
            assert!(refused.has_errors(), "refused without a reason");
            placed(&refused, &source);
        }
    }
    laid_out(&source, &problems);
}

/// Every problem has its place in a file, and can be shown.
fn placed(problems: &Problems, source: &Arc<Source>) {
    for problem in problems.iter() {
        let span = &problem.span;
        assert!(span.line() > 0 && span.column() > 0);
        assert!(span.range().end <= span.source().text().len());
        assert!(!problem.message.is_empty());
        let shown = problem.render(false);
        assert!(shown.contains(problem.code.name()), "{shown}");
        let named = span.file() == source.name() || span.file().contains("blocks/");
        assert!(named, "{}", span.file());
    }
}

fn bounded(loaded: &Loaded) {
    assert!((1..=1000).contains(&loaded.cases.len()));
    let steps = loaded
        .cases
        .iter()
        .map(|case| case.steps.len() + case.finally.len());
    assert!(steps.sum::<usize>() <= 2 * MAX_STEPS);
    assert!(!loaded.warnings.has_errors());
}

/// A file laid out anew says the same, and doing it twice changes nothing more.
fn laid_out(source: &Arc<Source>, problems: &Problems) {
    let Ok(once) = layout(source) else {
        assert!(problems.has_errors());
        return;
    };
    let once = Source::new(source.name(), once);
    let twice = layout(&once).expect("what was laid out can be read");
    assert_eq!(once.text(), twice);
    let codes = |problems: &Problems| -> Vec<_> {
        let mut codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        codes.sort();
        codes
    };
    assert_eq!(codes(problems), codes(&lint(&once, &CATALOGUE)));
}

/// Persona files, chip families, and cards in one line of words.
pub(crate) fn card_words(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let kind = input.byte();
    let text = String::from_utf8_lossy(input.rest());
    match kind % 4 {
        0 => drop(persona(&text)),
        1 => {
            // Whoever can be read can have a card.
            if let Some(persona) = persona(&text) {
                match personalise(&persona) {
                    Ok(card) => assert_eq!(card.persona_id, persona.id),
                    Err(error @ PersonaError::Encode { .. }) => panic!("{error}"),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
        2 => {
            if let Err(error) = Chip::from_yaml("any.yaml", &text) {
                assert!(error.to_string().contains("any.yaml"), "{error}");
            }
        }
        _ => match text.parse::<CardSpec>() {
            Ok(spec) => assert!(!spec.label().is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        },
    }
}

fn persona(text: &str) -> Option<Persona> {
    match Persona::from_yaml("any.yaml", text) {
        Ok(persona) => Some(persona),
        Err(PersonaError::Load {
            file,
            line,
            column,
            message,
            snippet,
        }) => {
            assert_eq!(file, "any.yaml");
            assert!(line > 0 && column > 0 && !message.is_empty() && !snippet.is_empty());
            // For YAML a lone carriage return ends a line as well.
            let ends = |c: &char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
            let lines = u64::try_from(text.chars().filter(ends).count()).unwrap_or(u64::MAX);
            assert!(line <= lines + 1, "line {line} of {lines}");
            None
        }
        Err(error) => panic!("refused without a place: {error}"),
    }
}
