//! Compares two recordings: cases by name, events by the longest common sequence, answers by meaning. Random values, keys,
//! cryptograms and counters are never compared; what was left out of a trace is compared by its length.

use std::collections::BTreeMap;

use cie_emulator::phy::trace::file::Recording;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::answers;
use super::difference::{Aspect, Comparison, Difference};
use super::view::{self, Item, Pair, Section, What};

/// The differences between two recordings.
#[must_use]
pub fn compare(a: &Recording, b: &Recording) -> Comparison {
    let (left, right) = (view::sections(a), view::sections(b));
    let inside = view::knows_inside(&left) && view::knows_inside(&right);
    let mut comparison = Comparison {
        a: title(a),
        b: title(b),
        ..Comparison::default()
    };
    if view::knows_inside(&left) != view::knows_inside(&right) {
        comparison.notes.push(
            "only one of them knows what secure messaging carried: protected commands are compared by their outer form"
                .to_owned(),
        );
    }
    if let ([left], [right]) = (left.as_slice(), right.as_slice()) {
        // One story each: it is the same one, whatever it is called.
        compare_sections(left, right, inside, &mut comparison);
        return comparison;
    }
    let mut others = numbered(right);
    for (key, section) in numbered(left) {
        let same = others.iter().position(|(other, _)| *other == key);
        match same.map(|place| others.remove(place)) {
            Some((_, other)) => compare_sections(&section, &other, inside, &mut comparison),
            None => only(&section, true, &mut comparison),
        }
    }
    for (_, section) in others {
        only(&section, false, &mut comparison);
    }
    comparison
}

fn title(recording: &Recording) -> String {
    let header = &recording.header;
    let chip = header.chip.iter().map(|chip| format!(", chip {chip}"));
    let persona = header.persona.iter();
    let persona = persona.map(|persona| format!(", persona {persona}"));
    let more: String = chip.chain(persona).collect();
    format!("{}: {}{more}", recording.name, header.recorded)
}

/// Sections by name and turn.
fn numbered(sections: Vec<Section>) -> Vec<((String, usize), Section)> {
    let mut turns: BTreeMap<String, usize> = BTreeMap::new();
    let keyed = sections.into_iter().map(|section| {
        let turn = turns.entry(section.name.clone()).or_default();
        *turn = turn.saturating_add(1);
        ((section.name.clone(), *turn), section)
    });
    keyed.collect()
}

fn only(section: &Section, in_a: bool, comparison: &mut Comparison) {
    let events = format!("{} events", section.items.len());
    let (a, b) = match in_a {
        true => (events, "absent".to_owned()),
        false => ("absent".to_owned(), events),
    };
    comparison.differences.push(Difference {
        case: section.name.clone(),
        event: "the whole case".to_owned(),
        ..Difference::of(Aspect::Case, a, b)
    });
}

fn compare_sections(a: &Section, b: &Section, inside: bool, comparison: &mut Comparison) {
    let keys = |section: &Section| -> Vec<String> {
        let items = section.items.iter();
        items.map(|item| item.key(inside)).collect()
    };
    let (keys_a, keys_b) = (keys(a), keys(b));
    let mut found = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &keys_a, &keys_b) {
        if let DiffOp::Equal { len, .. } = op {
            comparison.compared = comparison.compared.saturating_add(len);
        }
        let left = a.items.get(op.old_range()).unwrap_or_default();
        let right = b.items.get(op.new_range()).unwrap_or_default();
        match op {
            DiffOp::Equal { .. } => {
                for (left, right) in left.iter().zip(right) {
                    found.extend(compare_items(left, right, inside));
                }
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                found.extend(left.iter().map(|item| only_item(item, true)));
                found.extend(right.iter().map(|item| only_item(item, false)));
            }
        }
    }
    found
        .iter_mut()
        .for_each(|difference| difference.case.clone_from(&a.name));
    comparison.differences.extend(found);
}

fn only_item(item: &Item, in_a: bool) -> Difference {
    let (yes, no) = ("yes".to_owned(), "no".to_owned());
    let (a, b) = if in_a { (yes, no) } else { (no, yes) };
    Difference {
        event: item.words.clone(),
        line_a: in_a.then_some(item.line),
        line_b: (!in_a).then_some(item.line),
        ..Difference::of(Aspect::Event, a, b)
    }
}

fn compare_items(a: &Item, b: &Item, inside: bool) -> Vec<Difference> {
    let mut found = match (&a.what, &b.what) {
        (What::Event, What::Event) => Vec::new(),
        (What::Restart(a), What::Restart(b)) => answers::restarts(a, b),
        (
            What::Exchange { wire, inner },
            What::Exchange {
                wire: other,
                inner: inner_of_other,
            },
        ) => match (inner, inner_of_other) {
            (Some(inner), Some(of_other)) if inside => {
                through_session((wire, inner), (other, of_other))
            }
            _ => answers::responses(&wire.response, &other.response),
        },
        // The same key, but not the same kind of event: nothing is said about either.
        _ => Vec::new(),
    };
    for difference in &mut found {
        difference.event.clone_from(&a.words);
        difference.line_a = Some(a.line);
        difference.line_b = Some(b.line);
    }
    found
}

/// Answers inside secure messaging; one that came back in plain is compared as it passed.
fn through_session(a: (&Pair, &Pair), b: (&Pair, &Pair)) -> Vec<Difference> {
    let protected = |pair: &(&Pair, &Pair)| !pair.1.response.is_empty();
    let response = |pair: &(&Pair, &Pair)| match protected(pair) {
        true => pair.1.response.clone(),
        false => pair.0.response.clone(),
    };
    let mut found = Vec::new();
    if protected(&a) != protected(&b) {
        let word = |protected: bool| if protected { "protected" } else { "in plain" };
        found.push(Difference::of(
            Aspect::Channel,
            word(protected(&a)).to_owned(),
            word(protected(&b)).to_owned(),
        ));
    }
    found.extend(answers::responses(&response(&a), &response(&b)));
    found
}
