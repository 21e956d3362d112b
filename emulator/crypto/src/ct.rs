//! Comparison in constant time, for MACs, codes and hashes. Only the length of the operands is visible in the time taken.

use subtle::ConstantTimeEq;

/// Whether `a` and `b` are the same bytes; `false` when their lengths differ.
#[must_use]
pub fn eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::eq;
    use rstest::rstest;

    #[rstest]
    #[case::same(b"abc", b"abc", true)]
    #[case::last_byte(b"abc", b"abd", false)]
    #[case::shorter(b"abc", b"ab", false)]
    #[case::both_empty(b"", b"", true)]
    fn equality(#[case] a: &[u8], #[case] b: &[u8], #[case] expected: bool) {
        assert_eq!(eq(a, b), expected);
    }
}
