//! What the reader says about itself when asked for features (PC/SC part 10, version 2.02.09, §2.2 and §2.6.14).

use crate::ffi::Dword;

/// `CM_IOCTL_GET_FEATURE_REQUEST`, as pcsc-lite numbers it.
const GET_FEATURE_REQUEST: Dword = control_code(3400);

/// The control code behind `FEATURE_GET_TLV_PROPERTIES`; a free choice of the driver.
const GET_TLV_PROPERTIES: Dword = 0x4233_0012;

const FEATURE_GET_TLV_PROPERTIES: u8 = 0x12;
const PROPERTY_FIRMWARE_ID: u8 = 8;
const PROPERTY_PPDU_SUPPORT: u8 = 9;
const PROPERTY_MAX_APDU_DATA_SIZE: u8 = 10;

/// The most data bytes an APDU may carry: extended length, whole.
const MAX_APDU_DATA_SIZE: u32 = 1 << 16;

const fn control_code(code: Dword) -> Dword {
    0x4200_0000 | code
}

/// The answer to a control code; none when the reader does not know it. Values of features are big-endian, those of
/// properties little-endian, as the standard wants.
pub(crate) fn control(code: Dword) -> Option<Vec<u8>> {
    match code {
        GET_FEATURE_REQUEST => Some(tlv(
            FEATURE_GET_TLV_PROPERTIES,
            &(GET_TLV_PROPERTIES as u32).to_be_bytes(),
        )),
        GET_TLV_PROPERTIES => {
            let firmware = concat!("CIE virtual reader ", env!("CARGO_PKG_VERSION"));
            let properties = [
                tlv(PROPERTY_FIRMWARE_ID, firmware.as_bytes()),
                tlv(PROPERTY_PPDU_SUPPORT, &[0]),
                tlv(
                    PROPERTY_MAX_APDU_DATA_SIZE,
                    &MAX_APDU_DATA_SIZE.to_le_bytes(),
                ),
            ];
            Some(properties.concat())
        }
        _ => None,
    }
}

/// A short simple TLV; values here are far below 255 bytes.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![tag, length];
    bytes.extend(value.iter().take(length.into()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_leads_to_the_properties() {
        let features = control(0x4200_0D48).unwrap();
        assert_eq!(features[..2], [0x12, 4]);
        let code = u32::from_be_bytes(features[2..6].try_into().unwrap());
        let properties = control(code.into()).unwrap();
        assert!(properties.ends_with(&[10, 4, 0x00, 0x00, 0x01, 0x00]));
    }

    #[test]
    fn other_codes_are_not_known() {
        assert_eq!(control(0x4200_0001), None);
    }
}
