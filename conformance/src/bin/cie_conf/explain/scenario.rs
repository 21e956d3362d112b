//! A scenario in words: what it needs and what it does, step by step.

use std::fmt::Write as _;

use cie_conformance::scenario::Case;
use cie_conformance::scenario::model::{Chips, Hazard, Polarity, Step, Target};
use cie_conformance::suite::Suite;

/// The cells of one scenario in words; the steps are those of the first.
pub(super) fn words(suite: &Suite, cases: &[Case]) -> String {
    let Some(case) = cases.first() else {
        return String::new();
    };
    let mut out = format!("{}\n  {}\n", case.id, case.title());
    if let Some(description) = &case.scenario.description {
        let words: Vec<&str> = description.split_whitespace().collect();
        let _ = writeln!(out, "  {}", words.join(" "));
    }
    for (label, text) in facts(case) {
        let _ = writeln!(out, "  {label:<10} {text}");
    }
    let cells: Vec<String> = cases
        .iter()
        .map(|case| case.name().replacen(&case.id, "", 1))
        .collect();
    if !case.cell.is_empty() {
        let _ = writeln!(out, "  {:<10} {}", "cells", cells.join(" "));
    }
    for id in case.requirements() {
        let known = suite.requirements();
        let text = match (known.get(id), known.item(id)) {
            (Some(requirement), _) => format!("  {}: {}", requirement.level, requirement.text),
            (None, Some(item)) => format!("  {}", item.text),
            (None, None) => String::new(),
        };
        let _ = writeln!(out, "  {id}{text}");
    }
    let of = if case.cell.is_empty() {
        String::new()
    } else {
        format!(" of {}", case.name())
    };
    let _ = writeln!(out, "\n  steps{of}");
    steps(&case.steps, &mut out);
    if !case.finally.is_empty() {
        out.push_str("\n  finally, whatever happened\n");
        steps(&case.finally, &mut out);
    }
    out
}

fn facts(case: &Case) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("file", case.source.name().to_owned()),
        ("hazard", hazard(case.hazard).to_owned()),
    ];
    facts.push((
        "shows",
        match case.polarity() {
            Polarity::Positive => "the right thing works",
            Polarity::Negative => "the wrong thing is refused",
            Polarity::Both => "the right thing works and the wrong thing is refused",
        }
        .to_owned(),
    ));
    let card = case.card();
    let named = [
        ("persona", &card.persona),
        ("chip", &card.chip),
        ("profile", &card.preset),
    ];
    let named = named
        .into_iter()
        .filter_map(|(what, name)| name.as_ref().map(|name| format!("{what} {}", name.value)));
    let set = card
        .profile
        .iter()
        .map(|(name, value)| format!("{name}={}", value.value.0));
    let card: Vec<String> = named.chain(set).collect();
    if !card.is_empty() {
        facts.push(("card", card.join(", ")));
    }
    if let Chips::These(chips) = &case.applies_to().chips {
        facts.push(("chips", chips.join(", ")));
    }
    let targets = case.applies_to().targets.iter().map(|target| match target {
        Target::Emulator => "emulator",
        Target::Reader => "reader",
        Target::Trace => "trace",
    });
    let targets: Vec<&str> = targets.collect();
    if !targets.is_empty() {
        facts.push(("targets", targets.join(", ")));
    }
    facts
}

const fn hazard(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::None => "none: nothing that lasts",
        Hazard::BurnsPin => "burns_pin: uses up tries of the PIN",
        Hazard::BurnsPuk => "burns_puk: uses up tries of the PUK",
        Hazard::Writes => "writes: changes a code or a counter of the card",
        Hazard::BlocksPin => "blocks_pin: blocks the PIN",
        Hazard::Bricks => "bricks: blocks the PUK, and the card is lost",
    }
}

fn steps(steps: &[Step], out: &mut String) {
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(out, "  {:>4}  {}", number + 1, step.title());
        let mut more = Vec::new();
        if let Some(block) = &step.used_at {
            more.push(format!("of block {}", block.text()));
        }
        match &step.expect_span {
            Some(expect) => more.push(format!("expects {}", one_line(expect.text()))),
            None if step.action.is_one_command() => more.push("expects 9000".to_owned()),
            None => {}
        }
        more.extend(step.note.clone());
        if !more.is_empty() {
            let _ = writeln!(out, "        {}", more.join("; "));
        }
    }
}

/// A flow mapping on one line, without the braces around it. Places end before closing braces, which come back here.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let missing = |open: char, close: char| {
        text.matches(open)
            .count()
            .saturating_sub(text.matches(close).count())
    };
    let text = format!(
        "{text}{}{}",
        " ]".repeat(missing('[', ']')),
        " }".repeat(missing('{', '}'))
    );
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    inner.map_or(text.clone(), |inner| inner.trim().to_owned())
}
