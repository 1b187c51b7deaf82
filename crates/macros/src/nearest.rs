//! Suggestions for misspelled names.

/// Returns the most similar name, if one is similar enough.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = names.into_iter().map(|name| (distance(wanted, name), name));
    let (distance, name) = rated.min_by_key(|(distance, _)| *distance)?;
    // Up to a third of the letters may differ, and at least one.
    (distance <= (wanted.chars().count() / 3).max(1)).then_some(name)
}

/// Returns the edit distance of two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, char) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(char != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, names: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(wanted, names.iter().copied()), expected);
    }

    #[test]
    fn the_nearest_name() {
        check("prodct", &["count", "product"], Some("product"));
        check("Product", &["count", "product"], Some("product"));
        check("colour", &["color", "count"], Some("color"));
        check("b", &["a"], Some("a"));
        check("question", &["answer", "count"], None);
        check("question", &[], None);
    }
}
