//! A provider of your own in one small file, and the kit that proves it: `cargo test --example tiny_provider`.
//!
//! The guide is `docs/writing-a-provider.md`.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]
#![allow(unreachable_pub, reason = "the provider is written as the crate it would be")]

#[cfg(test)]
mod conformance;
mod provider;

use catena::prelude::*;
use catena_testkit::{Reply, Server};
use provider::ChatParley;

fn main() -> anyhow::Result<()> {
    // In place of the service: it says the same each time, in pieces.
    let pieces = [r#"{"says": "Rainbow "}"#, r#"{"says": "Socks"}"#, r#"{"over": "done"}"#];
    let server = Server::replay([Reply::sse(pieces)]);

    let model = ChatParley::new("parley-1", ChatParley::service(&server.url(), "a-key"))?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | model | StrOutputParser;
    for chunk in chain.blocking().stream(vars! { product: "colorful socks" }) {
        print!("{}", chunk?);
    }
    println!();
    Ok(())
}
