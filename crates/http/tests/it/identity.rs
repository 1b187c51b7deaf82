//! Client certificates.

use catena_core::ErrorKind;
use rcgen::{CertificateParams, KeyPair};

use crate::server::{get, text};
use crate::tls::{answering, authority, trusting, trusting_client};

/// A certificate that the test servers accept, and its key, as PEM text.
fn identity() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["client".to_owned()]).unwrap();
    (params.signed_by(&key, authority()).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_server_that_asks_is_shown_the_certificate() {
    let (certificate, key) = identity();
    for protocol in ["http/1.1", "h2"] {
        let server = answering(protocol, 9999, true);
        let client =
            trusting().with_client_certificate_pem(certificate.as_str(), key.as_str()).build().unwrap();
        assert_eq!(pollster::block_on(text(&client, &server.https("/a"))).unwrap(), "GET /a");
    }
}

#[test]
fn without_one_the_server_refuses() {
    let server = answering("http/1.1", 9999, true);
    let error = pollster::block_on(get(&trusting_client(), &server.https("/"))).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_configuration_errors() {
    let (certificate, key) = identity();
    let (_, other) = identity();
    for (certificate, key) in [
        ("", key.as_str()),
        ("hello", &key),
        (&certificate, ""),
        (&certificate, &certificate),
        (&certificate, &other),
        (&key, &key),
    ] {
        let builder = trusting().with_client_certificate_pem(certificate, key);
        assert!(!format!("{builder:?}").contains("PRIVATE"));
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
    }
}
