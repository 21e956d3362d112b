//! Dedicated and elementary files, their identifiers, and the selection among them (ISO/IEC 7816-4:2020 §7).

use super::AccessCondition;
use core::fmt;
use thiserror::Error;

/// A file identifier of two bytes, e.g. `3F00` (ISO/IEC 7816-4:2020 §7.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

impl FileId {
    /// The master file.
    pub const MASTER_FILE: Self = Self(0x3F00);
    /// EF.DIR.
    pub const EF_DIR: Self = Self(0x2F00);
    /// EF.ATR/INFO.
    pub const EF_ATR: Self = Self(0x2F01);
    /// EF.SN.ICC, the serial number of the chip.
    pub const EF_SN_ICC: Self = Self(0xD003);
    /// EF.DH, the domain parameters of the key agreement.
    pub const EF_DH: Self = Self(0xD004);
    /// EF.ID_Servizi, the services number (NIS).
    pub const EF_ID_SERVIZI: Self = Self(0x1001);
    /// EF.Seriale, the number of the document.
    pub const EF_SERIALE: Self = Self(0x1002);
    /// EF.Cert_CIE, the holder's certificate.
    pub const EF_CERT_CIE: Self = Self(0x1003);
    /// EF.Int.Kpub, the public key of the device authentication.
    pub const EF_INT_KPUB: Self = Self(0x1004);
    /// EF.Servizi_Int.Kpub, the public key of the services key.
    pub const EF_SERVIZI_INT_KPUB: Self = Self(0x1005);
    /// EF.SOD, the security object of the IAS files.
    pub const EF_SOD: Self = Self(0x1006);
    /// EF.CIE.Kpub, the public key of the signature key.
    pub const EF_CIE_KPUB: Self = Self(0x1007);

    /// EF.CardAccess under the MF, what PACE a document offers (ICAO 9303-10 §3.11.3).
    pub const EF_CARD_ACCESS: Self = Self(0x011C);
    /// EF.CardSecurity under the MF.
    pub const EF_CARD_SECURITY: Self = Self(0x011D);
    /// EF.COM of the document application, the list of its data groups.
    pub const EF_COM: Self = Self(0x011E);
    /// EF.SOD of the document application, its security object.
    pub const EF_DOCUMENT_SOD: Self = Self(0x011D);
    /// EF.CVCA of the document application, the names of those who certify terminals.
    pub const EF_CVCA: Self = Self(0x011C);

    /// EF.DG1 to EF.DG16 of the document application: `01` and the number.
    #[must_use]
    pub const fn data_group(number: u8) -> Self {
        Self(0x0100 | number as u16)
    }

    /// From the two bytes of a command data field.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A short EF identifier, 1 to 30 (ISO/IEC 7816-4:2020 §7.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortFileId(u8);

impl ShortFileId {
    /// `None` outside 1 to 30.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        match value {
            1..=30 => Some(Self(value)),
            _ => None,
        }
    }

    /// The number, 1 to 30.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A transparent elementary file.
#[derive(Clone, PartialEq, Eq)]
pub struct ElementaryFile {
    /// Its identifier.
    pub file_id: FileId,
    /// Its short identifier, if it has one.
    pub short_file_id: Option<ShortFileId>,
    /// Its name in the card's documents.
    pub name: &'static str,
    /// When READ BINARY is allowed.
    pub read: AccessCondition,
    /// Its content, at most 65535 bytes.
    pub contents: Vec<u8>,
}

impl ElementaryFile {
    /// Whether this is EF.CardAccess, as far as its two identifiers say.
    fn is_card_access(&self) -> bool {
        self.file_id == FileId::EF_CARD_ACCESS
            && self.short_file_id.is_some_and(|short| short.0 == 0x1C)
    }
}

impl fmt::Debug for ElementaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EF {} {} ({} bytes)",
            self.file_id,
            self.name,
            self.contents.len()
        )
    }
}

/// A dedicated file: the MF, or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedicatedFile {
    /// Its name for people.
    pub name: &'static str,
    /// Its file identifier, if it can be selected by one.
    pub file_id: Option<FileId>,
    /// DF names (application identifiers, 5 to 16 bytes) that select it.
    pub df_names: Vec<Vec<u8>>,
    /// Its elementary files.
    pub files: Vec<ElementaryFile>,
}

/// Which dedicated file of a [`FileTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DfIndex(usize);

/// Which elementary file of the current dedicated file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EfIndex(usize);

