//! The tool calls of an answer, complete or in chunks.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::tool_arguments::parse;
use super::{InvalidToolCall, ToolCall, ToolCallChunk};

/// Tool calls that arrived complete, and chunks of calls. Chunks are only assembled here; their arguments are parsed
/// once, when the calls are requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToolCalls(Option<Box<Inner>>);

#[derive(Debug, Clone, Default)]
struct Inner {
    calls: Vec<ToolCall>,
    invalid: Vec<InvalidToolCall>,
    pieces: Vec<ToolCallChunk>,
    /// The position among the chunks of the latest call of each index.
    latest: BTreeMap<i64, usize>,
    /// Set once the answer has ended; the prefix of the ids of calls without one.
    ended: Option<Box<str>>,
    /// The parsed calls: while more chunks may follow, and once the answer is complete.
    read: [OnceLock<Box<Read>>; 2],
}

/// All calls, with the chunks parsed.
#[derive(Debug, Clone, Default)]
struct Read {
    calls: Vec<ToolCall>,
    invalid: Vec<InvalidToolCall>,
    pieces: Vec<ToolCallChunk>,
}

impl ToolCalls {
    /// Returns the calls. Unless the answer is `complete`, truncated arguments are parsed as far as they go.
    pub(super) fn calls(&self, complete: bool) -> &[ToolCall] {
        match &self.0 {
            None => &[],
            Some(inner) if inner.is_read() => &inner.calls,
            Some(inner) => &inner.read(complete).calls,
        }
    }

    /// Returns the calls, the invalid calls and the chunks as they arrived, without parsing any.
    pub(super) fn parts(&self) -> (&[ToolCall], &[InvalidToolCall], &[ToolCallChunk]) {
        match &self.0 {
            None => (&[], &[], &[]),
            Some(inner) => (&inner.calls, &inner.invalid, &inner.pieces),
        }
    }

    pub(super) fn invalid(&self, complete: bool) -> &[InvalidToolCall] {
        match &self.0 {
            None => &[],
            Some(inner) if inner.is_read() => &inner.invalid,
            Some(inner) => &inner.read(complete).invalid,
        }
    }

    pub(super) fn chunks(&self) -> &[ToolCallChunk] {
        match &self.0 {
            None => &[],
            Some(inner) if inner.ended.is_some() => &[],
            Some(inner) if inner.pieces.len() < 2 => &inner.pieces,
            Some(inner) => &inner.read(false).pieces,
        }
    }

    /// Returns whether there are neither calls nor chunks.
    pub(super) fn is_empty(&self) -> bool {
        self.0
            .as_deref()
            .is_none_or(|inner| inner.calls.is_empty() && inner.invalid.is_empty() && inner.pieces.is_empty())
    }

    /// Creates a terminator to merge into the calls of an answer: no chunks remain, truncated calls become invalid, and
    /// a call without an id is given one of `name` and its number.
    pub(super) fn end(name: String) -> Self {
        Self(Some(Box::new(Inner { ended: Some(name.into()), ..Inner::default() })))
    }

    /// Returns whether any call lacks an id.
    pub(super) fn lack_ids(&self) -> bool {
        let calls = self.calls(true).iter().map(|call| &call.id);
        calls.chain(self.invalid(true).iter().map(|call| &call.id)).any(is_missing)
    }

    /// Returns whether the arguments of any call are truncated.
    pub(super) fn break_off(&self) -> bool {
        self.invalid(true).len() > self.invalid(false).len()
    }

    pub(super) fn push(&mut self, call: ToolCall) {
        self.change().calls.push(call);
    }

    pub(super) fn push_invalid(&mut self, call: InvalidToolCall) {
        self.change().invalid.push(call);
    }

    pub(super) fn push_chunk(&mut self, piece: ToolCallChunk) {
        self.change().push_piece(piece);
    }

    /// Converts all chunks to parsed calls.
    pub(super) fn into_whole(self, complete: bool) -> Self {
        match self.0 {
            Some(inner) if !inner.is_read() => {
                let Read { calls, invalid, .. } = Inner::clone_read(&inner, complete);
                Self(Some(Box::new(Inner { calls, invalid, ..Inner::default() })))
            }
            whole => Self(whole),
        }
    }

    /// Keeps only some calls, after converting all chunks to parsed calls.
    pub(super) fn retain(&mut self, complete: bool, keep: impl FnMut(&ToolCall) -> bool) {
        *self = std::mem::take(self).into_whole(complete);
        if let Some(inner) = &mut self.0 {
            inner.calls.retain(keep);
        }
    }

    pub(super) fn merge(&mut self, next: Self) {
        match (&mut self.0, next.0) {
            (_, None) => {}
            (None, next) => self.0 = next,
            (Some(_), Some(next)) => {
                let inner = self.change();
                inner.calls.extend(next.calls);
                inner.invalid.extend(next.invalid);
                inner.ended = inner.ended.take().or(next.ended);
                next.pieces.into_iter().for_each(|piece| inner.push_piece(piece));
            }
        }
    }

