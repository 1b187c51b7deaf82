//! Escaping of ids and labels for Mermaid.

use std::fmt::Write;

use super::Node;
use crate::{Chunk, Data};

/// The characters with a special meaning in Mermaid, and their escapes.
const ENTITIES: [(char, &str); 11] = [
    ('#', "#35;"),
    ('[', "#91;"),
    (']', "#93;"),
    ('(', "#40;"),
    (')', "#41;"),
    ('{', "#123;"),
    ('}', "#125;"),
    ('"', "#quot;"),
    ('<', "#60;"),
    ('>', "#62;"),
    ('|', "#124;"),
];

/// Special characters that are allowed in names, since the name of a parallel step has them: `Parallel<a,b>`.
const ALLOWED_IN_NAMES: [char; 3] = ['#', '<', '>'];

/// Escapes an id: each character other than letters, digits, `_` and `-` becomes a backslash and its code point in
/// hexadecimal.
pub(super) fn safe_id(id: &str) -> String {
    let mut safe = String::with_capacity(id.len());
    for letter in id.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' || letter == '-' {
            safe.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\{:x}", u32::from(letter));
        }
    }
    if safe.is_empty() { "\\0".to_owned() } else { safe }
}

/// Returns the label of a node: its name, without the prefixes of subgraphs, and its metadata.
pub(super) fn node_label(node: &Node) -> String {
    let name = node.name.rsplit(':').next().unwrap_or_default();
    let special = |letter: char| "*_`".contains(letter);
    let mut label = escaped(name, |letter| !ALLOWED_IN_NAMES.contains(&letter));
    // Otherwise Mermaid parses it as Markdown.
    if name.starts_with(special) && name.ends_with(special) {
        label = format!("<p>{label}</p>");
    }
    let facts: Vec<String> = node
        .metadata
        .iter()
        .filter_map(|(key, value)| Some(escaped(&format!("{key} = {}", shown(value)?), |_| true)))
        .collect();
    if !facts.is_empty() {
        label.push_str(&format!("<hr/><small><em>{}</em></small>", facts.join("\n")));
    }
    label
}

/// Wraps a label after this many words.
pub(super) fn edge_label(label: &str, words_per_line: usize) -> String {
    let words: Vec<&str> = label.split_whitespace().collect();
    let lines: Vec<String> = words.chunks(words_per_line.max(1)).map(|words| words.join(" ")).collect();
    let label = if lines.len() > 1 { lines.join("&nbsp<br>&nbsp") } else { label.to_owned() };
    // Otherwise Mermaid parses it as the end of the edge.
    label.replace("--", "#45;#45;").replace(".-", "#46;-")
}

/// Returns the text of a value that can be shown on one line; `None` for records and null.
fn shown(value: &Data) -> Option<String> {
    match value {
        Data::Text(text) => Some(text.clone()),
        Data::Bool(_) | Data::Number(_) => Some(value.to_json().to_string()),
        Data::List(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| shown(item).filter(|_| !matches!(item, Data::List(_)))).collect();
            Some(items?.join(", "))
        }
        _ => None,
    }
}

fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match ENTITIES.iter().find(|(special, _)| *special == letter && which(letter)) {
            Some((_, entity)) => escaped.push_str(entity),
            None => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (id, expected) in [
            ("add_one-2", "add_one-2"),
            ("First Step", "First\\20Step"),
            ("Parallel<a,b>", "Parallel\\3ca\\2cb\\3e"),
            ("é\n", "\\e9\\a"),
            ("", "\\0"),
        ] {
            assert_eq!(safe_id(id), expected);
        }
    }

    #[test]
    fn node_labels() {
        let check = |node: Node, expected: &str| assert_eq!(node_label(&node), expected);
        check(Node::new("sub:inner:a"), "a");
        check(Node::new("Parallel<a,b>Input"), "Parallel<a,b>Input");
        check(Node::new("f(x)[0]"), "f#40;x#41;#91;0#93;");
        check(Node::new("__start__"), "<p>__start__</p>");
        check(
            Node::new("a")
                .with_metadata("z", vec!["x", "y"])
                .with_metadata("b", 1.5)
                .with_metadata("none", ()),
            "a<hr/><small><em>z = x, y\nb = 1.5</em></small>",
        );
        check(Node::new("a").with_metadata("<k>", "#"), "a<hr/><small><em>#60;k#62; = #35;</em></small>");
    }

    #[test]
    fn edge_labels() {
        for (label, words, expected) in [
            ("a  b", 2, "a  b"),
            ("a b c", 2, "a b&nbsp<br>&nbspc"),
            ("", 2, ""),
            ("a b", 0, "a&nbsp<br>&nbspb"),
            ("x --> y", 9, "x #45;#45;> y"),
        ] {
            assert_eq!(edge_label(label, words), expected);
        }
    }
}
