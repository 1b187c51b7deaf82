//! The environment variables of OpenAI clients.

use std::time::Duration;

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

    pub(crate) fn azure_endpoint(self) -> Option<String> {
        self.first(&["AZURE_OPENAI_ENDPOINT"])
    }

    pub(crate) fn azure_api_key(self) -> Option<String> {
        self.first(&["AZURE_OPENAI_API_KEY"])
    }

    pub(crate) fn azure_ad_token(self) -> Option<String> {
        self.first(&["AZURE_OPENAI_AD_TOKEN"])
    }

    pub(crate) fn api_version(self) -> Option<String> {
        self.first(&["OPENAI_API_VERSION"])
    }

    /// Lines of `Name: value`, names in lower case. Other lines are passed over.
    pub(crate) fn custom_headers(self) -> Vec<(String, String)> {
        let text = self.first(&["OPENAI_CUSTOM_HEADERS"]).unwrap_or_default();
        let headers = text.lines().filter_map(|line| line.split_once(':'));
        headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
    }

    /// A number of seconds; what is not one above zero counts as not set.
    pub(crate) fn stream_chunk_timeout(self) -> Option<Duration> {
        let seconds: f64 = self.first(&["LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S"])?.trim().parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero())
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

    #[test]
    fn odd_values_are_passed_over() {
        let headers =
            |text: &'static str| Environment(&move |_: &str| Some(text.to_owned())).custom_headers();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [header("x-team", "blue"), header("x-env", "prod: 1")];
        assert_eq!(headers("X-Team: blue\r\nX-Env : prod: 1 \nbroken line\n"), expected);
        let limit =
            |text: &'static str| Environment(&move |_: &str| Some(text.to_owned())).stream_chunk_timeout();
        assert_eq!(limit("2.5"), Some(Duration::from_millis(2500)));
        for text in ["0", "-1", "inf", "1e300", "soon"] {
            assert_eq!(limit(text), None, "{text}");
        }
    }
}
