//! The key is shown by nothing that can be printed or watched.

use catena::prelude::*;

use crate::chains::{KEY, chat, chat_builder, llm, llm_builder, llm_chains, prompt};
use crate::service::echo;
use crate::watchdog::watched;

#[track_caller]
fn check(shown: String) {
    assert!(!shown.contains(KEY), "{shown}");
}

#[test]
fn not_by_models_builders_and_chains() {
    let server = echo();
    check(format!("{:#?} {:?}", llm_builder(&server.url()), chat_builder(&server.url())));
    check(format!("{:#?} {:?}", llm(&server), chat(&server)));
    check(format!("{:#?}", prompt() | llm(&server) | StrOutputParser));
    check(format!("{:?}", llm_chains(&server)));
    check(format!("{:?}", llm_chains(&server)[0].blocking()));
}

#[test]
fn not_by_events() {
    watched(|| {
        let server = echo();
        for chain in llm_chains(&server) {
            let events: Vec<_> = futures_executor::block_on(chain.stream_events("tea").collect());
            assert!(events.len() > 4);
            check(format!("{events:?}"));
        }
        // The key itself was sent.
        let sent = server.requests()[0].header("authorization").map(str::to_owned);
        assert_eq!(sent, Some(format!("Bearer {KEY}")));
    });
}
