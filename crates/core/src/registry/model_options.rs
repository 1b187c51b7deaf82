//! Provider-independent model options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::wiped::Wiped;
use crate::{Admission, Error, ErrorKind, Result, Stop};

/// Model options that mean the same for every provider. Unset options are left to the provider: to its environment
/// variables and defaults. `Debug` does not print the API key, and its memory is overwritten on drop.
///
/// # Example
/// ```
/// use catena_core::ModelOptions;
/// let options = ModelOptions::new().with_temperature(0.2).with_api_key("sk-secret");
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelOptions {
    /// The sampling temperature.
    pub temperature: Option<f64>,
    /// The probability mass of nucleus sampling.
    pub top_p: Option<f64>,
    /// The maximum number of tokens to generate.
    pub max_tokens: Option<u32>,
    /// The stop sequences.
    pub stop: Option<Vec<String>>,
    /// The seed for reproducible answers.
    pub seed: Option<i64>,
    /// The base URL of the service.
    pub base_url: Option<String>,
    /// The timeout of each phase of a call.
    pub timeout: Option<Duration>,
    /// The maximum number of retries per call.
    pub max_retries: Option<usize>,
    /// `Some(None)`: no API key is sent.
    key: Option<Option<Wiped>>,
    admission: Option<SharedAdmission>,
    /// The options inherited from the registry's options for all models.
    of_all: Vec<&'static str>,
}

/// An admission, compared by identity.
#[derive(Debug, Clone)]
struct SharedAdmission(Arc<dyn Admission>);

