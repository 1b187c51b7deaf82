//! XML, whole and in pieces.

use catena_core::XmlOutputParser;

use crate::input::Input;
use crate::law::{in_proportion, same_in_pieces};

pub(super) const WORDS: &[&str] = &[
    "<", ">", "</", "/>", "<a>", "</a>", "<a b='c'>", "<a/>", "<!--", "-->", "<![CDATA[", "]]>", "<?xml version='1.0'?>",
    "<?", "?>", "<!DOCTYPE a [<!ENTITY x 'y'>]>", "&lt;", "&#0;", "&#x10FFFF;", "&#xD800;", "&x;", "&", ";", "\"", "'", "=",
    "```xml\n", "```", "é", "\u{feff}", "\0", " ", "\n", "<a><b><c>", "xmlns:x=\"y\"", ":",
];

/// How much longer JSON may be than XML: each element may have several names around it.
const TIMES: usize = 16;

/// The parser.
pub(super) fn xml(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    in_proportion(&same_in_pieces(&XmlOutputParser::new(), input, &text), &text, TIMES);
    let within = XmlOutputParser::new().with_tags(["a", "b"]);
    in_proportion(&same_in_pieces(&within, input, &text), &text, TIMES);
}
