//! Everything there is to see in a card, gathered once and written for people or for programs.

use crate::card::Summary;
use crate::chips::bare;
use crate::failure::Failure;
use cie_emulator::card::{CardState, LifeCycle};
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::files::{AccessCondition, DedicatedFile, ElementaryFile};
use cie_emulator::phy::trace::{Counters, life_cycle_words};
use cie_emulator::spec::{Changed, Issued};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Bytes of a modulus that are shown: enough to recognise a key.
const PREFIX: usize = 16;

/// When a file may be read, in words.
pub(crate) const fn access(condition: AccessCondition) -> &'static str {
    match condition {
        AccessCondition::Always => "always",
        AccessCondition::UserVerified => "terminal authenticated and PIN",
        AccessCondition::Document => "BAC or PACE",
        AccessCondition::Pace => "PACE",
        AccessCondition::Biometric(_) => "terminal certified for it",
        AccessCondition::Never => "never",
    }
}

#[derive(Serialize)]
pub(crate) struct FileRow {
    df: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sfi: Option<String>,
    size: usize,
    read: &'static str,
    name: &'static str,
}

impl FileRow {
    pub(crate) fn new(df: &DedicatedFile, ef: &ElementaryFile) -> Self {
        Self {
            df: df.name,
            id: ef.file_id.to_string(),
            sfi: ef.short_file_id.map(|short| format!("{:02X}", short.get())),
            size: ef.contents.len(),
            read: access(ef.read),
            name: ef.name,
        }
    }
}

#[derive(Serialize)]
struct KeyRow {
    reference: &'static str,
    purpose: &'static str,
    r#use: &'static str,
    bits: u32,
    modulus_prefix: String,
}

impl KeyRow {
    fn new(
        reference: &'static str,
        purpose: &'static str,
        r#use: &'static str,
        key: &PublicKey,
    ) -> Self {
        let prefix = key.modulus().get(..PREFIX).unwrap_or(key.modulus());
        Self {
            reference,
            purpose,
            r#use,
            bits: key.bits(),
            modulus_prefix: hex::encode_upper(prefix),
        }
    }
}

#[derive(Serialize)]
struct Codes {
    pin: String,
    puk: String,
}

#[derive(Serialize)]
struct DfRow {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    df_names: Vec<String>,
}

/// Everything there is to see.
#[derive(Serialize)]
pub(crate) struct View {
    card: Summary,
    life_cycle: &'static str,
    #[serde(skip)]
    life_cycle_words: &'static str,
    tries: Counters,
    most_tries: Counters,
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Codes>,
    applications: Vec<DfRow>,
    files: Vec<FileRow>,
    keys: Vec<KeyRow>,
    changed_parameters: BTreeMap<String, Changed>,
}

impl View {
    pub(crate) fn new(issued: &Issued, reveal: bool) -> Result<Self, Failure> {
        let card = &issued.card;
        let image = card.image();
        let CardState {
            life_cycle,
            pin_left,
            puk_left,
            ..
        } = card.state();
        let dedicated = image.files.dedicated_files();
        let text = |code: &[u8; 8]| code.iter().copied().map(char::from).collect();
        let credentials = &card.memory().credentials;
        Ok(Self {
            card: Summary::of(issued)?,
            life_cycle: life_cycle_name(life_cycle),
            life_cycle_words: life_cycle_words(life_cycle),
            tries: Counters {
                pin: pin_left,
                puk: puk_left,
            },
            most_tries: Counters {
                pin: image.profile.pin_tries,
                puk: image.profile.puk_tries,
            },
            secrets: reveal.then(|| Codes {
                pin: text(credentials.pin.reveal()),
                puk: text(credentials.puk.reveal()),
            }),
            applications: dedicated
                .iter()
                .map(|df| DfRow {
                    name: df.name,
                    id: df.file_id.map(|id| id.to_string()),
                    df_names: df.df_names.iter().map(hex::encode_upper).collect(),
                })
                .collect(),
            files: dedicated
                .iter()
                .flat_map(|df| df.files.iter().map(|ef| FileRow::new(df, ef)))
                .collect(),
            keys: keys(issued),
            changed_parameters: issued.changed.clone(),
        })
    }

    pub(crate) fn to_text(&self) -> String {
        let mut out = self.card.to_text();
        self.write_state(&mut out);
        out.push_str("\nFiles\n");
        for df in &self.applications {
            self.write_application(&mut out, df);
        }
        out.push_str("\nKeys (RSA)\n");
        for key in &self.keys {
            let _ = writeln!(
                out,
                "  {}  {} bits  {}...  {}\n      use: {}",
                key.reference, key.bits, key.modulus_prefix, key.purpose, key.r#use
            );
        }
        out.push_str("\nParameters that differ from the default\n");
        if self.changed_parameters.is_empty() {
            out.push_str("  none\n");
        }
        for (name, Changed { value, default }) in &self.changed_parameters {
            let _ = writeln!(out, "  {name}={} (default {})", bare(value), bare(default));
        }
        out
    }

    fn write_state(&self, out: &mut String) {
        let code = |code: Option<&str>| match code {
            Some(digits) => digits.to_owned(),
            None => "hidden, see --reveal-secrets".to_owned(),
        };
        let secrets = self.secrets.as_ref();
        let rows = [
            ("Life cycle", self.life_cycle_words.to_owned()),
            (
                "PIN",
                format!(
                    "{} of {} tries left, value {}",
                    self.tries.pin,
                    self.most_tries.pin,
                    code(secrets.map(|s| s.pin.as_str()))
                ),
            ),
            (
                "PUK",
                format!(
                    "{} of {} tries left, value {}",
                    self.tries.puk,
                    self.most_tries.puk,
                    code(secrets.map(|s| s.puk.as_str()))
                ),
            ),
        ];
        for (name, value) in rows {
            let _ = writeln!(out, "{name:<17}  {value}");
        }
    }

    fn write_application(&self, out: &mut String, df: &DfRow) {
        let id = df.id.as_deref().unwrap_or("");
        let _ = writeln!(out, "  {:<4} {id} {}", df.name, df.df_names.join(" "));
        let _ = writeln!(
            out,
            "    {:<4}  {:<3}  {:>5}  {:<20} read",
            "id", "SFI", "bytes", "name"
        );
        for file in self.files.iter().filter(|file| file.df == df.name) {
            let _ = writeln!(
                out,
                "    {:<4}  {:<3}  {:>5}  {:<20} {}",
                file.id,
                file.sfi.as_deref().unwrap_or("-"),
                file.size,
                file.name,
                file.read
            );
        }
    }
}

fn keys(issued: &Issued) -> Vec<KeyRow> {
    let keys = &issued.card.image().ias;
    vec![
        KeyRow::new(
            "81",
            "signature and TLS client authentication",
            access(keys.signature_use),
            keys.signature.public(),
        ),
        KeyRow::new(
            "82",
            "device authentication",
            "within the device authentication",
            keys.device.public(),
        ),
        KeyRow::new(
            "83",
            "services",
            "always, without PIN",
            keys.services.public(),
        ),
        KeyRow::new(
            "84",
            "terminals' authority, public key only",
            "verifies the certificates of terminals",
            &keys.terminal_ca.public,
        ),
    ]
}

/// The life cycle for programs.
const fn life_cycle_name(life_cycle: LifeCycle) -> &'static str {
    match life_cycle {
        LifeCycle::Operational => "operational",
        LifeCycle::PinBlocked => "pin_blocked",
        LifeCycle::DocumentOnly => "document_only",
        LifeCycle::NoSafetyNet => "no_safety_net",
    }
}
