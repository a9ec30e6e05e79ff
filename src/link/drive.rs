//! The task of one link: reads, decodes, lets the owner act, writes.

use std::cell::RefCell;
use std::future::Future;
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
/// Reads before a link gives others of its thread their turn: half a MiB is under a millisecond's
/// work, so a peer that never stops sending does not hold up those beside it.
const READS_MAX: usize = 8;
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
    /// The owner's queues are full: octets stay in the kernel, the peer's window fills. What has
    /// been read already (at most 64 KiB) still comes. Who makes room wakes the waker that
    /// [`Owner::poll_work`] left; neither the peer's silence meanwhile nor a response that waits
    /// unread is held against it.
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
    /// `cx` with them. Called at every wake-up and after every batch of events, and after
    /// [`Event::Closed`] at least once more, so that what it left can be handed on.
    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session);

    /// Whether more may be read. A link whose session has closed does not end before this is
    /// [`Pace::Go`]: an owner that still has something to hand on is not dropped with it.
    fn pace(&self) -> Pace {
        Pace::Go
    }

    /// Whether it has more for this session, and waits until what there is has been written. It is
    /// asked for it then: nobody else wakes it.
    fn holds_back(&self) -> bool {
        false
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
    /// Set once the stream gives no more octets; it may still take some.
    at_eof: bool,
    /// Set while the stream may hold octets back until it is flushed, as TLS does.
    unflushed: bool,
    /// Octets that may wait for a peer that does not read; beyond them its session ends.
    unwritten_max: usize,
    /// When octets began to wait that the peer does not take.
    stalled_at: Option<Duration>,
    ended: Option<Ended>,
}

