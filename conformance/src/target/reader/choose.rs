//! Which reader is meant, and what is in all of them: for `--target reader[:NAME]` and for lists. No card is touched.

use super::error::ReaderError;
use super::link::{Link, Seen};

/// One reader, as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub seen: Seen,
}

/// All readers.
///
/// # Errors
/// [`ReaderError`] when the library or the service is missing; no reader is not an error.
pub fn readers(link: &mut dyn Link) -> Result<Vec<Found>, ReaderError> {
    let names = link.readers().map_err(why)?;
    // A reader that is unplugged between the list and the look is no reader any more.
    let found = names.into_iter().filter_map(|name| {
        let seen = link.look(&name).ok()?;
        Some(Found { name, seen })
    });
    Ok(found.collect())
}

/// The reader that is meant: the one with this name, the only one with this in its name (whatever the case of letters), or, where
/// none is named, the only one with a card.
///
/// # Errors
/// [`ReaderError`], which lists what there is.
pub fn choose(link: &mut dyn Link, wanted: Option<&str>) -> Result<String, ReaderError> {
    let found = readers(link)?;
    if found.is_empty() {
        return Err(ReaderError::NoReader);
    }
    let names = |found: &[&Found]| found.iter().map(|reader| reader.name.clone()).collect();
    let all: Vec<&Found> = found.iter().collect();
    let Some(wanted) = wanted else {
        let with_card: Vec<&Found> = found.iter().filter(|found| found.seen.has_card()).collect();
        return match with_card[..] {
            [] => Err(ReaderError::NoCard { there: names(&all) }),
            [only] => Ok(only.name.clone()),
            _ => Err(ReaderError::Several {
                there: names(&with_card),
            }),
        };
    };
    if let Some(exact) = found.iter().find(|found| found.name == wanted) {
        return Ok(exact.name.clone());
    }
    let part = wanted.to_lowercase();
    let fitting = found.iter();
    let fitting: Vec<&Found> = fitting
        .filter(|found| found.name.to_lowercase().contains(&part))
        .collect();
    match fitting[..] {
        [only] => Ok(only.name.clone()),
        [] => Err(ReaderError::NoSuchReader {
            wanted: wanted.to_owned(),
            there: names(&all),
        }),
        _ => Err(ReaderError::Ambiguous {
            wanted: wanted.to_owned(),
            there: names(&fitting),
        }),
    }
}

/// A missing library answers as a missing service does; here the two are told apart.
fn why(error: pcsc::Error) -> ReaderError {
    match ReaderError::from(error) {
        ReaderError::NoService => match pcsc_sys::library() {
            Ok(()) => ReaderError::NoService,
            Err(missing) => missing.into(),
        },
        other => other,
    }
}
