//! The file tree as data. Names are part of the record for whoever reads it, but only names that a card of this program can
//! have: a name is a label that traces and tables show, not a string from a stranger.

use super::{Bytes, ContentError};
use crate::files::{
    AccessCondition, Biometric, DedicatedFile, ElementaryFile, FileId, FileTree, ShortFileId,
};
use serde::{Deserialize, Serialize};

/// Every name that a DF or EF has had in any card. Additions only: stored cards keep theirs.
const NAMES: [&str; 34] = [
    "MF",
    "CIE",
    "EF.DIR",
    "EF.ATR/INFO",
    "EF.SN.ICC",
    "EF.DH",
    "EF.ID_Servizi",
    "EF.Seriale",
    "EF.Cert_CIE",
    "EF.Int.Kpub",
    "EF.Servizi_Int.Kpub",
    "EF.SOD",
    "EF.CIE.Kpub",
    "EF.CardAccess",
    "eMRTD",
    "EF.COM",
    "EF.CVCA",
    "EF.DG1",
    "EF.DG2",
    "EF.DG3",
    "EF.DG4",
    "EF.DG5",
    "EF.DG6",
    "EF.DG7",
    "EF.DG8",
    "EF.DG9",
    "EF.DG10",
    "EF.DG11",
    "EF.DG12",
    "EF.DG13",
    "EF.DG14",
    "EF.DG15",
    "EF.DG16",
    "EF.CardSecurity",
];

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DfRecord {
    name: String,
    id: Option<Bytes>,
    df_names: Vec<Bytes>,
    files: Vec<EfRecord>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct EfRecord {
    id: Bytes,
    sfi: Option<u8>,
    name: String,
    read: ReadRecord,
    contents: Bytes,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadRecord {
    Always,
    UserVerified,
    Document,
    Pace,
    Fingerprints,
    Iris,
    Never,
}

impl ReadRecord {
    pub(super) const fn of(condition: AccessCondition) -> Self {
        match condition {
            AccessCondition::Always => Self::Always,
            AccessCondition::UserVerified => Self::UserVerified,
            AccessCondition::Document => Self::Document,
            AccessCondition::Pace => Self::Pace,
            AccessCondition::Biometric(Biometric::Fingerprints) => Self::Fingerprints,
            AccessCondition::Biometric(Biometric::Iris) => Self::Iris,
            AccessCondition::Never => Self::Never,
        }
    }

    pub(super) const fn condition(self) -> AccessCondition {
        match self {
            Self::Always => AccessCondition::Always,
            Self::UserVerified => AccessCondition::UserVerified,
            Self::Document => AccessCondition::Document,
            Self::Pace => AccessCondition::Pace,
            Self::Fingerprints => AccessCondition::Biometric(Biometric::Fingerprints),
            Self::Iris => AccessCondition::Biometric(Biometric::Iris),
            Self::Never => AccessCondition::Never,
        }
    }
}

pub(super) fn records(tree: &FileTree) -> Vec<DfRecord> {
    tree.dedicated_files()
        .iter()
        .map(|df| DfRecord {
            name: df.name.to_owned(),
            id: df.file_id.map(identifier),
            df_names: df.df_names.iter().map(Bytes::from).collect(),
            files: df.files.iter().map(ef_record).collect(),
        })
        .collect()
}

fn ef_record(ef: &ElementaryFile) -> EfRecord {
    EfRecord {
        id: identifier(ef.file_id),
        sfi: ef.short_file_id.map(ShortFileId::get),
        name: ef.name.to_owned(),
        read: ReadRecord::of(ef.read),
        contents: (&ef.contents).into(),
    }
}

pub(super) fn tree(records: &[DfRecord]) -> Result<FileTree, ContentError> {
    let dedicated = records.iter().map(df).collect::<Result<Vec<_>, _>>()?;
    FileTree::new(dedicated).map_err(|error| ContentError::new("files", error))
}

fn df(record: &DfRecord) -> Result<DedicatedFile, ContentError> {
    let name = known(&record.name)?;
    Ok(DedicatedFile {
        name,
        file_id: match &record.id {
            None => None,
            Some(id) => Some(file_id(name, id)?),
        },
        df_names: record.df_names.iter().map(|name| name.0.clone()).collect(),
        files: record.files.iter().map(ef).collect::<Result<_, _>>()?,
    })
}

fn ef(record: &EfRecord) -> Result<ElementaryFile, ContentError> {
    let name = known(&record.name)?;
    let short_file_id = match record.sfi {
        None => None,
        Some(number) => Some(ShortFileId::new(number).ok_or_else(|| {
            ContentError::new(name, format!("short identifiers are 1 to 30, not {number}"))
        })?),
    };
    Ok(ElementaryFile {
        file_id: file_id(name, &record.id)?,
        short_file_id,
        name,
        read: record.read.condition(),
        contents: record.contents.0.clone(),
    })
}

fn identifier(id: FileId) -> Bytes {
    id.0.to_be_bytes().into()
}

fn file_id(at: &str, id: &Bytes) -> Result<FileId, ContentError> {
    Ok(FileId::from_bytes(id.array(at)?))
}

fn known(name: &str) -> Result<&'static str, ContentError> {
    NAMES
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| {
            let shown: String = name.chars().take(40).collect();
            ContentError::new("files", format!("no file of a CIE is called {shown:?}"))
        })
}
