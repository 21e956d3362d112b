//! Bytes in words: commands, status words and data objects as the reports show them. The words are those of the card's own
//! trace; there is no second table of instructions or status words. Unlike a trace a report also opens half a tree, as far
//! as it can be read: a failure may be about the other half.

use cie_emulator::phy::trace;
use cie_emulator::wire::tlv::{Objects, Tag};
use cie_emulator::wire::{Response, StatusWord};

use super::model::{Channel, Exchange, TlvNode};

impl Exchange {
    /// An exchange without secure messaging, described from its bytes. `response` is `None` when nothing came.
    #[must_use]
    pub fn plain(command: &[u8], response: Option<&[u8]>) -> Self {
        let mut exchange = Self {
            command: trace::describe(command),
            plain_command: Some(command_digits(command)),
            plain_response: response.map(hex::encode_upper),
            ..Self::default()
        };
        exchange.describe_response(response);
        exchange
    }

    /// An exchange under secure messaging. `plain_command` is what was meant and `wire` what was sent and received;
    /// `plain_response` is `None` when nothing came or when its protection was wrong or absent, and the status word is then
    /// the plain one of the wire.
    #[must_use]
    pub fn protected(
        plain_command: &[u8],
        plain_response: Option<&[u8]>,
        wire: (&[u8], Option<&[u8]>),
    ) -> Self {
        let (wire_command, wire_response) = wire;
        let mut exchange = Self {
            command: trace::describe(plain_command),
            plain_command: Some(command_digits(plain_command)),
            plain_response: plain_response.map(hex::encode_upper),
            wire_command: Some(command_digits(wire_command)),
            wire_response: wire_response.map(hex::encode_upper),
            channel: if plain_response.is_some() {
                Channel::Protected
            } else {
                Channel::Plain
            },
            ..Self::default()
        };
        exchange.describe_response(plain_response.or(wire_response));
        exchange
    }

    fn describe_response(&mut self, response: Option<&[u8]>) {
        let Some(Ok(Response { data, sw })) = response.map(Response::parse) else {
            return;
        };
        self.sw = Some(hex::encode_upper(sw.to_bytes()));
        self.sw_text = Some(status_words(sw));
        self.tlv = tlv_tree(data);
    }
}

/// A status word in words, without its digits: `verification failed, 2 tries left`.
#[must_use]
pub fn status_words(sw: StatusWord) -> String {
    let shown = sw.to_string();
    let words = shown
        .split_once(" (")
        .and_then(|(_, words)| words.strip_suffix(')'));
    words.map_or_else(|| sw.meaning().to_owned(), str::to_owned)
}

/// The words for a text that is exactly one status word in hexadecimal, as it stands in a failure.
pub(super) fn status_words_of(text: &str) -> Option<String> {
    let digits: [u8; 2] = hex::decode(text).ok()?.try_into().ok()?;
    Some(status_words(StatusWord::from_bytes(digits)))
}

/// A command in hexadecimal. The data of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER are taken out here, before
/// anything is written down: two asterisks for each byte.
#[must_use]
pub fn command_digits(command: &[u8]) -> String {
    trace::Bytes::of_command(command, trace::Secrets::Masked).to_string()
}

/// The data objects in `bytes` as a tree, empty unless they are BER-TLV from the first byte to the last (ISO/IEC 7816-4:2020
/// §6.3). Constructed objects are opened as far as their insides are well formed, at most 12 deep.
#[must_use]
pub fn tlv_tree(bytes: &[u8]) -> Vec<TlvNode> {
    nodes(bytes, 12).unwrap_or_default()
}

fn nodes(bytes: &[u8], depth: usize) -> Option<Vec<TlvNode>> {
    let object = |object: Result<cie_emulator::wire::tlv::Tlv<'_>, _>| {
        let object = object
            .ok()
            .filter(|object| !matches!(object.tag, Tag(0x00 | 0xFF)))?;
        let inside = if object.tag.is_constructed() && depth > 0 {
            nodes(object.value, depth - 1)
        } else {
            None
        };
        Some(TlvNode {
            tag: object.tag.to_string(),
            name: tag_name(object.tag).map(str::to_owned),
            length: object.value.len(),
            value: inside.is_none().then(|| hex::encode_upper(object.value)),
            children: inside.unwrap_or_default(),
        })
    };
    Objects::new(bytes).map(object).collect()
}

