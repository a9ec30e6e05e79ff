//! Links under TLS, with authorities and certificates made for the occasion.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::desk::*;
use chappe::link::tls::{ConnectorTls, ListenerTls};
use chappe::link::{Stream, connect, listen};
use chappe::session::{CloseReason, Settings};
use chappe::wire::{CommandId, Role};

const PATIENCE: Duration = Duration::from_secs(5);

/// A directory of PEM files that goes when the test does.
struct Files(PathBuf);

impl Files {
    /// An authority `ca`, and certificates of it for `server` (localhost) and `client`.
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("chappe-link-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let files = Self(std::env::temp_dir().join(name));
        fs::create_dir(&files.0).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        files.write("ca.pem", &ca.pem());
        for (name, subject) in [("server", "localhost"), ("client", "esme.example")] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([subject.to_owned()]).unwrap();
            files.write(&format!("{name}.pem"), &params.signed_by(&key, &ca).unwrap().pem());
            files.write(&format!("{name}.key"), &key.serialize_pem());
        }
        files
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn listener(&self, asks_for_client: bool) -> ListenerTls {
        let ca = self.path("ca.pem");
        let client_ca = asks_for_client.then_some(ca.as_path());
        ListenerTls::load(&self.path("server.pem"), &self.path("server.key"), client_ca).unwrap()
    }

    fn connector(&self, name: &str, shows_certificate: bool) -> ConnectorTls {
        let (cert, key) = (self.path("client.pem"), self.path("client.key"));
        let certificate = shows_certificate.then_some((cert.as_path(), key.as_path()));
        ConnectorTls::load(Some(&self.path("ca.pem")), name, certificate).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn local() -> (TcpListener, String) {
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Both sides' handshakes.
async fn handshake(
    listener: &ListenerTls,
    connector: &ConnectorTls,
) -> (io::Result<Stream>, io::Result<Stream>) {
    let (socket, address) = local();
    let accept = async {
        let (stream, _) = socket.accept().await?;
        Ok(Stream::Tls(Box::new(listener.accept(stream).await?)))
    };
    tokio::join!(accept, connect(&address, Some(connector), PATIENCE))
}

async fn exchange(accepted: Stream, connected: Stream) {
    let (client, server) = (Desk::default(), Desk::default());
    let smsc = run(accepted, Role::Smsc, Settings::default(), &server);
    let esme = run(connected, Role::Esme, Settings::default(), &client);
    client.submit(5000);
    until(|| client.responses() == 5000).await;
    client.unbind();
    assert_eq!(esme.await.unwrap(), CloseReason::Unbound);
    assert_eq!(smsc.await.unwrap(), CloseReason::PeerUnbound);
}

#[tokio::test]
async fn messages_go_both_ways_under_tls() {
    let files = Files::new();
    let (accepted, connected) =
        handshake(&files.listener(false), &files.connector("localhost", false)).await;
    exchange(accepted.unwrap(), connected.unwrap()).await;
}

#[tokio::test]
async fn a_client_certificate_is_asked_for_and_shown() {
    let files = Files::new();
    let (accepted, connected) =
        handshake(&files.listener(true), &files.connector("localhost", true)).await;
    exchange(accepted.unwrap(), connected.unwrap()).await;
}

#[tokio::test]
async fn a_client_without_the_certificate_asked_for_gets_no_link() {
    let files = Files::new();
    let (accepted, _) =
        handshake(&files.listener(true), &files.connector("localhost", false)).await;
    assert!(accepted.is_err());
}

#[tokio::test]
async fn a_client_certificate_of_another_authority_gets_no_link() {
    let (files, others) = (Files::new(), Files::new());
    fs::copy(files.path("ca.pem"), others.path("ca.pem")).unwrap();
    let (accepted, _) =
        handshake(&files.listener(true), &others.connector("localhost", true)).await;
    assert!(accepted.is_err());
}

#[tokio::test]
async fn a_server_of_another_name_or_authority_is_not_trusted() {
    let (files, others) = (Files::new(), Files::new());
    for connector in [files.connector("smsc.example", false), others.connector("localhost", false)]
    {
        let (_, connected) = handshake(&files.listener(false), &connector).await;
        assert_eq!(connected.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let files = Files::new();
    let (cert, key) = (files.path("server.pem"), files.path("server.key"));
    let absent = files.path("absent.pem");
    let error = ListenerTls::load(&absent, &key, None).unwrap_err().to_string();
    assert!(error.contains("absent.pem"), "{error}");
    let error = ListenerTls::load(&cert, &cert, None).unwrap_err().to_string();
    assert!(error.contains("server.pem"), "{error}");
    let error = ListenerTls::load(&key, &key, None).unwrap_err().to_string();
    assert!(error.contains("server.key"), "{error}");
    let error = ConnectorTls::load(Some(&cert), "not a name", None).unwrap_err().to_string();
    assert!(error.contains("not a name"), "{error}");
}

/// Paused time passes by itself while nothing but the socket is waited for.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_is_given_up() {
    let files = Files::new();
    let (socket, address) = local();
    let silent = TcpStream::connect(address).await.unwrap();
    let (stream, _) = socket.accept().await.unwrap();
    let refused = files.listener(false).accept(stream).await;
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(silent);
}

#[tokio::test]
async fn smpp_without_tls_on_a_port_with_tls_is_refused() {
    let files = Files::new();
    let (socket, address) = local();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(&bind(1)).await.unwrap();
    let (stream, _) = socket.accept().await.unwrap();
    assert!(files.listener(false).accept(stream).await.is_err());
}

/// Answers that TLS has taken but a full socket has not must go out as soon as it takes more,
/// though nothing further is written.
#[tokio::test]
async fn a_slow_reader_gets_everything_without_waiting_for_a_timer() {
    const REQUESTS: u32 = 600;
    let files = Files::new();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let socket = socket.listen(1).unwrap();
    let peer = TcpSocket::new_v4().unwrap();
    peer.set_recv_buffer_size(4096).unwrap();
    let peer = peer.connect(socket.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = socket.accept().await.unwrap();
    let (listener, connector) = (files.listener(false), files.connector("localhost", false));
    let (accepted, peer) = tokio::join!(listener.accept(accepted), connector.connect(peer));
    let (accepted, mut peer) = (Stream::Tls(Box::new(accepted.unwrap())), peer.unwrap());
    let desk = Desk::default();
    let link = run(accepted, Role::Smsc, Settings::default(), &desk);
    let mut octets = bind(1);
    octets.extend((2..2 + REQUESTS).flat_map(|sequence| encoded(&submit(), sequence)));
    peer.write_all(&octets).await.unwrap();
    peer.flush().await.unwrap();
    until(|| desk.requests() == REQUESTS as usize).await;
    let reading = read_pdus(&mut peer, 1 + REQUESTS as usize);
    let answers = tokio::time::timeout(PATIENCE, reading).await.expect("answers are held back");
    assert_eq!(answers.last(), Some(&(CommandId::SUBMIT_SM_RESP, OK, 1 + REQUESTS)));
    peer.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = peer.read_to_end(&mut rest).await;
    assert_eq!(link.await.unwrap(), CloseReason::Disconnected);
}
