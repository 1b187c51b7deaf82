//! The environment variables of Anthropic clients.

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
        self.first(&["ANTHROPIC_API_KEY"])
    }

    pub(crate) fn auth_token(self) -> Option<String> {
        self.first(&["ANTHROPIC_AUTH_TOKEN"])
    }

    pub(crate) fn base_url(self) -> Option<String> {
        self.first(&["ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"])
    }

    pub(crate) fn proxy(self) -> Option<String> {
        self.first(&["ANTHROPIC_PROXY"])
    }

    /// Lines of `Name: value`, names in lower case. Other lines are passed over.
    pub(crate) fn custom_headers(self) -> Vec<(String, String)> {
        let text = self.first(&["ANTHROPIC_CUSTOM_HEADERS"]).unwrap_or_default();
        let headers = text.lines().filter_map(|line| line.split_once(':'));
        headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
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
            "ANTHROPIC_API_URL" => Some("http://a".to_owned()),
            "ANTHROPIC_BASE_URL" => Some("http://b".to_owned()),
            "ANTHROPIC_API_KEY" => Some(" ".to_owned()),
            "ANTHROPIC_CUSTOM_HEADERS" => Some("X-Team: blue\r\nbroken\nX-Env : prod: 1 ".to_owned()),
            _ => None,
        };
        let environment = Environment(&read);
        assert_eq!(environment.base_url().as_deref(), Some("http://a"));
        assert_eq!(environment.api_key(), None);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(environment.custom_headers(), [header("x-team", "blue"), header("x-env", "prod: 1")]);
        assert_eq!(Environment::none().base_url(), None);
    }
}
