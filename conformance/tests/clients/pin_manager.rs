//! Two more programs of the desktop family: the PIN manager, which reads the services key before EF.1004, and the document signer,
//! which looks at the card twice and opens one session.

use crate::Stop;
use crate::desktop::Desktop;

impl Desktop {
    /// Up to the authenticated device, the services key before EF.1004.
    fn manager_session(&mut self) -> Result<(), Stop> {
        self.reader.reset()?;
        self.root()?;
        self.read_number()?;
        self.cie()?;
        self.cache_key()?;
        self.read_device_key()?;
        self.read_parameters()?;
        self.read_authority()?;
        let agreed = self.agree()?;
        self.device_authentication(&agreed).map(|_| ())
    }

    pub(crate) fn change_pin(&mut self, old: &str, new: &str) -> Result<(), Stop> {
        self.manager_session()?;
        self.demand(0x81, old)?;
        self.reader
            .protected_ok("00240081", format!("{old}{new}").as_bytes(), None)?;
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.pin_half = new[..4].to_owned();
        }
        Ok(())
    }

    pub(crate) fn unblock_pin(&mut self, puk: &str, new: &str) -> Result<(), Stop> {
        self.manager_session()?;
        self.demand(0x82, puk)?;
        self.reader.protected_ok("002C0281", new.as_bytes(), None)?;
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.pin_half = new[..4].to_owned();
        }
        Ok(())
    }

    /// Signature of a document, for the card with this services number.
    pub(crate) fn sign_document(
        &mut self,
        number: &str,
        half: &str,
        digest_info: &[u8],
    ) -> Result<Signed, Stop> {
        self.reader.reset()?;
        self.root()?;
        self.read_number()?;
        self.cie()?;
        self.read_device_key()?;
        self.cie()?;
        self.cache_key()?;
        if self.file("1001")? != number.as_bytes() {
            return Err(Stop::NotEnrolled);
        }
        let pin = self.half()? + half;
        self.reader.reset()?;
        (self.parameters, self.authority, self.device) = (None, None, None);
        self.session()?;
        self.demand(0x81, &pin)?;
        let certificate = self.secret_file("1003")?;
        let signature = self.signature(digest_info)?;
        Ok(Signed {
            certificate,
            signature,
        })
    }
}

/// What a document signature is made of.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) certificate: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}
