//! The chain that a description stands for.

use std::sync::Arc;
use std::time::Duration;

use catena_core::fakes::FakeTimer;
use catena_core::{
    ChunkStream, ConfigurableField, Context, Data, DynRunnable, Error, ErrorKind, InMemoryChatMessageHistory,
    RetryPolicy, Routed, RouterRunnable, RunConfig, RunnableAssign, RunnableBranch, RunnableExt,
    RunnableParallel, RunnablePassthrough, RunnablePick, WithMessageHistory, configurable, delegate,
    generator, lambda,
};
use catena_testkit::laws::Probe;
use futures_util::StreamExt;

use crate::leaves::{Parrot, as_record, text};
use crate::tree::{Picked, Tree};

/// What the trees look up.
pub(crate) fn config() -> RunConfig {
    RunConfig::new()
        .with_timer(FakeTimer::new())
        .with_configurable("session_id", "ada")
        .with_configurable("built", true)
        .with_configurable("which", "second")
}

/// Builds the chain; the probe watches its leaves.
pub(crate) fn build(tree: &Tree, probe: &Probe) -> DynRunnable {
    let part = |tree: &Tree| build(tree, probe);
    match tree {
        Tree::Leaf(leaf) => probe.watch(*leaf).boxed(),
        Tree::Model { waits } => (lambda(shown) | probe.watch_model(Parrot { waits: *waits })).dynamic(),
        Tree::Passthrough => RunnablePassthrough::new().boxed(),
        Tree::Generator => probe.watch(generator(doubled)).boxed(),
        Tree::Pipe(a, b) => (part(a) | part(b)).boxed(),
        Tree::Shared(a) => Arc::new(part(a)).boxed(),
        Tree::Tuple(a, b) => {
            ((part(a), part(b)).pipe(lambda(|(a, b): (Data, Data)| Data::List(vec![a, b])))).boxed()
        }
        Tree::Parallel(parts) => {
            let named = parts.iter().enumerate().map(|(index, tree)| (format!("p{index}"), part(tree)));
            named.fold(RunnableParallel::new(), |all, (name, part)| all.with(name, part)).boxed()
        }
        Tree::Assign(a) => RunnableAssign::new(RunnableParallel::new().with("new", part(a))).boxed(),
        Tree::AssignToRecord(a) => lambda(as_record).assign("in", part(a)).boxed(),
        Tree::Pick(a) => part(a).pick("a").boxed(),
        Tree::PickOfParallel(picked, a, b) => {
            let both = RunnableParallel::new().with("a", part(a)).with("b", part(b));
            both.pipe(match picked {
                Picked::First => RunnablePick::one("a"),
                Picked::Missing => RunnablePick::one("c"),
                Picked::Both => RunnablePick::many(["b", "c", "a"]),
            })
            .boxed()
        }
        Tree::Branch(a, b) => RunnableBranch::new(part(b)).with(lambda(is_even), part(a)).boxed(),
        Tree::FailingCondition(a) => RunnableBranch::new(part(a)).with(lambda(cannot_tell), part(a)).boxed(),
        Tree::Router(a, b) => {
            let routes = RouterRunnable::new().with("even", part(a)).with("odd", part(b));
            (lambda(|data: Data| Routed::new(if is_even(data.clone()) { "even" } else { "odd" }, data))
                | routes)
                .boxed()
        }
        Tree::UnknownRoute(a) => (lambda(|data: Data| Routed::new("nowhere", data))
            | RouterRunnable::new().with("a", part(a)))
        .boxed(),
        Tree::Each(a) => (lambda(|data: Data| vec![data, "x".into()]) | part(a).map()).dynamic(),
        Tree::Bind(a) => part(a).bind("temperature", 0.5).boxed(),
        Tree::Config(a) => {
            let config = RunConfig::new().with_name("configured").with_tag("t").with_metadata("k", 1);
            part(a).with_config(config).boxed()
        }
        Tree::MaxConcurrency(limit, a) => {
            part(a).with_config(RunConfig::new().with_max_concurrency(*limit)).boxed()
        }
        Tree::Timeout(a) => part(a).with_timeout(Duration::from_secs(3600)).boxed(),
        Tree::Retry(a) => part(a).with_retry(RetryPolicy::new().without_delay()).boxed(),
        Tree::Fallbacks(a, b) => part(a).with_fallbacks([part(b)]).boxed(),
        Tree::FallbacksWithKey(a, b) => {
            // An error equals none, not even itself: what comes out must not have it in it.
            (lambda(as_record) | part(a).with_fallbacks([part(b)]).with_error_key("error") | lambda(shown))
                .dynamic()
        }
        Tree::Tap(a) => (RunnablePassthrough::new().with_tap(|_: &Data| {}) | part(a)).boxed(),
        Tree::Calls(a) => calling(part(a)),
        Tree::Delegate(a) => {
            let next = part(a);
            delegate(move |_: &Data, _| Ok(next.clone())).boxed()
        }
        Tree::Configurable(a) => {
            let built = part(a);
            let default: DynRunnable = lambda(|_: Data| Data::from("not configured")).boxed();
            let probe = probe.clone();
            configurable(default, ConfigurableField::new("built"), move |_| {
                drop(probe.enter("build", catena_testkit::laws::Mode::Call));
                Ok(built.clone())
            })
            .boxed()
        }
        Tree::Alternatives(a, b) => {
            let which = ConfigurableField::new("which");
            part(a).configurable_alternatives(which, "first").with("second", part(b)).boxed()
        }
        Tree::Listener(a) => part(a).with_listener(|_| {}).boxed(),
        Tree::History(a) => {
            let answers = part(a) | lambda(shown);
            let chat = WithMessageHistory::new(answers, |_| InMemoryChatMessageHistory::new());
            (lambda(shown) | chat).dynamic()
        }
    }
}

fn calling(part: DynRunnable) -> DynRunnable {
    lambda(move |data: Data, cx: Context| {
        let part = part.clone();
        async move { part.invoke_in(data, &cx).await }
    })
    .boxed()
}

/// Gives each chunk twice, where that says the same as doubling the whole.
fn doubled(chunks: ChunkStream<'_, Data>) -> ChunkStream<'_, Data> {
    let doubled = chunks.map(|chunk| match chunk? {
        Data::Text(text) => Ok(text.chars().flat_map(|letter| [letter, letter]).collect::<String>().into()),
        other => Ok(other),
    });
    doubled.boxed()
}

fn shown(data: Data) -> String {
    text(&data)
}

fn is_even(data: Data) -> bool {
    text(&data).len().is_multiple_of(2)
}

fn cannot_tell(_: Data) -> Result<bool, Error> {
    Err(Error::new(ErrorKind::InvalidInput, "cannot tell"))
}
