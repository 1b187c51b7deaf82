//! Area `messages`: reading, merging, converting, filtering and trimming messages.

use std::sync::Arc;

use catena::{
    ApproximateTokens, Chunk, Content, Data, Error, ErrorKind, FromData, Message, MessageFilter, MessageKind,
    OpenAiForm, Record, Result, TokenCounter, TrimMessages, Usage,
};
use serde_json::{Map, Value};

use super::area::Evaluated;
use super::blocks;
use super::vector::Vector;

pub(super) fn run(vector: &Vector) -> Evaluated {
    let input = Input(&vector.input);
    Evaluated::Got(match vector.op() {
        "convert_to_messages" => input.likes("messages").map(list),
        "convert_to_openai" => to_openai(input),
        "add_chunks" => add_chunks(input),
        "merge_dicts" => merge_dicts(input),
        "merge_lists" => merge_lists(input),
        "merge_content" => merge_content(input),
        "chunk_to_message" => input.message("chunk").map(whole),
        "message" => input.message("message").map(Data::from),
        "text" => input.message("message").map(|message| message.text().into_owned().into()),
        "content_blocks" => return Evaluated::Ordered(content_blocks(input), blocks::comparable),
        "message_pretty_repr" => input.message("message").map(|message| message.pretty_repr().into()),
        "merge_runs" => merge_runs(input),
        "filter" => filter(input),
        "trim" => trim(input),
        "count_tokens" => count_tokens(input),
        "usage_add" => return Evaluated::Ordered(usage(input, catena::add_usage), without_empty_details),
        "usage_subtract" => {
            return Evaluated::Ordered(usage(input, catena::subtract_usage), without_empty_details);
        }
        "to_dict" => input.likes("messages").map(|messages| json_list(catena::messages_to_dict(&messages))),
        "from_dict" => catena::messages_from_dict(input.values("dicts")).map(list),
        "roundtrip" => {
            let messages = input.likes("messages");
            messages
                .and_then(|messages| catena::messages_from_dict(catena::messages_to_dict(&messages)))
                .map(list)
        }
        _ => return Evaluated::Unsupported,
    })
}

/// The fields of an operation, or its options.
#[derive(Clone, Copy)]
struct Input<'a>(&'a Record);

impl<'a> Input<'a> {
    fn get(self, name: &str) -> Option<&'a Data> {
        self.0.get(name).filter(|value| **value != Data::Null)
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Data::as_text)
    }

    fn flag(self, name: &str) -> Option<bool> {
        self.get(name).map(|value| *value == Data::Bool(true))
    }

    fn number(self, name: &str) -> Option<f64> {
        self.get(name).cloned().and_then(|value| f64::from_data(value).ok())
    }

    /// The items of a list; a text is a list of one.
    fn items(self, name: &str) -> Vec<Data> {
        match self.get(name) {
            None => Vec::new(),
            Some(Data::List(items)) => items.clone(),
            Some(one) => vec![one.clone()],
        }
    }

    fn texts(self, name: &str) -> Vec<String> {
        self.items(name).iter().filter_map(Data::as_text).map(str::to_owned).collect()
    }

    fn values(self, name: &str) -> Vec<Value> {
        self.items(name).into_iter().map(Data::into_json).collect()
    }

    fn options(self) -> Self {
        static NONE: std::sync::OnceLock<Record> = std::sync::OnceLock::new();
        Self(self.get("options").and_then(Data::as_record).unwrap_or_else(|| NONE.get_or_init(Record::new)))
    }

    /// The message that the field is, read strictly.
    fn message(self, name: &str) -> Result<Message> {
        read_message(self.get(name).unwrap_or(&Data::Null))
    }

    fn messages(self, name: &str) -> Result<Vec<Message>> {
        self.items(name).iter().map(read_message).collect()
    }

    /// What is meant as messages.
    fn likes(self, name: &str) -> Result<Vec<Message>> {
        catena::convert_to_messages(self.items(name).iter().map(decode))
    }
}

fn read_message(data: &Data) -> Result<Message> {
    // As text, which keeps the order of arguments.
    let json = serde_json::to_string(data.get("$message").unwrap_or(data)).unwrap_or_default();
    serde_json::from_str(&json).map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))
}

/// A message, or what is meant as one.
fn decode(data: &Data) -> Data {
    match data.get("$message") {
        Some(_) => read_message(data).map_or_else(|_| data.clone(), Data::from),
        None => data.clone(),
    }
}

fn list(messages: Vec<Message>) -> Data {
    messages.into()
}

fn json_list(values: Vec<Value>) -> Data {
    Value::Array(values).into()
}

fn whole(message: Message) -> Data {
    match message {
        Message::Ai(message) => message.into_whole().into(),
        other => other.into(),
    }
}

fn to_openai(input: Input<'_>) -> Result<Data> {
    let mut form = OpenAiForm::new();
    if let Some(format) = input.text("text_format") {
        form = form.with_text_format(format.parse()?);
    }
    if let Some(include_id) = input.flag("include_id") {
        form = form.with_id(include_id);
    }
    if let Some(pass) = input.flag("pass_through_unknown_blocks") {
        form = form.with_unknown_blocks(pass);
    }
    let mut converted = form.convert(&input.likes("messages")?)?;
    Ok(match input.get("messages") {
        Some(Data::List(_)) => json_list(converted),
        _ => converted.swap_remove(0).into(),
    })
}

fn add_chunks(input: Input<'_>) -> Result<Data> {
    let mut chunks = input.messages("chunks")?.into_iter();
    let Some(mut whole) = chunks.next() else { return Ok(Data::Null) };
    chunks.try_for_each(|chunk| whole.try_merge(chunk))?;
    Ok(whole.into())
}

