//! What the reader answers when asked for a capability or an attribute: pcscd's own questions (tags of the IFD handler
//! interface) and those of clients (`SCardGetAttrib`).

use crate::ffi::Dword;
use crate::reader::Reader;

/// The answer to reset, as pcscd asks for it.
const TAG_IFD_ATR: Dword = 0x0303;
const TAG_IFD_SLOT_THREAD_SAFE: Dword = 0x0FAC;
const TAG_IFD_THREAD_SAFE: Dword = 0x0FAD;
const TAG_IFD_SLOTS_NUMBER: Dword = 0x0FAE;
const TAG_IFD_SIMULTANEOUS_ACCESS: Dword = 0x0FAF;
const TAG_IFD_POLLING_THREAD_KILLABLE: Dword = 0x0FB1;
/// The tag of the function that ends the event thread's wait.
pub(crate) const TAG_IFD_STOP_POLLING_THREAD: Dword = 0x0FB2;
/// The tag of the function in which the event thread waits.
pub(crate) const TAG_IFD_POLLING_THREAD_WITH_TIMEOUT: Dword = 0x0FB3;

const SCARD_ATTR_VENDOR_NAME: Dword = 0x0001_0100;
const SCARD_ATTR_VENDOR_IFD_TYPE: Dword = 0x0001_0101;
const SCARD_ATTR_VENDOR_IFD_VERSION: Dword = 0x0001_0102;
const SCARD_ATTR_ASYNC_PROTOCOL_TYPES: Dword = 0x0003_0120;
const SCARD_ATTR_CHARACTERISTICS: Dword = 0x0006_0150;
const SCARD_ATTR_MAXINPUT: Dword = 0x0007_A007;
const SCARD_ATTR_ICC_PRESENCE: Dword = 0x0009_0300;
const SCARD_ATTR_ICC_INTERFACE_STATUS: Dword = 0x0009_0301;
const SCARD_ATTR_ATR_STRING: Dword = 0x0009_0303;
const SCARD_ATTR_ICC_TYPE_PER_ATR: Dword = 0x0009_0304;

/// As many readers as pcscd has room for.
const READERS: u8 = 16;

/// The longest command: header, extended Lc, 65,535 bytes of data, extended Le.
const LONGEST_COMMAND: u32 = 4 + 3 + 0xFFFF + 2;

/// T=0, in the numbering of PC/SC.
pub(crate) const PROTOCOL_T0: Dword = 1;
/// T=1, in the numbering of PC/SC.
pub(crate) const PROTOCOL_T1: Dword = 2;

/// The value of a tag that needs no reader to be looked at or looks at this one; none when the tag is unknown, or has no
/// value now.
pub(crate) fn value(reader: &Reader, tag: Dword) -> Option<Vec<u8>> {
    let value = match tag {
        TAG_IFD_ATR | SCARD_ATTR_ATR_STRING => return reader.atr(),
        TAG_IFD_SIMULTANEOUS_ACCESS => vec![READERS],
        TAG_IFD_THREAD_SAFE | TAG_IFD_SLOTS_NUMBER => vec![1],
        TAG_IFD_SLOT_THREAD_SAFE | TAG_IFD_POLLING_THREAD_KILLABLE => vec![0],
        SCARD_ATTR_VENDOR_NAME => b"CIE emulator".to_vec(),
        SCARD_ATTR_VENDOR_IFD_TYPE => b"CIE virtual reader".to_vec(),
        SCARD_ATTR_VENDOR_IFD_VERSION => version().to_ne_bytes().to_vec(),
        SCARD_ATTR_ASYNC_PROTOCOL_TYPES => 3_u32.to_ne_bytes().to_vec(),
        SCARD_ATTR_CHARACTERISTICS => 0_u32.to_ne_bytes().to_vec(),
        SCARD_ATTR_MAXINPUT => LONGEST_COMMAND.to_ne_bytes().to_vec(),
        // 0: no card; 1: one that is in, in a reader that swallows none.
        SCARD_ATTR_ICC_PRESENCE => vec![u8::from(reader.is_present())],
        SCARD_ATTR_ICC_INTERFACE_STATUS => vec![u8::from(reader.atr().is_some())],
        // 1: ISO/IEC 7816, asynchronous.
        SCARD_ATTR_ICC_TYPE_PER_ATR => vec![u8::from(reader.atr().is_some())],
        _ => return None,
    };
    Some(value)
}

/// The version in the form 0xMMmmbbbb.
fn version() -> u32 {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    number(env!("CARGO_PKG_VERSION_MAJOR")) << 24
        | number(env!("CARGO_PKG_VERSION_MINOR")) << 16
        | number(env!("CARGO_PKG_VERSION_PATCH"))
}

/// Whether an answer to reset offers this protocol (ISO/IEC 7816-3:2006 §8.2.3): the protocols are named by its interface
/// bytes TD, and T=0 is meant where there are none.
pub(crate) fn offers(atr: &[u8], protocol: Dword) -> bool {
    let Some((_, rest)) = atr.split_first() else {
        return false;
    };
    let mut rest = rest.iter();
    let Some(mut indicator) = rest.next().copied() else {
        return false;
    };
    let mut named = None;
    while indicator & 0x80 != 0 {
        let skipped = (indicator & 0x70).count_ones();
        let Some(next) = rest.nth(skipped as usize) else {
            break;
        };
        let this = match next & 0x0F {
            0 => PROTOCOL_T0,
            1 => PROTOCOL_T1,
            _ => 0,
        };
        named = Some(named.unwrap_or(0) | this);
        indicator = *next;
    }
    named.unwrap_or(PROTOCOL_T0) & protocol != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::none_named(&[0x3B, 0x00], true, false)]
    #[case::both(&[0x3B, 0x80, 0x80, 0x01, 0x01], true, true)]
    #[case::second_only(&[0x3B, 0x80, 0x01, 0x00], false, true)]
    #[case::interface_bytes_between(&[0x3B, 0xF0, 0x11, 0x00, 0xFF, 0x01], false, true)]
    #[case::cut_short(&[0x3B, 0xF0, 0x11], true, false)]
    #[case::nothing(&[], false, false)]
    fn protocols_are_those_of_the_atr(#[case] atr: &[u8], #[case] t0: bool, #[case] t1: bool) {
        assert_eq!(
            (offers(atr, PROTOCOL_T0), offers(atr, PROTOCOL_T1)),
            (t0, t1)
        );
    }

    #[test]
    fn the_version_has_its_three_places() {
        let [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"].map(|part| match part {
            "MAJOR" => env!("CARGO_PKG_VERSION_MAJOR"),
            "MINOR" => env!("CARGO_PKG_VERSION_MINOR"),
            _ => env!("CARGO_PKG_VERSION_PATCH"),
        });
        let shown = format!(
            "{}.{}.{}",
            version() >> 24,
            version() >> 16 & 0xFF,
            version() & 0xFFFF
        );
        assert_eq!(shown, format!("{major}.{minor}.{patch}"));
    }

    proptest! {
        #[test]
        fn any_atr_is_read(atr: Vec<u8>, protocol: Dword) {
            let _ = offers(&atr, protocol);
        }
    }
}
