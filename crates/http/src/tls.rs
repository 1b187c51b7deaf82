//! The TLS configuration: crypto provider, root certificates, protocols.

use std::sync::{Arc, OnceLock};

use catena_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

/// The TLS settings of a client, and the configuration built from them on the first TLS connection.
///
/// The platform's roots are not loaded until then: a client that only uses plain HTTP does not need them.
#[derive(Debug)]
pub(crate) struct Tls {
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Identity>,
    http2: bool,
    /// Failures are not cached, as for [`PLATFORM`].
    config: OnceLock<Arc<ClientConfig>>,
}

/// A client certificate and its key. `Debug` hides the key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// The verifier that trusts the platform's roots and nothing else. It is the same for all clients of the process,
/// depends on no setting and takes many milliseconds to create, so it is created once. Failures are not cached: roots
/// may be installed while the process runs.
static PLATFORM: OnceLock<Arc<dyn ServerCertVerifier>> = OnceLock::new();

impl Tls {
    /// Creates settings that trust the platform's roots and those in `roots_pem`. Fails for unusable PEM text.
    pub(crate) fn new(roots_pem: &[Vec<u8>], identity: Option<Identity>, http2: bool) -> Result<Self> {
        Ok(Self { roots: parse_roots(roots_pem)?, identity, http2, config: OnceLock::new() })
    }

    pub(crate) fn offers_http2(&self) -> bool {
        self.http2
    }

    /// Returns the configuration, or why no TLS connection can be made.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>> {
        if let Some(known) = self.config.get() {
            return Ok(Arc::clone(known));
        }
        let made = self.configure()?;
        Ok(Arc::clone(self.config.get_or_init(|| made)))
    }

    fn configure(&self) -> Result<Arc<ClientConfig>> {
        let provider = provider()?;
        let verifier = self.verifier(&provider)?;
        // The process-wide default provider is not used: it panics if several are compiled in and none is selected.
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| config_error("the TLS library supports no protocol version", error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some(Identity { chain, key }) => config
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| config_error("the client certificate and its key cannot be used", error))?,
        };
        let protocols: &[&[u8]] = if self.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        if !self.roots.is_empty() {
            return verifier(self.roots.clone(), provider);
        }
        if let Some(known) = PLATFORM.get() {
            return Ok(Arc::clone(known));
        }
        let made = verifier(Vec::new(), provider)?;
        Ok(Arc::clone(PLATFORM.get_or_init(|| made)))
    }
}

impl Identity {
    /// Parses a certificate chain, which starts with the client's own certificate, and its private key.
    pub(crate) fn parse(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
        let chain = chain.map_err(|error| config_error("the client certificate is not valid PEM", error))?;
        if chain.is_empty() {
            let message = "the PEM text for `with_client_certificate_pem` holds no certificate";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let key = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|error| config_error("the key of the client certificate is not valid PEM", error))?;
        let identity = Self { chain, key };
        identity.check()?;
        Ok(identity)
    }

    /// Fails if the key does not match the certificate. Passes without a check if no crypto provider is compiled in.
    fn check(&self) -> Result<()> {
        let Ok(provider) = provider() else { return Ok(()) };
        rustls::sign::CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &provider)
            .map_err(|error| config_error("the client certificate and its key cannot be used", error))?;
        Ok(())
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
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
    // Checked separately from the platform's store, so that a bad certificate is not mistaken for a bad store.
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
    // Given extra roots, the platform's verifier does not report a platform without any.
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
                 `SSL_CERT_FILE` to them, or enable the feature `webpki-roots` of `catena`, of the provider's crate or of \
                 `catena-http`"
            ),
        )
        .with_source(error)),
    }
}

/// Returns a verifier for Mozilla's roots and `extra`, for platforms without roots.
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

/// Returns ring if both providers are compiled in, so that a crate that enables `tls-aws-lc` changes nothing for the
/// others.
pub(crate) fn provider() -> Result<Arc<CryptoProvider>> {
    #[cfg(feature = "tls-ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "tls-aws-lc", not(feature = "tls-ring")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc")))]
    return Err(Error::new(
        ErrorKind::Tls,
        "`https://` needs one of the features `tls-ring` and `tls-aws-lc` (of `catena`, of the provider's crate or of \
         `catena-http`), and neither is turned on",
    ));
}
