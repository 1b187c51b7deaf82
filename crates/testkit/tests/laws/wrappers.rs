//! Whatever is laid around a runnable that streams, streams.

use std::time::Duration;

use catena_core::{
    ConfigurableField, Data, DynRunnable, RetryPolicy, Routed, RouterRunnable, RunConfig, RunnableBranch,
    RunnableExt, RunnableParallel, RunnablePassthrough, StrOutputParser, configurable, delegate, lambda,
};
use catena_testkit::laws::{Held, LawViolation, Laws};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::build::config;
use crate::executor::run;

/// What is laid around.
#[derive(Debug, Clone, Copy)]
enum Wrap {
    Shared,
    Retry,
    Fallbacks,
    Fallback,
    Config,
    Timeout,
    Bind,
    Listener,
    Tapped,
    Parallel,
    Assign,
    Pick,
    Branch,
    Router,
    Delegate,
    Configurable,
    Built,
    Alternatives,
    After,
    Before,
}

const ALL: [Wrap; 20] = [
    Wrap::Shared,
    Wrap::Retry,
    Wrap::Fallbacks,
    Wrap::Fallback,
    Wrap::Config,
    Wrap::Timeout,
    Wrap::Bind,
    Wrap::Listener,
    Wrap::Tapped,
    Wrap::Parallel,
    Wrap::Assign,
    Wrap::Pick,
    Wrap::Branch,
    Wrap::Router,
    Wrap::Delegate,
    Wrap::Configurable,
    Wrap::Built,
    Wrap::Alternatives,
    Wrap::After,
    Wrap::Before,
];

fn fails() -> DynRunnable {
    let fails = |_: Data| Err::<Data, _>(catena_core::Error::new(catena_core::ErrorKind::Server, "down"));
    lambda(fails).boxed()
}

fn record(data: Data) -> Data {
    Data::from([("other", data)])
}

fn lay(wrap: Wrap, inner: DynRunnable) -> DynRunnable {
    let spare = inner.clone();
    match wrap {
        Wrap::Shared => std::sync::Arc::new(inner).boxed(),
        Wrap::Retry => inner.with_retry(RetryPolicy::new()).boxed(),
        Wrap::Fallbacks => inner.with_fallbacks([fails()]).boxed(),
        Wrap::Fallback => fails().with_fallbacks([inner]).boxed(),
        Wrap::Config => inner.with_config(RunConfig::new().with_tag("t")).boxed(),
        Wrap::Timeout => inner.with_timeout(Duration::from_secs(3600)).boxed(),
        Wrap::Bind => inner.bind("a", 1).boxed(),
        Wrap::Listener => inner.with_listener(|_| {}).boxed(),
        Wrap::Tapped => (inner | RunnablePassthrough::new().with_tap(|_: &Data| {})).boxed(),
        Wrap::Parallel => {
            RunnableParallel::new().with("a", inner).with("b", lambda(|_: Data| "at once".to_owned())).boxed()
        }
        Wrap::Assign => lambda(record).assign("new", inner).boxed(),
        Wrap::Pick => RunnableParallel::new().with("a", inner).pick("a").boxed(),
        Wrap::Branch => RunnableBranch::new(inner).with(lambda(|_: Data| false), fails()).boxed(),
        Wrap::Router => {
            (lambda(|data: Data| Routed::new("a", data)) | RouterRunnable::new().with("a", inner)).boxed()
        }
        Wrap::Delegate => delegate(move |_: &Data, _| Ok(inner.clone())).boxed(),
        Wrap::Configurable => configurable(inner, ConfigurableField::new("absent"), |_| Ok(fails())).boxed(),
        Wrap::Built => {
            configurable(fails(), ConfigurableField::new("built"), move |_| Ok(spare.clone())).boxed()
        }
        Wrap::Alternatives => {
            let which = ConfigurableField::new("which");
            fails().configurable_alternatives(which, "first").with("second", inner).boxed()
        }
        Wrap::After => (inner | RunnablePassthrough::new()).boxed(),
        Wrap::Before => (lambda(|data: Data| data) | inner).boxed(),
    }
}

/// Lays them around, the first innermost, and checks the law, watched and not.
fn check(wraps: &[Wrap]) -> Result<(), LawViolation> {
    let chunks = || ["to", "ken", "s"].map(Data::from);
    let wrap = |held: Held<Data, Data>| wraps.iter().fold(held.boxed(), |inner, wrap| lay(*wrap, inner));
    let unseen = Laws::new().with_config(config());
    run(unseen.wrapper("in".into(), chunks(), wrap))?;
    let seen = Laws::new().with_config(config().with_observer(catena_core::observe_with(|_| {})));
    run(seen.wrapper("in".into(), chunks(), wrap))
}

#[test]
fn each_wrapper_streams() {
    for wrap in ALL {
        check(&[wrap]).unwrap_or_else(|violation| panic!("{wrap:?}: {violation}"));
    }
}

#[test]
fn a_typed_chain_streams() {
    let chunks = || ["to", "ken"].map(str::to_owned);
    let laws = Laws::new();
    run(laws.wrapper("x".to_owned(), chunks(), |held| held | StrOutputParser)).unwrap();
    run(laws.wrapper("x".to_owned(), chunks(), |held| (held.clone(), held))).unwrap();
    run(laws.wrapper("x".to_owned(), chunks(), |held| (lambda(|s: String| s.len()), held))).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wrappers_around_wrappers_stream(wraps in vec(proptest::sample::select(&ALL[..]), 0..6)) {
        check(&wraps).map_err(|violation| TestCaseError::fail(violation.to_string()))?;
    }
}
