//! Templates of all languages, with values for whatever they ask for.

use catena_core::{Data, PromptTemplate, Record, TemplateFormat};
use serde_json::json;

use crate::input::Input;
use crate::law::checked;

pub(super) const FSTRING: &[&str] = &[
    "{", "}", "{{", "}}", "{x}", "{x!r}", "{x:>10}", "{x:,.2f}", "{x.y}", "{x[0]}", "!", ":", "é", "\u{feff}",
];
pub(super) const MUSTACHE: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{x}}",
    "{{#x}}",
    "{{/x}}",
    "{{^x}}",
    "{{!",
    "{{=",
    "=}}",
    "{{=<% %>=}}",
    "{{.}}",
    "{{#l}}",
    "{{/l}}",
    "{{l.0}}",
    "{{a.b.c}}",
    "{{&x}}",
    "{{>p}}",
    "\n",
    " ",
    "\r\n",
    "é",
];
pub(super) const JINJA2: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{ x }}",
    "{% for i in l %}",
    "{% endfor %}",
    "{% if x %}",
    "{% endif %}",
    "{% set x = ",
    "range(1000)",
    "* 1000",
    "|join",
    "|replace('a','b')",
    "(",
    ")",
    "[",
    "]",
    "~",
    "not ",
    "-",
    "**",
    "{% macro f() %}",
    "{% endmacro %}",
    "{{ f() }}",
    "{% raw %}",
    "loop.index",
    ".format(",
    "|tojson",
    "'",
    "\"",
];

/// F-strings.
pub(super) fn fstring(data: &[u8]) {
    let text = Input::new(data).text();
    filled(&text, TemplateFormat::FString);
    let escaped = text.replace('{', "{{").replace('}', "}}");
    assert_eq!(filled(&escaped, TemplateFormat::FString).as_deref(), Some(&*text));
}

/// Mustache.
pub(super) fn mustache(data: &[u8]) {
    let text = Input::new(data).text();
    let written = filled(&text, TemplateFormat::Mustache);
    if !text.contains("{{") {
        assert_eq!(written.as_deref(), Some(&*text));
    }
}

/// Jinja2.
pub(super) fn jinja2(data: &[u8]) {
    filled(&Input::new(data).text(), TemplateFormat::Jinja2);
}

/// The template, filled; `None` if it cannot be.
fn filled(text: &str, format: TemplateFormat) -> Option<String> {
    let template = checked(PromptTemplate::parse(text, format))?;
    assert_eq!(template.template(), text);
    checked(template.format(()));
    let mut values: Record = template.variables().iter().map(|name| (name.clone(), value(name))).collect();
    values.insert("x", "v");
    checked(template.format(values))
}

/// Some value, of a kind that depends on the name.
fn value(name: &str) -> Data {
    match name.len() % 5 {
        0 => json!(-1234.5).into(),
        1 => "te<xt".into(),
        2 => json!([1, "two", {"x": null}]).into(),
        3 => json!({"b": {"c": [true]}, "x": 7}).into(),
        _ => json!(u64::MAX).into(),
    }
}
