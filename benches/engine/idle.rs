//! What an idle bound session costs: resident memory of an engine with ten thousand of them, each
//! probed by enquire_link and answering.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chappe::link::tls::ConnectorTls;
use chappe::link::{Stream, connect};
use chappe::wire::table::{BindTransceiver, Body, EnquireLinkResp};
use chappe::wire::{COctetString, CommandId, CommandStatus, Header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::process::{Chappe, Shape};

/// Sessions held.
const SESSIONS: usize = 10_000;
/// Silence after which the engine probes.
const PROBE: Duration = Duration::from_secs(5);
/// Connections made at once.
const AT_ONCE: usize = 64;

/// Measures plain sessions, then sessions under TLS.
pub fn measure() {
    println!("idle bound sessions: {SESSIONS}, probed every {} s", PROBE.as_secs());
    measure_one("plain", None);
    let certificate = Certificate::make();
    measure_one("TLS", Some(&certificate));
}

fn measure_one(name: &str, certificate: Option<&Certificate>) {
    let tls = certificate.map_or(String::new(), |certificate| {
        format!(
            "tls = {{ cert_file = \"{}\", key_file = \"{}\" }}",
            certificate.cert.display(),
            certificate.key.display()
        )
    });
    let smpp = format!(
        "{tls}\nenquire_link_ms = {}\ninactivity_ms = 0\nsession_init_ms = 60000\n\
         unbound_sessions_max = 4096",
        PROBE.as_millis()
    );
    // No carrier listens there: the engine has nothing to do but hold sessions.
    let shape = Shape { binds: 1, smpp, ..Shape::default() };
    let engine = Chappe::engine(super::free_address(), &shape);
    let connector = certificate.map(|certificate| {
        ConnectorTls::load(Some(&certificate.cert), "localhost", None).expect("a certificate")
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let before = engine.rss_bytes();
    let probes = Arc::new(AtomicUsize::new(0));
    let probed = Arc::new(AtomicUsize::new(0));
    let alive = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let room = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        for _ in 0..SESSIONS {
            let permit = Arc::clone(&room).acquire_owned().await.expect("room");
            let (connector, address) = (connector.clone(), engine.address());
            let counts = [&probes, &probed, &alive].map(Arc::clone);
            tokio::spawn(async move {
                let stream = bind(address, connector.as_ref()).await;
                drop(permit);
                hold(stream, counts).await;
            });
        }
        while alive.load(Ordering::Relaxed) < SESSIONS {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(3 * PROBE).await;
    });
    let each = engine.rss_bytes().saturating_sub(before) / SESSIONS as u64;
    println!(
        "  {name}: {each} octets of RSS each; {} still bound, {} of them probed, {} probes",
        alive.load(Ordering::Relaxed),
        probed.load(Ordering::Relaxed),
        probes.load(Ordering::Relaxed)
    );
}

async fn bind(address: SocketAddr, connector: Option<&ConnectorTls>) -> Stream {
    let limit = Duration::from_secs(60);
    let mut stream =
        connect(&address.to_string(), connector, limit).await.expect("the engine accepts");
    let bind = BindTransceiver {
        system_id: COctetString::from("demo"),
        password: COctetString::from("demo"),
        interface_version: 0x34,
        ..BindTransceiver::default()
    };
    let mut octets = Vec::new();
    bind.encode(CommandStatus::ESME_ROK, 1, &mut octets).expect("short fields");
    stream.write_all(&octets).await.expect("the engine reads");
    let header = read_header(&mut stream).await.expect("the engine answers");
    assert!(header.command_status.is_ok(), "bind refused: {}", header.command_status);
    stream
}

/// Answers probes for as long as the session lives.
async fn hold(mut stream: Stream, [probes, probed, alive]: [Arc<AtomicUsize>; 3]) {
    alive.fetch_add(1, Ordering::Relaxed);
    let mut first = true;
    while let Some(header) = read_header(&mut stream).await {
        if header.command_id != CommandId::ENQUIRE_LINK {
            continue;
        }
        probes.fetch_add(1, Ordering::Relaxed);
        probed.fetch_add(usize::from(std::mem::take(&mut first)), Ordering::Relaxed);
        let mut octets = Vec::new();
        let answer = EnquireLinkResp::default();
        answer.encode(CommandStatus::ESME_ROK, header.sequence_number, &mut octets).expect("short");
        if stream.write_all(&octets).await.is_err() {
            break;
        }
    }
    alive.fetch_sub(1, Ordering::Relaxed);
}

/// Reads a PDU and passes over its body; `None` at the end of the stream.
async fn read_header(stream: &mut Stream) -> Option<Header> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.ok()?;
    let header = Header::read(&head)?;
    let mut body = vec![0; (header.command_length as usize).saturating_sub(16)];
    stream.read_exact(&mut body).await.ok()?;
    Some(header)
}

/// A certificate made for this run.
struct Certificate {
    cert: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("one");
        let at = |name: &str| {
            std::env::temp_dir().join(format!("chappe-bench-{}-{name}.pem", std::process::id()))
        };
        let (cert, key) = (at("cert"), at("key"));
        std::fs::write(&cert, made.cert.pem()).expect("a temporary file");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("a temporary file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, mode).expect("a key of our own");
        Self { cert, key }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.cert);
        let _ = std::fs::remove_file(&self.key);
    }
}
