//! Tests of the language as used in prompts.

use serde_json::{Value, json};

use super::*;
use crate::Data;

#[track_caller]
fn check(template: &str, input: Value, expected: &str) {
    let filled = Jinja2::new(template).and_then(|parsed| {
        let input = Data::from(input);
        parsed.fill(Values::new(&input, &[]))
    });
    assert_eq!(filled.unwrap_or_else(|error| error.to_string()), expected, "{template}");
}

#[test]
fn values() {
    check(
        "{{ a }} {{ b }} {{ c }}|{{ d }}",
        json!({"a": 1.0, "b": 1e16, "c": [1, "x"]}),
        "1.0 1e+16 [1,\"x\"]|",
    );
    check("{{ r }}", json!({"r": {"a": {"b": null}}}), "{\"a\":{\"b\":null}}");
    check("{{ a }}", json!({"a": "{{ b }} <&>"}), "{{ b }} <&>");
    check("{{ x.y }} {{ x['y'] }} {{ l[-1] }}", json!({"x": {"y": 1}, "l": [1, 2]}), "1 1 2");
    check("{{ l[1:]|join }} {{ s[::-1] }}", json!({"l": [1, 2, 3], "s": "abc"}), "23 cba");
    check("{% for k, v in x.items() %}{{ k }}{{ v }}{% endfor %}", json!({"x": {"b": 1, "a": 2}}), "a2b1");
}

#[test]
fn messages_have_members_and_a_text() {
    let template = Jinja2::new("{{ m.type }}: {{ m }}").expect("good");
    let input = crate::vars! { m: crate::Message::human("Hi") };
    let filled = template.fill(Values::new(&input, &[]));
    assert_eq!(filled.expect("filled"), "human: Hi");
}

#[test]
fn filters() {
    check("{{ s|truncate(8, true, '..', 0) }}", json!({"s": "abcdefghijkl"}), "abcdef..");
    check(
        "{{ s|truncate(9) }}|{{ s|truncate(length=9, leeway=0) }}",
        json!({"s": "one two three"}),
        "one two three|one...",
    );
    check("{{ 'a'|center(4) }}|{{ 'abc'|center(6) }}|{{ 'ab'|center(5) }}|", json!({}), " a  | abc  |  ab |");
    check("{{ s|e }} {{ s|e|e }}", json!({"s": "<a&'\""}), "&lt;a&amp;&#39;&#34; &lt;a&amp;&#39;&#34;");
    check(
        "{{ 'a b&c/é'|urlencode }} {{ {'a b': '/', 'c': 1}|urlencode }} {{ [['x', 'y']]|urlencode }}",
        json!({}),
        "a%20b%26c/%C3%A9 a+b=%2F&c=1 x=y",
    );
    check(
        "{% autoescape true %}{{ h }}{{ h|safe }}{{ 1.0 }}{% endautoescape %}{{ h }}",
        json!({"h": "<b>"}),
        "&lt;b&gt;<b>1.0<b>",
    );
    check("{{ x is callable }} {{ range is callable }}", json!({"x": {}}), "False True");
    check("{{ 'it is, so'|wordcount }}", json!({}), "3");
    check(
        "{{ {'a': none, 'b': 'x\"<', 'c': 5}|xmlattr }}|{{ {'a': 1}|xmlattr(false) }}",
        json!({}),
        " b=\"x&#34;&lt;\" c=\"5\"|a=\"1\"",
    );
    check(
        "{{ d|tojson }}",
        json!({"d": {"b": ["é", "<"], "a": 1.0}}),
        r#"{"a": 1.0, "b": ["\u00e9", "\u003c"]}"#,
    );
    check("{{ d|tojson(indent=1) }}", json!({"d": {"a": 1}}), "{\n \"a\": 1\n}");
    check("{{ '7'|int }} {{ 'x'|int }} {{ 'x'|int(9) }} {{ 'x'|int(default=8) }}", json!({}), "7 0 9 8");
    check("{{ '0x1f'|int(0, 16) }} {{ '1.5'|float }} {{ 'x'|float }}", json!({}), "31 1.5 0.0");
    check("{{ 'a<b>c</b>'|striptags }} {{ 123456|filesizeformat }}", json!({}), "ac 123.5 kB");
    check(
        "{% set by = joiner('/') %}{% for i in l %}{{ by() }}{{ i }}{% endfor %}",
        json!({"l": [1, 2, 3]}),
        "1/2/3",
    );
    check("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}", json!({}), "aba");
}

