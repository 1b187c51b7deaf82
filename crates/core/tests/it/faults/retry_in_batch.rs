//! Retried items of a batch keep their own results.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use catena_core::{Error, ErrorKind, RetryPolicy, RunConfig, Runnable, RunnableExt, lambda};
use futures_executor::block_on;

use crate::support::yield_now;

/// Fails on `A` the first time, on `B` always, and gives anything else at once.
fn flaky() -> impl Runnable<Input = String, Output = String> {
    let calls = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
    lambda(move |text: String| {
        let calls = Arc::clone(&calls);
        async move {
            yield_now().await;
            let call = {
                let mut calls = calls.lock().unwrap();
                let call = calls.entry(text.clone()).or_default();
                *call += 1;
                *call
            };
            match (text.as_str(), call) {
                ("A", 1) | ("B", _) => Err(Error::new(ErrorKind::Server, format!("{text} failed"))),
                _ => Ok(format!("{text}-ok")),
            }
        }
    })
}

#[test]
fn w3_no_item_gets_the_result_of_another() {
    for limit in [1, 2, 10] {
        let step = flaky().with_retry(RetryPolicy::new().with_max_attempts(2).without_delay());
        let config = RunConfig::new().with_max_concurrency(limit);
        let results = block_on(step.batch_with(["A", "B", "C", "D"], &config));
        let texts: Vec<String> = results
            .into_iter()
            .map(|result| result.unwrap_or_else(|error| error.message().to_owned()))
            .collect();
        assert_eq!(texts, ["A-ok", "B failed", "C-ok", "D-ok"], "max_concurrency = {limit}");
    }
}

#[test]
fn w3_an_item_that_fails_for_good_is_an_error_where_all_are_wanted() {
    let step = flaky().with_retry(RetryPolicy::new().with_max_attempts(2).without_delay());
    let error = block_on(step.try_batch(["A", "B"])).unwrap_err();
    assert_eq!(error.message(), "B failed");
}
