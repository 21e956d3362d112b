//! Where reports go: `FORMAT=PATH` as the user writes it, and the one call that writes them all. Formats are rendered
//! elsewhere.

use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use super::error::ReportError;
use super::mask::Masker;
use super::model::RunResult;
use super::{html, json, junit, tap, write};

/// The forms of a report for machines and browsers. The one for people at a terminal is [`super::terminal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// One self-contained HTML file.
    Html,
    /// The result model, see [`super::model`].
    Json,
    /// TAP 14.
    Tap,
}

impl Format {
    /// The result in this format.
    ///
    /// # Errors
    /// [`ReportError::Render`] when a serializer fails.
    pub fn render(self, run: &RunResult) -> Result<String, ReportError> {
        match self {
            Self::Junit => junit::render(run),
            Self::Html => html::render(run),
            Self::Json => json::render(run),
            Self::Tap => Ok(tap::render(run)),
        }
    }
}

/// One report that was asked for: `junit=PATH`, `html=PATH`, `json=PATH` or `tap=PATH`; the path `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// In which form.
    pub format: Format,
    /// To which file; `None` is standard output.
    pub path: Option<PathBuf>,
}

impl FromStr for Destination {
    type Err = ReportError;

    fn from_str(given: &str) -> Result<Self, ReportError> {
        let wrong = || ReportError::Destination {
            given: given.to_owned(),
        };
        let (format, path) = given.split_once('=').ok_or_else(wrong)?;
        let format = match format {
            "junit" => Format::Junit,
            "html" => Format::Html,
            "json" => Format::Json,
            "tap" => Format::Tap,
            _ => return Err(wrong()),
        };
        match path {
            "" => Err(wrong()),
            "-" => Ok(Self { format, path: None }),
            path => Ok(Self {
                format,
                path: Some(path.into()),
            }),
        }
    }
}

impl Destination {
    /// Whether it could be written now. Ask before a long run.
    ///
    /// # Errors
    /// [`ReportError::Write`] naming the path.
    pub fn check(&self) -> Result<(), ReportError> {
        self.path.as_deref().map_or(Ok(()), write::check)
    }

    fn write(&self, run: &RunResult) -> Result<(), ReportError> {
        let text = self.format.render(run)?;
        match &self.path {
            Some(path) => write::atomically(path, &text),
            None => std::io::stdout()
                .lock()
                .write_all(text.as_bytes())
                .map_err(|reason| ReportError::Write {
                    path: "standard output".into(),
                    reason,
                }),
        }
    }
}

/// What became of the reports that were asked for.
#[derive(Debug, Default)]
pub struct Written {
    /// The files that are there now, in the order asked for.
    pub paths: Vec<PathBuf>,
    /// Why others are not.
    pub errors: Vec<ReportError>,
}

/// Counts the cases, masks every string of the result, and writes every report asked for; one that cannot be written does not
/// keep the others from being written. Afterwards `run` is the masked result, fit for the terminal.
pub fn write_all(run: &mut RunResult, masker: &Masker, destinations: &[Destination]) -> Written {
    run.seal();
    masker.mask_run(run);
    let mut written = Written::default();
    for destination in destinations {
        match (destination.write(run), &destination.path) {
            (Ok(()), Some(path)) => written.paths.push(path.clone()),
            (Ok(()), None) => {}
            (Err(error), _) => written.errors.push(error),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Destination, Format};

    #[rstest]
    #[case("junit=out.xml", Format::Junit, Some("out.xml"))]
    #[case("html=a=b.html", Format::Html, Some("a=b.html"))]
    #[case("json=-", Format::Json, None)]
    #[case("tap=x", Format::Tap, Some("x"))]
    fn destinations(#[case] given: &str, #[case] format: Format, #[case] path: Option<&str>) {
        let destination: Destination = given.parse().unwrap();
        assert_eq!(
            destination,
            Destination {
                format,
                path: path.map(Into::into)
            }
        );
    }

    #[rstest]
    #[case("junit")]
    #[case("xml=a")]
    #[case("json=")]
    fn what_is_no_destination(#[case] given: &str) {
        let error = given.parse::<Destination>().unwrap_err();
        assert!(error.to_string().contains(given), "{error}");
    }
}
