//! The TLS configuration: which crypto, which roots, which protocols.

use std::sync::{Arc, OnceLock};

use catena_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

/// The TLS settings of a client, and what was made of them when the first connection needed it.
///
/// The platform's roots are read then and not before: a client that only speaks plain HTTP to its own machine needs none.
#[derive(Debug)]
pub(crate) struct Tls {
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Identity>,
    http2: bool,
    /// A failure is not kept, as that of [`PLATFORM`] is not.
    config: OnceLock<Arc<ClientConfig>>,
}

/// What a client shows to servers that ask who it is. `Debug` hides the key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// The verifier that trusts what the platform trusts, and nothing else. It is the same for all clients of the process,
/// holds no setting of anybody, and costs many milliseconds to make, so it is made once. A failure is not kept: roots may
/// be installed while the process runs.
static PLATFORM: OnceLock<Arc<dyn ServerCertVerifier>> = OnceLock::new();

impl Tls {
    /// Settings that trust the platform's roots and those in `roots_pem`. Fails for PEM text that cannot be used.
    pub(crate) fn new(roots_pem: &[Vec<u8>], identity: Option<Identity>, http2: bool) -> Result<Self> {
        Ok(Self { roots: parse_roots(roots_pem)?, identity, http2, config: OnceLock::new() })
    }

    pub(crate) fn offers_http2(&self) -> bool {
        self.http2
    }

    /// The configuration, or why no TLS connection can be made.
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
        // The process-wide default provider is never asked for: it panics where several are compiled in and none is
        // chosen.
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
    /// Reads a certificate chain, the client's own first, and its private key.
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

    /// Fails for a key that does not belong to the certificate. Without cryptography compiled in nobody can tell.
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
                 `SSL_CERT_FILE` to them, or enable the feature `webpki-roots` of `catena`, of the provider's crate or of \
                 `catena-http`"
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
