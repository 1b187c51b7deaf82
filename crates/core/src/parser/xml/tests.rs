//! Documents and answers.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{Xml, XmlOutputParser};
use crate::{Chunk, Context, Runnable};

/// Returns the chunks and the error of a stream with this input.
fn streamed(chunks: &[&str]) -> (Vec<Xml>, Option<String>) {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok((*chunk).to_owned())).collect();
    let parser = XmlOutputParser::new();
    let stream = parser.transform(Box::pin(stream::iter(chunks)), Context::default());
    let (mut came, mut failed) = (Vec::new(), None);
    for chunk in futures_executor::block_on(stream.collect::<Vec<_>>()) {
        match chunk {
            Ok(chunk) => came.push(chunk),
            Err(error) => failed = Some(error.message().to_owned()),
        }
    }
    (came, failed)
}

fn fold(chunks: &[Xml]) -> Xml {
    chunks.iter().fold(Xml::default(), |mut whole, chunk| {
        whole.merge(chunk.clone());
        whole
    })
}

/// Parses the document as a whole, in every split into two chunks, and byte by byte.
#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(XmlOutputParser::new().parse(text).expect(text), expected, "{text}");
    let characters: Vec<&str> =
        text.char_indices().map(|(at, character)| &text[at..at + character.len_utf8()]).collect();
    let (came, failed) = streamed(&characters);
    assert_eq!((fold(&came).to_value(), failed), (expected, None), "{text}");
    for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
        assert_eq!(streamed(&[&text[..at], &text[at..]]).0, came, "{text} at {at}");
    }
}

#[test]
fn documents() {
    check(
        "<trip><leg><stop></stop><stop>Porto</stop></leg><stop>Lisbon</stop><leg/></trip>",
        json!({"trip": [{"leg": [{"stop": null}, {"stop": "Porto"}]}, {"stop": "Lisbon"}, {"leg": null}]}),
    );
    check("<foo> \n <a> </a>\n</foo>", json!({"foo": [{"a": " "}]}));
    check("<foo id=\"1>\" b = '\"'><a k=\"&lt;\"\n>x</a ></foo>", json!({"foo": [{"a": "x"}]}));
    check("<foo>x &lt; y &amp;&#x41;&#66;&quot;&apos;&gt;</foo>", json!({"foo": "x < y &AB\"'>"}));
    check("<foo>a<!-- <b> -- > -->b<?php <c> ?>c<![CDATA[<d>&]]></foo>", json!({"foo": "abc<d>&"}));
    check("<foo>a\r\nb\rc</foo>", json!({"foo": "a\nb\nc"}));
    check("<foo></foo>", json!({"foo": []}));
    check("<foo> </foo>", json!({"foo": []}));
    check("<é_x-2.3>日本</é_x-2.3>", json!({"é_x-2.3": "日本"}));
}

#[test]
fn names_in_namespaces() {
    check("<a:b xmlns:a='u' a:k='1'><c>1</c></a:b>", json!({"{u}b": [{"c": "1"}]}));
    check(
        "<a xmlns='u'><b>1</b><c xmlns=''>2</c><d:e xmlns:d='v'>3</d:e><f/></a>",
        json!({"{u}a": [{"{u}b": "1"}, {"c": "2"}, {"{v}e": "3"}, {"{u}f": null}]}),
    );
    check("<a xmlns='u'><a xmlns='v'/><a>2</a></a>", json!({"{u}a": [{"{v}a": null}, {"{u}a": "2"}]}));
    check("<a xmlns:b='x&amp;y' xml:lang='e'><b:c>1</b:c></a>", json!({"a": [{"{x&y}c": "1"}]}));
    let unbound = "expected a declared namespace prefix or none, found";
    check_error("<a:b>x</a:b>", &format!("{unbound} `a` at line 1, column 2"));
    check_error("<a p:k='1'>x</a>", &format!("{unbound} `p` at line 1, column 4"));
    check_error("<a><b xmlns:n='u'/><n:c/></a>", &format!("{unbound} `n` at line 1, column 21"));
    check_error("<a xmlns:p=''/>", "expected a non-empty namespace, found `x` at line 1, column 4");
    check_error(
        "<a xmlns:xmlns='u'/>",
        "expected a prefix other than `xmlns`, found `x` at line 1, column 4",
    );
    check_error(
        &format!("<a xmlns='{}'/>", "u".repeat(129)),
        "expected a namespace of at most 128 bytes, found `x` at line 1, column 4",
    );
    check_error("<a xmlns='}'/>", "expected a namespace without `}`, found `x` at line 1, column 4");
    for name in [":a", "a:", "a:b:c"] {
        let document = format!("<{name} xmlns:a='u'/>");
        let begin = name.chars().next().unwrap_or_default();
        check_error(
            &document,
            &format!(
                "expected a name with at most one prefix before a `:`, found `{begin}` at line 1, column 2"
            ),
        );
    }
}

