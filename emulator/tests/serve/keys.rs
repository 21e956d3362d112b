//! Keys at a terminal, which `script` makes: every Debian has it. Elsewhere this says that it is left out.

use crate::support::{Served, Vpcd};
use std::io::{PipeWriter, Write as _};
use std::process::{Command, Stdio};

/// The program at a terminal, then what `stty` says of the terminal it left behind.
fn at_a_terminal(arguments: &str) -> Option<(Served, PipeWriter)> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("left out: there is no `script` here to make a terminal with");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_cie-card");
    // Ctrl-C reaches the shell too, which shall go on after it.
    let line = format!(
        "trap : INT; {program} serve {arguments} --also seed=8,name=other; echo code $?; stty -a"
    );
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new("script");
    command
        .env("SHELL", "/bin/sh")
        .args(["-qec", &line, "/dev/null"])
        .stdin(reader)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let served = Served::spawn(command);
    Some((served, writer))
}

#[test]
fn keys_move_cards_and_the_terminal_is_as_before() {
    let vpcd = Vpcd::new();
    let Some((served, mut keys)) = at_a_terminal(&format!("--seed 7 --via {}", vpcd.way())) else {
        return;
    };
    served.line("keys: i insert");
    let mut press = |key: &str| {
        keys.write_all(key.as_bytes()).unwrap();
        keys.flush().unwrap();
    };
    let card = vpcd.card();
    press("r");
    served.line("card 1 (seed 7 on gemalto) is out");
    card.wait_for_removal();
    press("i");
    served.line("card 1 (seed 7 on gemalto) is in");
    let card = vpcd.card();
    press("s");
    served.line("card 2 (other) is in");
    card.wait_for_removal();
    press("i");
    served.line("?? reader 1 holds card 2; remove or swap it");
    press("7");
    served.line("?? there is no reader 7; there are 1 to 1");
    press("1");
    served.line("keys are about reader 1");
    press("l");
    served.line("reader 1  CIE Emulator 1: card 2 (other)");
    press("?");
    served.line("keys: i insert");
    press("q");
    served.line("code 0");
    let modes = served.line("icanon");
    assert!(!modes.contains("-icanon"), "{modes}");
}

#[test]
fn control_c_restores_the_terminal() {
    let vpcd = Vpcd::new();
    let Some((served, mut keys)) = at_a_terminal(&format!("--via {}", vpcd.way())) else {
        return;
    };
    served.line("keys: i insert");
    keys.write_all(b"\x03").unwrap();
    served.line("code 0");
    let modes = served.line("icanon");
    assert!(!modes.contains("-icanon"), "{modes}");
}
