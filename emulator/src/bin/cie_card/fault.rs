//! The faults of a command line: rules read before anything is started or sent.

use crate::failure::Failure;
use cie_emulator::phy::faults::Rule;

/// Reads the values of `--fault`.
pub(crate) fn parse(texts: &[String]) -> Result<Vec<Rule>, Failure> {
    texts
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|error| Failure::Input(format!("--fault {text:?}, {error}")))
        })
        .collect()
}
