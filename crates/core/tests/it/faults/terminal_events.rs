//! Whatever fails, everything that started is seen to end.

use std::collections::BTreeMap;

use catena_core::fakes::FakeLlm;
use catena_core::{
    DynRunnable, Error, ErrorKind, PromptTemplate, RetryPolicy, RunnableExt, RunnableParallel,
    StrOutputParser, StreamEvent, lambda,
};
use futures_executor::block_on;
use futures_util::StreamExt;

fn down() -> Error {
    Error::new(ErrorKind::Server, "down")
}

/// The events of a run that fails, and its error.
fn events(chain: &DynRunnable) -> (Vec<StreamEvent>, Error) {
    let mut items: Vec<_> = block_on(chain.stream_events("x").collect());
    let error = items.pop().expect("an item").expect_err("the error is the last item");
    (items.into_iter().map(|item| item.expect("an event")).collect(), error)
}

/// Checks that every run has one start and one end, in this order.
#[track_caller]
fn check(chain: DynRunnable) {
    let (events, error) = events(&chain);
    assert_eq!(error.kind(), ErrorKind::Server);
    let mut runs: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for event in &events {
        let what = event.event.rsplit('_').next().unwrap_or_default();
        if matches!(what, "start" | "end" | "error" | "cancelled") {
            runs.entry((event.run_id, event.name.as_str())).or_default().push(what);
        }
    }
    assert!(!runs.is_empty());
    for ((_, name), seen) in runs {
        assert!(seen.len() == 2 && seen[0] == "start", "{name}: {seen:?}");
    }
    let last = events.last().expect("an event");
    assert_eq!((last.event.as_str(), last.parent_ids.len()), ("on_chain_error", 0));
}

#[test]
fn w9_a_failing_step_ends_with_an_error_event() {
    let fails = || lambda(|_: String| Err::<String, _>(down())).with_name("fails");
    let id = || lambda(|text: String| text).with_name("id");
    check((id() | fails() | id()).dynamic());
    check((id() | fails().with_retry(RetryPolicy::new().without_delay())).dynamic());
    check(
        RunnableParallel::new()
            .with("a", id())
            .with("b", fails())
            .pipe(lambda(|x: catena_core::Data| x))
            .dynamic(),
    );
}

#[test]
fn w9_so_does_a_model_that_fails_in_the_middle_of_its_stream() {
    let prompt = PromptTemplate::new("{x}").unwrap();
    check((prompt | FakeLlm::failing(["to", "ken"], down()) | StrOutputParser).dynamic());
}

#[test]
fn w9_the_error_event_has_what_came_before() {
    let chain = (FakeLlm::failing(["to", "ken"], down()) | StrOutputParser).dynamic();
    let (events, _) = events(&chain);
    let error = events.iter().find(|event| event.event == "on_llm_error").expect("the model's error");
    assert_eq!(error.data.get("output"), Some(&"token".into()));
}
