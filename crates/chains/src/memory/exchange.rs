//! Selection of the exchange in a call, and of the messages that fit a limit.

use catena_core::{Data, Error, Message, Record, Result, TokenCounter};

use crate::keys::{invalid, list, missing, text_of};

/// The keys of the input and the output to save, if set.
#[derive(Debug, Clone, Default)]
pub(super) struct SavedKeys {
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
}

impl SavedKeys {
    /// Returns the messages of the input and the answer.
    pub(super) fn exchange(
        &self,
        inputs: &Record,
        outputs: &Record,
        memory_key: &str,
    ) -> Result<[Message; 2]> {
        let said = Message::human(text_of(self.said(inputs, memory_key)?));
        Ok([said, Message::ai(text_of(self.answered(outputs)?))])
    }

    fn said<'a>(&self, inputs: &'a Record, memory_key: &str) -> Result<&'a Data> {
        if let Some(key) = &self.input {
            return inputs.get(key).ok_or_else(|| absent("input", key, inputs));
        }
        let mut candidates = inputs.iter().filter(|(name, _)| *name != memory_key && *name != "stop");
        match (candidates.next(), candidates.next()) {
            (Some((_, said)), None) => Ok(said),
            _ => Err(unclear("input", "with_input_key", inputs)),
        }
    }

    fn answered<'a>(&self, outputs: &'a Record) -> Result<&'a Data> {
        if let Some(key) = &self.output {
            return outputs.get(key).ok_or_else(|| absent("output", key, outputs));
        }
        let mut values = outputs.iter();
        match (values.next(), values.next()) {
            (Some((_, answer)), None) => Ok(answer),
            _ => outputs.get("output").ok_or_else(|| unclear("output", "with_output_key", outputs)),
        }
    }
}

/// Returns the index from which the last messages fit within `limit` tokens. It counts rarely, assuming that fewer
/// messages never have more tokens.
pub(super) fn last_that_fit(messages: &[Message], limit: usize, counter: &dyn TokenCounter) -> usize {
    let (mut from, mut fits) = (0, messages.len());
    while from < fits {
        let middle = from + (fits - from) / 2;
        if counter.count_tokens(&messages[middle..]) <= limit {
            fits = middle;
        } else {
            from = middle + 1;
        }
    }
    fits
}

fn absent(what: &str, key: &str, present: &Record) -> Error {
    missing(format!("the memory saves the {what} `{key}`, but got {}", list(present.names())))
}

fn unclear(what: &str, option: &str, present: &Record) -> Error {
    let names = list(present.names());
    invalid(format!("the memory saves one {what}, but got {names}: select it with `{option}`"))
}
