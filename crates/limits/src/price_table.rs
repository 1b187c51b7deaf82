//! Model prices.

use std::collections::BTreeMap;

use catena_core::{Error, ErrorKind, Result, Usage, UsageTotals};
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

    /// Returns approximate prices of well-known models, as of the end of 2025. Prices change, and these have not been
    /// checked against any price list: treat them as a starting point, and replace those you rely on. The source is
    /// `prices.json` in this crate.
    ///
    /// They are those of text in the standard service tier, without discounts for batches. Where a provider charges
    /// more for long prompts, as for `gemini-2.5-pro` above 200,000 tokens, they are those of shorter prompts.
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
    /// without it, and a name with a provider, such as `openai:gpt-4o`, to the name without the provider. The names of
    /// OpenAI's fine-tuned models begin with `ft:`, which is no provider: they have prices of their own.
    pub fn price(&self, model: &str) -> Option<&Price> {
        let known = |name: &str| self.0.get(name).or_else(|| self.0.get(without_version(name)?));
        known(model).or_else(|| {
            let (provider, name) = model.split_once(':')?;
            if provider == "ft" { None } else { known(name) }
        })
    }

    /// Returns the cost of this many tokens of a model, or `None` if it has no price.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<Cost> {
        Some(self.price(model)?.cost(usage))
    }

    /// Returns the cost of all tokens that were counted.
    ///
    /// For part of them, look up the models of [`UsageTotals::by_model`] one by one with [`cost`](Self::cost).
    ///
    /// # Errors
    /// `Config`, which names the models that have used tokens but have no price.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, RunConfig, RunnableExt, Usage, UsageTotals};
    /// use catena_limits::{Price, PriceTable};
    /// # futures_executor::block_on(async {
    /// let totals = UsageTotals::new();
    /// let model = FakeChatModel::new(["Hello"]).with_usage(Usage::new(1_000, 500));
    /// model.invoke_with("Hi", &RunConfig::new().with_observer(totals.clone())).await?;
    /// let prices = PriceTable::builtin();
    /// assert!(prices.cost_of(&totals).unwrap_err().to_string().contains("FakeChatModel"));
    /// let prices = prices.with("FakeChatModel", Price::new(1.0, 2.0));
    /// assert_eq!(prices.cost_of(&totals)?.to_string(), "$0.002");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn cost_of(&self, totals: &UsageTotals) -> Result<Cost> {
        let (mut sum, mut unpriced) = (Cost::ZERO, Vec::new());
        for (model, usage) in totals.by_model() {
            match self.cost(&model, &usage) {
                Some(cost) => sum += cost,
                None if usage == Usage::default() => {}
                None => unpriced.push(model),
            }
        }
        if unpriced.is_empty() { Ok(sum) } else { Err(no_prices(&unpriced)) }
    }
}

