//! The first gate: which cases are carried out at all. It looks at what a case announces, at the flags, and at what is known of
//! the card; commands are the second gate's.

use super::Guard;
use crate::scenario::Case;
use crate::scenario::model::{Action, CodeName, Hazard, Restore, Step};

/// What a case announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseRisk {
    /// The higher of the hazard declared and the one its steps imply.
    pub hazard: Hazard,
    /// Whether its id was typed; false when a folder, a glob or nothing at all selected it.
    pub named_explicitly: bool,
    /// Whether its `finally` puts the PIN back.
    pub restores: bool,
}

impl CaseRisk {
    /// What this case announces.
    #[must_use]
    pub fn of(case: &Case, named_explicitly: bool) -> Self {
        let restores =
            |step: &Step| matches!(step.action, Action::Restore(Restore::Pin | Restore::Puk));
        Self {
            hazard: case.hazard,
            named_explicitly,
            restores: case.finally.iter().any(restores),
        }
    }
}

/// What becomes of a case before its first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It runs.
    Run,
    /// It does not run, and that is no fault: the report says `skipped` and why.
    Skip {
        /// Why, and which flag would let it run.
        reason: String,
    },
    /// It does not run, and what was asked for cannot be granted: exit code 4.
    Refuse {
        /// Why, and what to do.
        reason: String,
    },
}

fn skip(reason: impl Into<String>) -> Admission {
    Admission::Skip {
        reason: reason.into(),
    }
}

fn refuse(reason: impl Into<String>) -> Admission {
    Admission::Refuse {
        reason: reason.into(),
    }
}

impl Guard {
    /// Whether a case may run. Everything runs where nothing can be harmed.
    #[must_use]
    pub fn admit(&self, risk: CaseRisk) -> Admission {
        if self.is_free() {
            return Admission::Run;
        }
        if let Some(latch) = self.latch() {
            return refuse(format!("the run is shut: {latch}"));
        }
        match risk.hazard {
            Hazard::None => Admission::Run,
            Hazard::Bricks => self.admit_bricks(risk),
            hazard if !self.setup.allow.contains(hazard) => skip(format!(
                "{hazard} on a physical card needs --allow {hazard}{}",
                needed(hazard)
            )),
            hazard => self.admit_allowed(hazard, risk),
        }
    }

    /// As [`admit`](Self::admit), for a plan that is shown before the card has been identified: a number that was not read yet is
    /// not held against a case that names its card.
    #[must_use]
    pub fn foresee(&self, risk: CaseRisk) -> Admission {
        let named = risk.named_explicitly && self.setup.sacrificial.is_some();
        match risk.hazard {
            Hazard::Bricks if named && self.identity().is_none() && self.latch().is_none() => {
                Admission::Run
            }
            _ => self.admit(risk),
        }
    }

    fn admit_allowed(&self, hazard: Hazard, risk: CaseRisk) -> Admission {
        if let Some(&code) = codes(hazard)
            .iter()
            .find(|code| self.setup.secrets.get(**code).is_none())
        {
            return skip(format!(
                "{hazard} needs the right {}: give it with --secret {}=…, {} or --secrets FILE",
                super::refusal::name(code),
                super::refusal::option(code),
                super::refusal::variable(code)
            ));
        }
        if matches!(hazard, Hazard::Writes | Hazard::BlocksPin) && !risk.restores {
            return refuse(format!(
                "{hazard} needs a `restore: pin` in `finally`, which puts the lab's PIN back whatever happens"
            ));
        }
        Admission::Run
    }

    fn admit_bricks(&self, risk: CaseRisk) -> Admission {
        let Some(serial) = &self.setup.sacrificial else {
            return skip(
                "bricks costs the card: it needs --sacrificial with the card's number typed in full, and the scenario named explicitly",
            );
        };
        if !risk.named_explicitly {
            return skip(
                "bricks never runs from a folder or a glob: name the scenario explicitly beside --sacrificial",
            );
        }
        match self.identity().and_then(|card| card.is(serial)) {
            Some(true) => Admission::Run,
            Some(false) => refuse(
                "the number given with --sacrificial is not the one of the card present; nothing was sent",
            ),
            None => refuse(
                "the card present has not shown the number given with --sacrificial; give its NIS, which needs no PIN to read, or present the PIN first",
            ),
        }
    }
}

/// The codes that must be known.
const fn codes(hazard: Hazard) -> &'static [CodeName] {
    match hazard {
        Hazard::None | Hazard::Bricks => &[],
        Hazard::BurnsPin | Hazard::Writes => &[CodeName::Pin],
        Hazard::BurnsPuk | Hazard::BlocksPin => &[CodeName::Pin, CodeName::Puk],
    }
}

/// What its flag alone does not bring.
const fn needed(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::None | Hazard::Bricks => "",
        Hazard::BurnsPin | Hazard::Writes => " and the right PIN",
        Hazard::BurnsPuk | Hazard::BlocksPin => " and the right PIN and PUK",
    }
}
