//! Grouping of documents that do not fit into one prompt.

use catena_core::{Document, Error, ErrorKind, Result};

use crate::keys::text_of;

/// Groups documents, in order, so that no group is longer than `token_max`, as measured by `length`.
///
/// The length must not decrease when a document is added. Groups are found by exponential and binary search, so that
/// long lists are rarely measured. As in LangChain, a document that is too long by itself forms a group longer than
/// `token_max`, unless it is the first document.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) when the first document is too long by itself, and those of `length`.
///
/// # Example
/// ```
/// use catena_chains::split_list_of_docs;
/// use catena_core::Document;
/// let documents = ["a b", "c", "d e f", "g"].map(Document::from);
/// let words = |group: &[Document]| {
///     Ok(group.iter().map(|document| document.page_content.split_whitespace().count()).sum())
/// };
/// let groups = split_list_of_docs(documents.to_vec(), words, 4)?;
/// assert_eq!(groups, [documents[..2].to_vec(), documents[2..].to_vec()]);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn split_list_of_docs(
    mut documents: Vec<Document>,
    length: impl Fn(&[Document]) -> Result<usize>,
    token_max: usize,
) -> Result<Vec<Vec<Document>>> {
    let mut groups = Vec::new();
    if let [first, ..] = &documents[..] {
        let alone = length(std::slice::from_ref(first))?;
        if alone > token_max {
            return Err(too_long(alone, token_max));
        }
    }
    let mut ends = Vec::new();
    let mut begin = 0;
    while begin < documents.len() {
        let rest = &documents[begin..];
        begin += fitting(rest.len(), |count| Ok(length(&rest[..count])? <= token_max))?.max(1);
        ends.push(begin);
    }
    // From the end, so that every document is moved only once.
    for end in ends.iter().rev().skip(1) {
        groups.push(documents.split_off(*end));
    }
    groups.push(documents);
    groups.reverse();
    Ok(groups)
}

/// Returns the largest count up to `all` that fits, or 0.
fn fitting(all: usize, fits: impl Fn(usize) -> Result<bool>) -> Result<usize> {
    let (mut good, mut bad) = (0, all + 1);
    let mut step = 1;
    while good + 1 < bad {
        let doubling = good + step;
        let middle = if doubling < bad { doubling } else { good + (bad - good) / 2 };
        if fits(middle)? {
            good = middle;
            step *= 2;
        } else {
            bad = middle;
            step = all;
        }
    }
    Ok(good)
}

fn too_long(alone: usize, token_max: usize) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!(
            "a single document requires a prompt of {alone} tokens, which exceeds the limit of {token_max}: split it first"
        ),
    )
}

/// Replaces several documents by one: with this text, and the metadata of all of them. Values with the same name are
/// joined as text.
///
/// # Example
/// ```
/// use catena_chains::collapse_docs;
/// use catena_core::Document;
/// let documents = [Document::new("a").with_metadata("page", 1), Document::new("b").with_metadata("page", 2)];
/// let one = collapse_docs(&documents, "a and b");
/// assert_eq!(one, Document::new("a and b").with_metadata("page", "1, 2"));
/// ```
pub fn collapse_docs(documents: &[Document], text: impl Into<String>) -> Document {
    let mut collapsed = Document::new(text);
    for (name, value) in documents.iter().flat_map(|document| document.metadata.iter()) {
        match collapsed.metadata.get_mut(name) {
            Some(catena_core::Data::Text(joined)) => {
                joined.push_str(", ");
                joined.push_str(&text_of(value));
            }
            _ => collapsed.metadata.insert(name, text_of(value)),
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn documents(lengths: &[usize]) -> Vec<Document> {
        lengths.iter().map(|length| Document::new("x".repeat(*length))).collect()
    }

    fn letters(group: &[Document]) -> Result<usize> {
        Ok(group.iter().map(|document| document.page_content.len()).sum())
    }

    #[track_caller]
    fn check(lengths: &[usize], expected: &[&[usize]]) {
        let groups = split_list_of_docs(documents(lengths), letters, 4).expect("they fit");
        let sizes: Vec<Vec<usize>> =
            groups.iter().map(|group| group.iter().map(|one| one.page_content.len()).collect()).collect();
        assert_eq!(sizes, expected, "{lengths:?}");
    }

    #[test]
    fn groups_are_as_long_as_they_may_be() {
        check(&[], &[&[]]);
        check(&[4], &[&[4]]);
        check(&[1, 1, 1, 1, 1, 1, 1], &[&[1, 1, 1, 1], &[1, 1, 1]]);
        check(&[2, 1, 3, 1], &[&[2, 1], &[3, 1]]);
        check(&[1, 9, 1, 1], &[&[1], &[9], &[1, 1]]);
        check(&[1, 9], &[&[1], &[9]]);
        check(&[0, 0, 0, 4, 0, 1], &[&[0, 0, 0, 4, 0], &[1]]);
        let error = split_list_of_docs(documents(&[5, 1]), letters, 4).expect_err("too long");
        assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("5 tokens"), "{error}");
    }

    #[test]
    fn long_lists_are_measured_seldom() {
        let (measured, count) = (Cell::new(0), 10_000);
        let length = |group: &[Document]| {
            measured.set(measured.get() + group.len());
            letters(group)
        };
        let groups = split_list_of_docs(documents(&vec![1; count]), length, 1000).expect("they fit");
        assert_eq!((groups.len(), groups[9].len()), (10, 1000));
        assert!(measured.get() < 20 * count, "{} documents were measured", measured.get());
    }
}
