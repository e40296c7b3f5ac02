//! TLS with libpq's meanings: `prefer` and `require` encrypt without checking, `verify-ca` checks who signed the certificate,
//! `verify-full` also for whom.

use crate::config::{PostgresAddress, SslMode};
use crate::error::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What a connection with TLS is made with.
pub(super) fn connector(address: &PostgresAddress) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        mode: address.ssl_mode,
        authorities: match address.ssl_mode {
            SslMode::VerifyCa | SslMode::VerifyFull => Some(Authorities::of(
                address.root_certificate.as_deref(),
                &provider,
            )?),
            _ => None,
        },
        provider: Arc::clone(&provider),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::failed(format!("TLS: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match &address.client_certificate {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, &e))?;
            config
                .with_client_auth_cert(chain, secret)
                .map_err(|e| Error::usage(format!("{}: {e}", certificate.display())))?
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Who may sign the server's certificate.
#[derive(Debug)]
struct Authorities {
    verifier: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Authorities {
    fn of(file: Option<&Path>, provider: &Arc<CryptoProvider>) -> Result<Authorities> {
        let file = file.ok_or_else(|| Error::usage("sslrootcert is not given"))?;
        let certificates = certificates(file)?;
        let mut roots = RootCertStore::empty();
        let (known, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if known == 0 {
            return Err(
                Error::usage(format!("{} holds no certificate", file.display()))
                    .hint("sslrootcert names a PEM file of certificate authorities"),
            );
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|e| Error::usage(format!("{}: {e}", file.display())))?;
        Ok(Authorities {
            verifier,
            certificates,
        })
    }

    /// Whether it is the server's own certificate, which says of itself that it is an authority, that `error` refuses as such.
    /// The time is looked at before that, so it is valid; only the name has not been checked.
    fn is_only_itself(&self, certificate: &CertificateDer<'_>, error: &TlsError) -> bool {
        let TlsError::InvalidCertificate(CertificateError::Other(why)) = error else {
            return false;
        };
        why.to_string().contains("CaUsedAsEndEntity")
            && self.certificates.iter().any(|known| known == certificate)
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|e| unreadable(file, &e))
}

fn unreadable(file: &Path, error: &rustls_pki_types::pem::Error) -> Error {
    Error::usage(format!("{} cannot be read: {error}", file.display()))
        .hint("sslrootcert, sslcert and sslkey name PEM files")
}

/// Checks as much of the server's certificate as the mode asks for.
#[derive(Debug)]
struct Verifier {
    mode: SslMode,
    authorities: Option<Authorities>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            // The name is looked at last: whoever signed it is known by then.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.mode == SslMode::VerifyCa => Ok(ServerCertVerified::assertion()),
            Err(e) if authorities.is_only_itself(end_entity, &e) => {
                if self.mode == SslMode::VerifyFull {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