impl PartialEq for SharedAdmission {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The options that can be [set](ModelOptions::set) by name.
const NAMES: [&str; 9] =
    ["api_key", "base_url", "max_retries", "max_tokens", "seed", "stop", "temperature", "timeout", "top_p"];

/// The option that cannot.
const ADMISSION: &str = "admission";

impl ModelOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the sampling temperature: 0 always picks the likeliest token.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets the probability mass of nucleus sampling, from 0 to 1: only the likeliest tokens that together have this
    /// probability are considered.
    #[must_use]
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Sets the maximum number of tokens to generate.
    #[must_use]
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.max_tokens = Some(limit);
        self
    }

    /// Sets one or more stop sequences, at which the answer ends; they are not part of it.
    #[must_use]
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.stop = Some(stop.into().into_texts());
        self
    }

    /// Sets the seed, which asks for the same answer to the same request, as far as the service supports it.
    #[must_use]
    pub fn with_seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the base URL of the service.
    #[must_use]
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the API key. By default, it is read from the provider's environment variable.
    #[must_use]
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(Some(Wiped::from(key.into())));
        self
    }

    /// Sends no API key, not even one from the environment: for self-hosted servers without authentication.
    #[must_use]
    pub fn without_api_key(mut self) -> Self {
        self.key = Some(None);
        self
    }

    /// Sets the timeout of each phase of a call: connecting, waiting for the response to begin, and waiting for each
    /// further chunk. To limit the whole call, use [`with_timeout`](crate::RunnableExt::with_timeout) of the model, or
    /// `with_total_timeout` of the provider's builder.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sets the maximum number of retries per call.
    #[must_use]
    pub fn with_max_retries(mut self, retries: usize) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Sets the admission of requests, for example a rate limiter shared by all models. It is not JSON, so it cannot be
    /// [set](Self::set) by its name, `admission`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Admission, Admitted, Demand, ModelOptions, Outcome, Result, async_trait};
    /// # #[derive(Debug)] struct Open;
    /// # #[async_trait] impl Admission for Open {
    /// #     async fn admit(&self, _: &Demand<'_>) -> Result<Box<dyn Admitted>> { Ok(Box::new(Open)) }
    /// # }
    /// # impl Admitted for Open { fn report(self: Box<Self>, _: &Outcome<'_>) {} }
    /// # let limiter = Open;
    /// let options = ModelOptions::new().with_admission(limiter); // for example a `RateLimiter` of `catena-limits`
    /// assert!(options.admission().is_some());
    /// ```
    #[must_use]
    pub fn with_admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(SharedAdmission(Arc::new(admission)));
        self
    }

    /// Sets an option by its name, which is that of its `with_` method. A duration is a number of seconds, `stop` a
    /// string or an array of strings.
    ///
    /// # Errors
    /// `Config` for an unknown name, listing the known ones, and for a value of the wrong type or range.
    ///
    /// # Example
    /// ```
    /// use catena_core::ModelOptions;
    /// let mut options = ModelOptions::new();
    /// options.set("temperature", &0.2.into())?;
    /// assert_eq!(options.temperature, Some(0.2));
    /// let error = options.set("temprature", &0.2.into()).unwrap_err();
    /// assert!(error.to_string().contains("`temprature`"));
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        let text = || value.as_str().map(str::to_owned);
        let set = match name {
            "temperature" => put(&mut self.temperature, value.as_f64()),
            "top_p" => put(&mut self.top_p, value.as_f64()),
            "max_tokens" => put(&mut self.max_tokens, value.as_u64().and_then(|limit| limit.try_into().ok())),
            "stop" => put(&mut self.stop, texts(value)),
            "seed" => put(&mut self.seed, value.as_i64()),
            "base_url" => put(&mut self.base_url, text()),
            "api_key" => put(&mut self.key, text().map(|key| Some(key.into()))),
            "timeout" => put(&mut self.timeout, seconds(value)),
            "max_retries" => {
                put(&mut self.max_retries, value.as_u64().and_then(|count| count.try_into().ok()))
            }
            _ => return Err(unknown(name)),
        };
        if set {
            return Ok(());
        }
        // The value is not printed: it may be an API key in the wrong form.
        Err(Error::new(ErrorKind::Config, format!("invalid value for the model option `{name}`")))
    }

    /// Returns these options, with unset ones taken from `others`.
    #[must_use]
    pub fn or(self, others: &Self) -> Self {
        let others = others.clone();
        Self {
            temperature: self.temperature.or(others.temperature),
            top_p: self.top_p.or(others.top_p),
            max_tokens: self.max_tokens.or(others.max_tokens),
            stop: self.stop.or(others.stop),
            seed: self.seed.or(others.seed),
            base_url: self.base_url.or(others.base_url),
            timeout: self.timeout.or(others.timeout),
            max_retries: self.max_retries.or(others.max_retries),
            key: self.key.or(others.key),
            admission: self.admission.or(others.admission),
            of_all: self.of_all,
        }
    }

    /// Returns these options, with unset ones taken from the options for all models, which no provider
    /// [rejects](Self::refuse).
    pub(super) fn or_of_all(self, others: &Self) -> Self {
        let names = NAMES.iter().chain(&[ADMISSION]);
        let of_all = names.filter(|name| !self.is_set(name) && others.is_set(name)).copied().collect();
        Self { of_all, ..self.or(others) }
    }

    /// Returns the API key, if one was set.
    pub fn api_key(&self) -> Option<&str> {
        self.key.as_ref()?.as_ref().map(Wiped::as_str)
    }

    /// Returns `true` if no API key is to be sent.
    pub fn is_keyless(&self) -> bool {
        self.key == Some(None)
    }

    /// Returns the admission of requests, if one was set.
    pub fn admission(&self) -> Option<&Arc<dyn Admission>> {
        self.admission.as_ref().map(|shared| &shared.0)
    }

    /// Fails if one of the named options is set, for providers that do not support them. Options that a
    /// [registry](crate::ModelRegistry::with_options) sets for all its models are ignored rather than rejected.
    ///
    /// # Errors
    /// `Unsupported` if one of these options is set, naming the option and the provider.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ErrorKind, ModelOptions};
    /// let options = ModelOptions::new().with_seed(7);
    /// assert_eq!(options.refuse("acme", &["seed"]).unwrap_err().kind(), ErrorKind::Unsupported);
    /// assert!(options.refuse("acme", &["stop", "top_p"]).is_ok());
    /// ```
    pub fn refuse(&self, provider: &str, names: &[&str]) -> Result<()> {
        match names.iter().find(|name| self.is_set(name) && !self.of_all.contains(*name)) {
            Some(name) => {
                let message = format!("models of `{provider}` do not support the option `{name}`");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
            None => Ok(()),
        }
    }

    fn is_set(&self, name: &str) -> bool {
        match name {
            "temperature" => self.temperature.is_some(),
            "top_p" => self.top_p.is_some(),
            "max_tokens" => self.max_tokens.is_some(),
            "stop" => self.stop.is_some(),
            "seed" => self.seed.is_some(),
            "base_url" => self.base_url.is_some(),
            "api_key" => self.key.is_some(),
            "timeout" => self.timeout.is_some(),
            "max_retries" => self.max_retries.is_some(),
            ADMISSION => self.admission.is_some(),
            _ => false,
        }
    }
}