/// As whose root the master file was entered. EF.SN.ICC of IAS and EF.CardAccess of the document both have the short
/// identifier 1C there (IAS ECC 1.0.1; ICAO 9303-10 §3.11.3): which of the two it names depends on where the reader comes
/// from. By their file identifiers both are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// The card's own master file: entered by its identifier, from nothing or from the document.
    #[default]
    Card,
    /// The root of the IAS application: entered by its name, or as the master file by those who were in IAS before.
    Ias,
}

/// What is selected. After a reset: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The current DF.
    pub df: Option<DfIndex>,
    /// The current EF in it.
    pub ef: Option<EfIndex>,
    /// As whose root the master file counts.
    pub root: Root,
}

/// Why dedicated files do not make a tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// Two files of one DF share an identifier.
    #[error("{df}: file identifier {file_id} is there twice")]
    DuplicateFileId {
        /// Name of the DF.
        df: &'static str,
        /// The identifier.
        file_id: FileId,
    },
    /// Two files of one DF share a short identifier.
    #[error("{df}: short file identifier {short_file_id:02X} is there twice")]
    DuplicateShortFileId {
        /// Name of the DF.
        df: &'static str,
        /// The short identifier.
        short_file_id: u8,
    },
    /// Two DFs share a name.
    #[error("DF name {0} is there twice")]
    DuplicateDfName(String),
    /// A file is larger than READ BINARY can address.
    #[error("{df}: file {file_id} has {size} bytes, 65535 at most")]
    TooLarge {
        /// Name of the DF.
        df: &'static str,
        /// The identifier.
        file_id: FileId,
        /// Its size in bytes.
        size: usize,
    },
}

/// All files of a card. Immutable once built: the CIE's commands change no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTree {
    dedicated: Vec<DedicatedFile>,
}

impl FileTree {
    /// Builds the tree; the first DF is the MF.
    ///
    /// # Errors
    /// [`TreeError`] when identifiers are ambiguous or a file is too large.
    pub fn new(dedicated: Vec<DedicatedFile>) -> Result<Self, TreeError> {
        let mut names: Vec<&[u8]> = Vec::new();
        for df in &dedicated {
            check_elementary_files(df)?;
            for name in &df.df_names {
                if names.contains(&name.as_slice()) {
                    return Err(TreeError::DuplicateDfName(hex::encode_upper(name)));
                }
                names.push(name);
            }
        }
        Ok(Self { dedicated })
    }

    /// All dedicated files, the MF first.
    #[must_use]
    pub fn dedicated_files(&self) -> &[DedicatedFile] {
        &self.dedicated
    }

    /// The DF with exactly this name.
    #[must_use]
    pub fn by_df_name(&self, name: &[u8]) -> Option<DfIndex> {
        self.dedicated
            .iter()
            .position(|df| df.df_names.iter().any(|n| n == name))
            .map(DfIndex)
    }

    /// The DF with this file identifier.
    #[must_use]
    pub fn by_file_id(&self, file_id: FileId) -> Option<DfIndex> {
        self.dedicated
            .iter()
            .position(|df| df.file_id == Some(file_id))
            .map(DfIndex)
    }

    /// That DF.
    #[must_use]
    pub fn df(&self, index: DfIndex) -> Option<&DedicatedFile> {
        self.dedicated.get(index.0)
    }

    /// The EF under `df` with this identifier.
    #[must_use]
    pub fn ef_by_file_id(&self, df: DfIndex, file_id: FileId) -> Option<EfIndex> {
        self.df(df)?
            .files
            .iter()
            .position(|ef| ef.file_id == file_id)
            .map(EfIndex)
    }

    /// The EF under `df` with this short identifier; where EF.CardAccess shares it with another, `root` decides.
    #[must_use]
    pub fn ef_by_short_id(&self, df: DfIndex, short: ShortFileId, root: Root) -> Option<EfIndex> {
        let files = &self.df(df)?.files;
        let carries = |ef: &ElementaryFile| ef.short_file_id == Some(short);
        let preferred =
            |ef: &ElementaryFile| carries(ef) && ef.is_card_access() == (root == Root::Card);
        let position = files.iter().position(preferred);
        position
            .or_else(|| files.iter().position(carries))
            .map(EfIndex)
    }

    /// That EF.
    #[must_use]
    pub fn ef(&self, df: DfIndex, ef: EfIndex) -> Option<&ElementaryFile> {
        self.df(df)?.files.get(ef.0)
    }

    /// The current EF of a selection.
    #[must_use]
    pub fn current_ef(&self, selection: Selection) -> Option<&ElementaryFile> {
        self.ef(selection.df?, selection.ef?)
    }
}

