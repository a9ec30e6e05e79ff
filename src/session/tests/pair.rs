//! Two sessions face to face in virtual time, and one alone against octets.
//!
//! An [`End`] is a session with an owner that does as it is told and checks what every owner may
//! rely on: each ticket ends exactly once, the window holds, nothing comes after the close.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::session::in_flight::Entry;

/// What an owner does with a bind it is asked for.
#[derive(Clone, Copy, Debug)]
pub enum OnBind {
    Accept,
    Hold,
    Refuse(CommandStatus),
}

/// What an owner does with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnRequest {
    Answer,
    Hold,
}

/// An event without its borrowed body.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    BindRequested(BindKind, u8),
    Outbind,
    Bound(State),
    Request(CommandId, SequenceNumber),
    /// Ticket, whether late, status, what it came as (`None`: unreadable).
    Response(u64, bool, CommandStatus, Option<CommandId>),
    Unanswered(u64, Unanswered),
    Odd(Odd),
    Closed(CloseReason),
}

/// One session and its owner.
pub struct End {
    pub session: Session,
    pub on_bind: OnBind,
    pub on_request: OnRequest,
    /// What was seen since it was last taken.
    pub seen: Vec<Seen>,
    /// Requests that wait for [`End::answer`].
    pub held: Vec<(CommandId, SequenceNumber)>,
    pub closed: Option<CloseReason>,
    window_max: usize,
    kept: Vec<u8>,
    next_ticket: u64,
    waiting: BTreeSet<u64>,
    overdue: BTreeSet<u64>,
}

impl End {
    pub fn new(role: Role, settings: Settings, now: Now) -> Self {
        Self {
            session: Session::new(role, settings, now),
            on_bind: OnBind::Accept,
            on_request: OnRequest::Answer,
            seen: Vec::new(),
            held: Vec::new(),
            closed: None,
            window_max: settings.window_max,
            kept: Vec::new(),
            next_ticket: 0,
            waiting: BTreeSet::new(),
            overdue: BTreeSet::new(),
        }
    }

    /// Sends a request; its ticket is the count of those sent before.
    pub fn send<'b, B: Body<'b>>(&mut self, now: Now, body: &B) -> Result<u64, SubmitError> {
        let ticket = self.next_ticket;
        self.session.submit(now, ticket, body)?;
        self.next_ticket += 1;
        self.waiting.insert(ticket);
        assert!(self.waiting.len() <= self.window_max, "{} waiting", self.waiting.len());
        Ok(ticket)
    }

    /// Sends submit_sm (ESME) or deliver_sm (SMSC).
    pub fn send_message(&mut self, now: Now) -> Result<u64, SubmitError> {
        match self.session.role() {
            Role::Esme => self.send(now, &submit()),
            Role::Smsc => self.send(now, &deliver()),
        }
    }

    pub fn set_window_max(&mut self, window_max: usize) {
        self.window_max = window_max;
        self.session.set_window_max(window_max);
    }

    /// Tickets whose end is not known yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn take(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Octets come in; the owner acts on all that is in them.
    pub fn feed(&mut self, now: Now, octets: &[u8]) {
        let mut all = std::mem::take(&mut self.kept);
        all.extend_from_slice(octets);
        let mut rest = all.as_slice();
        while let Some(event) = self.session.handle_bytes(now, &mut rest) {
            self.act(now, event);
        }
        self.kept = rest.to_vec();
        self.poll(now);
    }

    pub fn timeout(&mut self, now: Now) {
        self.session.handle_timeout(now);
        self.poll(now);
    }

    pub fn disconnect(&mut self, now: Now) {
        self.session.handle_disconnect();
        self.poll(now);
    }

    /// Takes the octets that wait to be sent.
    pub fn sent(&mut self) -> Vec<u8> {
        let octets = self.session.poll_transmit().to_vec();
        self.session.transmitted(octets.len());
        octets
    }

    /// The headers of the PDUs that wait to be sent.
    pub fn sent_headers(&mut self) -> Vec<(CommandId, CommandStatus, SequenceNumber)> {
        headers(&self.sent())
    }

