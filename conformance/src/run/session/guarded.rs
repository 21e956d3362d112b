//! A physical card's guard is asked before each command and told each answer. Without a guard, on the embedded card, this costs
//! nothing. The wall around the target stops whatever was sent without asking here.

use cie_emulator::wire::{Command, CommandBuf, StatusWord};

use super::{Session, Trouble};
use crate::guard::{Farewell, Permit, Stopped};
use crate::target::TargetError;
use crate::terminal::{Reply, Route, SendOptions, Terminal, TerminalError};

fn refused(why: impl ToString) -> Trouble {
    Trouble::Lost(TargetError::Refused(why.to_string()))
}

fn stopped(stopped: Stopped<TerminalError>) -> Trouble {
    match stopped {
        Stopped::Refused(refusal) => refused(refusal),
        Stopped::Target(error) => error.into(),
    }
}

fn send(
    terminal: &mut Terminal,
    plain: &Command<'_>,
    protected: bool,
) -> Result<StatusWord, TerminalError> {
    let options = SendOptions {
        route: if protected {
            Route::Protected
        } else {
            Route::Plain
        },
        ..SendOptions::default()
    };
    let reply = terminal.transmit_with(&CommandBuf::from(*plain), &options)?;
    Ok(reply.sw)
}

/// The command with zeros for data: what an answer tells of counters depends on there being data, not on the codes in them.
fn without_codes(plain: &Command<'_>) -> CommandBuf {
    let zeros = vec![0; plain.data.len()];
    CommandBuf::from(Command {
        data: &zeros,
        ..*plain
    })
}

impl Session {
    /// Asks for a command that goes as it is; whatever must come before it is sent.
    pub(super) fn ask(&mut self, command: &CommandBuf, protected: bool) -> Result<(), Trouble> {
        let Some(guard) = self.guard.clone() else {
            return Ok(());
        };
        let terminal = &mut self.terminal;
        let mut told = Vec::new();
        let result = guard.clear_way(&command.view(), protected, |plain| {
            let sw = send(terminal, plain, protected)?;
            told.push((without_codes(plain), sw));
            Ok(sw)
        });
        // What the guard was told of the counters is told to the case as well.
        for (question, sw) in told {
            self.tries_told_by(&question, sw);
        }
        result.map_err(stopped)
    }

    /// Asks for a command that is spoiled on its way: the card may read other data than were built.
    pub(super) fn ask_spoiled(&mut self, command: &CommandBuf, wire: &[u8]) -> Result<(), Trouble> {
        let Some(guard) = self.guard.clone() else {
            return Ok(());
        };
        let terminal = &mut self.terminal;
        guard
            .clear_way_altered(&command.view(), wire, true, |plain| {
                send(terminal, plain, true)
            })
            .map_err(stopped)
    }

    /// Asks for bytes that need not be a command.
    pub(super) fn ask_bytes(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let Some(guard) = self.guard.clone() else {
            return Ok(());
        };
        match guard.lock().permit_bytes(bytes).map_err(refused)? {
            Permit::Send => Ok(()),
            Permit::ReadTriesFirst(_) | Permit::VerifyRightFirst(_) => Err(refused(
                "raw bytes that present a code are not sent to a physical card",
            )),
        }
    }

    /// Tells the guard what came of a command.
    pub(super) fn tell(
        &mut self,
        command: Option<&CommandBuf>,
        result: &Result<Reply, TerminalError>,
    ) {
        let Some(guard) = &self.guard else { return };
        let mut guard = guard.lock();
        match (result, command) {
            (Ok(reply), Some(command)) => guard.observe(&command.view(), reply.sw),
            (Ok(reply), None) => guard.observe_bytes(reply.sw),
            (Err(_), _) => guard.lost(),
        }
    }

    /// Lets the guard put back what was changed; `None` without a guard.
    pub(super) fn guarded_restore(&mut self) -> Option<Result<(), Trouble>> {
        let guard = self.guard.clone()?;
        let terminal = &mut self.terminal;
        let mut told = Vec::new();
        let farewell = guard.restore(true, |plain| {
            let sw = send(terminal, plain, true)?;
            told.push((without_codes(plain), sw));
            Ok::<_, TerminalError>(sw)
        });
        for (question, sw) in told {
            self.tries_told_by(&question, sw);
        }
        Some(match farewell {
            Farewell::AsFound => Ok(()),
            changed @ Farewell::Changed { .. } => Err(Trouble::Rule(changed.to_string())),
        })
    }
}
