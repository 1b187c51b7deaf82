//! Vectors that are not to pass, and why not.

use anyhow::{Context, Result, bail};

/// Lines of `id reason`.
const LIST: &str = include_str!("skip_list.txt");

/// The list.
pub(super) struct SkipList(Vec<(&'static str, &'static str)>);

impl SkipList {
    pub(super) fn read() -> Result<Self> {
        parse(LIST).map(Self)
    }

    /// Why this vector is not to pass, if so.
    pub(super) fn reason(&self, id: &str) -> Option<&'static str> {
        self.0.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason)
    }
}

fn parse(text: &str) -> Result<Vec<(&str, &str)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut list: Vec<(&str, &str)> = Vec::new();
    for line in lines {
        let (id, reason) = line.split_once(' ').with_context(|| format!("`{line}` gives no reason"))?;
        if list.iter().any(|(listed, _)| *listed == id) {
            bail!("`{id}` is listed twice");
        }
        list.push((id, reason.trim()));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_reason() {
        assert!(SkipList::read().is_ok());
        assert_eq!(parse("# x\n\na.b because\n").expect("good"), [("a.b", "because")]);
        assert!(parse("a.b").is_err());
        assert!(parse("a.b x\na.b y").is_err());
    }
}
