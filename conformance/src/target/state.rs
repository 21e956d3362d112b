//! What a target that can be looked into tells about its card. Facts only; what they should be is the scenario's business.

/// How the card itself sees the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StateChannel {
    /// No secure messaging session.
    #[default]
    Plain,
    /// A session is open; with its send sequence counter when that is known.
    Protected {
        /// The counter's value after the last message.
        counter: Option<u64>,
    },
}

/// What was proven to the card since the last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SecurityStatus {
    /// The terminal proved to hold a certified key.
    pub device_authenticated: bool,
    /// The PIN was verified.
    pub pin_verified: bool,
    /// The PUK was verified.
    pub puk_verified: bool,
}

/// The inside of a card, between two commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardState {
    /// Tries left of the PIN.
    pub pin_tries: Option<u8>,
    /// Tries left of the PUK.
    pub puk_tries: Option<u8>,
    /// AID, or file identifier, of the selected application or DF; `None` when nothing is selected.
    pub selected_application: Option<Vec<u8>>,
    /// File identifier of the current EF.
    pub selected_file: Option<u16>,
    /// The secure messaging session.
    pub channel: StateChannel,
    /// What was proven.
    pub security: SecurityStatus,
    /// SHA-256 over everything that survives a loss of power: equal digests, equal memories.
    pub persistent_digest: [u8; 32],
}
