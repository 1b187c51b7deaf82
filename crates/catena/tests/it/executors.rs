//! Everything that can drive a future.

use std::pin::Pin;

use tokio::runtime::{Builder, Runtime};

/// What an executor is given.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) type Executor = fn(Work);

pub(crate) const EXECUTORS: [(&str, Executor); 10] = [
    ("tokio, root of a multi-thread runtime", |work| multi().block_on(work)),
    ("tokio, task of a multi-thread runtime", |work| spawned(&multi(), work)),
    ("tokio, root of a current-thread runtime", |work| current().block_on(work)),
    ("tokio, task of a current-thread runtime", |work| spawned(&current(), work)),
    ("tokio, runtime without drivers", |work| bare().block_on(work)),
    ("smol", smol::block_on),
    ("smol, task", |work| smol::block_on(smol::spawn(work))),
    ("futures", futures_executor::block_on),
    ("futures, pool on one thread", |work| futures_executor::LocalPool::new().run_until(work)),
    ("catena, blocking", |work| catena::blocking::block_on(work).unwrap()),
];

/// A runtime with two workers.
pub(crate) fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn current() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A runtime that can neither read from a socket nor wait for a time.
fn bare() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn spawned(runtime: &Runtime, work: Work) {
    runtime.block_on(runtime.spawn(work)).unwrap();
}

/// Runs `work` on each of them.
#[expect(clippy::print_stdout, reason = "shown only if the test fails")]
pub(crate) fn on_every_executor<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F) {
    for (name, executor) in EXECUTORS {
        println!("{name}");
        executor(Box::pin(work()));
    }
}
