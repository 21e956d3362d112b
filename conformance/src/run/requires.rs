//! What a scenario needs before its first step; when it is not so, the scenario says nothing about this card.

use cie_emulator::chip::Profile;

use super::session::Session;
use crate::scenario::model::{Application, Requires};
use crate::target::Reset;
use crate::terminal::ias::commands;

/// Why the scenario is not applicable, in one sentence; `None` when it is.
pub(super) fn unmet(
    requires: &Requires,
    profile: Option<&Profile>,
    session: &mut Session,
) -> Option<String> {
    let state = session.terminal.state();
    let pin = state.as_ref().and_then(|state| state.pin_tries);
    let puk = state.as_ref().and_then(|state| state.puk_tries);
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
