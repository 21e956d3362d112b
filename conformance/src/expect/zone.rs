//! Expectations about a machine-readable zone of an identity card (ICAO 9303-5 §4.2): three lines of 30 characters and four
//! check digits, reckoned here and nowhere else.

use super::Judge;
use crate::report::model::FailureKind;
use crate::scenario::At;

/// Length of three lines of 30.
const ZONE: usize = 90;

impl Judge<'_, '_> {
    pub(super) fn machine_readable_zone(&mut self, valid: &At<bool>) {
        let wrong = faults(self.observation.data);
        let message = match (valid.value, wrong.is_empty()) {
            (true, true) | (false, false) => return,
            (true, false) => format!("no right machine-readable zone: {}", wrong.join("; ")),
            (false, true) => "the machine-readable zone is right, it must not be".to_owned(),
        };
        self.say(valid.span.as_ref(), FailureKind::Data, message);
    }
}

/// What is wrong with a zone, in words; empty when nothing is.
fn faults(zone: &[u8]) -> Vec<String> {
    if zone.len() != ZONE {
        return vec![format!("{} characters, expected {ZONE}", zone.len())];
    }
    let allowed = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'<');
    if !zone.iter().all(allowed) {
        return vec!["a character besides 0 to 9, A to Z and <".to_owned()];
    }
    let part = |from: usize, to: usize| zone.get(from..to).unwrap_or_default();
    // A number that does not fit goes on in the optional data, its check digit behind it (ICAO 9303-5 §4.2.2).
    let (number, digit) = match part(14, 15) {
        b"<" => {
            let rest = part(15, 30).split(|byte| *byte == b'<').next();
            let (digit, rest) = rest
                .unwrap_or_default()
                .split_last()
                .unwrap_or((&b'<', &[]));
            ([part(5, 14), rest].concat(), *digit)
        }
        digit => (part(5, 14).to_vec(), digit.first().copied().unwrap_or(b'<')),
    };
    let composite = [part(5, 30), part(30, 37), part(38, 45), part(48, 59)].concat();
    let at = |place: usize| zone.get(place).copied().unwrap_or(b'<');
    let checks = [
        ("number", number, digit),
        ("birth", part(30, 36).to_vec(), at(36)),
        ("expiry", part(38, 44).to_vec(), at(44)),
        ("the whole", composite, at(59)),
    ];
    let wrong = checks.into_iter().filter_map(|(what, field, found)| {
        let right = check_digit(&field);
        (found != right).then(|| {
            let (found, right) = (char::from(found), char::from(right));
            format!("the check digit of {what} is {found}, expected {right}")
        })
    });
    wrong.collect()
}

/// Weights 7, 3, 1 from the left, modulo ten (ICAO 9303-3 §4.9).
fn check_digit(field: &[u8]) -> u8 {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let weighted = field.iter().zip([7, 3, 1].into_iter().cycle());
    let sum: u32 = weighted.map(|(byte, weight)| value(*byte) * weight).sum();
    b'0' + u8::try_from(sum % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::faults;
    use rstest::rstest;

    // ICAO 9303-5 appendix A, and a number that goes on in the optional data.
    #[rstest]
    #[case::specimen(
        "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        0
    )]
    #[case::italian(
        "C<ITACA00000AA4<<<<<<<<<<<<<<<8001014M3101012ITA<<<<<<<<<<<4ROSSI<<MARIO<<<<<<<<<<<<<<<<<<",
        0
    )]
    #[case::birth(
        "C<ITACA00000AA4<<<<<<<<<<<<<<<8001024M3101012ITA<<<<<<<<<<<4ROSSI<<MARIO<<<<<<<<<<<<<<<<<<",
        2
    )]
    #[case::composite(
        "C<ITACA00000AA4<<<<<<<<<<<<<<<8001014M3101012ITA<<<<<<<<<<<5ROSSI<<MARIO<<<<<<<<<<<<<<<<<<",
        1
    )]
    #[case::small_letter(
        "C<ITACA00000AA4<<<<<<<<<<<<<<<8001014M3101012ITA<<<<<<<<<<<4rOSSI<<MARIO<<<<<<<<<<<<<<<<<<",
        1
    )]
    #[case::short("C<ITA", 1)]
    fn zones(#[case] zone: &str, #[case] wrong: usize) {
        let found = faults(zone.as_bytes());
        assert_eq!(found.len(), wrong, "{found:?}");
    }
}
