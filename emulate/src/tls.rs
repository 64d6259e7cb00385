//! TLS as phones do it, for HTTPS and for SIP (RFC 3261 26.3): the server must show a certificate for the
//! host that it is asked by, of an authority that is trusted.
//!
//! A self-signed certificate that the operator has installed in the phone is trusted as it is, though it
//! says of itself that it is an authority, as `openssl req -x509` makes it.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// Why the certificates of `--ca` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is no certificate in it.
    #[error("no certificate in it (expected PEM)")]
    Empty,
    /// It is not PEM; the text says where.
    #[error("not PEM: {0}")]
    Pem(String),
    /// A certificate cannot be read; the text says why.
    #[error("not a certificate that can be trusted: {0}")]
    Certificate(String),
}

/// `authority`: the certificates (PEM) that are trusted; `None`: the public ones.
pub(crate) fn config(authority: Option<&str>) -> Result<Arc<ClientConfig>, Unusable> {
    let mut roots = RootCertStore::empty();
    let mut installed = Vec::new();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| Unusable::Pem(error.to_string()))?;
                installed.push(certificate.clone());
                roots.add(certificate).map_err(|error| Unusable::Certificate(error.to_string()))?;
            }
            if installed.is_empty() {
                return Err(Unusable::Empty);
            }
        }
    }
    let provider = Arc::new(ring::default_provider());
    let unusable = |error: &dyn std::fmt::Display| Unusable::Certificate(error.to_string());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| unusable(&error))?;
    let verifier = Verifier { usual, installed, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The usual check, and beside it: the certificate itself is installed in the phone.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    installed: Vec<CertificateDer<'static>>,
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
    ) -> Result<ServerCertVerified, rustls::Error> {
        let usual = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match usual {
            // The dates are checked before the kind of certificate is: those are right here.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                if self.installed.iter().any(|own| **own == **end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What went wrong, in words for people. `None` if it is not TLS that failed.
pub(crate) fn words(error: &std::io::Error) -> Option<String> {
    error.get_ref()?.downcast_ref::<rustls::Error>().map(in_words)
}

pub(crate) fn in_words(error: &rustls::Error) -> String {
    use CertificateError as C;
    let why = match error {
        rustls::Error::InvalidCertificate(why) => why,
        rustls::Error::AlertReceived(alert) => {
            return format!("the server ends the TLS handshake ({alert:?})");
        }
        rustls::Error::InvalidMessage(_) => {
            return "the server does not speak TLS at this port".to_owned();
        }
        _ => return format!("TLS: {error}"),
    };
    let what = match why {
        C::UnknownIssuer => {
            "is not signed by an authority that this phone trusts; give that authority's certificate, or \
             a self-signed one itself, by --ca"
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "is for another name than the one in the URL (its subjectAltName counts)"
        }
        C::Expired | C::ExpiredContext { .. } => "has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "is not valid yet",
        C::Revoked => "is revoked",
        C::BadEncoding | C::BadSignature => "is damaged",
        C::Other(_) => {
            "is an authority's own and is not installed in the phone; give it by --ca, or use one that \
             the authority has signed"
        }
        _ => return format!("the server's certificate is not accepted: {why}"),
    };
    format!("the server's certificate {what}")
}
