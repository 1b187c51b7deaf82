//! The filter `wordwrap`, which breaks lines as Python does.

use std::collections::VecDeque;

use minijinja::value::{Kwargs, Rest, Value, from_args};
use minijinja::{Error, ErrorKind};

/// Wraps each line of a text separately.
pub(super) fn wordwrap(text: &str, places: Rest<Value>, named: Kwargs) -> Result<String, Error> {
    type Places<'a> = (Option<usize>, Option<bool>, Option<&'a str>, Option<bool>);
    let (width, long_words, wrapstring, hyphens): Places<'_> = from_args(&places)?;
    let wrap = Wrap {
        width: width.or(named.get("width")?).unwrap_or(79),
        break_long_words: long_words.or(named.get("break_long_words")?).unwrap_or(true),
        break_on_hyphens: hyphens.or(named.get("break_on_hyphens")?).unwrap_or(true),
    };
    let between = wrapstring.or(named.get("wrapstring")?).unwrap_or("\n");
    named.assert_all_used()?;
    if wrap.width == 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "the width must be at least 1"));
    }
    let lines: Vec<String> = text.lines().map(|line| wrap.lines(line).join(between)).collect();
    Ok(lines.join(between))
}

struct Wrap {
    width: usize,
    break_long_words: bool,
    break_on_hyphens: bool,
}

/// A piece that is broken only if it is longer than a line, with its number of characters.
struct Piece<'a> {
    text: &'a str,
    length: usize,
}

impl Piece<'_> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl Wrap {
    fn lines(&self, text: &str) -> Vec<String> {
        let mut pieces = self.pieces(text);
        let mut lines: Vec<String> = Vec::new();
        while let Some(first) = pieces.front() {
            if first.is_blank() && !lines.is_empty() {
                pieces.pop_front();
            }
            let line = self.line(&mut pieces);
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }

    /// Takes the pieces that fit into a line, without trailing spaces.
    fn line(&self, pieces: &mut VecDeque<Piece<'_>>) -> String {
        let (mut line, mut length) = (Vec::new(), 0);
        while pieces.front().is_some_and(|piece| length + piece.length <= self.width) {
            length += pieces[0].length;
            line.extend(pieces.pop_front());
        }
        match pieces.front_mut() {
            Some(long) if long.length > self.width && self.break_long_words => {
                line.push(self.cut(long, self.width - length));
            }
            Some(long) if long.length > self.width && line.is_empty() => line.extend(pieces.pop_front()),
            _ => {}
        }
        if line.last().is_some_and(Piece::is_blank) {
            line.pop();
        }
        line.iter().map(|piece| piece.text).collect()
    }

    /// Takes up to `room` characters from the start of a long piece, breaking after a hyphen if possible.
    fn cut<'a>(&self, long: &mut Piece<'a>, room: usize) -> Piece<'a> {
        let mut length = room;
        let head = long.text.char_indices().nth(room).map_or(long.text, |(end, _)| &long.text[..end]);
        let mut end = head.len();
        if let Some(hyphen) = head.rfind('-').filter(|_| self.break_on_hyphens)
            && head[..hyphen].contains(|char| char != '-')
        {
            end = hyphen + 1;
            length = head[..end].chars().count();
        }
        let (text, rest) = long.text.split_at(end);
        (long.text, long.length) = (rest, long.length - length);
        Piece { text, length }
    }

    /// Splits a text into words and the spaces between them.
    fn pieces<'a>(&self, text: &'a str) -> VecDeque<Piece<'a>> {
        let mut pieces = VecDeque::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let blank = first.is_ascii_whitespace();
            let end = rest.find(|char: char| char.is_ascii_whitespace() != blank).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            match blank {
                false if self.break_on_hyphens => push_parts(run, &mut pieces),
                _ => push(run, &mut pieces),
            }
            rest = after;
        }
        pieces
    }
}

fn push<'a>(text: &'a str, pieces: &mut VecDeque<Piece<'a>>) {
    if !text.is_empty() {
        pieces.push_back(Piece { text, length: text.chars().count() });
    }
}

/// Splits a word at its hyphens, `well-` and `known`, and at dashes.
fn push_parts<'a>(word: &'a str, pieces: &mut VecDeque<Piece<'a>>) {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let place = |at: usize| chars.get(at).map_or(word.len(), |(place, _)| *place);
    let (mut start, mut at) = (0, 0);
    while at < chars.len() {
        let dashes = chars[at..].iter().take_while(|(_, char)| *char == '-').count();
        if dashes >= 2
            && is(&chars, at, 1, is_of_word)
            && chars.get(at + dashes).is_some_and(|(_, char)| is_word(*char))
        {
            push(&word[place(start)..place(at)], pieces);
            push(&word[place(at)..place(at + dashes)], pieces);
            start = at + dashes;
            at = start;
        } else if dashes == 1 && at > start && joins_parts(&chars, at) {
            at += 1;
            push(&word[place(start)..place(at)], pieces);
            start = at;
        } else {
            at += dashes.max(1);
        }
    }
    push(&word[place(start)..], pieces);
}

/// Returns whether the hyphen has enough letters on both sides.
fn joins_parts(chars: &[(usize, char)], at: usize) -> bool {
    let before = is(chars, at, 1, is_letter) && is(chars, at, 2, is_letter)
        || is(chars, at, 1, is_of_word)
            && is(chars, at, 2, |char| char == '-')
            && is(chars, at, 3, is_letter);
    let next = |by: usize| chars.get(at + by).map_or(' ', |(_, char)| *char);
    before && is_letter(next(1)) && (is_letter(next(2)) || (next(2) == '-' && is_letter(next(3))))
}

/// Returns whether the character `before` positions earlier satisfies the predicate.
fn is(chars: &[(usize, char)], at: usize, before: usize, as_it_should: fn(char) -> bool) -> bool {
    at.checked_sub(before).is_some_and(|at| as_it_should(chars[at].1))
}

fn is_letter(char: char) -> bool {
    char == '_' || (char.is_alphanumeric() && !char.is_numeric())
}

fn is_word(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

fn is_of_word(char: char) -> bool {
    is_word(char) || "!\"'&.,?".contains(char)
}
