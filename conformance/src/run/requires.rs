//! What a scenario needs before its first step; when it is not so, the scenario says nothing about this card.

use cie_emulator::chip::{Profile, chip};

use super::facts::Facts;
use super::session::Session;
use crate::scenario::Case;
use crate::scenario::model::{Action, Application, Mode, Requires, Step, Target as Place};
use crate::target::{Reset, TargetKind};
use crate::terminal::ias::commands;

/// Where a case is run, as scenarios name it.
pub(super) const fn place_of(kind: TargetKind) -> Place {
    match kind {
        TargetKind::Emulator => Place::Emulator,
        TargetKind::Reader => Place::Reader,
        TargetKind::Recording => Place::Trace,
    }
}

/// Why a case says nothing about any card of this kind, in one sentence; `None` when it may.
pub(super) fn not_for_this_kind(case: &Case, kind: TargetKind) -> Option<String> {
    if case.mode() == Mode::Serve {
        return Some("it judges a client program (mode: serve), not a card".to_owned());
    }
    if !case.applies_to().target(place_of(kind)) {
        return Some(format!("it does not apply to this kind of target ({kind})"));
    }
    let tears = |step: &Step| matches!(step.action, Action::Tear(_));
    (kind != TargetKind::Emulator && case.steps.iter().any(tears)).then(|| {
        "it cuts the power in the middle of a write, which only the embedded emulator can"
            .to_owned()
    })
}

/// Why a case says nothing about a card of which this is known, in one sentence; `None` when it does. A card that was made for
/// the case is what the case asks for; any other is compared with that, and what is not known of it counts as different.
#[must_use]
pub fn inapplicable(case: &Case, kind: TargetKind, facts: &Facts) -> Option<String> {
    if let Some(reason) = not_for_this_kind(case, kind) {
        return Some(reason);
    }
    let family = facts.chip.as_deref();
    if !case.applies(place_of(kind), family) {
        let family = family.unwrap_or("unknown");
        return Some(format!("it does not apply to chip {family}"));
    }
    if kind == TargetKind::Emulator {
        return None;
    }
    let wanted = case.card();
    if wanted.preset.is_some() || !wanted.profile.is_empty() {
        return Some("it needs a card with other behaviour parameters than this one".to_owned());
    }
    if let Some(wanted) = wanted.chip.as_ref().map(|wanted| wanted.value.as_str()) {
        let same = |there: &str| chip(wanted).is_ok_and(|chip| chip.id == there);
        match family {
            None if kind == TargetKind::Reader => {
                return Some(format!(
                    "it needs chip {wanted}, and this card's family is not known"
                ));
            }
            Some(there) if !same(there) => {
                return Some(format!("it needs chip {wanted}, the card has {there}"));
            }
            None | Some(_) => {}
        }
    }
    let wanted = wanted.persona.as_ref()?;
    match facts.persona.as_ref() {
        Some(there) if *there == wanted.value => None,
        Some(there) => Some(format!(
            "it needs persona {}, the card has {there}",
            wanted.value
        )),
        // A recording that does not say whose card it was is taken at its word.
        None if kind != TargetKind::Reader => None,
        None => Some(format!(
            "it needs the synthetic citizen {}, and who holds this card is not known",
            wanted.value
        )),
    }
}

/// Why the scenario is not applicable, in one sentence; `None` when it is.
pub(super) fn unmet(
    requires: &Requires,
    profile: Option<&Profile>,
    session: &mut Session,
) -> Option<String> {
    let (pin, puk) = session.tries_now(requires);
    let counters = [
        ("PIN", &requires.pin_tries, pin),
        ("PUK", &requires.puk_tries, puk),
    ];
    for (name, bound, tries) in counters {
        if let (Some(bound), Some(tries)) = (bound, tries)
            && !bound.value.contains(u64::from(tries))
        {
            let bound = bound.value;
            return Some(format!(
                "it needs {bound} tries of the {name}, the card has {tries}"
            ));
        }
    }
    let extended = session
        .chip
        .as_ref()
        .map(|chip| chip.limits.extended_length);
    if requires.extended_length && extended == Some(false) {
        return Some("it needs extended length fields, which this chip does not take".to_owned());
    }
    for (name, value) in &requires.profile {
        let has = profile.and_then(|profile| profile.value_of(name))?;
        if has != value.value.0 {
            return Some(format!(
                "it needs {name}: {}, the card has {has}",
                value.value.0
            ));
        }
    }
    for application in &requires.applications {
        let select = match application.aid() {
            Some(aid) => commands::select_application(aid),
            None => commands::select_master_file(),
        };
        let selectable = session
            .terminal
            .transmit(&select)
            .is_ok_and(|reply| reply.sw.is_ok());
        session.terminal.take_exchanges();
        if !selectable {
            return Some(format!(
                "the card has no application {}",
                name_of(*application)
            ));
        }
    }
    // What was selected to find that out is no part of the scenario.
    if !requires.applications.is_empty() && session.terminal.reset(Reset::Cold).is_err() {
        return Some("the card did not come back from a reset".to_owned());
    }
    None
}

const fn name_of(application: Application) -> &'static str {
    match application {
        Application::Mf => "mf",
        Application::Ias => "ias",
        Application::Cie => "cie",
        Application::Emrtd => "emrtd",
    }
}
