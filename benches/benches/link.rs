//! The link between card and client, through a real pcscd. Each number has its baseline in the same run.

use std::net::TcpStream;
use std::process::ExitCode;

use cie_benches::link::{CLIENT, Dummy, client, naive_vpcd, time, undisturbed};
use cie_benches::{SetupError, reading_card};
use cie_emulator::link::{Inserted, Link, Slot, Via};
use cie_pcscd::{DaemonError, PrivateDaemon};

const BATCHES: usize = 1500;
const COMMANDS: usize = 50;
/// The naive path takes 44 ms a command.
const SLOW_BATCHES: usize = 3;
const SLOW_COMMANDS: usize = 15;

fn serve(card: Inserted, via: Via) -> Result<Link, SetupError> {
    let slot = Slot::new("bench");
    slot.insert(card);
    Ok(Link::start(slot, via, Box::new(|_| {}))?)
}

fn show(what: &str, nanoseconds: f64) {
    println!(
        "  {what:<44} {:>9.1} us  {:>8.0}/s",
        nanoseconds / 1e3,
        1e9 / nanoseconds
    );
}

/// Our card against a dummy card, both behind our driver.
fn driver() -> Result<(), SetupError> {
    let builder = PrivateDaemon::builder().reader("Dummy").reader("CIE");
    let daemon = builder.start()?;
    let [dummy, cie] = daemon.endpoints() else {
        return Err("two readers have two endpoints".into());
    };
    let _dummy = serve(Box::new(Dummy), Via::Driver(dummy.clone()))?;
    let _cie = serve(Box::new(reading_card()?), Via::Driver(cie.clone()))?;
    let times = time(&daemon, BATCHES, COMMANDS, &["Dummy 00 00", "CIE 01 00"])?;
    let of = |reader: usize| {
        let times = times.iter().filter_map(|times| times.get(reader).copied());
        undisturbed(times)
    };
    let (dummy, cie) = (of(0)?, of(1)?);
    println!("READ BINARY of 128 bytes through the driver");
    show("baseline: a dummy card", dummy);
    show("the CIE", cie);
    println!(
        "  throughput of the dummy card reached: {:.3} (goal: 0.95)",
        dummy / cie
    );
    Ok(())
}

/// Our link against a naive one, both through vpcd.
fn vpcd() -> Result<(), SetupError> {
    const READER: &[&str] = &["Virtual PCD 00 00"];
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let address = daemon.vpcd_address();
    let ours = inside(&daemon, || {
        serve(Box::new(reading_card()?), Via::Vpcd(address))
    })?;
    let quick = time(&daemon, BATCHES, COMMANDS, READER)?;
    ours.stop();
    // A daemon of its own for the naive card: no trace of the other one.
    drop(daemon);
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let stream = inside(&daemon, || Ok(TcpStream::connect(address)?))?;
    let naive = std::thread::spawn(|| naive_vpcd(stream));
    let slow = time(&daemon, SLOW_BATCHES, SLOW_COMMANDS, READER)?;
    drop(daemon);
    // Ends with the daemon, by an error that says so.
    let _ = naive.join();
    let [quick, slow] = [quick, slow].map(|times| undisturbed(times.into_iter().flatten()));
    let (quick, slow) = (quick?, slow?);
    println!("READ BINARY of 128 bytes through vpcd");
    show("baseline: a naive card side", slow);
    show("the CIE, acknowledging at once", quick);
    println!("  times faster: {:.0} (goal: 100)", slow / quick);
    Ok(())
}

/// Does something inside the daemon's network. A socket opened there stays there.
fn inside<T: Send>(
    daemon: &PrivateDaemon,
    work: impl FnOnce() -> Result<T, SetupError> + Send,
) -> Result<T, SetupError> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            daemon.join_network().map_err(|error| error.to_string())?;
            work().map_err(|error| error.to_string())
        });
        let result = thread
            .join()
            .map_err(|_| "a thread of the bench panicked")?;
        Ok(result?)
    })
}

/// Prints why a part is left out, or fails.
fn part(name: &str, result: Result<(), SetupError>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            let missing = error.downcast_ref::<DaemonError>().is_some_and(|error| {
                matches!(error, DaemonError::Missing { .. } | DaemonError::Driver(_))
            });
            println!("{name} is left out: {error}");
            missing
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((CLIENT, rest)) = arguments
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return match client(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("the link bench runs with `cargo bench` only: it starts daemons");
        return ExitCode::SUCCESS;
    }
    let both = [part("the driver", driver()), part("vpcd", vpcd())];
    ExitCode::from(u8::from(both.contains(&false)))
}
