//! The jinja2 filters that the template engine does not provide.

use std::io;

use minijinja::value::{Kwargs, Rest, Value, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, State};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// The maximum width a filter may pad to. Larger values are a mistake, or an attempt to exhaust memory.
const MOST: usize = 65_535;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("center", center);
    environment.add_filter("e", escape);
    environment.add_filter("escape", escape);
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
    environment.add_filter("float", float);
    environment.add_filter("int", int);
    environment.add_filter("striptags", minijinja_contrib::filters::striptags);
    environment.add_filter("tojson", tojson);
    environment.add_filter("truncate", truncate);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("wordcount", wordcount);
    environment.add_filter("wordwrap", super::wordwrap::wordwrap);
    environment.add_filter("xmlattr", xmlattr);
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
    environment.add_function("cycler", |items: Rest<Value>| minijinja_contrib::globals::cycler(items.0));
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
}

/// Converts to an integer; other values give the default, which is 0.
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    named: Kwargs,
) -> Result<Value, Error> {
    let default = default.or(named.get("default")?).unwrap_or_else(|| Value::from(0));
    minijinja::filters::int(state, value, Some(default), base, named)
}

/// Converts to a float; other values give the default, which is 0.0.
fn float(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    let default = default.or(named.get("default")?).unwrap_or_else(|| Value::from(0.0));
    minijinja::filters::float(state, value, Some(default), named)
}

/// Escapes a value for HTML, unless it is marked as safe.
fn escape(value: &Value) -> Value {
    if value.is_safe() {
        return value.clone();
    }
    Value::from_safe_string(escaped(&value.to_string()))
}

pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            char => out.push(char),
        }
    }
    out
}

/// Formats the attributes of an element, preceded by a space; those that are `none` are omitted.
fn xmlattr(members: &Value, space: Option<bool>, named: Kwargs) -> Result<String, Error> {
    let space = space.or(named.get("autospace")?).unwrap_or(true);
    named.assert_all_used()?;
    if members.kind() != ValueKind::Map {
        let message = format!("`xmlattr` expects a mapping, got a {}", members.kind());
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let mut out = String::new();
    for name in members.try_iter()? {
        let value = members.get_item(&name)?;
        let name = name.to_string();
        if value.is_none() || value.is_undefined() {
            continue;
        }
        if name.contains(|char: char| char.is_whitespace() || matches!(char, '/' | '>' | '=')) {
            let message = format!("invalid attribute name `{name:.40}`");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        out.push_str(if out.is_empty() && !space { "" } else { " " });
        out.push_str(&format!("{}=\"{}\"", escaped(&name), escaped(&value.to_string())));
    }
    Ok(out)
}

/// Escapes a text for a URL path; converts a mapping or pairs to a query string.
fn urlencode(value: &Value) -> Result<String, Error> {
    let pair = |name: &Value, value: &Value| {
        let [name, value] =
            [name, value].map(|part| percent_encoded(&part.to_string(), "").replace("%20", "+"));
        format!("{name}={value}")
    };
    let pairs: Result<Vec<String>, Error> = match value.kind() {
        ValueKind::Map => value.try_iter()?.map(|name| Ok(pair(&name, &value.get_item(&name)?))).collect(),
        ValueKind::Seq | ValueKind::Iterable => value
            .try_iter()?
            .map(|item| Ok(pair(&item.get_item_by_index(0)?, &item.get_item_by_index(1)?)))
            .collect(),
        _ => return Ok(percent_encoded(&value.to_string(), "/")),
    };
    Ok(pairs?.join("&"))
}

/// Percent-encodes all characters except letters, digits, `_.-~` and the given safe ones.
fn percent_encoded(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric()
                || b"_.-~".contains(&byte)
                || safe.as_bytes().contains(&byte) =>
            {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Centres a text in a field of the given width.
fn center(text: &str, width: Option<usize>, named: Kwargs) -> Result<String, Error> {
    let width = width.or(named.get("width")?).unwrap_or(80);
    named.assert_all_used()?;
    if width > MOST {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("the width exceeds {MOST}")));
    }
    let missing = width.saturating_sub(text.chars().count());
    // As in Python, an odd space goes before the text if the width is odd.
    let before = missing / 2 + (missing & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(before), " ".repeat(missing - before)))
}

/// Truncates a text to a length that includes `end`, at a word boundary unless `killwords` is set.
fn truncate(text: &str, places: Rest<Value>, named: Kwargs) -> Result<String, Error> {
    type Places<'a> = (Option<usize>, Option<bool>, Option<&'a str>, Option<usize>);
    let (length, killwords, end, leeway): Places<'_> = from_args(&places)?;
    let length = length.or(named.get("length")?).unwrap_or(255);
    let killwords = killwords.or(named.get("killwords")?).unwrap_or(false);
    let end = end.or(named.get("end")?).unwrap_or("...");
    let leeway = leeway.or(named.get("leeway")?).unwrap_or(5);
    named.assert_all_used()?;
    let Some(kept) = length.checked_sub(end.chars().count()) else {
        let message = format!("the length {length} leaves no room for `{end:.20}`");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    };
    let most = length.saturating_add(leeway);
    if text.chars().nth(most).is_none() {
        return Ok(text.to_owned());
    }
    let cut = text.char_indices().nth(kept).map_or(text, |(at, _)| &text[..at]);
    let cut = if killwords { cut } else { cut.rsplit_once(' ').map_or(cut, |(words, _)| words) };
    Ok(format!("{cut}{end}"))
}

/// Counts the runs of letters, digits and `_`.
fn wordcount(text: &str) -> usize {
    text.split(|char: char| !(char.is_alphanumeric() || char == '_')).filter(|word| !word.is_empty()).count()
}

/// Formats a value as Python's JSON, with sorted keys, escaped for HTML.
fn tojson(value: &Value, indent: Option<usize>, named: Kwargs) -> Result<Value, Error> {
    let indent = indent.or(named.get("indent")?);
    named.assert_all_used()?;
    let failed = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, "the value cannot be serialized as JSON").with_source(error)
    };
    // The intermediate value sorts the keys of objects.
    let mut value = serde_json::to_value(value).map_err(failed)?;
    value.sort_all_objects();
    let mut out = Vec::new();
    let written = match indent {
        Some(indent) => {
            let indent = " ".repeat(indent.min(MOST));
            let pretty = PrettyFormatter::with_indent(indent.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Escaping(pretty)))
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Escaping(Spaced))),
    };
    written.map_err(failed)?;
    Ok(Value::from_safe_string(String::from_utf8_lossy(&out).into_owned()))
}

/// Adds a space after every comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// Escapes non-ASCII characters and those special in HTML.
struct Escaping<F>(F);

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, out: &mut W $(, $argument: $type)*) -> io::Result<()> {
            self.0.$name(out $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Escaping<F> {
    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        for char in text.chars() {
            match char {
                '<' | '>' | '&' | '\'' => write!(out, "\\u{:04x}", u32::from(char))?,
                char if char.is_ascii() => out.write_all(&[char as u8])?,
                char => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        CompactFormatter.write_f64(out, value)
    }
}
