//! What calls ask for, as those hear it who let them in.

use std::sync::{Arc, Mutex};

use catena_core::{Admission, Admitted, Demand, Error, ErrorKind, Result, RunnableExt, async_trait, gather};
use catena_llm_anthropic::ChatAnthropic;
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
    let chat = ChatAnthropic::builder().ignore_environment().with_api_key("k").with_model("m");
    let chat = chat.with_max_tokens(100).with_admission(closed.clone()).build().expect("a model");
    check(&closed, block_on(chat.invoke("eight by")), "m", 102);
    check(&closed, block_on(gather(chat.stream("eight by"))), "m", 102);
    let bound = chat.bind("model", "other").bind("max_tokens", 7);
    check(&closed, block_on(bound.invoke("eight by")), "other", 9);
}