    /// Answers a request that was held.
    pub fn answer(&mut self, command: CommandId, sequence: SequenceNumber) {
        let ok = CommandStatus::ESME_ROK;
        let message_id = COctetString::from("id-7");
        let session = &mut self.session;
        let answered = match command {
            CommandId::SUBMIT_SM => {
                session.respond(sequence, ok, &SubmitSmResp { message_id, ..Default::default() })
            }
            CommandId::DATA_SM => {
                session.respond(sequence, ok, &DataSmResp { message_id, ..Default::default() })
            }
            CommandId::DELIVER_SM => session.respond(sequence, ok, &DeliverSmResp::default()),
            CommandId::ALERT_NOTIFICATION => Ok(()),
            other => {
                session.respond_status(other, sequence, ok);
                Ok(())
            }
        };
        answered.unwrap();
    }

    pub fn answer_held(&mut self) {
        for (command, sequence) in std::mem::take(&mut self.held) {
            self.answer(command, sequence);
        }
    }

    pub fn poll(&mut self, now: Now) {
        while let Some(event) = self.session.poll_event() {
            self.act(now, event);
        }
        self.check();
    }

    fn act(&mut self, now: Now, event: Event<'_>) {
        assert_eq!(self.closed, None, "{event:?} came after the close");
        let seen = match event {
            Event::BindRequested(request) => {
                match self.on_bind {
                    OnBind::Accept => self.session.accept_bind(now, "smsc"),
                    OnBind::Refuse(status) => self.session.refuse_bind(status),
                    OnBind::Hold => {}
                }
                Seen::BindRequested(request.kind, request.fields.interface_version)
            }
            Event::Outbind(_) => Seen::Outbind,
            Event::Bound(state) => Seen::Bound(state),
            Event::Request { header, .. } => {
                self.handle_request(header);
                Seen::Request(header.command_id, header.sequence_number)
            }
            Event::Response { request, late, status, pdu } => {
                self.settle(&request, late);
                Seen::Response(request.ticket, late, status, pdu.map(|pdu| pdu.command_id()))
            }
            Event::Unanswered { request, why } => {
                self.settle(&request, false);
                if why == Unanswered::TimedOut {
                    self.overdue.insert(request.ticket);
                }
                Seen::Unanswered(request.ticket, why)
            }
            Event::Odd(odd) => Seen::Odd(odd),
            Event::Closed(reason) => {
                assert!(self.waiting.is_empty(), "closed with {:?} not given back", self.waiting);
                self.closed = Some(reason);
                Seen::Closed(reason)
            }
        };
        self.seen.push(seen);
    }

    fn handle_request(&mut self, header: Header) {
        let request = (header.command_id, header.sequence_number);
        match self.on_request {
            OnRequest::Answer => self.answer(request.0, request.1),
            OnRequest::Hold => self.held.push(request),
        }
    }

    fn settle(&mut self, request: &Entry, late: bool) {
        let ended = if late { &mut self.overdue } else { &mut self.waiting };
        assert!(ended.remove(&request.ticket), "ticket {} ended twice", request.ticket);
    }

    /// What holds after every call.
    fn check(&mut self) {
        let own = self.session.in_flight().saturating_sub(self.waiting.len());
        assert!(own <= 2, "{own} enquiries and unbinds of its own");
        let is_over = matches!(self.session.state(), State::Closed | State::Unbound);
        assert_eq!(self.closed.is_some(), is_over);
    }
}

/// What happens to the octets of one direction on their way.
#[derive(Clone, Copy, Debug)]
pub enum Alter {
    Nothing,
    /// The octet at this place of the stream becomes this one.
    Octet(usize, u8),
    /// The link goes down before the octet at this place.
    Cut(usize),
}

/// One direction: what was sent, and what becomes of it.
pub struct Wire {
    pub record: Vec<u8>,
    pub alter: Alter,
}

/// Two ends and the wires between them.
pub struct Pair {
    pub now: Now,
    pub esme: End,
    pub smsc: End,
    /// From the ESME to the SMSC.
    pub up: Wire,
    /// From the SMSC to the ESME.
    pub down: Wire,
    pub is_linked: bool,
    /// Timeouts handled without time moving on.
    restless: usize,
}

