//! The options of a run, and what is wrong with them before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cie_conformance::record::TraceCards;
use cie_conformance::report::Destination;
use cie_conformance::run::{DEFAULT_CHIP, DEFAULT_PERSONA, Options};
use cie_conformance::suite::Share;
use cie_emulator::persona::{Date, Persona};
use clap::{Args, ValueEnum};

use super::place::Place;
use super::reader::ReaderArgs;
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
  cie-conf run --target reader                          the card in the reader, without any risk for it
  cie-conf run pin --target reader --allow burns_pin --secrets ~/card.txt    with wrong PINs, weighed one by one

The same cases with the same seed give the same report, byte for byte, whatever the number of jobs.
Exit codes: 0 all good, 1 failures, 2 wrong usage or a bad scenario, 3 the harness broke or was
interrupted, 4 refused for the safety of a card.")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(super) choice: Choice,
    /// What is under test: `emulator` is the embedded card, `reader` the only reader with a card, `reader:NAME` the one with
    /// this in its name, `trace:FILE` a recording that plays the card
    #[arg(long, default_value = "emulator", value_name = "TARGET")]
    pub(super) target: Place,
    /// The chip of cases that name none [default: bit4id2]; for a card in a reader its family, where its answer to reset does
    /// not tell it
    #[arg(long, value_name = "NAME")]
    chip: Option<String>,
    /// The citizen in the card of cases that name none [default: adult-default]
    #[arg(long, value_name = "NAME")]
    persona: Option<String>,
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
    #[command(flatten)]
    pub(super) reader: ReaderArgs,
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
    /// Chip and citizen of cases that name none; nothing where the card is not made here.
    pub(crate) fn made_of(&self) -> Option<(&str, &str)> {
        let made_here = self.target == Place::Emulator || self.reader.serve.is_some();
        made_here.then(|| (self.chip(), self.persona()))
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
        cie_emulator::chip::chip(self.chip()).map_err(|error| Failure::Usage(error.to_string()))?;
        Persona::builtin(self.persona()).map_err(|error| Failure::Usage(error.to_string()))?;
        match (&self.target, self.reader.serve.is_some()) {
            (Place::Emulator | Place::Trace(_), _) => {
                if let Some(option) = self.reader.given() {
                    return Err(Failure::Usage(format!(
                        "{option} is for cards in a reader; add --target reader, or leave it out"
                    )));
                }
            }
            (Place::Reader(_), false) if self.persona.is_some() => {
                return Err(Failure::Usage(
                    "--persona: who holds the card in a reader is not a matter of choice; leave it out, or serve cards of that persona with --serve"
                        .to_owned(),
                ));
            }
            (Place::Reader(_), _) => {}
        }
        check_reports(&self.report)
    }

    /// The chip of cases that name none.
    pub(super) fn chip(&self) -> &str {
        self.chip.as_deref().unwrap_or(DEFAULT_CHIP)
    }

    /// The recording that plays the card.
    pub(super) fn trace(&self, file: &Path) -> Result<TraceCards, Failure> {
        let cards = TraceCards::open(file)?;
        match cards.seed() {
            Some(seed) if seed != self.seed => Err(Failure::Usage(format!(
                "{} was recorded with seed {seed}, and another seed makes the terminal send other bytes; add --seed {seed}",
                file.display()
            ))),
            _ => Ok(cards),
        }
    }

    /// The chip that was named.
    pub(super) fn named_chip(&self) -> Option<&str> {
        self.chip.as_deref()
    }

    /// The persona of cases that name none.
    pub(super) fn persona(&self) -> &str {
        self.persona.as_deref().unwrap_or(DEFAULT_PERSONA)
    }

    /// The day of the run.
    fn day(&self) -> String {
        self.today.map_or_else(real_day, |day| day.to_string())
    }

    /// For the runner.
    pub(super) fn as_options(&self, named: BTreeSet<String>) -> Options {
        let mut rerun = Vec::new();
        if let Some(folder) = &self.choice.folder.suite_dir {
            rerun.push(format!("--suite-dir '{}'", folder.display()));
        }
        match &self.target {
            Place::Emulator => {}
            Place::Trace(_) => rerun.push(format!("--target '{}'", self.target)),
            Place::Reader(_) => {
                rerun.push(format!("--target '{}'", self.target));
                rerun.extend(self.reader.again());
            }
        }
        if self.chip() != DEFAULT_CHIP {
            rerun.push(format!("--chip {}", self.chip()));
        }
        if self.persona() != DEFAULT_PERSONA {
            rerun.push(format!("--persona {}", self.persona()));
        }
        if let Some(day) = self.today {
            rerun.push(format!("--today {day}"));
        }
        Options {
            named,
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
        let mut options = BTreeMap::from([("today".to_owned(), self.day())]);
        let named = (self.chip(), self.persona());
        let made_of = match self.target {
            Place::Trace(_) => Some(named),
            Place::Emulator | Place::Reader(_) => self.made_of(),
        };
        if let Some((chip, persona)) = made_of {
            options.insert("chip".to_owned(), chip.to_owned());
            options.insert("persona".to_owned(), persona.to_owned());
        }
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
