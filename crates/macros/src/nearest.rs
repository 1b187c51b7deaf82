//! What somebody may have meant who wrote a name that does not exist.

/// The name most like this one, if one is like it.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = names.into_iter().map(|name| (distance(wanted, name), name));
    let (distance, name) = rated.min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may be wrong, and one of a short name.
    (distance <= (wanted.chars().count() / 3).max(1)).then_some(name)
}

/// How many letters to add, remove or replace.
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
