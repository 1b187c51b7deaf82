//! Chains as section 10 of the grammar writes them.

use std::sync::Arc;

use catena::chains::{
    Chain, ConversationBufferMemory, ConversationChain, Memory, SequentialChain, SimpleSequentialChain,
};
use catena::{
    CommaSeparatedListOutputParser, Data, DynRunnable, JsonOutputParser, LlmChain, MarkdownListOutputParser,
    NumberedListOutputParser, Record, Result, RunnableExt, StrOutputParser, lambda,
};

use super::super::prompts::{Node, build_node};
use super::super::runnables::Fakes;
use super::super::tagged;
use super::built::Built;
use super::model::Model;
use super::{memories, transforms, unknown};

/// The fields of an operation or a node.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Record);

impl<'a> Fields<'a> {
    pub(super) fn of(data: &'a Data) -> Result<Self> {
        data.as_record().map(Self).ok_or_else(|| unknown("form of a node"))
    }

    /// A field that is there and not null.
    pub(super) fn get(self, name: &str) -> Option<&'a Data> {
        self.0.get(name).filter(|value| **value != Data::Null)
    }

    pub(super) fn need(self, name: &str) -> Result<&'a Data> {
        self.get(name).ok_or_else(|| unknown(&format!("operation without `{name}`")))
    }

    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Data::as_text)
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.get(name) == Some(&Data::Bool(true))
    }

    pub(super) fn number(self, name: &str) -> Option<usize> {
        self.get(name).cloned().and_then(|value| catena::FromData::from_data(value).ok())
    }

    pub(super) fn items(self, name: &str) -> &'a [Data] {
        match self.get(name) {
            Some(Data::List(items)) => items,
            _ => &[],
        }
    }

    pub(super) fn texts(self, name: &str) -> Vec<String> {
        self.items(name).iter().filter_map(Data::as_text).map(str::to_owned).collect()
    }

    pub(super) fn members(self, name: &str) -> Vec<(&'a str, &'a Data)> {
        self.get(name).and_then(Data::as_record).map(|record| record.iter().collect()).unwrap_or_default()
    }
}

/// The kind of a node and its options.
pub(super) fn kind(data: &Data) -> Result<(&str, Fields<'_>)> {
    let (kind, options) = Fields::of(data)?.0.iter().next().ok_or_else(|| unknown("form of a node"))?;
    Ok((kind, Fields::of(options)?))
}

/// Builds chains over the fake models of one vector.
pub(super) struct Builder(Fakes);

impl Builder {
    pub(super) fn new() -> Self {
        Self(Fakes::new())
    }

    /// What the models were asked.
    pub(super) fn asked(&self) -> Data {
        self.0.calls()
    }

    pub(super) fn model(&self, fields: Fields<'_>) -> Result<Model> {
        self.0.model(fields.need("llm")?).map(Model)
    }

    pub(super) fn chain(&self, node: &Data) -> Result<Built> {
        let (kind, fields) = kind(node)?;
        match kind {
            "llm_chain" => self.llm_chain(fields),
            "conversation" => self.conversation(fields),
            "transform" => transform(fields).map(Built::of),
            "simple_sequential" => self.simple_sequential(fields),
            "sequential" => self.sequential(fields),
            "multi_route" | "fixed_router" | "llm_router" => self.route(kind, fields).map(Built::of),
            _ => self.over_documents(kind, fields),
        }
    }

    /// The chain of a field.
    pub(super) fn part(&self, fields: Fields<'_>, name: &str) -> Result<Chain> {
        self.chain(fields.need(name)?).map(|built| built.chain)
    }

    fn parts(&self, fields: Fields<'_>) -> Result<Vec<Chain>> {
        fields.items("chains").iter().map(|node| self.chain(node).map(|built| built.chain)).collect()
    }

    /// The chain of a node `llm_chain`, without what is made of its answer.
    pub(super) fn asking(&self, fields: Fields<'_>) -> Result<LlmChain> {
        asking(self.model(fields)?, fields.need("prompt")?)
    }

    fn llm_chain(&self, fields: Fields<'_>) -> Result<Built> {
        let mut chain = self.asking(fields)?;
        if let Some(key) = fields.text("output_key") {
            chain = chain.with_output_key(key);
        }
        for (name, value) in fields.members("llm_kwargs") {
            chain = chain.with_llm_argument(name, value.clone().into_json());
        }
        let memory = memory(fields)?;
        if let Some(memory) = &memory {
            chain = chain.with_memory(Arc::clone(memory));
        }
        let whole = match (fields.get("output_parser"), fields.get("return_final_only")) {
            (Some(parser), _) => chain.clone().with_output_parser(read_parser(parser)?),
            (None, Some(Data::Bool(false))) => chain.clone().with_full_generation(),
            _ => chain.clone().into(),
        };
        let plain = fields.get("output_parser").is_none() && fields.get("return_final_only").is_none();
        let parser = prompt_parser(fields.need("prompt")?)?;
        Ok(Built { chain: whole, llm: Some(chain), plain, memory, parser, stuff: None })
    }

