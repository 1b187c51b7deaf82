//! The environment variables of OpenAI clients.

use std::time::Duration;

use catena_http::{Proxy, ProxyUrl};

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

    /// The proxy to a server: `OPENAI_PROXY`, or what the standard variables say.
    pub(crate) fn proxy(self, base_url: &str) -> Proxy {
        if let Some(url) = self.first(&["OPENAI_PROXY"]) {
            return Proxy::url(url);
        }
        let of_scheme = match base_url.trim_start().get(..6) {
            Some(start) if start.eq_ignore_ascii_case("https:") => ["https_proxy", "HTTPS_PROXY"],
            // In a CGI process a client sets `HTTP_PROXY`, as the header `Proxy`.
            _ if self.0("REQUEST_METHOD").is_some() => ["http_proxy"; 2],
            _ => ["http_proxy", "HTTP_PROXY"],
        };
        let any = self.first(&of_scheme).or_else(|| self.first(&["all_proxy", "ALL_PROXY"]));
        match any {
            Some(url) => {
                let exceptions = self.first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
                ProxyUrl::new(url).with_no_proxy(exceptions).into()
            }
            None => Proxy::None,
        }
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
    #[track_caller]
    fn check_proxy(variables: &[(&str, &str)], base_url: &str, expected: Option<&str>) {
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let proxy = format!("{:?}", Environment(&read).proxy(base_url));
        match expected {
            Some(part) => assert!(proxy.contains(part), "{proxy}"),
            None => assert_eq!(proxy, "None"),
        }
    }

    #[test]
    fn the_proxy_is_that_of_the_scheme() {
        let all = [("HTTP_PROXY", "http://a:1"), ("https_proxy", "http://b:2"), ("NO_PROXY", "local.test")];
        check_proxy(&all, "http://h.test", Some("a:1"));
        check_proxy(&all, "HTTPS://h.test", Some("b:2"));
        check_proxy(&all, "http://h.test", Some("local.test"));
        check_proxy(&[("ALL_PROXY", "http://c:3")], "https://h.test", Some("c:3"));
        check_proxy(&[("OPENAI_PROXY", "http://d:4"), all[0]], "http://h.test", Some("d:4"));
        check_proxy(&[("HTTPS_PROXY", "http://b:2")], "http://h.test", None);
        check_proxy(&[all[0], ("REQUEST_METHOD", "GET")], "http://h.test", None);
    }
}
