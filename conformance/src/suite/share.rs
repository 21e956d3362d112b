//! A share of a selection: `hash:2/4` is the second of four. Which share a case belongs to follows from its name alone, so
//! that machines which know nothing of each other divide the same work.

use std::str::FromStr;

use crate::report::model::Partition;
use crate::scenario::Case;

/// One of several shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u32,
    count: u32,
}

/// Why a text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write hash:K/N with 1 ≤ K ≤ N, e.g. hash:1/4 for the first of four shares")]
pub struct ShareError;

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (index, count) = text
            .strip_prefix("hash:")
            .and_then(|share| share.split_once('/'))
            .ok_or(ShareError)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| ShareError);
        let (index, count) = (number(index)?, number(count)?);
        if (1..=count).contains(&index) {
            Ok(Self { index, count })
        } else {
            Err(ShareError)
        }
    }
}

impl Share {
    /// Whether a case belongs to this share.
    #[must_use]
    pub fn has(self, case: &Case) -> bool {
        case.stable_hash() % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl From<Share> for Partition {
    fn from(share: Share) -> Self {
        Self {
            index: share.index,
            count: share.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Share, ShareError};

    #[test]
    fn a_share_is_read_as_written() {
        assert_eq!("hash:2/4".parse(), Ok(Share { index: 2, count: 4 }));
    }

    #[rstest]
    #[case("2/4")]
    #[case("hash:0/4")]
    #[case("hash:5/4")]
    #[case("hash:1/0")]
    #[case("hash:1")]
    #[case("hash:a/b")]
    #[case("slice:1/2")]
    fn what_is_no_share(#[case] text: &str) {
        assert_eq!(text.parse::<Share>(), Err(ShareError));
    }
}
