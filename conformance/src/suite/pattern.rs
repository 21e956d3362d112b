//! Names on the command line: an id, a folder of ids, a glob, and behind any of them a cell in brackets. Pure text; files on
//! a disk are looked for elsewhere.

use crate::scenario::Case;

/// What to select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before the brackets: `pin/lock-then-unblock`, `pin`, `pin/*`.
    pub name: String,
    /// Which cells; all of them without brackets.
    pub cells: CellFilter,
}

/// Values that a cell must have: `[chip=stm3]`; a value may be a glob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellFilter(Vec<(String, String)>);

impl Pattern {
    /// Reads a name as it was typed.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let split = text.strip_suffix(']').and_then(|text| text.split_once('['));
        let (name, cells) = match split {
            Some((name, cells)) => (name, CellFilter::of(cells)),
            None => (text, CellFilter::default()),
        };
        Self {
            name: name.to_owned(),
            cells,
        }
    }

    /// Whether a scenario's id has this name, is in this folder, or is met by this glob. The file name of an embedded
    /// scenario, as reports show it, is a name too.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        let name = self.name.strip_suffix(".yaml").unwrap_or(&self.name);
        let name = name.strip_prefix("scenarios/").unwrap_or(name);
        let name = name.trim_end_matches('/');
        let is_below = id
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('/'));
        id == name || (is_below && !name.is_empty()) || glob(name, id)
    }
}

impl CellFilter {
    /// Reads what stands between the brackets. A part without `=` asks for any axis with that value.
    fn of(text: &str) -> Self {
        let parts = text.split(',').filter(|part| !part.is_empty());
        let parts = parts.map(|part| match part.split_once('=') {
            Some((axis, value)) => (axis.trim().to_owned(), value.trim().to_owned()),
            None => (String::new(), part.trim().to_owned()),
        });
        Self(parts.collect())
    }

    /// Whether a case is in such a cell.
    #[must_use]
    pub fn has(&self, case: &Case) -> bool {
        self.0.iter().all(|(axis, wanted)| {
            case.cell
                .iter()
                .any(|(name, value)| (axis.is_empty() || axis == name) && glob(wanted, value))
        })
    }
}

/// `?` is any one character and `*` any number of them, both within a folder; `**` crosses folders.
fn glob(pattern: &str, text: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = characters.as_str();
            let (rest, crosses) = rest
                .strip_prefix('*')
                .map_or((rest, false), |rest| (rest, true));
            // `**/x` is also x itself.
            if crosses && rest.strip_prefix('/').is_some_and(|rest| glob(rest, text)) {
                return true;
            }
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let within = ends.take_while(|&at| {
                crosses || !text.get(..at).is_some_and(|part| part.contains('/'))
            });
            within
                .into_iter()
                .any(|at| text.get(at..).is_some_and(|text| glob(rest, text)))
        }
        Some(wanted) => {
            let mut text = text.chars();
            let meets = |found: char| found == wanted || (wanted == '?' && found != '/');
            text.next().is_some_and(meets) && glob(characters.as_str(), text.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Pattern;

    #[rstest]
    #[case::id("pin/lock", "pin/lock", true)]
    #[case::file("scenarios/pin/lock.yaml", "pin/lock", true)]
    #[case::folder("pin", "pin/lock", true)]
    #[case::folder_with_slash("pin/", "pin/lock", true)]
    #[case::folder_of_folders("pin", "pin/deep/lock", true)]
    #[case::no_prefix_of_a_word("pi", "pin/lock", false)]
    #[case::star("pin/*", "pin/lock", true)]
    #[case::star_stays("pin/*", "pin/deep/lock", false)]
    #[case::star_of_a_folder("*/lock", "pin/lock", true)]
    #[case::two_stars("**/lock", "pin/deep/lock", true)]
    #[case::two_stars_are_also_none("**/lock", "lock", true)]
    #[case::question("pin/l?ck", "pin/lock", true)]
    #[case::question_is_no_slash("pin?lock", "pin/lock", false)]
    #[case::nothing("", "pin/lock", false)]
    #[case::other("puk", "pin/lock", false)]
    fn names(#[case] pattern: &str, #[case] id: &str, #[case] has: bool) {
        assert_eq!(Pattern::of(pattern).has_id(id), has);
    }

    #[test]
    fn a_cell_stands_in_brackets() {
        let pattern = Pattern::of("pin/lock[chip=stm*, n=1]");
        assert_eq!(pattern.name, "pin/lock");
        let cells =
            [("chip", "stm*"), ("n", "1")].map(|(axis, value)| (axis.to_owned(), value.to_owned()));
        assert_eq!(pattern.cells.0, cells);
    }
}
