//! The card alone under secure messaging, against the cipher and checksum calls it cannot do without. The commands were
//! recorded once from a terminal and are played to forks of the card that answered them.

use crate::harness::{Bench, Routine};
use cie_benches::SetupError;
use cie_benches::document::{Paced, Reading};
use cie_benches::login::Login;
use cie_benches::messaging::{Ciphers, RawMessaging};
use cie_benches::tape::Tape;

fn against_raw(
    bench: &mut Bench,
    name: &str,
    tape: &Tape,
    ciphers: Ciphers,
) -> Result<(), SetupError> {
    let mut raw = RawMessaging::of(tape, ciphers)?;
    bench.against(
        "secure messaging",
        tape.len(),
        Routine {
            name,
            run: &mut || tape.play(),
        },
        Routine {
            name: &format!("baseline: the cipher and MAC calls of {name}"),
            run: &mut || raw.run() as usize,
        },
    )
}

pub(crate) fn all(bench: &mut Bench) -> Result<(), SetupError> {
    let login = Login::record()?;
    against_raw(
        bench,
        "READ BINARY 128, 3DES",
        &login.reads,
        Ciphers::triple_des(),
    )?;
    against_raw(
        bench,
        "VERIFY, 3DES",
        &login.verifies,
        Ciphers::triple_des(),
    )?;
    let modern = Paced::record("adult-modern")?;
    against_raw(
        bench,
        "READ BINARY 128, AES-128",
        &modern.reads,
        Ciphers::aes128()?,
    )?;
    let reading = Reading::record()?;
    let name = "all files of a document, 3DES";
    against_raw(bench, name, &reading.files, Ciphers::triple_des())
}