#[test]
fn text_before_children_wins() {
    check("<foo>hello<a>1</a> <b>2</b></foo>", json!({"foo": "hello"}));
    check("<foo><a>x<b>1<c>2</c></b>y</a><d/></foo>", json!({"foo": [{"a": "x"}, {"d": null}]}));
    check("<foo><a>1</a>behind</foo>", json!({"foo": [{"a": "1"}]}));
}

#[test]
fn what_is_around_a_document() {
    check("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<foo><a>1</a></foo>", json!({"foo": [{"a": "1"}]}));
    check(
        "<?xml version=\"1.0\"?><!-- x --><!DOCTYPE foo SYSTEM \"x.dtd\"><foo/><!-- y -->\n",
        json!({"foo": []}),
    );
    check("So:\n```xml\n<foo>1</foo>\n```\nDone <b>.", json!({"foo": "1"}));
    check("```\n<foo>1</foo>\n```", json!({"foo": "1"}));
    check("```<?xml encoding='x'?>\n<foo>1</foo>```", json!({"foo": "1"}));
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = XmlOutputParser::new().parse(text).expect_err(text);
    let message = error.message().trim_start_matches("invalid XML output: ");
    let message = message.split_once(" of: ").map_or(message, |(message, _)| message);
    assert_eq!(message, expected, "{text}");
}

#[test]
fn what_is_no_document() {
    check_error("", "expected an element, but the answer is empty");
    check_error("hello", "expected an element, found `h` at line 1, column 1");
    check_error("Here: <foo>x</foo>", "expected an element, found `H` at line 1, column 1");
    check_error("<foo>x</foo> so", "expected the end of the input, found `s` at line 1, column 14");
    check_error(
        "<a/><b/>",
        "expected the end of the input, as a document has one root element, found `<` at line 1, column 5",
    );
    check_error("<a><b>1</b>\n<c>2", "expected `</c>`, found the end of the input at line 2, column 5");
    check_error("<a><b>1</a>", "expected `</b>`, found `a` at line 1, column 10");
    check_error(
        "<a>1 < 2</a>",
        "expected an element name (write `&lt;` for a literal `<`), found ` ` at line 1, column 7",
    );
    check_error("<a>x & y</a>", "expected `&amp;` for a literal `&`, found `&` at line 1, column 6");
    check_error("<a x=1/>", "expected a quoted attribute value, found `1` at line 1, column 6");
    check_error("<a x='1' x='2'/>", "expected an attribute name or `>`, found `x` at line 1, column 10");
    check_error("<a x='1'y='2'/>", "expected whitespace or `>`, found `y` at line 1, column 9");
    check_error("<a x='<'/>", "expected `>`, found `<` at line 1, column 7");
    check_error("<a>]]></a>", "expected `]]&gt;` in place of `]]>`, found `]` at line 1, column 4");
    check_error("<a>\u{1}</a>", "expected a character that XML allows, found `\\u{1}` at line 1, column 4");
    check_error(
        "<a>&#0;</a>",
        "expected a character reference, or one of `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;`, found `&` at line 1, column 4",
    );
    check_error("<a><!x></a>", "expected an element, a comment or text, found `!` at line 1, column 5");
    check_error("</a>", "expected a start tag, found `<` at line 1, column 1");
    check_error("```xml\n<a>\n```", "expected `</a>`, found `\\n` at line 2, column 4");
}

