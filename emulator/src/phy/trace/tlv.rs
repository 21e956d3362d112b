//! The data objects of a response as a tree with names (ISO/IEC 7816-4:2020 §6.3): only when the bytes are BER-TLV from end
//! to end, because half a tree of something else misleads.

use super::names;
use crate::wire::tlv::{Objects, Tag, Tlv};
use serde::Serialize;

/// Deeper objects stay closed: nothing a CIE serves goes as deep, and hostile bytes could go as deep as they are long.
const MAX_DEPTH: usize = 24;

/// One data object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlvNode {
    /// Its tag, hexadecimal.
    pub tag: String,
    /// What it is called there, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// Length of the value in bytes.
    pub length: usize,
    /// The value of a primitive object, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The objects inside a constructed one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TlvNode>,
}

/// The objects of `bytes`; `None` when they are not BER-TLV from end to end, or nothing.
#[must_use]
pub fn tree(bytes: &[u8]) -> Option<Vec<TlvNode>> {
    if bytes.is_empty() {
        return None;
    }
    objects(bytes, &mut Vec::new())
}

fn objects(bytes: &[u8], parents: &mut Vec<Tag>) -> Option<Vec<TlvNode>> {
    Objects::new(bytes)
        .map(|object| node(&object.ok()?, parents))
        .collect()
}

fn node(object: &Tlv<'_>, parents: &mut Vec<Tag>) -> Option<TlvNode> {
    // Tag 00 is padding, never an object.
    if object.tag.0 == 0 {
        return None;
    }
    let name = names::data_object(parents, object.tag);
    let open = object.tag.is_constructed() && parents.len() < MAX_DEPTH;
    let children = if open {
        parents.push(object.tag);
        let children = objects(object.value, parents);
        parents.pop();
        children?
    } else {
        Vec::new()
    };
    Some(TlvNode {
        tag: object.tag.to_string(),
        name,
        length: object.value.len(),
        value: (!open).then(|| hex::encode_upper(object.value)),
        children,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tlv;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn a_file_control_template_has_names() {
        let bytes = hex::decode("62178002000C8201018801E08302D0038A0105A1048C020100").unwrap();
        let tree = tree(&bytes).unwrap();
        let names: Vec<_> = tree[0]
            .children
            .iter()
            .filter_map(|node| node.name)
            .collect();
        assert_eq!(tree[0].name, Some("file control parameters"));
        assert_eq!(names.len(), tree[0].children.len());
        assert_eq!(names[3], "file identifier");
        assert_eq!(tree[0].children[3].value.as_deref(), Some("D003"));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::digits("313233343536373839303132")]
    #[case::padding_behind("5A010100")]
    #[case::broken_inside("300402050000")]
    fn no_tree_of_half_a_tree(#[case] hex: &str) {
        assert_eq!(tree(&hex::decode(hex).unwrap()), None);
    }

    #[test]
    fn nesting_as_deep_as_the_bytes_are_long_does_not_exhaust_the_stack() {
        let deep = (0..3000).fold(Vec::new(), |inner, _| tlv::object(0x30, &inner));
        let mut node = tree(&deep).unwrap().remove(0);
        let mut depth = 1;
        while let Some(child) = node.children.pop() {
            node = child;
            depth += 1;
        }
        assert_eq!(depth, MAX_DEPTH + 1);
    }

    proptest! {
        #[test]
        fn any_bytes_make_a_tree_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(nodes) = tree(&bytes) {
                prop_assert!(nodes.iter().map(|node| node.length).sum::<usize>() < bytes.len());
            }
        }
    }
}
