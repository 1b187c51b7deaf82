//! What calls ask for, as those hear it who let them in.

use catena_core::{Context, Embeddings, RunConfig, RunnableExt, gather};
use catena_llm_ollama::{ChatOllama, Ollama, OllamaEmbeddings};
use catena_testkit::Closed;
use futures_executor::block_on;

#[test]
fn calls_and_streams_say_what_they_ask_for() {
    let closed = Closed::new();
    let chat = ChatOllama::builder().ignore_environment().with_model("m").with_max_tokens(100);
    let chat = chat.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "m", 102);
    closed.refused(block_on(gather(chat.stream("eight by"))), "m", 102);
    closed.refused(block_on(chat.bind("num_predict", 7).invoke("eight by")), "m", 9);
    let llm = Ollama::builder().ignore_environment().with_model("t").with_max_tokens(5);
    let llm = llm.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(llm.invoke("eight by")), "t", 7);
}

#[test]
fn embeddings_say_it_to_the_service_and_to_the_run() {
    let closed = Closed::new();
    let texts = ["eight by".to_owned(), "x".to_owned()];
    let open = OllamaEmbeddings::builder().ignore_environment().with_model("e");
    let open = open.build().expect("a model");
    let cx = Context::new(&RunConfig::new().with_admission(closed.clone()));
    closed.refused(block_on(open.embed_documents_in(&texts, &cx)), "e", 3);
    closed.refused(block_on(open.embed_query_in("eight by", &cx)), "e", 2);

    let limited = OllamaEmbeddings::builder().ignore_environment().with_model("e");
    let limited = limited.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(limited.embed_documents(&texts)), "e", 3);
    closed.refused(block_on(limited.embed_query("eight by")), "e", 2);
}
