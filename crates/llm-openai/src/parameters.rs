//! The settings shared by text and chat models.

use std::fmt;

use catena_core::load::Kwargs;
use catena_core::{Data, Error, ErrorKind, RedactedArguments, Result, Stop};
use catena_http::service::lenient::is_truthy;
use serde_json::{Map, Number, Value};

use crate::client::Client;

/// Members of the request body that belong to the call and are not settings.
const OF_THE_CALL: [&str; 5] = ["model", "messages", "input", "prompt", "stream"];

/// Members of the request body, by their API names. Unset members are not sent, so the service's defaults apply.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    pub(crate) members: Map<String, Value>,
    /// Members that are sent unchanged and override those above.
    pub(crate) extra: Map<String, Value>,
    /// The name of a number that is not finite, which JSON cannot represent.
    not_finite: Option<&'static str>,
}

/// Redacts the keys to MCP servers.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [members, extra] = [&self.members, &self.extra].map(RedactedArguments);
        let mut shown = f.debug_struct("Parameters");
        shown.field("members", &members).field("extra", &extra).field("not_finite", &self.not_finite).finish()
    }
}

impl Parameters {
    /// Returns true if a tool holds a key. Such a model is not written to files.
    pub(crate) fn has_secrets(&self) -> bool {
        [&self.members, &self.extra].map(RedactedArguments).iter().any(RedactedArguments::hides_something)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    pub(crate) fn set_stop(&mut self, stop: Stop) {
        let stop = Value::from(stop);
        if is_truthy(&stop) {
            self.set("stop", stop);
        } else {
            self.members.remove("stop");
        }
    }

    /// Returns the member with this name, as it is sent.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.extra.get(name).or_else(|| self.members.get(name))
    }

    pub(crate) fn set_number(&mut self, name: &'static str, number: f64) {
        match Number::from_f64(number) {
            Some(number) => self.set(name, number),
            None => self.not_finite = Some(name),
        }
    }

