//! A server that goes away in the middle of many calls and comes back on the same port.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use catena_core::{RunnableExt, Sleep, SystemTimer, Timer};
use catena_llm_openai::ChatOpenAi;
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use futures_util::StreamExt;
use futures_util::future::join_all;

use crate::support::{PATIENCE, chat_builder, chat_completion, chat_events};

const CALLS: usize = 500;
/// How many the first server answers. The others it leaves waiting.
const BEFORE: usize = 200;
/// How many are under way at a time.
const AT_ONCE: usize = 60;

/// A timer whose waits between attempts are short: an outage in a test lasts milliseconds.
#[derive(Debug)]
struct Impatient;

impl Timer for Impatient {
    fn now(&self) -> Instant {
        SystemTimer.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemTimer.sleep(duration / 250)
    }
}

/// The text of the question.
fn question(request: &Recorded) -> String {
    request.json()["messages"][0]["content"].as_str().expect("a text").to_owned()
}

/// Says the question again, in one piece or in several.
fn echo(request: &Recorded) -> Reply {
    let question = question(request);
    match request.json()["stream"].as_bool() {
        Some(true) => Reply::sse(chat_events(&question.split_inclusive(' ').collect::<Vec<_>>())),
        _ => Reply::json(200, chat_completion(&question)),
    }
}

/// Asks, every other time by a stream, and gives the answer.
async fn ask(chat: &ChatOpenAi, number: usize) -> String {
    let question = format!("call {number}");
    if number.is_multiple_of(2) {
        return chat.invoke(question.as_str()).await.expect("an answer").text().into_owned();
    }
    let pieces = chat.stream(question.as_str()).map(|piece| piece.expect("a piece").text().into_owned());
    pieces.collect().await
}

#[test]
fn a_restart_loses_and_doubles_nothing() {
    let before = {
        let arrived = AtomicUsize::new(0);
        Server::start(move |request| match arrived.fetch_add(1, Ordering::SeqCst) {
            number if number < BEFORE => echo(request),
            _ => Reply::never(),
        })
    };
    let address = before.address();
    let chat = chat_builder(&before).with_timer(Impatient).with_max_retries(1000).build().expect("a model");
    let (next, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let restart = std::thread::spawn({
        let answered = Arc::clone(&answered);
        move || {
            // All that it answers has arrived, and others are waiting: none of these is half told.
            assert!(before.wait_for_requests(BEFORE + AT_ONCE / 2, PATIENCE));
            while answered.load(Ordering::SeqCst) < BEFORE {
                std::thread::yield_now();
            }
            let first: Vec<String> = before.requests()[..BEFORE].iter().map(question).collect();
            drop(before);
            TcpStream::connect(address).expect_err("nobody listens");
            (first, Server::try_start_at(address, echo).expect("the port is free again"))
        }
    });
    let worker = |_| {
        let (chat, next, answered) = (&chat, &next, &answered);
        async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= CALLS {
                    return;
                }
                assert_eq!(ask(chat, number).await, format!("call {number}"), "each has its own answer");
                answered.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    block_on(join_all((0..AT_ONCE).map(worker)));
    let (first, after) = restart.join().expect("no panic");

    assert_eq!(answered.load(Ordering::SeqCst), CALLS);
    let mut times: HashMap<String, usize> = HashMap::new();
    let later = after.requests();
    let all = first.into_iter().chain(later.iter().map(question));
    all.for_each(|question| *times.entry(question).or_default() += 1);
    let all_once = (0..CALLS).all(|number| times.get(&format!("call {number}")) == Some(&1));
    assert!(all_once && times.len() == CALLS, "each is answered once: {times:?}");
    drop(chat);
    assert!(after.wait_for_close(PATIENCE), "{} connections are left", after.open_connections());
}
