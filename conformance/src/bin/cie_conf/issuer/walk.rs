//! `cie-conf issuer walk`: one recovery at the keyboard, or out of a pipe. What is said is the library's; here lines are read,
//! echoed where nobody sees them typed, and coloured.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::Path;

use cie_conformance::issuer::Registry;
use cie_conformance::issuer::clock::Timestamp;
use cie_conformance::issuer::policy::{Channel, Policies};
use cie_conformance::issuer::walk::{self, Condition, Line, Outcome, Tone, WalkError, Wish};
use cie_conformance::report::model::{ExitCode, Verdict};
use cie_conformance::report::text::printable;
use cie_conformance::scenario::Source;
use cie_conformance::scenario::embedded::read_file;
use clap::{Args, ValueEnum};

use super::instant;
use crate::failure::Failure;
use crate::output;

/// Longest line that is taken, in bytes.
const LONGEST: usize = 4096;

/// Walks one recovery, gate by gate, with its messages, its clock and the card
#[derive(Args)]
#[command(after_help = "\
Examples:
  cie-conf issuer walk cie-password                     the holder has forgotten the password
  cie-conf issuer walk cie-puk                          the PUK comes back, and is tried on the card
  cie-conf issuer walk cie-puk --card document-only     it comes back and is useless
  cie-conf issuer walk inps-pin-reset --at 2021-05-01T09:00:00Z --person adult-default
  printf '\\n\\n\\n' | cie-conf issuer walk cie-password    a script: each line is an answer or a command

An empty line takes what stands in brackets, so that Enter goes all the way; `help` lists the commands.
Codes and the recovered PUK are shown: the people are invented, and their messages reach nobody.
Exit codes: 0 completed, or left by `quit`; 1 closed without success, or the input ended too early;
2 wrong usage; 3 interrupted.")]
pub(crate) struct Walk {
    /// Name of a policy (`cie-conf issuer list`), or a policy file
    #[arg(value_name = "POLICY")]
    policy: String,
    /// Whose recovery it is: a persona of the sample people, or the number of a card [default: somebody who may]
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// When it begins [default: a day on which the person may]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// Where it is gone through: web, app, mobile_app or mobile_browser [default: the policy's first]
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    channel: Option<Channel>,
    /// What codes, challenges and suggestions are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// In which state the card is
    #[arg(long, value_name = "STATE", default_value = "pin-blocked")]
    card: CardState,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CardState {
    /// Every try is left
    Operational,
    /// Three wrong PINs have blocked the PIN
    PinBlocked,
    /// Ten wrong PUKs have locked it for good
    DocumentOnly,
}

fn channel(text: &str) -> Result<Channel, String> {
    Channel::named(text).ok_or_else(|| "write web, app, mobile_app or mobile_browser".to_owned())
}

impl Walk {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let (policies, policy) = self.policies()?;
        let people = Registry::embedded(policies.accounts())?;
        let wish = Wish {
            policy,
            person: self.person,
            at: self.at,
            channel: self.channel,
            seed: self.seed,
            card: match self.card {
                CardState::Operational => Condition::Operational,
                CardState::PinBlocked => Condition::PinBlocked,
                CardState::DocumentOnly => Condition::DocumentOnly,
            },
        };
        let walk = walk::Walk::new(policies, people, &wish).map_err(|error| match error {
            WalkError::Policy { .. } | WalkError::Person { .. } => {
                Failure::Usage(error.to_string())
            }
            _ => Failure::Harness(error.to_string()),
        })?;
        watch()?;
        converse(walk)
    }

    /// The program's own policies, or the one in a file that was named, and the policy's name.
    fn policies(&self) -> Result<(Policies, String), Failure> {
        let own = Policies::embedded()?;
        let path = Path::new(&self.policy);
        let is_file = self.policy.contains(['/', '\\']) || path.extension().is_some();
        if !is_file {
            return Ok((own, self.policy.clone()));
        }
        let text = read_file(path)
            .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", self.policy)))?;
        let source = Source::new(self.policy.replace('\\', "/"), text);
        let policies = Policies::read(&[source], own.accounts().as_ref().clone())?;
        let name = policies.iter().next().map(|it| it.id.value.clone());
        Ok((policies, name.unwrap_or_default()))
    }
}

/// Nothing is left behind by an interruption, so it ends at once.
fn watch() -> Result<(), Failure> {
    let handler = || {
        output::say("\ninterrupted: nothing is left behind");
        std::process::exit(ExitCode::Harness.code().into());
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Harness(format!("interruptions cannot be watched for: {error}")))
}

fn converse(mut walk: walk::Walk) -> Result<ExitCode, Failure> {
    show(&walk.opening())?;
    let mut input = io::stdin().lock();
    let typed = input.is_terminal();
    while !walk.is_left() {
        output::print(&printable(&walk.prompt()))?;
        match read(&mut input)? {
            Read::Line(line) => {
                if !typed {
                    output::print(&format!("{}\n", printable(&line)))?;
                }
                show(&walk.hear(&line))?;
            }
            Read::Unfit(why) => {
                output::print(&format!("{}{why}\n", if typed { "" } else { "\n" }))?;
            }
            Read::End => {
                output::print("\n")?;
                return Ok(ended(&walk));
            }
        }
    }
    Ok(match walk.outcome() {
        Outcome::Open | Outcome::Completed => ExitCode::Success,
        Outcome::Closed(_) => ExitCode::Failures,
    })
}

/// There is no more input.
fn ended(walk: &walk::Walk) -> ExitCode {
    match walk.outcome() {
        Outcome::Completed => ExitCode::Success,
        Outcome::Closed(_) => ExitCode::Failures,
        Outcome::Open => {
            output::say(&format!(
                "the input ended before the recovery: {}",
                walk.waits_for()
            ));
            ExitCode::Failures
        }
    }
}

/// What came in.
enum Read {
    Line(String),
    /// A line that is not taken, and why.
    Unfit(&'static str),
    End,
}

fn read(input: &mut io::StdinLock<'_>) -> Result<Read, Failure> {
    let broken = |error: io::Error| Failure::Harness(format!("the input cannot be read: {error}"));
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    input
        .take(most)
        .read_until(b'\n', &mut bytes)
        .map_err(broken)?;
    if bytes.is_empty() {
        return Ok(Read::End);
    }
    if bytes.len() == LONGEST && !bytes.ends_with(b"\n") {
        input.skip_until(b'\n').map_err(broken)?;
        return Ok(Read::Unfit("a line of more than 4096 bytes is not taken"));
    }
    let Ok(line) = String::from_utf8(bytes) else {
        return Ok(Read::Unfit("a line that is not text in UTF-8 is not taken"));
    };
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Read::Line(
        line.strip_suffix('\r').unwrap_or(line).to_owned(),
    ))
}

fn show(lines: &[Line]) -> Result<(), Failure> {
    let paint = output::paint_out();
    let shown = lines.iter().map(|Line { tone, text }| {
        let text = printable(text);
        match tone {
            Tone::Heading => format!("\n{}\n", paint.strong(&text)),
            Tone::Plain => format!("  {text}\n"),
            Tone::Aside => format!("  {}\n", paint.dim(&text)),
            Tone::Good => format!("  {}\n", paint.verdict(Verdict::Passed, &text)),
            Tone::Bad => format!("  {}\n", paint.bad(&text)),
            Tone::Letter => format!("  {}\n", paint.strong(&text)),
        }
    });
    output::print(&shown.collect::<String>())
}
