//! Whether the contents of a card belong together: the number of the card in three files, keys and their files, domain
//! parameters, security object. Clients that enrol a card depend on each of these.

use std::collections::BTreeMap;

use cie_crypto::rsa::PublicKey;

use super::super::Terminal;
use super::super::ias::{self, DomainParameters, IasError, ReadLoop, Root, commands};
use super::{Findings, certificate, first_object, security_object};

/// The contents of a card as far as they were read. Files that need the PIN may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personalisation {
    /// By file identifier.
    pub files: BTreeMap<u16, Vec<u8>>,
    /// Domain parameters as served by GET DATA.
    pub parameters: Option<DomainParameters>,
    /// The serial number that the card proved.
    pub proven_serial: Option<[u8; 8]>,
    /// The public key that signatures of key 81 verify with.
    pub signature_key: Option<PublicKey>,
}

impl std::fmt::Debug for Personalisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lengths = self
            .files
            .iter()
            .map(|(id, file)| (format!("{id:04X}"), file.len()));
        f.debug_map().entries(lengths).finish()
    }
}

impl Personalisation {
    /// Reads what needs no authentication: D003, D004, 1001, 1004, 1005, 1006. Any channel is forgotten.
    ///
    /// # Errors
    /// [`IasError`] of the first file that cannot be read.
    pub fn read_public(
        terminal: &mut Terminal,
        root: Root,
        how: ReadLoop,
    ) -> Result<Self, IasError> {
        terminal.take_channel();
        let mut read = Self::default();
        terminal.demand("SELECT of the root", &root.command())?;
        for file in [0xD003, 0xD004] {
            read.files
                .insert(file, ias::read_file(terminal, file, how)?.content);
        }
        let select = commands::select_application(&commands::CIE_AID);
        terminal.demand("SELECT of the CIE application", &select)?;
        for file in [0x1001, 0x1004, 0x1005, 0x1006] {
            read.files
                .insert(file, ias::read_file(terminal, file, how)?.content);
        }
        Ok(read)
    }

    /// Reads what needs an authenticated device and the PIN: 1002 and 1003, through the open channel.
    ///
    /// # Errors
    /// As [`read_public`](Self::read_public).
    pub fn read_protected(
        &mut self,
        terminal: &mut Terminal,
        how: ReadLoop,
    ) -> Result<(), IasError> {
        for file in [0x1002, 0x1003] {
            self.files
                .insert(file, ias::read_file(terminal, file, how)?.content);
        }
        Ok(())
    }

    fn file(&self, id: u16) -> Option<&[u8]> {
        self.files.get(&id).map(Vec::as_slice)
    }
}

/// Checks everything that was read.
#[must_use]
pub fn check(card: &Personalisation) -> Findings {
    let mut findings = Findings::default();
    numbers(card, &mut findings);
    key_files(card, &mut findings);
    if let Some(file) = card.file(0xD004) {
        domain_parameters(file, card.parameters.as_ref(), &mut findings);
    }
    if let Some(file) = card.file(0x1003) {
        findings.extend(certificate::check(file, card.signature_key.as_ref()).1);
    }
    if let Some(file) = card.file(0x1006) {
        let listed = security_object::LISTED.iter();
        let files =
            listed.filter_map(|(number, _, id)| Some((*number, card.files.get(id)?.clone())));
        findings.extend(security_object::check(file, &files.collect()).1);
    }
    findings
}

/// EF.SN.ICC, EF.1001 and EF.1002, and the serial number of the proof.
fn numbers(card: &Personalisation, findings: &mut Findings) {
    if let Some(file) = card.file(0xD003) {
        let format = file.len() == 12 && file.starts_with(&[0x5A, 0x0A]);
        findings.note("sn-icc-format", format, "EF.SN.ICC is 5A 0A and ten bytes");
        let serial = file.get(5..11).unwrap_or_default();
        let digits =
            serial.len() == 6 && serial.iter().all(|byte| byte >> 4 < 10 && byte & 15 < 10);
        findings.note(
            "sn-icc-digits",
            digits,
            "bytes 5 to 10 of EF.SN.ICC are decimal digits",
        );
        if let Some(proven) = card.proven_serial {
            let same = file.get(4..12) == Some(&proven[..]);
            findings.note(
                "sn-icc-proven",
                same,
                "the proof names bytes 4 to 11 of EF.SN.ICC",
            );
        }
        if let Some(services) = card.file(0x1001) {
            let same = services == hex::encode_upper(serial).as_bytes();
            findings.note(
                "services-id-serial",
                same,
                "EF.1001 is bytes 5 to 10 of EF.SN.ICC in hexadecimal: clients enrol under one and look for the other",
            );
        }
    }
    if let Some(file) = card.file(0x1001) {
        let format = file.len() == 12 && file.iter().all(u8::is_ascii_digit);
        findings.note(
            "services-id-format",
            format,
            "EF.1001 is exactly twelve ASCII digits",
        );
    }
    if let Some(file) = card.file(0x1002) {
        let number = file.get(..9).unwrap_or_default();
        let format = number.len() == 9 && number.iter().all(u8::is_ascii_alphanumeric);
        findings.note(
            "document-number-format",
            format,
            "EF.1002 begins with nine letters or digits",
        );
    }
}

/// EF.1004 and EF.1005: format, end, and that they are two keys.
fn key_files(card: &Personalisation, findings: &mut Findings) {
    let files = [
        (0x1004, "device-key-file", "device-key-end", "EF.1004"),
        (0x1005, "services-key-file", "services-key-end", "EF.1005"),
    ];
    let mut moduli = Vec::new();
    for (id, format, end, name) in files {
        let Some((object, padded)) = card
            .file(id)
            .map(|file| first_object(file).unwrap_or_default())
        else {
            continue;
        };
        let key = ias::files::public_key(object);
        let message = match &key {
            Ok(key) => format!("{name}: RSAPublicKey of {} bits", key.bits()),
            Err(error) => format!("{name}: {error}"),
        };
        findings.note(format, key.is_ok() && padded, message);
        findings.note(
            end,
            object.last() != Some(&0),
            format!("{name} does not end in 00"),
        );
        moduli.extend(key.ok().map(|key| key.modulus().to_vec()));
    }
    if let [device, services] = &moduli[..] {
        findings.note(
            "distinct-keys",
            device != services,
            "EF.1004 and EF.1005 are two keys",
        );
    }
}

/// EF.D004 holds the same parameters as GET DATA.
fn domain_parameters(file: &[u8], served: Option<&DomainParameters>, findings: &mut Findings) {
    let parsed = first_object(file).map(|(object, _)| DomainParameters::from_answer(object));
    let message = match &parsed {
        Some(Ok(_)) => "EF.D004 holds g, p and q".to_owned(),
        Some(Err(error)) => format!("EF.D004: {error}"),
        None => "EF.D004 is not a data object".to_owned(),
    };
    findings.note("dh-file", matches!(parsed, Some(Ok(_))), message);
    if let (Some(Ok(parsed)), Some(served)) = (parsed, served) {
        findings.note(
            "dh-file-served",
            parsed == *served,
            "EF.D004 and GET DATA agree",
        );
    }
}
