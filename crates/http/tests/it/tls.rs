//! TLS: trust, protocols, and servers that do not speak it.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use catena_core::ErrorKind;
use catena_http::{HttpClient, HttpClientBuilder};
use futures_util::StreamExt;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, builder, get, text};

/// The certificate authority of the test servers.
pub(crate) fn authority() -> &'static CertifiedIssuer<'static, KeyPair> {
    static AUTHORITY: OnceLock<CertifiedIssuer<'static, KeyPair>> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    })
}

/// A certificate for `localhost` that is valid until `year`, with its key.
pub(crate) fn certificate(year: i32) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    let certificate = params.signed_by(&key, authority()).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// The configuration of a server whose certificate is valid until `year`; with `client` it asks for the client's.
fn config(year: i32, protocol: &str, client: bool) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = if client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority().der().clone()).unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        config.with_client_cert_verifier(verifier.unwrap())
    } else {
        config.with_no_client_auth()
    };
    let (certificate, key) = certificate(year);
    let mut config = config.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// A server that speaks TLS and serves what is inside with `serve`.
pub(crate) fn secure<F>(year: i32, protocol: &str, client: bool, serve: F) -> Server
where
    F: AsyncFn(tokio_rustls::server::TlsStream<tokio::net::TcpStream>) + Send + Sync + 'static,
{
    let acceptor = config(year, protocol, client);
    Server::raw(move |stream| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            stream.set_nonblocking(true).unwrap();
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            // A client that does not trust the certificate hangs up here.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            serve(stream).await;
        });
    })
}

/// A server for `localhost` that offers one protocol and answers with the method and path of the request.
pub(crate) fn server(protocol: &str) -> Server {
    answering(protocol, 9999, false)
}

/// The same with a certificate of its own, and perhaps a question for the client's.
pub(crate) fn answering(protocol: &str, year: i32, client: bool) -> Server {
    let http2 = protocol == "h2";
    secure(year, protocol, client, async move |stream| {
        let io = TokioIo::new(stream);
        let service = service_fn(async |request: hyper::Request<hyper::body::Incoming>| {
            let body = format!("{} {}", request.method(), request.uri().path());
            Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from(body))))
        });
        let _ = if http2 {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
        } else {
            hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
        };
    })
}

pub(crate) fn trusting() -> HttpClientBuilder {
    builder().with_root_certificate_pem(authority().pem())
}

pub(crate) fn trusting_client() -> HttpClient {
    trusting().build().unwrap()
}

#[test]
fn a_custom_authority_is_trusted() {
    let server = server("http/1.1");
    assert_eq!(pollster::block_on(text(&trusting_client(), &server.https("/a"))).unwrap(), "GET /a");
}

