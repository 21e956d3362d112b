//! Which card a command is about: the options all commands share, and the card they make.

use crate::failure::Failure;
use cie_emulator::Card;
use cie_emulator::chip::{self, Profile};
use cie_emulator::crypto::random::Seeded;
use cie_emulator::files::FileId;
use cie_emulator::persona::{Letter, Persona, Receipt, personalise};
use cie_emulator::wire::tlv::Tlv;
use clap::Args;
use der::Decode as _;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use x509_cert::Certificate;

/// Options that say which card.
#[derive(Args)]
#[command(next_help_heading = "Which card")]
pub(crate) struct CardOptions {
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

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// The card of a command, and what was handed out with it.
pub(crate) struct IssuedCard {
    pub(crate) persona: Persona,
    pub(crate) receipt: Receipt,
    pub(crate) letter: Letter,
    /// Parameters that differ from their default.
    pub(crate) changed: BTreeMap<String, Changed>,
    pub(crate) card: Card,
}

impl CardOptions {
    /// Makes the card, without power.
    pub(crate) fn issue(&self) -> Result<IssuedCard, Failure> {
        let chip = chip::chip(&self.chip)?;
        let values = self.values()?;
        let profile = Profile::with(values.iter().map(|(k, v)| (k.as_str(), v.clone())))?;
        let persona = self.persona()?;
        let data = personalise(&persona)?;
        let (receipt, letter) = (data.receipt.clone(), data.letter.clone());
        let image = data.into_image(chip, profile)?;
        let random = Seeded::derived(persona.seed, "card");
        Ok(IssuedCard {
            receipt,
            letter,
            changed: differing(values)?,
            card: Card::new(Arc::new(image), Box::new(random)),
            persona,
        })
    }

    fn persona(&self) -> Result<Persona, Failure> {
        if let Some(seed) = self.seed {
            return Ok(Persona::generate(seed)?);
        }
        let name = self.persona.as_str();
        let path = Path::new(name);
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml || name.contains(std::path::is_separator) {
            Ok(Persona::load(path)?)
        } else {
            Ok(Persona::builtin(name)?)
        }
    }

    /// What the profile sets, and the settings over it.
    fn values(&self) -> Result<BTreeMap<String, Value>, Failure> {
        let mut values = chip::preset_values(&self.profile)?;
        for text in &self.set {
            let (name, value) = chip::setting(text)?;
            values.insert(name.to_owned(), value);
        }
        Ok(values)
    }
}

/// A parameter that is not at its default.
#[derive(Clone, Serialize)]
pub(crate) struct Changed {
    pub(crate) value: Value,
    pub(crate) default: Value,
}

fn differing(values: BTreeMap<String, Value>) -> Result<BTreeMap<String, Changed>, Failure> {
    let defaults = chip::parameters()?;
    Ok(values
        .into_iter()
        .filter_map(|(name, value)| {
            let default = defaults.get(&name)?.value.clone();
            (value != default).then_some((name, Changed { value, default }))
        })
        .collect())
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

impl IssuedCard {
    pub(crate) fn summary(&self) -> Result<Summary, Failure> {
        let Persona { holder, .. } = &self.persona;
        let chip = &self.card.image().chip;
        Ok(Summary {
            persona: self.persona.id.clone(),
            holder: format!("{} {}", holder.given_names, holder.surname),
            fiscal_code: holder.fiscal_code.to_string(),
            document_number: self.persona.document_number.to_string(),
            issued: self.persona.issued.to_string(),
            expires: self.persona.expires.to_string(),
            nis: self.persona.nis.to_string(),
            chip: chip.id.clone(),
            chip_title: chip.title.clone(),
            atr: chip.atr.to_string(),
            certificate: self.certificate()?,
        })
    }

    fn certificate(&self) -> Result<CertificateSummary, Failure> {
        let contents = self
            .card
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
        Ok(CertificateSummary {
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
