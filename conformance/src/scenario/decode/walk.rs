//! Walking through lists, mappings and variants, with the place of every key and value at hand.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::error::DecodeError;
use crate::scenario::problem::Code;
use crate::scenario::source::Span;
use crate::scenario::tree::{Entry, Node};

pub(super) struct Items<'n> {
    pub(super) left: std::slice::Iter<'n, Node>,
}

impl<'n> SeqAccess<'n> for Items<'n> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        match self.left.next() {
            Some(node) => seed
                .deserialize(node)
                .map(Some)
                .map_err(|error| error.at(node)),
            None => Ok(None),
        }
    }
}

pub(super) struct Entries<'n> {
    pub(super) left: std::slice::Iter<'n, Entry>,
    pub(super) value: Option<&'n Node>,
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'n>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        let key: StrDeserializer<'n, DecodeError> = entry.key.text.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|error| error.at_key(&entry.key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        match self.value.take() {
            Some(node) => seed.deserialize(node).map_err(|error| error.at(node)),
            None => Err(DecodeError::custom("a value was asked for before its key")),
        }
    }
}

/// A variant by name, with its content.
pub(super) struct Choice<'n> {
    pub(super) name: &'n str,
    pub(super) place: &'n Span,
    pub(super) node: Option<&'n Node>,
}

impl<'n> EnumAccess<'n> for Choice<'n> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'n>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        let name: StrDeserializer<'n, DecodeError> = self.name.into_deserializer();
        let value = seed
            .deserialize(name)
            .map_err(|error| error.at_key(self.place))?;
        Ok((value, self))
    }
}

impl<'n> VariantAccess<'n> for Choice<'n> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.node {
            Some(node) if !node.is_null() => {
                let message = format!("`{}` takes no parameters", self.name);
                Err(DecodeError::new(Code::WrongType, message).at(node))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'n>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        match self.node {
            Some(node) => seed.deserialize(node).map_err(|error| error.at(node)),
            None => {
                let message = format!("`{}` needs a value: write `{}: …`", self.name, self.name);
                Err(DecodeError::new(Code::WrongType, message).at_key(self.place))
            }
        }
    }

    fn tuple_variant<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::invalid_type(Unexpected::TupleVariant, &visitor).at_key(self.place))
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.node {
            Some(node) => node.deserialize_struct("", fields, visitor),
            None => Err(
                DecodeError::invalid_type(Unexpected::StructVariant, &visitor).at_key(self.place),
            ),
        }
    }
}
