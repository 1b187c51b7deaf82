//! A stream is retried and falls back before its first chunk, without buffering, and never after.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::{
    ChunkStream, Context, Error, ErrorKind, Result, RetryPolicy, Runnable, RunnableExt, async_trait, lambda,
};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt, stream};

/// Streams; each attempt as the next script says. `None` is an error, a dot is a chunk that does not come.
#[derive(Clone)]
struct Scripted {
    attempts: &'static [&'static [Option<&'static str>]],
    made: Arc<AtomicUsize>,
}

const HELD: Option<&str> = Some(".");

impl Scripted {
    fn new(attempts: &'static [&'static [Option<&'static str>]]) -> Self {
        Self { attempts, made: Arc::default() }
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Runnable for Scripted {
    type Input = String;
    type Output = String;

    async fn call(&self, _: String, _: &Context) -> Result<String> {
        Err(Error::new(ErrorKind::Unsupported, "streams only"))
    }

    fn transform<'a>(&'a self, _: ChunkStream<'a, String>, _: Context) -> ChunkStream<'a, String> {
        let script = stream::once(async {
            let attempt = self.made.fetch_add(1, Ordering::Relaxed);
            stream::iter(self.attempts[attempt]).then(|item| async move {
                match *item {
                    HELD => std::future::pending().await,
                    Some(chunk) => Ok(chunk.to_owned()),
                    None => Err(Error::new(ErrorKind::Server, "broken")),
                }
            })
        });
        script.flatten().boxed()
    }
}

fn retried(step: &Scripted) -> impl Runnable<Input = String, Output = String> + use<> {
    step.clone().with_retry(RetryPolicy::new().without_delay())
}

fn items(chain: &impl Runnable<Input = String, Output = String>) -> Vec<Result<String, ErrorKind>> {
    block_on(chain.stream("x").map(|item| item.map_err(|error| error.kind())).collect())
}

#[test]
fn a_stream_is_begun_anew_before_its_first_chunk() {
    let step = Scripted::new(&[&[None], &[None], &[Some("to"), Some("ken")]]);
    assert_eq!(items(&retried(&step)), [Ok("to".to_owned()), Ok("ken".to_owned())]);
    assert_eq!(step.made(), 3);
    let step = Scripted::new(&[&[None]]);
    let spare = Scripted::new(&[&[Some("spare")]]);
    assert_eq!(items(&step.with_fallbacks([spare])), [Ok("spare".to_owned())]);
}

#[test]
fn never_after_it() {
    let step = Scripted::new(&[&[Some("to"), None]]);
    assert_eq!(items(&retried(&step)), [Ok("to".to_owned()), Err(ErrorKind::Server)]);
    assert_eq!(step.made(), 1);
    let step = Scripted::new(&[&[Some("to"), None]]);
    let spare = Scripted::new(&[&[Some("spare")]]);
    assert_eq!(items(&step.with_fallbacks([spare.clone()])), [Ok("to".to_owned()), Err(ErrorKind::Server)]);
    assert_eq!(spare.made(), 0);
}

#[test]
fn nothing_is_buffered() {
    let step = Scripted::new(&[&[None], &[Some("to"), HELD]]);
    let spare = Scripted::new(&[&[Some("spare")]]);
    let chain = retried(&step)
        .with_fallbacks([spare])
        .pipe(lambda(|text: String| text).with_name("id").with_retry(RetryPolicy::new()));
    let mut gathered = chain.stream("x");
    assert!(gathered.next().now_or_never().is_none(), "a function needs the whole of it");

    let step = Scripted::new(&[&[None], &[Some("to"), HELD]]);
    let spare = Scripted::new(&[&[Some("spare")]]);
    let chain = retried(&step).with_fallbacks([spare]);
    let mut chunks = chain.stream("x");
    assert_eq!(chunks.next().now_or_never().flatten().expect("the first chunk").unwrap(), "to");
    assert!(chunks.next().now_or_never().is_none());
}
