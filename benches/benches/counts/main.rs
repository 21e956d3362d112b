//! Instructions of the hot paths, counted by callgrind: `cargo bench -p cie-benches --bench counts`, with `--check` to fail
//! on differences, with `--renew` to write the baseline anew, with words to count only the cases that contain one of them.
//!
//! The program runs itself under valgrind once; there it sets every case up, runs it once for tables and buffers, and
//! once more inside the function that counts. Random numbers come from seeds, so the numbers are the same every time.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use cie_benches::SetupError;
use cie_benches::counts::{Counts, compare, count, valgrind};
use mimalloc::MiMalloc;

mod cases;

/// Takes the same way every time. glibc's searches lists that depend on all that was freed before: a few hundred
/// instructions of a case came and went with the order of a hash map in its setting up.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Says to the program that callgrind watches it.
const COUNTED: &str = "--counted";

/// One case: what it is called, and what it does, the first time as the second.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() -> usize>,
}

/// Nothing else than this is counted.
#[inline(never)]
fn section_that_counts(run: &mut dyn FnMut() -> usize) -> usize {
    black_box(run())
}

fn counted(words: &[String]) -> Result<(), SetupError> {
    for mut case in cases::all()? {
        if !wanted(case.name, words) {
            continue;
        }
        let first = (case.run)();
        let second = section_that_counts(&mut case.run);
        if first != second || first == 0 {
            return Err(format!("{}: {first}, then {second}", case.name).into());
        }
        println!("{}", case.name);
    }
    Ok(())
}

fn wanted(name: &str, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt")
}

/// What the numbers depend on besides the code.
fn tools(valgrind: &str) -> Result<String, SetupError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output()?;
    let version = String::from_utf8(version.stdout)?;
    let version: Vec<_> = version.split(' ').take(2).collect();
    Ok(format!(
        "{}, {valgrind}, {}, {}",
        version.join(" "),
        std::env::consts::ARCH,
        cie_crypto::backend::name()
    ))
}

/// The arguments of the command line.
#[derive(Default)]
struct Asked {
    check: bool,
    renew: bool,
    words: Vec<String>,
}

fn asked() -> Result<Asked, SetupError> {
    let mut asked = Asked::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            // Cargo's own word.
            "--bench" => {}
            "--check" => asked.check = true,
            "--renew" => asked.renew = true,
            other if other.starts_with('-') => {
                return Err(format!(
                    "{other} is not known here; there are --check, --renew and parts of names"
                )
                .into());
            }
            word => asked.words.push(word.to_owned()),
        }
    }
    if asked.renew && !asked.words.is_empty() {
        return Err("--renew writes the whole baseline; leave the names away".into());
    }
    Ok(asked)
}

fn report(asked: &Asked) -> Result<ExitCode, SetupError> {
    let Some(valgrind) = valgrind() else {
        println!(
            "instruction counts: there is no valgrind here (Debian's package valgrind); nothing was counted"
        );
        return Ok(ExitCode::SUCCESS);
    };
    let mut arguments = vec![COUNTED.to_owned()];
    arguments.extend_from_slice(&asked.words);
    let now = Counts {
        tools: tools(&valgrind)?,
        cases: count(&std::env::current_exe()?, &arguments)?,
    };
    if asked.renew {
        fs::write(baseline(), now.to_string())?;
    }
    let before = match fs::read_to_string(baseline()) {
        Ok(text) => Counts::parse(&text).map_err(|error| format!("counts.txt: {error}"))?,
        Err(_) => return Err("there is no baseline; write one with --renew".into()),
    };
    let comparison = compare(&before, &now, !asked.words.is_empty());
    print!("{}", comparison.text);
    println!(
        "trust: instruction counts: {} cases, {} outside 2 % of the baseline ({})",
        now.cases.len(),
        comparison.differences,
        now.tools
    );
    match asked.check && comparison.differences > 0 {
        true => {
            println!(
                "the baseline and the code differ; if the code is right, renew the baseline with --renew and commit it"
            );
            Ok(ExitCode::FAILURE)
        }
        false => Ok(ExitCode::SUCCESS),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, words)) if first == COUNTED => counted(words).map(|()| ExitCode::SUCCESS),
        _ => asked().and_then(|asked| report(&asked)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("counts: {error}");
        ExitCode::FAILURE
    })
}