fn no_prices(models: &[String]) -> Error {
    const SHOWN: usize = 5;
    let names: Vec<_> = models.iter().take(SHOWN).map(|model| format!("`{model:.80}`")).collect();
    let more = match models.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    let message =
        format!("no price for {names}{more}, so the cost is unknown: add it with `PriceTable::with`");
    Error::new(ErrorKind::Config, message)
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
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use catena_core::{Context, RunConfig, RunnableExt, lambda};
    use futures_executor::block_on;

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
            ("claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
            ("claude-opus-4-1-20250805", Some("claude-opus-4-1")),
            ("openai:gpt-4o-mini", Some("gpt-4o-mini")),
            ("openai:gpt-4o-mini-2024-07-18", Some("gpt-4o-mini")),
            ("anthropic:claude-sonnet-4-5", Some("claude-sonnet-4-5")),
            ("ft:gpt-4o-mini", None),
            ("ft:gpt-4o-mini-2024-07-18:us:name:id", None),
            ("openai:ft:gpt-4o-mini", None),
            ("openai:", None),
            (":gpt-4o-audio-preview", None),
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

    #[track_caller]
    fn check_cost_of(used: &[(&str, Usage)], expected: std::result::Result<f64, &[&str]>) {
        let totals = UsageTotals::new();
        let config = RunConfig::new().with_observer(totals.clone());
        let used: Vec<_> = used.iter().map(|(model, usage)| ((*model).to_owned(), *usage)).collect();
        let models = lambda(move |_: String, cx: Context| {
            used.iter().for_each(|(model, usage)| cx.report_usage(model, *usage));
            String::new()
        });
        block_on(models.invoke_with("", &config)).expect("a run");
        match (PriceTable::builtin().cost_of(&totals), expected) {
            (Ok(cost), Ok(expected)) => assert_eq!(cost, Cost::from_dollars(expected)),
            (Err(error), Err(named)) => {
                assert_eq!(error.kind(), ErrorKind::Config);
                assert!(error.to_string().len() < 700, "{error}");
                named.iter().for_each(|name| assert!(error.to_string().contains(name), "{name}: {error}"));
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_sum_leaves_out_no_model_silently() {
        let million = Usage::new(1_000_000, 1_000_000);
        check_cost_of(&[], Ok(0.0));
        check_cost_of(&[("gpt-4o-mini", million), ("openai:gpt-4o", million)], Ok(0.75 + 12.5));
        check_cost_of(&[("gpt-4o-mini", million), ("ours", Usage::default())], Ok(0.75));
        check_cost_of(&[("gpt-4o-mini", million), ("ours", Usage::new(1, 0))], Err(&["`ours`"]));
        let long = "x".repeat(10_000);
        let names: Vec<_> = (0..9).map(|number| format!("{number}-{long}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), million)).collect();
        check_cost_of(&many, Err(&["`0-xxx", "`4-xxx", "and 4 more"]));
    }

    #[test]
    fn a_price_with_a_provider_in_its_name_comes_first() {
        let (own, own_name) = (Price::new(1.0, 2.0), "azure:gpt-4o");
        let table = PriceTable::builtin().with(own_name, own);
        assert_eq!(table.price("azure:gpt-4o-2024-08-06"), Some(&own));
        assert_eq!(table.price("openai:gpt-4o"), table.price("gpt-4o"));
    }

    /// A reader who follows the examples can limit what they cost.
    #[test]
    fn the_models_of_the_documentation_have_prices() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let crates = files_in(&root.join("crates")).map(|folder| folder.join("README.md"));
        let files = files_in(&root.join("docs")).chain(files_in(&root.join("examples"))).chain(crates);
        let (mut found, table) = (BTreeSet::new(), PriceTable::builtin());
        for file in files.chain([root.join("README.md")]) {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let is_apart = |c: char| !c.is_ascii_alphanumeric() && !['-', '.'].contains(&c);
            let names = text.split(is_apart).map(|word| word.trim_end_matches('.'));
            found.extend(names.filter(|name| is_model_of_a_priced_provider(name)).map(str::to_owned));
        }
        assert!(found.contains("gpt-4o-mini") && found.contains("claude-haiku-4-5"), "{found:?}");
        let unpriced: Vec<_> = found.iter().filter(|name| table.price(name).is_none()).collect();
        assert!(unpriced.is_empty(), "{unpriced:?}");
    }

    fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
    }

    fn is_model_of_a_priced_provider(name: &str) -> bool {
        let has_number = name.bytes().any(|byte| byte.is_ascii_digit());
        let makers = ["gpt-", "text-embedding-", "claude-", "gemini-"];
        has_number && makers.iter().any(|maker| name.starts_with(maker)) && !name.starts_with("gpt-oss")
    }

    #[test]
    fn a_table_that_is_none_says_where() {
        let error = PriceTable::from_json(r#"{"m": {"input": 1, "outptu": 2}}"#).unwrap_err();
        assert!(error.to_string().contains("outptu"), "{error}");
    }
}
