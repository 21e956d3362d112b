//! Names that could have been meant by one that means nothing.

use crate::scenario::nearest;

/// How many are offered.
pub(super) const NEAR: usize = 6;

/// Ids that hold the word, else the ids and folders that are a few letters away from it.
pub(super) fn near<'a>(name: &str, ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let ids: Vec<&str> = ids.collect();
    let last = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    let word = name.rsplit('/').next().unwrap_or(name);
    let word = word.strip_suffix(".yaml").unwrap_or(word).trim_matches('*');
    let holding = ids
        .iter()
        .filter(|id| !word.is_empty() && id.contains(word));
    let holding: Vec<String> = holding.take(NEAR).map(|id| (*id).to_owned()).collect();
    if !holding.is_empty() {
        return holding;
    }
    let folders = ids
        .iter()
        .filter_map(|id| id.split_once('/'))
        .map(|(folder, _)| folder);
    let whole = nearest(name, ids.iter().copied().chain(folders));
    let by_last = nearest(word, ids.iter().map(|id| last(id)));
    let by_last = by_last.and_then(|meant| ids.iter().find(|id| last(id) == meant).copied());
    let mut near: Vec<String> = [whole, by_last]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
    near.dedup();
    near
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::near;

    #[rstest]
    #[case::holds("lock", &["pin/lock-then-unblock"])]
    #[case::folder_mistyped("pinn", &["pin"])]
    #[case::word_mistyped("pin/rihgt", &["pin/right"])]
    #[case::other_folder("puk/right", &["pin/right"])]
    #[case::glob("sig*", &["sign/pss"])]
    #[case::nothing("zzzzzzzz", &[])]
    fn names(#[case] typed: &str, #[case] expected: &[&str]) {
        let ids = ["pin/lock-then-unblock", "pin/right", "sign/pss"];
        assert_eq!(near(typed, ids.into_iter()), expected);
    }
}
