//! LangChain Expression Language: steps joined with `|`, parallel branches in a tuple.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (model, _server) = catena_examples::chat_openai()?;
    let name = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let slogan = PromptTemplate::new("Write a slogan for a company that makes {product}.")?;

    let ask = |prompt: PromptTemplate| prompt | model.clone() | StrOutputParser;
    let page = (ask(name), ask(slogan))
        .pipe(lambda(|(name, slogan): (String, String)| format!("# {}\n\n{}", name.trim(), slogan.trim())));

    println!("{}", page.invoke("bicycles").await?);
    Ok(())
}
