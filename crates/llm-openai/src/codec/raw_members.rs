//! The members of a JSON object, as they are written.

/// The members of an object that is valid JSON: name and value of each, both as they are written. None for anything else.
///
/// Objects of many small numbers, such as token counts, are read several times faster so than by a general reader, which
/// has to check what it reads.
pub(super) fn raw_members(json: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = json.trim_ascii().strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_ascii_start();
        let (name, after) = split_value(rest)?;
        let name = name.strip_prefix('"')?.strip_suffix('"')?;
        let (value, after) = split_value(after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start())?;
        rest = after;
        Some((name, value))
    })
}

/// The value that a text begins with, and what follows it.
fn split_value(text: &str) -> Option<(&str, &str)> {
    let end = match text.as_bytes().first()? {
        b'"' => end_of_string(text)?,
        b'{' | b'[' => end_of_nested(text)?,
        _ => text
            .bytes()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace())?,
    };
    (end > 0).then_some(())?;
    text.split_at_checked(end)
}

/// The position behind the string that a text begins with.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    let ends = |byte: u8| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    };
    text.bytes().skip(1).position(ends).map(|before| before + 2)
}

/// The position behind the object or list that a text begins with.
fn end_of_nested(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match text.as_bytes().get(at)? {
            b'"' => at += end_of_string(text.get(at..)?)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &[(&str, &str)]) {
        assert_eq!(raw_members(json).collect::<Vec<_>>(), expected, "{json}");
    }

    #[test]
    fn members_are_given_as_they_are_written() {
        check("{}", &[]);
        check(" { } ", &[]);
        check(r#"{"a":1}"#, &[("a", "1")]);
        check(r#" { "a" : 1.5e3 , "b" : null , "" : [ ] } "#, &[("a", "1.5e3"), ("b", "null"), ("", "[ ]")]);
        check(
            r#"{"a":{"b":[1,{"c":"}"}]},"d":"x,\"y"}"#,
            &[("a", r#"{"b":[1,{"c":"}"}]}"#), ("d", r#""x,\"y""#)],
        );
        check(r#"{"é\\":"\\","b":"ü"}"#, &[(r"é\\", r#""\\""#), ("b", r#""ü""#)]);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for json in ["", "null", "1", r#""{""#, r#"[{"a":1}]"#] {
            check(json, &[]);
        }
    }

    #[test]
    fn what_is_no_json_does_no_harm() {
        for json in [
            "{",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":}",
            "{\"a\":\"",
            "{\"a\":[",
            "{]}",
            "{,,}",
            "{a:1}",
        ] {
            check(json, &[]);
        }
        check("{\"a\":1,", &[("a", "1")]);
    }
}
