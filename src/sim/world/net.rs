//! The simulated network: connections whose octets take their time, come in pieces, or never.
//!
//! The engine's end is a stream that its link polls; the other end is a session that the world
//! steps. What the engine reads and writes is watched PDU by PDU, which says when it is to be
//! killed, and what of its answers it has read.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::core::{Core, Event};
use super::counts::What;
use super::pdus::Watch;
use super::plan::{millis, one_in};
use crate::link::{Connecting, Connects};
use crate::session::Session;
use crate::sim::smsc::BindId;
use crate::wire::SequenceNumber;

/// The world, as the engine's tasks hold it.
#[derive(Clone)]
pub struct Handle(pub Arc<Mutex<Core>>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl Handle {
    pub fn new(core: Core) -> Self {
        let core = Arc::new(Mutex::new(core));
        let handle = Self(core);
        handle.lock().me = Arc::downgrade(&handle.0);
        handle
    }

    pub fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Account(usize),
    Carrier(usize),
}

/// Which way octets go.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    In,
    Out,
}

/// What is under way.
#[derive(Debug)]
pub enum Parcel {
    Octets(Vec<u8>),
    /// Nothing follows.
    Fin,
}

/// One direction.
#[derive(Debug, Default)]
pub struct Lane {
    /// When each was written.
    pub parcels: VecDeque<(Duration, Parcel)>,
    pub octets: usize,
    pub last_at: Duration,
}

/// A connection.
pub struct Conn {
    pub side: Side,
    pub to_engine: Lane,
    pub to_outside: Lane,
    /// What the engine may read.
    pub inbox: VecDeque<u8>,
    pub is_fin: bool,
    pub is_reset: bool,
    pub reader: Option<Waker>,
    pub writer: Option<Waker>,
    /// After so many more octets it is reset.
    pub reset_after: Option<u64>,
    /// Nothing arrives any more.
    pub is_dead: bool,
    pub reads: Watch,
    pub writes: Watch,
    /// When the engine last read anything.
    pub heard_at: Duration,
    /// Requests of the engine that are not answered, and when they were written.
    pub unanswered: VecDeque<(SequenceNumber, Duration)>,
    // ---- the other end ----
    pub session: Session,
    pub partial: Vec<u8>,
    pub bind: Option<BindId>,
    pub timer: Option<Duration>,
    pub has_unbound: bool,
    pub is_closed: bool,
    pub is_fin_sent: bool,
    /// When the octets that are being handled were written.
    pub written_at: Duration,
}

/// The engine's end.
pub struct SimStream {
    pub core: Handle,
    pub conn: usize,
    pub life: u32,
}

impl fmt::Debug for SimStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimStream").field("conn", &self.conn).finish_non_exhaustive()
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut core = self.core.lock();
        if core.is_over(self.life) {
            return Poll::Pending;
        }
        core.look_at_clock();
        let Some(mut conn) = core.conns[self.conn].take() else {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        };
        let read = core.engine_reads(self.conn, &mut conn, cx, buf);
        core.conns[self.conn] = Some(conn);
        read
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut core = self.core.lock();
        if core.is_over(self.life) {
            return Poll::Pending;
        }
        core.look_at_clock();
        let Some(mut conn) = core.conns[self.conn].take() else {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        };
        let written = core.engine_writes(self.conn, &mut conn, cx, octets);
        core.conns[self.conn] = Some(conn);
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.core.lock().engine_closes(self.conn, self.life);
        Poll::Ready(Ok(()))
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        self.core.lock().engine_closes(self.conn, self.life);
    }
}

/// Where the engine's connections to carriers lead.
#[derive(Debug)]
pub struct SimNetwork {
    pub core: Handle,
    pub life: u32,
}

/// What becomes of a connection.
enum Verdict {
    Made(Duration),
    Refused(Duration),
    Never,
}

impl Connects for SimNetwork {
    fn connect(&self, address: &str) -> Connecting {
        // `carrier-0:1` and so on.
        let digits = address.bytes().find(u8::is_ascii_digit).unwrap_or(b'0');
        let carrier = usize::from(digits - b'0');
        let (core, life) = (self.core.clone(), self.life);
        Box::pin(async move {
            let verdict = core.lock().verdict();
            match verdict {
                Verdict::Never => std::future::pending().await,
                Verdict::Refused(after) => {
                    tokio::time::sleep(after).await;
                    Err(ErrorKind::ConnectionRefused.into())
                }
                Verdict::Made(after) => {
                    tokio::time::sleep(after).await;
                    let mut locked = core.lock();
                    if locked.is_over(life) {
                        return Err(ErrorKind::ConnectionRefused.into());
                    }
                    locked.look_at_clock();
                    let conn = locked.connect_carrier(carrier);
                    drop(locked);
                    let stream = SimStream { core, conn, life };
                    Ok(Box::new(stream) as Box<dyn crate::link::Octets>)
                }
            }
        })
    }
}

impl Core {
    fn verdict(&mut self) -> Verdict {
        let after = millis(self.dice.below(self.plan.net.delay_ms + 1));
        let (hangs, refuses) = (self.plan.net.hangs, self.plan.net.refuses);
        if !self.is_healed && self.dice.hits(hangs) {
            self.counts.add(What::ConnectHung);
            return Verdict::Never;
        }
        if !self.is_healed && self.dice.hits(refuses) {
            self.counts.add(What::ConnectRefused);
            return Verdict::Refused(after);
        }
        Verdict::Made(after)
    }

    /// A connection, whose other end is this session.
    pub fn new_conn(&mut self, side: Side, session: Session) -> usize {
        let net = &self.plan.net;
        let (resets, stalls) = (net.resets, net.stalls);
        let soon = if one_in(&mut self.dice, 3) { 400 } else { 20_000 };
        let is_to_be_reset = !self.is_healed && self.dice.hits(resets);
        let reset_after = is_to_be_reset.then(|| self.dice.below(soon));
        let conn = Conn {
            side,
            to_engine: Lane::default(),
            to_outside: Lane::default(),
            inbox: VecDeque::new(),
            is_fin: false,
            is_reset: false,
            reader: None,
            writer: None,
            reset_after,
            is_dead: false,
            reads: Watch::default(),
            writes: Watch::default(),
            heard_at: self.now,
            unanswered: VecDeque::new(),
            session,
            partial: Vec::new(),
            bind: None,
            timer: None,
            has_unbound: false,
            is_closed: false,
            is_fin_sent: false,
            written_at: self.now,
        };
        self.conns.push(Some(Box::new(conn)));
        let at = self.conns.len() - 1;
        if !self.is_healed && self.dice.hits(stalls) {
            let dies_at = self.now + millis(self.dice.below(4_000));
            self.schedule(dies_at, Event::Stall(at));
        }
        self.note(|| format!("conn {at} {side:?}"));
        at
    }
}
