//! The travel document of a persona: what is printed on it, every file of its LDS application with the security object over
//! them (ICAO 9303-10), and its keys. Built whole and consistent, unless the persona asks for a wrong digest; who may read
//! which file is not decided here.

mod data_groups;
mod keys;
mod mrz;
mod page;
mod portrait;
mod security_infos;
mod transliteration;
mod values;

pub use mrz::{Mrz, MrzError};
pub use page::DataPage;
pub use portrait::Portrait;
pub(super) use transliteration::transliterate;
pub use values::{
    AddressLine, Can, DocumentOptions, DocumentSod, Fingerprints, Protocols, Province, Residence,
    Signer,
};

use crate::apps::emrtd;

use super::draw::Draw;
use super::error::PersonaError;
use super::security_object::{SALT_LENGTH, SecurityObject};
use super::trust::Trust;
use super::{Date, Persona, ValueError};

/// The certificate holder reference of the synthetic authority that Terminal Authentication begins with.
pub const CVCA_REFERENCE: &str = "ITCVCAEMU00001";

/// Number of the data group with the fingerprints.
const FINGERPRINTS: u8 = 3;

/// The contents of a travel document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The machine readable zone, as printed and as in EF.DG1.
    pub mrz: Mrz,
    /// The card access number, as printed on the front.
    pub can: Can,
    /// Which protocols the document speaks.
    pub protocols: Protocols,
    /// The picture in EF.DG2.
    pub portrait: Portrait,
    /// EF.CardAccess, of the MF.
    pub ef_card_access: Vec<u8>,
    /// EF.COM.
    pub ef_com: Vec<u8>,
    /// EF.SOD: digests of the data groups, signed by a document signer below the CSCA.
    pub ef_sod: Vec<u8>,
    /// EF.CVCA.
    pub ef_cvca: Vec<u8>,
    /// The data groups with their numbers, in ascending order.
    pub data_groups: Vec<(u8, Vec<u8>)>,
    /// Public key of Chip Authentication as it travels: a number as long as the modulus, or an uncompressed point.
    pub chip_public_key: Vec<u8>,
    /// Public key of Active Authentication, `SubjectPublicKeyInfo` in DER; none on documents that follow the CIE.
    pub active_public_key_info: Option<Vec<u8>>,
    /// What the application is opened with and proves.
    pub keys: emrtd::Keys,
}

impl Document {
    /// The content of a data group, 1 to 16.
    pub fn data_group(&self, number: u8) -> Option<&[u8]> {
        self.data_groups
            .iter()
            .find(|(found, _)| *found == number)
            .map(|(_, content)| content.as_slice())
    }

    /// Makes the document of a persona. It costs one RSA signature.
    pub(super) fn new(persona: &Persona, trust: &Trust) -> Result<Self, PersonaError> {
        let options = &persona.document;
        let mrz = Mrz::new(persona.document_number, &persona.holder, persona.expires);
        let portrait = Portrait::of_age(persona.holder.birth_date, persona.issued);
        let chip = keys::chip_key(options.protocols, persona.seed)?;
        let active = keys::active_key(options.protocols, persona.seed)?;
        let active_public_key_info = active.as_ref().map(|key| key.public_key_info.clone());
        let offer = keys::pace_offer(options.protocols)?;
        let infos = security_infos::dg14(&offer, &chip, active.as_ref())?;
        let active_info = active_public_key_info.as_deref();
        let data_groups = data_groups(persona, &mrz, portrait, infos, active_info);
        let listed: Vec<u8> = data_groups
            .iter()
            .map(|(number, _)| *number)
            .filter(|number| *number != FINGERPRINTS || options.com_lists_dg3)
            .collect();
        let ef_sod = ef_sod(persona, &data_groups, trust)?;
        let authority = keys::authority(persona.issued, trust)?;
        Ok(Self {
            mrz,
            can: options.can,
            protocols: options.protocols,
            portrait,
            ef_card_access: security_infos::ef_card_access(&offer),
            ef_com: data_groups::ef_com(&listed),
            ef_sod,
            ef_cvca: data_groups::ef_cvca(CVCA_REFERENCE),
            data_groups,
            chip_public_key: chip.public,
            active_public_key_info,
            keys: keys::keys(&mrz, options.can, offer, chip.key, active, authority)?,
        })
    }
}

fn data_groups(
    persona: &Persona,
    mrz: &Mrz,
    portrait: Portrait,
    security_infos: Vec<u8>,
    active_public_key_info: Option<&[u8]>,
) -> Vec<(u8, Vec<u8>)> {
    let options = &persona.document;
    let holder = &persona.holder;
    let fingerprints = match options.fingerprints {
        Fingerprints::Two => Some(portrait::fingerprints()),
        Fingerprints::Zero => Some(data_groups::dg3(&[])),
        Fingerprints::Absent => None,
    };
    let authority = &options.authority;
    [
        Some((1, data_groups::dg1(mrz))),
        Some((2, portrait.data_group())),
        fingerprints.map(|group| (FINGERPRINTS, group)),
        Some((11, data_groups::dg11(holder, &holder.residence))),
        Some((12, data_groups::dg12(authority, persona.issued))),
        Some((14, security_infos)),
        active_public_key_info.map(|info| (15, data_groups::dg15(info))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The digests of all data groups in ascending order; the one that the persona wants wrong is the digest of other bytes.
fn ef_sod(
    persona: &Persona,
    data_groups: &[(u8, Vec<u8>)],
    trust: &Trust,
) -> Result<Vec<u8>, PersonaError> {
    let options = &persona.document;
    let mut object = SecurityObject::of_document(options.sod);
    for (number, content) in data_groups {
        object = match options.wrong_hash_of {
            Some(wrong) if wrong == *number => object.with(
                *number,
                b"SPECIMEN: deliberately not the digest of this file",
            )?,
            _ => object.with(*number, content)?,
        };
    }
    let signer = match options.signer {
        Signer::Current => trust.document_signer_of(options.sod)?,
        Signer::Revoked => trust.revoked_document_signer()?,
    };
    let salt: [u8; SALT_LENGTH] = Draw::new(persona.seed, "document security object salt").bytes();
    object.sign(&signer.certificate, &signer.key, &salt)
}

/// The card access number a seed gives.
pub(super) fn can(seed: u64) -> Result<Can, ValueError> {
    let digits = Draw::new(seed, "can").digits::<6>().map(char::from);
    digits.iter().collect::<String>().parse()
}

/// Whether somebody is younger than `years` on a day.
pub(super) fn younger_than(birth: Date, years: u16, on: Date) -> bool {
    birth.plus_years(years).is_ok_and(|birthday| on < birthday)
}
