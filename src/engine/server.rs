//! The listener for accounts.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::account_link::AccountLink;
use super::lobby::{Guest, Lobby};
use super::shared::Shared;
use super::stop::{Signal, Stop};
use super::tap::{Tap, Tapped};
use super::unwound::unwound;
use super::world::session_settings;
use crate::link::tls::HandshakeFault;
use crate::link::{Link, Octets, Stream};
use crate::message::dialect::Dialect;
use crate::message::words::Word;
use crate::session::Session;
use crate::telemetry;
use crate::wire::Role;

/// How long to wait after the system could not give us a connection (no file descriptor is left):
/// at once would only fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// At most one complaint in this time: where connections come and go at a limit, it is reached
/// again with each that is taken.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(10);

/// Where connections of accounts come from.
#[derive(Debug)]
pub enum Arrivals {
    /// A socket.
    Socket(TcpListener),
    /// A simulator.
    Given(mpsc::UnboundedReceiver<(Box<dyn Octets>, SocketAddr)>),
}

/// A connection that has just come.
enum Arrived {
    Tcp(TcpStream),
    Given(Box<dyn Octets>),
}

impl Arrivals {
    async fn accept(&mut self) -> io::Result<(Arrived, SocketAddr)> {
        match self {
            Self::Socket(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Arrived::Tcp(stream), peer))
            }
            Self::Given(given) => match given.recv().await {
                Some((stream, peer)) => Ok((Arrived::Given(stream), peer)),
                None => std::future::pending().await,
            },
        }
    }
}

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

/// What is counted each time and logged at most once in [`COMPLAINT_PAUSE`], by all that it happens
/// to.
#[derive(Debug, Default)]
struct Sampled(Mutex<Sample>);

#[derive(Debug, Default)]
struct Sample {
    told_at: Option<Instant>,
    untold: u64,
}

impl Sampled {
    /// It has happened; where it is worth a line, how often it has since the last.
    fn times(&self, now: Instant) -> Option<u64> {
        // A panic elsewhere leaves both true.
        let mut sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sample.untold += 1;
        if sample.told_at.is_some_and(|at| now < at + COMPLAINT_PAUSE) {
            return None;
        }
        sample.told_at = Some(now);
        Some(std::mem::take(&mut sample.untold))
    }
}

/// Accepts connections until accounts are stopped.
pub async fn serve(
    shared: Arc<Shared>,
    mut arrivals: Arrivals,
    mut signal: watch::Receiver<Signal>,
) {
    let open = Arc::new(AtomicU32::new(0));
    let lobby = Arc::new(Lobby::default());
    let mut refusing = Refusing::default();
    let handshakes = Arc::new(Sampled::default());
    loop {
        let accepted = tokio::select! {
            biased;
            changed = signal.changed() => match changed {
                Ok(()) if signal.borrow().stop == Stop::Nothing => continue,
                _ => return,
            },
            accepted = arrivals.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if refusing.refuse(&shared, "accept") {
                    tracing::error!(%error, "cannot accept connections");
                }
                // What the signal says meanwhile is seen a moment later.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let world = shared.world();
        let limits = &world.settings.smpp;
        if open.load(Ordering::Relaxed) >= limits.sessions_max {
            if refusing.refuse(&shared, "sessions_max") {
                tracing::warn!(%peer, "connections are closed at once: sessions_max reached");
            }
            continue;
        }
        refusing.take();
        open.fetch_add(1, Ordering::Relaxed);
        shared.metrics.sessions.increment(1);
        let (shared, signal) = (Arc::clone(&shared), signal.clone());
        let (open, guest) = (Arc::clone(&open), lobby.enter(limits.unbound_sessions_max));
        let handshakes = Arc::clone(&handshakes);
        tokio::spawn(async move {
            if let Err((reason, error)) = session(&shared, stream, peer, guest, signal).await {
                telemetry::handshake_failed(&shared.registry, reason);
                match handshakes.times(Instant::now()) {
                    Some(times) => {
                        tracing::info!(%peer, reason, %error, times, "a TLS handshake failed");
                    }
                    None => tracing::debug!(%peer, reason, %error, "a TLS handshake failed"),
                }
            }
            open.fetch_sub(1, Ordering::Relaxed);
            shared.metrics.sessions.decrement(1);
        });
    }
}

/// Serves one connection; an error says why the handshake failed, as a reason and in the words of
/// the system or of TLS.
async fn session(
    shared: &Arc<Shared>,
    arrived: Arrived,
    peer: SocketAddr,
    guest: Guest,
    mut signal: watch::Receiver<Signal>,
) -> Result<(), (&'static str, io::Error)> {
    let out = guest.out();
    let world = shared.world();
    let smpp = &world.settings.smpp;
    let rules = session_settings(&world.settings, &smpp.timers, &Dialect::default());
    let stream = match (arrived, world.tls.clone()) {
        (Arrived::Given(stream), _) => Stream::Given(stream),
        (Arrived::Tcp(stream), None) => Stream::plain(stream),
        (Arrived::Tcp(stream), Some(tls)) => {
            let _ = stream.set_nodelay(true);
            let handshake = tokio::time::timeout(rules.session_init, tls.accept(stream));
            let handshake = tokio::select! {
                handshake = handshake => handshake,
                () = out.wait() => return Err(too_many()),
            };
            let late = || io::Error::from(io::ErrorKind::TimedOut);
            let stream = handshake.unwrap_or_else(|_elapsed| Err(late()));
            let stream = stream.map_err(|error| (HandshakeFault::of(&error).word(), error))?;
            Stream::Tls(Box::new(stream))
        }
    };
    let session = Session::new(Role::Smsc, rules, shared.clock.now());
    let tap = Arc::<Tap>::default();
    let stream = Tapped::new(stream, Arc::clone(&tap), Some(peer), shared.clock).last();
    let owner = AccountLink::new(Arc::clone(shared), (peer, tap), guest);
    let unsent_max = smpp.unsent_max_bytes as usize;
    // A session may last for weeks; it is not to keep all that was so long ago.
    drop(world);
    let link = Link::new(stream, session, owner, shared.clock);
    let mut link = link.with_unwritten_max(unsent_max);
    loop {
        tokio::select! {
            biased;
            end = unwound(&mut link) => {
                if end.is_err() {
                    tracing::error!(%peer, "the session panicked, a bug: its peer may bind again");
                    telemetry::session_panicked(&shared.registry, "account");
                    link.into_parts().1.break_off(shared.clock.now()).await;
                }
                return Ok(());
            }
            // The owner looks at what was asked when the link is polled again.
            changed = signal.changed() => if changed.is_err() { return Ok(()) },
            () = out.wait() => {}
        }
    }
}

fn too_many() -> (&'static str, io::Error) {
    ("unbound_sessions_max", io::Error::other("unbound_sessions_max reached"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_by_the_thousand_is_told_now_and_then_with_how_often() {
        let (sampled, begin) = (Sampled::default(), Instant::now());
        assert_eq!(sampled.times(begin), Some(1));
        let pause = u64::try_from(COMPLAINT_PAUSE.as_millis()).unwrap();
        let at = |ms| sampled.times(begin + Duration::from_millis(ms));
        assert!((1..pause).all(|ms| at(ms).is_none()));
        assert_eq!(at(pause), Some(pause));
        assert_eq!((at(pause + 1), at(3 * pause)), (None, Some(2)));
    }
}
