//! Chains over documents.

use catena::chains::{
    Chain, DocumentWriting, MapReduceDocumentsChain, ReduceDocumentsChain, RefineDocumentsChain,
    StuffDocumentsChain, collapse_docs, create_stuff_documents_chain_with, split_list_of_docs,
};
use catena::prelude::*;
use catena::{BoxRunnable, Document, Record, Result, get_buffer_string};

use super::super::prompts::{Node, build_node};
use super::built::Built;
use super::node::{Builder, Fields, kind};
use super::{Caller, tags, unknown};

impl Builder {
    pub(super) fn over_documents(&self, kind: &str, fields: Fields<'_>) -> Result<Built> {
        match kind {
            "stuff" => {
                let stuff = self.stuff(fields)?;
                Ok(Built { stuff: Some(stuff.clone()), ..Built::of(stuff.build()?) })
            }
            "reduce" => self.reduce(fields).map(Built::of),
            "map_reduce" => self.map_reduce(fields).map(Built::of),
            "refine" => self.refine(fields).map(Built::of),
            other => Err(unknown(&format!("chain `{other}`"))),
        }
    }

    fn stuff(&self, fields: Fields<'_>) -> Result<StuffDocumentsChain> {
        let Some(llm) = self.chain(fields.need("llm_chain")?)?.llm else { return Err(unknown("llm_chain")) };
        let mut chain = StuffDocumentsChain::new(llm);
        if let Some(name) = fields.text("document_variable_name") {
            chain = chain.with_document_variable_name(name);
        }
        if let Some(prompt) = fields.get("document_prompt") {
            chain = chain.with_document_prompt(document_prompt(prompt)?);
        }
        if let Some(separator) = fields.text("separator") {
            chain = chain.with_document_separator(separator);
        }
        Ok(chain)
    }

    fn reduce(&self, fields: Fields<'_>) -> Result<Chain> {
        let node = fields.need("combine")?;
        let combine = self.chain(node)?;
        // Other chains than those that write all documents into one prompt have no length, so nothing is collapsed.
        let Some(stuff) = combine.stuff else { return Ok(combine.chain) };
        let mut chain = ReduceDocumentsChain::new(stuff).with_token_counter(counter(node)?);
        if let Some(max) = fields.number("token_max") {
            chain = chain.with_token_max(max);
        }
        chain.build()
    }

    fn map_reduce(&self, fields: Fields<'_>) -> Result<Chain> {
        let chain =
            MapReduceDocumentsChain::new(self.part(fields, "llm_chain")?, self.part(fields, "reduce")?);
        let chain = match fields.text("document_variable_name") {
            Some(name) => chain.with_document_variable_name(name),
            None => chain,
        };
        if fields.flag("return_intermediate_steps") { chain.with_intermediate_steps() } else { chain }.build()
    }

    fn refine(&self, fields: Fields<'_>) -> Result<Chain> {
        let (initial, refine) = (self.part(fields, "initial")?, self.part(fields, "refine")?);
        let response = fields.text("initial_response_name").unwrap_or_default();
        let mut chain = RefineDocumentsChain::new(initial, refine, response);
        if let Some(name) = fields.text("document_variable_name") {
            chain = chain.with_document_variable_name(name);
        }
        if let Some(prompt) = fields.get("document_prompt") {
            chain = chain.with_document_prompt(document_prompt(prompt)?);
        }
        if fields.flag("return_intermediate_steps") { chain.with_intermediate_steps() } else { chain }.build()
    }
}

/// The words of a prompt's text; a conversation is counted as it is written.
fn counter(stuff: &Data) -> Result<impl Fn(&[Message]) -> usize + Send + Sync + 'static> {
    let (_, stuff) = kind(stuff)?;
    let (_, llm_chain) = kind(stuff.need("llm_chain")?)?;
    let chat = llm_chain.need("prompt")?.get("chat_prompt").is_some();
    Ok(move |messages: &[Message]| match messages {
        [message] if !chat => words(&message.text()),
        messages => words(&get_buffer_string(messages)),
    })
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A PS of the grammar.
fn document_prompt(data: &Data) -> Result<PromptTemplate> {
    match build_node(&Record::from_iter([("prompt", data.clone())]).into())? {
        Node::Text(prompt) => Ok(prompt),
        _ => Err(unknown("document prompt")),
    }
}

pub(super) fn stuff_runnable(input: Fields<'_>, caller: Caller) -> Result<Data> {
    let builder = Builder::new();
    let mut writing = DocumentWriting::new();
    if let Some(prompt) = input.get("document_prompt") {
        writing = writing.with_prompt(document_prompt(prompt)?);
    }
    if let Some(separator) = input.text("separator") {
        writing = writing.with_separator(separator);
    }
    let name = input.text("document_variable_name").unwrap_or("context");
    let model = builder.model(input)?;
    let chain: BoxRunnable<Data, String> = match build_node(input.need("prompt")?)? {
        Node::Text(prompt) => create_stuff_documents_chain_with(model, prompt, name, writing)?,
        Node::Chat(prompt) => create_stuff_documents_chain_with(model, prompt, name, writing)?,
        _ => return Err(unknown("prompt")),
    };
    let values = tags::decode(input.need("input")?);
    let result = match caller {
        Caller::Async => smol::block_on(chain.invoke(values)),
        Caller::Blocking => chain.blocking().invoke(values),
    };
    Ok(Record::from_iter([("result", Data::from(result?)), ("llm_calls", builder.asked())]).into())
}

pub(super) fn split(input: Fields<'_>) -> Result<Data> {
    let documents = tags::documents(input.need("documents")?)?;
    let length =
        |group: &[Document]| Ok(group.iter().map(|document| words(&document.page_content)).sum::<usize>());
    let groups = split_list_of_docs(documents, length, input.number("token_max").unwrap_or_default())?;
    Ok(tags::encode(groups.into()))
}

pub(super) fn collapse(input: Fields<'_>) -> Result<Data> {
    let documents = tags::documents(input.need("documents")?)?;
    let texts: Vec<&str> = documents.iter().map(|document| document.page_content.as_str()).collect();
    Ok(tags::encode(collapse_docs(&documents, texts.join(" ")).into()))
}
