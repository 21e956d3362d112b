//! Each expectation of the language met and missed, with the very words people read.

mod alternatives;
mod answer;
mod bench;
mod certificate;
mod persona;
mod robust;
mod security_object;
mod signature;
mod state;
mod tlv;
