//! What is done to cards while they are served: a desk with readers and a drawer, on which cards are put in, taken out,
//! swapped and shaken, and the ways to ask for it from outside. This room moves cards; what a card answers and how a reader
//! is shown to clients is the business of others.

pub mod api;
mod desk;
pub mod http;
pub mod lines;
mod order;
mod token;
mod token_file;

pub use desk::{Desk, Passed, Passing, What};
pub use order::{CardStatus, Done, Order, ReaderStatus, Refusal, Status};
pub use token::{Token, TokenError};
pub use token_file::{TokenFile, TokenFileError};
