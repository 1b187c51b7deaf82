//! Events of streamed answers, borrowed from their text: only what is delivered is copied.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use catena_core::{ErrorKind, ResponseMetadata, Result, Usage};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::envelope::not_decodable;
use super::error::error_in_event;
use super::lenient::{Text, is_truthy};
use super::members::{Facts, Members, read_object, says_something, take_fact};
use super::origin::Origin;
use super::usage::{read_usage, take_usage};

/// A choice of an event.
pub(super) trait EventChoice<'de>: Deserialize<'de> {
    /// Returns the index of its answer; 0 if absent.
    fn index(&self) -> i64;

    /// Returns its error, if there is one other than null.
    fn error(&self) -> Option<&Value>;

    /// Returns its finish reason.
    fn finish_reason(&self) -> Option<&str>;
}

/// An event; of its choices only that of the first answer counts.
#[derive(Debug)]
pub(super) struct Event<'a, C> {
    pub(super) id: Text<'a>,
    pub(super) model: Text<'a>,
    /// Null in most events.
    usage: Option<&'a RawValue>,
    error: Option<Box<Value>>,
    /// The object type; only older vLLM uses it, to mark errors.
    object: Text<'a>,
    choices: Choices<C>,
    /// Padding against traffic analysis; carries no information.
    padding: Text<'a>,
    /// The members that most services repeat in every event, see [`REPEATED`].
    repeated: [Option<&'a RawValue>; REPEATED.len()],
    facts: Facts<'a>,
}

const REPEATED: [&str; 3] = ["created", "system_fingerprint", "service_tier"];

impl<C> Default for Event<'_, C> {
    fn default() -> Self {
        Self {
            id: Text::default(),
            model: Text::default(),
            usage: None,
            error: None,
            object: Text::default(),
            choices: Choices::default(),
            padding: Text::default(),
            repeated: [None; REPEATED.len()],
            facts: Facts::new(),
        }
    }
}

impl<'de, C: EventChoice<'de>> Members<'de> for Event<'de, C> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "id" => self.id = object.next_value()?,
            "model" => self.model = object.next_value()?,
            "choices" => self.choices = object.next_value()?,
            "usage" => self.usage = object.next_value()?,
            "error" => self.error = object.next_value()?,
            "obfuscation" => self.padding = object.next_value()?,
            "object" => self.object = object.next_value()?,
            _ => match REPEATED.iter().position(|repeated| *repeated == name) {
                Some(place) => self.repeated[place] = object.next_value()?,
                None => take_fact(&mut self.facts, name, object)?,
            },
        }
        Ok(())
    }
}

impl<'de, C: EventChoice<'de>> Deserialize<'de> for Event<'de, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer)
    }
}

impl<'a, C: EventChoice<'a>> Event<'a, C> {
    /// Decodes an event; `None` for one without data.
    ///
    /// # Errors
    /// `Stream` for an error object, `Decode` for what is not JSON.
    pub(super) fn decode(name: Option<&str>, data: &'a str, origin: &Origin) -> Result<Option<Self>> {
        if data.trim().is_empty() {
            return Ok(None);
        }
        let event: Self = serde_json::from_str(data).map_err(|error| match name {
            Some("error") => error_in_event(data, origin),
            _ => not_decodable("an event of the stream", data, &error, ErrorKind::Decode, origin),
        })?;
        let named = name == Some("error") || event.object.as_str() == Some("error");
        // FastAPI reports errors as details.
        let is_error = || named || event.fact("detail").as_ref().is_some_and(is_truthy);
        if event.error.as_deref().is_some_and(is_truthy) || (!event.choices.listed && is_error()) {
            return Err(error_in_event(data, origin));
        }
        if let Some(error) = event.other_error() {
            return Err(error_in_event(&json!({ "error": error }).to_string(), origin));
        }
        Ok(Some(event))
    }

    /// Returns an error in the place where some services report it: OpenRouter in the choice, Groq in its own member,
    /// Portkey as the finish reason, FastChat as a text with a code.
    fn other_error(&self) -> Option<Value> {
        let first = self.choices.first.as_ref();
        let of_choice = first.and_then(EventChoice::error).filter(|error| is_truthy(error)).cloned();
        let reason = || first?.finish_reason().filter(|reason| reason.ends_with("_error"));
        let groq = || self.fact("x_groq")?.get_mut("error").map(Value::take).filter(is_truthy);
        of_choice
            .or_else(groq)
            .or_else(|| Some(json!({ "code": reason()? })))
            .or_else(|| self.numbered_error())
    }

    /// Returns the error of an event without choices but with a code: `{"text": "..", "error_code": 50001}`.
    fn numbered_error(&self) -> Option<Value> {
        if self.choices.listed {
            return None;
        }
        let code = self.fact("error_code").filter(is_truthy)?;
        Some(json!({ "message": self.fact("text"), "code": code }))
    }

    fn fact(&self, name: &str) -> Option<Value> {
        let (_, value) = self.facts.iter().find(|(fact, _)| fact == name)?;
        serde_json::from_str(value.get()).ok()
    }

    /// Takes the choice of the first answer.
    pub(super) fn take_choice(&mut self) -> Option<C> {
        self.choices.first.take()
    }

    /// Returns the padding, if it is borrowed from the event's text.
    pub(super) fn padding(&self) -> Option<&'a str> {
        self.padding.borrowed()
    }

    /// Returns the token counts, if the event has any.
    pub(super) fn counted(&self) -> Option<Usage> {
        read_usage(self.usage?)
    }

    /// Moves new metadata of the call into `metadata`, and returns the token counts.
    pub(super) fn describe(&mut self, known: &mut Known, metadata: &mut ResponseMetadata) -> Option<Usage> {
        for (name, value) in REPEATED.iter().zip(self.repeated) {
            known.keep(name, value, metadata);
        }
        known.keep_all(&self.facts, metadata);
        take_usage(self.usage, metadata)
    }
}

/// The metadata received so far, to detect repetitions.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    pub(super) fn keep_all(&mut self, facts: &Facts<'_>, metadata: &mut ResponseMetadata) {
        for (name, value) in facts {
            self.keep(name, Some(value), metadata);
        }
    }

    /// Adds a value to the metadata if it is new and not empty.
    fn keep(&mut self, name: &str, value: Option<&RawValue>, metadata: &mut ResponseMetadata) {
        let Some(value) = value.filter(|value| says_something(value)).map(RawValue::get) else { return };
        match self.0.get_mut(name) {
            Some(known) if known == value => return,
            Some(known) => value.clone_into(known),
            None => drop(self.0.insert(name.to_owned(), value.to_owned())),
        }
        metadata.extra.push_json(name, value);
    }
}

/// The first choice in a list that belongs to the first answer.
#[derive(Debug)]
struct Choices<C> {
    /// Whether there is a list, even an empty one.
    listed: bool,
    first: Option<C>,
}

impl<C> Default for Choices<C> {
    fn default() -> Self {
        Self { listed: false, first: None }
    }
}

impl<'de, C: EventChoice<'de>> Deserialize<'de> for Choices<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoicesVisitor(PhantomData))
    }
}

struct ChoicesVisitor<C>(PhantomData<C>);

impl<'de, C: EventChoice<'de>> Visitor<'de> for ChoicesVisitor<C> {
    type Value = Choices<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_unit<E>(self) -> Result<Choices<C>, E> {
        Ok(Choices::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Choices<C>, A::Error> {
        let mut first = None;
        while let Some(choice) = items.next_element::<C>()? {
            if choice.index() == 0 && first.is_none() {
                first = Some(choice);
            }
        }
        Ok(Choices { listed: true, first })
    }
}
