//! Calls overlap, as many as asked for and no more than allowed.

use std::thread;
use std::time::Duration;

use catena::Result;
use catena::prelude::*;
use catena_testkit::{Gate, Reply, Server};
use futures_util::future::{join_all, try_join_all};

use crate::chains::{TextChain, chat, llm, llm_chains, named, pipes, prompt, text_chains};
use crate::executors::{multi, on_every_executor};
use crate::service::{answer, meeting, question};
use crate::watchdog::watched;

/// Makes five calls to a service that answers nobody before all five have asked.
fn check<F: Future<Output = Result<()>> + Send>(five_calls: impl Fn(Server) -> F + Copy + Send + 'static) {
    watched(move || {
        on_every_executor(move || async move {
            let server = meeting(5);
            five_calls(server).await.unwrap();
        });
    });
}

/// All succeed, and they overlapped.
fn all_five<T>(server: &Server, results: impl IntoIterator<Item = Result<T>>) -> Result<()> {
    let results: Vec<T> = results.into_iter().collect::<Result<_>>()?;
    assert_eq!((results.len(), server.requests().len(), server.peak_in_flight()), (5, 5, 5));
    Ok(())
}

#[test]
fn five_calls_of_a_batch() {
    check(|server| async move {
        let [text, _] = pipes(&server);
        all_five(&server, text.batch(["tea"; 5]).await)
    });
    check(|server| async move {
        let [_, chat] = pipes(&server);
        all_five(&server, chat.try_batch(["tea"; 5]).await?.into_iter().map(Ok))
    });
    check(|server| async move {
        let [text, _] = pipes(&server);
        let results: Vec<_> = text.batch_as_completed(["tea"; 5]).collect().await;
        all_five(&server, results.into_iter().map(|(_, text)| text))
    });
}

#[test]
fn five_calls_of_an_llm_chain() {
    check(|server| async move {
        let [text, _] = llm_chains(&server);
        all_five(&server, text.aapply(["tea"; 5]).await)
    });
    check(|server| async move {
        let [_, chat] = llm_chains(&server);
        all_five(&server, join_all((0..5).map(|_| chat.arun("tea"))).await)
    });
}

#[test]
fn five_branches() {
    check(|server| async move {
        let models = (llm(&server), llm(&server), llm(&server), llm(&server), llm(&server));
        let (a, b, c, d, e) = (prompt() | models).invoke("tea").await?;
        all_five(&server, [a, b, c, d, e].map(Ok))
    });
}

#[test]
fn five_streams() {
    check(|server| async move {
        let [_, chat] = pipes(&server);
        all_five(&server, join_all((0..5).map(|_| catena::gather(chat.stream("tea")))).await)
    });
}

#[test]
fn five_calls_without_async() {
    watched(|| {
        for index in 0..2 {
            let server = meeting(5);
            all_five(&server, llm_chains(&server)[index].apply(["tea"; 5])).unwrap();
            let server = meeting(5);
            all_five(&server, pipes(&server)[index].blocking().batch(["tea"; 5])).unwrap();
            let server = meeting(5);
            let results = pipes(&server)[index].blocking().batch_as_completed(["tea"; 5]).collect::<Vec<_>>();
            all_five(&server, results.into_iter().map(|(_, text)| text)).unwrap();
        }
    });
}

#[test]
fn five_threads_and_five_tasks() {
    watched(|| {
        for chain in 0..4 {
            let server = meeting(5);
            let chain = &text_chains(&server)[chain];
            let results = thread::scope(|scope| {
                let calls = [(); 5].map(|()| scope.spawn(|| chain.blocking().invoke("tea")));
                calls.map(|call| call.join().unwrap())
            });
            all_five(&server, results).unwrap();
        }
        let (runtime, server) = (multi(), meeting(5));
        let [chain, _] = pipes(&server);
        let tasks = (0..5).map(|_| {
            let chain = chain.clone();
            runtime.spawn(async move { chain.invoke("tea").await })
        });
        let tasks: Vec<_> = tasks.collect();
        let results = runtime.block_on(try_join_all(tasks)).unwrap();
        all_five(&server, results).unwrap();
    });
}

/// A service that answers nobody before two have asked, and whose answers take a while, so that a third would meet
/// them.
fn unhurried() -> Server {
    let two_there = Gate::new();
    Server::start(move |request| {
        if request.number() == 1 {
            two_there.open();
        }
        answer(request).with_delay(Duration::from_millis(5)).hold(two_there.clone())
    })
}

