//! Python's format specification mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

mod conversion;
mod float;
mod integer;
mod number;
mod parse;
#[cfg(test)]
mod tests;
mod text;

pub(super) use conversion::Conversion;
pub(crate) use conversion::quoted;
pub(super) use float::shortest;

use std::borrow::Cow;

use super::text_of::text_of;
use crate::Data;

/// The maximum width and precision. Larger values are a mistake, or an attempt to exhaust memory.
const MOST: usize = 65_535;

/// A format specification, parsed once with the template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FormatSpec {
    fill: Option<char>,
    align: Option<Align>,
    sign: Option<Sign>,
    no_negative_zero: bool,
    alternate: bool,
    /// A `0` before the width: pads with zeros, after the sign of a number.
    zero: bool,
    width: usize,
    grouping: Option<Grouping>,
    precision: Option<usize>,
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Center,
    /// Between the sign and the digits.
    AfterSign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
    Space,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grouping {
    Comma,
    Underscore,
}

impl Grouping {
    fn symbol(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Underscore => '_',
        }
    }
}

/// The presentation type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Character,
    Decimal,
    Octal,
    Hex {
        upper: bool,
    },
    /// Treated as `d` or `g`, since prompts have no locale.
    Localized,
    Exponent {
        upper: bool,
    },
    Fixed {
        upper: bool,
    },
    General {
        upper: bool,
    },
    Percent,
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Self::Text => 's',
            Self::Binary => 'b',
            Self::Character => 'c',
            Self::Decimal => 'd',
            Self::Octal => 'o',
            Self::Hex { upper } => {
                if upper {
                    'X'
                } else {
                    'x'
                }
            }
            Self::Localized => 'n',
            Self::Exponent { upper } => {
                if upper {
                    'E'
                } else {
                    'e'
                }
            }
            Self::Fixed { upper } => {
                if upper {
                    'F'
                } else {
                    'f'
                }
            }
            Self::General { upper } => {
                if upper {
                    'G'
                } else {
                    'g'
                }
            }
            Self::Percent => '%',
        }
    }

    /// Returns whether this is a presentation type for floats.
    fn is_float(self) -> bool {
        matches!(self, Self::Exponent { .. } | Self::Fixed { .. } | Self::General { .. } | Self::Percent)
    }

    /// Returns whether this is a presentation type for integers.
    fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Binary | Self::Character | Self::Decimal | Self::Octal | Self::Hex { .. } | Self::Localized
        )
    }
}

/// The reason why a value does not fit a format.
pub(in crate::prompt) type Unfit = Cow<'static, str>;

impl FormatSpec {
    /// Parses the text after the colon.
    pub(super) fn parse(spec: &str) -> Result<Self, Unfit> {
        parse::parse(spec)
    }

    /// Appends a value.
    pub(super) fn write(&self, value: &Data, out: &mut String) -> Result<(), Unfit> {
        match value {
            Data::Number(number) => match (number.as_i128(), self.kind) {
                (Some(integer), None) => integer::write(self, integer, out),
                (Some(integer), Some(kind)) if !kind.is_float() => integer::write(self, integer, out),
                // A JSON number is either an integer or a float.
                _ => float::write(self, number.as_f64().unwrap_or_default(), out),
            },
            Data::Bool(truth) if self.kind.is_some_and(Kind::is_integer) => {
                integer::write(self, i128::from(*truth), out)
            }
            Data::Json(json) => self.write(json.data(), out),
            value => self.write_text(&text_of(value), out),
        }
    }

    /// Appends a text.
    pub(super) fn write_text(&self, text: &str, out: &mut String) -> Result<(), Unfit> {
        text::write(self, text, out)
    }

    /// Returns the fill character and alignment, with `default` as the default alignment.
    fn padding(&self, default: Align) -> (char, Align) {
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let fallback = if self.zero && default == Align::Right { Align::AfterSign } else { default };
        (fill, self.align.unwrap_or(fallback))
    }

    fn unknown_kind(&self, value: &str) -> Unfit {
        let letter = self.kind.map_or('s', Kind::letter);
        format!("the format type `{letter}` is not supported for {value}").into()
    }
}

fn repeat(out: &mut String, fill: char, times: usize) {
    out.extend(std::iter::repeat_n(fill, times));
}
