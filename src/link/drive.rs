//! The task of one link: reads, decodes, lets the owner act, writes.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::clock::Clock;
use crate::clock::Now;
use crate::session::{CloseReason, Event, Session};

/// Octets read with one system call.
const READ_BYTES: usize = 64 * 1024;
/// Unwritten octets above which a link reads no more: a peer that does not take its answers gets
/// no new ones.
const UNWRITTEN_MAX_BYTES: usize = 256 * 1024;
/// How long a peer may take none of the octets that wait for it.
const WRITE_STALL: Duration = Duration::from_secs(30);
/// How long the last octets of a session that has ended may take.
const LINGER: Duration = Duration::from_secs(2);

thread_local! {
    /// Where every link of this thread reads to. Decoding is done before the next link runs.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Whether a link goes on reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// The owner can take more.
    Go,
    /// The owner's queues are full: octets stay in the kernel, the peer's window fills.
    Wait,
    /// The owner wants the link gone as by a crash: nothing more is read or written, and it ends
    /// with [`CloseReason::Local`]. For tests and simulators.
    Cut,
}

/// What a session is for.
pub trait Owner: Unpin {
    /// Something happened in the session.
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>);

    /// Takes what others have for this session, as much as it can take, and leaves the waker of
    /// `cx` with them. Called at every wake-up and after every batch of events.
    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session);

    /// Whether more may be read.
    fn pace(&self) -> Pace {
        Pace::Go
    }
}

/// One link, as a future that ends with the session and gives its owner back.
#[derive(Debug)]
pub struct Link<S, O> {
    stream: S,
    session: Session,
    owner: O,
    clock: Clock,
    /// The beginning of a PDU whose rest has not come yet.
    partial: Vec<u8>,
    sleep: Pin<Box<Sleep>>,
    sleep_until: Duration,
    /// When octets began to wait that the peer does not take.
    stalled_at: Option<Duration>,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    reason: CloseReason,
    give_up_at: Duration,
    shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin, O: Owner> Link<S, O> {
    /// A link on a stream that has just been made. To be made inside the runtime that polls it.
    #[must_use]
    pub fn new(stream: S, session: Session, owner: O, clock: Clock) -> Self {
        let sleep_until = clock.now().monotonic;
        Self {
            stream,
            session,
            owner,
            clock,
            partial: Vec::new(),
            sleep: Box::pin(tokio::time::sleep_until(clock.instant(sleep_until))),
            sleep_until,
            stalled_at: None,
            ended: None,
        }
    }

    fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut now = self.clock.now();
        self.owner.poll_work(cx, now, &mut self.session);
        self.take_events(now);
        loop {
            let read = self.poll_read(cx, now);
            if self.owner.pace() == Pace::Cut {
                return Poll::Ready(CloseReason::Local);
            }
            if read {
                self.owner.poll_work(cx, now, &mut self.session);
                self.take_events(now);
            }
            self.poll_write(cx, now);
            if !read {
                break;
            }
            now = self.clock.now();
        }
        if let Poll::Ready(reason) = self.poll_end(cx, now) {
            return Poll::Ready(reason);
        }
        self.poll_timers(cx)
    }

