//! The settings that text and chat models share.

use std::fmt;

use catena_core::load::Kwargs;
use catena_core::{Data, Error, ErrorKind, RedactedArguments, Result};
use serde_json::{Map, Number, Value};

use crate::client::Client;

/// The members of request bodies that are no settings.
const OF_THE_CALL: [&str; 5] = ["model", "messages", "input", "prompt", "stream"];

/// Members of request bodies, by the service's names. What is not set is not sent, so the service's defaults hold.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    pub(crate) members: Map<String, Value>,
    /// Members that are sent as they are, in place of those above.
    pub(crate) extra: Map<String, Value>,
    /// What JSON cannot say.
    not_finite: Option<&'static str>,
}

/// Without the keys to MCP servers.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [members, extra] = [&self.members, &self.extra].map(RedactedArguments);
        let mut shown = f.debug_struct("Parameters");
        shown.field("members", &members).field("extra", &extra).field("not_finite", &self.not_finite).finish()
    }
}

impl Parameters {
    /// True if there is a key in a tool: it is not written into files.
    pub(crate) fn has_secrets(&self) -> bool {
        [&self.members, &self.extra].map(RedactedArguments).iter().any(RedactedArguments::hides_something)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    pub(crate) fn set_number(&mut self, name: &'static str, number: f64) {
        match Number::from_f64(number) {
            Some(number) => self.set(name, number),
            None => self.not_finite = Some(name),
        }
    }

    /// Refuses what JSON cannot say, and what would contradict the call. Ranges are left to the service: they differ.
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

    /// Takes in what was saved: these members, those that have no setting of their own, and those that are sent as they are.
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

    /// Everything that shapes an answer, for those who compare models. `None` if it cannot all be told.
    pub(crate) fn described(&self, client: &Client, model: &str) -> Option<Map<String, Value>> {
        // A query may hold a key, and another query may be another tenant's.
        let base_url = client.base_url().split('?').next().unwrap_or_default();
        let place =
            [("base_url", Some(base_url)), ("azure_deployment", client.deployment()), ("model", Some(model))];
        let place = place.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        client.service().with_place(place.chain(self.members.clone()).chain(self.extra.clone()).collect())
    }

    /// The options of a stream, with the wish for token counts if there is one.
    pub(crate) fn stream_options(&self, usage: bool) -> Option<Map<String, Value>> {
        let given = self.members.get("stream_options").and_then(Value::as_object).cloned();
        if !usage {
            return given;
        }
        let mut options = given.unwrap_or_default();
        options.entry("include_usage").or_insert(true.into());
        Some(options)
    }

    /// How many answers the service is to give.
    pub(crate) fn candidates(&self) -> u64 {
        let number = self.extra.get("n").or_else(|| self.members.get("n"));
        number.and_then(Value::as_u64).unwrap_or(1)
    }
}

/// The methods of a model's builder, with the fields `parameters` and `connection`.
macro_rules! shared_parameters {
    ($builder:ty) => {
        /// How the model chooses its words. What is not set is left to the service.
        impl $builder {
            /// How bold the choice is: 0 always takes the likeliest token, 2 is nearly random.
            pub fn with_temperature(mut self, temperature: f64) -> Self {
                self.parameters.set_number("temperature", temperature);
                self
            }

            /// Considers only the likeliest tokens that together have this probability, from 0 to 1.
            pub fn with_top_p(mut self, top_p: f64) -> Self {
                self.parameters.set_number("top_p", top_p);
                self
            }

            /// Makes tokens that occurred before less likely, from -2 to 2.
            pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
                self.parameters.set_number("presence_penalty", penalty);
                self
            }

            /// Makes tokens less likely the more often they occurred, from -2 to 2.
            pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
                self.parameters.set_number("frequency_penalty", penalty);
                self
            }

            /// Texts at which the answer ends, without them: one, or a list. Replaces what was set before. They are sent in
            /// the form in which they are given: for servers that take nothing but a list, such as Text Generation
            /// Inference, give one text as `["END"]`.
            ///
            /// The Responses API ends answers at no text: a chat model leaves out there what was set here, as its calls may
            /// go to either; `stop` bound to a call is [`Unsupported`](catena_core::ErrorKind::Unsupported) there.
            pub fn with_stop(mut self, stop: impl Into<$crate::Stop>) -> Self {
                self.parameters.set("stop", stop.into());
                self
            }

            /// Asks for the same answer to the same request, as far as the service can.
            pub fn with_seed(mut self, seed: i64) -> Self {
                self.parameters.set("seed", seed);
                self
            }

            /// Makes tokens, by their ids, more or less likely: from -100 (never) to 100 (always).
            pub fn with_logit_bias(mut self, bias: impl IntoIterator<Item = (u32, i32)>) -> Self {
                let bias = bias.into_iter().map(|(token, bias)| (token.to_string(), bias.into()));
                self.parameters.set("logit_bias", bias.collect::<serde_json::Map<_, _>>());
                self
            }

            /// How many answers the service gives to one prompt; `generate_all` returns all of them, other calls the
            /// first. More than one cannot be streamed.
            pub fn with_n(mut self, answers: u32) -> Self {
                self.parameters.set("n", answers);
                self
            }

            /// Your name for the end user, for the service's abuse detection.
            pub fn with_user(mut self, user: impl Into<String>) -> Self {
                self.parameters.set("user", user.into());
                self
            }

            /// A member to add to every request as it is, in place of what a method of this builder sets. For what
            /// the service knows and this crate does not: `with_extra("top_k", 5)`.
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

            /// Asks for a stream even where the answer is wanted at once, and puts the pieces together. For servers
            /// and proxies that break off answers which take long to begin. Default false.
            pub fn with_streaming(mut self, streaming: bool) -> Self {
                self.streaming = streaming;
                self
            }
        }
    };
}
pub(crate) use shared_parameters;
