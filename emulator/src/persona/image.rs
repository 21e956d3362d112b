//! From the contents of a card to its image: which file stands where, under which identifiers and access conditions.

use super::{CardData, Document};
use crate::apps::emrtd;
use crate::apps::ias::Keys;
use crate::card::{Image, ImageError};
use crate::chip::{Chip, Profile};
use crate::files::{
    AccessCondition, Biometric, DedicatedFile, ElementaryFile, FileId, FileTree, ShortFileId,
};
use cie_crypto::dh::Group;
use std::sync::Arc;

/// DF name of the IAS application, the same view as the master file.
const IAS: [u8; 13] = [
    0xA0, 0x00, 0x00, 0x00, 0x30, 0x80, 0x00, 0x00, 0x00, 0x09, 0x81, 0x60, 0x01,
];
/// DF name of the CIE application.
const CIE: [u8; 6] = [0xA0, 0x00, 0x00, 0x00, 0x00, 0x39];
/// Files are padded to a multiple of this where the profile pads.
const PADDING_UNIT: usize = 256;

impl CardData {
    /// The image of this card on that chip.
    ///
    /// # Errors
    /// [`ImageError`] when the files do not make a tree, or a key does not fit.
    pub fn into_image(self, chip: Arc<Chip>, profile: Profile) -> Result<Image, ImageError> {
        let files = FileTree::new(vec![
            master_file(&self, &chip),
            cie_df(&self, &profile),
            document_df(&self.document),
        ])?;
        let keys = Keys {
            signature: self.signature_key,
            signature_use: AccessCondition::UserVerified,
            device: self.device_key,
            services: self.services_key,
            terminal_ca: self.terminal_ca,
            dh: Group::rfc5114_2048_256().clone(),
            serial_number: self.sn_icc,
        };
        let image = Image::new(chip, profile, files, keys, self.pin, self.puk);
        Ok(image.with_document(self.document.keys))
    }
}

fn master_file(card: &CardData, chip: &Chip) -> DedicatedFile {
    let directory = crate::wire::tlv::object(0x61, &crate::wire::tlv::object(0x4F, &IAS));
    DedicatedFile {
        name: "MF",
        file_id: Some(FileId::MASTER_FILE),
        df_names: vec![IAS.to_vec()],
        files: vec![
            public(FileId::EF_DIR, 0x1E, "EF.DIR", directory),
            public(FileId::EF_ATR, 0x1D, "EF.ATR/INFO", chip.ef_atr.clone()),
            public(
                FileId::EF_SN_ICC,
                0x1C,
                "EF.SN.ICC",
                card.ef_sn_icc.to_vec(),
            ),
            public(FileId::EF_DH, 0x1B, "EF.DH", card.ef_dh.clone()),
            public(
                FileId::EF_CARD_ACCESS,
                0x1C,
                "EF.CardAccess",
                card.document.ef_card_access.clone(),
            ),
        ],
    }
}

fn cie_df(card: &CardData, profile: &Profile) -> DedicatedFile {
    let padded = |contents: &[u8]| {
        let mut contents = contents.to_vec();
        if profile.pad_files {
            contents.resize(contents.len().next_multiple_of(PADDING_UNIT), 0);
        }
        contents
    };
    let private = |file_id, short, name, contents| ElementaryFile {
        read: AccessCondition::UserVerified,
        ..public(file_id, short, name, contents)
    };
    let mut certificate = card.ef_cert_cie.clone();
    let unused = usize::from(card.certificate_padding);
    certificate.resize(certificate.len().saturating_add(unused), 0);
    let mut files = vec![
        public(
            FileId::EF_ID_SERVIZI,
            1,
            "EF.ID_Servizi",
            card.ef_id_servizi.to_vec(),
        ),
        private(
            FileId::EF_SERIALE,
            2,
            "EF.Seriale",
            card.ef_seriale.to_vec(),
        ),
        private(FileId::EF_CERT_CIE, 3, "EF.Cert_CIE", padded(&certificate)),
        public(
            FileId::EF_INT_KPUB,
            4,
            "EF.Int.Kpub",
            padded(&card.ef_int_kpub),
        ),
        public(
            FileId::EF_SERVIZI_INT_KPUB,
            5,
            "EF.Servizi_Int.Kpub",
            padded(&card.ef_servizi_int_kpub),
        ),
        public(FileId::EF_SOD, 6, "EF.SOD", card.ef_sod.clone()),
        private(
            FileId::EF_CIE_KPUB,
            7,
            "EF.CIE.Kpub",
            padded(&card.ef_cie_kpub),
        ),
    ];
    if profile.sn_icc_in_cie_df {
        files.push(public(
            FileId::EF_SN_ICC,
            0x1C,
            "EF.SN.ICC",
            card.ef_sn_icc.to_vec(),
        ));
    }
    DedicatedFile {
        name: "CIE",
        file_id: None,
        df_names: vec![CIE.to_vec()],
        files,
    }
}

/// The LDS application (ICAO 9303-10 §3.11): nothing in it is read in clear, and fingerprints by certified terminals only.
fn document_df(document: &Document) -> DedicatedFile {
    let readable = |file_id, short, name, contents: &[u8]| ElementaryFile {
        read: AccessCondition::Document,
        ..public(file_id, short, name, contents.to_vec())
    };
    let mut files = vec![
        readable(FileId::EF_COM, 0x1E, "EF.COM", &document.ef_com),
        readable(FileId::EF_DOCUMENT_SOD, 0x1D, "EF.SOD", &document.ef_sod),
        readable(FileId::EF_CVCA, 0x1C, "EF.CVCA", &document.ef_cvca),
    ];
    for (number, contents) in &document.data_groups {
        let name = data_group_name(*number);
        let file = readable(FileId::data_group(*number), *number, name, contents);
        files.push(match number {
            3 => ElementaryFile {
                read: AccessCondition::Biometric(Biometric::Fingerprints),
                ..file
            },
            _ => file,
        });
    }
    DedicatedFile {
        name: "eMRTD",
        file_id: None,
        df_names: vec![emrtd::AID.to_vec()],
        files,
    }
}

/// Name of a data group, 1 to 16.
fn data_group_name(number: u8) -> &'static str {
    const NAMES: [&str; 16] = [
        "EF.DG1", "EF.DG2", "EF.DG3", "EF.DG4", "EF.DG5", "EF.DG6", "EF.DG7", "EF.DG8", "EF.DG9",
        "EF.DG10", "EF.DG11", "EF.DG12", "EF.DG13", "EF.DG14", "EF.DG15", "EF.DG16",
    ];
    let index = usize::from(number).checked_sub(1);
    index
        .and_then(|index| NAMES.get(index))
        .copied()
        .unwrap_or("EF.DG")
}

fn public(file_id: FileId, short: u8, name: &'static str, contents: Vec<u8>) -> ElementaryFile {
    ElementaryFile {
        file_id,
        short_file_id: ShortFileId::new(short),
        name,
        read: AccessCondition::Always,
        contents,
    }
}
