//! A look at what one session reads and writes, while an operator wants it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::history::with;
use crate::link::{Clock, Stream};

/// Buffers that wait for who looks, each of one read or write. At the limit further ones are lost
/// and counted: the session waits for nobody.
const WAITING_MAX: usize = 64;

/// Octets that a session has read or written with one system call.
#[derive(Debug)]
pub struct Heard {
    /// When, in wall time since 1970.
    pub wall: Duration,
    /// Whether the peer sent them.
    pub incoming: bool,
    /// The peer.
    pub peer: Option<SocketAddr>,
    /// They.
    pub octets: Vec<u8>,
}

/// The place where one may listen in.
#[derive(Debug, Default)]
pub struct Tap {
    /// Whether somebody does: all that is looked at otherwise.
    open: AtomicBool,
    listener: Mutex<Option<Sender<Heard>>>,
    lost: AtomicU64,
}

impl Tap {
    /// Begins; `None` while somebody else listens.
    #[must_use]
    pub fn open(&self) -> Option<Receiver<Heard>> {
        with(&self.listener, |listener| {
            if listener.is_some() {
                return None;
            }
            let (sender, receiver) = mpsc::channel(WAITING_MAX);
            *listener = Some(sender);
            self.lost.store(0, Ordering::Relaxed);
            self.open.store(true, Ordering::Relaxed);
            Some(receiver)
        })
    }

    /// Ends.
    pub fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
        with(&self.listener, |listener| *listener = None);
    }

    /// Whether somebody listens.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Buffers that were lost since it began.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Tells who listens. To be asked [`Tap::is_open`] before.
    pub fn hear(&self, heard: Heard) {
        let told = with(&self.listener, |listener| match listener {
            Some(listener) => listener.try_send(heard).is_ok(),
            None => true,
        });
        if !told {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A stream that one may listen in on: behind TLS, so that it is heard as it is meant.
#[derive(Debug)]
pub struct Tapped {
    stream: Stream,
    tap: Arc<Tap>,
    peer: Option<SocketAddr>,
    clock: Clock,
    /// Whether nothing comes after this stream.
    is_last: bool,
}

impl Tapped {
    /// A stream after which others of the same tap may come, as a bind's do.
    #[must_use]
    pub fn new(stream: Stream, tap: Arc<Tap>, peer: Option<SocketAddr>, clock: Clock) -> Self {
        Self { stream, tap, peer, clock, is_last: false }
    }

    /// The same, the last one of its tap: who listens hears its end.
    #[must_use]
    pub fn last(mut self) -> Self {
        self.is_last = true;
        self
    }

    fn hear(&self, incoming: bool, octets: &[u8]) {
        if self.tap.is_open() && !octets.is_empty() {
            let (wall, octets) = (self.clock.now().wall, octets.to_vec());
            self.tap.hear(Heard { wall, incoming, peer: self.peer, octets });
        }
    }
}

impl Drop for Tapped {
    fn drop(&mut self) {
        if self.is_last {
            self.tap.close();
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(cx, buf));
        this.hear(true, buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(read)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, octets));
        if let Ok(written) = written {
            this.hear(false, octets.get(..written).unwrap_or_default());
        }
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard() -> Heard {
        Heard { wall: Duration::ZERO, incoming: true, peer: None, octets: vec![1] }
    }

    #[test]
    fn one_listens_at_a_time_and_who_is_slow_loses_what_the_session_does_not_wait_with() {
        let tap = Tap::default();
        assert!(!tap.is_open());
        let mut receiver = tap.open().unwrap();
        assert!(tap.is_open() && tap.open().is_none());
        for _ in 0..WAITING_MAX + 3 {
            tap.hear(heard());
        }
        assert_eq!(tap.lost(), 3);
        assert_eq!(receiver.try_recv().unwrap().octets, [1]);
        tap.close();
        assert!(!tap.is_open());
        assert!(tap.open().is_some());
        assert_eq!(tap.lost(), 0);
    }
}
