//! What a session's octets travel on: a socket, plain or under TLS, or what is given in its place.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsStream;

use super::tls::ConnectorTls;

/// Connections the kernel keeps for us until they are accepted: a restart of a large customer
/// base must not overflow it.
const BACKLOG: u32 = 4096;

/// What a session's octets travel on.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// No socket at all: a simulator's.
    Given(Box<dyn Octets>),
}

/// Octets that travel both ways.
pub trait Octets: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Octets for S {}

/// Where connections lead.
#[derive(Clone, Debug, Default)]
pub enum Network {
    /// To where the machine's do.
    #[default]
    Machine,
    /// To where a simulator has them.
    Given(Arc<dyn Connects>),
}

/// Makes connections in the place of the machine.
pub trait Connects: fmt::Debug + Send + Sync {
    /// Connects to `address` (host:port), however long that takes.
    fn connect(&self, address: &str) -> Connecting;
}

/// A connection that is being made.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Octets>>> + Send>>;

impl Network {
    /// Connects to `address` (host:port), with TLS when asked, within `timeout`.
    ///
    /// # Errors
    /// As [`connect`].
    pub async fn connect(
        &self,
        address: &str,
        tls: Option<&ConnectorTls>,
        timeout: Duration,
    ) -> io::Result<Stream> {
        match self {
            Self::Machine => connect(address, tls, timeout).await,
            Self::Given(given) => {
                let attempt = given.connect(address);
                within(timeout, async { attempt.await.map(Stream::Given) }).await
            }
        }
    }
}

async fn within(
    timeout: Duration,
    attempt: impl Future<Output = io::Result<Stream>>,
) -> io::Result<Stream> {
    match tokio::time::timeout(timeout, attempt).await {
        Ok(result) => result,
        Err(_elapsed) => Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long")),
    }
}

impl Stream {
    /// A plain stream with small segments sent at once: batching is ours, not Nagle's.
    #[must_use]
    pub fn plain(stream: TcpStream) -> Self {
        // Failing to set it costs latency, not correctness.
        let _ = stream.set_nodelay(true);
        Self::Plain(stream)
    }

    /// The peer's address; `None` when the connection is gone already.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        let tcp = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Given(_) => return None,
        };
        tcp.peer_addr().ok()
    }

    /// Closes as a crash would: the peer gets a reset, and what it has not read is lost to it.
    pub fn reset(self) {
        let tcp = match &self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Given(_) => return,
        };
        // Failing to set it makes an ordinary end of it.
        let _ = tcp.set_zero_linger();
    }
}

/// Listens on `address`, which may be in TIME_WAIT after a restart.
///
/// # Errors
/// What the system says.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Connects to `address` (host:port), with TLS when asked, within `timeout`.
///
/// # Errors
/// What the resolver, the system or the handshake says; `TimedOut` after `timeout`.
pub async fn connect(
    address: &str,
    tls: Option<&ConnectorTls>,
    timeout: Duration,
) -> io::Result<Stream> {
    let attempt = async {
        let stream = TcpStream::connect(address).await?;
        let _ = stream.set_nodelay(true);
        match tls {
            None => Ok(Stream::Plain(stream)),
            Some(tls) => Ok(Stream::Tls(Box::new(tls.connect(stream).await?))),
        }
    };
    within(timeout, attempt).await
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            Self::Given(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, octets),
            Self::Given(stream) => Pin::new(stream.as_mut()).poll_write(cx, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Self::Given(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Self::Given(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
