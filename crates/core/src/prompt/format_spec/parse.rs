//! Parsing of a format specification.

use super::{Align, FormatSpec, Grouping, Kind, MOST, Sign, Unfit};

pub(super) fn parse(spec: &str) -> Result<FormatSpec, Unfit> {
    let mut rest = Rest(spec);
    let (fill, align) = rest.fill_and_align();
    let sign = rest.take_one(sign);
    let no_negative_zero = rest.take('z');
    let alternate = rest.take('#');
    // After an explicit fill character, a zero is part of the width.
    let zero = fill.is_none() && rest.take('0');
    let width = rest.number("width")?.unwrap_or(0);
    let grouping = rest.grouping()?;
    let precision = match rest.take('.') {
        true => Some(rest.number("precision")?.ok_or("missing digits after `.`")?),
        false => None,
    };
    let kind = rest.kind()?;
    Ok(FormatSpec { fill, align, sign, no_negative_zero, alternate, zero, width, grouping, precision, kind })
}

/// The rest of the text to parse.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn take(&mut self, wanted: char) -> bool {
        self.take_one(|char| (char == wanted).then_some(())).is_some()
    }

    fn take_one<T>(&mut self, read: impl Fn(char) -> Option<T>) -> Option<T> {
        let mut chars = self.0.chars();
        let value = read(chars.next()?)?;
        self.0 = chars.as_str();
        Some(value)
    }

    fn fill_and_align(&mut self) -> (Option<char>, Option<Align>) {
        let mut chars = self.0.chars();
        if let (Some(fill), Some(align)) = (chars.next(), chars.next().and_then(align)) {
            self.0 = chars.as_str();
            return (Some(fill), Some(align));
        }
        (None, self.take_one(align))
    }

    fn number(&mut self, what: &str) -> Result<Option<usize>, Unfit> {
        let end = self.0.find(|char: char| !char.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        match digits.parse() {
            _ if digits.is_empty() => Ok(None),
            Ok(number) if number <= MOST => Ok(Some(number)),
            _ => Err(format!("the {what} exceeds {MOST}").into()),
        }
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Unfit> {
        let symbol = |char| match char {
            ',' => Some(Grouping::Comma),
            '_' => Some(Grouping::Underscore),
            _ => None,
        };
        match (self.take_one(symbol), self.take_one(symbol)) {
            (_, Some(_)) => Err("`,` and `_` cannot be combined".into()),
            (grouping, None) => Ok(grouping),
        }
    }

    fn kind(&mut self) -> Result<Option<Kind>, Unfit> {
        let mut chars = self.0.chars();
        match (chars.next(), chars.next()) {
            (None, _) => Ok(None),
            (Some(letter), None) => match kind(letter) {
                None => Err(format!("unknown format type `{letter}`").into()),
                kind => Ok(kind),
            },
            (Some(_), Some(_)) => Err(format!("unknown format type `{:.40}`", self.0).into()),
        }
    }
}

fn align(char: char) -> Option<Align> {
    Some(match char {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::AfterSign,
        _ => return None,
    })
}

fn sign(char: char) -> Option<Sign> {
    Some(match char {
        '+' => Sign::Plus,
        '-' => Sign::Minus,
        ' ' => Sign::Space,
        _ => return None,
    })
}

fn kind(letter: char) -> Option<Kind> {
    let upper = letter.is_ascii_uppercase();
    Some(match letter {
        's' => Kind::Text,
        'b' => Kind::Binary,
        'c' => Kind::Character,
        'd' => Kind::Decimal,
        'o' => Kind::Octal,
        'x' | 'X' => Kind::Hex { upper },
        'n' => Kind::Localized,
        'e' | 'E' => Kind::Exponent { upper },
        'f' | 'F' => Kind::Fixed { upper },
        'g' | 'G' => Kind::General { upper },
        '%' => Kind::Percent,
        _ => return None,
    })
}
