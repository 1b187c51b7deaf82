//! Resolves a host to a URL, as Ollama's clients do.

/// Returns the URL of a host as `OLLAMA_HOST` names it: scheme, port and path are optional. Without a scheme the port
/// defaults to Ollama's, with one to that of the scheme. The address at which a server listens on all of its interfaces
/// means this machine for a client.
pub(crate) fn url_of_host(host: &str) -> String {
    let host = host.trim().trim_matches(['"', '\'']);
    let (scheme, rest, port) = match host.split_once("://") {
        Some(("http", rest)) => ("http", rest, 80),
        Some(("https", rest)) => ("https", rest, 443),
        // Anything but a web address is rejected when the URL is parsed.
        Some(_) => return host.to_owned(),
        None => ("http", host, 11434),
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        // Credentials in a URL are rejected when it is parsed.
        return host.to_owned();
    }
    let (name, given) = split_port(authority);
    let name = match name {
        "" | "0.0.0.0" => "127.0.0.1",
        "[::]" | "::" => "[::1]",
        name => name,
    };
    let brackets = name.contains(':') && !name.starts_with('[');
    let name = if brackets { format!("[{name}]") } else { name.to_owned() };
    format!(
        "{scheme}://{name}:{}{}",
        given.map_or(port.to_string(), str::to_owned),
        path.trim_end_matches('/')
    )
}

/// Splits host and port. The colons of an IPv6 address without brackets are part of the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            (host, Some(port).filter(|port| !port.is_empty()))
        }
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_becomes_a_url() {
        for (host, url) in [
            ("localhost", "http://localhost:11434"),
            ("localhost:8080", "http://localhost:8080"),
            (" 0.0.0.0 ", "http://127.0.0.1:11434"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            (":1234", "http://127.0.0.1:1234"),
            ("h.test:", "http://h.test:11434"),
            ("http://h.test", "http://h.test:80"),
            ("https://h.test", "https://h.test:443"),
            ("https://h.test:8443/ollama/", "https://h.test:8443/ollama"),
            ("h.test/a?b=1", "http://h.test:11434/a?b=1"),
            ("[::1]", "http://[::1]:11434"),
            ("[::]:80", "http://[::1]:80"),
            ("fe80::1", "http://[fe80::1]:11434"),
            ("::", "http://[::1]:11434"),
            ("\"h.test\"", "http://h.test:11434"),
            ("ftp://h.test", "ftp://h.test"),
        ] {
            assert_eq!(url_of_host(host), url, "{host}");
        }
    }
}
