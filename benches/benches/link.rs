//! The link between card and client, through a real pcscd. Each number has its baseline in the same run.

use std::net::TcpStream;
use std::process::ExitCode;

use cie_benches::link::{CLIENT, Dummy, Load, client, naive_vpcd, time, undisturbed};
use cie_benches::peer::{self, Vicc};
use cie_benches::results::{Figure, Measured, keep};
use cie_benches::{SetupError, reading_card};
use cie_emulator::link::{Inserted, Link, Slot, Via};
use cie_pcscd::{DaemonError, PrivateDaemon};

const DRIVER: &str = "the driver";
const VPCD: &str = "vpcd";
const VICC: &str = "vicc";
const READER: &[&str] = &["Virtual PCD 00 00"];
const PEER_BATCHES: usize = 40;
/// The name of each part's result.
const THROUGH_DRIVER: &str = "link/READ BINARY 128 through the driver";
const BESIDE_VICC: &str = "link/SELECT and GET CHALLENGE through vpcd, beside vicc";
const THROUGH_VPCD: &str = "link/READ BINARY 128 through vpcd";

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
    let times = time(
        &daemon,
        BATCHES,
        COMMANDS,
        Load::Read,
        &["Dummy 00 00", "CIE 01 00"],
    )?;
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
    kept(THROUGH_DRIVER, dummy / cie, cie, dummy)
}

/// Our link against a naive one, both through vpcd.
fn vpcd() -> Result<(), SetupError> {
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let address = daemon.vpcd_address();
    let ours = inside(&daemon, || {
        serve(Box::new(reading_card()?), Via::Vpcd(address))
    })?;
    let quick = time(&daemon, BATCHES, COMMANDS, Load::Read, READER)?;
    ours.stop();
    // A daemon of its own for the naive card: no trace of the other one.
    drop(daemon);
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let stream = inside(&daemon, || Ok(TcpStream::connect(address)?))?;
    let naive = std::thread::spawn(|| naive_vpcd(stream));
    let slow = time(&daemon, SLOW_BATCHES, SLOW_COMMANDS, Load::Read, READER)?;
    drop(daemon);
    // Ends with the daemon, by an error that says so.
    let _ = naive.join();
    let [quick, slow] = [quick, slow].map(|times| undisturbed(times.into_iter().flatten()));
    let (quick, slow) = (quick?, slow?);
    println!("READ BINARY of 128 bytes through vpcd");
    show("baseline: a naive card side", slow);
    show("the CIE, acknowledging at once", quick);
    println!("  times faster: {:.0} (goal: 100)", slow / quick);
    kept(THROUGH_VPCD, slow / quick, quick, slow)
}

/// Our card against another in software, on the same road and with the same client.
fn vicc() -> Result<(), SetupError> {
    if let Some(why) = peer::missing() {
        println!("vicc is left out: {why}");
        return keep(BESIDE_VICC, &Measured::Missing(why));
    }
    let load = Load::SelectAndChallenge;
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let as_installed = {
        let _vicc = Vicc::start(&daemon)?;
        time(&daemon, SLOW_BATCHES, SLOW_COMMANDS, load, READER)?
    };
    drop(daemon);
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    peer::acknowledge_at_once(&daemon)?;
    let at_its_best = {
        let _vicc = Vicc::start(&daemon)?;
        time(&daemon, PEER_BATCHES, COMMANDS, load, READER)?
    };
    drop(daemon);
    let daemon = PrivateDaemon::builder().vpcd().start()?;
    let address = daemon.vpcd_address();
    let _ours = inside(&daemon, || {
        serve(Box::new(reading_card()?), Via::Vpcd(address))
    })?;
    let ours = time(&daemon, BATCHES / 4, COMMANDS, load, READER)?;
    let of = |times: Vec<Vec<f64>>| undisturbed(times.into_iter().flatten());
    let (as_installed, at_its_best, ours) = (of(as_installed)?, of(at_its_best)?, of(ours)?);
    println!("SELECT and GET CHALLENGE in turn through vpcd");
    show("vicc, as installed", as_installed);
    show("vicc, the network acknowledging at once", at_its_best);
    show("the CIE", ours);
    kept(BESIDE_VICC, at_its_best / ours, ours, at_its_best)
}

fn kept(name: &str, value: f64, ours: f64, baseline: f64) -> Result<(), SetupError> {
    let figure = Figure {
        value,
        ours: Some(ours),
        baseline: Some(baseline),
        how: format!("batches of {COMMANDS} in turn"),
        ..Figure::default()
    };
    keep(name, &Measured::Figure(figure))
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
            let result = match name {
                DRIVER => THROUGH_DRIVER,
                VPCD => THROUGH_VPCD,
                _ => BESIDE_VICC,
            };
            let reason = error.to_string().lines().collect::<Vec<_>>().join(" ");
            missing && keep(result, &Measured::Missing(reason)).is_ok()
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
    let all = [
        part(DRIVER, driver()),
        part(VPCD, vpcd()),
        part(VICC, vicc()),
    ];
    ExitCode::from(u8::from(all.contains(&false)))
}
