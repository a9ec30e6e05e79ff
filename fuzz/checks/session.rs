//! What must hold for any sequence of operations on two sessions face to face.
//!
//! The octets are read as a program: a situation, then operations with their arguments, octets of
//! a hostile peer among them. Whatever it does, each ticket ends exactly once, the window holds,
//! each end closes exactly once and comes to its end by its own timers.

use std::time::Duration;

use chappe::clock::Now;
use chappe::session::{
    BindKind, BindRequest, Entry, Event, Session, Settings, SubmitError, Unanswered,
};
use chappe::wire::{
    AlertNotification, Body, COctetString, CommandId, CommandStatus, DataSm, DeliverSm,
    DeliverSmResp, HEADER_LEN, Header, Outbind, PDUS, QuerySm, Role, Rules, State, SubmitSm,
    SubmitSmResp, Version,
};

/// Tickets one end may use: a longer program is not more interesting.
const TICKETS_MAX: usize = 200;
/// Timers that may fire before both ends have closed.
const STEPS_MAX: usize = 200;

/// Runs the octets as a program.
pub fn session_ops(data: &[u8]) {
    let mut program = Program(data);
    let settings = settings(&mut program);
    let mut world = World {
        now: Now::default().plus(Duration::from_secs(1)),
        ends: [Role::Esme, Role::Smsc].map(|role| End::new(role, settings)),
        pipes: [Vec::new(), Vec::new()],
        is_linked: true,
    };
    if program.next() & 1 == 0 {
        world.bind(BindKind::Transceiver);
        world.carry_all();
    }
    while !program.0.is_empty() {
        world.run(&mut program);
    }
    world.run_out();
}

/// What is left of the program.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    /// The next octet; zero after the end.
    fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&octet, rest)) => {
                self.0 = rest;
                octet
            }
            None => 0,
        }
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (front, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        front
    }
}

fn settings(program: &mut Program<'_>) -> Settings {
    let choice = program.next();
    let version = if choice & 1 == 0 { Version::V34 } else { Version::V50 };
    Settings {
        window_max: 1 + usize::from(choice >> 1 & 7),
        rules: Rules { version, ..Rules::default() },
        inactivity: (choice & 16 != 0).then_some(Duration::from_secs(20)),
        response_timeout: Duration::from_secs(1 + u64::from(choice >> 5) * 10),
        max_pdu_bytes: 1000,
        ..Settings::default()
    }
}

/// What became of a ticket.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ticket {
    Waiting,
    /// Given back by the timer: a late response may come, once.
    Overdue,
    Over,
}

/// A session and an owner that keeps count.
struct End {
    session: Session,
    kept: Vec<u8>,
    tickets: Vec<Ticket>,
    waiting: usize,
    window_max: usize,
    held: Vec<(CommandId, u32)>,
    holds: bool,
    closed: bool,
}

impl End {
    fn new(role: Role, settings: Settings) -> Self {
        let now = Now::default().plus(Duration::from_secs(1));
        Self {
            session: Session::new(role, settings, now),
            kept: Vec::new(),
            tickets: Vec::new(),
            waiting: 0,
            window_max: settings.window_max,
            held: Vec::new(),
            holds: false,
            closed: false,
        }
    }

    fn send<'b, B: Body<'b>>(&mut self, now: Now, body: &B) {
        if self.tickets.len() >= TICKETS_MAX {
            return;
        }
        let free = self.session.window_free();
        match self.session.submit(now, self.tickets.len() as u64, body) {
            Ok(_) => {
                assert!(free > 0);
                self.tickets.push(Ticket::Waiting);
                self.waiting += 1;
                assert!(self.waiting <= self.window_max);
            }
            Err(SubmitError::WindowFull) => assert_eq!(free, 0),
            Err(SubmitError::NotPermitted | SubmitError::Encode(_)) => {}
        }
    }

    fn feed(&mut self, now: Now, octets: &[u8]) {
        let mut all = std::mem::take(&mut self.kept);
        all.extend_from_slice(octets);
        let mut rest = all.as_slice();
        while let Some(event) = self.session.handle_bytes(now, &mut rest) {
            self.act(now, event);
        }
        assert!(rest.len() < 1000, "only the beginning of a PDU is kept");
        self.kept = rest.to_vec();
        self.poll(now);
    }

