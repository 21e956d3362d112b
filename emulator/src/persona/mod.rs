//! A synthetic citizen becomes the contents of a complete, self-consistent card with both applications: files, keys,
//! certificates, security objects, codes, receipt and letter. This room invents people and personalises for them; it serves no command, keeps no
//! counter, and knows neither real people nor real trust anchors. The same persona gives the same bytes on every machine.
//!
//! ```
//! use cie_emulator::persona::{Persona, personalise};
//!
//! let card = personalise(&Persona::builtin("adult-default")?)?;
//! assert_eq!(card.ef_id_servizi, *b"123456789012");
//! # Ok::<(), cie_emulator::persona::PersonaError>(())
//! ```

mod card_data;
mod certificate;
mod cms;
pub mod codes;
mod date;
mod document;
mod draw;
mod error;
mod fiscal_code;
mod generate;
mod identity;
mod image;
mod keys;
mod security_object;
mod source;
mod trust;

pub use crate::apps::ias::TerminalCa;
pub use card_data::{CardData, personalise};
pub use codes::{Code, CodeHalf, CodesError, Letter, Receipt};
pub use date::Date;
pub use document::{
    AddressLine, CVCA_REFERENCE, Can, DataPage, Document, DocumentOptions, DocumentSod,
    Fingerprints, Mrz, MrzError, Portrait, Protocols, Province, Residence, Signer,
};
pub use error::{PersonaError, ValueError};
pub use fiscal_code::FiscalCode;
pub use identity::{
    BirthPlace, CadastralCode, DocumentNumber, Holder, Nis, PersonName, SerialNumberIcc, Sex,
};
pub use security_object::SecurityObject;
pub use trust::{DocumentSigner, Trust};

use serde::Deserialize;

/// A synthetic citizen and the choices of the card made for it. Every field is valid by its type; that they agree with each
/// other is checked by [`personalise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Short name, unique among the personas of a run.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// Where everything random of this card comes from.
    pub seed: u64,
    /// The person.
    pub holder: Holder,
    /// Number of the card.
    pub document_number: DocumentNumber,
    /// First day of validity, of card and certificate.
    pub issued: Date,
    /// Last day of validity.
    pub expires: Date,
    /// Where PIN and PUK come from.
    pub codes: CodesSource,
    /// Which generation of security object the IAS application carries.
    pub sod: SodVariant,
    /// The services identifier.
    pub nis: Nis,
    /// Content of EF.SN.ICC.
    pub sn_icc: SerialNumberIcc,
    /// The travel document.
    pub document: DocumentOptions,
    /// Zero bytes behind the certificate in EF.Cert_CIE.
    pub certificate_padding: u16,
}

/// Where PIN and PUK come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodesSource {
    /// The sample of the desktop client's manual: PIN 12345678, PUK 87654321.
    ManualSample,
    /// Drawn from the seed.
    Seeded,
}

/// The generations of EF.SOD found on cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SodVariant {
    /// LDS security object version 0, SHA-256, RSASSA-PKCS1-v1_5.
    V0,
    /// LDS security object version 1, SHA-512, RSASSA-PSS with a salt of 64 bytes.
    Pss,
}
