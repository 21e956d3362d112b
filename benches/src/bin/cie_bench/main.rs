//! `cie-bench`: runs the benches and prints the tables, or draws how costs grow.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cie_benches::growth::{CURVES, plot};
use cie_benches::{SetupError, cargo_bench, report};
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// As `cie-conf` has it: the judge's curves are its users'.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Benches of the CIE emulator: the tables of ratios, and the curves of growth
#[derive(Parser)]
#[command(name = "cie-bench", version)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Run all benches, then print the tables (this is what happens without a word)
    All {
        /// Put the tables into benches/README.md too
        #[arg(long)]
        write: bool,
    },
    /// Print the tables of the last run
    Report {
        /// Put the tables into benches/README.md too
        #[arg(long)]
        write: bool,
    },
    /// Measure how costs grow, and draw one curve each
    Growth {
        /// The folder for the drawings; benches/plots when nothing is said
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        /// Only the curves whose names are given
        names: Vec<String>,
    },
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn run_benches() -> Result<(), SetupError> {
    let mut command = cargo_bench();
    for bench in ["themes", "judge", "process", "link", "issuer"] {
        command.args(["--bench", bench]);
    }
    match command.status()?.success() {
        true => Ok(()),
        false => Err("a bench failed; its message stands above".into()),
    }
}

fn print(write: bool) -> Result<(), SetupError> {
    let tables = report::tables()?;
    print!("{tables}");
    if write {
        let text = std::fs::read_to_string(readme())?;
        std::fs::write(readme(), report::put(&text, &tables)?)?;
    }
    Ok(())
}

fn growth(to: Option<PathBuf>, names: &[String]) -> Result<(), SetupError> {
    let folder = to.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("plots"));
    std::fs::create_dir_all(&folder)?;
    for name in names {
        if !CURVES.iter().any(|(known, _)| known == name) {
            let known = CURVES.map(|(name, _)| name).join(", ");
            return Err(format!("there is no curve {name}; there are {known}").into());
        }
    }
    for (name, measure) in CURVES {
        if !names.is_empty() && names.iter().all(|wanted| wanted != name) {
            continue;
        }
        let curve = measure()?;
        for series in &curve.series {
            println!("{}, {} ({}):", curve.title, series.name, curve.up);
            for (across, up) in &series.points {
                println!("  {across:>8} {}: {up:.4}", curve.across);
            }
        }
        plot::draw(&curve, &folder.join(format!("{name}.svg")))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let what = Arguments::parse().what;
    let result = match what.unwrap_or(What::All { write: false }) {
        What::All { write } => run_benches().and_then(|()| print(write)),
        What::Report { write } => print(write),
        What::Growth { to, names } => growth(to, &names),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cie-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
