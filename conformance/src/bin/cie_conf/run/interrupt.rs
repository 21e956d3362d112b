//! Ctrl-C: once ends the run in good order, twice at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cie_conformance::report::model::ExitCode;

use crate::failure::Failure;
use crate::output;

/// A flag that is raised by the first interruption (or a request to terminate); the second ends the process.
pub(crate) fn watch() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&interrupted);
    let handler = move || {
        if raised.swap(true, Ordering::Relaxed) {
            output::say("interrupted twice: no report is written, and cards are left as they are");
            process::exit(ExitCode::Harness.code().into());
        }
        output::say(
            "interrupted: cases under way run their `finally`, then the reports are written; once more ends at once",
        );
    };
    ctrlc::set_handler(handler).map_err(|error| {
        Failure::Harness(format!("interruptions cannot be watched for: {error}"))
    })?;
    Ok(interrupted)
}
