//! An item goes on to the next step when it is ready, and harms no other.

use std::sync::{Arc, Mutex};

use catena_core::{Error, ErrorKind, RunnableExt, lambda};
use futures_executor::block_on;
use futures_util::StreamExt;
use futures_util::future::{FutureExt, Shared};

/// Something that happens once, and those who wait for it.
fn signal() -> (impl FnOnce(), Shared<impl Future<Output = ()>>) {
    let (sender, receiver) = futures_util::future::abortable(std::future::pending::<()>());
    (move || receiver.abort(), sender.map(|_| ()).shared())
}

#[test]
fn w4_an_item_runs_ahead_while_another_is_still_in_the_first_step() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (open, gate) = signal();
    let begun = Arc::clone(&log);
    let first = lambda(move |text: String| {
        begun.lock().unwrap().push(format!("first {text}"));
        let gate = gate.clone();
        async move {
            if text == "slow" {
                gate.await;
            }
            Ok(text)
        }
    });
    let begun = Arc::clone(&log);
    let second = lambda(move |text: String| {
        begun.lock().unwrap().push(format!("second {text}"));
        text
    });
    let chain = first | second;
    let mut completed = chain.batch_as_completed(["slow", "quick"]);
    let (index, result) = completed.next().now_or_never().flatten().expect("the quick item waits for nobody");
    assert_eq!((index, result.unwrap()), (1, "quick".to_owned()));
    assert_eq!(*log.lock().unwrap(), ["first slow", "first quick", "second quick"]);
    open();
    assert_eq!(block_on(completed.next()).unwrap().0, 0);
    assert_eq!(log.lock().unwrap().last().unwrap(), "second slow");
}

#[test]
fn w4_one_bad_item_harms_no_other() {
    let first = lambda(|x: i64| match x {
        2 => Err(Error::new(ErrorKind::InvalidInput, "x2")),
        _ => Ok(x),
    });
    let chain = first | lambda(|x: i64| x * 10);
    let runs = catena_core::RunCollector::new();
    let config = catena_core::RunConfig::new().with_observer(runs.clone());
    let results: Vec<Result<i64, String>> = block_on(chain.batch_with([1, 2, 3], &config))
        .into_iter()
        .map(|result| result.map_err(|error| error.message().to_owned()))
        .collect();
    assert_eq!(results, [Ok(10), Err("x2".into()), Ok(30)]);
    let failed = runs.roots().iter().filter(|run| run.status != catena_core::RunStatus::Ok).count();
    assert_eq!(failed, 1, "only its own run has failed");
}
