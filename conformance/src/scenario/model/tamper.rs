//! What can be done to a command on its way to the card: the ways in which a terminal, an attacker or a bad line spoils a
//! protected command. Each changes exactly one thing, so that a refusal has one reason.

use serde::Deserialize;

use super::reference::SecureMessagingObject;
use crate::scenario::decode::At;
use crate::scenario::text::{HexByte, HexBytes};

/// A change made to the protected command after its MAC was computed (where not said otherwise).
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Tamper {
    /// Flip this bit of the MAC (0 is the lowest bit of its last byte).
    pub flip_mac_bit: Option<At<u32>>,
    /// Flip this bit of the cryptogram in 87 or 85.
    pub flip_data_bit: Option<At<u32>>,
    /// Flip this bit of the header CLA INS P1 P2 (0 is the lowest bit of P2).
    pub flip_header_bit: Option<At<u32>>,
    /// Leave out a data object; the MAC is that of the command without it, except when the MAC itself goes.
    pub drop_do: Option<At<SecureMessagingObject>>,
    /// Leave out a data object that the MAC was computed over.
    pub strip_do: Option<At<SecureMessagingObject>>,
    /// Send a data object twice, with a MAC that covers both.
    pub duplicate_do: Option<At<SecureMessagingObject>>,
    /// Add an unknown data object in front of the MAC, covered by it.
    pub insert_do: Option<At<InsertObject>>,
    /// Send the data objects in reverse order, the MAC first; it covers them as sent.
    pub reorder: Option<At<bool>>,
    /// Cut the MAC to so many bytes.
    pub mac_length: Option<At<u32>>,
    /// Send earlier bytes again instead of this command.
    pub replay: Option<At<Replay>>,
    /// Move the terminal's send sequence counter on by so much before protecting.
    pub skip_ssc: Option<At<i32>>,
    /// Encrypt data with a padding that is none (MAC correct).
    pub wrong_padding: Option<At<bool>>,
    /// Set the padding indicator of 87 to this byte (MAC correct).
    pub padding_indicator: Option<At<HexByte>>,
    /// Send this class byte instead of the one protected.
    pub class: Option<At<HexByte>>,
    /// Send the command without protection although a channel is open; the terminal keeps its keys.
    pub plain: Option<At<bool>>,
    /// Trouble with a command that is not protected.
    pub trouble: Option<At<PlainTrouble>>,
    /// Send only the first so many bytes of the command.
    pub truncate: Option<At<u32>>,
    /// Add these bytes to the end of the command.
    pub append: Option<At<HexBytes>>,
}

impl Tamper {
    /// True when nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A data object to add.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsertObject {
    /// Its tag.
    pub tag: HexByte,
    /// Its value.
    pub value: HexBytes,
}

/// Which earlier command is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// The last protected command, byte for byte.
    Last,
    /// The first protected command of this session, byte for byte.
    First,
}

/// Faults of a command's outer form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlainTrouble {
    /// Lc says one byte more than there is.
    LcTooLong,
    /// Lc says one byte less than there is.
    LcTooShort,
    /// Lc zero in a short command that carries data.
    LcZero,
    /// The extended form where the short one would do.
    ExtendedLength,
}
