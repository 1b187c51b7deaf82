//! The programs under test: a prompt, a model and a parser, in every spelling.

use std::sync::LazyLock;

use catena::http::{HttpClient, Proxy};
use catena::openai::{ChatOpenAiBuilder, OpenAiBuilder};
use catena::prelude::*;
use catena_testkit::Server;

use crate::service::said;

pub(crate) const KEY: &str = "sk-test-7d2e84f9a1c7";

/// A chain whose output is text.
pub(crate) type TextChain = BoxRunnable<Data, String>;

/// What the service answers to a chain that was given `product`.
pub(crate) fn named(product: &str) -> String {
    said(&format!("Name a firm that makes {product}."))
}

pub(crate) fn prompt() -> PromptTemplate {
    PromptTemplate::new("Name a firm that makes {product}.").unwrap()
}

pub(crate) fn llm_builder(base_url: &str) -> OpenAiBuilder {
    OpenAi::builder().ignore_environment().with_base_url(base_url).with_api_key(KEY).with_max_retries(0)
}

pub(crate) fn chat_builder(base_url: &str) -> ChatOpenAiBuilder {
    ChatOpenAi::builder().ignore_environment().with_base_url(base_url).with_api_key(KEY).with_max_retries(0)
}

/// All models share one client, which so meets every executor, and what every test leaves behind.
static SHARED: LazyLock<HttpClient> =
    LazyLock::new(|| HttpClient::builder().with_proxy(Proxy::None).build().unwrap());

pub(crate) fn llm(server: &Server) -> OpenAi {
    llm_at(&server.url())
}

pub(crate) fn chat(server: &Server) -> ChatOpenAi {
    chat_at(&server.url())
}

fn llm_at(base_url: &str) -> OpenAi {
    llm_builder(base_url).with_http_client(SHARED.clone()).build().unwrap()
}

fn chat_at(base_url: &str) -> ChatOpenAi {
    chat_builder(base_url).with_http_client(SHARED.clone()).build().unwrap()
}

/// `prompt | model | parser` over the text model and over the chat model.
pub(crate) fn pipes(server: &Server) -> [TextChain; 2] {
    pipes_to(&server.url())
}

/// [`pipes`] to a service at any address.
pub(crate) fn pipes_to(base_url: &str) -> [TextChain; 2] {
    let text = prompt() | llm_at(base_url) | StrOutputParser;
    let chat = prompt() | chat_at(base_url) | StrOutputParser;
    [text.boxed(), chat.boxed()]
}

/// `LlmChain` over the text model and over the chat model.
pub(crate) fn llm_chains(server: &Server) -> [LlmChain; 2] {
    [LlmChain::new(llm(server), prompt()), LlmChain::new(chat(server), prompt())]
}

/// All of them, as chains that give text.
pub(crate) fn text_chains(server: &Server) -> Vec<TextChain> {
    let llm_chains = llm_chains(server).map(|chain| (chain | StrOutputParser).boxed());
    pipes(server).into_iter().chain(llm_chains).collect()
}
