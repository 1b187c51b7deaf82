//! Environment variables, or a substitute for them.

use std::fmt;

use crate::{Proxy, ProxyUrl};

/// Where a provider reads settings that its user did not make: the process environment, a substitute, or nothing.
///
/// # Example
/// ```
/// use catena_http::service::Environment;
/// let environment = Environment::new(|name| (name == "ACME_API_KEY").then(|| "sk-secret".to_owned()));
/// assert_eq!(environment.first(&["ACME_TOKEN", "ACME_API_KEY"]).as_deref(), Some("sk-secret"));
/// assert_eq!(Environment::none().first(&["ACME_API_KEY"]), None);
/// assert!(!format!("{environment:?}").contains("secret"));
/// ```
#[derive(Default)]
pub struct Environment(Source);

#[derive(Default)]
enum Source {
    #[default]
    Process,
    None,
    Given(Read),
}

type Read = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Environment {
    /// Reads the variables of the process, when they are needed.
    pub fn process() -> Self {
        Self(Source::Process)
    }

    /// Reads no variables.
    pub fn none() -> Self {
        Self(Source::None)
    }

    /// Reads variables with this function.
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Source::Given(Box::new(read)))
    }

    /// Returns the first of these variables that is set. Values that are blank or not Unicode count as not set.
    pub fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.read(name)).find(|value| !value.trim().is_empty())
    }

    /// Parses the headers in this variable: lines of `Name: value`. Names are converted to lower case; other lines are
    /// ignored.
    pub fn headers(&self, name: &str) -> Vec<(String, String)> {
        let text = self.first(&[name]).unwrap_or_default();
        let headers = text.lines().filter_map(|line| line.split_once(':'));
        headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
    }

    /// Returns the proxy for the server at this URL, according to `HTTPS_PROXY` and related variables.
    pub fn proxy(&self, url: &str) -> Proxy {
        let of_scheme = match url.trim_start().get(..6) {
            Some(start) if start.eq_ignore_ascii_case("https:") => ["https_proxy", "HTTPS_PROXY"],
            // In a CGI process, clients control `HTTP_PROXY` through the header `Proxy`.
            _ if self.read("REQUEST_METHOD").is_some() => ["http_proxy"; 2],
            _ => ["http_proxy", "HTTP_PROXY"],
        };
        match self.first(&of_scheme).or_else(|| self.first(&["all_proxy", "ALL_PROXY"])) {
            Some(proxy) => {
                let exceptions = self.first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
                ProxyUrl::new(proxy).with_no_proxy(exceptions).into()
            }
            None => Proxy::None,
        }
    }

    fn read(&self, name: &str) -> Option<String> {
        match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::None => None,
            Source::Given(read) => read(name),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Process => "Process",
            Source::None => "None",
            Source::Given(_) => "Given",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &'static [(&'static str, &'static str)]) -> Environment {
        Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn empty_variables_count_as_not_set_and_the_first_name_wins() {
        let environment = of(&[("A", " "), ("B", "b"), ("C", "c")]);
        for (names, expected) in [
            (&["B", "C"][..], Some("b")),
            (&["C", "B"], Some("c")),
            (&["A", "B"], Some("b")),
            (&["A"], None),
            (&[], None),
        ] {
            assert_eq!(environment.first(names).as_deref(), expected, "{names:?}");
        }
        assert!(Environment::process().first(&["PATH"]).is_some());
    }

    #[test]
    fn headers_are_lines() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = of(&[("H", "X-Team: blue\r\nX-Env : prod: 1 \nbroken line\n")]);
        assert_eq!(environment.headers("H"), [header("x-team", "blue"), header("x-env", "prod: 1")]);
        assert!(environment.headers("G").is_empty());
    }

    #[track_caller]
    fn check_proxy(variables: &'static [(&'static str, &'static str)], url: &str, expected: Option<&str>) {
        let proxy = format!("{:?}", of(variables).proxy(url));
        match expected {
            Some(part) => assert!(proxy.contains(part), "{proxy}"),
            None => assert_eq!(proxy, "None"),
        }
    }

    #[test]
    fn the_proxy_is_that_of_the_scheme() {
        const ALL: &[(&str, &str)] =
            &[("HTTP_PROXY", "http://a:1"), ("https_proxy", "http://b:2"), ("NO_PROXY", "local.test")];
        check_proxy(ALL, "http://h.test", Some("a:1"));
        check_proxy(ALL, "HTTPS://h.test", Some("b:2"));
        check_proxy(ALL, "http://h.test", Some("local.test"));
        check_proxy(&[("ALL_PROXY", "http://c:3")], "https://h.test", Some("c:3"));
        check_proxy(&[("HTTPS_PROXY", "http://b:2")], "http://h.test", None);
        check_proxy(&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], "http://h.test", None);
    }
}
