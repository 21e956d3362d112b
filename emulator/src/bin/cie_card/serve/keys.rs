//! Keys at the terminal, one at a time. Only the waiting for a whole line and the echo are taken away: Ctrl-C stays what it
//! is, and lines end as they do.

use super::Happening;
use crate::failure::Failure;
use crate::output;
use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{self, Read as _};
use std::sync::mpsc::Sender;
use std::thread;

/// What the keys do, for those who press another one.
pub(super) fn help() {
    output::tell(
        "keys: i insert, r remove, s swap, p power lost for a moment, l list, 1-9 choose a reader, q quit",
    );
}

/// The terminal, while keys are listened to; as it was before when dropped.
pub(super) struct Keys {
    before: Termios,
}

impl Keys {
    /// Listens, if standard input is a terminal and this program is in its foreground.
    pub(super) fn listen(happen: &Sender<Happening>) -> Result<Option<Self>, Failure> {
        // In the background, the terminal belongs to somebody else, and touching it would stop this program.
        if !isatty(stdin()) || tcgetpgrp(stdin()).ok() != Some(getpgrp()) {
            return Ok(None);
        }
        let refused = |error: io::Error| {
            Failure::Other(format!(
                "the terminal cannot be set up for keys: {error}; do without them: </dev/null"
            ))
        };
        let before = tcgetattr(stdin()).map_err(|errno| refused(errno.into()))?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin(), OptionalActions::Now, &modes).map_err(|errno| refused(errno.into()))?;
        let keys = Self { before };
        help();
        let happen = happen.clone();
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || read(&happen))
            .map_err(refused)?;
        Ok(Some(keys))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// Reads until nobody listens any more, or the terminal is gone.
fn read(happen: &Sender<Happening>) {
    let mut key = [0];
    while let Ok(1) = io::stdin().read(&mut key) {
        let [key] = key;
        if happen.send(Happening::Key(key)).is_err() {
            return;
        }
    }
}