fn merge_dicts(input: Input<'_>) -> Result<Data> {
    let dicts = input.values("dicts").into_iter().map(|dict| match dict {
        Value::Object(dict) => dict,
        _ => Map::new(),
    });
    catena::merge_dicts(dicts).map(|merged| Value::Object(merged).into())
}

fn merge_lists(input: Input<'_>) -> Result<Data> {
    let lists = input.values("lists").into_iter().map(|list| match list {
        Value::Array(list) => Some(list),
        _ => None,
    });
    catena::merge_lists(lists).map(|merged| Value::from(merged).into())
}

fn merge_content(input: Input<'_>) -> Result<Data> {
    let contents: Vec<Content> = serde_json::from_value(input.values("contents").into())
        .map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))?;
    catena::merge_content(contents).map(|merged| merged.to_json().into())
}

fn content_blocks(input: Input<'_>) -> Result<Data> {
    let position = input.get("message").and_then(|message| message.get("$message")?.get("chunk_position"));
    let is_last = position.and_then(Data::as_text) == Some("last");
    Ok(blocks::content_blocks(input.message("message")?, is_last))
}

fn merge_runs(input: Input<'_>) -> Result<Data> {
    let separator = input.text("chunk_separator").unwrap_or("\n");
    Ok(list(catena::merge_message_runs(input.likes("messages")?, separator)))
}

fn kinds(names: Vec<String>) -> Result<Vec<MessageKind>> {
    names.iter().map(|name| name.parse()).collect()
}

fn filter(input: Input<'_>) -> Result<Data> {
    let options = input.options();
    let mut filter = MessageFilter::new()
        .include_names(options.texts("include_names"))
        .exclude_names(options.texts("exclude_names"))
        .include_types(kinds(options.texts("include_types"))?)
        .exclude_types(kinds(options.texts("exclude_types"))?)
        .include_ids(options.texts("include_ids"))
        .exclude_ids(options.texts("exclude_ids"));
    filter = match options.get("exclude_tool_calls") {
        Some(Data::Bool(true)) => filter.exclude_tool_calls(),
        Some(Data::List(_)) => filter.exclude_tool_call_ids(options.texts("exclude_tool_calls")),
        _ => filter,
    };
    Ok(list(filter.filter(input.likes("messages")?)))
}

fn trim(input: Input<'_>) -> Result<Data> {
    let options = input.options();
    let max_tokens = options.number("max_tokens").unwrap_or_default();
    // The vectors hold small whole numbers.
    let mut trim = TrimMessages::new(max_tokens as usize, counter(options)?)
        .with_allow_partial(options.flag("allow_partial").unwrap_or_default())
        .with_include_system(options.flag("include_system").unwrap_or_default())
        .with_start_on(kinds(options.texts("start_on"))?)
        .with_end_on(kinds(options.texts("end_on"))?);
    if let Some(strategy) = options.text("strategy") {
        trim = trim.with_strategy(strategy.parse()?);
    }
    if options.text("text_splitter") == Some("words") {
        trim = trim.with_text_splitter(|text| text.split_inclusive(' ').map(str::to_owned).collect());
    }
    catena::trim_messages(input.likes("messages")?, &trim).map(list)
}

fn counter(options: Input<'_>) -> Result<Arc<dyn TokenCounter>> {
    let counter = options.get("token_counter");
    let member = |name: &str| counter.and_then(|counter| counter.get(name)).and_then(Data::as_text);
    Ok(match member("kind").unwrap_or_default() {
        "messages" => Arc::new(<[Message]>::len),
        "chars" => Arc::new(|messages: &[Message]| {
            messages.iter().map(|message| message.text().chars().count()).sum::<usize>()
        }),
        "words" => Arc::new(|messages: &[Message]| messages.iter().map(words).sum::<usize>()),
        "ten_per_block" => Arc::new(|messages: &[Message]| {
            messages
                .iter()
                .map(|message| 6 + 4 * message.content().as_blocks().map_or(1, <[_]>::len))
                .sum::<usize>()
        }),
        "named" => catena::named_token_counter(member("name").unwrap_or_default())?,
        _ => catena::named_token_counter("approximate")?,
    })
}

fn words(message: &Message) -> usize {
    let count = |text: &str| text.split_whitespace().count();
    match message.content().as_blocks() {
        Some(blocks) => blocks.iter().filter_map(catena::ContentBlock::as_text).map(count).sum(),
        None => count(&message.text()),
    }
}

fn count_tokens(input: Input<'_>) -> Result<Data> {
    let options = input.options();
    let mut counter = ApproximateTokens::new();
    if let Some(chars) = options.number("chars_per_token") {
        counter = counter.with_chars_per_token(chars);
    }
    if let Some(tokens) = options.number("extra_tokens_per_message") {
        counter = counter.with_extra_tokens_per_message(tokens);
    }
    if let Some(count_name) = options.flag("count_name") {
        counter = counter.with_count_name(count_name);
    }
    Ok(counter.count(&input.likes("messages")?).into())
}

/// A usage whose details say nothing has none.
fn without_empty_details(usage: Data) -> Data {
    let Data::Record(usage) = usage else { return usage };
    let says = |value: &Data| value.as_record().is_none_or(|details| !details.is_empty());
    usage.into_iter().filter(|(_, value)| says(value)).collect::<Record>().into()
}

fn usage(input: Input<'_>, op: fn(Option<Usage>, Option<Usage>) -> Usage) -> Result<Data> {
    let read = |name: &str| -> Result<Option<Usage>> {
        let value = input.get(name).cloned().unwrap_or_default().into_json();
        serde_json::from_value(value).map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))
    };
    Ok(op(read("left")?, read("right")?).to_json().into())
}
