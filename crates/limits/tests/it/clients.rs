//! Limits where they belong: at the client of a service.

use std::time::{Duration, Instant};

use catena_core::fakes::FakeTimer;
use catena_core::{Embeddings, RunnableExt, Sleep, SystemTimer, Timer};
use catena_limits::{AdaptiveConcurrency, RateLimiter};
use catena_llm_openai::{ChatOpenAi, OpenAi, OpenAiEmbeddings};
use catena_testkit::{Reply, Server, SimulatedOpenAi};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt};
use serde_json::json;

/// A limiter of 60 tokens a minute, one a second.
fn limiter(timer: &FakeTimer) -> RateLimiter {
    RateLimiter::new().with_tokens_per_minute(60).with_timer(timer.clone())
}

/// The second of two calls has to wait for so many seconds, for what the first one asked for.
#[track_caller]
fn check<T>(limiter: &RateLimiter, timer: &FakeTimer, seconds: u64, call: impl Fn() -> T)
where
    T: Future<Output = bool>,
{
    assert!(block_on(call()));
    let mut second = Box::pin(call());
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(limiter.waiting(), 1);
    timer.advance(Duration::from_secs(seconds - 1));
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(limiter.waiting(), 1, "it waits for {seconds} seconds");
    timer.advance(Duration::from_secs(1));
    assert!(block_on(second));
}

#[test]
fn tokens_of_calls_and_streams_count() {
    let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start().unwrap();
    let chat = |limiter: &RateLimiter| {
        let chat = ChatOpenAi::builder().with_base_url(service.base_url()).without_api_key();
        chat.with_max_tokens(20).with_admission(limiter.clone()).build().unwrap()
    };
    // Eight letters are two tokens.
    let timer = FakeTimer::new();
    let limited = limiter(&timer);
    let model = chat(&limited);
    check(&limited, &timer, 22, || async { model.invoke("eight by").await.is_ok() });

    let limited = limiter(&timer);
    let model = chat(&limited).bind("n", 2).bind("max_tokens", 10);
    check(&limited, &timer, 22, || async { model.invoke("eight by").await.is_ok() });

    let limited = limiter(&timer);
    let model = chat(&limited);
    check(&limited, &timer, 22, || async {
        model.stream("eight by").all(|chunk| async move { chunk.is_ok() }).await
    });
}

#[test]
fn tokens_of_completions_and_embeddings_count() {
    let timer = FakeTimer::new();
    let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start().unwrap();
    let limited = limiter(&timer);
    let llm = OpenAi::builder().with_base_url(service.base_url()).without_api_key().with_max_tokens(5);
    let llm = llm.with_admission(limited.clone()).build().unwrap();
    check(&limited, &timer, 14, || async { llm.generate_all(["eight by", "eight by"]).await.is_ok() });

    let server = Server::start(|_| Reply::json(200, json!({"data": [{"embedding": [1.0]}]})));
    let limited = limiter(&timer);
    let embeddings = OpenAiEmbeddings::builder().with_base_url(server.url()).without_api_key();
    let embeddings = embeddings.with_admission(limited.clone()).build().unwrap();
    check(&limited, &timer, 3, || async { embeddings.embed_query("twelve bytes").await.is_ok() });
}

#[test]
fn models_that_share_a_limiter_are_learned_apart() {
    let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start().unwrap();
    let adaptive = AdaptiveConcurrency::new();
    let chat = ChatOpenAi::builder().with_base_url(service.base_url()).without_api_key();
    let chat = chat.with_model("small").with_admission(adaptive.clone()).build().unwrap();
    block_on(chat.invoke("Hi")).unwrap();
    block_on(chat.batch(["a", "b"]));
    block_on(chat.bind("model", "large").invoke("Hi")).unwrap();
    let served = |model| adaptive.state_of(Some(model)).map(|state| state.succeeded);
    assert_eq!((served("small"), served("large"), served("other")), (Some(3), Some(1), None));
    assert_eq!(adaptive.state().succeeded, 4);
}

/// How many times as fast as a real one the service is. What the machine adds to every answer counts as many times.
const SPEED: u32 = 2;

/// Waits are as much shorter as the service is faster.
#[derive(Debug, Clone)]
struct Fast;

impl Timer for Fast {
    fn now(&self) -> Instant {
        SystemTimer.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemTimer.sleep(duration / SPEED)
    }
}

/// How long a thousand calls take at a service that answers in a second and takes 50 at once and 3,000 a minute, and the
/// share of requests that were refused.
fn batch() -> (f64, f64) {
    let service = SimulatedOpenAi::builder()
        .with_latency(Duration::from_secs(1) / SPEED)
        .with_max_at_once(50)
        .with_requests_per_minute(3_000 * SPEED)
        .start()
        .unwrap();
    let chat = ChatOpenAi::builder().with_base_url(service.base_url()).with_max_retries(100);
    let chat = chat.without_api_key().with_timer(Fast).with_admission(AdaptiveConcurrency::new());
    let chat = chat.build().unwrap();
    let prompts = (0..1_000).map(|number| format!("Say the number {number}"));
    let start = Instant::now();
    let answers = block_on(chat.batch(prompts));
    let took = start.elapsed().as_secs_f64();
    assert!(answers.iter().all(Result::is_ok));
    let sent = service.server().requests().len();
    (took, (sent - 1_000) as f64 / sent as f64)
}

/// In seconds, the least time for it: both limits of the service let 50 calls a second through.
const IDEAL: f64 = 1_000.0 / 50.0 / SPEED as f64;

/// A machine that is busy with something else takes longer. The best of five counts.
#[test]
fn a_batch_of_a_thousand_runs_as_if_the_limit_were_known() {
    let mut found = Vec::new();
    for _ in 0..5 {
        let (took, refused) = batch();
        if took / IDEAL <= 1.15 && refused < 0.02 {
            return;
        }
        found.push((took / IDEAL, refused));
    }
    panic!("times the least time, and the share of refused requests: {found:?}");
}