impl Pair {
    pub fn new(settings: Settings) -> Self {
        let now = Now::default().plus(Duration::from_secs(1));
        let wire = || Wire { record: Vec::new(), alter: Alter::Nothing };
        Self {
            now,
            esme: End::new(Role::Esme, settings, now),
            smsc: End::new(Role::Smsc, settings, now),
            up: wire(),
            down: wire(),
            is_linked: true,
            restless: 0,
        }
    }

    /// A pair that has bound, with nothing seen yet.
    pub fn bound(kind: BindKind, settings: Settings) -> Self {
        let mut pair = Self::new(settings);
        pair.bind(kind);
        assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(kind.state()));
        pair.esme.take();
        pair.smsc.take();
        pair
    }

    pub fn bind(&mut self, kind: BindKind) {
        self.esme.session.bind(self.now, &BindRequest::new(kind, "esme", "secret")).unwrap();
        self.drive();
    }

    /// Carries octets until nobody has any more to send.
    pub fn drive(&mut self) {
        while self.is_linked {
            self.esme.poll(self.now);
            self.smsc.poll(self.now);
            let up = carry(self.now, &mut self.esme, &mut self.up, &mut self.smsc);
            let down = carry(self.now, &mut self.smsc, &mut self.down, &mut self.esme);
            let over = self.esme.closed.is_some() || self.smsc.closed.is_some();
            match (up, down) {
                (Carried::Cut, _) | (_, Carried::Cut) => self.disconnect(),
                (Carried::Nothing, Carried::Nothing) if over => self.disconnect(),
                (Carried::Nothing, Carried::Nothing) => return,
                _ => {}
            }
        }
    }

    pub fn disconnect(&mut self) {
        self.is_linked = false;
        self.esme.disconnect(self.now);
        self.smsc.disconnect(self.now);
    }

    /// Jumps to the next deadline; `false` when there is none.
    pub fn step(&mut self) -> bool {
        let timeouts = [self.esme.session.poll_timeout(), self.smsc.session.poll_timeout()];
        let Some(next) = timeouts.into_iter().flatten().min() else { return false };
        self.restless = if next > self.now.monotonic { 0 } else { self.restless + 1 };
        assert!(self.restless < 100, "a timer is due again and again");
        let wait = next.saturating_sub(self.now.monotonic);
        self.now = self.now.plus(wait);
        if timeouts[0].is_some_and(|at| at <= self.now.monotonic) {
            self.esme.timeout(self.now);
        }
        if timeouts[1].is_some_and(|at| at <= self.now.monotonic) {
            self.smsc.timeout(self.now);
        }
        self.drive();
        true
    }

    /// Lets so much time pass, with all that falls due in it.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now.monotonic + time;
        loop {
            let timeouts = [self.esme.session.poll_timeout(), self.smsc.session.poll_timeout()];
            match timeouts.into_iter().flatten().min() {
                Some(next) if next <= until => self.step(),
                _ => break,
            };
        }
        self.now = self.now.plus(until.saturating_sub(self.now.monotonic));
    }

    /// Steps until both ends have closed.
    pub fn run_out(&mut self) {
        for _ in 0..1000 {
            if self.esme.closed.is_some() && self.smsc.closed.is_some() {
                return;
            }
            assert!(self.step(), "open for ever");
        }
        panic!("a thousand steps and not closed");
    }
}

enum Carried {
    Nothing,
    Octets,
    Cut,
}

fn carry(now: Now, from: &mut End, wire: &mut Wire, to: &mut End) -> Carried {
    let mut octets = from.sent();
    if octets.is_empty() {
        return Carried::Nothing;
    }
    let start = wire.record.len();
    wire.record.extend_from_slice(&octets);
    let mut cut = false;
    match wire.alter {
        Alter::Octet(at, value) => {
            if let Some(octet) = at.checked_sub(start).and_then(|at| octets.get_mut(at)) {
                *octet = value;
            }
        }
        Alter::Cut(at) if at < wire.record.len() => {
            octets.truncate(at.saturating_sub(start));
            cut = true;
        }
        Alter::Cut(_) | Alter::Nothing => {}
    }
    to.feed(now, &octets);
    if cut { Carried::Cut } else { Carried::Octets }
}

/// The same for both ends.
pub fn both<T: Copy>(one: T) -> (T, T) {
    (one, one)
}
