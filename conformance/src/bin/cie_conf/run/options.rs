//! The options of a run, and what is wrong with them before anything is sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cie_conformance::record::TraceCards;
use cie_conformance::report::Destination;
use cie_conformance::run::{DEFAULT_CHIP, DEFAULT_PERSONA, EmbeddedCards, Options, Provider};
use cie_conformance::suite::Share;
use cie_emulator::persona::{Date, Persona};
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::suite::Choice;

/// Runs scenarios against a card and judges every answer
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf run                                          everything, on the embedded card
  cie-conf run pin --chip stm3 --show failed            a folder, on another chip where the file names none
  cie-conf run 'pin/lock-then-unblock[chip=gemalto]'    one cell
  cie-conf run ./mine.yaml --report json=- | jq         a file of your own, the result for a program
  cie-conf run --partition hash:1/3 --report json=1.json    one of three machines; then report merge
  cie-conf run pin --dry-run                            what would be sent, and what it can do to a card

The same cases with the same seed give the same report, byte for byte, whatever the number of jobs.
Exit codes: 0 all good, 1 failures, 2 wrong usage or a bad scenario, 3 the harness broke or was
interrupted, 4 refused for the safety of a card.")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(super) choice: Choice,
    /// What is under test: `emulator` is the embedded card, `trace:FILE` a recording that plays the card
    #[arg(long, default_value = "emulator", value_name = "TARGET")]
    target: String,
    /// The chip of cases that name none
    #[arg(long, default_value = DEFAULT_CHIP, value_name = "NAME")]
    pub(super) chip: String,
    /// The citizen in the card of cases that name none
    #[arg(long, default_value = DEFAULT_PERSONA, value_name = "NAME")]
    pub(super) persona: String,
    /// Everything random derives from this number
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(super) seed: u64,
    /// Cases at once [default: the processors there are]
    #[arg(long, short, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
    /// Runs the K-th of N shares of the chosen cases: hash:K/N
    #[arg(long, value_name = "SHARE")]
    pub(super) partition: Option<Share>,
    /// Ends the run at the first failure
    #[arg(long, overrides_with = "no_fail_fast")]
    fail_fast: bool,
    /// Runs everything and collects all failures; so it is unless --fail-fast is given
    #[arg(long, overrides_with = "fail_fast")]
    no_fail_fast: bool,
    /// Warnings count as failures, and so does a run that judged nothing
    #[arg(long)]
    pub(super) strict: bool,
    /// Shows what would be done, and does nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Writes a report: junit=PATH, html=PATH, json=PATH or tap=PATH, `-` for standard output; may be repeated
    #[arg(long, value_name = "FORMAT=PATH")]
    pub(super) report: Vec<Destination>,
    /// Which cases get a line while the run goes on
    #[arg(long, default_value = "all", value_name = "WHICH")]
    pub(super) show: Show,
    /// Puts times into the reports; without them equal runs give equal reports
    #[arg(long)]
    durations: bool,
    /// The day against which validity is judged [default: the real one]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

/// Which cases get a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// Every case
    All,
    /// Those that need attention
    Failed,
    /// None
    None,
}

impl Run {
    /// The chip of cases that name none.
    pub(crate) fn chip_name(&self) -> &str {
        &self.chip
    }

    /// The citizen of cases that name none.
    pub(crate) fn persona_name(&self) -> &str {
        &self.persona
    }

    /// Whether only the plan is wanted.
    pub(crate) const fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Where everything random derives from.
    pub(crate) const fn seed_number(&self) -> u64 {
        self.seed
    }

