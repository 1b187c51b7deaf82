//! Parsers of short or labelled answers.

use catena_core::{
    BooleanOutputParser, Data, DatetimeOutputParser, EnumOutputParser, RegexDictParser, Result,
};

use super::{Parser, parser, text};
use crate::Spec;

pub(super) fn boolean(options: &Spec<'_>) -> Result<Parser> {
    let (yes, no) = (text(options, "true_val")?, text(options, "false_val")?);
    let word = |word: Option<String>, or: &str| word.unwrap_or_else(|| or.to_owned());
    Ok(parser(BooleanOutputParser::new().with_words(word(yes, "YES"), word(no, "NO"))))
}

pub(super) fn datetime(options: &Spec<'_>) -> Result<Parser> {
    Ok(parser(match text(options, "format")? {
        Some(format) => DatetimeOutputParser::with_format(format)?,
        None => DatetimeOutputParser::new(),
    }))
}

/// Reads words, optionally with the values they stand for.
pub(super) fn enumeration(options: &Spec<'_>) -> Result<Parser> {
    let values = options.required("values")?;
    let values: Vec<(&str, Data)> = match values.data() {
        Data::Record(_) => {
            let members = values.members()?.into_iter();
            members.map(|(word, value)| (word, value.data().clone())).collect()
        }
        _ => values.texts()?.into_iter().map(|word| (word, Data::from(word))).collect(),
    };
    Ok(parser(EnumOutputParser::new(values)))
}

#[cfg(feature = "regex")]
pub(super) fn regex(options: &Spec<'_>) -> Result<Parser> {
    let keys = options.required("output_keys")?.texts()?;
    let made = catena_core::RegexParser::new(options.required("regex")?.text()?, keys)?;
    Ok(parser(match text(options, "default_output_key")? {
        Some(key) => made.with_default_output_key(key),
        None => made,
    }))
}

#[cfg(not(feature = "regex"))]
pub(super) fn regex(options: &Spec<'_>) -> Result<Parser> {
    super::without("regex", options)
}

pub(super) fn regex_dict(options: &Spec<'_>) -> Result<Parser> {
    let labels = options.required("output_key_to_format")?.members()?;
    let labels = labels.into_iter().map(|(name, label)| Ok((name, label.text()?)));
    let made = RegexDictParser::new(labels.collect::<Result<Vec<_>>>()?);
    Ok(parser(match text(options, "no_update_value")? {
        Some(value) => made.with_no_update_value(value),
        None => made,
    }))
}
