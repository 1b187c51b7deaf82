//! What those who work by hand need of the wire: a request, the parts of an answer that matter, and events.

use std::borrow::Cow;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{MODEL, QUESTION, SYSTEM};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    stream: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

pub(super) fn request(stream: bool) -> Vec<u8> {
    let messages = [Message { role: "system", content: SYSTEM }, Message { role: "user", content: QUESTION }];
    // A struct of strings is always JSON.
    serde_json::to_vec(&Request { model: MODEL, messages, stream }).expect("JSON")
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    delta: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

pub(super) fn answer(body: &[u8]) -> Result<String> {
    let answer: Answer<'_> = serde_json::from_slice(body)?;
    let first = answer.choices.into_iter().next().context("no choice")?;
    Ok(first.message.and_then(|message| message.content).context("no text")?.into_owned())
}

/// Splits bytes into events and takes their text.
#[derive(Default)]
pub(super) struct Events {
    buffer: Vec<u8>,
}

impl Events {
    /// Takes bytes in; gives the text of each token to `token`.
    pub(super) fn add(&mut self, bytes: &[u8], mut token: impl FnMut(String)) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(end) = find(&self.buffer[start..]) {
            let event = &self.buffer[start..start + end];
            start += end + 2;
            let data = event.strip_prefix(b"data: ").context("not an event")?;
            if data == b"[DONE]" {
                break;
            }
            let answer: Answer<'_> = serde_json::from_slice(data)?;
            let first = answer.choices.into_iter().next();
            if let Some(text) = first.and_then(|choice| choice.delta).and_then(|delta| delta.content)
                && !text.is_empty()
            {
                token(text.into_owned());
            }
        }
        self.buffer.drain(..start);
        Ok(())
    }
}

fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\n\n")
}
