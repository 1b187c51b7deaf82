//! A prompt with a struct as its input, and an answer that is one: the compiler checks both ends of the chain.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::fakes::FakeMessagesListChatModel;
use catena::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// A variable without a field, or a field without a variable, does not compile.
#[derive(Prompt, Clone)]
#[prompt("Name a company in {city} that makes {product}.")]
struct Naming {
    city: String,
    product: String,
}

/// Its schema, with these comments, goes to the model; the answer is checked against it.
#[derive(Debug, Deserialize, JsonSchema)]
struct Company {
    /// The name, without its legal form.
    name: String,
    /// The year in which it was founded.
    #[schemars(range(min = 1500))]
    founded: u16,
}

fn main() -> anyhow::Result<()> {
    // A real model answers in this form because it is told the schema: `ChatOpenAi::new("gpt-4o-mini")?`.
    let answers = [r#"{"name": "Long Road", "founded": 1987}"#, r#"{"name": "Long Road", "founded": 87}"#];
    let model = FakeMessagesListChatModel::new(answers.map(AiMessage::new));

    let chain = Naming::prompt() | model.with_structured_output::<Company>();
    let input = || Naming { city: "Porto".into(), product: "socks".into() };

    let company = chain.blocking().invoke(input())?;
    println!("{}, since {}", company.name, company.founded);

    println!("an answer outside of the schema is an error:");
    if let Err(error) = chain.blocking().invoke(input()) {
        println!("  {error}");
    }

    // For a template without a struct: also parsed at compile time, so that there is no `Result`.
    let slogan = prompt!("A slogan for {name}, in {words} words.");
    println!("{}", slogan.format(vars! { name: company.name.as_str(), words: 3 })?);
    Ok(())
}
