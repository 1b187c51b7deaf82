//! What is laid around a model behaves as the model does.

use std::sync::Arc;
use std::time::Duration;

use catena_cache::{CacheKey, CacheStore, Cached, MemoryStore};
use catena_core::fakes::FakeChatModel;
use catena_core::{
    AiMessage, ConfigurableField, Error, ErrorKind, ModelRegistry, Result, RetryPolicy, RunConfig, Runnable,
    RunnableExt, async_trait,
};
use catena_limits::{AdaptiveConcurrency, Budget, RateLimiter};
use catena_testkit::conformance::{Fault, Model, Setup, Subject, Wire, Wrapped, as_model, examine};
use serde_json::json;

use crate::planted::Plant;
use crate::toy_wire::ToySubject;

type Chat = Model<AiMessage>;

/// The sound model with this around it.
fn around<R>(
    wrap: impl Fn(Chat) -> R + Send + Sync,
) -> Wrapped<ToySubject, impl Fn(Chat) -> Chat + Send + Sync>
where
    R: Runnable<Input = catena_core::PromptValue, Output = AiMessage> + 'static,
{
    Wrapped::new(ToySubject::sound(), move |model| as_model(model.clone(), wrap(model)))
}

/// Makes a module with the kit for each wrapper, whose subject is of one type.
macro_rules! wrappers {
    ($($name:ident: $subject:expr;)*) => {
        $(mod $name {
            use super::*;

            fn subject() -> impl Subject<Output = AiMessage> {
                $subject
            }

            catena_testkit::chat_conformance!(subject());
        })*
    };
}

wrappers! {
    boxed: around(catena_core::RunnableExt::boxed);
    shared_twice: around(Arc::new);
    with_config: around(|model| {
        model.with_config(RunConfig::new().with_tag("kit").with_timeout(Duration::from_secs(60)))
    });
    // With a policy for other errors than those of the kit: how often is asked stays the model's matter.
    with_retry: around(|model| {
        let other = |error: &Error| error.kind() == ErrorKind::Other;
        model.with_retry(RetryPolicy::new().when(other).without_delay())
    });
    // What cannot help: the error of the first is the one that is told.
    with_fallbacks: around(|model| {
        let nothing: [&str; 0] = [];
        model.with_fallbacks([FakeChatModel::failing(nothing, Error::new(ErrorKind::Other, "no help"))])
    });
    bound: around(|model| model.bind("user", "kit"));
    budgeted: around(|model| {
        let budget = Budget::new().with_max_calls(10_000).with_max_tokens(100_000_000).with_expected_output(10);
        model.with_config(RunConfig::new().with_admission(budget))
    });
    watched: around(|model| model.with_listener(|_| {}));
    rate_limited: around(|model| {
        let limiter = RateLimiter::new().with_requests_per_minute(1_000_000).with_tokens_per_minute(1_000_000_000);
        model.with_config(RunConfig::new().with_admission(limiter))
    });
    // The place of all calls at once is what the kit asks for.
    adaptive: around(|model| {
        let places = AdaptiveConcurrency::new().with_max(1_000).with_start(1_000);
        model.with_config(RunConfig::new().with_admission(places))
    });
    described: around(|model| model.with_input_schema(json!({})).with_output_schema(json!({})));
    one_of_several: around(|model| {
        let other = FakeChatModel::new(["not me"]);
        model.configurable_alternatives(ConfigurableField::new("kit"), "it").with("other", other)
    });
    chosen_by_name: around(|model| {
        let models = ModelRegistry::new().with_chat("kit", move |_, _| Ok(model.clone()));
        models.configurable().with_default("kit:model")
    });
    retrying: Retrying;
    // A store that keeps nothing: every call goes through the cache to the service.
    cached: Wrapped::new(ToySubject::sound(), |model| {
        Arc::new(Cached::new(model, Arc::new(Forgetful))) as Chat
    });
}

struct Forgetful;

