//! The environment variables of Anthropic clients.

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
        self.first(&["ANTHROPIC_API_KEY"])
    }

    pub(crate) fn auth_token(self) -> Option<String> {
        self.first(&["ANTHROPIC_AUTH_TOKEN"])
    }

    pub(crate) fn base_url(self) -> Option<String> {
        self.first(&["ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"])
    }

    /// The proxy to a server: `ANTHROPIC_PROXY`, or what the standard variables say.
    pub(crate) fn proxy(self, base_url: &str) -> Proxy {
        if let Some(url) = self.first(&["ANTHROPIC_PROXY"]) {
            return Proxy::url(url);
        }
        let of_scheme = match base_url.trim_start().get(..6) {
            Some(start) if start.eq_ignore_ascii_case("https:") => ["https_proxy", "HTTPS_PROXY"],
            // In a CGI process a client sets `HTTP_PROXY`, as the header `Proxy`.
            _ if self.0("REQUEST_METHOD").is_some() => ["http_proxy"; 2],
            _ => ["http_proxy", "HTTP_PROXY"],
        };
        match self.first(&of_scheme).or_else(|| self.first(&["all_proxy", "ALL_PROXY"])) {
            Some(url) => {
                let exceptions = self.first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
                ProxyUrl::new(url).with_no_proxy(exceptions).into()
            }
            None => Proxy::None,
        }
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
