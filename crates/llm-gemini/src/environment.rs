//! The environment variables of Google's clients.

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
        self.first(&["GOOGLE_API_KEY", "GEMINI_API_KEY"])
    }

    pub(crate) fn base_url(self) -> Option<String> {
        self.first(&["GOOGLE_GEMINI_BASE_URL"])
    }

    pub(crate) fn api_version(self) -> Option<String> {
        self.first(&["GOOGLE_GENAI_API_VERSION"])
    }

    /// The proxy to a server, as the standard variables say.
    pub(crate) fn proxy(self, base_url: &str) -> Proxy {
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
            "GOOGLE_API_KEY" => Some(" ".to_owned()),
            "GEMINI_API_KEY" => Some("second".to_owned()),
            "HTTPS_PROXY" => Some("http://p.test:1".to_owned()),
            _ => None,
        };
        let environment = Environment(&read);
        assert_eq!(environment.api_key().as_deref(), Some("second"));
        assert_eq!(environment.base_url(), None);
        assert!(format!("{:?}", environment.proxy("https://h.test")).contains("p.test"));
        assert_eq!(format!("{:?}", environment.proxy("http://h.test")), "None");
        let both = |name: &str| name.ends_with("_API_KEY").then(|| name.to_owned());
        assert_eq!(Environment(&both).api_key().as_deref(), Some("GOOGLE_API_KEY"));
        assert_eq!(Environment::none().api_key(), None);
    }
}
