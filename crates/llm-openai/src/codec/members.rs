//! JSON objects that are deserialized member by member, without an intermediate tree.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use catena_core::ExtraMembers;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::Text;
use super::object::read_value;

/// Receives the members of an object as they are parsed. Serde's `flatten` would first buffer every member of every
/// event in a tree.
pub(super) trait Members<'de>: Default {
    /// Reads the value of the member with this name from `object`.
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error>;
}

/// Deserializes an object; null counts as one without members.
pub(super) fn read_object<'de, T: Members<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// Deserializes an object; anything else is an error.
pub(super) fn read_only_object<'de, T: Members<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(Text(name)) = members.next_key()? {
            object.member(name.unwrap_or_default(), &mut members)?;
        }
        Ok(object)
    }
}

/// Unknown members, as raw JSON.
pub(super) type Facts<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// Adds an unknown member, unless it is null or an empty list.
pub(super) fn take_fact<'de, A: MapAccess<'de>>(
    facts: &mut Facts<'de>,
    name: Cow<'de, str>,
    object: &mut A,
) -> Result<(), A::Error> {
    let value: &'de RawValue = object.next_value()?;
    if holds_half(value.get()) {
        return Err(A::Error::custom("half of a character"));
    }
    if says_something(value) {
        facts.push((name, value));
    }
    Ok(())
}

/// Returns whether the JSON has an escaped unpaired surrogate, which a value kept unparsed would hide from the code
/// that repairs it.
fn holds_half(json: &str) -> bool {
    // Few values have any escape.
    let may = |json: &[u8]| [br"\ud", br"\uD"].iter().any(|half| memchr::memmem::find(json, *half).is_some());
    memchr::memchr(b'\\', json.as_bytes()).is_some_and(|at| may(&json.as_bytes()[at..]))
        && serde_json::from_str::<Value>(json).is_err()
        && read_value(json).is_some()
}

/// Stores them unparsed.
pub(super) fn keep_facts(facts: &Facts<'_>, extra: &mut ExtraMembers) {
    for (name, value) in facts {
        extra.push_json(name, value.get());
    }
}

/// Returns false for null and for an empty list.
pub(super) fn says_something(value: &RawValue) -> bool {
    let json = value.get();
    let items = json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    json != "null" && items.is_none_or(|items| !items.trim_ascii().is_empty())
}

/// Parses them. One that is nested too deeply counts as null.
pub(super) fn read_facts(facts: &Facts<'_>) -> Map<String, Value> {
    let read = |value: &RawValue| read_value(value.get()).unwrap_or_default();
    facts.iter().map(|(name, value)| (name.clone().into_owned(), read(value))).collect()
}

/// Adds an unknown member, unless it is null or an empty list.
pub(super) fn take_extra<'de, A: MapAccess<'de>>(
    extra: &mut Map<String, Value>,
    name: Cow<'de, str>,
    object: &mut A,
) -> Result<(), A::Error> {
    let value: Value = object.next_value()?;
    if !value.is_null() {
        extra.insert(name.into_owned(), value);
    }
    Ok(())
}

/// Implements `Deserialize` for a type that receives members.
macro_rules! deserialize_members {
    ($type:ident) => {
        impl<'de> serde::Deserialize<'de> for $type<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::members::read_object(deserializer)
            }
        }
    };
}
pub(super) use deserialize_members;

/// Skips a value.
pub(super) fn skip<'de, A: MapAccess<'de>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(drop)
}

/// A number in any numeric form; anything else counts as absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Number(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(Number(i64::try_from(number).ok()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
        Ok(Number(Some(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
        // Out-of-range numbers saturate.
        Ok(Number(Some(number as i64)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Number, E> {
        Ok(Number(text.parse().ok()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Number, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Number, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_found_behind_other_escapes() {
        for (json, expected) in [
            (r#""\ud83d""#, true),
            (r#"["a\n\uD83D"]"#, true),
            (r#"{"a": "\t", "b": "\ude00"}"#, true),
            (r#""\ud83d\ude00""#, false),
            (r#""\\ud83d""#, false),
            (r#""ud83d \n""#, false),
            ("1", false),
        ] {
            assert_eq!(holds_half(json), expected, "{json}");
        }
    }

    #[test]
    fn numbers_are_read_in_any_form() {
        for (json, expected) in [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("3.0", Some(3)),
            ("\"3\"", Some(3)),
            ("\"x\"", None),
            ("1e300", Some(i64::MAX)),
            ("18446744073709551615", None),
            ("null", None),
            ("true", None),
            ("[1,[2]]", None),
            ("{\"a\":{}}", None),
        ] {
            assert_eq!(serde_json::from_str::<Number>(json).expect(json), Number(expected), "{json}");
        }
    }
}
