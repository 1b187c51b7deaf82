//! The TLS configuration: which crypto, which roots, which protocols.

use std::fmt;
use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

/// A TLS configuration, and what is wrong with it.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    /// Why no certificate can be trusted. Kept until a TLS connection is asked for, because a client that only speaks
    /// plain HTTP to its own machine needs no roots.
    problem: Option<Error>,
}

impl Tls {
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Fails if no TLS connection can succeed.
    pub(crate) fn check(&self) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// A configuration that trusts the platform's roots and those in `roots_pem`.
pub(crate) fn configure(roots_pem: &[Vec<u8>], http2: bool) -> Result<Tls> {
    let extra = parse_roots(roots_pem)?;
    let provider = provider();
    let (verifier, problem) = match verifier(extra, &provider) {
        Ok(verifier) => (Some(verifier), None),
        Err(error) => (None, Some(error)),
    };
    // The process-wide default provider is never asked for: it panics where several are compiled in and none is chosen.
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| config_error("the TLS library supports no protocol version", error))?;
    let mut config = match verifier {
        Some(verifier) => {
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        None => builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols =
        if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    Ok(Tls { config: Arc::new(config), problem })
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

#[cfg(feature = "tls-ring")]
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(all(feature = "tls-aws-lc", not(feature = "tls-ring")))]
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
