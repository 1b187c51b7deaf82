//! Short, readable excerpts of unexpected bodies.

use serde_json::Value;

/// Maximum length of an excerpt, in bytes.
const MAX_EXCERPT: usize = 200;

/// Maximum length of the text that is searched for words, in bytes.
const MAX_PAGE: usize = 64 << 10;

/// Truncates a text to at most `max` bytes, and marks the cut with an ellipsis.
///
/// # Example
/// ```
/// assert_eq!(catena_http::service::bounded("abcd", 3), "abc…");
/// ```
pub fn bounded(text: &str, max: usize) -> String {
    match beginning(text, max) {
        whole if whole.len() == text.len() => whole.to_owned(),
        cut => format!("{cut}…"),
    }
}

/// Truncates a text to at most this many bytes, at a character boundary.
fn beginning(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns true if a body looks like a web page.
///
/// # Example
/// ```
/// use catena_http::service::is_html;
/// assert!(is_html(" <!DOCTYPE html>") && !is_html("{}"));
/// ```
pub fn is_html(body: &str) -> bool {
    let body = body.trim_start();
    // XHTML starts with an XML declaration: `<?xml version="1.0"?>`.
    let body = match body.starts_with("<?xml") {
        true => body.split_once("?>").map_or(body, |(_, page)| page.trim_start()),
        false => body,
    };
    let start = body.get(..14).unwrap_or(body).to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<title", "<h1", "<center"]
        .iter()
        .any(|tag| start.starts_with(tag))
}

/// Returns the words of a plain or HTML text on a single line of at most `max` bytes. Tags, scripts and styles are
/// removed. Only the first 64 KiB of the text are read.
///
/// # Example
/// ```
/// assert_eq!(catena_http::service::words("<html><h1>Bad\nGateway</h1>", 200), "Bad Gateway");
/// ```
pub fn words(text: &str, max: usize) -> String {
    let text = beginning(text, MAX_PAGE);
    let visible = if is_html(text) { without_tags(text) } else { text.to_owned() };
    bounded(&visible.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// Returns an excerpt of a body without a recognisable error message: its first words, at most 200 bytes. `None` if it
/// has none, like `{}`, `17` or an empty page.
///
/// # Example
/// ```
/// use catena_http::service::excerpt;
/// assert_eq!(excerpt("<html><h1>Bad Gateway</h1>").as_deref(), Some("Bad Gateway"));
/// assert_eq!(excerpt(r#"{"why": "busy"}"#).as_deref(), Some(r#"{"why": "busy"}"#));
/// assert_eq!(excerpt(r#"{"why": ""}"#), None);
/// ```
pub fn excerpt(body: &str) -> Option<String> {
    match serde_json::from_str::<Value>(body.trim_start_matches('\u{FEFF}')) {
        Ok(Value::String(text)) => non_empty(words(&text, MAX_EXCERPT)),
        Ok(value) if !has_words(&value) => None,
        _ => non_empty(words(body, MAX_EXCERPT)),
    }
}

/// Returns whether it contains any human-readable text.
fn has_words(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(has_words),
        Value::Object(members) => members.values().any(has_words),
        _ => false,
    }
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        out.push(' ');
        rest = &rest[open..];
        let close = ["script", "style"].iter().find_map(|name| hidden_end(rest, name));
        let end = close.or_else(|| rest.find('>').map(|at| at + 1)).unwrap_or(rest.len());
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Returns the length of an element whose content is not text, if `html` starts with one.
fn hidden_end(html: &str, name: &str) -> Option<usize> {
    let tag = html.get(1..=name.len())?;
    if !tag.eq_ignore_ascii_case(name) {
        return None;
    }
    let ends = |rest: &str| {
        let (Some(tag), Some(end)) = (rest.get(..name.len()), rest.get(name.len()..)) else { return false };
        tag.eq_ignore_ascii_case(name) && end.starts_with('>')
    };
    let mut closing = html.match_indices("</").map(|(at, _)| at + 2);
    Some(closing.find(|&at| ends(&html[at..])).map_or(html.len(), |at| at + name.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(bounded("abc", 3), "abc");
        assert_eq!(bounded("abcd", 3), "abc…");
        assert_eq!(bounded("aé", 2), "a…");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(words(text, 20), expected);
    }

    #[test]
    fn words_of_a_page() {
        check("404 page not found\n", "404 page not found");
        check("<html>\r\n<head><title>502 Bad</title></head></html>", "502 Bad");
        check("<!DOCTYPE html><script>var x='<b>'</script><STYLE>p{}</STYLE>Hi <b>you", "Hi you");
        check("<html><script>never closed", "");
        check("<html", "");
        check("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC><html><h1>407</h1>", "407");
        check("<?xml version='1.0'", "<?xml version='1.0'");
        check("a < b", "a < b");
        check("0123456789 0123456789", "0123456789 012345678…");
        check("", "");
    }

    #[test]
    fn a_long_page_costs_no_more_than_its_beginning() {
        // As long as a body may be: many times, what was done for each element would not end today.
        let styles = "<STYLE></style>".repeat((64 << 20) / 15);
        check(&format!("<html>{styles}late"), "");
        let mut page = format!("<html>{}early", "<style></Style>".repeat(4_000));
        check(&page, "early");
        page.push_str(&"é".repeat(MAX_PAGE));
        check(&page, "earlyééééééé…");
    }

    #[test]
    fn an_excerpt_says_something() {
        for (body, expected) in [
            (r#""just \n text""#, Some("just text")),
            ("404 page\nnot found", Some("404 page not found")),
            (r#"{"errors":[{"message":"why"}]}"#, Some(r#"{"errors":[{"message":"why"}]}"#)),
            (r#"{"error":{"message":"cut"#, Some(r#"{"error":{"message":"cut"#)),
            (r#"[{"a": [" ", 1, null, true]}]"#, None),
            ("\u{FEFF}{}", None),
            ("17", None),
            (" \n", None),
            ("<html>", None),
        ] {
            assert_eq!(excerpt(body).as_deref(), expected, "{body}");
        }
    }
}
