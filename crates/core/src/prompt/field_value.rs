//! The values of typed prompts, borrowed rather than copied.

use std::any::Any;
use std::fmt::{self, Write as _};

use serde_json::Number;

use super::text_of::{push_number, push_text};
use super::{PromptTemplate, PromptValue};
use crate::{Data, Result};

/// The value of one variable, borrowed where that avoids a copy.
pub enum FieldValue<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(Number),
    /// A value inserted through its `Display` implementation.
    Display(&'a dyn fmt::Display),
    /// Any value.
    Data(&'a Data),
    /// A value that had to be converted.
    Owned(Box<Data>),
}

const TRUE: &Data = &Data::Bool(true);
const FALSE: &Data = &Data::Bool(false);

impl<'a> FieldValue<'a> {
    /// Creates the value from a field. Texts and `Data` are borrowed; other values are converted.
    // The type is known at compile time, so the optimizer removes these checks.
    #[inline]
    pub fn of<T: Clone + Into<Data> + 'static>(value: &'a T) -> Self {
        let any: &dyn Any = value;
        if let Some(text) = any.downcast_ref::<String>() {
            return Self::Text(text);
        }
        if let Some(text) = any.downcast_ref::<&'static str>() {
            return Self::Text(text);
        }
        if let Some(Some(text)) = any.downcast_ref::<Option<String>>() {
            return Self::Text(text);
        }
        if let Some(data) = any.downcast_ref::<Data>() {
            return Self::Data(data);
        }
        match value.clone().into() {
            Data::Number(number) => Self::Number(number),
            Data::Bool(true) => Self::Data(TRUE),
            Data::Bool(false) => Self::Data(FALSE),
            other => Self::Owned(Box::new(other)),
        }
    }

    /// Appends the text of the value.
    #[inline]
    pub(super) fn push_to(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Number(number) => push_number(out, number),
            // Writing into a string cannot fail.
            Self::Display(value) => _ = write!(out, "{value}"),
            Self::Data(value) => push_text(out, value),
            Self::Owned(value) => push_text(out, value),
        }
    }

    /// Returns a description of the kind of value, for error messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Display(_) => "a string",
            Self::Number(_) => "a number",
            Self::Data(value) => value.kind(),
            Self::Owned(value) => value.kind(),
        }
    }

    /// Converts the value to owned data.
    #[cfg(any(feature = "mustache", feature = "jinja2"))]
    pub(super) fn to_data(&self) -> Data {
        match self {
            Self::Text(text) => Data::from(*text),
            Self::Number(number) => Data::Number(number.clone()),
            Self::Display(value) => Data::from(value.to_string()),
            Self::Data(value) => (*value).clone(),
            Self::Owned(value) => (**value).clone(),
        }
    }
}

/// Shows only the kind of value.
impl fmt::Debug for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// Fills a prompt with values in the order of its [`variables`](PromptTemplate::variables). No variable may be filled
/// in advance.
///
/// # Errors
/// [`MissingKey`](crate::ErrorKind::MissingKey) if there are fewer values than variables,
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a value that does not fit its format.
#[inline]
pub fn fill_in_order(prompt: &PromptTemplate, values: &[FieldValue<'_>]) -> Result<PromptValue> {
    prompt.template.fill_in_order(values).map(PromptValue::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, vars};
    use serde_json::json;

    /// Checks that a borrowed value behaves like the same value converted.
    #[track_caller]
    fn check<T: Clone + Into<Data> + 'static>(value: T) {
        for template in ["{a}", "{a!r}", "{a!s:>9}|", "{a:>9}", "{a:d}", "{a:.1f}", "{a:.2}"] {
            let prompt = PromptTemplate::new(template).expect("a template");
            let looked_at = fill_in_order(&prompt, &[FieldValue::of(&value)]);
            let taken = prompt.format(vars! { a: value.clone() }).map(PromptValue::from);
            let shown = |filled: Result<PromptValue>| filled.map_err(|error| error.to_string());
            assert_eq!(shown(looked_at), shown(taken), "{template}");
        }
    }

    #[test]
    fn values_looked_at_read_as_values_taken() {
        check("a 'text'\n".to_owned());
        check("é{x}");
        check(Some("some".to_owned()));
        check(None::<String>);
        check(Some(1.5));
        check(7_u8);
        check(-7_i64);
        check(2.0_f32);
        check(true);
        check(false);
        check(vec!["a", "b"]);
        check(Data::from("data"));
        check(Data::from(json!({"a": [1, null]})));
        check(Message::human("Hi"));
    }

    #[test]
    fn each_value_goes_where_its_variable_is() {
        let check = |template: &str, values: &[FieldValue<'_>], expected: &str| {
            let filled = PromptTemplate::new(template).and_then(|prompt| fill_in_order(&prompt, values));
            assert_eq!(filled.map_or_else(|error| error.to_string(), |filled| filled.to_string()), expected);
        };
        let values = [FieldValue::Text("x"), FieldValue::Display(&format_args!("{}", 'y'))];
        check("{b}{a}{b} {a!r:>4}", &values, "xyx  'y'");
        check("{b}", &values, "x");
        check("{a} {b} {c}", &values, "missing variable `c`");
        check(
            "{b:d}",
            &values,
            "the value of `b` is a string: the format type `d` is not supported for a string",
        );
    }

    #[cfg(feature = "mustache")]
    #[test]
    fn other_languages_take_values_in_order_too() {
        let template =
            PromptTemplate::parse("{{b}}{{a}}", crate::TemplateFormat::Mustache).expect("a template");
        let filled = fill_in_order(&template, &[FieldValue::Text("x"), FieldValue::Number(1.into())]);
        assert_eq!(filled.expect("filled").to_string(), "x1");
    }
}
