//! Whose card it is, in the form of a persona file with nothing left to be computed.

use super::ContentError;
use crate::persona::{
    CodesSource, DocumentOptions, DocumentSod, Fingerprints, Holder, Persona, Protocols, Sex,
    Signer, SodVariant,
};
use serde_json::{Value, json};

pub(super) fn record(persona: &Persona) -> Value {
    json!({
        "persona": 1,
        "id": persona.id,
        "title": persona.title,
        "seed": persona.seed,
        "holder": holder(&persona.holder),
        "document": document(persona),
        "certificate_padding": persona.certificate_padding,
        "codes": match persona.codes {
            CodesSource::ManualSample => "manual_sample",
            CodesSource::Seeded => "seeded",
        },
        "sod": match persona.sod { SodVariant::V0 => "v0", SodVariant::Pss => "pss" },
        "identifiers": {
            "nis": persona.nis.as_str(),
            "sn_icc": hex::encode_upper(persona.sn_icc.as_bytes()),
        },
    })
}

fn holder(holder: &Holder) -> Value {
    let (place, residence) = (&holder.birth_place, &holder.residence);
    json!({
        "surname": holder.surname.as_str(),
        "given_names": holder.given_names.as_str(),
        "sex": match holder.sex { Sex::Male => "M", Sex::Female => "F" },
        "birth_date": holder.birth_date.to_string(),
        "birth_place": {
            "name": place.name.as_str(),
            "cadastral_code": place.cadastral_code.as_str(),
            "province": place.province.map(|province| province.to_string()),
        },
        "fiscal_code": holder.fiscal_code.map_or_else(|| "none".to_owned(), |code| code.to_string()),
        "residence": {
            "street": residence.street.as_str(),
            "city": residence.city.as_str(),
            "province": residence.province.as_str(),
        },
    })
}

fn document(persona: &Persona) -> Value {
    let options: &DocumentOptions = &persona.document;
    json!({
        "number": persona.document_number.as_str(),
        "issued": persona.issued.to_string(),
        "expires": persona.expires.to_string(),
        "can": options.can.as_str(),
        "protocols": match options.protocols {
            Protocols::Cie => "cie",
            Protocols::Modern => "modern",
            Protocols::ActiveRsa => "active_rsa",
            Protocols::ActiveEcdsa => "active_ecdsa",
        },
        "sod": match options.sod {
            DocumentSod::Sha1 => "sha1",
            DocumentSod::Sha256 => "sha256",
            DocumentSod::Pss => "pss",
        },
        "signer": match options.signer { Signer::Current => "current", Signer::Revoked => "revoked" },
        "com_lists_dg3": options.com_lists_dg3,
        "fingerprints": match options.fingerprints {
            Fingerprints::Two => "two",
            Fingerprints::Zero => "zero",
            Fingerprints::Absent => "absent",
        },
        "authority": options.authority.as_str(),
        "wrong_hash_of": options.wrong_hash_of,
    })
}

/// The persona of a record: JSON is YAML, so the reader of persona files reads it.
pub(super) fn read(record: &Value) -> Result<Persona, ContentError> {
    Persona::from_yaml("persona", &record.to_string())
        .map_err(|error| ContentError::new("persona", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_persona_comes_back_as_it_went() {
        for id in Persona::builtin_ids() {
            let persona = Persona::builtin(id).unwrap();
            assert_eq!(read(&record(&persona)).unwrap(), persona, "{id}");
        }
    }
}
