//! A simulated service with OpenAI's wire format.

mod answer;
mod builder;
mod chat;
mod completions;
mod error;
mod models;
mod names;
mod options;
mod pace;
mod quota;
mod random;
mod service;
mod stream;
mod tokens;

use std::io;

pub use builder::SimulatedOpenAiBuilder;

use crate::server::Server;

/// A service on 127.0.0.1 that speaks OpenAI's wire format and generates its answers.
///
/// It serves `POST /v1/chat/completions`, `POST /v1/completions` (both also streamed) and `GET /v1/models`; everything
/// else receives OpenAI's error bodies. Asked for the name of a company that makes something, it generates a fitting
/// one; any other prompt receives a sentence that says it is simulated. Repeating a prompt yields a different answer,
/// unless `temperature` is 0. Answers depend only on the seed, the prompt and the number of times it was asked, so a
/// program's run is reproducible.
///
/// Every response identifies itself as simulated: IDs start with `cmpl-sim-` or `chatcmpl-sim-`, request IDs with
/// `req-sim-`, and `system_fingerprint` is `fp_simulated`. Token counts are estimates.
///
/// Dropping it stops the service.
///
/// # Example
///
/// ```
/// use std::io::{Read, Write};
/// use std::time::Duration;
/// use catena_testkit::SimulatedOpenAi;
///
/// let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start()?;
/// assert!(service.base_url().ends_with("/v1")); // give this to your client
///
/// let body = r#"{"model": "any", "prompt": "Name a company that makes toothpaste"}"#;
/// let mut client = std::net::TcpStream::connect(service.server().address())?;
/// write!(client, "POST /v1/completions HTTP/1.1\r\nconnection: close\r\n")?;
/// write!(client, "content-length: {}\r\n\r\n{body}", body.len())?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert!(answer.contains("cmpl-sim-0"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SimulatedOpenAi {
    server: Server,
}

impl SimulatedOpenAi {
    /// Returns a builder. See [`SimulatedOpenAiBuilder`] for the defaults.
    ///
    /// ```
    /// let service = catena_testkit::SimulatedOpenAi::builder().with_seed(7).start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> SimulatedOpenAiBuilder {
        SimulatedOpenAiBuilder::default()
    }

    /// Starts a service with the default settings.
    ///
    /// # Errors
    ///
    /// If the operating system provides no port or no thread.
    ///
    /// ```
    /// let service = catena_testkit::SimulatedOpenAi::start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns the base URL that replaces `https://api.openai.com/v1`: `http://127.0.0.1:PORT/v1`.
    ///
    /// ```
    /// let service = catena_testkit::SimulatedOpenAi::start()?;
    /// assert!(service.base_url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Returns the underlying server, with its record of requests, connections and disconnects.
    ///
    /// ```
    /// let service = catena_testkit::SimulatedOpenAi::start()?;
    /// assert_eq!(service.server().peak_in_flight(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}
