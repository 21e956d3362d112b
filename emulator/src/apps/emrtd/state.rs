//! What a session has proven and has begun: everything here dies with a reset, and with the end of secure messaging.

use super::pace::Exchange;
use super::terminal_authentication::Chain;
use crate::wire::ins;

/// How a password of the document was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Procedure {
    /// Basic access control.
    Bac,
    /// Password authenticated connection establishment.
    Pace,
}

/// What has been proven, for people and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proven {
    /// The password, and how.
    pub access: Option<Procedure>,
    /// The chip proved itself by Chip Authentication.
    pub chip: bool,
    /// What the terminal is entitled to: bit 1 EF.DG3, bit 2 EF.DG4.
    pub rights: u8,
}

/// How a terminal names the chip when it proves itself, and who it is: kept from the procedure that gave access.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) procedure: Procedure,
    /// ID.PICC of Terminal Authentication (TR-03110-3 §B.2).
    pub(super) chip_name: Vec<u8>,
}

/// The application's part of a session.
#[derive(Clone, Default)]
pub struct State {
    /// What the next GENERAL AUTHENTICATE continues.
    pub(super) exchange: Exchange,
    /// The same, lent to the command that is running: whatever it does not put back is gone.
    pub(super) running: Exchange,
    pub(super) challenge: Option<[u8; 8]>,
    pub(super) access: Option<Access>,
    /// The terminal's key of Chip Authentication, compressed.
    pub(super) terminal_key: Option<Vec<u8>>,
    pub(super) chain: Chain,
    /// The session in force was opened by this application.
    session: bool,
}

impl State {
    /// A command begins. PACE goes on with GENERAL AUTHENTICATE or not at all.
    pub(crate) fn command_begins(&mut self, instruction: u8) {
        let exchange = std::mem::take(&mut self.exchange);
        self.running = match instruction {
            ins::GENERAL_AUTHENTICATE => exchange,
            _ => Exchange::Idle,
        };
    }

    /// Secure messaging ended, or another application's began.
    pub(crate) fn session_ended(&mut self) {
        *self = Self::default();
    }

    /// A session of this application begins.
    pub(super) fn session_begins(&mut self, access: Access) {
        *self = Self {
            access: Some(access),
            session: true,
            ..Self::default()
        };
    }

    /// Chip Authentication succeeded with this key of the terminal; what a terminal proved in the session before is gone.
    pub(super) fn chain_begins(&mut self, terminal_key: Vec<u8>) {
        self.chain = Chain::default();
        self.challenge = None;
        self.terminal_key = Some(terminal_key);
    }

    /// A DF was selected. What was begun ends. Those who leave the document for IAS also leave what was proven inside it;
    /// PACE was proven to the card and stays.
    pub(crate) fn application_selected(&mut self, ias: bool) {
        self.challenge = None;
        self.exchange = Exchange::Idle;
        if ias {
            self.chain = Chain::default();
            self.terminal_key = None;
            self.access = self
                .access
                .take()
                .filter(|access| access.procedure == Procedure::Pace);
        }
    }

    /// Whether the session in force was opened by this application.
    #[must_use]
    pub const fn has_session(&self) -> bool {
        self.session
    }

    /// What has been proven.
    #[must_use]
    pub fn proven(&self) -> Proven {
        Proven {
            access: self.access.as_ref().map(|access| access.procedure),
            chip: self.terminal_key.is_some(),
            rights: self.chain.rights(),
        }
    }
}