    fn conversation(&self, fields: Fields<'_>) -> Result<Built> {
        let model = self.model(fields)?;
        let mut chain = match fields.get("prompt").map(build_node).transpose()? {
            Some(Node::Text(prompt)) => ConversationChain::with_prompt(model, prompt),
            Some(Node::Chat(prompt)) => ConversationChain::with_prompt(model, prompt),
            Some(_) => return Err(unknown("prompt of a conversation")),
            None => ConversationChain::new(model)?,
        };
        let memory = memory(fields)?.unwrap_or_else(|| Arc::new(ConversationBufferMemory::new()));
        chain = chain.with_memory(Arc::clone(&memory));
        if let Some(key) = fields.text("input_key") {
            chain = chain.with_input_key(key);
        }
        if let Some(key) = fields.text("output_key") {
            chain = chain.with_output_key(key);
        }
        let llm = chain.build()?;
        let chain = llm.clone().into();
        Ok(Built { chain, llm: Some(llm), plain: true, memory: Some(memory), parser: None, stuff: None })
    }

    fn simple_sequential(&self, fields: Fields<'_>) -> Result<Built> {
        let mut chain = SimpleSequentialChain::new();
        for part in self.parts(fields)? {
            chain = chain.with(part);
        }
        if fields.flag("strip_outputs") {
            chain = chain.with_stripped_outputs();
        }
        if let Some(key) = fields.text("input_key") {
            chain = chain.with_input_key(key);
        }
        if let Some(key) = fields.text("output_key") {
            chain = chain.with_output_key(key);
        }
        let (chain, memory) = (chain.build()?, memory(fields)?);
        let chain = memory.iter().fold(chain, |chain, memory| chain.with_memory(Arc::clone(memory)));
        Ok(Built { memory, ..Built::of(chain) })
    }

    fn sequential(&self, fields: Fields<'_>) -> Result<Built> {
        let mut chain = SequentialChain::new(fields.texts("input_variables"));
        for part in self.parts(fields)? {
            chain = chain.with(part);
        }
        if fields.get("output_variables").is_some() {
            chain = chain.with_outputs(fields.texts("output_variables"));
        }
        if fields.flag("return_all") {
            chain = chain.with_all_outputs();
        }
        let memory = memory(fields)?;
        if let Some(memory) = &memory {
            chain = chain.with_memory(Arc::clone(memory));
        }
        Ok(Built { memory, ..Built::of(chain.build()?) })
    }
}

fn asking(model: Model, prompt: &Data) -> Result<LlmChain> {
    Ok(match build_node(prompt)? {
        Node::Text(prompt) => LlmChain::new(model, prompt),
        Node::Chat(prompt) => LlmChain::new(model, prompt),
        Node::FewShot(prompt) => LlmChain::new(model, *prompt),
        _ => return Err(unknown("prompt of a chain")),
    })
}

fn memory(fields: Fields<'_>) -> Result<Option<Arc<dyn Memory>>> {
    fields.get("memory").map(memories::build).transpose()
}

fn transform(fields: Fields<'_>) -> Result<Chain> {
    let function = transforms::function(fields.text("fn").unwrap_or_default())?;
    let (inputs, outputs) = (fields.texts("input_variables"), fields.texts("output_variables"));
    Ok(Chain::new(inputs, outputs, lambda(function)))
}

/// The parser that is attached to a prompt.
fn prompt_parser(prompt: &Data) -> Result<Option<DynRunnable>> {
    let template = prompt.get("prompt").or_else(|| prompt.get("chat_prompt"));
    template.and_then(|template| template.get("output_parser")).map(read_parser).transpose()
}

fn read_parser(parser: &Data) -> Result<DynRunnable> {
    let kind = parser.as_text().or_else(|| parser.get("kind").and_then(Data::as_text)).unwrap_or_default();
    Ok(match kind {
        "str" => StrOutputParser.dynamic(),
        "json" => JsonOutputParser.dynamic(),
        "comma_list" => CommaSeparatedListOutputParser.dynamic(),
        "numbered_list" => NumberedListOutputParser.dynamic(),
        "markdown_list" => MarkdownListOutputParser.dynamic(),
        other => return Err(unknown(&format!("parser `{other}`"))),
    })
}

/// The values of a field.
pub(super) fn values(data: &Data) -> Record {
    tagged::decode(data).as_record().cloned().unwrap_or_default()
}
