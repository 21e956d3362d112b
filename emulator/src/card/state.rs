//! What a look into the card shows: for traces, reports and tests; no command can see it.

use super::Card;
use crate::apps::emrtd;
use crate::credentials::Verified;
use crate::files::FileId;

/// How the next command is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// No secure messaging.
    Plain,
    /// Secure messaging is on, with this send sequence counter.
    Protected {
        /// The counter after the last response.
        send_sequence_counter: u64,
    },
}

/// What the card is still good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeCycle {
    /// PIN and PUK both usable.
    Operational,
    /// The PIN is blocked; the PUK can unblock it.
    PinBlocked,
    /// PUK used up, and the PIN with it: an identity document only.
    DocumentOnly,
    /// PUK used up, the PIN still works.
    NoSafetyNet,
}

/// The card's state at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardState {
    /// Whether the card has power.
    pub powered: bool,
    /// What it is good for.
    pub life_cycle: LifeCycle,
    /// Tries left for the PIN.
    pub pin_left: u8,
    /// Tries left for the PUK.
    pub puk_left: u8,
    /// What the session has verified.
    pub verified: Verified,
    /// Whether the terminal is authenticated.
    pub device_authenticated: bool,
    /// What was proven to the document application.
    pub document: emrtd::Proven,
    /// Secure messaging.
    pub channel: Channel,
    /// Name of the current DF.
    pub current_df: Option<&'static str>,
    /// Identifier of the current EF.
    pub current_ef: Option<FileId>,
    /// Whether a challenge waits for its answer, and other things pending: an unfinished chain, an answer for GET RESPONSE.
    pub unfinished_chain: bool,
}

impl Card {
    /// The state at a glance.
    #[must_use]
    pub fn state(&self) -> CardState {
        let credentials = &self.memory.credentials;
        let selection = self.session.selection;
        let files = &self.image.files;
        let df = selection.df.and_then(|df| files.df(df));
        CardState {
            powered: self.powered,
            life_cycle: self.life_cycle(),
            pin_left: credentials.pin_left,
            puk_left: credentials.puk_left,
            verified: self.session.ias.verified,
            device_authenticated: self.session.ias.device_authenticated,
            document: self.session.emrtd.proven(),
            channel: match &self.session.secure_messaging {
                None => Channel::Plain,
                Some(session) => Channel::Protected {
                    send_sequence_counter: session.send_sequence_counter(),
                },
            },
            current_df: df.map(|df| df.name),
            current_ef: files.current_ef(selection).map(|ef| ef.file_id),
            unfinished_chain: self.session.chain.is_some(),
        }
    }

    fn life_cycle(&self) -> LifeCycle {
        let credentials = &self.memory.credentials;
        let policy = self.image.profile.credential_policy();
        match (credentials.is_locked(), credentials.is_pin_blocked(&policy)) {
            (false, false) => LifeCycle::Operational,
            (false, true) => LifeCycle::PinBlocked,
            (true, true) => LifeCycle::DocumentOnly,
            (true, false) => LifeCycle::NoSafetyNet,
        }
    }
}