/// What came of an attempt to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Read {
    /// Octets, or the end of them; there may be more.
    Octets,
    /// Nothing is there, or nothing may be read: somebody will wake the link.
    Nothing,
    /// Too much is unwritten: to be tried again once it is less.
    PutOff,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    reason: CloseReason,
    give_up_at: Duration,
    /// Set once our side of the stream is shut.
    shut: bool,
    /// Set once nothing is left to do for the peer.
    done: bool,
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
            at_eof: false,
            unflushed: false,
            unwritten_max: usize::MAX,
            stalled_at: None,
            ended: None,
        }
    }

    /// The same link, whose session ends with [`CloseReason::Stalled`] when more than so many
    /// octets wait for a peer that does not read. Without it they are bounded by what the owner
    /// sends, and a peer is given up when it takes nothing for a while.
    #[must_use]
    pub fn with_unwritten_max(mut self, octets: usize) -> Self {
        self.unwritten_max = octets;
        self
    }

    fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            let mut now = self.clock.now();
            self.poll_owner(cx, now);
            let mut reads = 0;
            loop {
                let read = self.poll_read(cx, now);
                if self.owner.pace() == Pace::Cut {
                    return Poll::Ready(CloseReason::Local);
                }
                if read == Read::Octets {
                    self.poll_owner(cx, now);
                }
                self.poll_write(cx, now);
                if self.owner.holds_back() && self.session.poll_transmit().is_empty() {
                    cx.waker().wake_by_ref();
                }
                // A read that was put off is not the stream's to wake for: it is made good here.
                let put_off = read == Read::PutOff && !self.is_backed_up();
                if read != Read::Octets && !put_off {
                    break;
                }
                reads += 1;
                if reads >= READS_MAX {
                    cx.waker().wake_by_ref();
                    break;
                }
                now = self.clock.now();
            }
            if let Poll::Ready(reason) = self.poll_end(cx, now) {
                return Poll::Ready(reason);
            }
            if self.poll_timer(cx).is_pending() {
                return Poll::Pending;
            }
            self.handle_timer();
        }
    }

    fn poll_owner(&mut self, cx: &mut Context<'_>, now: Now) {
        self.owner.poll_work(cx, now, &mut self.session);
        self.take_events(now);
    }

    fn is_backed_up(&self) -> bool {
        self.session.poll_transmit().len() > UNWRITTEN_MAX_BYTES.min(self.unwritten_max / 2)
    }

    /// Reads and handles one buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Now) -> Read {
        if self.ended.is_some() || self.at_eof {
            return Read::Nothing;
        }
        match self.owner.pace() {
            Pace::Go => self.session.handle_resume(now),
            Pace::Wait => {
                self.session.handle_pause(now);
                return Read::Nothing;
            }
            Pace::Cut => return Read::Nothing,
        }
        if self.is_backed_up() {
            // The peer's own doing: the timers that wait for it run on.
            return Read::PutOff;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let kept = self.partial.len();
            if scratch.len() < kept + READ_BYTES {
                scratch.resize(kept + READ_BYTES, 0);
            }
            let Some(room) = scratch.get_mut(..kept + READ_BYTES) else { return Read::Nothing };
            let (front, back) = room.split_at_mut(kept);
            let mut buf = ReadBuf::new(back);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Read::Nothing,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(read) => {
                    self.at_eof = true;
                    match read {
                        Ok(()) => self.session.handle_eof(now),
                        Err(_) => self.session.handle_disconnect(),
                    }
                    self.take_events(now);
                    return Read::Octets;
                }
            }
            let len = kept + buf.filled().len();
            if len < self.partial_needs() {
                // Octets that come one at a time are not copied to and fro for each of them.
                self.partial.extend_from_slice(buf.filled());
                return Read::Octets;
            }
            front.copy_from_slice(&self.partial);
            self.handle_octets(now, room.get(..len).unwrap_or_default());
            Read::Octets
        })
    }

    /// Octets the PDU that has begun takes in all, as far as it says; the session has found its
    /// length good already.
    fn partial_needs(&self) -> usize {
        self.partial.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize)
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
        let mut blocked = false;
        while !blocked {
            let pending = self.session.poll_transmit();
            if pending.is_empty() {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, pending) {
                Poll::Ready(Ok(octets)) if octets > 0 => {
                    self.session.transmitted(octets);
                    self.stalled_at = None;
                    self.unflushed = true;
                }
                Poll::Ready(Ok(_) | Err(_)) => return self.lose_stream(now),
                Poll::Pending => blocked = true,
            }
        }
        if self.unflushed {
            // TLS holds records back until it is flushed; on TCP this does nothing.
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return self.lose_stream(now),
                Poll::Pending => blocked = true,
            }
        }
        if blocked && self.session.poll_transmit().len() > self.unwritten_max {
            self.drop_unwritten();
            self.session.handle_stall();
            self.take_events(now);
        } else if blocked {
            self.stalled_at.get_or_insert(now.monotonic);
        } else {
            self.stalled_at = None;
        }
    }

    /// The stream takes no octets any more.
    fn lose_stream(&mut self, now: Now) {
        self.drop_unwritten();
        self.session.handle_disconnect();
        self.take_events(now);
    }

    fn drop_unwritten(&mut self) {
        let unwritten = self.session.poll_transmit().len();
        self.session.transmitted(unwritten);
        self.unflushed = false;
        self.stalled_at = None;
    }

    /// After the end: the peer is seen off, and the owner hears of the close and hands on what it
    /// holds.
    fn poll_end(&mut self, cx: &mut Context<'_>, now: Now) -> Poll<CloseReason> {
        let Some(Ended { reason, give_up_at, done, .. }) = self.ended else { return Poll::Pending };
        let done = done || give_up_at <= now.monotonic || self.poll_farewell(cx).is_ready();
        if let Some(ended) = self.ended.as_mut() {
            ended.done = done;
        }
        // Writing may have found the link lost, after the owner was polled.
        self.poll_owner(cx, now);
        if done && self.owner.pace() == Pace::Go { Poll::Ready(reason) } else { Poll::Pending }
    }

    /// The last octets go out, our side is shut, and the peer gets a moment to read them and close
    /// (a close with unread octets would take them from it).
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(ended) = self.ended.as_mut() else { return Poll::Pending };
        if matches!(ended.reason, CloseReason::Disconnected | CloseReason::Stalled) {
            return Poll::Ready(());
        }
        if !self.session.poll_transmit().is_empty() {
            return Poll::Pending;
        }
        if !ended.shut {
            match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => ended.shut = true,
            }
        }
        let mut dropped = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }

    /// Ready when the timer has fired, be it early.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let stall = self.stalled_at.map(|at| at + WRITE_STALL);
        let wanted = match &self.ended {
            Some(ended) if ended.done => None,
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
        self.sleep.as_mut().poll(cx)
    }

    fn handle_timer(&mut self) {
        let now = self.clock.now();
        if self.stalled_at.is_some_and(|at| at + WRITE_STALL <= now.monotonic) {
            self.drop_unwritten();
            self.session.handle_stall();
        }
        self.session.handle_timeout(now);
        self.take_events(now);
        self.session.shrink();
    }

    fn end(&mut self, now: Now, reason: CloseReason) {
        let give_up_at = now.monotonic + LINGER;
        self.ended.get_or_insert(Ended { reason, give_up_at, shut: false, done: false });
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
