//! The TLS configuration: which crypto, which roots, which protocols.

use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

/// A TLS configuration, or why no TLS connection can be made. The reason is kept until a connection is asked for, because
/// a client that only speaks plain HTTP to its own machine needs no TLS.
pub(crate) type Tls = Result<Arc<ClientConfig>>;

/// A configuration that trusts the platform's roots and those in `roots_pem`. Fails at once for settings that are wrong.
pub(crate) fn configure(roots_pem: &[Vec<u8>], http2: bool) -> Result<Tls> {
    let extra = parse_roots(roots_pem)?;
    Ok(config(extra, http2))
}

fn config(extra: Vec<CertificateDer<'static>>, http2: bool) -> Tls {
    let provider = provider()?;
    let verifier = verifier(extra, &provider)?;
    // The process-wide default provider is never asked for: it panics where several are compiled in and none is chosen.
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| config_error("the TLS library supports no protocol version", error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let protocols: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

fn parse_roots(roots_pem: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>> {
    let mut roots = Vec::new();
    for pem in roots_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(
                certificate.map_err(|error| config_error("a root certificate is not valid PEM", error))?,
            );
        }
        if roots.len() == before {
            let message = "the PEM text for `with_root_certificate_pem` holds no certificate";
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    // Checked apart from the platform's store, so that a bad certificate is told apart from a bad store.
    let mut store = rustls::RootCertStore::empty();
    for root in &roots {
        store.add(root.clone()).map_err(|error| config_error("a root certificate cannot be read", error))?;
    }
    Ok(roots)
}

fn config_error(what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Config, format!("{what}: {cause}")).with_source(cause)
}

fn verifier(
    extra: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    // With extra roots the platform's verifier does not complain about a platform without any.
    if cfg!(feature = "webpki-roots")
        && let Err(_no_platform_roots) = Verifier::new(Arc::clone(provider))
        && let Some(verifier) = baked_in(&extra, provider)
    {
        return verifier;
    }
    match Verifier::new_with_extra_roots(extra, Arc::clone(provider)) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => Err(Error::new(
            ErrorKind::Tls,
            format!(
                "no certificate authorities found on this system ({error}); install them (`ca-certificates`), point \
                 `SSL_CERT_FILE` to them, or enable the feature `webpki-roots`"
            ),
        )
        .with_source(error)),
    }
}

/// Mozilla's roots and `extra`, for a platform without roots.
#[cfg(feature = "webpki-roots")]
fn baked_in(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Option<Result<Arc<dyn ServerCertVerifier>>> {
    let mut store = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    store.add_parsable_certificates(extra.iter().cloned());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build();
    Some(match verifier {
        Ok(verifier) => Ok(verifier as Arc<dyn ServerCertVerifier>),
        Err(error) => Err(config_error("the baked-in roots cannot be used", error)),
    })
}

#[cfg(not(feature = "webpki-roots"))]
fn baked_in(
    _extra: &[CertificateDer<'static>],
    _provider: &Arc<CryptoProvider>,
) -> Option<Result<Arc<dyn ServerCertVerifier>>> {
    None
}

/// ring where both are compiled in, so that a crate that turns `tls-aws-lc` on changes nothing for the others.
fn provider() -> Result<Arc<CryptoProvider>> {
    #[cfg(feature = "tls-ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "tls-aws-lc", not(feature = "tls-ring")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc")))]
    return Err(Error::new(
        ErrorKind::Tls,
        "`https://` needs one of the features `tls-ring` and `tls-aws-lc` of `catena-http`, and neither is turned on",
    ));
}