    fn poll(&mut self, now: Now) {
        while let Some(event) = self.session.poll_event() {
            self.act(now, event);
        }
        let is_over = matches!(self.session.state(), State::Closed | State::Unbound);
        assert_eq!(self.closed, is_over);
        assert!(self.session.in_flight() >= self.waiting);
        assert!(!self.closed || self.session.poll_timeout().is_none());
    }

    fn act(&mut self, now: Now, event: Event<'_>) {
        assert!(!self.closed, "{event:?} after the close");
        match event {
            Event::BindRequested(_) if self.holds => {}
            Event::BindRequested(request) if request.fields.password.is_empty() => {
                self.session.refuse_bind(CommandStatus::ESME_RINVPASWD);
            }
            Event::BindRequested(_) => self.session.accept_bind(now, "smsc"),
            Event::Request { header, .. } if self.holds => {
                self.held.push((header.command_id, header.sequence_number));
            }
            Event::Request { header, .. } => {
                self.answer(header.command_id, header.sequence_number);
            }
            Event::Response { request, late, .. } => {
                let from = if late { Ticket::Overdue } else { Ticket::Waiting };
                self.settle(request, from, Ticket::Over);
            }
            Event::Unanswered { request, why: Unanswered::TimedOut } => {
                self.settle(request, Ticket::Waiting, Ticket::Overdue);
            }
            Event::Unanswered { request, why: Unanswered::SessionEnded } => {
                self.settle(request, Ticket::Waiting, Ticket::Over);
            }
            Event::Closed(_) => {
                assert_eq!(self.waiting, 0, "tickets lost");
                self.closed = true;
            }
            Event::Bound(state) => assert!(state.is_bound()),
            Event::Outbind(_) | Event::Odd(_) => {}
        }
    }

    fn settle(&mut self, request: Entry, from: Ticket, to: Ticket) {
        let ticket = &mut self.tickets[request.ticket as usize];
        assert_eq!(*ticket, from);
        *ticket = to;
        if from == Ticket::Waiting {
            self.waiting -= 1;
        }
    }

    fn answer(&mut self, command: CommandId, sequence: u32) {
        let ok = CommandStatus::ESME_ROK;
        let answered = match command {
            CommandId::SUBMIT_SM => {
                let message_id = COctetString::from("7");
                self.session.respond(
                    sequence,
                    ok,
                    &SubmitSmResp { message_id, ..Default::default() },
                )
            }
            CommandId::DELIVER_SM => self.session.respond(sequence, ok, &DeliverSmResp::default()),
            CommandId::ALERT_NOTIFICATION => Ok(()),
            other => {
                self.session.respond_status(other, sequence, ok);
                Ok(())
            }
        };
        assert_eq!(answered, Ok(()));
    }
}

/// Two ends and the octets between them: `pipes[0]` from the ESME, `pipes[1]` from the SMSC.
struct World {
    now: Now,
    ends: [End; 2],
    pipes: [Vec<u8>; 2],
    is_linked: bool,
}

impl World {
    /// Runs one operation. Half of an octet says which, its highest bit whose.
    fn run(&mut self, program: &mut Program<'_>) {
        let op = program.next();
        let who = usize::from(op >> 7);
        let now = self.now;
        let end = &mut self.ends[who];
        match op & 0x1f {
            0 | 1 => match who {
                0 => end.send(now, &SubmitSm { short_message: b"Hello", ..Default::default() }),
                _ => end.send(now, &DeliverSm { short_message: b"Hello", ..Default::default() }),
            },
            2 => end.send(now, &DataSm::default()),
            3 => end.send(now, &QuerySm::default()),
            4 => {
                let _ = end.session.notify(&AlertNotification::default());
            }
            5 | 6 => {
                self.carry(who, usize::from(program.next()));
            }
            7 | 8 => self.carry_all(),
            9 => self.now = now.plus(Duration::from_millis(u64::from(program.next()) * 200)),
            10 => {
                end.session.handle_timeout(now);
                end.poll(now);
            }
            11 => {
                for (command, sequence) in std::mem::take(&mut end.held) {
                    end.answer(command, sequence);
                }
            }
            12 => end.holds = !end.holds,
            13 => self.bind(kind(program.next())),
            14 => {
                let _ = end.session.outbind(now, &Outbind::default());
            }
            15 => end.session.unbind(now),
            16 => end.session.close(),
            17 => self.disconnect(),
            18 => self.flip(who, program),
            19 => {
                let len = usize::from(program.next());
                end.feed(now, program.take(len));
            }
            20 | 21 => end.feed(now, &header(program)),
            22 => {
                end.window_max = usize::from(program.next() & 7);
                end.session.set_window_max(end.window_max);
            }
            23 => end.session.handle_stall(),
            24 => end.session.handle_pause(now),
            25 => end.session.shrink(),
            26 => end.session.accept_bind(now, "smsc"),
            27 => end.session.refuse_bind(CommandStatus::ESME_RBINDFAIL),
            28 => {
                let row = &PDUS[usize::from(program.next()) % PDUS.len()];
                let mut numbers = |bound: usize| usize::from(program.next()) % bound;
                let mut octets = Vec::new();
                chappe::wire::sample::pdu_of(row, &mut numbers, &mut octets);
                end.feed(now, &octets);
            }
            29 => end.session.handle_resume(now),
            30 => end.session.handle_eof(now),
            _ => {}
        }
        self.poll();
    }

