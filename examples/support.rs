//! Shared by the examples: a model that answers offline.

use catena::prelude::*;
use catena_testkit::SimulatedOpenAi;

/// OpenAI's service if `OPENAI_API_KEY` is set, else a simulated one on this machine.
///
/// Keep the server alive for as long as the model is used.
///
/// # Errors
/// If the server cannot listen, or a setting in the environment is invalid.
pub fn openai() -> anyhow::Result<(OpenAi, Option<SimulatedOpenAi>)> {
    let builder = OpenAi::builder().with_temperature(0.9);
    if std::env::var_os("OPENAI_API_KEY").is_some() {
        return Ok((builder.build()?, None));
    }
    let server = simulated()?;
    Ok((builder.with_base_url(server.base_url()).with_api_key("simulated").build()?, Some(server)))
}

/// The chat model of the same service.
///
/// # Errors
/// As [`openai`].
pub fn chat_openai() -> anyhow::Result<(ChatOpenAi, Option<SimulatedOpenAi>)> {
    let builder = ChatOpenAi::builder().with_temperature(0.9);
    if std::env::var_os("OPENAI_API_KEY").is_some() {
        return Ok((builder.build()?, None));
    }
    let server = simulated()?;
    Ok((builder.with_base_url(server.base_url()).with_api_key("simulated").build()?, Some(server)))
}

#[expect(clippy::print_stderr, reason = "an example says where its answers come from")]
fn simulated() -> anyhow::Result<SimulatedOpenAi> {
    eprintln!("(simulated answers; set OPENAI_API_KEY for real ones)");
    Ok(SimulatedOpenAi::builder().with_latency(std::time::Duration::from_millis(300)).start()?)
}
