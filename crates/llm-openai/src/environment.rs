//! The environment variables of OpenAI clients.

/// Reads variables, or nothing at all.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a>(pub(crate) &'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    pub(crate) fn process() -> Environment<'static> {
        Environment(&|name| std::env::var(name).ok())
    }

    pub(crate) fn none() -> Environment<'static> {
        Environment(&|_| None)
    }

    pub(crate) fn api_key(self) -> Option<String> {
        self.first(&["OPENAI_API_KEY"])
    }

    pub(crate) fn base_url(self) -> Option<String> {
        self.first(&["OPENAI_API_BASE", "OPENAI_BASE_URL"])
    }

    pub(crate) fn organization(self) -> Option<String> {
        self.first(&["OPENAI_ORG_ID", "OPENAI_ORGANIZATION"])
    }

    pub(crate) fn project(self) -> Option<String> {
        self.first(&["OPENAI_PROJECT_ID"])
    }

    pub(crate) fn proxy(self) -> Option<String> {
        self.first(&["OPENAI_PROXY"])
    }

    /// The first of these variables that is set. An empty one counts as not set.
    fn first(self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.0(name)).find(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_count_as_not_set_and_the_first_name_wins() {
        let read = |name: &str| match name {
            "OPENAI_API_BASE" => Some("http://a".to_owned()),
            "OPENAI_BASE_URL" => Some("http://b".to_owned()),
            "OPENAI_ORG_ID" => Some(" ".to_owned()),
            "OPENAI_ORGANIZATION" => Some("org".to_owned()),
            _ => None,
        };
        let environment = Environment(&read);
        assert_eq!(environment.base_url().as_deref(), Some("http://a"));
        assert_eq!(environment.organization().as_deref(), Some("org"));
        assert_eq!(environment.api_key(), None);
        assert_eq!(Environment::none().base_url(), None);
    }
}