#[test]
fn entities_are_neither_declared_nor_known() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>";
    check_error(
        bomb,
        "expected `>`, as entity declarations are not supported, found `[` at line 1, column 13",
    );
    let (came, failed) = streamed(&[bomb]);
    assert!(came.is_empty() && failed.is_some_and(|failed| failed.contains("found `&`")));
}

#[test]
fn a_stream_gives_what_is_complete() {
    let (came, failed) = streamed(&["<a><b>1</b>", "<c>2"]);
    assert_eq!((came, failed), (vec![Xml::clone(&streamed(&["<a><b>1</b></a>"]).0[0])], None));
    let (came, failed) = streamed(&["So: <a><b>1</b>", "<c>2</b>", "</a>"]);
    assert_eq!(came, [json!({"a": [{"b": "1"}]})]);
    let expected =
        "invalid XML output: expected `</c>`, found `b` at line 1, column 22 of: So: <a><b>1</b><c>2</b>";
    assert_eq!(failed.as_deref(), Some(expected));
    let (came, failed) = streamed(&["no", " < XML"]);
    assert!(came.is_empty() && failed.is_some_and(|failed| failed.contains("expected an element")));
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(XmlOutputParser::new().parse(&nested(128)).is_ok());
    check_error(&nested(129), "expected elements nested at most 128 deep, found `<` at line 1, column 385");
    assert!(XmlOutputParser::new().parse(&nested(1_000_000)).is_err());
}

/// Scanning anything twice per chunk would take hours.
#[test]
fn long_answers_take_linear_time() {
    let long = "x".repeat(1_000_000);
    let texts = [
        format!("<a>{}</a>", "<b>1</b>".repeat(20_000)),
        format!("<a><b>{long}</b></a>"),
        format!("<a><b c='{long}'/></a>"),
        format!("<a><!--{}--></a>", "-".repeat(200_000)),
        format!("<a><b>{}</b></a>", "&amp;".repeat(40_000)),
        format!("{}<a>", "< ".repeat(100_000)),
        format!("{}{}", "<a>".repeat(100), "<b/>".repeat(2_000)),
    ];
    for text in &texts {
        let pieces: Vec<&str> =
            text.as_bytes().chunks(7).map(|piece| std::str::from_utf8(piece).expect("ASCII")).collect();
        let (came, _) = streamed(&pieces);
        assert_eq!(came, streamed(&[text]).0);
    }
}

/// Parts of documents and answers, combined at random.
#[test]
fn any_text_is_read_alike_whole_and_in_pieces() {
    const WORDS: [&str; 24] = [
        "<a>",
        "</a>",
        "<b>",
        "</b>",
        "<c/>",
        "<a",
        ">",
        "<",
        "/",
        "x",
        " ",
        "&amp;",
        "&",
        ";",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "'",
        "\"",
        "=",
        "é",
        "```",
        "<?",
    ];
    let mut state: u32 = 1;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap_or(0) % below
    };
    let mut documents = 0;
    for round in 0..20_000 {
        let mut words: Vec<&str> = (0..random(16)).map(|_| WORDS[random(WORDS.len())]).collect();
        if round % 2 == 0 {
            words.splice(0..0, ["<a>"]);
            words.push("</a>");
        }
        let text = words.concat();
        let whole = streamed(&[&text]);
        assert_eq!(streamed(&words).0, whole.0, "{words:?}");
        // In a stream, the first tag begins the document, even one in a comment or in prose before a fence.
        let begins = ["<a", "<b", "<c"].iter().any(|tag| text.trim_start().starts_with(tag));
        if let (true, Ok(xml)) = (begins && !text.contains("```"), XmlOutputParser::new().parse(&text)) {
            documents += 1;
            assert_eq!((fold(&whole.0), whole.1), (xml, None), "{text}");
        }
    }
    assert!(documents > 100, "only {documents} documents");
}
