//! TLS either way: files of certificates and keys to connectors and acceptors.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::message::words::words;

/// How long a peer may take for a handshake: one that connects and says nothing must not hold a
/// socket for ever.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// What could not be used, and why.
#[derive(Debug)]
pub struct TlsError {
    file: PathBuf,
    why: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for TlsError {}

fn unusable(file: &Path, why: impl fmt::Display) -> TlsError {
    TlsError { file: file.to_owned(), why: why.to_string() }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| unusable(file, error))?;
    let certificates: Vec<_> =
        read.collect::<Result<_, _>>().map_err(|error| unusable(file, error))?;
    if certificates.is_empty() {
        return Err(unusable(file, "no certificate in it"));
    }
    Ok(certificates)
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(file, error))
}

fn roots(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| unusable(file, error))?;
    }
    Ok(roots)
}

/// The authorities the system trusts.
fn system_roots() -> Result<RootCertStore, TlsError> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _unusable) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        return Err(unusable(Path::new("the system's certificates"), "none can be used"));
    }
    Ok(roots)
}

/// The cryptography, named: were it left to the process, a second provider among the dependencies
/// would make every handshake panic.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The listener's side.
#[derive(Clone)]
pub struct ListenerTls {
    acceptor: TlsAcceptor,
}

impl fmt::Debug for ListenerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListenerTls")
    }
}

impl ListenerTls {
    /// Serves the certificate chain of `cert_file` with the key of `key_file`; asks clients for a
    /// certificate of `client_ca_file` when one is given.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn load(
        cert_file: &Path,
        key_file: &Path,
        client_ca_file: Option<&Path>,
    ) -> Result<Self, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(cert_file, error))?;
        let builder = match client_ca_file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots = Arc::new(roots(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                    .build()
                    .map_err(|error| unusable(file, error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(certificates(cert_file)?, key(key_file)?)
            .map_err(|error| unusable(cert_file, error))?;
        // Sessions live for days; resumption state for thousands of them is memory for nothing.
        config.send_tls13_tickets = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Does the handshake of an accepted connection.
    ///
    /// # Errors
    /// What the handshake says; `TimedOut` when it takes longer than ten seconds.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        // Failing to set it costs latency, not correctness.
        let _ = stream.set_nodelay(true);
        match tokio::time::timeout(HANDSHAKE_MAX, self.acceptor.accept(stream)).await {
            Ok(accepted) => Ok(TlsStream::Server(accepted?)),
            Err(_elapsed) => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long"))
            }
        }
    }
}

words! {
    /// Why a peer that connected to us did not come through the handshake.
    pub enum HandshakeFault {
        /// Nobody whom we trust has signed its certificate, or it is not valid for another reason.
        Certificate = "certificate",
        /// It ended the connection: a probe of the port, or a client that gave up.
        Closed = "closed",
        /// No version of TLS or no cipher is ours as well.
        Incompatible = "incompatible",
        /// It has shown no certificate where we want one.
        NoCertificate = "no_certificate",
        /// It does not speak TLS.
        NoTls = "no_tls",
        /// Something else.
        Other = "other",
        /// It said that it does not go on: it does not trust our certificate, mostly.
        Refused = "refused",
        /// It took too long.
        TimedOut = "timed_out",
    }
}

impl HandshakeFault {
    /// What an error of [`ListenerTls::accept`] says.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        let said = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (said, error.kind()) {
            (Some(rustls::Error::AlertReceived(_)), _) => Self::Refused,
            (Some(rustls::Error::InvalidCertificate(_)), _) => Self::Certificate,
            (Some(rustls::Error::InvalidMessage(_)), _) => Self::NoTls,
            (Some(rustls::Error::NoCertificatesPresented), _) => Self::NoCertificate,
            (Some(rustls::Error::PeerIncompatible(_)), _) => Self::Incompatible,
            (None, io::ErrorKind::TimedOut) => Self::TimedOut,
            (
                None,
                io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::NotConnected
                | io::ErrorKind::UnexpectedEof,
            ) => Self::Closed,
            _ => Self::Other,
        }
    }
}

/// The connector's side.
#[derive(Clone)]
pub struct ConnectorTls {
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

impl fmt::Debug for ConnectorTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectorTls({:?})", self.server_name)
    }
}

impl ConnectorTls {
    /// Trusts the authorities of `ca_file`, or the system's when there is none, expects the peer to
    /// be `server_name`, and shows a certificate of its own when one is given.
    ///
    /// # Errors
    /// Names the file or name that cannot be used.
    pub fn load(
        ca_file: Option<&Path>,
        server_name: &str,
        certificate: Option<(&Path, &Path)>,
    ) -> Result<Self, TlsError> {
        let roots = match ca_file {
            Some(file) => roots(file)?,
            None => system_roots()?,
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(Path::new("TLS versions"), error))?
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some((cert_file, key_file)) => builder
                .with_client_auth_cert(certificates(cert_file)?, key(key_file)?)
                .map_err(|error| unusable(cert_file, error))?,
        };
        let server_name = ServerName::try_from(server_name.to_owned())
            .map_err(|error| unusable(Path::new(server_name), error))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), server_name })
    }

    /// Does the handshake of a connection we made.
    ///
    /// # Errors
    /// What the handshake says.
    pub async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let stream = self.connector.connect(self.server_name.clone(), stream).await?;
        Ok(TlsStream::Client(stream))
    }
}
