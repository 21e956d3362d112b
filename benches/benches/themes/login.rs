//! The asymmetric half of the card, without a terminal: every part of a login against the bare exponentiations of the same
//! arithmetic on the very same numbers.

use crate::harness::{Bench, Routine};
use cie_benches::login::{Login, Powers};
use cie_benches::tape::Tape;
use cie_benches::{SetupError, authenticated};

/// A part, its tape, and what it must compute.
type Part = (&'static str, fn(&Login) -> &Tape, fn(&Powers) -> usize);

const PARTS: [Part; 5] = [
    (
        "key agreement",
        |login| &login.key_agreement,
        Powers::key_agreement,
    ),
    (
        "certificate verification",
        |login| &login.certificate,
        Powers::certificate,
    ),
    (
        "external authentication",
        |login| &login.external,
        Powers::external,
    ),
    (
        "internal authentication",
        |login| &login.internal,
        Powers::internal,
    ),
    ("signature", |login| &login.signature, Powers::sign),
];

pub(crate) fn all(bench: &mut Bench) -> Result<(), SetupError> {
    let login = Login::record()?;
    for (name, tape, powers) in PARTS {
        bench.against(
            "login",
            1,
            Routine {
                name,
                run: &mut || tape(&login).play(),
            },
            Routine {
                name: &format!("baseline: the exponentiations of {name}"),
                run: &mut || powers(&login.powers),
            },
        )?;
    }
    bench.against(
        "login",
        1,
        Routine {
            name: "key agreement, device authentication, VERIFY, signature",
            run: &mut || login.play_protocol(),
        },
        Routine {
            name: "baseline: the sum of their exponentiations",
            run: &mut || login.powers.all(),
        },
    )?;
    bench.alone(
        "login",
        1,
        Routine {
            name: "full login, card side, files and keys read first",
            run: &mut || login.play(),
        },
    );
    bench.alone(
        "login",
        1,
        Routine {
            name: "both sides: a card made, keys agreed, device authenticated",
            run: &mut || usize::from(authenticated().is_ok()),
        },
    );
    Ok(())
}
