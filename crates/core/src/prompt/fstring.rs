//! The f-string template language: literal text, `{name}`, `{name!r:>8}`, and `{{` `}}` for braces.

use super::format_spec::{Conversion, FormatSpec};
use super::text_of::push_text;
use super::values::Values;
use crate::{Data, Error, ErrorKind, Result};

/// How long a value is thought to be, so that the text is seldom moved while it grows.
const TYPICAL_VALUE: usize = 16;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FString {
    parts: Vec<Part>,
    /// About how long the filled text is.
    expected_len: usize,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// A place for a value.
    Field(Field),
}

impl Part {
    fn expected_len(&self) -> usize {
        match self {
            Self::Literal(literal) => literal.len(),
            Self::Field(_) => TYPICAL_VALUE,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    conversion: Option<Conversion>,
    spec: Option<FormatSpec>,
}

impl FString {
    /// Parses a template. Errors name the character position, counted from 1.
    pub(super) fn parse(template: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, after) = (rest.as_bytes()[at], &rest[at + 1..]);
            let position = || template[..template.len() - after.len()].chars().count();
            if after.as_bytes().first() == Some(&brace) {
                literal.push(char::from(brace));
                rest = &after[1..];
            } else if brace == b'}' {
                return Err(malformed(position(), "`}` without `{`; write `}}` for a brace"));
            } else {
                let end = closing_brace(after).map_err(|why| malformed(position(), why))?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Field(
                    Field::parse(&after[..end]).map_err(|why| malformed(position(), &why))?,
                ));
                rest = &after[end + 1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let expected_len = parts.iter().map(Part::expected_len).sum();
        Ok(Self { parts, expected_len })
    }

    /// The names of the variables, as often as they appear.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Field(field) => Some(field.name.as_str()),
        })
    }

    /// The text with values in place of the variables.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        let mut text = String::with_capacity(self.expected_len);
        let mut next = 0;
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Field(field) => field.write(values.get_after(&field.name, &mut next)?, &mut text)?,
            }
        }
        Ok(text)
    }
}

/// Where the field ends that begins here.
fn closing_brace(field: &str) -> Result<usize, &'static str> {
    match field.find(['{', '}']) {
        Some(end) if field.as_bytes()[end] == b'}' => Ok(end),
        Some(inner) if field[..inner].contains(':') => Err("a format cannot contain variables"),
        _ => Err("`{` without `}`; write `{{` for a brace"),
    }
}

impl Field {
    /// Reads what stands between the braces.
    fn parse(field: &str) -> Result<Self, String> {
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
        // An empty format is none.
        let spec = rest.strip_prefix(':').filter(|spec| !spec.is_empty());
        let spec = spec.map(|spec| FormatSpec::parse(spec).map_err(|why| format!("in `{{{field}}}` {why}")));
        Ok(Self { name: name.to_owned(), conversion, spec: spec.transpose()? })
    }

    #[inline]
    fn write(&self, value: &Data, out: &mut String) -> Result<()> {
        if let (None, None) = (&self.spec, self.conversion) {
            push_text(out, value);
            return Ok(());
        }
        self.write_formatted(value, out)
    }

    fn write_formatted(&self, value: &Data, out: &mut String) -> Result<()> {
        let written = match (&self.spec, self.conversion) {
            (None, None) => {
                push_text(out, value);
                Ok(())
            }
            (None, Some(conversion)) => {
                out.push_str(&conversion.apply(value));
                Ok(())
            }
            (Some(spec), None) => spec.write(value, out),
            (Some(spec), Some(conversion)) => spec.write_text(&conversion.apply(value), out),
        };
        written.map_err(|why| {
            let message = format!("the value of `{}` is {}: {why}", self.name, value.kind());
            Error::new(ErrorKind::InvalidInput, message)
        })
    }
}

fn check_name(name: &str, field: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("`{{{field}}}` names no variable"));
    }
    // Python would look into the value, or take it from a list of arguments.
    if name.contains(['.', '[', ']']) || name.chars().all(char::is_numeric) {
        return Err(format!("`{{{field}}}` is no plain variable name"));
    }
    Ok(())
}

/// Reads the letter behind `!`, which a format or nothing may follow.
fn conversion(text: &str) -> Result<(Conversion, &str), String> {
    let mut letters = text.chars();
    let letter = letters.next().ok_or("behind `!` stands `r`, `s` or `a`")?;
    let conversion = Conversion::parse(letter)
        .ok_or_else(|| format!("there is no conversion `!{letter}`; there are `!r`, `!s` and `!a`"))?;
    match letters.as_str() {
        rest if rest.is_empty() || rest.starts_with(':') => Ok((conversion, rest)),
        rest => Err(format!("`{rest:.40}` stands between a conversion and the `:` of a format")),
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
            Ok(FString { parts, .. }) => parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => format!("'{text}'"),
                    Part::Field(field) => format!("<{}>", field.name),
                })
                .collect(),
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
        check("a {b", "template, character 3: `{` without `}`; write `{{` for a brace");
        check("é}b", "template, character 2: `}` without `{`; write `}}` for a brace");
        check("{a{b}", "template, character 1: `{` without `}`; write `{{` for a brace");
        check("{a:{b}}", "template, character 1: a format cannot contain variables");
        check("{}", "template, character 1: `{}` names no variable");
        check("{:>3}", "template, character 1: `{:>3}` names no variable");
        check("{a.b}", "template, character 1: `{a.b}` is no plain variable name");
        check("{0}", "template, character 1: `{0}` is no plain variable name");
        check("{a!}", "template, character 1: behind `!` stands `r`, `s` or `a`");
        check("{a!x}", "template, character 1: there is no conversion `!x`; there are `!r`, `!s` and `!a`");
        check("{a!rr}", "template, character 1: `r` stands between a conversion and the `:` of a format");
        check("x {a:>>>}", "template, character 3: in `{a:>>>}` there is no format type `>`");
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
        check_fill("{s:d}", "the value of `s` is a text: the format type `d` is not for a text");
        check_fill(
            "{f:d}",
            "the value of `f` is a number: the format type `d` is not for a number with a fraction",
        );
    }
}