fn check_elementary_files(df: &DedicatedFile) -> Result<(), TreeError> {
    for (position, ef) in df.files.iter().enumerate() {
        let earlier = df.files.iter().take(position);
        if earlier.clone().any(|other| other.file_id == ef.file_id) {
            return Err(TreeError::DuplicateFileId {
                df: df.name,
                file_id: ef.file_id,
            });
        }
        if let Some(short) = ef.short_file_id
            && earlier.clone().any(|other| {
                other.short_file_id == Some(short) && other.is_card_access() == ef.is_card_access()
            })
        {
            return Err(TreeError::DuplicateShortFileId {
                df: df.name,
                short_file_id: short.get(),
            });
        }
        if ef.contents.len() > 0xFFFF {
            return Err(TreeError::TooLarge {
                df: df.name,
                file_id: ef.file_id,
                size: ef.contents.len(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn ef(file_id: u16, short: Option<u8>, size: usize) -> ElementaryFile {
        ElementaryFile {
            file_id: FileId(file_id),
            short_file_id: short.and_then(ShortFileId::new),
            name: "EF",
            read: AccessCondition::Always,
            contents: vec![0; size],
        }
    }

    fn tree(files: Vec<ElementaryFile>) -> Result<FileTree, TreeError> {
        let df = DedicatedFile {
            name: "MF",
            file_id: Some(FileId::MASTER_FILE),
            df_names: vec![vec![0xA0]],
            files,
        };
        FileTree::new(vec![df])
    }

    #[test]
    fn files_are_found_by_both_identifiers() {
        let tree = tree(vec![ef(0x2F00, Some(30), 1), ef(0x2F01, Some(29), 2)]).unwrap();
        let mf = tree.by_file_id(FileId::MASTER_FILE).unwrap();
        assert_eq!(tree.by_df_name(&[0xA0]), Some(mf));
        let by_id = tree.ef_by_file_id(mf, FileId::EF_ATR).unwrap();
        assert_eq!(
            tree.ef_by_short_id(mf, ShortFileId::new(29).unwrap(), Root::Card),
            Some(by_id)
        );
        assert_eq!(tree.ef(mf, by_id).unwrap().contents.len(), 2);
        assert_eq!(tree.ef_by_file_id(mf, FileId(0x1001)), None);
    }

    /// EF.SN.ICC and EF.CardAccess under one root: a short identifier each, by where the reader comes from.
    #[rstest]
    #[case::both(vec![ef(0xD003, Some(0x1C), 12), ef(0x011C, Some(0x1C), 22)], 22, 12)]
    #[case::both_the_other_way_round(vec![ef(0x011C, Some(0x1C), 22), ef(0xD003, Some(0x1C), 12)], 22, 12)]
    #[case::no_document(vec![ef(0xD003, Some(0x1C), 12)], 12, 12)]
    #[case::no_ias(vec![ef(0x011C, Some(0x1C), 22)], 22, 22)]
    fn a_short_identifier_of_two(
        #[case] files: Vec<ElementaryFile>,
        #[case] card: usize,
        #[case] ias: usize,
    ) {
        let tree = tree(files).unwrap();
        let mf = tree.by_file_id(FileId::MASTER_FILE).unwrap();
        let size = |root| {
            let ef = tree.ef_by_short_id(mf, ShortFileId::new(0x1C).unwrap(), root);
            tree.ef(mf, ef.unwrap()).unwrap().contents.len()
        };
        assert_eq!((size(Root::Card), size(Root::Ias)), (card, ias));
    }

    #[rstest]
    #[case::same_id(vec![ef(1, None, 0), ef(1, None, 0)], "MF: file identifier 0001 is there twice")]
    #[case::same_sfi(vec![ef(1, Some(3), 0), ef(2, Some(3), 0)], "MF: short file identifier 03 is there twice")]
    #[case::large(vec![ef(1, None, 65536)], "MF: file 0001 has 65536 bytes, 65535 at most")]
    fn ambiguous_trees_are_refused(#[case] files: Vec<ElementaryFile>, #[case] message: &str) {
        assert_eq!(tree(files).unwrap_err().to_string(), message);
    }

    #[rstest]
    #[case(0, false)]
    #[case(1, true)]
    #[case(30, true)]
    #[case(31, false)]
    fn short_identifiers(#[case] value: u8, #[case] valid: bool) {
        assert_eq!(ShortFileId::new(value).is_some(), valid);
    }
}
