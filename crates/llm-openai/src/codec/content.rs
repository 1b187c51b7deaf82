//! The content of an answer: a text, nothing, or a list of parts.

use std::borrow::Cow;
use std::fmt;

use catena_core::{AiMessage, Chunk, Content, ContentBlock};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Content as received. Anything but a text or a list counts as absent.
#[derive(Debug, Default)]
pub(super) enum WireContent<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

impl WireContent<'_> {
    /// Adds the content to a message: text is concatenated, reasoning added as such, and other parts added as blocks.
    pub(super) fn add_to(self, message: &mut AiMessage) {
        match self {
            Self::Absent => {}
            Self::Text(text) => message.content.merge(Content::Text(text.into_owned())),
            Self::Parts(parts) => parts.into_iter().for_each(|part| add_part(part, message)),
        }
    }
}

fn add_part(part: Value, message: &mut AiMessage) {
    match part {
        Value::String(text) => message.content.merge(Content::Text(text)),
        Value::Object(mut part) if part.get("type").is_some_and(|kind| kind == "text") => {
            if let Some(Value::String(text)) = part.remove("text") {
                message.content.merge(Content::Text(text));
            }
        }
        Value::Object(part) if part.get("type").is_some_and(|kind| kind == "thinking") => {
            message.reasoning.merge(part.get("thinking").map(thought));
        }
        Value::Object(part) => message.content.merge(vec![ContentBlock::Data(part)].into()),
        _ => {}
    }
}

/// Mistral sends reasoning as text parts.
fn thought(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireContent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = WireContent<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(WireContent::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(WireContent::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(WireContent::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(WireContent::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = items.next_element()? {
            parts.push(part);
        }
        Ok(WireContent::Parts(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(WireContent::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, content: Content, reasoning: Option<&str>) {
        let mut message = AiMessage::default();
        serde_json::from_str::<WireContent<'_>>(json).expect(json).add_to(&mut message);
        assert_eq!(message.content, content, "{json}");
        assert_eq!(message.reasoning.as_deref(), reasoning, "{json}");
    }

    #[test]
    fn content_is_read_in_any_form() {
        check(r#""hello""#, "hello".into(), None);
        check("null", "".into(), None);
        check("{}", "".into(), None);
        check(r#"[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]"#, "Hello".into(), None);
        let thinking =
            r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"4"}]"#;
        check(thinking, "4".into(), Some("hm"));
        let image = vec![ContentBlock::plain("see "), ContentBlock::image_url("https://e.org/a.png")];
        let json = r#"["see ", {"type":"image_url","image_url":{"url":"https://e.org/a.png"}}]"#;
        check(json, image.into(), None);
    }
}
