//! The events of a canned stream, read as the standard for them says.

use serde_json::{Map, Value};

use super::super::canned;

/// What an event holds.
pub(super) enum Event {
    Json(Value),
    /// An error that the service reports.
    Error(Value),
    Done,
    /// Data that is no JSON.
    Unreadable,
}

#[derive(Default)]
pub(super) struct Events {
    pub(super) events: Vec<Event>,
    /// The last event is not followed by an empty line.
    pub(super) is_open: bool,
}

/// The events of the first answer; `None` if it is no stream, or compressed.
pub(super) fn events(recording: &Value) -> Option<Events> {
    let answer = &recording["canned_response"];
    let is_plain = answer["headers"].get("content-encoding").is_none();
    let is_stream = recording["expected_result"]["deltas"].is_array() && answer["status"] == 200;
    (is_plain && is_stream).then(|| read(&canned::body(answer).unwrap_or_default()))
}

fn read(body: &[u8]) -> Events {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // A service may answer with its events, or all of them, as plain JSON.
    let values = serde_json::Deserializer::from_slice(body).into_iter::<Map<String, Value>>();
    if let Ok(values) = values.collect::<Result<Vec<_>, _>>()
        && !values.iter().any(|value| value.contains_key("error") && !value["error"].is_null())
    {
        return Events {
            events: values.into_iter().map(|value| event("", value.into())).collect(),
            is_open: false,
        };
    }
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
    let lines = lines(body);
    for line in &lines {
        let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(end + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..end] {
            b"" if line.is_empty() => {
                events.extend(dispatched(&name, &data));
                (name, data) = (String::new(), Vec::new());
            }
            b"event" => name = String::from_utf8_lossy(value).into_owned(),
            b"data" => data.push(value),
            // Some servers write their errors like this.
            b"error" => {
                name = "error".to_owned();
                data.push(value);
            }
            _ => {}
        }
    }
    events.extend(dispatched(&name, &data));
    let done = events.iter().position(|event| matches!(event, Event::Done));
    // Nothing follows the end mark.
    events.truncate(done.map_or(usize::MAX, |done| done + 1));
    Events { events, is_open: done.is_none() && !data.is_empty() }
}

fn lines(body: &[u8]) -> Vec<&[u8]> {
    let lines = body.split(|byte| *byte == b'\n');
    let mut lines: Vec<_> = lines
        .flat_map(|line| line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b'\r'))
        .collect();
    // What follows the last line end is no line if there is nothing.
    lines.pop_if(|line| line.is_empty());
    lines
}

/// `None` for an event that says nothing.
fn dispatched(name: &str, data: &[&[u8]]) -> Option<Event> {
    let Ok(data) = String::from_utf8(data.join(&b'\n')) else { return Some(Event::Unreadable) };
    match (data.trim(), serde_json::from_str::<Value>(&data)) {
        ("" | "null", _) => None,
        ("[DONE]", _) => Some(Event::Done),
        (_, Ok(value)) if value.is_object() => Some(event(name, value)),
        (text, _) if name == "error" => Some(Event::Error(text.into())),
        _ => Some(Event::Unreadable),
    }
}

fn event(name: &str, value: Value) -> Event {
    let error = [&value["error"], &value["x_groq"]["error"]].into_iter().find(|error| !error.is_null());
    match error.cloned() {
        Some(error) => Event::Error(error),
        None if !matches!(value["choices"], Value::Array(_) | Value::Null) => Event::Unreadable,
        None if name == "error" || value["object"] == "error" => Event::Error(value),
        None => Event::Json(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str, is_open: bool) {
        let read = read(body.as_bytes());
        let shown = |event: &Event| match event {
            Event::Json(value) => value.to_string(),
            Event::Error(error) => format!("!{error}"),
            Event::Done => "done".to_owned(),
            Event::Unreadable => "?".to_owned(),
        };
        let shown: Vec<_> = read.events.iter().map(shown).collect();
        assert_eq!((shown.join(" "), read.is_open), (expected.to_owned(), is_open), "{body}");
    }

    #[test]
    fn events_are_read() {
        check("data: {\"a\":1}\n\ndata:  [DONE]\n\n", "{\"a\":1} done", false);
        check("\u{feff}data: {\"a\":\r\ndata: 1}\r\n\r\n", "{\"a\":1}", false);
        check(": c\n\nid: 1\n\ndata\n\nevent: ping\n\ndata: null\n\n", "", false);
        check("data: {\"a\":1}", "{\"a\":1}", true);
        check("data: {\"a\":1}\n", "{\"a\":1}", true);
        check("data: {\"a\"", "?", true);
        check("event: error\ndata: {\"m\":1}\n\n", "!{\"m\":1}", false);
        check(
            "error: {\"m\":1}\n\ndata: {\"error\":\"x\"}\n\nevent: error\ndata: x\n\n",
            "!{\"m\":1} !\"x\" !\"x\"",
            false,
        );
        check("{\"a\":1}\n{\"a\":2}\n", "{\"a\":1} {\"a\":2}", false);
    }
}
