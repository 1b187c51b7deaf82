//! The f-string template language: literal text, `{name}`, `{name!r:>8}`, and `{{` and `}}` for braces.

use std::borrow::Cow;
use std::collections::HashMap;

use super::field_value::FieldValue;
use super::format_spec::{Conversion, FormatSpec, Unfit};
use super::text_of::push_text;
use super::values::Values;
use crate::{Data, Error, ErrorKind, Result};

/// The assumed length of a value, so that the output buffer rarely has to grow.
const TYPICAL_VALUE: usize = 64;

/// A parsed template: fields, each with the text before it, and the text after the last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FString {
    fields: Vec<Field>,
    tail: String,
    /// The estimated length of the filled text.
    expected_len: usize,
}

/// A replacement field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    /// The text between the previous field and this one.
    before: String,
    name: String,
    /// The index of the variable.
    variable: usize,
    /// `None` to insert the value without a format.
    format: Option<Box<Format>>,
}

/// The format of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Format {
    conversion: Option<Conversion>,
    spec: Option<FormatSpec>,
}

impl FString {
    /// Parses a template. Errors give the character position, counted from 1.
    pub(super) fn parse(template: &str) -> Result<Self> {
        let mut parsed = Self::default();
        let mut variables = HashMap::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            parsed.tail.push_str(&rest[..at]);
            let (brace, after) = (rest.as_bytes()[at], &rest[at + 1..]);
            let position = || template[..template.len() - after.len()].chars().count();
            if after.as_bytes().first() == Some(&brace) {
                parsed.tail.push(char::from(brace));
                rest = &after[1..];
            } else if brace == b'}' {
                return Err(malformed(position(), "unmatched `}`; write `}}` for a literal brace"));
            } else {
                let end = closing_brace(after).map_err(|why| malformed(position(), why))?;
                let (name, format) = parse_field(&after[..end]).map_err(|why| malformed(position(), &why))?;
                let next = variables.len();
                parsed.push_field(name, *variables.entry(name).or_insert(next), format);
                rest = &after[end + 1..];
            }
        }
        parsed.tail.push_str(rest);
        parsed.expected_len += parsed.tail.len();
        Ok(parsed)
    }

    /// Adds a field after the text read last.
    fn push_field(&mut self, name: &str, variable: usize, format: Option<Box<Format>>) {
        let before = std::mem::take(&mut self.tail);
        self.expected_len += before.len() + TYPICAL_VALUE;
        self.fields.push(Field { before, name: name.to_owned(), variable, format });
    }

    /// Returns the names of the variables, each once, in order of first appearance.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for field in &self.fields {
            if field.variable == names.len() {
                names.push(field.name.clone());
            }
        }
        names
    }

    /// Returns the text with the variables replaced by their values.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        let mut named = values.named();
        self.fill_each(|field, text| {
            // Most inputs list their values in the order in which the template uses them.
            let value = match named.get(&field.name) {
                Some(value) => value,
                None => values.get(&field.name)?,
            };
            field.write(value, text)
        })
    }

    /// Returns the text with these values, given in the order of [`names`](Self::names).
    pub(super) fn fill_in_order(&self, values: &[FieldValue<'_>]) -> Result<String> {
        self.fill_each(|field, text| match values.get(field.variable) {
            Some(value) => field.write_value(value, text),
            None => Err(Error::new(ErrorKind::MissingKey, format!("missing variable `{:.100}`", field.name))),
        })
    }

    #[inline]
    fn fill_each(&self, mut write: impl FnMut(&Field, &mut String) -> Result<()>) -> Result<String> {
        let mut text = String::with_capacity(self.expected_len);
        for field in &self.fields {
            text.push_str(&field.before);
            write(field, &mut text)?;
        }
        text.push_str(&self.tail);
        Ok(text)
    }
}

/// Finds the brace that closes the field.
fn closing_brace(field: &str) -> Result<usize, &'static str> {
    match field.find(['{', '}']) {
        Some(end) if field.as_bytes()[end] == b'}' => Ok(end),
        Some(inner) if field[..inner].contains(':') => Err("a format cannot contain variables"),
        _ => Err("unclosed `{`; write `{{` for a literal brace"),
    }
}

/// Parses the name and the format between the braces.
fn parse_field(field: &str) -> Result<(&str, Option<Box<Format>>), String> {
    let end = field.find([':', '!']).unwrap_or(field.len());
    let (name, rest) = field.split_at(end);
    check_name(name, field)?;
    let (conversion, rest) = match rest.strip_prefix('!') {
        Some(rest) => {
            let (conversion, rest) = conversion(rest)?;
            (Some(conversion), rest)
        }
        None => (None, rest),
    };
    // An empty format is no format.
    let spec = rest.strip_prefix(':').filter(|spec| !spec.is_empty());
    let spec =
        spec.map(|spec| FormatSpec::parse(spec).map_err(|why| format!("in `{{{field:.100}}}`: {why}")));
    let format = Format { conversion, spec: spec.transpose()? };
    let says_something = format.conversion.is_some() || format.spec.is_some();
    Ok((name, says_something.then(|| Box::new(format))))
}

impl Field {
    #[inline]
    fn write(&self, value: &Data, out: &mut String) -> Result<()> {
        match &self.format {
            None => {
                push_text(out, value);
                Ok(())
            }
            Some(format) => format.write(value, out).map_err(|why| self.unfit(value.kind(), &why)),
        }
    }

    #[inline]
    fn write_value(&self, value: &FieldValue<'_>, out: &mut String) -> Result<()> {
        match (&self.format, value) {
            (None, value) => value.push_to(out),
            (Some(format), value) => {
                format.write_value(value, out).map_err(|why| self.unfit(value.kind(), &why))?;
            }
        }
        Ok(())
    }

