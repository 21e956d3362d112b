//! The process around a card: what a forked card holds on the heap, counted by the allocator, and how long the command takes
//! from its start to the first answer to reset.

use std::alloc::System;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use cie_benches::allocation::{COUNTING, held};
use cie_benches::growth::MEMORY_OF_CARDS;
use cie_benches::login::Login;
use cie_benches::results::{Figure, Measured, keep, target_directory};
use cie_benches::{SetupError, reading_card};
use cie_emulator::Card;
use stats_alloc::{Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

/// Forks alive at once.
const FORKS: usize = 1000;

/// Forks an authenticated card so many times, has each verify its PIN, select and read, and counts the bytes they hold
/// afterwards, all together.
fn held_by(login: &Login, forked: usize) -> Result<usize, SetupError> {
    let verify = login.verifies.turns().first().ok_or("no VERIFY")?;
    let mut forks: Vec<Card> = Vec::with_capacity(forked);
    let before = held();
    for _ in 0..forked {
        let mut card = verify.before.fork();
        if card.transmit(&verify.command) != verify.answer {
            return Err("a fork answers differently".into());
        }
        card.transmit(&[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06]);
        card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
        forks.push(card);
    }
    Ok(held() - before + forks.len() * size_of::<Card>())
}

fn memory_of_a_fork() -> Result<(), SetupError> {
    let bytes = held_by(&Login::record()?, FORKS)? as f64 / FORKS as f64;
    println!("a forked card that has verified, selected and read holds {bytes:.0} bytes");
    let figure = Figure {
        value: bytes / 1e3,
        unit: "kB".to_owned(),
        how: format!("{FORKS} forks, counted by the allocator"),
        ..Figure::default()
    };
    keep("memory/a forked card", &Measured::Figure(figure))
}

/// A line for each number of cards: the number, and the bytes they hold. `cie-bench growth` draws them.
fn memory_of_cards(counts: &[String]) -> Result<(), SetupError> {
    let login = Login::record()?;
    for count in counts {
        println!("{count} {}", held_by(&login, count.parse()?)?);
    }
    Ok(())
}

/// Allocations of selecting and reading in plain, many times over.
fn allocations_in_plain() -> Result<(), SetupError> {
    const COMMANDS: [&[u8]; 3] = [
        &[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06],
        &[0x00, 0xB0, 0x00, 0x00, 0x80],
        &[0x00, 0xB0, 0x01, 0x00, 0x00],
    ];
    let mut card = reading_card()?;
    for command in COMMANDS {
        card.transmit(command);
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..FORKS {
        for command in COMMANDS {
            card.transmit(command);
        }
    }
    let change = region.change();
    let figure = Figure {
        value: (change.allocations + change.reallocations) as f64,
        unit: "allocations".to_owned(),
        how: format!("{FORKS} times, counted by the allocator"),
        ..Figure::default()
    };
    keep("memory/allocations in plain", &Measured::Figure(figure))
}

/// New processes, the program being in the system's cache as it is for everybody who starts it twice.
const STARTS: usize = 30;

/// The release build of the command, made now if need be.
fn program() -> Result<PathBuf, SetupError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--quiet",
        "--release",
        "-p",
        "cie-emulator",
        "--bin",
        "cie-card",
    ]);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    if !build.status()?.success() {
        return Err("cargo build --release -p cie-emulator --bin cie-card failed".into());
    }
    Ok(target_directory()?.join("release").join("cie-card"))
}

/// Milliseconds from the start to the line that tells the answer to reset.
fn first_answer(program: &Path) -> Result<f64, SetupError> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg("apdu")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let answer = lines.find_map(|line| {
        let line = line.ok()?;
        let digits: String = line.split_whitespace().collect();
        digits.contains("3B8").then(|| started.elapsed())
    });
    drop(child.stdin.take());
    child.wait()?;
    Ok(answer
        .ok_or("no answer to reset was printed")?
        .as_secs_f64()
        * 1e3)
}

fn measure() -> Result<Figure, SetupError> {
    let program = program()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(first_answer(&program)?);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get(times.len() * part / 4).copied();
    let (least, median, high) = (at(0), at(2), at(3));
    let (least, median) = least.zip(median).ok_or("nothing was started")?;
    println!(
        "cie-card to its first answer to reset: {least:.1} ms at best, {median:.1} ms in the middle"
    );
    Ok(Figure {
        value: median,
        spread: high.map(|high| [least, high]),
        unit: "ms".to_owned(),
        how: format!("median of {STARTS} starts, from the least to the upper quartile"),
        ..Figure::default()
    })
}

fn start() -> Result<(), SetupError> {
    keep("start/first answer to reset", &Measured::Figure(measure()?))
}

fn all(timed: bool) -> Result<(), SetupError> {
    allocations_in_plain()?;
    memory_of_a_fork()?;
    if !timed {
        println!("cie-card is started with `cargo bench` only: that builds it");
        return Ok(());
    }
    start()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words = arguments.iter().filter(|word| !word.starts_with('-'));
    let words: Vec<String> = words.cloned().collect();
    let result = match words.split_first() {
        Some((first, counts)) if first == MEMORY_OF_CARDS => memory_of_cards(counts),
        _ => all(arguments.iter().any(|argument| argument == "--bench")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the process could not be measured: {error}");
            ExitCode::FAILURE
        }
    }
}
