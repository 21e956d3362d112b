//! The travel document, card side: basic access control, PACE in both families, a whole reading; and the making of a card.

use crate::harness::{Bench, Routine};
use cie_benches::document::{PacePoints, PacePowers, Paced, Reading};
use cie_benches::{SetupError, image};
use cie_emulator::persona::{Persona, personalise};

fn access(bench: &mut Bench) -> Result<(), SetupError> {
    let reading = Reading::record()?;
    let run = Routine {
        name: "basic access control",
        run: &mut || reading.access.play(),
    };
    bench.alone("document", 1, run);
    let (paced, powers) = (Paced::record("adult-default")?, PacePowers::new());
    bench.against(
        "document",
        1,
        Routine {
            name: "PACE, DH and 3DES",
            run: &mut || paced.access.play(),
        },
        Routine {
            name: "baseline: the exponentiations of PACE, DH",
            run: &mut || powers.run(),
        },
    )?;
    let (paced, points) = (Paced::record("adult-modern")?, PacePoints::new());
    bench.against(
        "document",
        1,
        Routine {
            name: "PACE, ECDH and AES-128",
            run: &mut || paced.access.play(),
        },
        Routine {
            name: "baseline: the multiplications of PACE, ECDH",
            run: &mut || points.run().unwrap_or_default(),
        },
    )?;
    println!("a whole reading: {} bytes of files", reading.bytes);
    let run = Routine {
        name: "a whole reading, access included",
        run: &mut || reading.access.play() + reading.files.play(),
    };
    bench.alone("document", 1, run);
    Ok(())
}

fn personalisation(bench: &mut Bench) -> Result<(), SetupError> {
    let persona = Persona::builtin("adult-default")?;
    let run = Routine {
        name: "the contents of a card",
        run: &mut || personalise(&persona).map_or(0, |data| data.ef_sod.len()),
    };
    bench.alone("personalisation", 1, run);
    let run = Routine {
        name: "a card ready to be powered",
        run: &mut || image().map_or(0, |image| image.files.dedicated_files().len()),
    };
    bench.alone("personalisation", 1, run);
    Ok(())
}

pub(crate) fn all(bench: &mut Bench) -> Result<(), SetupError> {
    access(bench)?;
    personalisation(bench)
}
