//! Recordings: a run becomes a trace, a trace becomes a target or a scenario again, and two of them are compared by what they
//! mean. The format of the file belongs to the emulator (`cie_emulator::phy::trace::file`); nothing here judges a card.

mod answers;
mod compare;
mod difference;
mod inner;
mod memory;
mod played;
mod replay;
mod session;
mod skeleton;
mod tap;
mod view;

pub use compare::compare;
pub use difference::{Aspect, Comparison, Difference};
pub use memory::Memory;
pub use played::TraceCards;
pub use replay::{Cards, Manners, ReplayError, replay};
pub use session::{Recorded, record};
pub use skeleton::{SkeletonError, skeleton};
pub use tap::{Ear, Happening, Heard, Tapped, TappedCards};