    fn change(&mut self) -> &mut Inner {
        let inner = self.0.get_or_insert_default();
        inner.read = Default::default();
        inner
    }
}

impl Inner {
    /// Returns whether all calls arrived complete.
    fn is_read(&self) -> bool {
        self.pieces.is_empty() && self.ended.is_none()
    }

    /// Appends a chunk to the latest call of its index, or starts a call.
    ///
    /// An id that arrives after chunks without one starts a new call here, since those chunks may belong to an earlier
    /// call; if there is none, `Read` joins them. The result therefore does not depend on how chunks are grouped.
    fn push_piece(&mut self, piece: ToolCallChunk) {
        if let Some(index) = piece.index {
            if let Some(&at) = self.latest.get(&index) {
                let open = &mut self.pieces[at];
                if piece.known_id().is_none() || piece.known_id() == open.known_id() {
                    open.append(piece);
                    return;
                }
            }
            self.latest.insert(index, self.pieces.len());
        }
        self.pieces.push(piece);
    }

    fn read(&self, complete: bool) -> &Read {
        let complete = complete || self.ended.is_some();
        self.read[usize::from(complete)].get_or_init(|| Box::new(Read::new(self, complete)))
    }

    fn clone_read(&self, complete: bool) -> Read {
        self.read(complete).clone()
    }
}

impl Read {
    fn new(inner: &Inner, complete: bool) -> Self {
        let mut read = Self {
            calls: inner.calls.clone(),
            invalid: inner.invalid.clone(),
            pieces: joined(&inner.pieces),
        };
        for piece in &read.pieces {
            let args = parse(piece.args.as_deref().unwrap_or_default(), !complete);
            let (id, extra) = (piece.id.clone(), piece.extra.clone());
            match args {
                Some(args) => read.calls.push(ToolCall {
                    name: piece.name.clone().unwrap_or_default(),
                    args,
                    id,
                    extra,
                    ..ToolCall::default()
                }),
                None => read.invalid.push(InvalidToolCall {
                    name: piece.name.clone(),
                    args: piece.args.clone(),
                    id,
                    extra,
                    ..InvalidToolCall::default()
                }),
            }
        }
        if let Some(name) = &inner.ended {
            read.name_calls(name);
        }
        read
    }

    /// Generates an id for each call that has none.
    fn name_calls(&mut self, name: &str) {
        let calls = self.calls.iter_mut().map(|call| &mut call.id);
        let ids = calls.chain(self.invalid.iter_mut().map(|call| &mut call.id));
        for (number, id) in (1..).zip(ids).filter(|(_, id)| is_missing(id)) {
            *id = Some(format!("{name}_{number}"));
        }
    }
}

fn is_missing(id: &Option<String>) -> bool {
    id.as_deref().is_none_or(str::is_empty)
}

