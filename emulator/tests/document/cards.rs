//! Documents made by hand: the sample card's IAS side, and beside it files and keys of the published examples.

use super::{field, hex, vectors};
use cie_emulator::Card;
use cie_emulator::apps::emrtd::{
    AID, Can, ChipAuthenticationKey, Keys, MrzInformation, PaceOffer, StaticKey,
};
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::crypto::dh::Group;
use cie_emulator::crypto::random::{RandomSource, Scripted, Seeded};
use cie_emulator::crypto::suite::Suite;
use cie_emulator::files::{
    AccessCondition, Biometric, DedicatedFile, ElementaryFile, FileId, FileTree, ShortFileId,
};
use cie_emulator::persona::{CardData, Persona, personalise};
use std::sync::{Arc, LazyLock};

pub(crate) const MRZ: &str = "CA00000AA480010143101012";
pub(crate) const CAN: &str = "123456";
/// EF.COM as the published run reads its beginning: four data groups.
pub(crate) const EF_COM: &str = "60165F0104303130375F36063034303030305C0461756E77";

/// The IAS side, made once.
pub(crate) static SAMPLE: LazyLock<CardData> =
    LazyLock::new(|| personalise(&Persona::builtin("adult-default").unwrap()).unwrap());

/// A document to be.
pub(crate) struct Document {
    pub(crate) keys: Keys,
    pub(crate) ef_com: Vec<u8>,
    pub(crate) card_access: Vec<u8>,
    pub(crate) profile: Vec<String>,
}

impl Document {
    /// The CIE as it was seen: PACE with domain parameters 2 and 3DES, a Chip Authentication key of the same kind.
    pub(crate) fn cie() -> Self {
        let all = vectors("cie-profile");
        let v = &all["chip_authentication"];
        let key = StaticKey::Modular {
            group: Group::rfc5114_2048_256().clone(),
            exponent: field(v, "sk_picc").into(),
        };
        let keys = Keys {
            mrz: MrzInformation::new(MRZ).unwrap(),
            can: Can::new(CAN).unwrap(),
            pace: vec![PaceOffer::new(2, Suite::TripleDes).unwrap()],
            chip_authentication: vec![ChipAuthenticationKey {
                key_id: None,
                suite: Suite::TripleDes,
                key,
            }],
            active_authentication: None,
            terminal_authentication: None,
        };
        Self {
            keys,
            ef_com: hex(EF_COM),
            card_access: hex("31143012060A04007F00070202040101020102020102"),
            profile: Vec::new(),
        }
    }

    /// The same with another offer of PACE.
    pub(crate) fn offering(parameter_id: u8, suite: Suite) -> Self {
        let mut document = Self::cie();
        document.keys.pace = vec![PaceOffer::new(parameter_id, suite).unwrap()];
        document
    }

    pub(crate) fn mrz(mut self, mrz: &str) -> Self {
        self.keys.mrz = MrzInformation::new(mrz).unwrap();
        self
    }

    pub(crate) fn ef_com(mut self, contents: &str) -> Self {
        self.ef_com = hex(contents);
        self
    }

    /// A profile parameter, as `name=value`.
    pub(crate) fn with(mut self, setting: &str) -> Self {
        self.profile.push(setting.to_owned());
        self
    }

    pub(crate) fn image(self) -> Arc<Image> {
        let profile = Profile::with_settings(self.profile.iter().map(String::as_str)).unwrap();
        let mut image = SAMPLE
            .clone()
            .into_image(chip("bit4id2").unwrap(), profile)
            .unwrap();
        image.files = self.files(&image.files);
        image.emrtd = Some(self.keys);
        Arc::new(image)
    }

    fn files(&self, ias: &FileTree) -> FileTree {
        let mut all: Vec<DedicatedFile> = ias
            .dedicated_files()
            .iter()
            .filter(|df| !df.df_names.iter().any(|name| name == &AID))
            .cloned()
            .collect();
        let mf = &mut all[0].files;
        mf.retain(|ef| ef.file_id != FileId::EF_CARD_ACCESS);
        mf.push(ElementaryFile {
            read: AccessCondition::Always,
            ..ef(0x011C, 0x1C, "EF.CardAccess", self.card_access.clone())
        });
        all.push(DedicatedFile {
            name: "LDS",
            file_id: None,
            df_names: vec![AID.to_vec()],
            files: self.document_files(),
        });
        FileTree::new(all).unwrap()
    }

    fn document_files(&self) -> Vec<ElementaryFile> {
        let citizen = vectors("citizen");
        let data = &citizen["data"];
        let dg14 = field(&vectors("cie-profile")["chip_authentication"], "dg14");
        let mut cvca = hex("420E495443564341454D5530303030 31");
        cvca.resize(36, 0);
        let large = [0x77].into_iter();
        let large: Vec<u8> = large
            .chain((1..3000_u32).map(|i| (i % 251) as u8))
            .collect();
        vec![
            ef(0x011E, 0x1E, "EF.COM", self.ef_com.clone()),
            ef(0x011D, 0x1D, "EF.SOD", large),
            ef(0x0101, 1, "EF.DG1", field(data, "dg1")),
            ef(0x010B, 11, "EF.DG11", field(data, "dg11")),
            ef(0x010C, 12, "EF.DG12", field(data, "dg12")),
            ef(0x010E, 14, "EF.DG14", dg14),
            ElementaryFile {
                read: AccessCondition::Biometric(Biometric::Fingerprints),
                ..ef(0x0103, 3, "EF.DG3", hex("63067F6103020100"))
            },
            ef(0x011C, 0x1C, "EF.CVCA", cvca),
        ]
    }

    /// The card with power, drawing these random bytes in this order.
    pub(crate) fn scripted(self, entries: &[Vec<u8>]) -> Card {
        let random = Scripted::new(entries.iter().cloned(), Seeded::new(1));
        self.powered(Box::new(random))
    }

    /// The card with power.
    pub(crate) fn card(self) -> Card {
        self.powered(Box::new(Seeded::new(7)))
    }

    fn powered(self, random: Box<dyn RandomSource>) -> Card {
        let mut card = Card::new(self.image(), random);
        card.power_on();
        card
    }
}

fn ef(file_id: u16, short: u8, name: &'static str, contents: Vec<u8>) -> ElementaryFile {
    ElementaryFile {
        file_id: FileId(file_id),
        short_file_id: ShortFileId::new(short),
        name,
        read: AccessCondition::Document,
        contents,
    }
}
