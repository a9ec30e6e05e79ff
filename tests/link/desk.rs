//! A small owner that can be watched and told what to do, and streams that count and hold back.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;

use chappe::clock::Now;
use chappe::link::{Clock, Link, Owner, Pace};
use chappe::session::{BindKind, BindRequest, CloseReason, Event, Session, Settings, Unanswered};
use chappe::wire::{
    Body, COctetString, CommandId, CommandStatus, DeliverSmResp, Framer, HEADER_LEN, Header,
    Limits, Role, State, SubmitSm, SubmitSmResp,
};

pub const OK: CommandStatus = CommandStatus::ESME_ROK;
/// Octets of the message ids a desk gives out: long, so that answers outweigh requests.
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What a desk has seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Bound(State),
    Request(CommandId, u32),
    Response(u64, CommandStatus),
    Unanswered(u64, Unanswered),
    Closed(CloseReason),
}

#[derive(Debug, Default)]
struct State_ {
    seen: Vec<Seen>,
    waits: bool,
    refuses: Option<CommandStatus>,
    to_submit: u64,
    /// Octets unwritten at which it submits no more for now.
    holds_back_at: Option<usize>,
    holds_back: bool,
    submitted: u64,
    unbinds: bool,
    unwritten_max: usize,
    polls_after_close: usize,
    waker: Option<Waker>,
}

/// An owner that answers everything, and the handle to it.
#[derive(Clone, Debug, Default)]
pub struct Desk(Arc<Mutex<State_>>);

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State_> {
        self.0.lock().unwrap()
    }

    fn tell(&self, change: impl FnOnce(&mut State_)) {
        let mut state = self.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Has the link read no more.
    pub fn wait(&self) {
        self.tell(|state| state.waits = true);
    }

    pub fn go(&self) {
        self.tell(|state| state.waits = false);
    }

    /// Has it submit no more while so many octets are unwritten.
    pub fn hold_back_at(&self, octets: usize) {
        self.tell(|state| state.holds_back_at = Some(octets));
    }

    pub fn submit(&self, count: u64) {
        self.tell(|state| state.to_submit += count);
    }

    pub fn unbind(&self) {
        self.tell(|state| state.unbinds = true);
    }

    pub fn refusing(self, status: CommandStatus) -> Self {
        self.lock().refuses = Some(status);
        self
    }

    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.lock().seen)
    }

    pub fn requests(&self) -> usize {
        self.count(|seen| matches!(seen, Seen::Request(..)))
    }

    pub fn responses(&self) -> usize {
        self.count(|seen| matches!(seen, Seen::Response(_, OK)))
    }

    fn count(&self, counts: impl Fn(&Seen) -> bool) -> usize {
        self.lock().seen.iter().filter(|seen| counts(seen)).count()
    }

    pub fn polls_after_close(&self) -> usize {
        self.lock().polls_after_close
    }

    /// The most octets that ever waited to be written, as the owner saw it.
    pub fn unwritten_max(&self) -> usize {
        self.lock().unwritten_max
    }
}

impl Owner for Desk {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        let mut state = self.lock();
        let seen = match event {
            Event::BindRequested(_) => {
                match state.refuses {
                    Some(status) => session.refuse_bind(status),
                    None => session.accept_bind(now, "desk"),
                }
                return;
            }
            Event::Bound(bound) => Seen::Bound(bound),
            Event::Request { header, .. } => {
                let sequence = header.sequence_number;
                let message_id = COctetString::from(ID);
                let answered = match header.command_id {
                    CommandId::SUBMIT_SM => {
                        let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                        session.respond(sequence, OK, &body)
                    }
                    _ => session.respond(sequence, OK, &DeliverSmResp::default()),
                };
                answered.unwrap();
                Seen::Request(header.command_id, sequence)
            }
            Event::Response { request, status, .. } => Seen::Response(request.ticket, status),
            Event::Unanswered { request, why } => Seen::Unanswered(request.ticket, why),
            Event::Closed(reason) => Seen::Closed(reason),
            Event::Odd(_) | Event::Outbind(_) => return,
        };
        state.unwritten_max = state.unwritten_max.max(session.poll_transmit().len());
        state.seen.push(seen);
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        let mut state = self.lock();
        state.waker = Some(cx.waker().clone());
        state.holds_back = false;
        while state.to_submit > 0 && session.window_free() > 0 {
            if state.holds_back_at.is_some_and(|at| session.poll_transmit().len() >= at) {
                state.holds_back = true;
                break;
            }
            session.submit(now, state.submitted, &submit()).unwrap();
            state.to_submit -= 1;
            state.submitted += 1;
        }
        if state.unbinds {
            session.unbind(now);
        }
        if matches!(session.state(), State::Closed | State::Unbound) {
            state.polls_after_close += 1;
        }
    }

    fn pace(&self) -> Pace {
        if self.lock().waits { Pace::Wait } else { Pace::Go }
    }

    fn holds_back(&self) -> bool {
        self.lock().holds_back
    }
}

