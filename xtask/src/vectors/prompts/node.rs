//! Prompts as section 4 of the grammar writes them.

use catena::{
    ChatPromptTemplate, Data, DictPromptTemplate, FewShotChatMessagePromptTemplate, FewShotPromptTemplate,
    ImagePromptTemplate, Message, PromptTemplate, Result,
};

use super::super::raised::raise;
use super::fields::{Fields, partials};
use super::{call, chat, few_shot, string, unknown};

pub(in super::super) enum Node {
    Text(PromptTemplate),
    Chat(ChatPromptTemplate),
    FewShot(Box<FewShotPromptTemplate>),
    FewShotChat(FewShotChatMessagePromptTemplate),
    Image(ImagePromptTemplate),
    Dict(DictPromptTemplate),
}

/// Builds a prompt.
pub(in super::super) fn build(data: &Data) -> Result<Node> {
    let (kind, content) = match data.as_record().and_then(|record| record.iter().next()) {
        Some(member) => member,
        None => return Err(unknown("form of a prompt")),
    };
    match kind {
        "prompt" => string::build(content).map(Node::Text),
        "chat_prompt" => chat::build(content).map(Node::Chat),
        "few_shot" | "few_shot_templates" => few_shot::build(Fields::of(content)?).map(few_shot_node),
        "few_shot_chat" => few_shot::build_chat(Fields::of(content)?).map(Node::FewShotChat),
        "image_prompt" => image(Fields::of(content)?).map(Node::Image),
        "dict_prompt" => dict(Fields::of(content)?).map(Node::Dict),
        "from_template" => chat::from_template(Fields::of(content)?).map(Node::Chat),
        "from_examples" => string::from_examples(Fields::of(content)?).map(Node::Text),
        "concat" => concat(content),
        "partial" => partial(Fields::of(content)?),
        "slice" => chat::slice(Fields::of(content)?).map(Node::Chat),
        "append" | "extend" => chat::append(Fields::of(content)?).map(Node::Chat),
        other => Err(unknown(&format!("prompt `{other}`"))),
    }
}

fn few_shot_node(prompt: FewShotPromptTemplate) -> Node {
    Node::FewShot(Box::new(prompt))
}

fn image(fields: Fields<'_>) -> Result<ImagePromptTemplate> {
    let template = Fields::of(fields.need("template")?)?;
    if template.get("path").is_some() {
        return Err(raise("value_error", "there is no `path` of an image"));
    }
    let image = ImagePromptTemplate::new(template.text("url").unwrap_or_default())?;
    match template.text("detail") {
        Some(detail) => image.with_detail(detail),
        None => Ok(image),
    }
}

fn dict(fields: Fields<'_>) -> Result<DictPromptTemplate> {
    DictPromptTemplate::parse(fields.need("template")?.clone(), string::format(fields)?)
}

/// A left fold with `+`.
fn concat(parts: &Data) -> Result<Node> {
    let Data::List(parts) = parts else { return Err(unknown("form of `concat`")) };
    let (first, rest) = parts.split_first().ok_or_else(|| unknown("empty `concat`"))?;
    if first.as_text().is_some() {
        return Err(raise("type_error", "a text has no `+` for prompts"));
    }
    let first = match first.as_record() {
        Some(record) if record.contains("prompt") || record.contains("chat_prompt") => build(first)?,
        Some(record) if !chat::is_entry(record) => build(first)?,
        _ => Node::Chat(chat::add(ChatPromptTemplate::default(), first)?),
    };
    rest.iter().try_fold(first, add)
}

fn add(left: Node, right: &Data) -> Result<Node> {
    match left {
        Node::Text(left) => match right.as_text() {
            Some(text) => (left + text).map(Node::Text),
            None => match build(right)? {
                Node::Text(right) => (left + right).map(Node::Text),
                _ => Err(raise("not_implemented", "a text prompt takes a text prompt")),
            },
        },
        Node::Chat(left) => match right.as_record() {
            Some(record) if !chat::is_entry(record) => match build(right)? {
                Node::Chat(right) => Ok(Node::Chat(left + right)),
                Node::FewShotChat(right) => Ok(Node::Chat(left.with_examples(right))),
                _ => Err(raise("not_implemented", "a chat prompt takes messages")),
            },
            Some(record) if record.contains("role") => {
                Err(raise("not_implemented", "a record is an entry only in a list"))
            }
            _ => match right {
                Data::List(entries) => entries.iter().try_fold(left, chat::add).map(Node::Chat),
                entry => chat::add(left, entry).map(Node::Chat),
            },
        },
        _ => Err(raise("not_implemented", "only text prompts and chat prompts are added")),
    }
}

fn partial(fields: Fields<'_>) -> Result<Node> {
    let values = partials(fields.record("values"));
    Ok(match build(fields.need("prompt")?)? {
        Node::Text(prompt) => Node::Text(values.into_iter().fold(prompt, string::with_partial)),
        Node::Chat(prompt) => Node::Chat(values.into_iter().fold(prompt, chat::with_partial)),
        Node::FewShot(prompt) => few_shot_node(values.into_iter().fold(*prompt, few_shot::with_partial)),
        _ => return Err(raise("not_implemented", "it takes no values beforehand")),
    })
}

impl Node {
    pub(super) fn format(&self, values: Data) -> Result<Data> {
        match self {
            Self::Text(prompt) => prompt.format(values).map(Data::from),
            Self::Chat(prompt) => prompt.format_messages(values).map(|messages| transcript(messages).into()),
            Self::FewShot(prompt) => prompt.format(values).map(Data::from),
            Self::FewShotChat(prompt) => prompt.format(values).map(Data::from),
            Self::Image(prompt) => prompt.format(values),
            Self::Dict(prompt) => prompt.format(values),
        }
    }

    pub(super) fn messages(&self, values: Data) -> Result<Data> {
        match self {
            Self::Chat(prompt) => prompt.format_messages(values).map(Data::from),
            Self::FewShotChat(prompt) => prompt.format_messages(values).map(Data::from),
            _ => Err(unknown("messages of a text prompt")),
        }
    }

    pub(super) fn invoke(&self, input: Data) -> Result<Data> {
        match self {
            Self::Text(prompt) => call(prompt, input),
            Self::Chat(prompt) => call(prompt, input),
            Self::FewShot(prompt) => call(&**prompt, input),
            Self::FewShotChat(prompt) => call(prompt, input),
            Self::Image(prompt) => call(prompt, input),
            Self::Dict(prompt) => call(prompt, input),
        }
    }

    pub(super) fn pretty(&self) -> Result<String> {
        match self {
            Self::Text(prompt) => Ok(prompt.pretty()),
            Self::Chat(prompt) => Ok(prompt.pretty()),
            Self::FewShot(prompt) => prompt.pretty(),
            _ => Err(raise("not_implemented", "it has no pretty form")),
        }
    }
}

fn transcript(messages: Vec<Message>) -> String {
    catena::PromptValue::from(messages).to_string()
}

/// Sets a partial value with the two functions that a prompt has for it.
macro_rules! set_partial {
    ($prompt:expr, $partial:expr) => {{
        let (name, value) = $partial;
        match value {
            $crate::vectors::prompts::fields::Partial::Value(value) => $prompt.with_partial(name, value),
            $crate::vectors::prompts::fields::Partial::Function(value) => {
                $prompt.with_partial_fn(name, move || value.clone())
            }
        }
    }};
}
pub(super) use set_partial;
