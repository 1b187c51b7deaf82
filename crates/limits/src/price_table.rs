//! Model prices.

use std::collections::BTreeMap;

use catena_core::{Error, ErrorKind, Result, Usage};
use serde::{Deserialize, Serialize};

use crate::Cost;

/// The price of a million tokens of a model, in US dollars.
///
/// # Example
/// ```
/// use catena_limits::Price;
/// let price = Price::new(2.5, 10.0).with_cached_input(1.25);
/// assert_eq!(price.output, 10.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Price {
    /// Input tokens.
    pub input: f64,
    /// Input tokens read from the service's prompt cache; defaults to `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Input tokens written to the service's prompt cache; defaults to `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Output tokens.
    pub output: f64,
}

impl Price {
    /// Creates a price from those of input and output tokens.
    pub fn new(input: f64, output: f64) -> Self {
        Self { input, cached_input: None, cache_write: None, output }
    }

    /// Sets the price of input tokens read from the service's prompt cache.
    #[must_use]
    pub fn with_cached_input(mut self, price: f64) -> Self {
        self.cached_input = Some(price);
        self
    }

    /// Sets the price of input tokens written to the service's prompt cache.
    #[must_use]
    pub fn with_cache_write(mut self, price: f64) -> Self {
        self.cache_write = Some(price);
        self
    }

    /// Returns the cost of this many tokens.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let cached = usage.input_token_details.cache_read.unwrap_or(0).min(usage.input_tokens);
        let written = usage.input_token_details.cache_creation.unwrap_or(0).min(usage.input_tokens - cached);
        let parts = [
            (usage.input_tokens - cached - written, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (written, self.cache_write.unwrap_or(self.input)),
            (usage.output_tokens, self.output),
        ];
        parts.into_iter().map(|(tokens, price)| Cost::from_dollars(price / 1e6).times(tokens)).sum()
    }
}

/// Prices by model name. Replaceable data: prices change, and yours may differ.
///
/// # Example
/// ```
/// use catena_core::Usage;
/// use catena_limits::{Price, PriceTable};
/// let prices = PriceTable::builtin().with("our-model", Price::new(1.0, 2.0));
/// let cost = prices.cost("our-model-2026-01-31", &Usage::new(1_000, 500)).unwrap();
/// assert_eq!(cost.to_string(), "$0.002");
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceTable(BTreeMap<String, Price>);

impl PriceTable {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns approximate prices of well-known models. They have not been checked against any price list: treat them
    /// as a starting point, and replace those you rely on. The source is `prices.json` in this crate.
    pub fn builtin() -> Self {
        // A test ensures that the file parses.
        serde_json::from_str(include_str!("../prices.json")).unwrap_or_default()
    }

    /// Parses a table such as `{"gpt-4o-mini": {"input": 0.15, "cached_input": 0.075, "output": 0.6}}`, in US dollars
    /// per million tokens.
    ///
    /// # Errors
    /// `Config`, with the location of the error in the text.
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::Config, format!("invalid price table: {error}")).with_source(error)
        })
    }

    /// Adds or replaces a price.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.0.insert(model.into(), price);
        self
    }

    /// Returns the price of a model.
    ///
    /// A name with a version suffix, such as `gpt-4o-2024-08-06` or `-latest`, falls back to the price of the name
    /// without it.
    pub fn price(&self, model: &str) -> Option<&Price> {
        self.0.get(model).or_else(|| self.0.get(without_version(model)?))
    }

    /// Returns the cost of this many tokens of a model, or `None` if it has no price.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<Cost> {
        Some(self.price(model)?.cost(usage))
    }
}

/// Strips `-latest`, `-20250514` or `-2025-05-14` from a name.
fn without_version(model: &str) -> Option<&str> {
    let has_form = |version: &str, form: &[usize]| {
        let parts = version
            .split('-')
            .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part.len()));
        parts.eq(form.iter().copied().map(Some))
    };
    let date = |hyphens: usize, form: &[usize]| {
        let (start, _) = model.rmatch_indices('-').nth(hyphens)?;
        has_form(&model[start + 1..], form).then(|| &model[..start])
    };
    model.strip_suffix("-latest").or_else(|| date(0, &[8])).or_else(|| date(2, &[4, 2, 2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_crate_can_be_read() {
        let table = PriceTable::from_json(include_str!("../prices.json")).expect("a table");
        assert_eq!(PriceTable::builtin(), table);
        assert!(table.price("gpt-4o-mini").is_some());
    }

    #[test]
    fn a_date_behind_the_name_says_nothing_of_the_price() {
        let table = PriceTable::builtin();
        for (model, known) in [
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("gpt-4o-mini-2024-07-18", Some("gpt-4o-mini")),
            ("claude-sonnet-4-20250514", Some("claude-sonnet-4")),
            ("claude-3-5-haiku-latest", Some("claude-3-5-haiku")),
            ("gpt-4o-audio-preview", None),
            ("gpt-4-0613", None),
            ("gpt-4o-2024-08", None),
            ("-2024-08-06", None),
            ("2024-08-06", None),
            ("", None),
            ("ö-20240806", None),
        ] {
            assert_eq!(table.price(model), known.and_then(|known| table.0.get(known)), "{model}");
        }
    }

    #[test]
    fn parts_of_the_prompt_have_their_own_price() {
        let price = Price::new(10.0, 30.0).with_cached_input(1.0).with_cache_write(20.0);
        let mut usage = Usage::new(1_000_000, 1_000_000);
        assert_eq!(price.cost(&usage), Cost::from_dollars(40.0));
        usage.input_token_details.cache_read = Some(500_000);
        usage.input_token_details.cache_creation = Some(250_000);
        assert_eq!(price.cost(&usage), Cost::from_dollars(2.5 + 0.5 + 5.0 + 30.0));
        usage.input_token_details.cache_read = Some(u64::MAX);
        assert_eq!(price.cost(&usage), Cost::from_dollars(1.0 + 30.0));
    }

    #[test]
    fn a_table_that_is_none_says_where() {
        let error = PriceTable::from_json(r#"{"m": {"input": 1, "outptu": 2}}"#).unwrap_err();
        assert!(error.to_string().contains("outptu"), "{error}");
    }
}
