//! File control information (ISO/IEC 7816-4:2020 §7.4): the template a SELECT may return.

use super::{AccessCondition, DedicatedFile, ElementaryFile};
use crate::wire::tlv::{self, Tag};

/// Which template SELECT asks for in P2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlTemplate {
    /// P2 = `00`: file control information, tag `6F`.
    FileControlInformation,
    /// P2 = `04`: file control parameters, tag `62`.
    FileControlParameters,
    /// P2 = `0C`: nothing.
    None,
}

impl ControlTemplate {
    const fn tag(self) -> Option<Tag> {
        match self {
            Self::FileControlInformation => Some(Tag(0x6F)),
            Self::FileControlParameters => Some(Tag(0x62)),
            Self::None => None,
        }
    }
}

/// Appends the template of the selected file to `out`: size `80`, descriptor `82`, short identifier `88`, identifier
/// `83` (or DF name `84`), life cycle `8A` = 05 (operational, activated) and compact access rules for contact `A1`.
///
/// 23 bytes of content for an EF, as the applet family of the CIE shows it.
pub fn write_control_information(
    out: &mut Vec<u8>,
    template: ControlTemplate,
    df: &DedicatedFile,
    ef: Option<&ElementaryFile>,
) {
    let Some(tag) = template.tag() else { return };
    let mut content = Vec::with_capacity(40);
    match ef {
        Some(ef) => elementary(&mut content, ef),
        None => dedicated(&mut content, df),
    }
    tlv::write(out, tag, &content);
}

fn elementary(content: &mut Vec<u8>, ef: &ElementaryFile) {
    let size = u16::try_from(ef.contents.len()).unwrap_or(u16::MAX);
    tlv::write(content, Tag(0x80), &size.to_be_bytes());
    tlv::write(content, Tag(0x82), &[0x01]);
    let short = ef.short_file_id.map_or(0, |short| short.get() << 3);
    tlv::write(content, Tag(0x88), &[short]);
    tlv::write(content, Tag(0x83), &ef.file_id.0.to_be_bytes());
    tlv::write(content, Tag(0x8A), &[0x05]);
    let read_rule = match ef.read {
        AccessCondition::Always => 0x00,
        AccessCondition::UserVerified => 0x70,
        AccessCondition::Document | AccessCondition::Pace => 0x40,
        AccessCondition::Biometric(_) => 0x60,
        AccessCondition::Never => 0xFF,
    };
    tlv::write(content, Tag(0xA1), &tlv::object(0x8C, &[0x01, read_rule]));
}

fn dedicated(content: &mut Vec<u8>, df: &DedicatedFile) {
    tlv::write(content, Tag(0x82), &[0x38]);
    if let Some(file_id) = df.file_id {
        tlv::write(content, Tag(0x83), &file_id.0.to_be_bytes());
    }
    if let Some(name) = df.df_names.first() {
        tlv::write(content, Tag(0x84), name);
    }
    tlv::write(content, Tag(0x8A), &[0x05]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{FileId, ShortFileId};
    use rstest::rstest;

    #[rstest]
    #[case::fcp(
        ControlTemplate::FileControlParameters,
        "62178002000C8201018801E08302D0038A0105A1048C020100"
    )]
    #[case::fci(
        ControlTemplate::FileControlInformation,
        "6F178002000C8201018801E08302D0038A0105A1048C020100"
    )]
    #[case::none(ControlTemplate::None, "")]
    fn elementary_file(#[case] template: ControlTemplate, #[case] expected: &str) {
        let df = DedicatedFile {
            name: "MF",
            file_id: Some(FileId::MASTER_FILE),
            df_names: vec![],
            files: vec![],
        };
        let ef = ElementaryFile {
            file_id: FileId::EF_SN_ICC,
            short_file_id: ShortFileId::new(0x1C),
            name: "EF.SN.ICC",
            read: AccessCondition::Always,
            contents: vec![0; 12],
        };
        let mut out = Vec::new();
        write_control_information(&mut out, template, &df, Some(&ef));
        assert_eq!(hex::encode_upper(out), expected);
    }
}
