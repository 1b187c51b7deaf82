//! The outer object of every response and every event.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use catena_core::{Error, ErrorKind, ResponseMetadata, Result, Usage};
use catena_http::service::{is_html, words};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::decode_error_in_answer;
use super::lenient::{Text, is_truthy};
use super::members::{Facts, Members, keep_facts, read_only_object, skip, take_fact};
use super::origin::Origin;
use super::usage::take_usage;

/// A response or event with choices of type `C`. Everything is optional.
#[derive(Debug)]
pub(super) struct Envelope<'a, C> {
    pub(super) id: Text<'a>,
    pub(super) model: Text<'a>,
    pub(super) choices: Option<Vec<C>>,
    usage: Option<&'a RawValue>,
    error: Option<Box<Value>>,
    facts: Facts<'a>,
}

impl<C> Default for Envelope<'_, C> {
    fn default() -> Self {
        let (id, model) = (Text::default(), Text::default());
        Self { id, model, choices: None, usage: None, error: None, facts: Facts::new() }
    }
}

impl<'de, C: Deserialize<'de>> Members<'de> for Envelope<'de, C> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "id" => self.id = object.next_value()?,
            "model" => self.model = object.next_value()?,
            "choices" => self.choices = object.next_value::<Listed<C>>()?.0,
            "usage" => self.usage = object.next_value()?,
            "error" => self.error = object.next_value()?,
            // These carry no information: a type name, and padding against traffic analysis.
            "object" | "obfuscation" => skip(object)?,
            _ => take_fact(&mut self.facts, name, object)?,
        }
        Ok(())
    }
}

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Envelope<'de, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_only_object(deserializer)
    }
}

/// A list, if present. Usually there is one choice, and choices are large.
struct Listed<C>(Option<Vec<C>>);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Listed<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListedVisitor(PhantomData))
    }
}

struct ListedVisitor<C>(PhantomData<C>);

impl<'de, C: Deserialize<'de>> Visitor<'de> for ListedVisitor<C> {
    type Value = Listed<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_unit<E>(self) -> Result<Listed<C>, E> {
        Ok(Listed(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Listed<C>, A::Error> {
        let mut choices = Vec::with_capacity(1);
        while let Some(choice) = items.next_element()? {
            choices.push(choice);
        }
        Ok(Listed(Some(choices)))
    }
}

impl<C> Envelope<'_, C> {
    /// Returns the token counts.
    pub(super) fn counted(&self) -> Option<Usage> {
        self.usage(&mut ResponseMetadata::default())
    }

    /// Adds the call's metadata, and returns the token counts.
    pub(super) fn describe(&self, metadata: &mut ResponseMetadata) -> Option<Usage> {
        keep_facts(&self.facts, &mut metadata.extra);
        self.usage(metadata)
    }

    /// Returns the token counts, which are zero if the object that should hold them has none.
    fn usage(&self, metadata: &mut ResponseMetadata) -> Option<Usage> {
        let is_object = || self.usage.is_some_and(|usage| usage.get().starts_with('{'));
        take_usage(self.usage, metadata).or_else(|| is_object().then(|| Usage::new(0, 0)))
    }
}

/// Moves the members that are neither null nor an empty list.
pub(super) fn keep(from: &mut Map<String, Value>, to: &mut Map<String, Value>) {
    let says_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    from.retain(|_, value| !says_nothing(value));
    if to.is_empty() {
        std::mem::swap(from, to);
    } else {
        to.append(from);
    }
}

/// Decodes the body of a successful response to a call without streaming.
pub(super) fn decode_body<'a, C: Deserialize<'a>>(
    body: &'a [u8],
    origin: &Origin,
) -> Result<Envelope<'a, C>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    // Validating a text as a whole is faster than string by string.
    let envelope = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    let envelope: Envelope<'a, C> = envelope.map_err(|error| not_an_answer(body, &error, origin))?;
    if envelope.error.as_deref().is_some_and(is_truthy) {
        return Err(decode_error_in_answer(&String::from_utf8_lossy(body), origin));
    }
    Ok(envelope)
}

/// Returns the error for a body that is not an answer. Describes what it is instead, as far as that can be told.
pub(super) fn not_an_answer(body: &[u8], error: &serde_json::Error, origin: &Origin) -> Error {
    let text = String::from_utf8_lossy(body);
    if serde_json::from_slice::<Value>(body)
        .is_ok_and(|value| is_truthy(&value["error"]) || value[0].is_object())
    {
        return decode_error_in_answer(&text, origin);
    }
    if is_html(&text) {
        let excerpt = words(&origin.redactor.clean_body(&text), 200);
        let message =
            format!("the service answered with a web page, is the base URL right? It says: {excerpt}");
        let kind = kind_of_other(origin, ErrorKind::InvalidResponse);
        return Error::new(kind, message).with_service(origin.service_error(&text));
    }
    let kind = kind_of_other(origin, ErrorKind::Decode);
    not_decodable("the answer", &text, error, kind, origin)
}

/// Returns the kind of error for an answer that is not JSON: it is damaged if it claims to be JSON, and not an answer
/// at all if it claims to be something else.
fn kind_of_other(origin: &Origin, unlabelled: ErrorKind) -> ErrorKind {
    let label = origin.headers.get("content-type").and_then(|label| label.to_str().ok());
    match label.and_then(|label| label.split(';').next()) {
        None => unlabelled,
        Some(label) if label.trim().ends_with("json") => ErrorKind::Decode,
        Some(_) => ErrorKind::InvalidResponse,
    }
}

/// Returns the error for a text that is not the expected JSON, or of the kind `otherwise` if it is not JSON.
pub(super) fn not_decodable(
    what: &str,
    text: &str,
    error: &serde_json::Error,
    otherwise: ErrorKind,
    origin: &Origin,
) -> Error {
    // The decoder's error may quote the text.
    let reason = origin.redactor.clean(error.to_string());
    let excerpt = words(&origin.redactor.clean_body(text), 200);
    let (kind, message) = if text.trim().is_empty() {
        (otherwise, format!("{what} is empty"))
    // The decoder may stop at a wrong type before it sees that the rest is not JSON.
    } else if error.is_data() && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        (ErrorKind::InvalidResponse, format!("{what} has not the expected shape: {reason:.300}"))
    } else {
        (otherwise, format!("{what} is not JSON ({reason:.300}): {excerpt}"))
    };
    Error::new(kind, message).with_service(origin.service_error(text))
}

/// Returns the error for a response without choices.
pub(super) fn no_choices(body: &[u8], origin: &Origin) -> Error {
    Error::new(ErrorKind::InvalidResponse, "the answer holds no choices")
        .with_service(origin.service_error(&String::from_utf8_lossy(body)))
}
