//! What was meant by bytes on the wire, for those who look only at what the card made of them.

use cie_conformance::terminal::SecureMessaging;
use cie_emulator::wire::{Command, CommandBuf};

/// What a command means, for those who see only its bytes.
#[derive(Default)]
pub(super) struct Told {
    /// Before protection.
    pub(super) command: Option<CommandBuf>,
    /// It went through the channel, rightly.
    pub(super) protected: bool,
    /// The channel that a right command opens.
    pub(super) after: Option<SecureMessaging>,
}

impl Told {
    /// These data may be understood, or not.
    pub(super) fn anything(data: &[u8]) -> Self {
        Self {
            command: Some(CommandBuf::new(0, 0, 0, 0).data(data)),
            ..Self::default()
        }
    }

    /// Instruction, data, and whether more links follow.
    pub(super) fn meaning(&self, bytes: &[u8]) -> (u8, Vec<u8>, bool) {
        let parsed = Command::parse(bytes).map(CommandBuf::from).ok();
        let ins = parsed.as_ref().map_or(0, |command| command.header.ins);
        match self.command.as_ref().or(parsed.as_ref()) {
            Some(command) => {
                let chained = command.header.cla & 0x10 != 0;
                (ins, command.data.clone(), chained)
            }
            None => (ins, Vec::new(), false),
        }
    }
}
