//! Assembly of a formatted number from its sign, prefix, grouped digits, remainder and padding.

use super::{Align, FormatSpec, Sign, repeat};

/// The parts of a number.
pub(super) struct Pieces<'a> {
    pub(super) negative: bool,
    /// The prefix, such as `0x`.
    pub(super) prefix: &'a str,
    /// The digits before the decimal point, the only ones that are grouped.
    pub(super) digits: &'a str,
    /// The number of digits per group.
    pub(super) group: usize,
    /// The decimal point, fraction, exponent and percent sign.
    pub(super) rest: &'a str,
}

impl Pieces<'_> {
    pub(super) fn write(&self, spec: &FormatSpec, out: &mut String) {
        let (fill, align) = spec.padding(Align::Right);
        let sign = self.sign(spec.sign);
        let around = usize::from(sign.is_some()) + self.prefix.len() + self.rest.len();
        // Zeros between the sign and the digits count as digits and are grouped with them.
        let least =
            if fill == '0' && align == Align::AfterSign { spec.width.saturating_sub(around) } else { 0 };
        let digits = match spec.grouping {
            Some(grouping) => grouped(self.digits, self.group, grouping.symbol(), least),
            None => self.digits.to_owned(),
        };
        let missing = spec.width.saturating_sub(around + digits.chars().count());
        let (before, between) = match align {
            Align::Left => (0, 0),
            Align::Right => (missing, 0),
            Align::Center => (missing / 2, 0),
            Align::AfterSign => (0, missing),
        };
        repeat(out, fill, before);
        out.extend(sign);
        out.push_str(self.prefix);
        repeat(out, fill, between);
        out.push_str(&digits);
        out.push_str(self.rest);
        repeat(out, fill, missing - before - between);
    }

    fn sign(&self, wanted: Option<Sign>) -> Option<char> {
        match wanted {
            _ if self.negative => Some('-'),
            Some(Sign::Plus) => Some('+'),
            Some(Sign::Space) => Some(' '),
            Some(Sign::Minus) | None => None,
        }
    }
}

/// Groups the digits from the right, padded with zeros to `least` characters. The result may be one character longer,
/// since it does not start with a separator.
fn grouped(digits: &str, group: usize, separator: char, least: usize) -> String {
    let mut reversed = String::with_capacity(digits.len().max(least) + digits.len() / group + 1);
    let mut in_group = 0;
    let mut rest = digits.bytes().rev().map(char::from);
    let mut length = 0;
    loop {
        let next = match rest.next() {
            Some(digit) => digit,
            None if length < least => '0',
            None => break,
        };
        if in_group == group {
            reversed.push(separator);
            (in_group, length) = (0, length + 1);
        }
        reversed.push(next);
        (in_group, length) = (in_group + 1, length + 1);
    }
    reversed.chars().rev().collect()
}
