//! The JSON report: the result model as text, for other programs and for joining shards. It adds nothing to the model.

use std::path::Path;

use serde::Deserialize;

use cie_emulator::given_file;

use super::error::ReportError;
use super::model::{FORMAT, RunResult};

/// Writes the JSON report: indented, members in a fixed order, a newline at the end. Equal results give equal bytes.
///
/// # Errors
/// [`ReportError::Render`] when the serializer fails, which no value of the model causes.
pub fn render(run: &RunResult) -> Result<String, ReportError> {
    let text = serde_json::to_string_pretty(run);
    text.map(|text| text + "\n")
        .map_err(|error| ReportError::Render {
            format: "JSON",
            reason: error.to_string(),
        })
}

/// Reads a JSON report. Members it does not know are ignored.
///
/// # Errors
/// [`ReportError::Version`] for another version of the format, [`ReportError::Malformed`] for anything else that is not one.
pub fn parse(text: &str) -> Result<RunResult, ReportError> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "cie-report")]
        format: u64,
    }
    let malformed = |error: serde_json::Error| ReportError::Malformed {
        reason: error.to_string(),
    };
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.format != u64::from(FORMAT) {
        return Err(ReportError::Version { found: head.format });
    }
    serde_json::from_str(text).map_err(malformed)
}

/// The longest report that is read, in bytes: nine times that of our whole suite.
const LONGEST: usize = 512 << 20;

/// Reads the JSON report in a file.
///
/// # Errors
/// [`ReportError::Read`] when the file cannot be read as UTF-8 text, else as [`parse`].
pub fn read(path: &Path) -> Result<RunResult, ReportError> {
    let text = given_file::read_text(path, LONGEST);
    parse(&text.map_err(|reason| ReportError::Read {
        path: path.to_owned(),
        reason,
    })?)
}
