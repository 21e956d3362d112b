//! From a tree to types: a serde deserializer over [`Node`] whose errors know their place. Text fields refuse scalars
//! that YAML reads as something else, with the quoted form to write; unknown fields come with the nearest known one.

mod at;
mod error;
mod node;
mod walk;

use serde::Deserialize;

pub use at::At;
pub use error::DecodeError;
pub(crate) use error::suggestion;

use super::problem::Problem;
use super::tree::Node;

/// Name under which a type that is a text or one of several functions (`{name: value}`) asks for one of the two.
pub(crate) const TEXT_OR_CHOICE: &str = "$cie::TextOrChoice";
/// Name under which a type that is a text or a mapping asks for one of the two.
pub(crate) const TEXT_OR_MORE: &str = "$cie::TextOrMore";

/// Decodes a typed value from a tree.
///
/// # Errors
/// The first thing that does not fit, at its place.
pub fn decode<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Box<Problem>> {
    T::deserialize(node).map_err(|error| Box::new(error.into_problem(node)))
}
