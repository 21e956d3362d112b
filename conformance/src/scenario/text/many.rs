//! One text, or a list of them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _, Visitor};

use crate::scenario::decode::TEXT_OR_MORE;

/// Reads a list, or a single value as a list of one.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
    wanted: &'static str,
) -> Result<Vec<T>, D::Error> {
    struct ManyVisitor<T>(&'static str, std::marker::PhantomData<T>);
    impl<'de, T: FromStr<Err = String>> Visitor<'de> for ManyVisitor<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            text.parse().map(|value| vec![value]).map_err(E::custom)
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Vec<T>, D::Error> {
            deserializer.deserialize_any(self)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) =
                items.next_element_seed(Item(self.0, std::marker::PhantomData))?
            {
                list.push(item);
            }
            if list.is_empty() {
                Err(A::Error::custom("an empty list can never be met"))
            } else {
                Ok(list)
            }
        }
    }
    struct Item<T>(&'static str, std::marker::PhantomData<T>);
    impl<'de, T: FromStr<Err = String>> serde::de::DeserializeSeed<'de> for Item<T> {
        type Value = T;
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            deserializer.deserialize_str(self)
        }
    }
    impl<T: FromStr<Err = String>> Visitor<'_> for Item<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer
        .deserialize_newtype_struct(TEXT_OR_MORE, ManyVisitor(wanted, std::marker::PhantomData))
}
