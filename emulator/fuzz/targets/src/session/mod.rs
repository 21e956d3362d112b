//! A whole card session: an input chooses where a recorded flow is entered, then says step by step what is sent: the right next
//! command, another right one, any of them spoiled, anything else, in clear or through the channel, with resets and losses of
//! power in between. After every step the card is looked into, and [`rules`] says what may have changed.

mod emrtd;
mod flow;
mod ias;
mod made;
mod play;
mod rules;
mod told;

use std::sync::{LazyLock, Mutex, PoisonError};

use flow::{Flow, Moment};

/// What is played on: recorded flows, and the right commands of all of them.
pub(crate) struct Stage {
    flows: Vec<Flow>,
    /// Data fields that prove something: only after one of them may a terminal count as authenticated.
    proofs: Vec<Vec<u8>>,
}

impl Stage {
    fn new(flows: Vec<Flow>) -> Self {
        let proofs = flows.iter().flat_map(rules::proofs).collect();
        Self { flows, proofs }
    }

    fn moments(&self) -> impl Iterator<Item = &Moment> {
        self.flows.iter().flat_map(|flow| &flow.moments)
    }
}

/// Sessions with the IAS application.
pub(crate) fn card_session(bytes: &[u8]) {
    static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| Mutex::new(Stage::new(ias::flows())));
    play::play(&STAGE.lock().unwrap_or_else(PoisonError::into_inner), bytes);
}

/// Sessions with the travel document.
pub(crate) fn emrtd_session(bytes: &[u8]) {
    static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| Mutex::new(Stage::new(emrtd::flows())));
    play::play(&STAGE.lock().unwrap_or_else(PoisonError::into_inner), bytes);
}
