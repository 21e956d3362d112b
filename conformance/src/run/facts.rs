//! What is known about the card before the first command: what it was personalised with. A physical card tells less, so
//! everything here may be missing; a value that is asked for and not known is an error that says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cie_crypto::rsa::PublicKey;
use cie_emulator::apps::emrtd::AID;
use cie_emulator::card::Image;
use cie_emulator::credentials::Code;
use cie_emulator::files::DedicatedFile;
use cie_emulator::persona::{CVCA_REFERENCE, CardData, Document, Persona, Trust};
use cie_emulator::wire::StatusWord;
use x509_cert::der::Encode;

use crate::scenario::model::{DocumentFile, KeyReference, Password, PersonaField};
use crate::terminal::emrtd;

/// Facts about one card.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Id of the persona.
    pub persona: Option<String>,
    /// Id of the chip family.
    pub chip: Option<String>,
    /// The PIN it was given.
    pub pin: Option<Code>,
    /// The PUK it was given.
    pub puk: Option<Code>,
    /// Tries of PIN and PUK when nothing was used up.
    pub tries: (u8, u8),
    /// A right PUK does not give the tries of the PUK back.
    pub puk_counts_for_life: bool,
    fields: BTreeMap<PersonaField, Vec<u8>>,
    files: BTreeMap<u16, Vec<u8>>,
    keys: BTreeMap<u8, PublicKey>,
    trust: BTreeMap<&'static str, Vec<u8>>,
    document: BTreeMap<DocumentFile, Vec<u8>>,
    authority: Option<emrtd::Authority>,
    /// What was asked for last and is not known.
    missing: Arc<Mutex<Option<Missing>>>,
    /// What a physical card has told of its counters since the run began.
    learnt: Arc<Mutex<[Learnt; 2]>>,
}

/// What was found out about one counter of a physical card.
#[derive(Clone, Copy, Debug, Default)]
struct Learnt {
    /// The right value was accepted and no wrong one presented since: all tries are there.
    is_full: bool,
    /// How many those are.
    full: u8,
}

/// Something that a step needs and nobody knows of this card: it says nothing about the card, and nothing is wrong with the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// A code, which can be given.
    Code(String),
    /// What the card was personalised with, which only its issuer knows.
    Fact(String),
}

/// What a physical card says of itself before the first case, in clear.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Numbers that anybody can read.
    pub fields: BTreeMap<PersonaField, Vec<u8>>,
    /// Contents of public key files.
    pub files: BTreeMap<u16, Vec<u8>>,
    /// The public keys themselves, by reference.
    pub keys: BTreeMap<u8, PublicKey>,
}

impl Facts {
    /// The facts of a synthetic citizen's card, as `image` has them.
    ///
    /// # Errors
    /// One sentence, when the built-in trust store cannot be read.
    pub fn of(persona: &Persona, card: &CardData, image: &Image) -> Result<Self, String> {
        let holder = &card.holder;
        let fields = [
            (PersonaField::Nis, card.nis.to_vec()),
            (
                PersonaField::DocumentNumber,
                card.document_number.as_bytes().to_vec(),
            ),
            (PersonaField::ChipSerial, card.sn_icc.to_vec()),
            (PersonaField::Surname, holder.surname.as_str().into()),
            (PersonaField::GivenName, holder.given_names.as_str().into()),
            (
                PersonaField::FiscalCode,
                (holder.fiscal_code).map_or_else(Vec::new, |code| code.as_str().into()),
            ),
            (
                PersonaField::Can,
                card.document.can.to_string().into_bytes(),
            ),
            (
                PersonaField::Mrz,
                card.document.mrz.as_str().as_bytes().to_vec(),
            ),
            (
                PersonaField::DateOfBirth,
                six_digits(&holder.birth_date.compact()),
            ),
            (
                PersonaField::DateOfExpiry,
                six_digits(&persona.expires.compact()),
            ),
        ];
        // The document's files have identifiers of their own, some of them those of the master file.
        let own = |df: &&DedicatedFile| !df.df_names.iter().any(|name| *name == AID);
        let directories = image.files.dedicated_files().iter().filter(own);
        let files = directories.flat_map(|df| {
            let files = df.files.iter();
            files.map(|ef| (ef.file_id.0, ef.contents.clone()))
        });
        let keys = [
            (0x81, image.ias.signature.public().clone()),
            (0x82, image.ias.device.public().clone()),
            (0x83, image.ias.services.public().clone()),
            (0x84, image.ias.terminal_ca.public.clone()),
        ];
        let policy = image.profile.credential_policy();
        Ok(Self {
            persona: Some(card.persona_id.clone()),
            chip: Some(image.chip.id.clone()),
            pin: Some(card.pin.clone()),
            puk: Some(card.puk.clone()),
            tries: (policy.pin_tries, policy.puk_tries),
            puk_counts_for_life: !policy.puk_success_resets,
            fields: fields.into_iter().collect(),
            files: files.collect(),
            keys: keys.into_iter().collect(),
            trust: trust()?,
            document: document_files(&card.document),
            authority: Some(authority()?),
            missing: Arc::default(),
            learnt: Arc::default(),
        })
    }

