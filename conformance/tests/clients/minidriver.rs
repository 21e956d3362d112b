//! The minidriver: the desktop family's blocks behind another interface. It takes whole PINs, signs in the session that verified
//! the PIN, and unblocks in two steps.

use crate::Stop;
use crate::desktop::Desktop;

impl Desktop {
    /// What the minidriver reads when a program opens the card.
    pub(crate) fn acquire(&mut self) -> Result<(), Stop> {
        self.root()?;
        self.read_number()?;
        self.cie()?;
        self.cache_key()?;
        self.read_device_key().map(|_| ())
    }

    /// The minidriver's session with the PIN verified; the signature comes in the same session.
    pub(crate) fn authenticate(&mut self, reference: u8, code: &str) -> Result<(), Stop> {
        self.reader.reset()?;
        self.session()?;
        self.demand(reference, code)
    }

    /// The minidriver unblocks: tries first, then the value; both must be answered with 9000.
    pub(crate) fn minidriver_unblock(&mut self, puk: &str, new: &str) -> Result<(), Stop> {
        self.authenticate(0x82, puk)?;
        self.reader.protected_ok("002C0381", &[], None)?;
        self.reader
            .protected_ok("002C0281", new.as_bytes(), None)
            .map(|_| ())
    }

    /// The minidriver changes the PIN.
    pub(crate) fn minidriver_change(&mut self, old: &str, new: &str) -> Result<(), Stop> {
        self.authenticate(0x81, old)?;
        let codes = format!("{old}{new}");
        self.reader
            .protected_ok("00240081", codes.as_bytes(), None)
            .map(|_| ())
    }
}