    /// Reads and handles one buffer; `false` when nothing was there or nothing may be read.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        if self.ended.is_some()
            || self.session.poll_transmit().len() > UNWRITTEN_MAX_BYTES
            || self.owner.pace() != Pace::Go
        {
            return false;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let kept = self.partial.len();
            if scratch.len() < kept + READ_BYTES {
                scratch.resize(kept + READ_BYTES, 0);
            }
            let Some(room) = scratch.get_mut(..kept + READ_BYTES) else { return false };
            let (front, back) = room.split_at_mut(kept);
            let mut buf = ReadBuf::new(back);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(Ok(()) | Err(_)) => {
                    self.session.handle_disconnect();
                    self.take_events(now);
                    return true;
                }
            }
            let len = kept + buf.filled().len();
            front.copy_from_slice(&self.partial);
            self.handle_octets(now, room.get(..len).unwrap_or_default());
            true
        })
    }

    fn handle_octets(&mut self, now: Now, octets: &[u8]) {
        let mut rest = octets;
        while let Some(event) = self.session.handle_bytes(now, &mut rest) {
            if let Event::Closed(reason) = event {
                self.end(now, reason);
            }
            self.owner.handle_event(now, &mut self.session, event);
        }
        self.partial.clear();
        if rest.is_empty() {
            // An idle session keeps no buffer.
            if self.partial.capacity() > 0 {
                self.partial = Vec::new();
            }
        } else {
            self.partial.extend_from_slice(rest);
        }
    }

    /// Events that need no octets.
    fn take_events(&mut self, now: Now) {
        while let Some(event) = self.session.poll_event() {
            if let Event::Closed(reason) = event {
                self.end(now, reason);
            }
            self.owner.handle_event(now, &mut self.session, event);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, now: Now) {
        let mut wrote = false;
        loop {
            let pending = self.session.poll_transmit();
            if pending.is_empty() {
                self.stalled_at = None;
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, pending) {
                Poll::Ready(Ok(octets)) if octets > 0 => {
                    self.session.transmitted(octets);
                    self.stalled_at = None;
                    wrote = true;
                }
                Poll::Ready(Ok(_) | Err(_)) => {
                    let unwritten = pending.len();
                    self.session.transmitted(unwritten);
                    self.session.handle_disconnect();
                    self.take_events(now);
                    return;
                }
                Poll::Pending => {
                    self.stalled_at.get_or_insert(now.monotonic);
                    break;
                }
            }
        }
        if wrote {
            // TLS holds records back until it is flushed; on TCP this does nothing.
            let _: Poll<io::Result<()>> = Pin::new(&mut self.stream).poll_flush(cx);
        }
    }

    /// After the end: the last octets go out, the write side is shut, and the peer gets a moment to
    /// read them and close (a close with unread octets would take them from it).
    fn poll_end(&mut self, cx: &mut Context<'_>, now: Now) -> Poll<CloseReason> {
        let Some(ended) = self.ended.as_mut() else { return Poll::Pending };
        let gone = ended.reason == CloseReason::Disconnected;
        if gone || ended.give_up_at <= now.monotonic {
            return Poll::Ready(ended.reason);
        }
        if !self.session.poll_transmit().is_empty() {
            return Poll::Pending;
        }
        if !ended.shut {
            match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(ended.reason),
                Poll::Ready(Ok(())) => ended.shut = true,
            }
        }
        let mut dropped = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(ended.reason),
            }
        }
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            let stall = self.stalled_at.map(|at| at + WRITE_STALL);
            let wanted = match &self.ended {
                Some(ended) => Some(ended.give_up_at),
                None => [self.session.poll_timeout(), stall].into_iter().flatten().min(),
            };
            let Some(wanted) = wanted else { return Poll::Pending };
            // A later deadline does not move the timer: it fires once too early, which costs less
            // than moving it with every message.
            if wanted < self.sleep_until || self.sleep.is_elapsed() {
                self.sleep_until = wanted;
                self.sleep.as_mut().reset(self.clock.instant(wanted));
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = self.clock.now();
            if stall.is_some_and(|at| at <= now.monotonic) {
                let unwritten = self.session.poll_transmit().len();
                self.session.transmitted(unwritten);
                self.session.handle_disconnect();
            }
            self.session.handle_timeout(now);
            self.take_events(now);
            self.owner.poll_work(cx, now, &mut self.session);
            self.take_events(now);
            self.poll_write(cx, now);
            self.session.shrink();
            if let Poll::Ready(reason) = self.poll_end(cx, now) {
                return Poll::Ready(reason);
            }
        }
    }

    fn end(&mut self, now: Now, reason: CloseReason) {
        let give_up_at = now.monotonic + LINGER;
        self.ended.get_or_insert(Ended { reason, give_up_at, shut: false });
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, O: Owner> Future for Link<S, O> {
    type Output = CloseReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseReason> {
        self.poll_link(cx)
    }
}

impl<S, O> Link<S, O> {
    /// Takes the link apart: the owner has what the next session needs, and the stream closes
    /// when it is dropped.
    #[must_use]
    pub fn into_parts(self) -> (S, O) {
        (self.stream, self.owner)
    }
}