#[test]
fn an_unknown_authority_is_not() {
    let server = server("http/1.1");
    let error = pollster::block_on(text(&builder().build().unwrap(), &server.https("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    let shown = error.to_string();
    assert!(shown.contains("localhost:") && shown.contains("with_root_certificate_pem"), "{shown}");
    assert!(!error.is_retryable());
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    let url = server("http/1.1").https("/").replace("localhost", "127.0.0.1");
    let error = pollster::block_on(text(&trusting_client(), &url)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[test]
fn http2_is_negotiated_and_shares_one_connection() {
    let server = server("h2");
    let (client, url) = (trusting_client(), server.https("/b"));
    let run = async {
        assert_eq!(text(&client, &url).await.unwrap(), "GET /b");
        let calls = (0..50).map(|_| text(&client, &url));
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer.unwrap(), "GET /b");
        }
    };
    pollster::block_on(run);
    assert_eq!(server.connections(), 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    assert_eq!(runtime.block_on(text(&client, &url)).unwrap(), "GET /b");
}

#[test]
fn http2_can_be_turned_off() {
    let client = trusting().with_http2(false).build().unwrap();
    assert_eq!(pollster::block_on(text(&client, &server("http/1.1").https("/"))).unwrap(), "GET /");
    let error = pollster::block_on(text(&client, &server("h2").https("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[test]
fn a_plain_server_is_recognized() {
    let server = Server::new(|connection| {
        connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.until_closed();
    });
    let error = pollster::block_on(get(&trusting_client(), &server.https("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("does not seem to speak TLS"), "{error}");
}

#[test]
fn a_server_that_hangs_up_during_the_handshake() {
    let error = pollster::block_on(get(&trusting_client(), &Server::raw(drop).https("/"))).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
    assert!(error.to_string().contains("TLS handshake"), "{error}");
}

#[test]
fn a_server_that_never_answers_the_handshake() {
    let server = Server::raw(|mut tcp| drop(std::io::copy(&mut tcp, &mut std::io::sink())));
    let client = builder().with_connect_timeout(Duration::from_millis(500)).build().unwrap();
    let error = pollster::block_on(get(&client, &server.https("/"))).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true), "{error}");
    for part in ["no TLS handshake", "use `http://`", "500ms"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn root_certificates_that_cannot_be_read_are_configuration_errors() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\n", broken] {
        let error = builder().with_root_certificate_pem(pem).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{pem}");
    }
}

#[test]
fn an_expired_certificate_is_not_trusted() {
    let error = pollster::block_on(get(&trusting_client(), &answering("http/1.1", 2001, false).https("/")));
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
    assert!(error.to_string().contains("xpired"), "{error}");
}

#[test]
fn an_alert_ends_the_handshake_for_good() {
    let server = Server::new(|connection| {
        // A fatal alert: handshake failure.
        std::io::Write::write_all(&mut connection.stream, &[0x15, 3, 3, 0, 2, 2, 40]).unwrap();
        connection.until_closed();
    });
    let error = pollster::block_on(get(&trusting_client(), &server.https("/"))).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
}

#[test]
fn a_restart_that_closes_all_kept_connections_is_survived() {
    // Two answers at once leave two connections, which close with a reset as soon as something comes: what was sent on them
    // was not read.
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let opened = std::sync::atomic::AtomicUsize::new(0);
    let server = secure(9999, "http/1.1", false, async move |mut stream| {
        let number = opened.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        if number < 2 {
            both.wait().await;
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        let _ = stream.get_ref().0.peek(&mut head).await;
    });
    let (client, url) = (trusting_client(), server.https("/"));
    pollster::block_on(async {
        let (one, other) = futures_util::future::join(text(&client, &url), text(&client, &url)).await;
        assert_eq!((one.unwrap().as_str(), other.unwrap().as_str()), ("hello", "hello"));
        assert_eq!(text(&client, &url).await.unwrap(), "hello");
    });
    assert_eq!(server.connections(), 3);
}

#[test]
fn tls_that_fails_amid_a_body_has_cut_it() {
    let (cut, wait) = std::sync::mpsc::channel();
    let wait = std::sync::Mutex::new(wait);
    let server = secure(9999, "http/1.1", false, async move |mut stream| {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
        wait.lock().unwrap().recv().unwrap();
        let _ = stream.get_mut().0.write_all(b"no record of TLS").await;
        while let Ok(1..) = stream.get_mut().0.read(&mut head).await {}
    });
    let error = pollster::block_on(async {
        let mut body = get(&trusting_client(), &server.https("/")).await.unwrap().into_body();
        assert_eq!(body.next().await.unwrap().unwrap(), "half");
        cut.send(()).unwrap();
        body.next().await.unwrap().unwrap_err()
    });
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true), "{error}");
}

/// A failure of today is none of tomorrow: roots may be installed while the process runs.
#[test]
#[cfg(all(target_os = "linux", not(feature = "webpki-roots")))]
fn roots_that_come_late_are_found() {
    let file = std::env::temp_dir().join(format!("catena-roots-{}.pem", std::process::id()));
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::in_a_child_without_roots", "--ignored"])
        .env("SSL_CERT_FILE", &file)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "run in a process of its own, which looks for the platform's roots where there are none yet"]
fn in_a_child_without_roots() {
    let Some(file) = std::env::var_os("SSL_CERT_FILE") else { return };
    let (server, client) = (server("http/1.1"), builder().build().unwrap());
    let url = server.https("/late");
    for _ in 0..2 {
        let error = pollster::block_on(text(&client, &url)).unwrap_err();
        assert!(error.to_string().contains("no certificate authorities"), "{error}");
    }
    std::fs::write(file, authority().pem()).unwrap();
    assert_eq!(pollster::block_on(text(&client, &url)).unwrap(), "GET /late");
}