#[test]
fn names() {
    let names =
        |template| Jinja2::new(template).map(|template| template.names()).map_err(|error| error.to_string());
    assert_eq!(
        names("{{ b }}{% set t = a %}{{ t }}{{ u.x }}"),
        Ok(["a", "b", "u"].map(String::from).to_vec())
    );
    assert_eq!(names("{% for i in range(n) %}{{ i }}{{ loop.index }}{% endfor %}"), Ok(vec!["n".to_owned()]));
}

#[test]
fn words_are_wrapped_as_python_does() {
    let check = |arguments: &str, text: &str, expected: &str| {
        check(&format!("{{{{ t|wordwrap({arguments}) }}}}"), json!({"t": text}), expected);
    };
    check("8", "hello wonderful world, it is", "hello wo\nnderful\nworld,\nit is");
    check("8, false", "hello wonderful world, it is", "hello\nwonderful\nworld,\nit is");
    check("5", "aaa-bbb ccc-ddd", "aaa-\nbbb\nccc-\nddd");
    check("5, break_on_hyphens=false", "aaa-bbb ccc-ddd", "aaa-b\nbb cc\nc-ddd");
    check("4, wrapstring='|'", "  lead  x", "lead|x");
    check("2", "a\n\nb c", "a\n\nb\nc");
    check("", "", "");
    check("9", "a well--known x-y e-mail", "a well--\nknown x-y\ne-mail");
    check("3", "日本語テスト", "日本語\nテスト");
    check("0", "x", "template, line 1, `wordwrap(0)`: invalid operation: the width must be at least 1");
    let long = "x".repeat(100_000);
    check("1", &long, &vec!["x"; 100_000].join("\n"));
}

#[test]
fn names_are_checked_when_a_template_is_parsed() {
    for (template, why) in [
        ("{{ a|nope }}", "character 6: unknown filter `nope`"),
        ("é{% for x in a|nope %}{% endfor %}", "character 16: unknown filter `nope`"),
        ("{% filter nope %}x{% endfilter %}", "character 11: unknown filter `nope`"),
        ("{{ a is not nope }}", "character 13: unknown test `nope`"),
        ("{{ a|lower|nope('}}') }}", "character 12: unknown filter `nope`"),
    ] {
        let error = Jinja2::new(template).expect_err(template).to_string();
        assert_eq!(error, format!("template, {why}"), "{template}");
    }
    for template in [
        "{% if a is nope %}{{ a|nope }}{% else %}{{ b|nope }}{% endif %}",
        "{{ a|nope if a else b }}",
        "{% raw %}{{ a|nope }}{% endraw %}{# {{ a|nope }} #}{{ 'a|nope' }}",
        "{{ a is defined }}{{ a is not none }}{{ {'is': {}}.is }}{{ {'a': {'b': '}}|nope'}} }}",
        "{%- filter upper -%}x{%- endfilter -%}{{- a|upper|e -}}{ {{ '{' }}",
        "{% block b %}x{% endblock %}{% set x = a|default({}) %}",
    ] {
        Jinja2::new(template).expect(template);
    }
}

#[test]
fn nothing_escapes() {
    let check = |template: &str, part: &str| {
        let filled = Jinja2::new(template)
            .and_then(|parsed| parsed.fill(Values::new(&Data::Null, &[])).map(|text| text.len()));
        let error = filled.expect_err(template);
        assert!(error.kind() == crate::ErrorKind::Template || error.kind() == crate::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(part), "{template}: {error}");
    };
    check("{{ missing.attr }}", "line 1, `missing.attr`: undefined value");
    check("{{ ''.__class__.__mro__ }}", "undefined value");
    check("{{ nope() }}", "nope");
    for other in ["{% include 'x' %}", "{% include '' %}", "{% include 'template' %}", "{% extends 'x' %}"] {
        check(other, "template");
    }
    check("{{ 'x' * 99999999 }}", "too many steps");
    check(
        "{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "",
    );
    check("{{ x", "character");
    check("\n{% foo %}", "character 5");
    check("{{ x|nope }}", "nope");
}
