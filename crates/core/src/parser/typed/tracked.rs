//! Deserialization that tracks the location of an error.

use std::cell::RefCell;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor, value::StrDeserializer,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value, map, value::Number};

/// The location being read: the path of names and indices.
pub(in crate::parser) type Place = RefCell<Vec<String>>;

/// Converts the value to a `T`, or returns the location and cause of the error: `` `age`: invalid type: string "x",
/// expected u8 ``.
pub(in crate::parser) fn read_tracked<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    let place = Place::default();
    T::deserialize(Tracked { value, place: &place }).map_err(|error| at(&place, &error))
}

/// Formats the error with its location.
pub(in crate::parser) fn at(place: &Place, error: &Error) -> String {
    let path: String = place.borrow().concat();
    match path.strip_prefix('.').unwrap_or(&path) {
        "" => format!("{:.300}", error.to_string()),
        path => format!("`{path:.200}`: {:.300}", error.to_string()),
    }
}

/// A value at a location. When deserialization fails, the location remains that of the error.
#[derive(Clone, Copy)]
pub(in crate::parser) struct Tracked<'a> {
    pub(in crate::parser) value: &'a Value,
    pub(in crate::parser) place: &'a Place,
}

impl<'a> Tracked<'a> {
    fn read<'de, S: DeserializeSeed<'de>>(
        seed: S,
        value: &'a Value,
        place: &'a Place,
        name: String,
    ) -> Result<S::Value, Error> {
        place.borrow_mut().push(name);
        let read = seed.deserialize(Tracked { value, place })?;
        place.borrow_mut().pop();
        Ok(read)
    }
}

impl<'de> Deserializer<'de> for Tracked<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let place = self.place;
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => {
                let mut items = Items { items: items.iter(), index: 0, place };
                let read = visitor.visit_seq(&mut items)?;
                match items.items.len() {
                    0 => Ok(read),
                    _ => Err(Error::invalid_length(items.index + items.items.len(), &"fewer items")),
                }
            }
            Value::Object(members) => {
                visitor.visit_map(Members { members: members.iter(), next: None, place })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let one = |members: &'_ map::Map<String, Value>| members.len() == 1;
        match self.value {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None, place: self.place }),
            Value::Object(members) if one(members) => match members.iter().next() {
                Some((name, content)) => {
                    visitor.visit_enum(Variant { name, content: Some(content), place: self.place })
                }
                None => Err(Error::custom("expected a variant")),
            },
            Value::Object(_) => Err(Error::invalid_value(Unexpected::Map, &"an object with one member")),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => visitor.visit_u64(number),
        (_, Some(number), _) => visitor.visit_i64(number),
        (_, _, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Value>,
    index: usize,
    place: &'a Place,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let name = format!("[{}]", self.index);
        self.index += 1;
        Tracked::read(seed, item, self.place, name).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'a> {
    members: map::Iter<'a>,
    next: Option<(&'a String, &'a Value)>,
    place: &'a Place,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.next = self.members.next();
        match self.next {
            Some((name, _)) => seed.deserialize(key(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match self.next.take() {
            Some((name, value)) => Tracked::read(seed, value, self.place, format!(".{name}")),
            None => Err(Error::custom("a value was requested before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// Returns the name of a member as a deserializer.
fn key(name: &str) -> StrDeserializer<'_, Error> {
    name.into_deserializer()
}

/// An enum variant: its name and content.
pub(in crate::parser) struct Variant<'a> {
    pub(in crate::parser) name: &'a str,
    pub(in crate::parser) content: Option<&'a Value>,
    pub(in crate::parser) place: &'a Place,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        Ok((seed.deserialize(key(self.name))?, self))
    }
}

impl Variant<'_> {
    fn content(&self) -> Result<Tracked<'_>, Error> {
        match self.content {
            Some(value) => Ok(Tracked { value, place: self.place }),
            None => Err(Error::invalid_type(Unexpected::UnitVariant, &"a variant with content")),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    /// Empty members are accepted as no content.
    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Object(members)) if members.is_empty() => Ok(()),
            Some(_) => Err(Error::invalid_type(Unexpected::NewtypeVariant, &"a variant without content")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content()?.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Team {
        members: Vec<Member>,
        #[serde(default)]
        tags: BTreeMap<String, u8>,
        level: Option<Level>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Member(u64, String);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
        Between { from: f64, to: i8 },
        Other(String),
    }

    #[track_caller]
    fn check(value: Value) {
        let expected = Team::deserialize(&value);
        match (read_tracked::<Team>(&value), expected) {
            (Ok(team), Ok(expected)) => assert_eq!(team, expected),
            (Err(_), Err(_)) => {}
            (got, expected) => panic!("{value}: {got:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn types_are_read_as_serde_json_reads_them() {
        for level in [
            json!(null),
            json!("low"),
            json!("x"),
            json!({"between": {"from": 1, "to": -3}}),
            json!({"between": {"from": 1.5, "to": 300}}),
            json!({"other": "x"}),
            json!({"other": "x", "low": null}),
            json!({"low": null}),
            json!(3),
        ] {
            check(json!({"members": [[1, "a"], [2, "b"]], "tags": {"x": 1}, "level": level}));
        }
        for value in [json!([]), json!({"members": [[1]]}), json!({"members": [[1, "a", 2]]}), json!(null)] {
            check(value);
        }
    }

    #[track_caller]
    fn fails(value: Value, expected: &str) {
        assert_eq!(read_tracked::<Team>(&value).unwrap_err(), expected);
    }

    #[test]
    fn errors_name_the_place() {
        fails(
            json!({"members": [[1, "a"], [1, 2]]}),
            "`members[1][1]`: invalid type: integer `2`, expected a string",
        );
        fails(
            json!({"members": [], "tags": {"x": 1, "y": 300}}),
            "`tags.y`: invalid value: integer `300`, expected u8",
        );
        fails(json!({}), "missing field `members`");
        fails(
            json!({"members": [], "level": {"between": {"from": 1, "to": "x"}}}),
            "`level.to`: invalid type: string \"x\", expected i8",
        );
    }
}
