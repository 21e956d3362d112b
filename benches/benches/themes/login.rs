//! The asymmetric half of the card, without a terminal: every part of a login against the bare exponentiations of the same
//! arithmetic on the very same numbers.

use crate::harness::{Bench, Routine};
use cie_benches::login::{Login, Powers};
use cie_benches::messaging::{Ciphers, RawMessaging};
use cie_benches::results::{Figure, Measured, keep, kept};
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

/// All parts with VERIFY, over the exponentiations of all parts. Each part is short enough to find undisturbed moments; the
/// whole is not.
fn sum() -> Result<(), SetupError> {
    let figure = |name: &str| match kept(&format!("login/{name}")) {
        Some(Measured::Figure(figure)) => figure.ours.zip(figure.baseline),
        Some(Measured::Missing(_)) | None => None,
    };
    let parts: Option<Vec<_>> = PARTS.iter().map(|(name, ..)| figure(name)).collect();
    let (Some(parts), Some((verify, _))) = (parts, figure("VERIFY")) else {
        return Ok(());
    };
    let ours = verify + parts.iter().map(|(ours, _)| ours).sum::<f64>();
    let baseline = parts.iter().map(|(_, baseline)| baseline).sum::<f64>();
    let figure = Figure {
        value: ours / baseline,
        ours: Some(ours),
        baseline: Some(baseline),
        how: "the sum of the parts".to_owned(),
        ..Figure::default()
    };
    keep("login/all parts", &Measured::Figure(figure))
}

pub(crate) fn all(bench: &mut Bench) -> Result<(), SetupError> {
    let login = Login::record()?;
    let mut raw = RawMessaging::of(&login.verify, Ciphers::triple_des())?;
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
            name: "VERIFY",
            run: &mut || login.verify.play(),
        },
        Routine {
            name: "baseline: the cipher and MAC calls of VERIFY",
            run: &mut || raw.run() as usize,
        },
    )?;
    sum()?;
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