/// Joins chunks whose id arrived late with the chunks before them.
fn joined(pieces: &[ToolCallChunk]) -> Vec<ToolCallChunk> {
    let mut joined: Vec<ToolCallChunk> = Vec::with_capacity(pieces.len());
    let mut latest: BTreeMap<i64, usize> = BTreeMap::new();
    for piece in pieces {
        if let Some(index) = piece.index {
            match latest.get(&index) {
                Some(&at) if joined[at].known_id().is_none() => {
                    joined[at].append(piece.clone());
                    continue;
                }
                _ => latest.insert(index, joined.len()),
            };
        }
        joined.push(piece.clone());
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, Chunk, Data};
    use std::time::{Duration, Instant};

    type Piece = (Option<i64>, Option<&'static str>, Option<&'static str>, Option<&'static str>);

    fn chunk((index, id, name, args): Piece) -> AiMessage {
        let mut message = AiMessage::default();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        message.push_tool_call_chunk(ToolCallChunk {
            index,
            id: owned(id),
            name: owned(name),
            args: owned(args),
            ..ToolCallChunk::default()
        });
        message
    }

    fn fold(pieces: &[Piece]) -> AiMessage {
        pieces.iter().fold(AiMessage::default(), |mut whole, piece| {
            whole.merge(chunk(*piece));
            whole
        })
    }

    /// Checks the calls, written as `name(args)#id`, for every grouping of the chunks.
    #[track_caller]
    fn check(pieces: &[Piece], expected: &[&str]) {
        for split in 0..=pieces.len() {
            let mut whole = fold(&pieces[..split]);
            whole.merge(fold(&pieces[split..]));
            let calls = whole.tool_calls().iter().map(|call| {
                let args = Data::Record(call.args.clone()).into_json();
                format!("{}({args})#{}", call.name, call.id.as_deref().unwrap_or("-"))
            });
            let invalid = whole.invalid_tool_calls().iter().map(|call| format!("invalid {:?}", call.args));
            assert_eq!(calls.chain(invalid).collect::<Vec<_>>(), expected, "grouped at {split}");
        }
    }

    #[test]
    fn pieces_of_one_index_are_one_call() {
        check(
            &[
                (Some(0), Some("c1"), Some("get"), Some("{\"a\":")),
                (Some(1), Some("c2"), Some("put"), None),
                (Some(0), None, None, Some(" 1}")),
                (Some(1), Some(""), Some(""), Some("{}")),
            ],
            &["get({\"a\":1})#c1", "put({})#c2"],
        );
        check(
            &[(Some(0), Some("c1"), Some("get_"), None), (Some(0), None, Some("weather"), Some("{}"))],
            &["get_weather({})#c1"],
        );
    }

    #[test]
    fn a_new_id_starts_a_new_call() {
        check(
            &[
                (Some(0), Some("c1"), Some("f"), Some("{")),
                (Some(0), None, None, Some("}")),
                (Some(0), Some("c2"), Some("g"), Some("{}")),
            ],
            &["f({})#c1", "g({})#c2"],
        );
        check(
            &[
                (Some(0), None, Some("f"), None),
                (Some(0), Some("c1"), None, Some("{}")),
                (Some(0), Some("c1"), None, None),
            ],
            &["f({})#c1"],
        );
    }

    #[test]
    fn pieces_without_an_index_stay_apart() {
        check(
            &[(None, Some("c1"), Some("f"), Some("{\"a\"")), (None, None, None, Some(":1}"))],
            &["f({})#c1", "invalid Some(\":1}\")"],
        );
    }

    #[test]
    fn what_is_cut_off_at_the_end_of_the_answer_is_no_call() {
        let mut answer = fold(&[(Some(0), Some("c1"), Some("delete"), Some("{\"path\": \"/home/a"))]);
        assert_eq!(answer.tool_calls().len(), 1);
        answer.metadata.finish_reason = Some("length".into());
        assert!(answer.tool_calls().is_empty());
        assert_eq!(answer.invalid_tool_calls()[0].name.as_deref(), Some("delete"));
    }

    #[test]
    fn a_whole_answer_has_ended_whether_it_says_why_or_not() {
        let answer =
            fold(&[(Some(0), Some("c1"), Some("delete"), Some("{\"path\": \"/home/a"))]).into_whole();
        assert!(answer.tool_calls().is_empty());
        assert_eq!(answer.invalid_tool_calls()[0].args.as_deref(), Some("{\"path\": \"/home/a"));
    }

    #[test]
    fn an_end_leaves_nothing_open_wherever_it_is_merged() {
        let pieces: [Piece; 4] = [
            (Some(0), None, Some("f"), Some("{\"a\": 1}")),
            (Some(1), None, Some("g"), Some("{\"b")),
            (Some(2), Some("c3"), Some("h"), None),
            (Some(3), Some(""), Some("i"), None),
        ];
        let open = fold(&pieces);
        let end = open.loose_end(|| "call_7".to_owned()).expect("something is open");
        for split in 0..=pieces.len() {
            let mut rest = fold(&pieces[split..]);
            rest.merge(end.clone());
            let mut ended = fold(&pieces[..split]);
            ended.merge(rest);
            for ended in [ended.clone(), ended.into_whole()] {
                let ids: Vec<_> = ended.tool_calls().iter().map(|call| call.id.as_deref()).collect();
                assert_eq!(ids, [Some("call_7_1"), Some("c3"), Some("call_7_3")]);
                assert_eq!(ended.invalid_tool_calls()[0].id.as_deref(), Some("call_7_4"));
                assert!(ended.tool_call_chunks().is_empty());
            }
        }
        let whole = |id: &str| AiMessage::new("").with_tool_calls([ToolCall::default().with_id(id)]);
        let mut nameless = whole("");
        nameless.merge(nameless.loose_end(|| "x".to_owned()).expect("an id is missing"));
        assert_eq!(nameless.tool_calls()[0].id.as_deref(), Some("x_1"));
        for nothing_open in
            [whole("c1"), AiMessage::new("Hi"), fold(&[(Some(0), Some("c1"), Some("f"), None)])]
        {
            assert_eq!(nothing_open.loose_end(String::new), None);
        }
    }

    #[test]
    fn many_pieces_take_time_in_proportion() {
        let started = Instant::now();
        let mut answer = chunk((Some(0), Some("c1"), Some("f"), Some("{\"a\": \"")));
        for _ in 0..100_000 {
            answer.merge(chunk((Some(0), None, None, Some("xyz"))));
        }
        for index in 1..20_000 {
            answer.merge(chunk((Some(index), None, Some("g"), None)));
        }
        answer.merge(chunk((Some(0), None, None, Some("\"}"))));
        let calls = answer.tool_calls();
        assert_eq!(calls[0].args.get("a").and_then(Data::as_text).map(str::len), Some(300_000));
        assert_eq!(calls.len(), 20_000);
        // Parsing at every chunk would take hours.
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
