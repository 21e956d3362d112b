//! The deserializer itself: what each shape of a tree answers to what a type asks for.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::at::{AT, leave_place};
use super::error::{DecodeError, unquoted, wrong_shape};
use super::walk::{Choice, Entries, Items};
use super::{TEXT_OR_CHOICE, TEXT_OR_MORE};
use crate::scenario::problem::Code;
use crate::scenario::tree::{Entry, Kind, Node, Scalar, Style};
use serde::de::Expected;

impl Node {
    /// The text of a scalar that stands for text.
    fn as_text(&self, wanted: &dyn Expected) -> Result<&str, DecodeError> {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.style {
                Style::Text | Style::Filled => Ok(&scalar.text),
                Style::Null if scalar.text.is_empty() => Err(wrong_shape(self, wanted)),
                Style::Number | Style::Bool | Style::Null => Err(unquoted(scalar).at(self)),
            },
            Kind::List(_) | Kind::Map(_) => Err(wrong_shape(self, wanted)),
        }
    }

    /// A whole number, written as one or filled in by a variable.
    fn as_integer(&self) -> Option<i64> {
        match &self.kind {
            Kind::Scalar(Scalar {
                text,
                style: Style::Number | Style::Filled,
            }) => text.parse().ok(),
            _ => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar(Scalar {
                text,
                style: Style::Bool | Style::Filled,
            }) => match text.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn visit_list<'n, V: Visitor<'n>>(
        &'n self,
        items: &'n [Self],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor
            .visit_seq(Items { left: items.iter() })
            .map_err(|error| error.at(self))
    }

    fn visit_entries<'n, V: Visitor<'n>>(
        &'n self,
        entries: &'n [Entry],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor
            .visit_map(Entries {
                left: entries.iter(),
                value: None,
            })
            .map_err(|error| error.at(self))
    }
}

/// Forwards the integer methods to one reading.
macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.as_integer() {
                Some(number) => match u64::try_from(number) {
                    Ok(number) => visitor.visit_u64(number),
                    Err(_) => visitor.visit_i64(number),
                }.map_err(|error: DecodeError| error.at(self)),
                None => Err(wrong_shape(self, &"a whole number")),
            }
        }
    )*};
}

impl<'n> Deserializer<'n> for &'n Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.kind {
            Kind::List(items) => self.visit_list(items, visitor),
            Kind::Map(entries) => self.visit_entries(entries, visitor),
            Kind::Scalar(scalar) => match scalar.style {
                Style::Number if self.as_integer().is_some() => self.deserialize_i64(visitor),
                Style::Bool if self.as_bool().is_some() => self.deserialize_bool(visitor),
                Style::Null => visitor
                    .visit_unit()
                    .map_err(|error: DecodeError| error.at(self)),
                _ => visitor
                    .visit_borrowed_str(&scalar.text)
                    .map_err(|error: DecodeError| error.at(self)),
            },
        }
    }

    integers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.as_bool() {
            Some(value) => visitor
                .visit_bool(value)
                .map_err(|error: DecodeError| error.at(self)),
            None => Err(wrong_shape(self, &"true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.as_text(&visitor)?;
        visitor
            .visit_borrowed_str(text)
            .map_err(|error: DecodeError| error.at(self))
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() {
            visitor.visit_unit()
        } else {
            Err(wrong_shape(self, &"nothing"))
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            AT => {
                leave_place(self.span.clone());
                visitor.visit_newtype_struct(self)
            }
            TEXT_OR_MORE => match &self.kind {
                Kind::Scalar(_) => self.deserialize_str(visitor),
                Kind::List(_) | Kind::Map(_) => self.deserialize_any(visitor),
            },
            TEXT_OR_CHOICE => match &self.kind {
                Kind::Scalar(_) => self.deserialize_str(visitor),
                Kind::List(_) | Kind::Map(_) => {
                    self.deserialize_enum("", &["the functions allowed here"], visitor)
                }
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.kind {
            Kind::List(items) => self.visit_list(items, visitor),
            Kind::Scalar(_) | Kind::Map(_) => Err(wrong_shape(self, &"a list")),
        }
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.kind {
            Kind::Map(entries) => self.visit_entries(entries, visitor),
            Kind::Scalar(_) | Kind::List(_) => Err(wrong_shape(self, &"a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.kind {
            Kind::Map(entries) => self.visit_entries(entries, visitor),
            Kind::Scalar(_) | Kind::List(_) => {
                let wanted = format!("a mapping with {}", fields.join(", "));
                Err(wrong_shape(self, &wanted.as_str()))
            }
        }
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let choice = match &self.kind {
            Kind::Map(entries) => match entries.as_slice() {
                [entry] => Choice {
                    name: &entry.key.text,
                    place: &entry.key.span,
                    node: Some(&entry.value),
                },
                _ => {
                    let message = format!(
                        "expected exactly one of {}, found {} keys",
                        variants.join(", "),
                        entries.len()
                    );
                    return Err(DecodeError::new(Code::WrongType, message).at(self));
                }
            },
            Kind::Scalar(_) => Choice {
                name: self.as_text(&"one of the names allowed here")?,
                place: &self.span,
                node: None,
            },
            Kind::List(_) => {
                return Err(wrong_shape(
                    self,
                    &format!("one of {}", variants.join(", ")).as_str(),
                ));
            }
        };
        visitor
            .visit_enum(choice)
            .map_err(|error: DecodeError| error.at(self))
    }

    fn deserialize_identifier<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'n>>
        i128 u128 f32 f64 char bytes byte_buf unit_struct tuple tuple_struct ignored_any
    }
}