    #[cold]
    fn unfit(&self, kind: &str, why: &str) -> Error {
        let message = format!("the value of `{:.100}` is {kind}: {why}", self.name);
        Error::new(ErrorKind::InvalidInput, message)
    }
}

impl Format {
    fn write(&self, value: &Data, out: &mut String) -> Result<(), Unfit> {
        match (&self.spec, self.conversion) {
            (None, None) => push_text(out, value),
            (None, Some(conversion)) => out.push_str(&conversion.apply(value)),
            (Some(spec), None) => spec.write(value, out)?,
            (Some(spec), Some(conversion)) => spec.write_text(&conversion.apply(value), out)?,
        }
        Ok(())
    }

    fn write_text(&self, text: &str, out: &mut String) -> Result<(), Unfit> {
        let text = self.conversion.map_or(Cow::Borrowed(text), |conversion| conversion.apply_to_text(text));
        match &self.spec {
            None => out.push_str(&text),
            Some(spec) => spec.write_text(&text, out)?,
        }
        Ok(())
    }

    fn write_value(&self, value: &FieldValue<'_>, out: &mut String) -> Result<(), Unfit> {
        match value {
            FieldValue::Text(text) => self.write_text(text, out),
            FieldValue::Display(value) => self.write_text(&value.to_string(), out),
            FieldValue::Number(number) => self.write(&Data::Number(number.clone()), out),
            FieldValue::Data(value) => self.write(value, out),
            FieldValue::Owned(value) => self.write(value, out),
        }
    }
}

fn check_name(name: &str, field: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("missing variable name in `{{{field:.100}}}`"));
    }
    // Python would access an attribute or an item, or a positional argument.
    if name.contains(['.', '[', ']']) || name.chars().all(char::is_numeric) {
        return Err(format!("`{{{field:.100}}}` is not a plain variable name"));
    }
    Ok(())
}

/// Parses the letter after `!`, which must be followed by a format or by nothing.
fn conversion(text: &str) -> Result<(Conversion, &str), String> {
    let mut letters = text.chars();
    let letter = letters.next().ok_or("expected `r`, `s` or `a` after `!`")?;
    let conversion = Conversion::parse(letter)
        .ok_or_else(|| format!("unknown conversion `!{letter}`; expected `!r`, `!s` or `!a`"))?;
    match letters.as_str() {
        rest if rest.is_empty() || rest.starts_with(':') => Ok((conversion, rest)),
        rest => Err(format!("unexpected `{rest:.40}` after the conversion; expected `:`")),
    }
}

fn malformed(position: usize, what: &str) -> Error {
    Error::new(ErrorKind::Template, format!("template, character {position}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let shown = match FString::parse(template) {
            Ok(FString { fields, tail, .. }) => {
                let quoted = |text: &str| if text.is_empty() { String::new() } else { format!("'{text}'") };
                let fields = fields.iter().map(|field| format!("{}<{}>", quoted(&field.before), field.name));
                fields.chain([quoted(&tail)]).collect()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{template}");
    }

    #[test]
    fn templates() {
        check("", "");
        check("plain", "'plain'");
        check("a {b} c", "'a '<b>' c'");
        check("{a}{b}", "<a><b>");
        check("{{a}} {a}", "'{a} '<a>");
        check("{{{a}}}", "'{'<a>'}'");
        check("né {é}", "'né '<é>");
        check("{a:>3}{b!r}{c!s:.2}{d:}", "<a><b><c><d>");
        check("a {b", "template, character 3: unclosed `{`; write `{{` for a literal brace");
        check("é}b", "template, character 2: unmatched `}`; write `}}` for a literal brace");
        check("{a{b}", "template, character 1: unclosed `{`; write `{{` for a literal brace");
        check("{a:{b}}", "template, character 1: a format cannot contain variables");
        check("{}", "template, character 1: missing variable name in `{}`");
        check("{:>3}", "template, character 1: missing variable name in `{:>3}`");
        check("{a.b}", "template, character 1: `{a.b}` is not a plain variable name");
        check("{0}", "template, character 1: `{0}` is not a plain variable name");
        check("{a!}", "template, character 1: expected `r`, `s` or `a` after `!`");
        check("{a!x}", "template, character 1: unknown conversion `!x`; expected `!r`, `!s` or `!a`");
        check("{a!rr}", "template, character 1: unexpected `r` after the conversion; expected `:`");
        check("x {a:>>>}", "template, character 3: in `{a:>>>}`: unknown format type `>`");
        let (long, shown) = ("a".repeat(1000), "a".repeat(98));
        check(
            &format!("{{[]{long}}}"),
            &format!("template, character 1: `{{[]{shown}}}` is not a plain variable name"),
        );
    }

    #[track_caller]
    fn check_fill(template: &str, expected: &str) {
        let vars = vars! { s: "it's", n: 42, f: 1.5, list: vec![1, 2] };
        let filled = FString::parse(template).and_then(|template| template.fill(Values::new(&vars, &[])));
        assert_eq!(filled.unwrap_or_else(|error| error.to_string()), expected, "{template}");
    }

    #[test]
    fn filling() {
        check_fill("{s} {n} {f} {list}", "it's 42 1.5 [1,2]");
        check_fill("{s!r} {n:>4}|{f:.2f}|{list!s:>6}|", "\"it's\"   42|1.50| [1,2]|");
        check_fill("{n!r:>4}|", "  42|");
        check_fill(
            "{s:d}",
            "the value of `s` is a string: the format type `d` is not supported for a string",
        );
        check_fill(
            "{f:d}",
            "the value of `f` is a number: the format type `d` is not supported for a floating-point number",
        );
    }
}
