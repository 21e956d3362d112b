//! What people type, as inputs.

use cie_conformance::issuer::policy::Field;
use cie_conformance::issuer::{Claims, Input, Secret, Typed};

use crate::play::{cards, person};

/// What somebody tells whom nobody knows.
pub(crate) fn nobody() -> Claims {
    let device = cards()[0].device_key.public().clone();
    Claims {
        device_key: Some(device),
        ..Claims::default()
            .with(Field::Cf, "XXXXXX00A00X000X")
            .with(Field::Nun, "CZ99999ZZ")
            .with(Field::Nis, "000000000000")
            .with(Field::Email, "nobody@example.org")
    }
}

pub(crate) fn code(code: Option<Secret>, link: Option<Secret>, who: usize) -> Input {
    let cf = person(who).cf.unwrap_or_default();
    Input::Code {
        code: code.map(Typed::Text),
        link,
        repeat: Box::new(Claims::default().with(Field::Cf, cf)),
    }
}

pub(crate) fn choice(new: &str, confirm: &str) -> Input {
    Input::Choose {
        new: Secret::new(new),
        confirm: Secret::new(confirm),
    }
}

pub(crate) fn changed(current: &str, new: &str) -> Input {
    let new = Secret::new(new);
    Input::Change {
        current: Secret::new(current),
        new: new.clone(),
        confirm: new,
    }
}
