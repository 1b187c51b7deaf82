//! Makes the calls: one after the other, then all at once, on the runtime of your choice.

use std::io;
use std::thread;

use catena::prelude::*;
use clap::ValueEnum;
use futures_util::future::join_all;

use super::chain::NameChain;
use super::news::Log;
use super::record::Part;

/// What the calls run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Runtime {
    Tokio,
    TokioCurrentThread,
    Smol,
    Blocking,
}

/// What to call, and how often.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) chain: NameChain,
    pub(super) product: String,
    pub(super) count: usize,
    pub(super) stream: bool,
    pub(super) parts: Vec<Part>,
}

/// Makes all calls and logs what happens.
pub(super) fn run(runtime: Runtime, calls: &Calls, log: &Log) -> io::Result<()> {
    match runtime {
        Runtime::Tokio => tokio::runtime::Runtime::new()?.block_on(calls.run(log)),
        Runtime::TokioCurrentThread => {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(calls.run(log));
        }
        Runtime::Smol => smol::block_on(calls.run(log)),
        Runtime::Blocking => calls.run_blocking(log),
    }
    Ok(())
}

/// Async, on any runtime.
impl Calls {
    async fn run(&self, log: &Log) {
        for part in &self.parts {
            log.part_started(*part);
            match (part, self.stream) {
                (Part::Serial, false) => self.serial(log).await,
                (Part::Serial, true) => self.serial_streams(log).await,
                (Part::Concurrent, false) => self.concurrent(log).await,
                (Part::Concurrent, true) => self.concurrent_streams(log).await,
            }
            log.part_ended();
        }
    }

    async fn serial(&self, log: &Log) {
        for call in 0..self.count {
            log.call_started(call);
            log.answered(call, self.chain.invoke(self.product.as_str()).await);
        }
    }

    async fn concurrent(&self, log: &Log) {
        (0..self.count).for_each(|call| log.call_started(call));
        let mut answers = self.chain.batch_as_completed(self.inputs());
        while let Some((call, answer)) = answers.next().await {
            log.answered(call, answer);
        }
    }

    async fn serial_streams(&self, log: &Log) {
        for call in 0..self.count {
            self.stream_one(call, log).await;
        }
    }

    async fn concurrent_streams(&self, log: &Log) {
        join_all((0..self.count).map(|call| self.stream_one(call, log))).await;
    }

    async fn stream_one(&self, call: usize, log: &Log) {
        log.call_started(call);
        let mut pieces = self.chain.stream(self.product.as_str());
        while let Some(piece) = pieces.next().await {
            log.piece(call, piece);
        }
        log.call_ended(call);
    }

    /// The same product for every call.
    fn inputs(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|_| self.product.as_str())
    }
}

/// The same without async: plain calls, iterators and threads.
impl Calls {
    fn run_blocking(&self, log: &Log) {
        for part in &self.parts {
            log.part_started(*part);
            match (part, self.stream) {
                (Part::Serial, false) => self.serial_blocking(log),
                (Part::Serial, true) => (0..self.count).for_each(|call| self.stream_one_blocking(call, log)),
                (Part::Concurrent, false) => self.concurrent_blocking(log),
                (Part::Concurrent, true) => thread::scope(|scope| {
                    (0..self.count).for_each(|call| {
                        scope.spawn(move || self.stream_one_blocking(call, log));
                    });
                }),
            }
            log.part_ended();
        }
    }

    fn serial_blocking(&self, log: &Log) {
        for call in 0..self.count {
            log.call_started(call);
            log.answered(call, self.chain.blocking().invoke(self.product.as_str()));
        }
    }

    fn concurrent_blocking(&self, log: &Log) {
        (0..self.count).for_each(|call| log.call_started(call));
        for (call, answer) in self.chain.blocking().batch_as_completed(self.inputs()) {
            log.answered(call, answer);
        }
    }

    fn stream_one_blocking(&self, call: usize, log: &Log) {
        log.call_started(call);
        for piece in self.chain.blocking().stream(self.product.as_str()) {
            log.piece(call, piece);
        }
        log.call_ended(call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::news;
    use crate::demo::record::Record;
    use catena::fakes::FakeLlm;

    fn check(runtime: Runtime, stream: bool) {
        let prompt = PromptTemplate::new("A name for {product}?").expect("a good template");
        let chain = (prompt | FakeLlm::new(["Bright Smile Co."]) | StrOutputParser).boxed();
        let parts = vec![Part::Serial, Part::Concurrent];
        let calls = Calls { chain, product: "toothpaste".to_owned(), count: 4, stream, parts };
        let (log, news) = news::channel();
        run(runtime, &calls, &log).expect("a runtime");
        drop(log);

        let mut record = Record::new(4, 2, stream, true);
        news.iter().for_each(|item| record.add(&item));
        assert_eq!(record.ended(), 8, "{runtime:?}");
        assert_eq!(record.errors(), 0);
        let calls = || record.parts.iter().flat_map(|part| &part.calls);
        assert!(calls().all(|call| call.text == "Bright Smile Co."), "{record:?}");
        assert!(calls().all(|call| call.first.is_some() == stream), "{record:?}");
        assert!(record.parts.iter().all(|part| part.took.is_some()));
    }

    #[test]
    fn every_runtime_makes_every_call() {
        for runtime in Runtime::value_variants() {
            check(*runtime, false);
            check(*runtime, true);
        }
    }

    #[test]
    fn a_failed_call_is_recorded_and_the_others_go_on() {
        let chain = catena::lambda(|_: Data| -> catena::Result<String> {
            Err(Error::new(ErrorKind::Server, "it is on fire"))
        });
        let parts = vec![Part::Serial, Part::Concurrent];
        let calls = Calls { chain: chain.boxed(), product: String::new(), count: 3, stream: false, parts };
        let (log, news) = news::channel();
        run(Runtime::Smol, &calls, &log).expect("a runtime");
        drop(log);
        let mut record = Record::new(3, 2, false, true);
        news.iter().for_each(|item| record.add(&item));
        assert_eq!((record.ended(), record.errors()), (6, 6));
    }
}
