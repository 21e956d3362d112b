//! `cie-card chips`: the chip families, and the parameters of behaviour.

use crate::failure::Failure;
use crate::output;
use cie_emulator::chip::{self, Chip, DhDialect, Parameter, RootSelection};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Columns of running text.
const WIDTH: usize = 96;

const EXAMPLES: &str = "\
Examples:
  cie-card chips                          the chip families, for --chip
  cie-card chips --parameters             the behaviour parameters, for --set, and profiles
  cie-card chips --parameters --json      the same for programs

Columns: root and DH are the dialects a strict card insists on (--profile strict): how the root
is selected, as MF or by application identifier (AID), and whether the domain parameters come
together (combined) or one by one (separate). read is the most bytes that a READ BINARY of \"all
there is\" returns, exact the most of a given length, chain the longest data of a command chain.";

/// List the chip families, or the behaviour parameters
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Chips {
    /// List the behaviour parameters with default, evidence and meaning, and the built-in profiles
    #[arg(long)]
    parameters: bool,

    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Chips {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match (self.parameters, self.json) {
            (false, false) => output::print(&families_text(families()?)),
            (false, true) => {
                let rows: Vec<_> = families()?.iter().map(|chip| Family::new(chip)).collect();
                output::print_json(&rows)
            }
            (true, false) => output::print(&parameters_text(&Behaviour::load()?)),
            (true, true) => output::print_json(&Behaviour::load()?),
        }
    }
}

fn families() -> Result<&'static [Arc<Chip>], Failure> {
    chip::chips().map_err(|error| Failure::Other(error.to_string()))
}

#[derive(Serialize)]
struct Family<'a> {
    id: &'a str,
    aliases: &'a [String],
    title: &'a str,
    evidence: &'a str,
    atr: String,
    ef_atr: String,
    root_selection: &'static str,
    dh_parameters: &'static str,
    read_all: usize,
    read_exact: usize,
    chain: usize,
    extended_length: bool,
}

impl<'a> Family<'a> {
    fn new(chip: &'a Chip) -> Self {
        Self {
            id: &chip.id,
            aliases: &chip.aliases,
            title: &chip.title,
            evidence: &chip.evidence,
            atr: chip.atr.to_string(),
            ef_atr: hex::encode_upper(&chip.ef_atr),
            root_selection: match chip.dialects.root {
                RootSelection::MasterFile => "master_file",
                RootSelection::ApplicationIdentifier => "application_identifier",
            },
            dh_parameters: match chip.dialects.dh_parameters {
                DhDialect::Combined => "combined",
                DhDialect::Separate => "separate",
            },
            read_all: chip.limits.read_all,
            read_exact: chip.limits.read_exact,
            chain: chip.limits.chain,
            extended_length: chip.limits.extended_length,
        }
    }
}

fn families_text(chips: &[Arc<Chip>]) -> String {
    let mut out = format!(
        "{:<13} {:<38} {:<4} {:<9} {:>4} {:>5} {:>5}  {}\n",
        "id", "ATR", "root", "DH", "read", "exact", "chain", "lengths"
    );
    for chip in chips {
        let root = match chip.dialects.root {
            RootSelection::MasterFile => "MF",
            RootSelection::ApplicationIdentifier => "AID",
        };
        let family = Family::new(chip);
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:<13} {:<38} {root:<4} {:<9} {:>4} {:>5} {:>5}  {}",
            family.id,
            family.atr,
            family.dh_parameters,
            family.read_all,
            family.read_exact,
            family.chain,
            if family.extended_length {
                "extended"
            } else {
                "short"
            },
        );
        let aliases = match family.aliases {
            [] => String::new(),
            aliases => format!("; also called {}", aliases.join(", ")),
        };
        let _ = writeln!(
            out,
            "{:13} {}{aliases}; {}",
            "", family.title, family.evidence
        );
    }
    out
}

/// Everything about behaviour: parameters by name, and what each profile sets.
#[derive(Serialize)]
struct Behaviour {
    parameters: BTreeMap<String, ParameterRow>,
    profiles: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Serialize)]
struct ParameterRow {
    default: Value,
    evidence: String,
    text: String,
}

impl Behaviour {
    fn load() -> Result<Self, Failure> {
        let row = |parameter: &Parameter| ParameterRow {
            default: parameter.value.clone(),
            evidence: parameter.evidence.clone(),
            text: parameter.text.trim_end().to_owned(),
        };
        let profiles = chip::presets()
            .into_iter()
            .map(|name| chip::preset_values(&name).map(|values| (name, values)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            parameters: chip::parameters()?
                .iter()
                .map(|(name, parameter)| (name.clone(), row(parameter)))
                .collect(),
            profiles,
        })
    }
}

fn parameters_text(behaviour: &Behaviour) -> String {
    let mut out = "Parameters, for --set NAME=VALUE. Evidence for the default: A the issuer's own documents or code,\n\
        B several independent sources, C one source, I inferred, ? not found.\n"
        .to_owned();
    for (name, parameter) in &behaviour.parameters {
        let default = bare(&parameter.default);
        let _ = writeln!(out, "\n{name}={default}  [{}]", parameter.evidence);
        for line in wrapped(&parameter.text, WIDTH - 4) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out.push_str("\nProfiles, for --profile NAME:\n\n");
    for (name, values) in &behaviour.profiles {
        let values = match values.len() {
            0 => "every parameter at its default".to_owned(),
            _ => values
                .iter()
                .map(|(name, value)| format!("{name}={}", bare(value)))
                .collect::<Vec<_>>()
                .join(" "),
        };
        let _ = writeln!(out, "{name:<16}  {values}");
    }
    out
}

/// A value as `--set` takes it.
pub(crate) fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Breaks a text at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