    /// Notes what an answer to VERIFY tells: a count that comes when all tries are there says how many those are.
    pub(super) fn learn_tries(&self, puk: bool, without_data: bool, sw: StatusWord) {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(counter) = learnt.get_mut(usize::from(puk)) else {
            return;
        };
        match (without_data, sw.tries_left()) {
            (false, _) => counter.is_full = sw.is_ok(),
            (true, Some(left)) if counter.is_full => counter.full = left,
            (true, _) => {}
        }
    }

    /// Tries of PIN and PUK when nothing was used up: known, or found out; 0 for neither.
    pub(super) fn full_tries(&self) -> (u8, u8) {
        if self.tries != (0, 0) {
            return self.tries;
        }
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let [pin, puk] = *learnt;
        (pin.full, puk.full)
    }

    /// Nothing but the family, where it is known.
    #[must_use]
    pub fn of_family(chip: Option<&str>) -> Self {
        Self {
            chip: chip.map(str::to_owned),
            ..Self::default()
        }
    }

    /// The facts of a physical card: what it says of itself, the codes that were given, its family where the answer to reset
    /// tells it. How many tries its codes have, and who holds it, stays unknown.
    ///
    /// # Errors
    /// One sentence, when the built-in trust store cannot be read.
    pub fn of_physical(
        chip: Option<&str>,
        reading: Reading,
        pin: Option<Code>,
        puk: Option<Code>,
    ) -> Result<Self, String> {
        Ok(Self {
            chip: chip.map(str::to_owned),
            pin,
            puk,
            fields: reading.fields,
            files: reading.files,
            keys: reading.keys,
            trust: trust()?,
            ..Self::default()
        })
    }

    /// Notes that something was asked for and is not known; gives the words back.
    pub(super) fn miss(&self, missing: Missing) -> String {
        let (Missing::Code(words) | Missing::Fact(words)) = &missing;
        let words = words.clone();
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = Some(missing);
        words
    }

