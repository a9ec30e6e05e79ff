//! The listener for accounts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::account_link::AccountLink;
use super::lobby::{Guest, Lobby};
use super::shared::{Shared, session_settings};
use super::stop::Stop;
use crate::link::tls::ListenerTls;
use crate::link::{Link, Stream};
use crate::message::dialect::Dialect;
use crate::session::Session;
use crate::telemetry;
use crate::wire::Role;

/// How long to wait after the system could not give us a connection (no file descriptor is left):
/// at once would only fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// At most one complaint in this time: where connections come and go at a limit, it is reached
/// again with each that is taken.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(10);

/// Whether connections are refused just now. What comes by the thousand is counted each time and
/// logged now and then.
#[derive(Debug, Default)]
struct Refusing {
    /// Why, if that was logged and its end was not.
    told: Option<&'static str>,
    told_at: Option<Instant>,
}

impl Refusing {
    /// One more for this reason; whether it is worth a line.
    fn refuse(&mut self, shared: &Shared, reason: &'static str) -> bool {
        telemetry::connection_refused(&shared.registry, reason);
        if self.told_at.is_some_and(|at| at.elapsed() < COMPLAINT_PAUSE) {
            return false;
        }
        self.told_at = Some(Instant::now());
        self.told.replace(reason) != Some(reason)
    }

    fn take(&mut self) {
        if let Some(reason) = self.told.take() {
            tracing::info!(reason, "connections are taken again");
        }
    }
}

/// Accepts connections until accounts are stopped.
pub async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<ListenerTls>,
    mut stop: watch::Receiver<Stop>,
) {
    let open = Arc::new(AtomicU32::new(0));
    let lobby = Lobby::new(shared.settings.smpp.unbound_sessions_max);
    let mut refusing = Refusing::default();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if refusing.refuse(&shared, "accept") {
                    tracing::error!(%error, "cannot accept connections");
                }
                tokio::select! {
                    biased;
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(ACCEPT_PAUSE) => continue,
                }
            }
        };
        if open.load(Ordering::Relaxed) >= shared.settings.smpp.sessions_max {
            if refusing.refuse(&shared, "sessions_max") {
                tracing::warn!(%peer, "connections are closed at once: sessions_max reached");
            }
            continue;
        }
        refusing.take();
        open.fetch_add(1, Ordering::Relaxed);
        shared.metrics.sessions.increment(1);
        let (shared, tls, stop) = (Arc::clone(&shared), tls.clone(), stop.clone());
        let (open, guest) = (Arc::clone(&open), lobby.enter());
        tokio::spawn(async move {
            if let Err(error) = session(&shared, stream, peer, tls, guest, stop).await {
                tracing::debug!(%peer, %error, "connection failed before SMPP");
            }
            open.fetch_sub(1, Ordering::Relaxed);
            shared.metrics.sessions.decrement(1);
        });
    }
}

async fn session(
    shared: &Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<ListenerTls>,
    guest: Guest,
    mut stop: watch::Receiver<Stop>,
) -> io::Result<()> {
    let out = guest.out();
    let timers = shared.settings.smpp.timers;
    let rules = session_settings(&shared.settings, &timers, &Dialect::default());
    let stream = match tls {
        None => Stream::plain(stream),
        Some(tls) => {
            let _ = stream.set_nodelay(true);
            let handshake = tokio::time::timeout(rules.session_init, tls.accept(stream));
            let handshake = tokio::select! {
                handshake = handshake => handshake,
                () = out.wait() => return Err(too_many()),
            };
            let stream = handshake.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Stream::Tls(Box::new(stream))
        }
    };
    let session = Session::new(Role::Smsc, rules, shared.clock.now());
    let owner = AccountLink::new(Arc::clone(shared), peer, guest);
    let unsent_max = shared.settings.smpp.unsent_max_bytes as usize;
    let link = Link::new(stream, session, owner, shared.clock);
    let mut link = link.with_unwritten_max(unsent_max);
    loop {
        tokio::select! {
            biased;
            _reason = &mut link => return Ok(()),
            // The owner looks at what was asked when the link is polled again.
            changed = stop.changed() => if changed.is_err() { return Ok(()) },
            () = out.wait() => {}
        }
    }
}

fn too_many() -> io::Error {
    io::Error::other("unbound_sessions_max reached")
}
