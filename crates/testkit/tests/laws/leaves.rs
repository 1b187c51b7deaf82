//! The steps at the tips of a random tree: what they do is fixed by their description, so every run goes alike.

use std::borrow::Cow;

use catena_core::{
    Chunk, ChunkStream, Context, Data, Error, ErrorKind, LanguageModel, Message, PromptValue, Record, Result,
    Runnable, async_trait, gather,
};
use futures_util::{StreamExt, stream};

use crate::executor::turns;

/// A step, and before each of its chunks so many turns for others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    pub(crate) does: Does,
    pub(crate) waits: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    /// Gathers its input, then answers with a text in so many chunks.
    Answers(u8),
    /// Has no stream of its own.
    Gathers,
    /// Turns each chunk as it comes.
    Maps,
    /// Gives a record that grows: each chunk replaces the last.
    Grows(u8),
    /// Gives numbers, of which the last counts.
    Counts(u8),
    /// Gives nothing.
    Silent,
    /// Fails after so many chunks.
    Fails(u8),
}

impl Leaf {
    /// The chunks that come of a whole input.
    fn chunks(self, input: &Data) -> Vec<Result<Data>> {
        let text = format!("<{}>", text(input));
        match self.does {
            Does::Answers(chunks) => cut(&text, chunks).map(|piece| Ok(piece.into())).collect(),
            Does::Gathers => vec![Ok(text.to_uppercase().into())],
            Does::Maps => vec![Ok(turn(input.clone()))],
            Does::Grows(chunks) => (1..=usize::from(chunks))
                .map(|end| Ok(Data::from([("a", text.chars().take(end).collect::<String>())])))
                .collect(),
            Does::Counts(chunks) => (1..=chunks).map(|number| Ok(number.into())).collect(),
            Does::Silent => Vec::new(),
            Does::Fails(chunks) => {
                let error = Error::new(ErrorKind::Server, format!("failed after {chunks} chunks"));
                cut(&text, chunks).map(|piece| Ok(piece.into())).chain([Err(error)]).collect()
            }
        }
    }

    fn streamed<'a>(self, input: &Data) -> ChunkStream<'a, Data> {
        let chunks = stream::iter(self.chunks(input));
        let waiting = chunks.then(move |chunk| async move {
            turns(self.waits).await;
            chunk
        });
        waiting.boxed()
    }
}

#[async_trait]
impl Runnable for Leaf {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, _cx: &Context) -> Result<Data> {
        Ok(gather(self.streamed(&input)).await?.unwrap_or_default())
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        let (leaf, waits) = (*self, self.waits);
        match self.does {
            Does::Maps => Box::pin(input.then(move |chunk| async move {
                turns(waits).await;
                chunk.map(turn)
            })),
            // As a step without a stream of its own does.
            Does::Gathers => Box::pin(
                stream::once(async move {
                    match gather(input).await? {
                        Some(input) => leaf.call(input, &cx).await.map(Some),
                        None => Ok(None),
                    }
                })
                .filter_map(|output| std::future::ready(output.transpose())),
            ),
            _ => stream::once(async move {
                match gather(input).await {
                    Ok(Some(input)) => leaf.streamed(&input),
                    Ok(None) => stream::empty().boxed(),
                    Err(error) => stream::iter([Err(error)]).boxed(),
                }
            })
            .flatten()
            .boxed(),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        format!("{:?}", self.does).into()
    }
}

/// A text model that repeats what it is asked, in chunks of two letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parrot {
    pub(crate) waits: usize,
}

#[async_trait]
impl LanguageModel for Parrot {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
        let letters: Vec<char> = prompt.into_text().chars().collect();
        let mut chunks: Vec<String> = letters.chunks(2).map(|chunk| chunk.iter().collect()).collect();
        if chunks.is_empty() {
            chunks.push(String::new());
        }
        let chunks = stream::iter(chunks).then(|chunk| async {
            turns(self.waits).await;
            Ok(chunk)
        });
        chunks.boxed()
    }
}

/// A value as a short text: the same for equal values, and for errors of any kind.
pub(crate) fn text(data: &Data) -> String {
    let text = match data {
        Data::Null => "~".to_owned(),
        Data::Text(text) => text.clone(),
        Data::List(items) => format!("[{}]", items.iter().map(text_of_part).collect::<String>()),
        Data::Record(record) => {
            let mut parts: Vec<String> =
                record.iter().map(|(name, value)| format!("{name}={};", text_of_part(value))).collect();
            parts.sort();
            parts.concat()
        }
        Data::Message(message) => match &**message {
            Message::Ai(message) => message.text().into_owned(),
            other => other.content().clone().text().into_owned(),
        },
        Data::Error(_) => "!".to_owned(),
        other => other.to_json().to_string(),
    };
    match text.char_indices().nth(40) {
        None => text,
        // Nested often enough, texts would grow without end.
        Some(_) => {
            format!("#{:04x}", text.bytes().fold(7_u16, |sum, byte| sum.wrapping_mul(31) ^ u16::from(byte)))
        }
    }
}

fn text_of_part(data: &Data) -> String {
    text(data)
}

/// Changes a chunk so that the changed chunks add up to the changed whole.
fn turn(data: Data) -> Data {
    match data {
        Data::Text(text) => text.to_uppercase().into(),
        Data::List(items) => Data::List(items.into_iter().map(turn_item).collect()),
        other => other,
    }
}

fn turn_item(item: Data) -> Data {
    Data::List(vec![item])
}

/// The text in so many pieces, as far as there are letters.
fn cut(text: &str, pieces: u8) -> impl Iterator<Item = String> {
    let letters: Vec<char> = text.chars().collect();
    let size = letters.len().div_ceil(usize::from(pieces.max(1))).max(1);
    let pieces: Vec<String> = match pieces {
        0 => Vec::new(),
        _ => letters.chunks(size).map(|piece| piece.iter().collect()).collect(),
    };
    pieces.into_iter()
}

/// A record with this value in it, unless it is one.
pub(crate) fn as_record(data: Data) -> Data {
    match data {
        Data::Record(_) => data,
        other => Record::from_iter([("in", other)]).into(),
    }
}