    /// What was asked for and not known since this was last asked.
    pub(super) fn take_missing(&self) -> Option<Missing> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.take()
    }

    fn unknown(&self, what: String) -> String {
        self.miss(Missing::Fact(what))
    }

    /// A fact about the holder, as bytes.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub fn field(&self, field: PersonaField) -> Result<&[u8], String> {
        let known = self.fields.get(&field).map(Vec::as_slice);
        known.ok_or_else(|| self.unknown(format!("nothing is known of {field:?} of this card")))
    }

    /// A fact about the holder that was found out otherwise: read from the card, or given by its owner.
    pub fn know(&mut self, field: PersonaField, value: Vec<u8>) {
        self.fields.insert(field, value);
    }

    /// A password of the travel document.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub fn password(&self, password: Password) -> Result<emrtd::Password, String> {
        let known = |field, name: &str| {
            let value = self.fields.get(&field).map(Vec::as_slice);
            value.ok_or_else(|| {
                self.miss(Missing::Code(format!(
                    "the {name} of this card is not known; give it with --secret, the environment or a file"
                )))
            })
        };
        match password {
            Password::Can => {
                let can = known(PersonaField::Can, "card access number (can)")?;
                Ok(emrtd::Password::from_card_access_number(can))
            }
            Password::Mrz => {
                let zone = known(PersonaField::Mrz, "machine-readable zone (mrz)")?;
                let zone = std::str::from_utf8(zone)
                    .map_err(|_| "the machine-readable zone is not text".to_owned())?;
                emrtd::Password::from_machine_readable_zone(zone).map_err(|error| error.to_string())
            }
            // Codes of another protocol than the card's own: the real ones have no business here.
            Password::Pin => Ok(emrtd::Password::of_code(3, b"000000")),
            Password::Puk => Ok(emrtd::Password::of_code(4, b"0000000000")),
        }
    }

    /// The content of a file of the travel document as it was personalised.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub fn document_file(&self, file: DocumentFile) -> Result<&[u8], String> {
        let known = self.document.get(&file).map(Vec::as_slice);
        known.ok_or_else(|| {
            self.unknown(format!(
                "what {file} of this card was personalised with is not known"
            ))
        })
    }

    /// The authority of terminal authentication, with its key.
    ///
    /// # Errors
    /// One sentence, when it is not known, as for every real card.
    pub fn terminal_authority(&self) -> Result<&emrtd::Authority, String> {
        self.authority.as_ref().ok_or_else(|| {
            let what = "nobody here can certify terminals for this card: the key of its authority is not known";
            self.unknown(what.to_owned())
        })
    }

    /// What a file was personalised with.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub fn file(&self, file: u16) -> Result<&[u8], String> {
        let known = self.files.get(&file).map(Vec::as_slice);
        let what = || format!("the content of file {file:04X} of this card is not known");
        known.ok_or_else(|| self.unknown(what()))
    }

    /// The public half of a key as it was personalised.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub fn key(&self, key: KeyReference) -> Result<&PublicKey, String> {
        let known = self.keys.get(&key.byte());
        let what = || format!("key {:02X} of this card is not known", key.byte());
        known.ok_or_else(|| self.unknown(what()))
    }

    /// A certificate of the trust store, DER.
    ///
    /// # Errors
    /// One sentence that lists the names there are.
    pub fn trusted(&self, name: &str) -> Result<&[u8], String> {
        let names: Vec<&str> = self.trust.keys().copied().collect();
        let known = self.trust.get(name).map(Vec::as_slice);
        known.ok_or_else(|| {
            format!(
                "the trust store has no \"{name}\"; it has: {}",
                names.join(", ")
            )
        })
    }
}

/// A date as machine-readable zones write it.
fn six_digits(eight: &str) -> Vec<u8> {
    eight.get(2..).unwrap_or(eight).into()
}

/// The files of the travel document by their names.
fn document_files(document: &Document) -> BTreeMap<DocumentFile, Vec<u8>> {
    let named = [
        (DocumentFile::CardAccess, &document.ef_card_access),
        (DocumentFile::Com, &document.ef_com),
        (DocumentFile::Sod, &document.ef_sod),
        (DocumentFile::Cvca, &document.ef_cvca),
    ];
    let named = named.map(|(name, content)| (name, content.clone()));
    let groups = document.data_groups.iter();
    let groups =
        groups.map(|(number, content)| (DocumentFile::DataGroup(*number), content.clone()));
    named.into_iter().chain(groups).collect()
}

/// Who certifies terminals: its key is published with the other synthetic authorities.
fn authority() -> Result<emrtd::Authority, String> {
    let trust = Trust::embedded().map_err(|error| error.to_string())?;
    Ok(emrtd::Authority {
        reference: CVCA_REFERENCE.as_bytes().to_vec(),
        key: trust.cvca_key().map_err(|error| error.to_string())?,
    })
}

fn trust() -> Result<BTreeMap<&'static str, Vec<u8>>, String> {
    let trust = Trust::embedded().map_err(|error| error.to_string())?;
    [
        ("country-signer", trust.country_signer()),
        ("csca", trust.csca()),
        ("citizen-root", trust.citizen_root()),
        ("citizen-issuer", trust.citizen_issuer()),
    ]
    .into_iter()
    .map(|(name, certificate)| {
        let der = certificate.to_der().map_err(|error| error.to_string())?;
        Ok((name, der))
    })
    .collect()
}
