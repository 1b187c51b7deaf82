//! Conversion of a tool call to a Rust type.

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

use super::known_tools::{one_of, rules_out};
use super::misfit;
use crate::parser::typed::{Place, Tracked, Variant, at};
use crate::{Data, Result, ToolCall};

/// Converts the call to a `T`: an enum with a variant for each tool.
pub(super) fn call_as<T: DeserializeOwned>(call: &ToolCall) -> Result<T, Misfit> {
    let args = Data::Record(call.args.clone()).into_json();
    let (place, unknown) = (Place::default(), std::cell::Cell::new(None));
    T::deserialize(CallDeserializer { name: &call.name, args: &args, place: &place, unknown: &unknown })
        .map_err(|error| match unknown.take() {
            Some(tools) => Misfit {
                error: misfit(call, one_of(tools.iter().copied())),
                is_final: rules_out(tools.iter().copied(), &call.name),
            },
            None => Misfit::of(call, &at(&place, &error)),
        })
}

/// The reason why a call does not match a type.
pub(super) struct Misfit {
    pub(super) error: crate::Error,
    /// Whether no later chunk can correct it.
    pub(super) is_final: bool,
}

impl Misfit {
    pub(super) fn of(call: &ToolCall, why: &str) -> Self {
        Self { error: misfit(call, format!("valid arguments for the tool: {why}")), is_final: false }
    }
}

/// A deserializer of the call in the representation that the enum requests: externally tagged, internally tagged by
/// `type`, or adjacently tagged with the arguments in `args`.
struct CallDeserializer<'a> {
    name: &'a str,
    args: &'a Value,
    place: &'a Place,
    /// The known tools, if the tool called is not one of them.
    unknown: &'a std::cell::Cell<Option<&'static [&'static str]>>,
}

impl<'de> Deserializer<'de> for CallDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut members: Map<String, Value> = self.args.as_object().cloned().unwrap_or_default();
        members.insert("type".to_owned(), self.name.into());
        Tracked { value: &members.into(), place: self.place }.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if !variants.contains(&self.name) {
            self.unknown.set(Some(variants));
        }
        visitor.visit_enum(Variant { name: self.name, content: Some(self.args), place: self.place })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if fields != ["type", "args"] {
            return self.deserialize_any(visitor);
        }
        let members = [("type", Value::from(self.name)), ("args", self.args.clone())];
        let members: Map<String, Value> =
            members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        Tracked { value: &members.into(), place: self.place }.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}
