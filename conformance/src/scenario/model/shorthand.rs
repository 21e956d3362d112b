//! Values with a short and a long form: `select: ias` and `select: { application: ias, le: max }`. One macro each for the
//! three kinds of long form (a mapping of fields, one function of several, a number), so that all of them read alike.

/// A text, or a mapping with the fields of `$repr`; `$text` makes the value from the text.
macro_rules! text_or_fields {
    ($type:ty, $name:literal, $wanted:literal, $repr:ty, $text:expr) => {
        crate::scenario::model::shorthand::short_form!(
            $type,
            $name,
            $wanted,
            $repr,
            $text,
            crate::scenario::decode::TEXT_OR_MORE,
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                <$repr as serde::Deserialize>::deserialize(
                    serde::de::value::MapAccessDeserializer::new(map),
                )
                .map(Into::into)
            }
        );
    };
}

/// A text, or exactly one function `{name: value}` of the enum `$repr`.
macro_rules! text_or_choice {
    ($type:ty, $name:literal, $wanted:literal, $repr:ty, $text:expr) => {
        crate::scenario::model::shorthand::short_form!(
            $type,
            $name,
            $wanted,
            $repr,
            $text,
            crate::scenario::decode::TEXT_OR_CHOICE,
            fn visit_enum<A: serde::de::EnumAccess<'de>>(
                self,
                choice: A,
            ) -> Result<$type, A::Error> {
                <$repr as serde::Deserialize>::deserialize(
                    serde::de::value::EnumAccessDeserializer::new(choice),
                )
                .map(Into::into)
            }
        );
    };
}

/// The part the two have in common.
macro_rules! short_form {
    ($type:ty, $name:literal, $wanted:literal, $repr:ty, $text:expr, $form:expr, $long:item) => {
        impl $type {
            /// The value a text stands for.
            fn from_short(text: &str) -> Result<Self, String> {
                let make: fn(&str) -> Result<Self, String> = $text;
                make(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ShortVisitor;
                impl<'de> serde::de::Visitor<'de> for ShortVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($wanted)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::from_short(text).map_err(E::custom)
                    }
                    $long
                }
                deserializer.deserialize_newtype_struct($form, ShortVisitor)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let long = <$repr as schemars::JsonSchema>::json_schema(generator);
                schemars::json_schema!({ "description": $wanted, "anyOf": [{ "type": "string" }, long] })
            }
        }
    };
}

pub(crate) use {short_form, text_or_choice, text_or_fields};