#[async_trait]
impl CacheStore for Forgetful {
    async fn get(&self, _: &CacheKey) -> Result<Option<bytes::Bytes>> {
        Ok(None)
    }

    async fn put(&self, _: &CacheKey, _: bytes::Bytes, _: Option<Duration>) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

/// The model does not try again, and the retry around it does, as often.
struct Retrying;

impl Subject for Retrying {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Chat> {
        let mut once = setup.clone();
        once.max_retries = 0;
        let model = ToySubject::sound().model(&once)?;
        let policy = RetryPolicy::new().with_max_attempts(setup.max_retries + 1);
        let config = RunConfig::new().with_timer(Arc::clone(&setup.timer));
        Ok(as_model(model.clone(), model.with_retry(policy).with_config(config)))
    }

    fn wire(&self) -> &dyn Wire {
        &*TOY
    }

    fn shown(&self, setup: &Setup) -> String {
        ToySubject::sound().shown(setup)
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[(
            "retries_end",
            "how often it was tried stands in the path of the error, not in the model's own count",
        )]
    }
}

static TOY: std::sync::LazyLock<ToySubject> = std::sync::LazyLock::new(ToySubject::sound);

/// A store that remembers: what is asked once behaves in the same way.
fn remembering() -> impl Subject<Output = AiMessage> {
    const ASKED_ONCE: &str = "what was asked before does not reach the service again";
    Wrapped::new(ToySubject::sound(), |model| Arc::new(Cached::new(model, Arc::new(MemoryStore::new(1_000)))))
        .skipping("streaming", ASKED_ONCE)
}

/// Run by the test of what is printed.
#[test]
fn a_skip() {
    catena_testkit::conformance::assert_behaviour(remembering(), "streaming");
}

#[test]
fn a_skip_is_told_where_tests_that_pass_are_silent() {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program).args(["--exact", "wrapped::a_skip"]).output();
    let output = output.expect("a process");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("`streaming` is skipped: what was asked before"), "{told}");
}

#[test]
fn a_cache_keeps_answers_and_not_failures() {
    for behaviour in [
        "text",
        "hard_text",
        "conversation",
        "repeated_roles",
        "system_message",
        "stop",
        "tools_request",
        "tool_choice",
        "tool_results",
        "structured_output",
        "structured_methods",
        "images",
        "files",
        "metadata",
        "finish_reason",
        "not_an_answer",
        "foreign_refusals",
        "evidence",
        "no_replay",
        "errors_by_status",
        "retries_end",
        "cut_streams",
        "concurrency",
    ] {
        assert_eq!(examine(remembering(), behaviour), Ok(()), "{behaviour}");
    }
    assert!(matches!(examine(remembering(), "streaming"), Err(Fault::Skipped(_))));
}

/// A wrapper hides no fault of the model, and one of its own is found.
#[test]
fn faults_show_through_wrappers() {
    let faulty =
        Wrapped::new(ToySubject::with(Plant::DropsSystem), |model| as_model(model.clone(), model.boxed()));
    assert!(matches!(examine(faulty, "system_message"), Err(Fault::Broken(_))));
    let once = || RetryPolicy::new().on_any_error().without_delay();
    let hasty = around(move |model| model.with_retry(once()));
    assert!(matches!(examine(hasty, "retries_end"), Err(Fault::Broken(_))));
}

#[test]
fn a_skip_of_nothing_is_a_fault() {
    let misspelt = Wrapped::new(ToySubject::sound(), |model| model).skipping("txt", "a slip");
    assert!(matches!(examine(misspelt, "text"), Err(Fault::Broken(_))));
    assert!(matches!(examine(ToySubject::sound(), "txt"), Err(Fault::Broken(_))));
    for silent in ["", "  "] {
        let silent = Wrapped::new(ToySubject::sound(), |model| model).skipping("text", silent);
        assert!(matches!(examine(silent, "text"), Err(Fault::Broken(_))));
    }
}
