//! Answers as values of your own types: typed parsers, tool calls, and retrying answers that cannot be parsed.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::fakes::FakeChatModel;
use catena::prelude::*;
use catena::{AiMessage, OutputParser, ToolCall, ToolsParser, parse};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the model is asked for. Its schema, with these comments, is part of the prompt.
#[derive(Debug, Deserialize, JsonSchema)]
struct Company {
    /// The name, without its legal form.
    name: String,
    /// The year in which it was founded.
    #[schemars(range(min = 1500))]
    founded: u16,
    #[serde(default)]
    products: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tool {
    GetWeather { city: String },
    Add { a: i64, b: i64 },
}

fn main() -> anyhow::Result<()> {
    let company = parse::<Company>().validate(|company| match company.name.as_str() {
        "" => Err("`name` to say something".to_owned()),
        _ => Ok(()),
    });
    let prompt = PromptTemplate::new("Describe a company that makes {product}.\n\n{format}")?;
    let question = vars! { product: "socks", format: company.format_instructions() };

    smol::block_on(async {
        // The second answer violates a rule of the type.
        let answers = [
            r#"{"name": "Long Road", "founded": 1987, "products": ["socks", "laces"]}"#,
            r#"{"name": "Long Road", "founded": 0}"#,
        ];
        let model = FakeChatModel::new(answers);
        let chain = prompt.clone() | model | company.clone();

        println!("called:");
        let long_road = chain.invoke(question.clone()).await?;
        println!(
            "  {} makes {} since {}",
            long_road.name,
            long_road.products.join(" and "),
            long_road.founded
        );
        println!("an answer that does not fit:");
        if let Err(error) = chain.invoke(question.clone()).await {
            println!("  {error}");
        }

        println!("streamed:");
        let mut stream = chain.stream(question.clone());
        while let Some(so_far) = stream.next().await {
            println!("  {:?}", *so_far?);
        }
        drop(stream);

        println!("repaired by a second model:");
        let careless = FakeChatModel::new([r#"{"name": "Long Road", "since": "the eighties"}"#]);
        let careful = FakeChatModel::new([r#"{"name": "Long Road", "founded": 1987}"#]);
        let chain = prompt.clone() | careless | company.clone().fixed_by(careful);
        println!("  {:?}", *chain.invoke(question.clone()).await?);

        println!("asked again in the same conversation:");
        let model =
            FakeChatModel::new(["It is called Long Road.", r#"{"name": "Long Road", "founded": 1987}"#]);
        let chain = prompt | company.retried_by(model);
        println!("  {:?}", *chain.invoke(question).await?);

        println!("tool calls:");
        let wishes =
            [ToolCall::new("get_weather", [("city", "Paris")]), ToolCall::new("add", [("a", 2), ("b", 3)])];
        for call in
            ToolsParser::<Tool>::new().invoke(AiMessage::new("").with_tool_calls(wishes)).await?.iter()
        {
            match call {
                Tool::GetWeather { city } => println!("  the weather in {city}, please"),
                Tool::Add { a, b } => println!("  {a} + {b} = {}", a + b),
            }
        }
        Ok(())
    })
}