    /// Rejects what JSON cannot represent and what would contradict the call. Ranges are left to the service, as they
    /// differ.
    pub(crate) fn check(&self) -> Result<()> {
        let config = |message: String| Err(Error::new(ErrorKind::Config, message));
        if self.extra.contains_key("stream") {
            let message =
                "`stream` cannot be an extra member: whether an answer is streamed is up to the call";
            return config(message.to_owned());
        }
        if let Some(name) = self.not_finite {
            return config(format!("`{name}` is not a finite number"));
        }
        match self.candidates() {
            0 => config("`n` must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }

    /// Loads saved settings: these members, those without a setting of their own, and those that are sent unchanged.
    pub(crate) fn load(&mut self, kwargs: &mut Kwargs, members: &[&str]) -> Result<()> {
        for name in members {
            if let Some(value) = kwargs.data(name)? {
                self.set(name, value.into_json());
            }
        }
        let others = kwargs.record("model_kwargs")?;
        if let Some(name) = others.names().find(|name| OF_THE_CALL.contains(name)) {
            let given = format!("`{name}`, which is up to the call");
            return Err(kwargs.unfit("model_kwargs", "settings", &given));
        }
        let plain = |(name, value): (String, Data)| (name, value.into_json());
        self.members.extend(others.into_iter().map(plain));
        self.extra.extend(kwargs.record("extra_body")?.into_iter().map(plain));
        Ok(())
    }

    /// Returns everything that shapes an answer, for comparing models. `None` if it cannot be told completely.
    pub(crate) fn described(&self, client: &Client, model: &str) -> Option<Map<String, Value>> {
        // A query may hold a key, or select another tenant.
        let base_url = client.base_url().split('?').next().unwrap_or_default();
        let place =
            [("base_url", Some(base_url)), ("azure_deployment", client.deployment()), ("model", Some(model))];
        let place = place.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        client
            .service()
            .with_endpoint_digest(place.chain(self.members.clone()).chain(self.extra.clone()).collect())
    }

    /// Returns the stream options, requesting token counts if `usage` is true.
    pub(crate) fn stream_options(&self, usage: bool) -> Option<Map<String, Value>> {
        let given = self.members.get("stream_options").and_then(Value::as_object).cloned();
        if !usage {
            return given;
        }
        let mut options = given.unwrap_or_default();
        options.entry("include_usage").or_insert(true.into());
        Some(options)
    }

    /// Returns the number of answers requested from the service.
    pub(crate) fn candidates(&self) -> u64 {
        self.get("n").and_then(Value::as_u64).unwrap_or(1)
    }
}

/// The methods of a model's builder that has the fields `parameters` and `connection`.
macro_rules! shared_parameters {
    ($builder:ty) => {
        /// Sampling and other generation parameters. Unset parameters are left to the service.
        impl $builder {
            /// Sets the sampling temperature: 0 always picks the likeliest token, 2 is nearly random.
            pub fn with_temperature(mut self, temperature: f64) -> Self {
                self.parameters.set_number("temperature", temperature);
                self
            }

            /// Restricts sampling to the likeliest tokens whose probabilities add up to this value, from 0 to 1.
            pub fn with_top_p(mut self, top_p: f64) -> Self {
                self.parameters.set_number("top_p", top_p);
                self
            }

            /// Penalizes tokens that have already occurred, from -2 to 2.
            pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
                self.parameters.set_number("presence_penalty", penalty);
                self
            }

            /// Penalizes tokens in proportion to how often they have occurred, from -2 to 2.
            pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
                self.parameters.set_number("frequency_penalty", penalty);
                self
            }

            /// Sets the stop sequences: texts at which generation ends, and which the answer does not include. Takes
            /// one or a list, and replaces those set before. They are sent in the form in which they are given: for
            /// servers that accept only a list, such as Text Generation Inference, pass a single text as `["END"]`. An
            /// empty list sets none.
            ///
            /// The Responses API has no stop sequences. A chat model ignores this setting there, because its calls may
            /// go to either API; a `stop` bound to a call is [`Unsupported`](catena_core::ErrorKind::Unsupported)
            /// there.
            pub fn with_stop(mut self, stop: impl Into<$crate::Stop>) -> Self {
                self.parameters.set_stop(stop.into());
                self
            }

            /// Sets the seed, for answers that are reproducible as far as the service supports it.
            pub fn with_seed(mut self, seed: i64) -> Self {
                self.parameters.set("seed", seed);
                self
            }

            /// Makes tokens, given by their ids, more or less likely: from -100 (never) to 100 (always).
            pub fn with_logit_bias(mut self, bias: impl IntoIterator<Item = (u32, i32)>) -> Self {
                let bias = bias.into_iter().map(|(token, bias)| (token.to_string(), bias.into()));
                self.parameters.set("logit_bias", bias.collect::<serde_json::Map<_, _>>());
                self
            }

            /// Sets how many answers the service generates per prompt. `generate_all` returns all of them, other calls
            /// the first. More than one cannot be streamed.
            pub fn with_n(mut self, answers: u32) -> Self {
                self.parameters.set("n", answers);
                self
            }

            /// Sets your identifier of the end user, for the service's abuse detection.
            pub fn with_user(mut self, user: impl Into<String>) -> Self {
                self.parameters.set("user", user.into());
                self
            }

            /// Adds a member to the body of every request, unchanged; it overrides what other methods of this builder
            /// set. For parameters that this crate does not know: `with_extra("top_k", 5)`.
            pub fn with_extra(
                mut self,
                name: impl Into<String>,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                self.parameters.extra.insert(name.into(), value.into());
                self
            }

            pub(crate) fn load_connection(
                mut self,
                kwargs: &mut catena_core::load::Kwargs,
            ) -> catena_core::Result<Self> {
                self.connection.load(kwargs)?;
                Ok(self)
            }

            pub(crate) fn load_parameters(
                mut self,
                kwargs: &mut catena_core::load::Kwargs,
                members: &[&str],
            ) -> catena_core::Result<Self> {
                self.parameters.load(kwargs, members)?;
                Ok(self)
            }

            /// Streams the answer even for a plain call, and merges the chunks. For servers and proxies that abort
            /// answers which take long to start. Default false.
            pub fn with_streaming(mut self, streaming: bool) -> Self {
                self.streaming = streaming;
                self
            }
        }
    };
}
pub(crate) use shared_parameters;
