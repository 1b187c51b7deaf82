//! Parsers that ask a model again.

use catena::fakes::FakeChatModel;
use catena::prelude::*;
use catena::{DynOutputParser, DynRunnable, FromData, OutputFixingParser, Record, Result, RetryOutputParser};

use super::super::prompts;
use super::super::raised::raise;
use super::super::tagged;
use super::{build, need, texts, unknown};

/// What the retry model is asked, with what it gets in parts that can be told apart.
const ASK: &str = "{completion}\u{1f}{prompt}";

/// Without a prompt there is nothing to ask again.
pub(super) fn without_prompt(_: &Record) -> Result<DynRunnable> {
    Err(raise("not_implemented", "a retry parser takes an answer and its prompt"))
}

pub(super) fn fixing(options: &Record) -> Result<DynRunnable> {
    Ok(fixer(options, model(options))?.dynamic())
}

fn fixer(
    options: &Record,
    model: FakeChatModel,
) -> Result<OutputFixingParser<DynOutputParser, FakeChatModel>> {
    let parser = DynOutputParser::from_runnable(inner(options)?, "");
    let fixer = OutputFixingParser::new(parser, model).with_prompt(PromptTemplate::new("{completion}")?);
    Ok(fixer.with_max_retries(retries(options)))
}

pub(super) fn parse_fixing(fields: &Record) -> Result<Data> {
    let options = options(fields)?;
    let model = model(options);
    let value = smol::block_on(fixer(options, model.clone())?.invoke(need(fields, "completion")?))?;
    Ok(report(value, &model, &["completion"]))
}

pub(super) fn parse_with_prompt(fields: &Record) -> Result<Data> {
    let options = options(fields)?;
    let model = model(options);
    let parser = match options.get("kind").and_then(Data::as_text) {
        Some("retry_with_error") => RetryOutputParser::with_error(inner(options)?, model.clone()),
        _ => RetryOutputParser::new(inner(options)?, model.clone()),
    };
    let parser = parser.with_prompt(PromptTemplate::new(ASK)?).with_max_retries(retries(options));
    let values = fields.get("values").map(tagged::decode).unwrap_or_default();
    let prompt = prompts::fill(fields.get("prompt").unwrap_or(&Data::Null), values)?;
    let prompt = PromptValue::from_data(prompt)?;
    let value = smol::block_on(parser.parse_with_prompt(need(fields, "completion")?, prompt))?;
    Ok(report(value, &model, &["completion", "prompt"]))
}

fn options(fields: &Record) -> Result<&Record> {
    fields.get("parser").and_then(Data::as_record).ok_or_else(|| unknown("no options of the parser"))
}

fn inner(options: &Record) -> Result<DynRunnable> {
    options.get("parser").and_then(build).ok_or_else(|| unknown("a parser that is not known"))?
}

fn model(options: &Record) -> FakeChatModel {
    FakeChatModel::new(texts(options, "completions"))
}

fn retries(options: &Record) -> usize {
    options.get("max_retries").cloned().and_then(|retries| usize::from_data(retries).ok()).unwrap_or(1)
}

/// The value, and what the model was asked.
fn report(value: Data, model: &FakeChatModel, parts: &[&str]) -> Data {
    let asked: Vec<Data> = model
        .prompts()
        .iter()
        .map(|prompt| {
            let text = prompt.to_string();
            let values = text.split('\u{1f}').map(str::to_owned);
            parts
                .iter()
                .copied()
                .zip(values)
                .map(|(name, value)| (name, Data::from(value)))
                .collect::<Record>()
                .into()
        })
        .collect();
    let count = Data::from(asked.len());
    Data::from([("value", value), ("retry_calls", count), ("retry_inputs", Data::List(asked))])
}
