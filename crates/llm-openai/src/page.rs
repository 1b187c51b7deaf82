//! Paginated lists.

use std::collections::VecDeque;
use std::future::Future;

use catena_core::Result;
use catena_http::service::Call;
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::codec::object::null_is_default;

/// One page of a list.
///
/// # Example
/// ```
/// use catena_llm_openai::{ModelInfo, Page};
/// let page: Page<ModelInfo> = serde_json::from_str(r#"{"data": [{"id": "m"}], "has_more": true}"#)?;
/// assert_eq!((page.data.len(), page.has_more), (1, true));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Page<T> {
    /// The items of the page.
    #[serde(default = "Vec::new", deserialize_with = "null_is_default")]
    pub data: Vec<T>,
    /// Whether another page follows.
    #[serde(default, deserialize_with = "null_is_default")]
    pub has_more: bool,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Which part of a list to fetch, and in which order. Unset options are left to the service.
///
/// # Example
/// ```
/// use catena_llm_openai::ListOptions;
/// let options = ListOptions::default().with_limit(100).with_order("asc").with_purpose("batch");
/// # drop(options);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until they are given to a call"]
pub struct ListOptions {
    after: Option<String>,
    limit: Option<u32>,
    order: Option<String>,
    purpose: Option<String>,
}

impl ListOptions {
    /// Starts after the item with this id.
    pub fn with_after(mut self, id: impl Into<String>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// Sets the maximum number of items per page.
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sorts by creation time, `asc` or `desc`. For lists of files.
    pub fn with_order(mut self, order: impl Into<String>) -> Self {
        self.order = Some(order.into());
        self
    }

    /// Lists only files uploaded for this purpose. For lists of files.
    pub fn with_purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Builds the call for a list at this path; `next` is the id of the item after which the page starts.
    pub(crate) fn call(&self, path: &str, next: Option<&str>) -> Call {
        let limit = self.limit.map(|limit| limit.to_string());
        // A start that the caller sets comes before the other parameters, one that pagination adds comes after them.
        let (first, last) =
            if self.after.is_some() { (next.or(self.after.as_deref()), None) } else { (None, next) };
        let query = [
            ("after", first),
            ("limit", limit.as_deref()),
            ("order", self.order.as_deref()),
            ("purpose", self.purpose.as_deref()),
            ("after", last),
        ];
        let given = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.fold(Call::get(path), |call, (name, value)| call.with_query(name, value))
    }
}

/// Streams the items of all pages; each page is fetched once the previous one is consumed. `id` returns the id of an
/// item, after the last of which the next page starts. A page without items is the last, whatever its `has_more` says.
pub(crate) fn all_pages<T, F>(
    page: impl Fn(Option<String>) -> F + Send + Sync,
    id: fn(&T) -> &str,
) -> impl Stream<Item = Result<T>> + Send
where
    T: Send,
    F: Future<Output = Result<Page<T>>> + Send,
{
    let begin = Pages { items: VecDeque::new(), next: Some(None) };
    stream::try_unfold((begin, page), move |(mut pages, page)| async move {
        while pages.items.is_empty() {
            let Some(after) = pages.next.take() else { return Ok(None) };
            let Page { data, has_more, .. } = page(after).await?;
            pages.next = data.last().filter(|_| has_more).map(|last| Some(id(last).to_owned()));
            pages.items = data.into();
        }
        Ok(pages.items.pop_front().map(|item| (item, (pages, page))))
    })
}

struct Pages<T> {
    items: VecDeque<T>,
    /// What to fetch next: the first page, the page after an item, or nothing.
    next: Option<Option<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{Error, ErrorKind};
    use futures_executor::block_on;
    use futures_util::{StreamExt, TryStreamExt};

    /// Items of pages, as `a b|c`, where `!` fails and `>` says that there is more.
    fn read(pages: &'static [&'static str]) -> (Vec<String>, bool) {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let page = |after: Option<String>| {
            let at = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let expected = at
                .checked_sub(1)
                .and_then(|before| pages[before].trim_end_matches('>').split(' ').next_back());
            assert_eq!(after.as_deref(), expected);
            let text = pages[at];
            async move {
                if text == "!" {
                    return Err(Error::new(ErrorKind::Server, "down"));
                }
                let (items, has_more) = text.strip_suffix('>').map_or((text, false), |items| (items, true));
                let data = items.split_whitespace().map(str::to_owned).collect();
                Ok(Page { data, has_more, extra: Map::new() })
            }
        };
        let items = all_pages(page, |item: &String| item.as_str());
        let read: Vec<_> = block_on(items.collect());
        let failed = read.iter().any(Result::is_err);
        (read.into_iter().flatten().collect(), failed)
    }

    #[test]
    fn pages_follow_each_other_to_the_last() {
        for (pages, items, failed) in [
            (&["a b>", "c>", "d"][..], &["a", "b", "c", "d"][..], false),
            (&[""], &[], false),
            (&[">"], &[], false),
            (&["a>", "!"], &["a"], true),
        ] {
            assert_eq!(read(pages), (items.iter().map(ToString::to_string).collect(), failed), "{pages:?}");
        }
    }

    #[test]
    fn a_page_is_asked_for_when_it_is_needed() {
        let page = |after: Option<String>| async move {
            assert_eq!(after, None, "one item is wanted, of the first page");
            Ok(Page { data: vec!["a".to_owned()], has_more: true, extra: Map::new() })
        };
        let items = all_pages(page, |item: &String| item.as_str());
        let first = block_on(items.take(1).try_collect::<Vec<_>>()).expect("an item");
        assert_eq!(first, ["a"]);
    }
}
