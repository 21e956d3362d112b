//! ISO/IEC 9797-1 padding method 2: one byte `80`, then zeros up to a full block. The padding of secure messaging.

/// The bytes do not end in `80 00…00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no padding of ISO/IEC 9797-1 method 2 at the end of the data; check the key, the IV and the length of the ciphertext"
)]
pub struct PaddingError;

/// Appends `80` and zeros until the length is a multiple of `block` bytes; at least one byte is always added.
/// A `block` of zero is taken as one.
pub fn pad(buf: &mut Vec<u8>, block: usize) {
    buf.push(0x80);
    buf.resize(buf.len().next_multiple_of(block.max(1)), 0);
}

/// The data in front of the padding.
///
/// # Errors
/// [`PaddingError`] when the bytes that are not zero do not end in `80`, or when there are none.
pub fn unpad(data: &[u8]) -> Result<&[u8], PaddingError> {
    let mark = data
        .iter()
        .rposition(|&byte| byte != 0)
        .ok_or(PaddingError)?;
    match data.split_at(mark) {
        (content, [0x80, ..]) => Ok(content),
        _ => Err(PaddingError),
    }
}

#[cfg(test)]
mod tests {
    use super::{PaddingError, pad, unpad};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::empty(&[], 8, &[0x80, 0, 0, 0, 0, 0, 0, 0])]
    #[case::one_short(&[1, 2, 3, 4, 5, 6, 7], 8, &[1, 2, 3, 4, 5, 6, 7, 0x80])]
    #[case::full_block(&[1, 2, 3, 4], 4, &[1, 2, 3, 4, 0x80, 0, 0, 0])]
    fn padded(#[case] data: &[u8], #[case] block: usize, #[case] expected: &[u8]) {
        let mut buf = data.to_vec();
        pad(&mut buf, block);
        assert_eq!(buf, expected);
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::only_zeros(&[0, 0, 0, 0])]
    #[case::no_mark(&[1, 2, 3, 0])]
    #[case::wrong_mark(&[1, 2, 0x81])]
    fn refused(#[case] data: &[u8]) {
        assert_eq!(unpad(data), Err(PaddingError));
    }

    proptest! {
        #[test]
        fn unpad_undoes_pad(data in proptest::collection::vec(any::<u8>(), 0..300), block in 1_usize..33) {
            let mut buf = data.clone();
            pad(&mut buf, block);
            prop_assert_eq!(buf.len() % block, 0);
            prop_assert!(buf.len() > data.len() && buf.len() <= data.len() + block);
            prop_assert_eq!(unpad(&buf), Ok(&data[..]));
        }
    }
}
