//! The simulated SMSC on sockets: one task a link, one state machine for all of them.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::Sleep;

use super::{BindId, Flow, Report, Settings, Smsc};
use crate::clock::Now;
use crate::link::tls::ListenerTls;
use crate::link::{Clock, Link, Owner, Pace, Stream};
use crate::session::{self, Event, Session, Unanswered};
use crate::telemetry::process::cpu_time;
use crate::wire::{Role, Rules};

/// Links at once; further ones are closed when they come.
const LINKS_MAX: usize = 50_000;
/// How long links may take to unbind at the end.
const GRACE: Duration = Duration::from_secs(1);
/// How often progress is told.
const TICK: Duration = Duration::from_millis(200);

/// Serves until `stop` is ready, then unbinds every bind and says what was counted. `progress` is
/// called five times a second. To be run on a runtime of one thread.
pub async fn serve(
    listener: TcpListener,
    tls: Option<ListenerTls>,
    settings: Settings,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(&Report),
) -> Report {
    let clock = Clock::start();
    let desk = Rc::new(RefCell::new(Desk {
        smsc: Smsc::new(settings, clock.now()),
        wakers: Vec::new(),
        links: 0,
        stopping: false,
    }));
    let local = LocalSet::new();
    let accepting = accept(listener, tls, clock, Rc::clone(&desk));
    let ticking = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let report = desk.borrow().smsc.report();
            progress(&report);
        }
    };
    local
        .run_until(async {
            tokio::select! {
                () = accepting => {}
                () = ticking => {}
                () = stop => {}
            }
            desk.borrow_mut().stop();
            let deadline = tokio::time::Instant::now() + GRACE;
            while desk.borrow().links > 0 && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    let report = desk.borrow().smsc.report();
    Report { cpu: cpu_time(), ..report }
}

/// What all links share.
struct Desk {
    smsc: Smsc,
    /// Who to wake for a bind, by its place.
    wakers: Vec<Option<Waker>>,
    links: usize,
    stopping: bool,
}

impl Desk {
    fn stop(&mut self) {
        self.stopping = true;
        self.wakers.iter().flatten().for_each(Waker::wake_by_ref);
    }

    fn remember(&mut self, id: BindId, waker: &Waker) {
        if self.wakers.len() <= id.0 {
            self.wakers.resize(id.0 + 1, None);
        }
        match self.wakers.get_mut(id.0) {
            Some(Some(known)) => known.clone_from(waker),
            Some(place) => *place = Some(waker.clone()),
            None => {}
        }
    }

    fn wake_others(&mut self) {
        while let Some(id) = self.smsc.poll_woken() {
            if let Some(Some(waker)) = self.wakers.get(id.0) {
                waker.wake_by_ref();
            }
        }
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<ListenerTls>,
    clock: Clock,
    desk: Rc<RefCell<Desk>>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: they come back when links end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        if desk.borrow().links >= LINKS_MAX {
            continue;
        }
        desk.borrow_mut().links += 1;
        let (tls, desk) = (tls.clone(), Rc::clone(&desk));
        tokio::task::spawn_local(async move {
            if let Some(stream) = secured(stream, tls).await {
                drive(stream, clock, &desk).await;
            }
            desk.borrow_mut().links -= 1;
        });
    }
}

async fn secured(stream: TcpStream, tls: Option<ListenerTls>) -> Option<Stream> {
    let stream = match (Stream::plain(stream), tls) {
        (Stream::Plain(stream), Some(tls)) => Stream::Tls(Box::new(tls.accept(stream).await.ok()?)),
        (stream, _) => stream,
    };
    Some(stream)
}

async fn drive(stream: Stream, clock: Clock, desk: &Rc<RefCell<Desk>>) {
    let rules = Rules { long_c_strings: true, ..Rules::default() };
    let settings = session::Settings { drain: GRACE / 2, rules, ..session::Settings::default() };
    let now = clock.now();
    let session = Session::new(Role::Smsc, settings, now);
    let owner = LinkOwner {
        desk: Rc::clone(desk),
        bind: None,
        flow: Flow::Go,
        closed: false,
        clock,
        sleep: Box::pin(tokio::time::sleep_until(clock.instant(now.monotonic))),
        armed: None,
    };
    let mut link = Link::new(stream, session, owner, clock);
    (&mut link).await;
    let (stream, owner) = link.into_parts();
    if owner.flow == Flow::Cut {
        stream.reset();
    }
    let mut desk = desk.borrow_mut();
    if let Some(id) = owner.bind {
        desk.smsc.closed(id);
        if let Some(place) = desk.wakers.get_mut(id.0) {
            *place = None;
        }
        desk.wake_others();
    }
}

/// What a link of the simulated SMSC is for.
struct LinkOwner {
    desk: Rc<RefCell<Desk>>,
    bind: Option<BindId>,
    flow: Flow,
    /// Set once the session is over: what waits for it then holds nothing up.
    closed: bool,
    clock: Clock,
    sleep: Pin<Box<Sleep>>,
    /// The moment `sleep` is set to.
    armed: Option<Duration>,
}

impl Owner for LinkOwner {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        if self.flow == Flow::Cut {
            // What follows a cut was never read.
            return;
        }
        self.closed |= matches!(event, Event::Closed(_));
        let smsc = &mut self.desk.borrow_mut().smsc;
        let Some(id) = self.bind else {
            match event {
                Event::BindRequested(request) => self.bind = smsc.bind(now, session, &request),
                Event::Odd(_) => smsc.odd(),
                _ => {}
            }
            return;
        };
        match &event {
            Event::Request { header, pdu } => {
                self.flow = smsc.request(now, id, session, *header, pdu);
            }
            Event::Response { request, status, .. } => {
                smsc.answered(now, id, request.ticket, *status);
            }
            Event::Unanswered { request, why: Unanswered::TimedOut } => {
                smsc.unanswered(now, id, request.ticket);
            }
            Event::Odd(_) => smsc.odd(),
            _ => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        let Some(id) = self.bind.filter(|_| self.flow == Flow::Go && !self.closed) else { return };
        let mut desk = self.desk.borrow_mut();
        desk.remember(id, cx.waker());
        desk.smsc.work(now, id, session);
        desk.wake_others();
        if desk.stopping {
            session.unbind(now);
        }
        let due = desk.smsc.poll_timeout(id, session);
        drop(desk);
        self.poll_alarm(cx, due);
    }

    fn pace(&self) -> Pace {
        if self.flow == Flow::Cut {
            return Pace::Cut;
        }
        match self.bind {
            Some(id) if !self.closed && self.desk.borrow().smsc.is_swamped(id) => Pace::Wait,
            _ => Pace::Go,
        }
    }
}

impl LinkOwner {
    /// Sees to it that the link is woken when something is due. An alarm that is set already is
    /// left alone when it is early: to move it with every message would cost more than to wake up
    /// once for nothing.
    fn poll_alarm(&mut self, cx: &mut Context<'_>, due: Option<Duration>) {
        if let Some(at) = self.armed {
            if due.is_some_and(|due| due < at) || self.sleep.is_elapsed() {
                self.armed = None;
            } else {
                return;
            }
        }
        let Some(due) = due else { return };
        self.sleep.as_mut().reset(self.clock.instant(due));
        self.armed = Some(due);
        if self.sleep.as_mut().poll(cx) == Poll::Ready(()) {
            self.armed = None;
            cx.waker().wake_by_ref();
        }
    }
}
