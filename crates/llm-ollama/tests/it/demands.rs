//! What calls ask for, as those hear it who let them in.

use std::sync::{Arc, Mutex};

use catena_core::{
    Admission, Admitted, Context, Demand, Embeddings, Error, ErrorKind, Result, RunConfig, RunnableExt,
    async_trait, gather,
};
use catena_llm_ollama::{ChatOllama, Ollama, OllamaEmbeddings};
use futures_executor::block_on;

/// A model, and how many tokens its call asks for.
type Asked = (String, Option<u64>);

/// Notes who is asked for how much, and lets nobody in.
#[derive(Debug, Clone, Default)]
struct Closed(Arc<Mutex<Vec<Asked>>>);

#[async_trait]
impl Admission for Closed {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        let model = demand.model.unwrap_or_default().to_owned();
        self.0.lock().expect("no panic").push((model, demand.tokens));
        Err(Error::new(ErrorKind::RateLimit, "closed"))
    }
}

/// The last call was of `model`, for so many tokens.
#[track_caller]
fn check<T>(closed: &Closed, call: Result<T>, model: &str, tokens: u64) {
    assert_eq!(call.err().map(|error| error.kind()), Some(ErrorKind::RateLimit));
    let noted = closed.0.lock().expect("no panic").pop();
    assert_eq!(noted, Some((model.to_owned(), Some(tokens))));
}

#[test]
fn calls_and_streams_say_what_they_ask_for() {
    let closed = Closed::default();
    let chat = ChatOllama::builder().ignore_environment().with_model("m").with_max_tokens(100);
    let chat = chat.with_admission(closed.clone()).build().expect("a model");
    check(&closed, block_on(chat.invoke("eight by")), "m", 102);
    check(&closed, block_on(gather(chat.stream("eight by"))), "m", 102);
    check(&closed, block_on(chat.bind("num_predict", 7).invoke("eight by")), "m", 9);
    let llm = Ollama::builder().ignore_environment().with_model("t").with_max_tokens(5);
    let llm = llm.with_admission(closed.clone()).build().expect("a model");
    check(&closed, block_on(llm.invoke("eight by")), "t", 7);
}

#[test]
fn embeddings_say_it_to_the_service_and_to_the_run() {
    let closed = Closed::default();
    let texts = ["eight by".to_owned(), "x".to_owned()];
    let open = OllamaEmbeddings::builder().ignore_environment().with_model("e");
    let open = open.build().expect("a model");
    let cx = Context::new(&RunConfig::new().with_admission(closed.clone()));
    check(&closed, block_on(open.embed_documents_in(&texts, &cx)), "e", 3);
    check(&closed, block_on(open.embed_query_in("eight by", &cx)), "e", 2);

    let limited = OllamaEmbeddings::builder().ignore_environment().with_model("e");
    let limited = limited.with_admission(closed.clone()).build().expect("a model");
    check(&closed, block_on(limited.embed_documents(&texts)), "e", 3);
    check(&closed, block_on(limited.embed_query("eight by")), "e", 2);
}