/// Names of tags that mean the same wherever they stand: the universal class and the interindustry tags of ISO/IEC 7816-4 and
/// ICAO 9303-10. Context-specific tags have no name of their own.
const fn tag_name(tag: Tag) -> Option<&'static str> {
    Some(match tag.0 {
        0x01 => "BOOLEAN",
        0x02 => "INTEGER",
        0x03 => "BIT STRING",
        0x04 => "OCTET STRING",
        0x05 => "NULL",
        0x06 => "OBJECT IDENTIFIER",
        0x0C => "UTF8String",
        0x13 => "PrintableString",
        0x16 => "IA5String",
        0x17 => "UTCTime",
        0x18 => "GeneralizedTime",
        0x30 => "SEQUENCE",
        0x31 => "SET",
        0x42 => "issuer identification number",
        0x4F => "application identifier",
        0x50 => "application label",
        0x53 => "discretionary data",
        0x5C => "tag list",
        0x5F01 => "LDS version",
        0x5F1F => "machine readable zone",
        0x5F20 => "cardholder name",
        0x5F24 => "expiration date",
        0x5F25 => "effective date",
        0x5F29 => "certificate profile",
        0x5F36 => "Unicode version",
        0x5F37 => "static signature",
        0x5F38 => "certificate remainder",
        0x60 => "EF.COM",
        0x61 => "application template",
        0x62 => "file control parameters",
        0x64 => "file management data",
        0x6F => "file control information",
        0x73 => "discretionary data objects",
        0x75 => "EF.DG2",
        0x77 => "EF.SOD",
        0x7C => "dynamic authentication data",
        0x7F21 => "card verifiable certificate",
        0x7F49 => "public key",
        0x7F4E => "certificate body",
        0x7F60 => "biometric information template",
        0x7F61 => "biometric information group",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use rstest::rstest;

    use super::{status_words_of, tlv_tree};
    use crate::report::model::{Channel, Exchange};

    const VERIFY: [u8; 9] = [0, 0x20, 0, 0x81, 4, 0x31, 0x32, 0x33, 0x34];

    #[rstest]
    #[case::plain(Exchange::plain(&VERIFY, None))]
    #[case::meant(Exchange::protected(&VERIFY, None, (&[0x0C, 0x20, 0, 0x81, 0], None)))]
    fn a_code_is_taken_out_before_it_is_written_down(#[case] exchange: Exchange) {
        assert_eq!(exchange.command, "VERIFY PIN, 4 bytes");
        assert_eq!(
            exchange.plain_command.as_deref(),
            Some("0020008104********")
        );
    }

    #[rstest]
    #[case("63C2", Some("verification failed, 2 tries left"))]
    #[case("6983", Some("authentication method blocked"))]
    #[case("63C?", None)]
    #[case("900000", None)]
    fn status_in_words(#[case] text: &str, #[case] words: Option<&str>) {
        assert_eq!(status_words_of(text).as_deref(), words);
    }

    #[test]
    fn a_tree_opens_constructed_objects() {
        let tree = tlv_tree(&hex::decode("7F4907810102820203045003414243").unwrap());
        let [key, label] = tree.as_slice() else {
            panic!("{tree:?}")
        };
        assert_eq!(
            (key.tag.as_str(), key.name.as_deref(), key.length),
            ("7F49", Some("public key"), 7)
        );
        assert_eq!(key.children[1].value.as_deref(), Some("0304"));
        assert_eq!(label.value.as_deref(), Some("414243"));
        assert!(tlv_tree(&hex::decode("5003414243FF").unwrap()).is_empty());
    }

    #[test]
    fn a_protected_exchange_without_protection_on_the_way_back_is_plain() {
        let exchange = Exchange::protected(
            &[0, 0x84, 0, 0, 8],
            None,
            (&[0x0C, 0x84, 0, 0, 0], Some(&[0x69, 0x88])),
        );
        assert_eq!(exchange.channel, Channel::Plain);
        assert_eq!(exchange.sw.as_deref(), Some("6988"));
        assert_eq!(
            exchange.sw_text.as_deref(),
            Some("secure messaging data objects incorrect")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_described(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let exchange = Exchange::plain(&bytes, Some(&bytes));
            assert_eq!(exchange.sw.is_some(), bytes.len() >= 2);
            assert!(!exchange.command.is_empty());
        }
    }
}
