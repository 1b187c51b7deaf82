//! Generates the text of answers.

use super::names;
use super::random::Random;

const OPENINGS: &[&str] =
    &["This is a simulated answer", "Here is a simulated reply", "A simulated response"];
const REMARKS: &[&str] = &[
    "A real model would say more.",
    "No language model was asked.",
    "It was invented on this machine.",
    "Its words mean nothing in particular.",
];
const LIST: &[&str] = &[
    "amber", "birch", "comet", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper", "kite",
    "lagoon",
];
/// Maximum length of the prompt that an answer repeats, in characters.
const QUOTED: usize = 60;

/// Generates an answer to a prompt.
pub(super) fn answer(prompt: &str, random: &mut Random) -> String {
    if let Some(product) = names::product(prompt) {
        return names::company(&product, random);
    }
    // The format instruction of LangChain's list parser.
    if prompt.contains("comma separated") {
        let start = random.next() as usize;
        return (0..5).map(|step| LIST[start.wrapping_add(step) % LIST.len()]).collect::<Vec<_>>().join(", ");
    }
    let (opening, remark) = (random.pick(OPENINGS), random.pick(REMARKS));
    let asked = prompt.trim().lines().next_back().unwrap_or_default();
    match asked.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{opening} to \"{}...\". {remark}", &asked[..end]),
        None => format!("{opening} to \"{asked}\". {remark}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: &str, expected: &str) {
        let text = answer(prompt, &mut Random::new(&[1]));
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn answers_fit_the_prompt() {
        check("Tell me a joke", "to \"Tell me a joke\".");
        check("System\nWhat is 2 + 2?", "to \"What is 2 + 2?\".");
        check(&"ä".repeat(100), &format!("\"{}...\"", "ä".repeat(60)));
        check("", "to \"\".");
        let list = answer("Your response should be a list of comma separated values", &mut Random::new(&[1]));
        assert_eq!(list.split(", ").count(), 5);
    }
}
