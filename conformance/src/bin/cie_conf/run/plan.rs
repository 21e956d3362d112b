//! What a run would do, in words. On the embedded card nothing can be harmed; the numbers are those a physical card would face.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cie_conformance::report::Destination;
use cie_conformance::scenario::Case;
use cie_conformance::scenario::hazard::wrong_values;
use cie_conformance::scenario::model::{Hazard, Mode, Target};

use crate::output::plural;

/// The plan, a case a line, with sums below.
pub(super) fn of(cases: &[Case], target: &str, reports: &[Destination]) -> String {
    let mut out = format!("Plan for {target}\n\n");
    let mut sums = Sums::default();
    for case in cases {
        let _ = writeln!(out, "  {}  {}", case.name(), sums.add(case));
    }
    let _ = writeln!(
        out,
        "\n{}, {}",
        plural(cases.len(), "case"),
        plural(sums.steps, "step")
    );
    let _ = writeln!(
        out,
        "sent at most: {}, {}",
        plural(sums.wrong_pins, "wrong PIN"),
        plural(sums.wrong_puks, "wrong PUK")
    );
    let hazards = sums.hazards.iter().rev();
    let hazards: Vec<String> = hazards
        .map(|(hazard, count)| format!("{hazard} {count}"))
        .collect();
    let _ = writeln!(out, "hazards: {}", hazards.join(", "));
    let requirements: Vec<&str> = sums.requirements.into_iter().collect();
    let _ = writeln!(out, "requirements: {}", requirements.join(", "));
    for report in reports {
        let place = report.path.as_ref();
        let place = place.map_or_else(
            || "standard output".to_owned(),
            |path| path.display().to_string(),
        );
        let _ = writeln!(out, "report: {place}");
    }
    out + "nothing was sent\n"
}

#[derive(Default)]
struct Sums<'a> {
    steps: usize,
    wrong_pins: usize,
    wrong_puks: usize,
    hazards: BTreeMap<Hazard, usize>,
    requirements: BTreeSet<&'a str>,
}

impl<'a> Sums<'a> {
    /// Counts a case in and says what it does.
    fn add(&mut self, case: &'a Case) -> String {
        if case.mode() == Mode::Serve {
            return "does not run: it judges a client program, not a card".to_owned();
        }
        if !case.applies_to().target(Target::Emulator) {
            return "does not run: it does not apply to the embedded card".to_owned();
        }
        let steps = case.steps.len() + case.finally.len();
        let (pins, puks) = wrong_values(case.steps.iter().chain(&case.finally));
        let [pins, puks] = [pins, puks].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        self.steps += steps;
        self.wrong_pins += pins;
        self.wrong_puks += puks;
        *self.hazards.entry(case.hazard).or_default() += 1;
        self.requirements.extend(case.requirements());
        let mut parts = vec![plural(steps, "step"), format!("hazard {}", case.hazard)];
        for (count, what) in [(pins, "wrong PIN"), (puks, "wrong PUK")] {
            if count > 0 {
                parts.push(format!("at most {}", plural(count, what)));
            }
        }
        let requirements: Vec<&str> = case.requirements().collect();
        parts.push(requirements.join(" "));
        parts.join(", ")
    }
}
