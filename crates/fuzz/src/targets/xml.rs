//! XML, whole and in pieces.

use catena_core::XmlOutputParser;

use crate::input::Input;
use crate::law::{in_proportion, outcome, streamed};

pub(super) const WORDS: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<a b='c'>",
    "<a/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml version='1.0'?>",
    "<?",
    "?>",
    "<!DOCTYPE a [<!ENTITY x 'y'>]>",
    "&lt;",
    "&#0;",
    "&#x10FFFF;",
    "&#xD800;",
    "&x;",
    "&",
    ";",
    "\"",
    "'",
    "=",
    "```xml\n",
    "```",
    "é",
    "\u{feff}",
    "\0",
    " ",
    "\n",
    "<a><b><c>",
    "xmlns:x=\"y\"",
    "xmlns='u'",
    "<x:a>",
    "</x:a>",
    ":",
];

/// How much longer JSON may be than XML: each element may have several names around it, and the namespace of each.
const TIMES: usize = 64;

/// The parser. A stream whose document breaks off has given what there is of it; all else is as in a call.
pub(super) fn xml(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    let parser = XmlOutputParser::new();
    let called = outcome(parser.parse(&text));
    in_proportion(&called, &text, TIMES);
    match (streamed(&parser, input, &text), called) {
        (Some(streamed @ Ok(_)), Err(_)) => in_proportion(&streamed, &text, TIMES),
        (Some(Err((streamed, _))), Err((called, _))) => assert_eq!(streamed, called),
        // A stream begins with the first tag, also where a call passes it over.
        (Some(_), _) if ["<?", "<!", "```"].iter().any(|begin| text.contains(begin)) => {}
        (streamed, called) => assert_eq!(streamed, Some(called), "of {text:.500?}"),
    }
}
