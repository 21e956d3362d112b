//! From a tree to types: a serde deserializer over [`Node`] whose errors know their place. Text fields refuse scalars
//! that YAML reads as something else, with the quoted form to write; unknown fields come with the nearest known one.

use std::cell::Cell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::problem::{Code, Problem, nearest};
use super::source::Span;
use super::tree::{Entry, Kind, Node, Scalar, Style};

/// Name under which a type that is a text or one of several functions (`{name: value}`) asks for one of the two.
pub(crate) const TEXT_OR_CHOICE: &str = "$cie::TextOrChoice";
/// Name under which [`At`] asks for the place of its value.
const AT: &str = "$cie::At";
/// Name under which a type that is a text or a mapping asks for one of the two.
pub(crate) const TEXT_OR_MORE: &str = "$cie::TextOrMore";

/// Decodes a typed value from a tree.
///
/// # Errors
/// The first thing that does not fit, at its place.
pub fn decode<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Box<Problem>> {
    T::deserialize(node).map_err(|error| Box::new(error.into_problem(node)))
}

/// A value and the place it was read from.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place in the file; none when it did not come from a scenario file.
    pub span: Option<Span>,
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

thread_local! {
    /// Hands a place from the deserializer to the [`At`] being read: serde's data model has no room for it.
    static PLACE: Cell<Option<Span>> = const { Cell::new(None) };
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AtVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for AtVisitor<T> {
            type Value = At<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<At<T>, D::Error> {
                let span = PLACE.take();
                Ok(At {
                    value: T::deserialize(deserializer)?,
                    span,
                })
            }
        }
        PLACE.set(None);
        deserializer.deserialize_newtype_struct(AT, AtVisitor(std::marker::PhantomData))
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// Why a value could not be decoded; becomes a [`Problem`] at the place where it happened.
#[derive(Debug)]
pub struct DecodeError {
    code: Code,
    message: String,
    /// For a wrong shape: what was wanted; the message is made when the value is known.
    wanted: Option<String>,
    help: Option<String>,
    place: Option<Span>,
}

impl DecodeError {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            wanted: None,
            help: None,
            place: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Fixes the place, unless a deeper value has done so already.
    fn at(mut self, node: &Node) -> Self {
        if self.place.is_none() {
            if let Some(wanted) = self.wanted.take() {
                self.message = format!("expected {wanted}, found {}", node.describe());
            }
            self.place = Some(node.span.clone());
        }
        self
    }

    fn at_key(mut self, span: &Span) -> Self {
        self.place.get_or_insert_with(|| span.clone());
        self
    }

    fn into_problem(self, node: &Node) -> Problem {
        let error = self.at(node);
        let span = error.place.unwrap_or_else(|| node.span.clone());
        let problem = Problem::new(error.code, error.message, span);
        match error.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::BadValue, message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self {
            wanted: Some(wanted.to_string()),
            ..Self::new(Code::WrongType, String::new())
        }
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let wanted = match wanted.to_string().as_str() {
            "u8" => "a number from 0 to 255".to_owned(),
            "u16" => "a number from 0 to 65535".to_owned(),
            "u32" | "u64" => "a number of 0 or more".to_owned(),
            other => other.to_owned(),
        };
        Self {
            wanted: Some(wanted),
            ..Self::new(Code::BadValue, String::new())
        }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        let error = Self::new(
            Code::BadValue,
            format!("\"{word}\" is none of the values allowed here"),
        );
        error.help(suggestion(word, known))
    }

    fn unknown_field(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Code::UnknownField, format!("unknown field `{word}`"))
            .help(suggestion(word, known))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(
            Code::MissingField,
            format!("the field `{field}` is missing"),
        )
    }
}

/// "did you mean", or the list to choose from.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "no field is allowed here".to_owned(),
        None => format!("allowed here: {}", known.join(", ")),
    }
}

/// The problem of a text that YAML reads as something else.
fn unquoted(scalar: &Scalar) -> DecodeError {
    let reading = match scalar.style {
        Style::Number => "a number",
        Style::Bool => "a boolean",
        Style::Null => "nothing",
        Style::Text | Style::Filled => "text",
    };
    let message = format!(
        "`{}` without quotes is {reading} in YAML, and text is wanted here",
        scalar.text
    );
    DecodeError::new(Code::Unquoted, message).help(format!("write \"{}\"", scalar.text))
}

fn wrong_shape(node: &Node, wanted: &dyn Expected) -> DecodeError {
    DecodeError::invalid_type(Unexpected::Other(""), wanted).at(node)
}

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
                PLACE.set(Some(self.span.clone()));
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

struct Items<'n> {
    left: std::slice::Iter<'n, Node>,
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

struct Entries<'n> {
    left: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
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
struct Choice<'n> {
    name: &'n str,
    place: &'n Span,
    node: Option<&'n Node>,
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
