//! Drawing the codes of a card from its seed, clean enough that a search for leaked digits can be exact: no trivial value, no
//! half that also stands in public data, no half that occurs twice.

use super::super::draw::Draw;
use super::{Code, CodesError};

/// Draws before giving up; the chance to need even ten is negligible.
const ATTEMPTS: u32 = 10_000;

/// PIN and PUK printed as the sample in the manual of the desktop client: 12345678 and 87654321. Both are refused by clients
/// as *new* codes, which makes them recognisable and not to be reached by accident.
pub(in crate::persona) fn manual_sample() -> Result<(Code, Code), CodesError> {
    Ok((
        Code::from_digits(b"12345678")?,
        Code::from_digits(b"87654321")?,
    ))
}

/// PIN and PUK of a seed. `public` is everything anyone may read from the card or see printed on it; no half occurs there.
pub(in crate::persona) fn seeded(seed: u64, public: &[&[u8]]) -> Result<(Code, Code), CodesError> {
    let mut stream = Draw::new(seed, "codes");
    for _ in 0..ATTEMPTS {
        let pin = Code::from_digits(&stream.digits::<8>())?;
        let puk = Code::from_digits(&stream.digits::<8>())?;
        if clean(&pin, &puk, public) {
            return Ok((pin, puk));
        }
    }
    Err(CodesError::Exhausted(ATTEMPTS))
}

fn clean(pin: &Code, puk: &Code, public: &[&[u8]]) -> bool {
    let halves = [
        pin.first_half(),
        pin.second_half(),
        puk.first_half(),
        puk.second_half(),
    ];
    let distinct = halves.iter().enumerate().all(|(index, half)| {
        !halves
            .iter()
            .skip(index.saturating_add(1))
            .any(|other| other == half)
    });
    let unseen = halves.iter().all(|half| {
        !public
            .iter()
            .any(|text| text.windows(4).any(|window| window == half.reveal()))
    });
    distinct && unseen && !pin.is_trivial() && !puk.is_trivial()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_manuals() {
        let (pin, puk) = manual_sample().unwrap();
        assert_eq!((pin.reveal(), puk.reveal()), (b"12345678", b"87654321"));
        assert!(pin.is_trivial() && puk.is_trivial());
    }

    #[test]
    fn a_half_that_is_public_is_drawn_again() {
        let (pin, puk) = seeded(5, &[]).unwrap();
        let (other_pin, other_puk) = seeded(5, &[puk.second_half().reveal()]).unwrap();
        assert_ne!((pin, puk), (other_pin, other_puk));
    }

    #[test]
    fn when_every_half_is_public_it_says_so() {
        let all: Vec<u8> = (0..10_000u32)
            .flat_map(|n| format!("{n:04}").into_bytes())
            .collect();
        assert_eq!(seeded(5, &[&all]), Err(CodesError::Exhausted(ATTEMPTS)));
    }
}