impl fmt::Debug for ModelOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may contain a key in its query.
        let base_url = self.base_url.as_deref().map(|url| url.split('?').next().unwrap_or_default());
        f.debug_struct("ModelOptions")
            .field("temperature", &self.temperature)
            .field("top_p", &self.top_p)
            .field("max_tokens", &self.max_tokens)
            .field("stop", &self.stop)
            .field("seed", &self.seed)
            .field("base_url", &base_url)
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .field("api_key", &self.key.as_ref().map(|_| "…"))
            .field("admission", &self.admission.as_ref().map(|shared| &shared.0))
            .finish()
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    if fits {
        *place = value;
    }
    fits
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}

fn unknown(name: &str) -> Error {
    let message = format!("unknown model option `{name:.100}`; expected one of {}", NAMES.join(", "));
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_are_set_by_name() {
        let mut options = ModelOptions::new();
        for (name, value) in [
            ("temperature", json!(1)),
            ("top_p", json!(0.5)),
            ("max_tokens", json!(9)),
            ("stop", json!("END")),
            ("seed", json!(-1)),
            ("base_url", json!("http://h.test?key=hunter2")),
            ("api_key", json!("hunter2")),
            ("timeout", json!(1.5)),
            ("max_retries", json!(0)),
        ] {
            assert!(!options.is_set(name), "{name}");
            options.set(name, &value).expect(name);
            assert!(options.is_set(name), "{name}");
            assert!(NAMES.contains(&name), "{name}");
        }
        assert!(!format!("{options:?}").contains("hunter2"), "{options:?}");
        assert_eq!(options.stop, Some(vec!["END".to_owned()]));
        assert_eq!(options.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(ModelOptions::new().or(&options), options);
        let other = ModelOptions::new().with_temperature(0.0).without_api_key().or(&options);
        assert_eq!((other.temperature, other.is_keyless(), other.seed), (Some(0.0), true, Some(-1)));
    }

    #[test]
    fn what_all_models_have_is_refused_by_none() {
        let of_all = ModelOptions::new().with_temperature(0.5).with_seed(1);
        let asked = ModelOptions::new().with_seed(2).or_of_all(&of_all);
        assert_eq!((asked.temperature, asked.seed), (Some(0.5), Some(2)));
        assert!(asked.refuse("p", &["temperature", "top_p"]).is_ok());
        let error = asked.refuse("p", &["temperature", "seed"]).expect_err("the call's own");
        assert!(error.to_string().contains("`seed`"), "{error}");
        assert!(ModelOptions::new().or(&of_all).refuse("p", &["seed"]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut options = ModelOptions::new();
        for (name, value) in [
            ("temperature", json!("hunter2")),
            ("max_tokens", json!(-1)),
            ("max_tokens", json!(1_u64 << 40)),
            ("stop", json!([1])),
            ("timeout", json!(-1)),
            ("api_key", json!(["hunter2"])),
            ("verbosity", json!("hunter2")),
        ] {
            let error = options.set(name, &value).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(name) && !error.to_string().contains("hunter2"), "{error}");
        }
        assert_eq!(options, ModelOptions::new());
    }
}
