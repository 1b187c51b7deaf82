//! Generates company names.

use super::random::Random;

/// The words before the product in a prompt that asks for a company name.
const LEADS: [&str; 8] = [
    "that makes ",
    "which makes ",
    "that sells ",
    "that produces ",
    "making ",
    "selling ",
    "producing ",
    "maker of ",
];

/// First words of names, by a part of the product's name.
const TOPICS: [(&str, &[&str]); 9] = [
    ("sock", &["Toe", "Heel", "Step", "Cozy", "Stripe", "Ankle", "Happy"]),
    ("tooth", &["Brush", "Smile", "Pearl", "Mint", "Gleam", "Fresh"]),
    ("shoe", &["Stride", "Sole", "Lace", "Trail", "Step"]),
    ("podcast", &["Echo", "Pod", "Wave", "Voice", "Signal"]),
    ("phone", &["Ring", "Signal", "Echo", "Wave", "Hello"]),
    ("coffee", &["Bean", "Roast", "Crema", "Dawn", "Brew"]),
    ("bread", &["Crust", "Hearth", "Crumb", "Golden", "Oven"]),
    ("toy", &["Play", "Wonder", "Giggle", "Tumble", "Spark"]),
    ("car", &["Road", "Drive", "Gear", "Swift", "Axle"]),
];
const ANY_TOPIC: &[&str] =
    &["Bright", "True", "Nova", "Golden", "Swift", "Clear", "Wild", "Prime", "Silver", "Urban"];

// None of them is a first word or a kind, so that no name repeats a word.
const SECOND: &[&str] =
    &["Wise", "Craft", "Well", "Nest", "Forge", "Loop", "Bloom", "Land", "Path", "Kind", "Joy"];
const KINDS: &[&str] = &["Co.", "Inc.", "Company", "& Sons", "Studio", "Works", "Collective", "Labs"];

/// Returns the product if the prompt asks for the name of a company that makes one: `"colorful socks"`.
pub(super) fn product(prompt: &str) -> Option<String> {
    // ASCII only, so that offsets in the copy are offsets in the prompt.
    let lower = prompt.to_ascii_lowercase();
    if !["name", "company", "business", "startup"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let start = LEADS.iter().filter_map(|lead| Some(lower.rfind(lead)? + lead.len())).max()?;
    let rest = prompt[start..].trim_start();
    let end = rest.find(['?', '.', '!', ',', ';', ':', '\n', '"']).unwrap_or(rest.len());
    let words: Vec<&str> = rest[..end].split_whitespace().take(4).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Returns a name for a company that makes the product: `"BrushWise Toothpaste Co."`
pub(super) fn company(product: &str, random: &mut Random) -> String {
    let noun = product.split(' ').next_back().unwrap_or(product);
    let topic = TOPICS.iter().find(|(part, _)| product.to_lowercase().contains(part));
    let mut first = random.pick(topic.map_or(ANY_TOPIC, |(_, words)| words));
    if noun.to_lowercase().starts_with(&first.to_lowercase()) {
        first = "True";
    }
    let (second, kind) = (random.pick(SECOND), random.pick(KINDS));
    match random.next() % 4 {
        0 => {
            format!("The {first} {} {}", title(singular(noun)), if kind == "Inc." { "Company" } else { kind })
        }
        1 => format!("{first}{second} {kind}"),
        _ => format!("{first}{second} {} {kind}", title(noun)),
    }
}

fn singular(noun: &str) -> &str {
    match noun.strip_suffix('s') {
        // Rejects stems such as "glas" and "bu".
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'e']) => stem,
        _ => noun,
    }
}

fn title(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: &str, expected: Option<&str>) {
        assert_eq!(product(prompt).as_deref(), expected, "{prompt}");
    }

    #[test]
    fn the_product_is_found() {
        check("What is a good name for a company that makes colorful socks?", Some("colorful socks"));
        check("What would be a good company name for a company that makes toothpaste?", Some("toothpaste"));
        check("Name a business selling Ä-Brot.\nOnly the name.", Some("Ä-Brot"));
        check("Suggest a company name, maker of toys", Some("toys"));
        check("What makes the sky blue?", None);
        check("A company that makes ?", None);
        check("Tell me a joke", None);
    }

    #[test]
    fn names_fit_the_product_and_vary() {
        let names: std::collections::BTreeSet<String> =
            (0..100).map(|seed| company("colorful socks", &mut Random::new(&[seed]))).collect();
        assert!(names.len() > 60, "{names:?}");
        assert!(names.iter().any(|name| name.contains("Socks")), "{names:?}");
        assert!(names.iter().all(|name| name.chars().next().is_some_and(char::is_uppercase)));
        assert!(!names.iter().any(|name| name.contains("SockSock")), "{names:?}");
    }
}
