//! The program of the front page, with nothing in scope but the prelude.

use catena::prelude::*;

use crate::watchdog::watched;

/// Five names in series, then five at once.
async fn names(llm: OpenAi) -> Result<Vec<String>, Error> {
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = LlmChain::new(llm, prompt);

    let mut names = Vec::new();
    for _ in 0..5 {
        names.push(chain.arun("toothpaste").await?.trim().to_owned());
    }
    for name in chain.aapply(["toothpaste"; 5]).await {
        names.push(name?.trim().to_owned());
    }
    Ok(names)
}

#[test]
fn ten_names_for_a_toothpaste_company() {
    watched(|| {
        let service =
            catena_testkit::SimulatedOpenAi::builder().with_latency(std::time::Duration::ZERO).start();
        let service = service.unwrap();
        let llm = || {
            let builder = OpenAi::builder().ignore_environment().with_base_url(service.base_url());
            builder.without_api_key().with_temperature(0.9).build().unwrap()
        };
        crate::executors::on_every_executor(|| {
            let llm = llm();
            async move {
                let names = names(llm).await.unwrap();
                assert_eq!(names.len(), 10);
                assert!(names.iter().all(|name| !name.is_empty()), "{names:?}");
            }
        });
    });
}

#[test]
fn every_entry_point_of_one_chat_chain() -> Result<(), Error> {
    let service = catena_testkit::SimulatedOpenAi::builder().with_latency(std::time::Duration::ZERO).start();
    let service = service.unwrap();
    let builder = ChatOpenAi::builder().ignore_environment().with_base_url(service.base_url());
    let builder = builder.without_api_key();
    let chain = PromptTemplate::new("Tell me a joke about {topic}.")?
        | builder.with_temperature(0.0).build()?
        | StrOutputParser;

    let joke = chain.blocking().invoke("bears")?;
    assert_eq!(chain.blocking().stream("bears").collect::<Result<String, Error>>()?, joke);
    for again in chain.blocking().batch(["bears"; 3]) {
        assert_eq!(again?, joke);
    }
    catena::blocking::block_on(async {
        let mut streamed = String::new();
        let mut tokens = chain.stream(vars! { topic: "bears" });
        while let Some(token) = tokens.next().await {
            streamed.push_str(&token?);
        }
        assert_eq!(streamed, chain.invoke("bears").await?);
        assert_eq!(streamed, joke);
        Ok(())
    })?
}
