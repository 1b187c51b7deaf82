//! The settings that text and chat models share.

use std::collections::BTreeMap;

use catena_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// How the next token is chosen. What is not set is not sent, so the service's defaults hold.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Sampling {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stop: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) logit_bias: BTreeMap<u32, i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
}

impl Sampling {
    /// Refuses what JSON cannot say, and what would contradict the call. Ranges are left to the service: they differ.
    pub(crate) fn check(&self, extra: &Map<String, Value>) -> Result<()> {
        if extra.contains_key("stream") {
            let message =
                "`stream` cannot be an extra member: whether an answer is streamed is up to the call";
            return Err(Error::new(ErrorKind::Config, message));
        }
        for (name, value) in [
            ("temperature", self.temperature),
            ("top_p", self.top_p),
            ("presence_penalty", self.presence_penalty),
            ("frequency_penalty", self.frequency_penalty),
        ] {
            if value.is_some_and(|value| !value.is_finite()) {
                return Err(Error::new(ErrorKind::Config, format!("`{name}` is not a finite number")));
            }
        }
        Ok(())
    }
}

/// The methods of a builder with a field `sampling`.
macro_rules! sampling_settings {
    ($builder:ty) => {
        /// How the model chooses its words. What is not set is left to the service.
        impl $builder {
            /// How bold the choice is: 0 always takes the likeliest token, 2 is nearly random.
            pub fn with_temperature(mut self, temperature: f64) -> Self {
                self.options.sampling.temperature = Some(temperature);
                self
            }

            /// Considers only the likeliest tokens that together have this probability, from 0 to 1.
            pub fn with_top_p(mut self, top_p: f64) -> Self {
                self.options.sampling.top_p = Some(top_p);
                self
            }

            /// Makes tokens that occurred before less likely, from -2 to 2.
            pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
                self.options.sampling.presence_penalty = Some(penalty);
                self
            }

            /// Makes tokens less likely the more often they occurred, from -2 to 2.
            pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
                self.options.sampling.frequency_penalty = Some(penalty);
                self
            }

            /// Texts at which the answer ends, without them. Replaces what was set before.
            pub fn with_stop<T: Into<String>>(mut self, stop: impl IntoIterator<Item = T>) -> Self {
                self.options.sampling.stop = stop.into_iter().map(Into::into).collect();
                self
            }

            /// Asks for the same answer to the same request, as far as the service can.
            pub fn with_seed(mut self, seed: i64) -> Self {
                self.options.sampling.seed = Some(seed);
                self
            }

            /// Makes tokens, by their ids, more or less likely: from -100 (never) to 100 (always).
            pub fn with_logit_bias(mut self, bias: impl IntoIterator<Item = (u32, i32)>) -> Self {
                self.options.sampling.logit_bias = bias.into_iter().collect();
                self
            }

            /// Your name for the end user, for the service's abuse detection.
            pub fn with_user(mut self, user: impl Into<String>) -> Self {
                self.options.sampling.user = Some(user.into());
                self
            }

            /// A member to add to every request as it is, in place of what a method of this builder sets. For what
            /// the service knows and this crate does not: `with_extra("top_k", 5)`.
            pub fn with_extra(
                mut self,
                name: impl Into<String>,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                self.options.extra_body.insert(name.into(), value.into());
                self
            }
        }
    };
}
pub(crate) use sampling_settings;
