//! Command bytes without their secrets. Which bytes are secret is decided here, from the command alone: the data of VERIFY,
//! CHANGE REFERENCE DATA and RESET RETRY COUNTER, unless they are the objects of secure messaging.

use super::Secrets;
use crate::wire::tlv::Objects;
use crate::wire::{Command, ins};
use core::fmt;
use core::ops::Range;

/// Bytes of which some may have been taken out: those read as zero and are shown as `**`.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes {
    bytes: Vec<u8>,
    hidden: Range<usize>,
}

impl Bytes {
    /// A command as it may be shown.
    #[must_use]
    pub fn of_command(command: &[u8], secrets: Secrets) -> Self {
        let hidden = match secrets {
            Secrets::Masked => secret_part(command),
            Secrets::Shown => 0..0,
        };
        let bytes = command
            .iter()
            .enumerate()
            .map(|(at, byte)| if hidden.contains(&at) { 0 } else { *byte })
            .collect();
        Self { bytes, hidden }
    }

    /// The bytes, zeros where something was taken out.
    #[must_use]
    pub fn shown(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether something was taken out.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Hexadecimal digits of a part, `**` for bytes taken out.
    pub(super) fn digits(&self, part: Range<usize>) -> String {
        part.filter_map(|at| self.bytes.get(at).map(|byte| (at, byte)))
            .map(|(at, byte)| {
                if self.hidden.contains(&at) {
                    "**".to_owned()
                } else {
                    format!("{byte:02X}")
                }
            })
            .collect()
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits(0..self.bytes.len()))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({self})")
    }
}

fn secret_part(command: &[u8]) -> Range<usize> {
    let carries_secret = matches!(
        command.get(1),
        Some(&(ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER))
    );
    if !carries_secret {
        return 0..0;
    }
    let end = command.len();
    match Command::parse(command) {
        Ok(parsed) if parsed.header.cla & 0x0C == 0x0C && is_protected(parsed.data) => 0..0,
        Ok(parsed) if parsed.data.is_empty() => 0..0,
        Ok(_) => {
            // The data begin behind an Lc of one byte, or of three.
            let start = if command.get(4) == Some(&0) { 7 } else { 5 };
            start..end
        }
        // Length fields that do not fit may themselves be digits of a PIN.
        Err(_) => 4..end,
    }
}

/// Whether these are the objects of a protected command: well formed, ending in a checksum.
fn is_protected(data: &[u8]) -> bool {
    let mut last = None;
    for object in Objects::new(data) {
        match object {
            Ok(object) if matches!(object.tag.0, 0x85 | 0x87 | 0x97 | 0x8E) => {
                last = Some(object.tag.0);
            }
            Ok(_) | Err(_) => return false,
        }
    }
    last == Some(0x8E)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn masked(hex: &str) -> String {
        Bytes::of_command(&hex::decode(hex).unwrap(), Secrets::Masked).to_string()
    }

    #[rstest]
    #[case::verify("00200081083132333435363738", "0020008108****************")]
    #[case::with_le("0020008108313233343536373800", "0020008108******************")]
    #[case::change("0024008104AABBCCDD", "0024008104********")]
    #[case::unblock("002C02810131", "002C028101**")]
    #[case::extended("0020008100000231320000", "00200081000002********")]
    #[case::chained("1020008103313233", "1020008103******")]
    #[case::other_class("8020008103313233", "8020008103******")]
    #[case::without_lc("002000813132333435363738", "00200081****************")]
    #[case::too_short_for_lc("00200081083132", "00200081******")]
    #[case::plain_data_in_a_protected_class("0C20008103313233", "0C20008103******")]
    #[case::no_data("00200081", "00200081")]
    #[case::le_only("0020008100", "0020008100")]
    #[case::no_secret("00A4020402D003", "00A4020402D003")]
    #[case::protected(
        "0C2000811D871101AABBCCDDEEFF001122334455667788998E080102030405060708",
        "0C2000811D871101AABBCCDDEEFF001122334455667788998E080102030405060708"
    )]
    fn shown(#[case] command: &str, #[case] expected: &str) {
        assert_eq!(masked(command), expected.replace(' ', ""));
    }

    #[test]
    fn a_secret_asked_for_is_shown() {
        let verify = hex::decode("00200081083132333435363738").unwrap();
        let bytes = Bytes::of_command(&verify, Secrets::Shown);
        assert_eq!(bytes.shown(), verify);
        assert!(!bytes.is_masked());
    }

    proptest! {
        /// Whatever the class, parameters and length fields: eight digits of a PIN never come through.
        #[test]
        fn no_digit_of_a_pin_comes_through(
            cla in any::<u8>(), p1 in any::<u8>(), p2 in any::<u8>(),
            ins in prop::sample::select(vec![0x20_u8, 0x24, 0x2C]),
            framing in prop::collection::vec(0_u8..=3, 0..4),
        ) {
            let mut command = vec![cla, ins, p1, p2];
            command.extend(&framing);
            command.extend(b"13579135");
            let bytes = Bytes::of_command(&command, Secrets::Masked);
            prop_assert!(!bytes.shown().windows(2).skip(4).any(|pair| pair == b"13" || pair == b"57"));
            prop_assert_eq!(bytes.to_string().len(), 2 * command.len());
        }
    }
}
