//! The judge of a CIE: YAML scenarios, the terminal's half of the protocols, verdicts and reports.

pub mod clients;
pub mod expect;
pub mod guard;
pub mod issuer;
pub mod issuer_http;
pub mod record;
pub mod report;
pub mod requirements;
pub mod run;
pub mod scenario;
pub mod suite;
pub mod target;
pub mod terminal;
