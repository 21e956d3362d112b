//! The language of the judge: scenarios in YAML. This room reads files into types with their places kept, says what is
//! wrong with them, and expands them into cases ready to run. It sends nothing and knows no card.

mod blocks;
mod case;
mod catalogue;
mod check;
pub mod decode;
pub mod embedded;
mod expand;
mod fill;
pub mod hazard;
mod issuer;
mod layout;
mod lint;
mod load;
pub mod model;
mod problem;
mod recover;
mod schema;
mod source;
mod steps;
mod structure;
pub mod text;
mod tree;

pub use case::Case;
pub use catalogue::Catalogue;
pub use decode::At;
pub use expand::MAX_STEPS;
pub use layout::layout;
pub use lint::lint;
pub use load::{Loaded, load};
pub(crate) use problem::nearest;
pub use problem::{Code, Problem, Problems};
pub(crate) use recover::decode_all;
pub use schema::{block_schema, scenario_schema};
pub use source::{Source, Span};
pub(crate) use structure::read_document;
pub use tree::{Entry, Key, Kind, MAX_BYTES, Node, Scalar, Style};
