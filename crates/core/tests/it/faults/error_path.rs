//! An error says where it happened.

use catena_core::{
    Data, Error, ErrorKind, PromptTemplate, RetryPolicy, Runnable, RunnableBranch, RunnableExt,
    RunnableParallel, gather, lambda,
};
use futures_executor::block_on;

fn id() -> impl Runnable<Input = Data, Output = Data> + Clone {
    lambda(|data: Data| data)
}

fn fails() -> impl Runnable<Input = Data, Output = Data> + Clone {
    lambda(|_: Data| Err::<Data, _>(Error::other("disk full").with_retryable(true))).with_name("save")
}

/// Checks the error's text, called, streamed and in a batch; the path of a stream counts its own attempts.
#[track_caller]
fn check(chain: impl Runnable<Input = Data, Output = Data>, text: &str) {
    let errors = [
        block_on(chain.invoke("x")).unwrap_err(),
        block_on(gather(chain.stream("x"))).unwrap_err(),
        block_on(chain.batch(["x"])).remove(0).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(std::error::Error::source(&error).expect("the cause").to_string(), "disk full");
    }
}

#[test]
fn an_error_names_its_path() {
    let retried = || fails().with_retry(RetryPolicy::new().with_max_attempts(2).without_delay());
    let branches = || RunnableParallel::new().with("a", retried()).with("b", id());
    check(id().pipe(id()).pipe(branches()), "seq[2] > parallel.a > retry#2 > save: disk full");
    check(
        id().pipe(branches())
            .pipe(id())
            .pipe(PromptTemplate::new("{a}").unwrap())
            .pipe(lambda(|_: catena_core::PromptValue| Data::Null)),
        "seq[1] > parallel.a > retry#2 > save: disk full",
    );
    check(fails().with_fallbacks([retried()]), "fallback[0] > save: disk full");
    check(
        RunnableBranch::new(id()).with(lambda(|_: Data| true), id().pipe(fails())),
        "branch[0] > seq[1] > save: disk full",
    );
    check(id().assign_all(fails()), "seq[2] > parallel.new > save: disk full");
}

/// A step that needs no memory, so that a chain of them has no place of its own either.
struct Nothing;

#[catena_core::async_trait]
impl Runnable for Nothing {
    type Input = Data;
    type Output = Data;
    async fn call(&self, input: Data, _cx: &catena_core::Context) -> catena_core::Result<Data> {
        Ok(input)
    }
}

struct Save;

#[catena_core::async_trait]
impl Runnable for Save {
    type Input = Data;
    type Output = Data;
    async fn call(&self, _: Data, _cx: &catena_core::Context) -> catena_core::Result<Data> {
        Err(Error::other("disk full"))
    }
}

#[test]
fn sequences_within_sequences_are_told_apart() {
    check(Save.pipe(Nothing.pipe(Nothing)), "seq[0] > Save: disk full");
    check(Nothing.pipe(Save.pipe(Nothing)), "seq[1] > Save: disk full");
    check(Nothing.pipe(Nothing).pipe(Save), "seq[2] > Save: disk full");
    check(Save.pipe(Nothing).pipe(Nothing.pipe(Nothing)), "seq[0] > Save: disk full");
    check(Save.pipe(Nothing.pipe(Nothing.pipe(Nothing))), "seq[0] > Save: disk full");
}

trait AssignAll: Runnable<Input = Data, Output = Data> + Sized {
    /// Makes a record and adds to it.
    fn assign_all(
        self,
        new: impl Runnable<Input = Data, Output = Data> + 'static,
    ) -> impl Runnable<Input = Data, Output = Data> {
        self.pipe(lambda(|data: Data| Data::from([("old", data)]))).assign("new", new)
    }
}

impl<R: Runnable<Input = Data, Output = Data>> AssignAll for R {}
