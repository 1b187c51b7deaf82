//! Proxies: tunnels, whole requests, credentials, exceptions, and the environment.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use catena_core::ErrorKind;
use catena_http::{HttpClient, Proxy, ProxyUrl};

use crate::server::{Seen, Server, client, text};
use crate::tls;

/// `user:pass word` in base 64.
const BASIC: &str = "Basic dXNlcjpwYXNzIHdvcmQ=";

/// A proxy that answers plain requests itself and opens tunnels to `target`.
fn proxy(target: Option<std::net::SocketAddr>) -> (Server, Receiver<Seen>) {
    let (sender, receiver) = channel();
    let server = Server::new(move |connection| {
        while let Some(request) = connection.request() {
            let tunnel = request.head.starts_with("CONNECT");
            let allowed = request.header("proxy-authorization") == Some(BASIC);
            sender.send(request).unwrap();
            match target {
                _ if !allowed => connection.write("HTTP/1.1 407 No\r\ncontent-length: 4\r\n\r\nauth"),
                Some(target) if tunnel => {
                    connection.write("HTTP/1.1 200 OK\r\n\r\n");
                    return relay(&connection.stream, &TcpStream::connect(target).unwrap());
                }
                None if tunnel => connection.write("HTTP/1.1 502 No\r\n\r\n"),
                _ => connection.answer("by proxy"),
            }
        }
    });
    (server, receiver)
}

/// Hands on what comes from either side, until one of them closes.
pub(crate) fn relay(client: &TcpStream, server: &TcpStream) {
    std::thread::scope(|scope| {
        for (mut from, mut to) in [(client, server), (server, client)] {
            scope.spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    if to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
}

fn through(url: String) -> HttpClient {
    let builder = HttpClient::builder().with_proxy(Proxy::url(url));
    builder.with_root_certificate_pem(tls::authority().pem()).build().unwrap()
}

fn with_credentials(proxy: &Server) -> String {
    proxy.url("").replace("http://", "http://user:pass%20word@")
}

#[test]
fn plain_requests_are_handed_over_whole() {
    let (proxy, seen) = proxy(None);
    let client = through(with_credentials(&proxy));
    assert_eq!(pollster::block_on(text(&client, "http://target.test/path?q")).unwrap(), "by proxy");
    let request = seen.recv().unwrap();
    assert!(request.head.starts_with("GET http://target.test/path?q HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.header("host"), Some("target.test"));
}

#[test]
fn tls_goes_through_a_tunnel() {
    let target = tls::server("http/1.1");
    let (proxy, seen) = proxy(Some(target.address()));
    let client = through(with_credentials(&proxy));
    let request = catena_http::Request::get(&target.https("/")).unwrap().with_bearer("key").unwrap();
    let answer = pollster::block_on(async { client.send(request).await?.bytes().await }).unwrap();
    assert_eq!(answer, "GET /");
    let request = seen.recv().unwrap();
    assert!(request.head.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", target.address().port())));
    assert_eq!(request.header("authorization"), None, "the proxy does not see the request");
}

#[test]
fn a_proxy_that_refuses() {
    let (proxy, _seen) = proxy(None);
    let host = proxy.address().to_string();
    for (url, part) in [(proxy.url(""), "credentials"), (with_credentials(&proxy), "did not open")] {
        let error = pollster::block_on(text(&through(url), "https://target.test/")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert_eq!(error.is_retryable(), part != "credentials", "to ask again does not make it known");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(part) && shown.contains(&host), "{shown}");
        assert!(
            !shown.contains("pass word") && !shown.contains("pass%20word") && !shown.contains("dXNlc"),
            "{shown}"
        );
    }
}

#[test]
fn a_proxy_that_is_not_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = through(format!("http://user:hunter2@127.0.0.1:{port}"));
    assert!(!format!("{client:?}").contains("hunter2"));
    for url in ["http://target.test/", "https://target.test/"] {
        let error = pollster::block_on(text(&client, url)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&format!("the proxy 127.0.0.1:{port} refused")), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn exceptions_are_reached_directly() {
    let (proxy, _seen) = proxy(None);
    let target = Server::echo();
    let choice = ProxyUrl::new(proxy.url("")).with_no_proxy("example.com, 127.0.0.0/8");
    let client = HttpClient::builder().with_proxy(choice).build().unwrap();
    assert_eq!(pollster::block_on(text(&client, &target.url("/"))).unwrap(), "hello");
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn proxies_that_cannot_be_used_are_configuration_errors() {
    for (url, part) in [
        ("https://proxy.test:3128", "scheme `https`"),
        ("socks5://proxy.test", "scheme `socks5`"),
        ("ftp://user:hunter2@proxy.test", "scheme"),
        ("http://", "cannot be read"),
        ("http://user:hunter2@exa mple", "cannot be read"),
        ("", "cannot be read"),
    ] {
        for no_proxy in ["", "*"] {
            let choice = ProxyUrl::new(url).with_no_proxy(no_proxy);
            let error = HttpClient::builder().with_proxy(choice).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(part) && !shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn the_environment_is_read_once_at_build() {
    let (proxy, seen) = proxy(None);
    let run = |name: &str, value: &str| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            child.env_remove(name).env_remove(name.to_lowercase());
        }
        child.args(["--exact", "proxy::in_a_child_with_an_environment", "--ignored"]).env(name, value);
        child.env("no_proxy", "localhost").env("CATENA_TEST_CHILD", "1").output().unwrap()
    };
    let output = run("http_proxy", &with_credentials(&proxy));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(seen.recv().unwrap().head.starts_with("GET http://127.0.0.1:"));
    assert!(seen.try_recv().is_err(), "one request only");
}

#[test]
#[ignore = "run in a process of its own, with proxies in the environment"]
fn in_a_child_with_an_environment() {
    if std::env::var_os("CATENA_TEST_CHILD").is_none() {
        return;
    }
    let (target, by_environment) = (Server::echo(), HttpClient::builder().build().unwrap());
    let url = target.url("/");
    let excepted = url.replace("127.0.0.1", "localhost");
    for (client, url, expected) in [
        (&by_environment, &url, "by proxy"),
        (&by_environment, &excepted, "hello"),
        (&client(), &url, "hello"),
    ] {
        assert_eq!(pollster::block_on(text(client, url)).unwrap(), expected);
    }
}
