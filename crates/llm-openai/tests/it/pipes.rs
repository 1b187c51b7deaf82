//! Models as parts of a chain.

use catena_core::{PromptTemplate, RunnableExt, StrOutputParser};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;

use crate::support::{chat, chat_events, completion_events, drain, llm};

#[test]
fn a_prompt_feeds_a_model() {
    let server = Server::replay([Reply::sse(completion_events(&["Rainbow", " Socks"]))]);
    let prompt = PromptTemplate::new("A name for a company that makes {product}?").expect("a prompt");
    let chain = prompt | llm(&server) | StrOutputParser;
    assert_eq!(drain(chain.stream("socks")).0, ["Rainbow", " Socks"]);
    assert_eq!(server.requests()[0].json()["prompt"], "A name for a company that makes socks?");
}

#[test]
fn a_model_feeds_a_model() {
    let replies = ["Socks", "Shoes"].map(|text| Reply::json(200, crate::support::chat_completion(text)));
    let server = Server::replay(replies);
    let chain = chat(&server) | chat(&server) | StrOutputParser;
    assert_eq!(block_on(chain.invoke("Name?")).expect("an answer"), "Shoes");
    let sent = server.requests()[1].json();
    assert_eq!(sent["messages"][0]["content"], "Socks");
}

#[test]
fn a_model_stands_behind_a_trait_object() {
    use catena_core::{AiMessage, LanguageModel};
    use std::sync::Arc;
    let server = Server::replay([Reply::sse(chat_events(&["a", "b"]))]);
    let model: Arc<dyn LanguageModel<Output = AiMessage>> = Arc::new(chat(&server));
    let texts: Vec<_> = drain(model.stream("Hi")).0.iter().map(|chunk| chunk.text().into_owned()).collect();
    assert_eq!(texts.concat(), "ab");
    assert_eq!(model.display_name(), "ChatOpenAi");
}