    /// Everything that can be known to be wrong before the suite is read.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.target != "emulator" && self.trace_file().is_none() {
            return Err(Failure::Usage(format!(
                "`--target {}` is not in this version: it judges the embedded card (`--target emulator`) and traces \
                 (`--target trace:FILE`); physical cards in a PC/SC reader come with a later release",
                self.target
            )));
        }
        cie_emulator::chip::chip(&self.chip).map_err(|error| Failure::Usage(error.to_string()))?;
        Persona::builtin(&self.persona).map_err(|error| Failure::Usage(error.to_string()))?;
        check_reports(&self.report)
    }

    /// The trace that plays the card.
    fn trace_file(&self) -> Option<&str> {
        self.target
            .strip_prefix("trace:")
            .filter(|file| !file.is_empty())
    }

    /// Where the cards come from.
    pub(super) fn provider(&self) -> Result<Box<dyn Provider>, Failure> {
        let Some(file) = self.trace_file() else {
            let cards = EmbeddedCards::new(&self.chip).of_persona(&self.persona);
            return Ok(Box::new(cards));
        };
        let cards = TraceCards::open(Path::new(file))?;
        match cards.seed() {
            Some(seed) if seed != self.seed => Err(Failure::Usage(format!(
                "{file} was recorded with seed {seed}, and another seed makes the terminal send other bytes; add --seed {seed}"
            ))),
            _ => Ok(Box::new(cards)),
        }
    }

    /// The day of the run.
    fn day(&self) -> String {
        self.today.map_or_else(real_day, |day| day.to_string())
    }

    /// For the runner.
    pub(super) fn as_options(&self) -> Options {
        let mut rerun = Vec::new();
        if let Some(folder) = &self.choice.folder.suite_dir {
            rerun.push(format!("--suite-dir '{}'", folder.display()));
        }
        if self.target != "emulator" {
            rerun.push(format!("--target '{}'", self.target));
        }
        if self.chip != DEFAULT_CHIP {
            rerun.push(format!("--chip {}", self.chip));
        }
        if self.persona != DEFAULT_PERSONA {
            rerun.push(format!("--persona {}", self.persona));
        }
        if let Some(day) = self.today {
            rerun.push(format!("--today {day}"));
        }
        Options {
            named: std::collections::BTreeSet::new(),
            seed: self.seed,
            jobs: self
                .jobs
                .map_or_else(|| Options::default().jobs, usize::from),
            fail_fast: self.fail_fast,
            durations: self.durations,
            today: self.day(),
            rerun_options: rerun.join(" "),
        }
    }

    /// The options that can change a verdict, for the report.
    pub(super) fn that_matter(&self) -> BTreeMap<String, String> {
        let mut options = BTreeMap::from([
            ("chip".to_owned(), self.chip.clone()),
            ("persona".to_owned(), self.persona.clone()),
            ("today".to_owned(), self.day()),
        ]);
        if self.fail_fast {
            options.insert("fail-fast".to_owned(), "true".to_owned());
        }
        options
    }
}

/// Whether every report can be written, now that nothing is lost yet.
pub(crate) fn check_reports(reports: &[Destination]) -> Result<(), Failure> {
    for (number, report) in reports.iter().enumerate() {
        if reports
            .iter()
            .skip(number + 1)
            .any(|other| other.path == report.path)
        {
            let place = report.path.as_ref();
            let place = place.map_or_else(
                || "standard output".to_owned(),
                |path| path.display().to_string(),
            );
            return Err(Failure::Usage(format!(
                "two reports are to go to {place}; give each a place of its own"
            )));
        }
        report.check()?;
    }
    Ok(())
}

/// Today, in UTC.
fn real_day() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The civil date of a day counted from 1970-01-01: years begin in March, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::civil;

    #[rstest]
    #[case(0, (1970, 1, 1))]
    #[case(59, (1970, 3, 1))]
    #[case(11_016, (2000, 2, 29))]
    #[case(11_017, (2000, 3, 1))]
    #[case(20_819, (2027, 1, 1))]
    #[case(47_540, (2100, 2, 28))]
    #[case(47_541, (2100, 3, 1))]
    fn days_are_civil_dates(#[case] days: u64, #[case] date: (u64, u64, u64)) {
        assert_eq!(civil(days), date);
    }
}
