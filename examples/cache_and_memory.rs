//! Conversations with memory, over a model with a cache.
//!
//! The conversation is part of the cache key, so an answer is reused only in the same context.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::cache::{CacheExt, MemoryStore};
use catena::chains::{ConversationBufferMemory, ConversationChain, Memory};
use catena::fakes::FakeChatModel;
use catena::{Record, prelude::*};

fn main() -> anyhow::Result<()> {
    let answers = ["Hello! Who are you?", "Nice to meet you, Ada.", "Nice to meet you, Ben."];
    let model = FakeChatModel::new(answers); // or ChatOpenAi::new("gpt-4o-mini")?
    let cached = model.clone().with_cache(MemoryStore::new(1_000));

    let mut said = 0;
    for name in ["Ada", "Ben"] {
        // Each conversation has its own memory of the last ten exchanges; all share one cache.
        let memory = ConversationBufferMemory::new().with_window(10);
        let chat = ConversationChain::new(cached.clone())?.with_memory(memory.clone()).build()?;
        for words in ["Hi!".to_owned(), format!("I am {name}.")] {
            println!("{name}:   {words}");
            println!("model: {}", chat.run(words)?);
            said += 1;
        }
        let remembered = catena::blocking::block_on(memory.load(&Record::new()))??;
        println!("remembered: {:?}\n", remembered.get("history"));
    }

    let calls = model.prompts().len();
    println!("{said} questions, {calls} calls: the first \"Hi!\" was answered once for both");
    anyhow::ensure!((said, calls) == (4, 3), "the cache was not used");
    Ok(())
}
