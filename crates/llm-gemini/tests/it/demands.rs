//! What calls ask for, as those hear it who let them in.

use catena_core::{Context, Embeddings, RunConfig, RunnableExt, gather};
use catena_llm_gemini::{ChatGemini, GeminiEmbeddings};
use catena_testkit::Closed;
use futures_executor::block_on;

#[test]
fn calls_and_streams_say_what_they_ask_for() {
    let closed = Closed::new();
    let chat = ChatGemini::builder().ignore_environment().with_api_key("k").with_model("m");
    let chat = chat.with_max_tokens(100).with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "m", 102);
    closed.refused(block_on(gather(chat.stream("eight by"))), "m", 102);
    let bound = chat.bind("n", 2).bind("max_tokens", 7);
    closed.refused(block_on(bound.invoke("eight by")), "m", 16);
}

#[test]
fn embeddings_say_it_to_the_service_and_to_the_run() {
    let closed = Closed::new();
    let texts = ["eight by".to_owned(), "x".to_owned()];
    let open = GeminiEmbeddings::builder().ignore_environment().with_api_key("k").with_model("e");
    let open = open.build().expect("a model");
    let cx = Context::new(&RunConfig::new().with_admission(closed.clone()));
    closed.refused(block_on(open.embed_documents_in(&texts, &cx)), "e", 3);
    closed.refused(block_on(open.embed_query_in("eight by", &cx)), "e", 2);

    let limited = GeminiEmbeddings::builder().ignore_environment().with_api_key("k").with_model("e");
    let limited = limited.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(limited.embed_documents(&texts)), "e", 3);
    closed.refused(block_on(limited.embed_query("eight by")), "e", 2);
}
