//! The plan: what will be sent, how many wrong values at most, and which flags allowed it; shown before the first APDU.

use std::fmt::Write as _;

use super::{Admission, CaseRisk, Guard, WRONG_PUKS_PER_LIFE, WRONG_PUKS_PER_RUN};
use crate::scenario::model::Hazard;

/// One case of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCase {
    /// Its name: `pin/lock-then-unblock[chip=gemalto]`.
    pub name: String,
    /// What it announces.
    pub risk: CaseRisk,
    /// What the guard said.
    pub admission: Admission,
    /// Wrong PINs it sends at most.
    pub wrong_pins: u32,
    /// Wrong PUKs it sends at most.
    pub wrong_puks: u32,
}

/// The plan in words, with a line feed at the end of each line. Contains no code and no number of a card.
#[must_use]
pub fn render_plan(guard: &Guard, target: &str, cases: &[PlannedCase]) -> String {
    let mut text = format!("Plan for {target}\n");
    let (run, held): (Vec<_>, Vec<_>) = cases
        .iter()
        .partition(|case| case.admission == Admission::Run);
    for case in &run {
        let _ = writeln!(text, "  run     {}{}", case.name, detail(case));
    }
    for case in &held {
        let (word, reason) = match &case.admission {
            Admission::Run => continue,
            Admission::Skip { reason } => ("skip  ", reason),
            Admission::Refuse { reason } => ("refuse", reason),
        };
        let _ = writeln!(text, "  {word}  {}: {reason}", case.name);
    }
    let _ = writeln!(text, "{} of {} cases run", run.len(), cases.len());
    if guard.is_free() {
        text.push_str("Nothing can be harmed: every case runs, nothing is counted\n");
    } else {
        totals(&mut text, guard, &run);
    }
    text
}

fn detail(case: &PlannedCase) -> String {
    let mut parts = Vec::new();
    if case.risk.hazard != Hazard::None {
        parts.push(case.risk.hazard.to_string());
    }
    if case.wrong_pins > 0 {
        parts.push(format!("at most {}", count(case.wrong_pins, "wrong PIN")));
    }
    if case.wrong_puks > 0 {
        parts.push(format!("at most {}", count(case.wrong_puks, "wrong PUK")));
    }
    if case.risk.restores {
        parts.push("the PIN is put back".to_owned());
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

fn totals(text: &mut String, guard: &Guard, run: &[&PlannedCase]) {
    let sum =
        |of: fn(&PlannedCase) -> u32| run.iter().map(|case| of(case)).fold(0, u32::saturating_add);
    let bricks = run.iter().any(|case| case.risk.hazard == Hazard::Bricks);
    let _ = writeln!(
        text,
        "Sent at most: {}, {}",
        count(sum(|case| case.wrong_pins), "wrong PIN"),
        count(sum(|case| case.wrong_puks), "wrong PUK")
    );
    let _ = writeln!(text, "Allowed by: {}", guard.setup.allow);
    if bricks {
        text.push_str(
            "THE CARD IS GIVEN UP: --sacrificial names it, and a case that blocks its PUK for ever was named explicitly\n",
        );
    }
    if sum(|case| case.wrong_puks) > 0 {
        let _ = match guard
            .keys()
            .ok()
            .and_then(|card| guard.setup.ledger.life(&card).ok())
        {
            Some(life) => writeln!(
                text,
                "Wrong PUKs of this card so far: {} of {WRONG_PUKS_PER_LIFE} in its life; {WRONG_PUKS_PER_RUN} at most in this run",
                life.wrong_puks
            ),
            None => writeln!(
                text,
                "Wrong PUKs of this card so far: not known yet; none is sent before that is read"
            ),
        };
    }
    text.push_str(
        "Before each wrong value the tries left are asked for; the run stops at the last one, and at the first counter that drops unexpectedly\n",
    );
}

fn count(number: u32, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
