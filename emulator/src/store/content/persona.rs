//! Whose card it is, in the form of a persona file with nothing left to be computed.

use super::ContentError;
use crate::persona::{CodesSource, Persona, Sex, SodVariant};
use serde_json::{Value, json};

pub(super) fn record(persona: &Persona) -> Value {
    let holder = &persona.holder;
    let place = &holder.birth_place;
    json!({
        "persona": 1,
        "id": persona.id,
        "title": persona.title,
        "seed": persona.seed,
        "holder": {
            "surname": holder.surname.as_str(),
            "given_names": holder.given_names.as_str(),
            "sex": match holder.sex { Sex::Male => "M", Sex::Female => "F" },
            "birth_date": holder.birth_date.to_string(),
            "birth_place": { "name": place.name.as_str(), "cadastral_code": place.cadastral_code.as_str() },
            "fiscal_code": holder.fiscal_code.to_string(),
        },
        "document": {
            "number": persona.document_number.as_str(),
            "issued": persona.issued.to_string(),
            "expires": persona.expires.to_string(),
        },
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

/// The persona of a record: JSON is YAML, so the reader of persona files reads it.
pub(super) fn read(record: &Value) -> Result<Persona, ContentError> {
    Persona::from_yaml("persona", &record.to_string())
        .map_err(|error| ContentError::new("persona", error))
}
