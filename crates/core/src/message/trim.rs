//! Trimming of a conversation to a token limit.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;

use super::like::invalid;
use super::trim_partial::{Part, partial};
use super::{Message, MessageKind, TokenCounter};
use crate::{Context, Error, Result, Runnable};

/// The end of a conversation that is kept.
///
/// # Example
/// ```
/// use catena_core::TrimStrategy;
/// assert_eq!("first".parse::<TrimStrategy>()?, TrimStrategy::First);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TrimStrategy {
    /// Keeps the last messages.
    #[default]
    Last,
    /// Keeps the first messages.
    First,
}

impl FromStr for TrimStrategy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "last" => Ok(Self::Last),
            "first" => Ok(Self::First),
            other => Err(invalid(format!("unrecognized strategy='{other:.40}': use 'last' or 'first'"))),
        }
    }
}

pub(super) type Splitter = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// Trims a conversation to a number of tokens. As a step of a chain, it trims its input.
///
/// # Errors
/// As a step, those of [`trim`](TrimMessages::trim).
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, Message, MessageKind, RunnableExt, TrimMessages};
/// let trim = TrimMessages::new(3, |messages: &[Message]| messages.len())
///     .with_include_system(true)
///     .with_start_on([MessageKind::Human]);
/// let messages = vec![
///     Message::system("Be brief."), Message::human("Hi"), Message::ai("Hello"), Message::human("How are you?"),
/// ];
/// assert_eq!(trim.trim(messages.clone())?, [Message::system("Be brief."), Message::human("How are you?")]);
/// # futures_executor::block_on(async {
/// // As a step of a chain, after a prompt or before a model:
/// let model = FakeChatModel::new(["Fine, thanks."]);
/// let chain = trim | model.clone();
/// assert_eq!(chain.invoke(messages).await?.text(), "Fine, thanks.");
/// assert_eq!(model.prompts()[0].to_string(), "System: Be brief.\nHuman: How are you?");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// # Ok::<(), catena_core::Error>(())
/// ```
#[doc(alias = "trim_messages")]
#[derive(Clone)]
pub struct TrimMessages {
    max_tokens: usize,
    counter: Arc<dyn TokenCounter>,
    strategy: TrimStrategy,
    allow_partial: bool,
    include_system: bool,
    start_on: Vec<MessageKind>,
    end_on: Vec<MessageKind>,
    splitter: Splitter,
}

impl TrimMessages {
    /// Creates a trimmer that keeps the last messages, up to `max_tokens` as measured by the counter.
    pub fn new(max_tokens: usize, counter: impl TokenCounter + 'static) -> Self {
        Self {
            max_tokens,
            counter: Arc::new(counter),
            strategy: TrimStrategy::Last,
            allow_partial: false,
            include_system: false,
            start_on: Vec::new(),
            end_on: Vec::new(),
            splitter: Arc::new(|text: &str| text.split_inclusive('\n').map(str::to_owned).collect()),
        }
    }

