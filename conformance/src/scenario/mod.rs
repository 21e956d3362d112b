//! The language of the judge: scenarios in YAML. This room reads files into types with their places kept, says what is
//! wrong with them, and expands them into cases ready to run. It sends nothing and knows no card.

pub mod decode;
pub mod model;
pub mod problem;
pub mod source;
pub mod text;
pub mod tree;