#[test]
fn max_concurrency_bounds_the_requests_through_every_nesting() {
    watched(|| {
        let config = RunConfig::new().with_max_concurrency(2);
        on_every_executor(|| {
            let config = config.clone();
            async move {
                let server = unhurried();
                let models = prompt() | (llm(&server), chat(&server), llm(&server));
                for result in models.batch_with(["tea"; 4], &config).await {
                    assert_eq!(result.unwrap().0, named("tea"));
                }
                assert_eq!((server.requests().len(), server.peak_in_flight()), (12, 2));
            }
        });
        let server = unhurried();
        let models = prompt() | (llm(&server), chat(&server), llm(&server));
        assert!(models.blocking().batch_with(["tea"; 4], &config).iter().all(Result::is_ok));
        assert_eq!((server.requests().len(), server.peak_in_flight()), (12, 2));
    });
}

#[test]
fn max_concurrency_bounds_a_tuple_that_streams() {
    watched(|| {
        let server = unhurried();
        let models = prompt() | (llm(&server), chat(&server), llm(&server), chat(&server));
        let config = RunConfig::new().with_max_concurrency(2);
        let streamed = models.stream_with("tea", &config);
        let (text, ..) = futures_executor::block_on(catena::gather(streamed)).unwrap().unwrap();
        assert_eq!(text, named("tea"));
        assert_eq!((server.requests().len(), server.peak_in_flight()), (4, 2));
    });
}

#[test]
fn a_batch_gives_its_results_in_order_whichever_comes_first() {
    watched(|| {
        const PRODUCTS: [&str; 3] = ["bread, which takes time", "tea, made soon", "nothing"];
        let server = Server::start(|request| {
            let position = PRODUCTS.iter().position(|product| question(request).contains(product));
            let steps = PRODUCTS.len() - position.unwrap();
            answer(request).with_delay(Duration::from_millis(10) * steps as u32)
        });
        for chain in text_chains(&server) {
            let texts: Result<Vec<_>> = chain.blocking().batch(PRODUCTS).into_iter().collect();
            assert_eq!(texts.unwrap(), PRODUCTS.map(named));
            let completed = chain.blocking().batch_as_completed(PRODUCTS);
            let mut order = Vec::new();
            for (index, text) in completed {
                assert_eq!(text.unwrap(), named(PRODUCTS[index]));
                order.push(index);
            }
            assert_eq!(order, [2, 1, 0]);
        }
    });
}

#[test]
fn one_failing_item_harms_no_other() {
    watched(|| {
        let server = Server::start(|request| match question(request).contains("poison") {
            true => Reply::text(500, "no"),
            false => answer(request),
        });
        for chain in text_chains(&server) {
            let results = chain.blocking().batch(["tea", "poison", "socks"]);
            let texts: Vec<_> = results.iter().map(|text| text.as_deref().ok()).collect();
            assert_eq!(texts, [Some(&*named("tea")), None, Some(&*named("socks"))]);
        }
    });
}

fn check_two_hundred(call: impl FnOnce(&TextChain, &[String]) -> Vec<Result<String>>) {
    let products: Vec<String> = (0..200).map(|number| format!("product {number}")).collect();
    let server = meeting(200);
    let [chain, _] = pipes(&server);
    for (text, product) in call(&chain, &products).into_iter().zip(&products) {
        assert_eq!(text.unwrap(), named(product));
    }
    assert_eq!((server.requests().len(), server.peak_in_flight()), (200, 200));
}

#[test]
fn two_hundred_calls_at_once() {
    watched(|| {
        check_two_hundred(|chain, products| chain.blocking().batch(products.to_vec()));
        check_two_hundred(|chain, products| multi().block_on(chain.batch(products.to_vec())));
        check_two_hundred(|chain, products| {
            let streams = products.iter().map(|product| catena::gather(chain.stream(product.clone())));
            let texts = futures_executor::block_on(join_all(streams));
            texts.into_iter().map(|text| text.map(Option::unwrap)).collect()
        });
        check_two_hundred(|chain, products| {
            thread::scope(|scope| {
                let call = |product: &String| {
                    let product = product.clone();
                    scope.spawn(move || chain.blocking().invoke(product))
                };
                let calls: Vec<_> = products.iter().map(call).collect();
                calls.into_iter().map(|call| call.join().unwrap()).collect()
            })
        });
    });
}
