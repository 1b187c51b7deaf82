//! Tests of the language in addition to those of its specification, which are among the golden vectors.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(template: &str, data: Value, expected: &str) {
    let rendered = MustacheTemplate::new(template).and_then(|template| template.render(data));
    assert_eq!(rendered.unwrap_or_else(|error| error.to_string()), expected, "{template}");
}

#[test]
fn values() {
    check("{{a}} {{{a}}} {{&a}} {{& a }}", json!({"a": "<&\">"}), "&lt;&amp;&quot;&gt; <&\"> <&\"> <&\">");
    check("[{{a}}{{b}}{{c}}{{d}}]", json!({"a": null, "b": [], "c": {}}), "[]");
    check("{{a}} {{b}} {{c}}", json!({"a": 0, "b": 1.0, "c": false}), "0 1.0 false");
    check(
        "{{a.b}} {{l.1}} [{{l.9}}{{a.x}}{{a.b.c}}]",
        json!({"a": {"b": "{{x}}"}, "l": [1, 2]}),
        "{{x}} 2 []",
    );
    check("{{#a}}{{b.c}}{{/a}}", json!({"a": {"b": {}}, "b": {"c": "no"}}), "");
    check("{{.}}", json!("<"), "&lt;");
    check("{{größe}}", json!({"größe": "é"}), "é");
}

#[test]
fn sections() {
    check("{{#l}}{{.}},{{/l}}", json!({"l": [1, 2]}), "1,2,");
    check("{{#a}}x{{#a}}y{{/a}}{{/a}}{{^a}}z{{/a}}", json!({"a": true}), "xy");
    check("{{#a}}x{{/a}}{{^a}}y{{/a}}", json!({"a": 0.0}), "y");
    check("{{#p}}{{name}} of {{city}}{{/p}}", json!({"p": {"name": "A"}, "city": "B"}), "A of B");
    check("{{#.}}{{n}}{{/.}}", json!([{"n": 1}, {"n": 2}]), "12");
}

#[test]
fn lines() {
    check("a\n  {{#x}}  \nb\n\t{{/x}}\nc", json!({"x": true}), "a\nb\nc");
    check("a\r\n{{! note }}\r\nb\r\n", json!({}), "a\r\nb\r\n");
    check("{{#x}}\n{{/x}}", json!({"x": true}), "");
    check(" {{#x}} y {{/x}} \n", json!({"x": true}), "  y  \n");
    check("{{=<% %>=}}\n<% x %>{{x}}<%={{ }}=%>{{x}}", json!({"x": 1}), "1{{x}}1");
}

#[test]
fn partials() {
    let template = |text: &str, partial: &str| {
        MustacheTemplate::new(text).and_then(|template| template.with_partial("p", partial))
    };
    let check = |text: &str, partial: &str, expected: &str| {
        let rendered =
            template(text, partial).and_then(|template| template.render(json!({"a": "1\n2", "t": [0]})));
        assert_eq!(rendered.unwrap_or_else(|error| error.to_string()), expected, "{text} {partial}");
    };
    check("({{>p}}{{>q}})", "{{a}}", "(1\n2)");
    check("  {{>p}}\nx", "{{a}}\n{{#t}}\ny\n{{/t}}\n\nz\n", "  1\n2\n  y\n  \n  z\nx");
    check("x\n  {{>p}}\n", "a{{#t}}b\n{{/t}}c", "x\n  ab\n  c");
    check("{{>p}}", "{{>p}}", "the partial `p` includes itself without end");
    check("{{>p}}", "{{>p}}{{>p}}", "the partial `p` includes itself without end");
}

#[test]
fn malformed() {
    for (template, why) in [
        ("é{{name", "2: unclosed `{{`; expected `}}`"),
        ("{{{x}}", "1: unclosed `{{`; expected `}}}`"),
        ("x{{/a}}", "2: the section `a` is closed, but was never opened"),
        ("{{#a}}{{/b}}", "7: `b` is closed, but the open section is `a`"),
        ("x{{#a}}", "2: the section `a` is never closed"),
        ("{{ }}", "1: empty tag"),
        ("{{#}}{{/}}", "6: `` is not a valid name"),
        ("{{a..b}}", "1: `a..b` is not a valid name"),
        ("{{=<% %>}}", "1: invalid delimiters; expected the form `{{=<% %>=}}`"),
        ("{{=<%=}}", "1: invalid delimiters; expected the form `{{=<% %>=}}`"),
    ] {
        check(template, json!({}), &format!("template, character {why}"));
    }
    let deep = "{{#a}}".repeat(1000);
    check(&deep, json!({}), "template, character 601: sections are nested deeper than 100");
    let long = format!("{{{{#{}}}}}", "a".repeat(1000));
    let shown = "a".repeat(40);
    check(&long, json!({}), &format!("template, character 1: the section `{shown}` is never closed"));
}

#[test]
fn sections_that_repeat_themselves_end() {
    let nested =
        |text: &str, levels: usize| format!("{}{text}{}", "{{#l}}".repeat(levels), "{{/l}}".repeat(levels));
    let why = "the sections and partials of the template repeat too often";
    check(&nested("x", 3), json!({"l": [1, 2]}), "xxxxxxxx");
    check(&nested("x", 50), json!({"l": [1, 2]}), why);
    check(&nested(&"x".repeat(10_000), 20), json!({"l": [1, 2]}), why);
    check(&nested("{{v}}", 20), json!({"l": [1, 2], "v": "x".repeat(10_000)}), why);
}

#[test]
fn schema() {
    let template = MustacheTemplate::new("{{u.name}} {{#tags}}{{.}}{{x}}{{/tags}} {{&plain}}").expect("good");
    assert!(template.names().eq(["u", "tags", "plain"]));
    let schema = template.input_schema();
    assert_eq!(schema["properties"]["u"]["properties"]["name"]["type"], "string", "{schema}");
    assert_eq!(schema["properties"]["plain"]["type"], "string");
    assert!(schema["properties"]["tags"].get("type").is_none());
}
