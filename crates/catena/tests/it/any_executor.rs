//! One chain works on every executor, in every async way of calling.

use catena::prelude::*;
use catena::{Result, gather};

use crate::chains::{TextChain, llm_chains, named, text_chains};
use crate::executors::on_every_executor;
use crate::service::echo;
use crate::watchdog::watched;

/// Every async entry point of a chain.
async fn every_call(chain: TextChain) -> Result<()> {
    assert_eq!(chain.invoke("tea").await?, named("tea"));
    assert_eq!(gather(chain.stream("tea")).await?, Some(named("tea")));
    let texts: Result<Vec<_>> = chain.batch(["tea", "socks"]).await.into_iter().collect();
    assert_eq!(texts?, [named("tea"), named("socks")]);
    assert_eq!(chain.try_batch(["tea", "socks"]).await?, [named("tea"), named("socks")]);
    let mut completed: Vec<_> = chain.batch_as_completed(["tea", "socks"]).collect().await;
    completed.sort_by_key(|(index, _)| *index);
    assert_eq!(completed.len(), 2);
    for ((_, text), product) in completed.into_iter().zip(["tea", "socks"]) {
        assert_eq!(text?, named(product));
    }
    Ok(())
}

#[test]
fn every_chain_on_every_executor() {
    watched(|| {
        let server = echo();
        // The same chains everywhere, so that each executor meets what the ones before it left.
        let chains = text_chains(&server);
        on_every_executor(|| {
            let chains = chains.clone();
            async move {
                for chain in chains {
                    every_call(chain).await.unwrap();
                }
            }
        });
    });
}

#[test]
fn llm_chains_on_every_executor() {
    watched(|| {
        let server = echo();
        let chains = llm_chains(&server);
        on_every_executor(|| {
            let chains = chains.clone();
            async move {
                for chain in chains {
                    assert_eq!(chain.arun("tea").await.unwrap(), named("tea"));
                    let texts = chain.aapply(["tea", "socks"]).await.into_iter().collect::<Result<Vec<_>>>();
                    assert_eq!(texts.unwrap(), [named("tea"), named("socks")]);
                }
            }
        });
    });
}

#[test]
fn a_time_limit_needs_no_runtime() {
    watched(|| {
        let server = echo();
        let [chain, _] = crate::chains::pipes(&server);
        on_every_executor(|| {
            let chain = chain.clone().with_timeout(crate::watchdog::PATIENCE);
            async move { assert_eq!(chain.invoke("tea").await.unwrap(), named("tea")) }
        });
    });
}

#[test]
fn futures_and_streams_are_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let server = echo();
    for chain in text_chains(&server) {
        drop(assert_send(chain.invoke("tea")));
        drop(assert_send(chain.stream("tea")));
        drop(assert_send(chain.batch(["tea"])));
        drop(assert_send(chain.batch_as_completed(["tea"])));
    }
    assert_eq!(server.connections(), 0, "nothing is sent before it is polled");
}
