//! Persona files: the YAML form, the built-in ones, and errors that point at the line to change. Values are parsed into their
//! types here, so nothing behind this door has to ask whether a date exists.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde_yaml::Spanned;

use super::error::{PersonaError, ValueError};
use super::{
    AddressLine, BirthPlace, Can, CodesSource, Date, DocumentNumber, DocumentOptions, DocumentSod,
    Fingerprints, FiscalCode, Holder, Nis, PersonName, Persona, Protocols, Residence,
    SerialNumberIcc, Sex, Signer, SodVariant, generate,
};
use crate::given_file;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/personas");

/// The version of the persona format this program reads.
const VERSION: u64 = 1;

/// The longest file, in bytes: the longest person needs a thousandth of it.
const MOST_BYTES: usize = 1 << 20;

/// As many zero bytes as a certificate file can be expected to end in.
const MOST_PADDING: u16 = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonaFile {
    persona: Spanned<u64>,
    id: String,
    title: String,
    seed: u64,
    holder: HolderFile,
    document: DocumentFile,
    codes: CodesSource,
    sod: SodVariant,
    #[serde(default)]
    identifiers: IdentifiersFile,
    certificate_padding: Option<Spanned<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolderFile {
    surname: PersonName,
    given_names: PersonName,
    sex: Sex,
    birth_date: Date,
    birth_place: BirthPlace,
    fiscal_code: Option<FiscalCodeFile>,
    homocody: Option<Spanned<u8>>,
    residence: Option<Residence>,
}

/// A fiscal code, or the word `none`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
enum FiscalCodeFile {
    None,
    Given(FiscalCode),
}

impl TryFrom<String> for FiscalCodeFile {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        match text.as_str() {
            "none" => Ok(Self::None),
            code => code.parse().map(Self::Given),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentFile {
    number: DocumentNumber,
    issued: Date,
    expires: Spanned<Date>,
    can: Option<Can>,
    protocols: Option<Protocols>,
    sod: Option<DocumentSod>,
    signer: Option<Signer>,
    com_lists_dg3: Option<bool>,
    fingerprints: Option<Fingerprints>,
    authority: Option<AddressLine>,
    wrong_hash_of: Option<Spanned<u8>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifiersFile {
    nis: Option<Nis>,
    sn_icc: Option<Spanned<SerialNumberIcc>>,
}

impl Persona {
    /// A persona from YAML. `file` is only its name in messages.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, PersonaError> {
        let refused = |error: &serde_yaml::Error| refuse(file, error);
        let source: PersonaFile = serde_yaml::from_str(text).map_err(|error| refused(&error))?;
        source.resolve(file)
    }

    /// A persona from a YAML file.
    pub fn load(path: &Path) -> Result<Self, PersonaError> {
        let file = path.display().to_string();
        let text =
            given_file::read_text(path, MOST_BYTES).map_err(|source| PersonaError::Read {
                file: file.clone(),
                source,
            })?;
        Self::from_yaml(&file, &text)
    }

    /// One of the personas embedded in the program, by id.
    pub fn builtin(id: &str) -> Result<Self, PersonaError> {
        let name = format!("{id}.yaml");
        let file = BUILT_IN
            .get_file(&name)
            .ok_or_else(|| PersonaError::Unknown {
                id: id.to_owned(),
                known: Self::builtin_ids().collect::<Vec<_>>().join(", "),
            })?;
        let text = file.contents_utf8().ok_or_else(|| PersonaError::Fixture {
            file: format!("personas/{name}"),
            reason: "it is not UTF-8".to_owned(),
        })?;
        Self::from_yaml(&name, text)
    }

    /// Ids of the embedded personas, in alphabetical order.
    pub fn builtin_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN
            .files()
            .filter_map(|file| file.path().to_str()?.strip_suffix(".yaml"))
    }
}

impl PersonaFile {
    fn resolve(self, file: &str) -> Result<Persona, PersonaError> {
        if self.persona.value != VERSION {
            let message = format!(
                "persona format {} is not known; write `persona: {VERSION}`",
                self.persona.value
            );
            return Err(at(file, &self.persona, message));
        }
        if self.document.expires.value <= self.document.issued {
            let message = format!(
                "the card expires before it is issued; write a day after {}",
                self.document.issued
            );
            return Err(at(file, &self.document.expires, message));
        }
        let nis = match self.identifiers.nis {
            Some(nis) => nis,
            None => generate::nis(self.seed)?,
        };
        let sn_icc = match self.identifiers.sn_icc {
            None => SerialNumberIcc::from_nis(nis),
            Some(sn_icc) if sn_icc.value.matches(nis) => sn_icc.value,
            Some(sn_icc) => {
                let message =
                    format!("bytes 5 to 10 must spell the NIS {nis}; clients look for it there");
                return Err(at(file, &sn_icc, message));
            }
        };
        let certificate_padding = match self.certificate_padding {
            Some(padding) if padding.value > MOST_PADDING => {
                let message = format!("write at most {MOST_PADDING} bytes of padding");
                return Err(at(file, &padding, message));
            }
            padding => padding.map_or(0, |padding| padding.value),
        };
        let holder = self.holder.resolve(self.seed, file)?;
        Ok(Persona {
            document_number: self.document.number,
            issued: self.document.issued,
            expires: self.document.expires.value,
            document: self.document.options(self.seed, &holder.residence, file)?,
            certificate_padding,
            id: self.id,
            title: self.title,
            seed: self.seed,
            holder,
            codes: self.codes,
            sod: self.sod,
            nis,
            sn_icc,
        })
    }
}

impl HolderFile {
    fn resolve(self, seed: u64, file: &str) -> Result<Holder, PersonaError> {
        let fiscal_code = self.fiscal_code(file)?;
        let residence = match self.residence {
            Some(residence) => residence,
            None => generate::residence(seed)?,
        };
        let mut birth_place = self.birth_place;
        let known = generate::province(birth_place.cadastral_code);
        birth_place.province = birth_place.province.or(known);
        Ok(Holder {
            surname: self.surname,
            given_names: self.given_names,
            sex: self.sex,
            birth_date: self.birth_date,
            birth_place,
            fiscal_code,
            residence,
        })
    }

    /// The code given, or computed, with as many letters for digits as the file says.
    fn fiscal_code(&self, file: &str) -> Result<Option<FiscalCode>, PersonaError> {
        let computed = FiscalCode::compute(
            &self.surname,
            &self.given_names,
            self.sex,
            self.birth_date,
            self.birth_place.cadastral_code,
        );
        match (&self.fiscal_code, &self.homocody) {
            (None, None) => Ok(Some(computed)),
            (Some(FiscalCodeFile::None), None) => Ok(None),
            (Some(FiscalCodeFile::Given(code)), None) => Ok(Some(*code)),
            (None, Some(digits)) => computed
                .between_homonyms(digits.value)
                .map(Some)
                .map_err(|error| at(file, digits, error.to_string())),
            (Some(_), Some(digits)) => {
                let message =
                    "a fiscal code that is given stands as it is; leave out one of the two";
                Err(at(file, digits, message.to_owned()))
            }
        }
    }
}

impl DocumentFile {
    fn options(
        self,
        seed: u64,
        residence: &Residence,
        file: &str,
    ) -> Result<DocumentOptions, PersonaError> {
        let usual = generate::document_options(seed, residence)?;
        let options = DocumentOptions {
            can: self.can.unwrap_or(usual.can),
            protocols: self.protocols.unwrap_or(usual.protocols),
            sod: self.sod.unwrap_or(usual.sod),
            signer: self.signer.unwrap_or(usual.signer),
            com_lists_dg3: self.com_lists_dg3.unwrap_or(usual.com_lists_dg3),
            fingerprints: self.fingerprints.unwrap_or(usual.fingerprints),
            authority: self.authority.unwrap_or(usual.authority),
            wrong_hash_of: self.wrong_hash_of.as_ref().map(|number| number.value),
        };
        match &self.wrong_hash_of {
            Some(number) if !options.data_groups().contains(&number.value) => {
                let known: Vec<String> = options.data_groups().iter().map(u8::to_string).collect();
                let message = format!(
                    "the document has no data group {}; choose one of {}",
                    number.value,
                    known.join(", ")
                );
                Err(at(file, number, message))
            }
            _ => Ok(options),
        }
    }
}

/// A refusal of our own, at the value it is about.
fn at<T>(file: &str, value: &Spanned<T>, message: String) -> PersonaError {
    PersonaError::Load {
        file: file.to_owned(),
        line: value.referenced.line(),
        column: value.referenced.column(),
        snippet: message.clone(),
        message,
    }
}

/// A refusal of the YAML reader, with its snippet.
fn refuse(file: &str, error: &serde_yaml::Error) -> PersonaError {
    let (line, column) = error
        .location()
        .map_or((1, 1), |location| (location.line(), location.column()));
    PersonaError::Load {
        file: file.to_owned(),
        line,
        column,
        message: error.without_snippet().to_string(),
        snippet: error.render(),
    }
}
