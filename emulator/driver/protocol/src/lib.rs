//! What the reader driver (inside pcscd) and the served side of a virtual reader say to each other, and where they meet.
//!
//! Frames, the greeting, endpoints: bytes to meaning and back. No socket is opened here, and nothing knows what a card
//! is. The protocol is described for people in `emulator/driver/README.md`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::panic_in_result_fn,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_in_result,
        clippy::unwrap_used
    )
)]

mod endpoint;
mod frame;
mod greeting;

pub use endpoint::{Endpoint, EndpointError};
pub use frame::{Frame, FrameError, HEADER, Inbox, Kind, MAX_BODY};
pub use greeting::{DEFAULT_ANSWER_LIMIT, GreetingError, Hello, LONGEST_ANSWER_LIMIT, VERSION};