    /// Sets which end of the conversation is kept.
    #[must_use]
    pub fn with_strategy(mut self, strategy: TrimStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets whether part of the first message that does not fit may be kept: some of its blocks, or some of its text.
    #[must_use]
    pub fn with_allow_partial(mut self, allow: bool) -> Self {
        self.allow_partial = allow;
        self
    }

    /// Sets whether a leading system message is kept while messages after it are dropped.
    #[must_use]
    pub fn with_include_system(mut self, include: bool) -> Self {
        self.include_system = include;
        self
    }

    /// Drops messages until the result starts with one of these kinds, not counting a system message that is always
    /// kept.
    #[must_use]
    pub fn with_start_on(mut self, kinds: impl IntoIterator<Item = MessageKind>) -> Self {
        self.start_on = kinds.into_iter().collect();
        self
    }

    /// Drops messages until the result ends with one of these kinds.
    #[must_use]
    pub fn with_end_on(mut self, kinds: impl IntoIterator<Item = MessageKind>) -> Self {
        self.end_on = kinds.into_iter().collect();
        self
    }

    /// Sets how a text is split into the pieces that may be kept individually; by default, into lines.
    #[must_use]
    pub fn with_text_splitter(mut self, split: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.splitter = Arc::new(split);
        self
    }

    /// Returns the messages that are kept.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the strategy is to keep the first messages and
    /// `start_on` or `include_system` is set.
    pub fn trim(&self, messages: impl IntoIterator<Item = Message>) -> Result<Vec<Message>> {
        let messages: Vec<Message> = messages.into_iter().collect();
        match self.strategy {
            TrimStrategy::Last => Ok(self.last(messages)),
            TrimStrategy::First if !self.start_on.is_empty() => {
                Err(invalid("start_on is only valid with the strategy 'last'"))
            }
            TrimStrategy::First if self.include_system => {
                Err(invalid("include_system is only valid with the strategy 'last'"))
            }
            TrimStrategy::First => Ok(self.first(messages, self.max_tokens, Part::First, &self.end_on)),
        }
    }

    fn last(&self, mut messages: Vec<Message>) -> Vec<Message> {
        drop_until(&mut messages, &self.end_on);
        let has_system = matches!(messages.first(), Some(Message::System(_)));
        let system = (self.include_system && has_system).then(|| messages.remove(0));
        let taken =
            system.as_ref().map_or(0, |system| self.counter.count_tokens(std::slice::from_ref(system)));
        messages.reverse();
        let room = self.max_tokens.saturating_sub(taken);
        let mut kept = self.first(messages, room, Part::Last, &self.start_on);
        kept.extend(system);
        kept.reverse();
        kept
    }

    /// Returns the longest prefix that fits and ends with one of the kinds.
    fn first(
        &self,
        mut messages: Vec<Message>,
        room: usize,
        part: Part,
        end_on: &[MessageKind],
    ) -> Vec<Message> {
        if self.counter.count_tokens(&messages) > room {
            let kept = most(messages.len(), |count| self.counter.count_tokens(&messages[..count]) <= room);
            let next = if kept < messages.len() { Some(messages.swap_remove(kept)) } else { None };
            messages.truncate(kept);
            if let Some(next) = next.filter(|_| self.allow_partial) {
                let fits = |messages: &[Message]| self.counter.count_tokens(messages) <= room;
                let left = room.checked_sub(self.counter.count_tokens(&messages));
                let fits_alone = |message: &Message| {
                    left.is_some_and(|left| self.counter.count_tokens(std::slice::from_ref(message)) <= left)
                };
                if let Some(next) = partial(&mut messages, next, part, &self.splitter, &fits, &fits_alone) {
                    messages.push(next);
                }
            }
        }
        drop_until(&mut messages, end_on);
        messages
    }
}

/// Drops messages from the end until the last is of one of the kinds.
fn drop_until(messages: &mut Vec<Message>, kinds: &[MessageKind]) {
    if !kinds.is_empty() {
        let end = messages.iter().rposition(|message| kinds.contains(&message.kind()));
        messages.truncate(end.map_or(0, |last| last + 1));
    }
}

/// Finds the largest count up to `limit` that fits, assuming that every smaller count fits too. Zero is assumed to fit.
pub(super) fn most(limit: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, limit);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

impl fmt::Debug for TrimMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrimMessages")
            .field("max_tokens", &self.max_tokens)
            .field("strategy", &self.strategy)
            .field("allow_partial", &self.allow_partial)
            .field("include_system", &self.include_system)
            .field("start_on", &self.start_on)
            .field("end_on", &self.end_on)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Runnable for TrimMessages {
    type Input = Vec<Message>;
    type Output = Vec<Message>;

    async fn call(&self, messages: Vec<Message>, _cx: &Context) -> Result<Vec<Message>> {
        self.trim(messages)
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("trim_messages")
    }
}

crate::impl_pipe!(TrimMessages);

/// Trims a conversation. [`TrimMessages`] can also be a step of a chain.
///
/// # Errors
/// Those of [`TrimMessages::trim`].
///
/// # Example
/// ```
/// use catena_core::{trim_messages, Message, TrimMessages};
/// let trim = TrimMessages::new(1, |messages: &[Message]| messages.len());
/// assert_eq!(trim_messages([Message::human("a"), Message::ai("b")], &trim)?, [Message::ai("b")]);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn trim_messages(
    messages: impl IntoIterator<Item = Message>,
    trim: &TrimMessages,
) -> Result<Vec<Message>> {
    trim.trim(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(messages: &[Message]) -> usize {
        let in_text = |text: &str| text.split_whitespace().count();
        let count = |message: &Message| match message.content().as_blocks() {
            Some(blocks) => blocks.iter().filter_map(crate::ContentBlock::as_text).map(in_text).sum(),
            None => in_text(&message.text()),
        };
        messages.iter().map(count).sum()
    }

    fn talk() -> Vec<Message> {
        vec![
            Message::system("sys prompt"),
            Message::human("one two"),
            Message::ai("three four five"),
            Message::human("six"),
            Message::ai("seven eight"),
            Message::human("nine ten eleven"),
        ]
    }

    #[track_caller]
    fn check(trim: TrimMessages, kept: std::ops::Range<usize>) {
        assert_eq!(trim.trim(talk()).expect("trimmed"), talk()[kept]);
    }

    #[test]
    fn as_much_is_kept_as_fits() {
        let new = |max| TrimMessages::new(max, words);
        let first = |max| new(max).with_strategy(TrimStrategy::First);
        check(new(4), 5..6);
        check(new(9), 2..6);
        check(new(0), 0..0);
        check(first(4), 0..2);
        check(first(8), 0..4);
        check(new(7).with_start_on([MessageKind::Human]), 3..6);
        check(new(20).with_end_on([MessageKind::Ai]), 0..5);
        check(first(9).with_end_on([MessageKind::Human]), 0..4);
        check(new(2).with_include_system(true), 0..1);
        let kept = new(9)
            .with_include_system(true)
            .with_start_on([MessageKind::Human])
            .trim(talk())
            .expect("trimmed");
        assert_eq!((kept.len(), &kept[0], &kept[1]), (4, &talk()[0], &talk()[3]));
        assert!(first(4).with_start_on([MessageKind::Human]).trim(talk()).is_err());
        assert!(first(4).with_include_system(true).trim(talk()).is_err());
    }

    #[test]
    fn a_step_trims_what_a_prompt_makes_and_reports_what_is_wrong() {
        use crate::{ChatPromptTemplate, ErrorKind, MessageFilter, RunnableExt, gather};
        use futures_executor::block_on;
        let prompt =
            ChatPromptTemplate::new([("system", "s"), ("human", "{a}"), ("ai", "b c")]).expect("good");
        let people = MessageFilter::new().exclude_types([MessageKind::System]);
        let chain = prompt | people | TrimMessages::new(3, words);
        let kept = block_on(chain.invoke([("a", "one")])).expect("trimmed");
        assert_eq!(kept, [Message::human("one"), Message::ai("b c")]);
        assert_eq!(block_on(gather(chain.stream([("a", "one")]))).expect("trimmed"), Some(kept));
        let wrong = TrimMessages::new(3, words).with_strategy(TrimStrategy::First).with_include_system(true);
        let error = block_on(wrong.invoke(talk())).expect_err("contradicts itself");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("trim_messages: include_system"), "{error}");
    }

    #[track_caller]
    fn check_partial(trim: TrimMessages, message: Message, kept: Message) {
        assert_eq!(trim.with_allow_partial(true).trim([message]).expect("trimmed"), [kept]);
    }

    #[test]
    fn a_part_of_a_message_may_be_kept() {
        use crate::ContentBlock;
        let lines = || Message::human("l1 a\nl2 b\nl3 c");
        let new = |max| TrimMessages::new(max, words);
        check_partial(new(4).with_strategy(TrimStrategy::First), lines(), Message::human("l1 a\nl2 b\n"));
        check_partial(new(4), lines(), Message::human("l2 b\nl3 c"));
        let by_word =
            new(2).with_text_splitter(|text| text.split_inclusive(' ').map(str::to_owned).collect());
        check_partial(by_word, Message::ai("one two three"), Message::ai("two three"));
        let blocks = ["a b", "c d", "e f"].map(ContentBlock::text).to_vec();
        check_partial(new(4), Message::ai(blocks.clone()), Message::ai(blocks[1..].to_vec()));
        assert_eq!(new(4).trim([lines()]).expect("trimmed"), []);
    }
}
