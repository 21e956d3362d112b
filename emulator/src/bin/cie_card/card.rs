//! Which card a command is about: the options all commands share, and the card they make.

use crate::failure::Failure;
use cie_emulator::Card;
use cie_emulator::files::FileId;
use cie_emulator::persona::Persona;
use cie_emulator::spec::{CardSpec, Issued, Origin};
use cie_emulator::wire::tlv::Tlv;
use clap::Args;
use der::Decode as _;
use serde::Serialize;
use std::path::PathBuf;
use x509_cert::Certificate;

/// Options that say what card is to be made.
#[derive(Args)]
#[command(next_help_heading = "Which card")]
pub(crate) struct MadeOptions {
    /// Invent the holder, codes, numbers and keys from this number, 0 to 18446744073709551615
    #[arg(long, value_name = "N", conflicts_with = "persona", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,

    /// A built-in persona, or a YAML file with one
    ///
    /// `cie-card personas` lists the built-in ones. What ends in .yaml or .yml, or has a / in it, is a file.
    #[arg(long, value_name = "ID|FILE.yaml", default_value = "adult-default")]
    persona: String,

    /// The chip family: answer to reset, dialects and limits
    ///
    /// `cie-card chips` lists them.
    #[arg(long, value_name = "NAME", default_value = "gemalto")]
    chip: String,

    /// A built-in behaviour profile
    ///
    /// It sets some of the parameters that public sources leave open. `cie-card chips --parameters` lists both.
    #[arg(long, value_name = "NAME", default_value = "default")]
    profile: String,

    /// Set one behaviour parameter, after the profile; may be repeated
    ///
    /// For example --set pin_tries=5 --set last_wrong=blocked.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// Options that say which card: one that is made, or one that was stored.
#[derive(Args)]
#[command(next_help_heading = "Which card")]
pub(crate) struct CardOptions {
    #[command(flatten)]
    made: MadeOptions,

    /// A stored card: the file that `cie-card new --out` made
    ///
    /// It has the holder, chip and parameters it was made with. What happens to it is kept.
    #[arg(long, value_name = "FILE.cie", conflicts_with_all = ["seed", "persona", "chip", "profile", "set"])]
    card: Option<PathBuf>,
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

impl MadeOptions {
    /// The same in the words of the library.
    pub(crate) fn spec(&self) -> CardSpec {
        CardSpec {
            origin: match self.seed {
                Some(seed) => Origin::Seed(seed),
                None => Origin::Persona(self.persona.clone()),
            },
            chip: self.chip.clone(),
            profile: self.profile.clone(),
            set: self.set.clone(),
            name: None,
        }
    }
}

impl CardOptions {
    /// The same in the words of the library.
    fn spec(&self) -> CardSpec {
        let spec = self.made.spec();
        match &self.card {
            None => spec,
            Some(file) => CardSpec {
                origin: Origin::Stored(file.clone()),
                ..spec
            },
        }
    }

    /// Makes the card, without power.
    pub(crate) fn issue(&self) -> Result<Issued, Failure> {
        Ok(self.spec().issue()?)
    }

    /// The same card, only to be looked at: a stored one may be in use elsewhere.
    pub(crate) fn look(&self) -> Result<Issued, Failure> {
        Ok(self.spec().look()?)
    }

    /// Whether a stored card is meant.
    pub(crate) const fn is_stored(&self) -> bool {
        self.card.is_some()
    }
}

/// What a card says of itself at a glance.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) persona: String,
    pub(crate) holder: String,
    pub(crate) fiscal_code: String,
    pub(crate) document_number: String,
    pub(crate) issued: String,
    pub(crate) expires: String,
    pub(crate) nis: String,
    pub(crate) chip: String,
    pub(crate) chip_title: String,
    pub(crate) atr: String,
    pub(crate) certificate: CertificateSummary,
}

/// What the holder's certificate says, names as in RFC 4514.
#[derive(Serialize)]
pub(crate) struct CertificateSummary {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial_number: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
}

impl Summary {
    pub(crate) fn of(issued: &Issued) -> Result<Self, Failure> {
        let Persona { holder, .. } = &issued.persona;
        let chip = &issued.card.image().chip;
        Ok(Self {
            persona: issued.persona.id.clone(),
            holder: format!("{} {}", holder.given_names, holder.surname),
            fiscal_code: holder
                .fiscal_code
                .map_or_else(|| "none".to_owned(), |code| code.to_string()),
            document_number: issued.persona.document_number.to_string(),
            issued: issued.persona.issued.to_string(),
            expires: issued.persona.expires.to_string(),
            nis: issued.persona.nis.to_string(),
            chip: chip.id.clone(),
            chip_title: chip.title.clone(),
            atr: chip.atr.to_string(),
            certificate: CertificateSummary::of(&issued.card)?,
        })
    }
}

impl CertificateSummary {
    fn of(card: &Card) -> Result<Self, Failure> {
        let contents = card
            .image()
            .files
            .dedicated_files()
            .iter()
            .flat_map(|df| &df.files)
            .find(|ef| ef.file_id == FileId::EF_CERT_CIE)
            .map_or(&[][..], |ef| ef.contents.as_slice());
        let unreadable =
            |reason: String| Failure::Other(format!("EF.Cert_CIE holds no certificate: {reason}"));
        // The file may be padded behind the certificate.
        let (der, _) = Tlv::read(contents).map_err(|error| unreadable(error.to_string()))?;
        let certificate =
            Certificate::from_der(der.raw).map_err(|error| unreadable(error.to_string()))?;
        let body = certificate.tbs_certificate();
        Ok(Self {
            subject: body.subject().to_string(),
            issuer: body.issuer().to_string(),
            serial_number: hex::encode_upper(body.serial_number().as_bytes()),
            not_before: body.validity().not_before.to_string(),
            not_after: body.validity().not_after.to_string(),
        })
    }
}

impl Summary {
    /// As aligned lines.
    pub(crate) fn to_text(&self) -> String {
        let Self { certificate, .. } = self;
        let chip = format!("{}: {}", self.chip, self.chip_title);
        let rows = [
            ("Holder", self.holder.as_str()),
            ("Fiscal code", &self.fiscal_code),
            ("Document number", &self.document_number),
            ("Issued", &self.issued),
            ("Expires", &self.expires),
            ("NIS", &self.nis),
            ("Persona", &self.persona),
            ("Chip", &chip),
            ("ATR", &self.atr),
            ("Certificate of", &certificate.subject),
            ("  issued by", &certificate.issuer),
            ("  serial number", &certificate.serial_number),
            ("  valid from", &certificate.not_before),
            ("  valid until", &certificate.not_after),
        ];
        rows.iter()
            .map(|(name, value)| format!("{name:<17}  {value}\n"))
            .collect()
    }
}
