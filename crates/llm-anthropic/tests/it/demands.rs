//! What calls ask for, as those hear it who let them in.

use catena_core::{RunnableExt, gather};
use catena_llm_anthropic::ChatAnthropic;
use catena_testkit::Closed;
use futures_executor::block_on;

#[test]
fn calls_and_streams_say_what_they_ask_for() {
    let closed = Closed::new();
    let chat = ChatAnthropic::builder().ignore_environment().with_api_key("k").with_model("m");
    let chat = chat.with_max_tokens(100).with_admission(closed.clone()).build().expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "m", 102);
    closed.refused(block_on(gather(chat.stream("eight by"))), "m", 102);
    let bound = chat.bind("model", "other").bind("max_tokens", 7);
    closed.refused(block_on(bound.invoke("eight by")), "other", 9);
}