/// Runs a link to its end in a task of its own.
pub fn run<S>(stream: S, role: Role, settings: Settings, desk: &Desk) -> JoinHandle<CloseReason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let clock = Clock::start();
    let mut session = Session::new(role, settings, clock.now());
    if role == Role::Esme {
        let bind = BindRequest::new(BindKind::Transceiver, "esme", "secret");
        session.bind(clock.now(), &bind).unwrap();
    }
    tokio::spawn(Link::new(stream, session, desk.clone(), clock))
}

/// An SMSC's link on one end of a pipe that holds so many octets, bound; its peer is the test.
pub async fn bound_smsc(
    room: usize,
    settings: Settings,
) -> (DuplexStream, Desk, JoinHandle<CloseReason>) {
    let (mut peer, ours) = tokio::io::duplex(room);
    let desk = Desk::default();
    let link = run(ours, Role::Smsc, settings, &desk);
    peer.write_all(&bind(1)).await.unwrap();
    let answer = read_pdus(&mut peer, 1).await;
    assert_eq!(answer, [(CommandId::BIND_TRANSCEIVER_RESP, OK, 1)]);
    assert_eq!(desk.take(), [Seen::Bound(State::BoundTrx)]);
    (peer, desk, link)
}

pub fn submit() -> SubmitSm<'static> {
    SubmitSm { short_message: b"Hello", ..SubmitSm::default() }
}

pub fn encoded<'b, B: Body<'b>>(body: &B, sequence: u32) -> Vec<u8> {
    let mut out = Vec::new();
    body.encode(OK, sequence, &mut out).unwrap();
    out
}

pub fn bind(sequence: u32) -> Vec<u8> {
    encoded(&BindRequest::new(BindKind::Transceiver, "esme", "secret").fields, sequence)
}

pub fn header(command: CommandId, sequence: u32) -> Vec<u8> {
    let header = Header {
        command_length: HEADER_LEN as u32,
        command_id: command,
        command_status: OK,
        sequence_number: sequence,
    };
    header.octets().to_vec()
}

/// Reads exactly so many PDUs; more in the same octets are the test's failure.
pub async fn read_pdus<S: AsyncRead + Unpin>(
    stream: &mut S,
    count: usize,
) -> Vec<(CommandId, CommandStatus, u32)> {
    use tokio::io::AsyncReadExt;
    let mut pdus = Vec::new();
    while pdus.len() < count {
        let length = stream.read_u32().await.unwrap() as usize;
        let mut frame = (length as u32).to_be_bytes().to_vec();
        frame.resize(length, 0);
        stream.read_exact(&mut frame[4..]).await.unwrap();
        pdus.extend(headers(&frame));
    }
    pdus
}

pub fn headers(octets: &[u8]) -> Vec<(CommandId, CommandStatus, u32)> {
    let mut framer = Framer::new(octets, Limits::default());
    let mut headers = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        let header = Header::read(frame).unwrap();
        headers.push((header.command_id, header.command_status, header.sequence_number));
    }
    headers
}

/// Waits, in steps of a millisecond, until something holds; a link that is stuck fails the test.
pub async fn until(holds: impl Fn() -> bool) {
    for _ in 0..5000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not come to hold");
}

/// How often a stream was read and written.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<(usize, usize)>>);

impl Calls {
    /// Reads that brought octets, and writes that took some, since the last time.
    pub fn take(&self) -> (usize, usize) {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A stream that counts.
pub struct Counted<S>(pub S, pub Calls);

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(cx, buf);
        if read.is_ready() {
            self.1.0.lock().unwrap().0 += 1;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.0).poll_write(cx, octets);
        if written.is_ready() {
            self.1.0.lock().unwrap().1 += 1;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// What a [`Valve`] does with octets that are written to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Flow {
    #[default]
    Open,
    Shut,
    Broken,
}

/// A stream whose writing side can be shut and opened; its reading side always works.
#[derive(Clone, Debug, Default)]
pub struct Valve(Arc<Mutex<(Flow, Option<Waker>)>>);

impl Valve {
    pub fn turn(&self, flow: Flow) {
        let mut valve = self.0.lock().unwrap();
        valve.0 = flow;
        if let Some(waker) = valve.1.take() {
            waker.wake();
        }
    }
}

pub struct Valved<S>(pub S, pub Valve);

impl<S: AsyncRead + Unpin> AsyncRead for Valved<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Valved<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let flow = {
            let mut valve = self.1.0.lock().unwrap();
            valve.1 = Some(cx.waker().clone());
            valve.0
        };
        match flow {
            Flow::Open => Pin::new(&mut self.0).poll_write(cx, octets),
            Flow::Shut => Poll::Pending,
            Flow::Broken => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
