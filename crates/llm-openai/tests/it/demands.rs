//! What calls ask for, as those hear it who let them in.

use catena_core::{
    Context, Embeddings, ErrorKind, RetryBudget, RunConfig, RunnableExt, Usage, UsageTotals, gather, lambda,
};
use catena_llm_openai::{Azure, Call, ChatOpenAi, OpenAi, OpenAiEmbeddings};
use catena_testkit::{Closed, Reply, Server};
use futures_executor::block_on;
use serde_json::json;

#[test]
fn calls_and_streams_say_what_they_ask_for() {
    let closed = Closed::new();
    let chat = ChatOpenAi::builder().ignore_environment().with_api_key("k").with_model("m");
    let chat = chat.with_max_tokens(100).with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "m", 102);
    closed.refused(block_on(gather(chat.stream("eight by"))), "m", 102);
    closed.refused(block_on(chat.generate_all("eight by")), "m", 102);
    let bound = chat.bind("model", "other").bind("max_tokens", 7).bind("n", 3);
    closed.refused(block_on(bound.invoke("eight by")), "other", 23);
    let llm = OpenAi::builder().ignore_environment().with_api_key("k").with_model("t").with_max_tokens(5);
    let llm = llm.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(llm.complete("eight by")), "t", 7);
    closed.refused(block_on(llm.generate_all(["eight by", "x"])), "t", 13);
}

/// On Azure a deployment has the limits, whatever model is behind it.
#[test]
fn a_deployment_is_known_by_its_name() {
    let closed = Closed::new();
    let azure = Azure::new().with_endpoint("https://r.test").with_api_version("v").with_deployment("d");
    let chat = ChatOpenAi::builder().ignore_environment().with_api_key("k").with_azure(azure);
    let chat = chat.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "d", 2);
}

#[test]
fn embeddings_say_it_to_the_service_and_to_the_run() {
    let closed = Closed::new();
    let texts = ["eight by".to_owned(), "x".to_owned()];
    let open = OpenAiEmbeddings::builder().ignore_environment().with_api_key("k").with_model("e");
    let open = open.build().expect("a model");
    let cx = Context::new(&RunConfig::new().with_admission(closed.clone()));
    closed.refused(block_on(open.embed_documents_in(&texts, &cx)), "e", 3);
    closed.refused(block_on(open.embed_query_in("eight by", &cx)), "e", 2);

    let limited = OpenAiEmbeddings::builder().ignore_environment().with_api_key("k").with_model("e");
    let limited = limited.with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(limited.embed_documents(&texts)), "e", 3);
    closed.refused(block_on(limited.embed_query("eight by")), "e", 2);
}

#[test]
fn a_run_bounds_the_retries_of_embeddings_and_hears_what_they_used() {
    let answer = json!({"model": "e", "data": [{"embedding": [1.0]}], "usage": {"prompt_tokens": 4}});
    let server =
        Server::replay([Reply::json(503, json!({})), Reply::json(503, json!({})), Reply::json(200, answer)]);
    let embeddings = OpenAiEmbeddings::builder().ignore_environment().with_base_url(server.url());
    let embeddings = embeddings.with_api_key("k").with_max_retries(5).build().expect("a model");
    let client = embeddings.client();
    let totals = UsageTotals::new();
    let config = RunConfig::new().with_retry_budget(RetryBudget::new(0)).with_observer(totals.clone());
    let cx = Context::new(&config);
    let error = block_on(embeddings.embed_in("Hi", &cx)).expect_err("no retry is left");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Server, 1));
    let error = block_on(client.call_in(Call::get("models"), &cx)).expect_err("no retry is left");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Server, 2));
    let step = lambda(move |text: String, cx: Context| {
        let embeddings = embeddings.clone();
        async move { embeddings.embed_query_in(&text, &cx).await.map(|vector| vector.len() as u64) }
    });
    assert_eq!(block_on(step.invoke_with("Hi", &config)).expect("a vector"), 1);
    assert_eq!(totals.total(), Usage::new(4, 0));
}

/// A call for all answers is a call of a model to the run too.
#[test]
fn calls_for_all_answers_are_let_in_by_the_run_and_counted_by_it() {
    let closed = Closed::new();
    let cx = Context::new(&RunConfig::new().with_admission(closed.clone()));
    let nowhere = || (ChatOpenAi::builder().ignore_environment(), OpenAi::builder().ignore_environment());
    let (chat, llm) =
        (nowhere().0.with_api_key("k").with_model("m"), nowhere().1.with_api_key("k").with_model("t"));
    for streaming in [false, true] {
        let chat =
            nowhere().0.with_api_key("k").with_model("m").with_streaming(streaming).build().expect("a model");
        closed.refused(block_on(chat.generate_all_in("eight by", &cx)), "m", 2);
        let llm = nowhere().1.with_api_key("k").with_model("t").with_max_tokens(5).with_streaming(streaming);
        let llm = llm.build().expect("a model");
        closed.refused(block_on(llm.generate_all_in(["eight by"], &cx)), "t", 7);
    }
    let llm = llm.build().expect("a model");
    closed.refused(block_on(llm.generate_tokens_in(&[vec![1, 2, 3]], &cx)), "t", 259);

    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4});
    let answers = json!({"model": "m", "choices": [{"message": {"content": "a"}}, {"index": 1, "message": {"content": "b"}}],
        "usage": usage});
    let texts = json!({"model": "t", "choices": [{"text": "a"}, {"text": "b", "index": 1}], "usage": usage});
    let server = Server::replay([Reply::json(200, answers), Reply::json(200, texts)]);
    let totals = UsageTotals::new();
    let step = {
        let chat = chat.with_base_url(server.url()).with_n(2).build().expect("a model");
        let llm = nowhere().1.with_api_key("k").with_base_url(server.url()).build().expect("a model");
        lambda(move |text: String, cx: Context| {
            let (chat, llm) = (chat.clone(), llm.clone());
            async move {
                chat.generate_all_in(text.as_str(), &cx).await?;
                llm.generate_all_in([text.as_str(), "more"], &cx)
                    .await
                    .map(|result| result.generations.len() as u64)
            }
        })
    };
    let config = RunConfig::new().with_observer(totals.clone());
    assert_eq!(block_on(step.invoke_with("Hi", &config)).expect("answers"), 2);
    assert_eq!(totals.total(), Usage::new(6, 8));
}
