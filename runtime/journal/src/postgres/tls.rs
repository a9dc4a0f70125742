//! How a connection is secured, by the parameters that libpq has for it.
//!
//! | `sslmode` | encrypted | the server's certificate is signed by whom we trust | and names the host |
//! |---|---|---|---|
//! | `disable` | no | | |
//! | `prefer`, or none | if the server can | not asked | not asked |
//! | `require` | yes | if `sslrootcert` is there | not asked |
//! | `verify-ca` | yes | yes | not asked |
//! | `verify-full` | yes | yes | yes |
//!
//! `sslrootcert` is a file of certificates in PEM; `system`, or none, stands for those that the
//! system trusts. `sslcert` and `sslkey` say who we are. Unix sockets are never encrypted.
//!
//! Source: the documentation of PostgreSQL, "SSL Support" of libpq.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The parameters of an address that are about this.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    mode: Option<String>,
    root: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Parameters {
    /// Takes one parameter, as it stands in an address; `false` if it is about something else.
    pub(super) fn take(&mut self, parameter: &str) -> bool {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        match name {
            "sslmode" => self.mode = Some(value),
            "sslrootcert" if value == "system" => self.root = None,
            "sslrootcert" => self.root = Some(value.into()),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            _ => return false,
        }
        true
    }

    /// How connections are made; `None` for those that are not encrypted. Tells `config` which they
    /// are to be.
    pub(super) fn connector(
        self,
        config: &mut Config,
    ) -> Result<Option<MakeRustlsConnect>, String> {
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let (mode, trust) = match (self.mode.as_deref(), &self.root) {
            (Some("disable"), _) => (SslMode::Disable, Trust::Anyone),
            (Some("prefer") | None, _) => (SslMode::Prefer, Trust::Anyone),
            (Some("require"), None) => (SslMode::Require, Trust::Anyone),
            (Some("require"), Some(_)) | (Some("verify-ca"), _) => {
                (SslMode::Require, Trust::AnyName)
            }
            (Some("verify-full"), _) => (SslMode::Require, Trust::Named),
            (Some(other), _) => {
                return Err(format!(
                    "`sslmode` is disable, prefer, require, verify-ca or verify-full, not {other}"
                ));
            }
        };
        if is_local || mode == SslMode::Disable {
            config.ssl_mode(SslMode::Disable);
            return Ok(None);
        }
        config.ssl_mode(mode);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = trust.verifier(self.root.as_deref(), &provider)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let client = match (&self.certificate, &self.key) {
            (None, None) => client.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = certificates("sslcert", certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key);
                let secret = secret.map_err(|error| unreadable("sslkey", key, &error))?;
                client.with_client_auth_cert(chain, secret).map_err(|error| {
                    let (certificate, key) = (certificate.display(), key.display());
                    format!("`sslcert` {certificate} and `sslkey` {key}: {error}")
                })?
            }
            (Some(_), None) => return Err("`sslcert` needs `sslkey`".to_owned()),
            (None, Some(_)) => return Err("`sslkey` needs `sslcert`".to_owned()),
        };
        Ok(Some(MakeRustlsConnect::new(client)))
    }
}

fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).and_then(|certificates| certificates.collect());
    match all {
        Ok(all) if all.is_empty() => Err(format!("`{what}` {}: no certificate", path.display())),
        Ok(all) => Ok(all),
        Err(error) => Err(unreadable(what, path, &error)),
    }
}

fn unreadable(what: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("`{what}` {}: {error}", path.display())
}

/// Whom we believe to be the server.
#[derive(Debug, Clone, Copy)]
enum Trust {
    Anyone,
    /// Whoever has a certificate, whatever it names.
    AnyName,
    /// Who has a certificate for the name of the host.
    Named,
}

impl Trust {
    fn verifier(
        self,
        root: Option<&Path>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, String> {
        if let Trust::Anyone = self {
            return Ok(Arc::new(Lenient { trust: None, provider: provider.clone() }));
        }
        let strict: Arc<dyn ServerCertVerifier> = match root {
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates("sslrootcert", path)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| unreadable("sslrootcert", path, &error))?;
                }
                let builder =
                    WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
                builder.build().map_err(|error| unreadable("sslrootcert", path, &error))?
            }
            None => Arc::new(Verifier::new(provider.clone()).map_err(|error| error.to_string())?),
        };
        Ok(match self {
            Trust::Named => strict,
            Trust::Anyone | Trust::AnyName => {
                Arc::new(Lenient { trust: Some(strict), provider: provider.clone() })
            }
        })
    }
}

/// Believes whoever `trust` believes but for the name; everybody without one. Who answers has the
/// key of the certificate in any case.
#[derive(Debug)]
struct Lenient {
    trust: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        // The name is the last thing that is looked at.
        match trust.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