    fn bind(&mut self, kind: BindKind) {
        let _ = self.ends[0].session.bind(self.now, &BindRequest::new(kind, "esme", "secret"));
    }

    fn poll(&mut self) {
        for end in &mut self.ends {
            end.poll(self.now);
        }
    }

    /// Moves octets from one end to the other, at most so many.
    fn carry(&mut self, from: usize, octets: usize) -> bool {
        let session = &mut self.ends[from].session;
        let pipe = &mut self.pipes[from];
        pipe.extend_from_slice(session.poll_transmit());
        session.transmitted(usize::MAX);
        assert!(session.poll_transmit().is_empty());
        if !self.is_linked || pipe.is_empty() {
            return false;
        }
        let some: Vec<u8> = pipe.drain(..octets.min(pipe.len())).collect();
        self.ends[1 - from].feed(self.now, &some);
        true
    }

    /// Carries until nobody has any more to say; a closed end closes the link then.
    fn carry_all(&mut self) {
        loop {
            let up = self.carry(0, usize::MAX);
            let down = self.carry(1, usize::MAX);
            if !up && !down {
                break;
            }
        }
        if self.is_linked && self.ends.iter().any(|end| end.closed) {
            self.disconnect();
        }
    }

    fn disconnect(&mut self) {
        self.is_linked = false;
        for end in &mut self.ends {
            end.session.handle_disconnect();
        }
        self.poll();
    }

    /// Changes an octet on its way.
    fn flip(&mut self, from: usize, program: &mut Program<'_>) {
        let (at, mask) = (usize::from(program.next()), program.next());
        if let Some(octet) = self.pipes[from].get_mut(at) {
            *octet ^= mask;
        }
    }

    /// Everything arrives and all time passes: both ends come to an end by themselves.
    fn run_out(&mut self) {
        self.carry_all();
        for end in &mut self.ends {
            end.session.handle_resume(self.now);
            end.session.unbind(self.now);
        }
        self.poll();
        self.carry_all();
        for _ in 0..STEPS_MAX {
            let timeouts = self.ends.iter().filter_map(|end| end.session.poll_timeout());
            let Some(next) = timeouts.min() else { break };
            self.now = self.now.plus(next.saturating_sub(self.now.monotonic));
            for end in &mut self.ends {
                end.session.handle_timeout(self.now);
            }
            self.poll();
            self.carry_all();
        }
        assert!(self.ends.iter().all(|end| end.closed), "open for ever");
    }
}

fn kind(choice: u8) -> BindKind {
    match choice % 3 {
        0 => BindKind::Transceiver,
        1 => BindKind::Transmitter,
        _ => BindKind::Receiver,
    }
}

/// A PDU without a body: any command, a number that is likely to be one in use.
fn header(program: &mut Program<'_>) -> [u8; HEADER_LEN] {
    let row = &PDUS[usize::from(program.next()) % PDUS.len()];
    Header {
        command_length: HEADER_LEN as u32,
        command_id: row.command_id,
        command_status: CommandStatus(u32::from(program.next())),
        sequence_number: u32::from(program.next()),
    }
    .octets()
}
