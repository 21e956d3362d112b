//! What can happen to a card in a reader.

use super::ask::{Ask, Certified, Name};
use crate::event::Command;
use cie_emulator::store::Tear;

/// Power goes and comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Warm,
    Cold,
    /// The memory goes on in another card object, as when a process ends and another begins.
    Moved,
}

/// What can happen to a protected command on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A bit of the checksum falls over.
    Checksum,
    /// The checksum is missing.
    NoChecksum,
    /// Four of its bytes are missing.
    ShortChecksum,
    /// The last protected command, once more.
    Replay,
    /// Protected under a counter that was used before.
    OldCounter,
    /// Another P2 than the one under the checksum.
    Header,
    /// The checksum is right, the padding inside is not.
    Padding,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::Checksum,
        Self::NoChecksum,
        Self::ShortChecksum,
        Self::Replay,
        Self::OldCounter,
        Self::Header,
        Self::Padding,
    ];
}

/// How far a login goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Selected, keys agreed.
    Session,
    /// And the terminal authenticated.
    Terminal,
    /// And the chip.
    Chip,
}

impl Depth {
    /// The commands, and whether each is protected.
    pub(crate) const fn asks(self) -> &'static [(bool, Ask)] {
        const ALL: [(bool, Ask); 10] = [
            (false, Ask::SelectName(Name::Cie, 0x0C)),
            (false, Ask::Agree),
            (false, Ask::CardPublic),
            (true, Ask::SetAuthority),
            (true, Ask::Present(Certified::Right)),
            (true, Ask::SetTerminal(true)),
            (true, Ask::Challenge),
            (true, Ask::Prove(true)),
            (true, Ask::SetDeviceKey),
            (true, Ask::ProveChip),
        ];
        let count = match self {
            Self::Session => 3,
            Self::Terminal => 8,
            Self::Chip => 10,
        };
        ALL.split_at(count).0
    }
}

/// One step of a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Power(Power),
    Plain(Ask),
    Protected(Ask),
    Spoiled(Fault),
    /// The first link of a chain; its last never comes.
    Link {
        protected: bool,
    },
    /// Power is lost at the first write of a command on a code.
    Torn(Command, Tear),
    Login(Depth),
}

impl Transition {
    /// What kind of step this is, and which way it went.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Power(power) => format!("power {power:?}"),
            Self::Plain(ask) => format!("{} in clear", ask.kind()),
            Self::Protected(ask) => format!("{} protected", ask.kind()),
            Self::Spoiled(fault) => format!("spoiled {fault:?}"),
            Self::Link { protected: false } => "unfinished chain in clear".to_owned(),
            Self::Link { protected: true } => "unfinished chain protected".to_owned(),
            Self::Torn(_, tear) => format!("torn {tear:?}"),
            Self::Login(depth) => format!("login {depth:?}"),
        }
    }
}
