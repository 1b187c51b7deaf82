//! The input of custom tools: a text, represented as the single argument of their calls.

use catena_core::{Data, Record};
use serde_json::{Map, Value, json};

/// LangChain's name for the argument of a tool with only one.
const ARGUMENT: &str = "__arg1";

/// Returns whether a call's extra members mark it as one of a custom tool.
pub(super) fn is_custom(extra: &Map<String, Value>) -> bool {
    extra.get("custom").is_some_and(|custom| *custom == true)
}

/// Returns the arguments of a call with this input, as JSON.
pub(super) fn custom_arguments(input: &str) -> String {
    json!({ ARGUMENT: input }).to_string()
}

/// Returns the input of a call, if its arguments have this form.
pub(super) fn custom_input(args: &Record) -> Option<&str> {
    match args.get(ARGUMENT) {
        Some(Data::Text(input)) if args.len() == 1 => Some(input),
        _ => None,
    }
}

/// Produces [`custom_arguments`] from an input in deltas.
#[derive(Debug, Default)]
pub(super) struct CustomInput {
    begun: bool,
}

impl CustomInput {
    /// Returns the next delta of the arguments.
    pub(super) fn piece(&mut self, input: &str) -> String {
        let arguments = custom_arguments(input);
        let (begin, rest) = arguments.split_at(custom_arguments("").len() - END.len());
        let piece = rest.strip_suffix(END).unwrap_or_default();
        if std::mem::replace(&mut self.begun, true) { piece.to_owned() } else { format!("{begin}{piece}") }
    }

    /// Returns the last delta, if there was one before.
    pub(super) fn end(&mut self) -> Option<&'static str> {
        std::mem::take(&mut self.begun).then_some(END)
    }
}

const END: &str = "\"}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_whole() {
        for pieces in [vec![""], vec!["a\"b\n", "", "}é\\"], vec!["{\"__arg1\":", "\"x\"}"]] {
            let mut input = CustomInput::default();
            let mut arguments: String = pieces.iter().map(|piece| input.piece(piece)).collect();
            arguments.extend(input.end());
            assert_eq!(arguments, custom_arguments(&pieces.concat()));
            assert_eq!(input.end(), None);
        }
    }

    #[test]
    fn only_one_text_is_an_input() {
        let args = |args: &[(&str, Data)]| args.iter().cloned().collect::<Record>();
        assert_eq!(custom_input(&args(&[(ARGUMENT, "x".into())])), Some("x"));
        assert_eq!(custom_input(&args(&[(ARGUMENT, 1.into())])), None);
        assert_eq!(custom_input(&args(&[(ARGUMENT, "x".into()), ("a", "y".into())])), None);
        assert_eq!(custom_input(&Record::new()), None);
    }
}
