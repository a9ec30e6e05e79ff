//! A recorded exchange run against a dialect: what a session of ours and the engine behind it would
//! have made of each PDU, in virtual time.
//!
//! ```text
//!   peer's PDU --> session --event--> receipt: read, correlate | MO: text, reassembly | MT: plan
//!   our PDU -----> session: sent, or an answer to compare with the one we would give
//! ```
//!
//! Nothing is decided here a second time: the session, the reading of receipts and their keys, what
//! a carrier's matches teach, the translation of texts and the reassembly are those that run. What
//! they say is written down. Our side's numbers are not the recording's: a response of the peer is
//! handed in under the number that the session gave its request.
//!
//! What is not here: timers that ask the peer something. A recording cannot answer them, so no
//! enquire_link of ours is sent; those that give up waiting run by the time of the recording.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

mod advice;
mod matching;
mod own;
mod peer;
mod quirks;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

pub use advice::Advice;
pub use matching::{Match, Receipt};
pub use peer::{Submitted, Text};
pub use quirks::Quirk;

use crate::clock::Now;
use crate::message::dialect::{Dialect, StatusRule};
use crate::message::translation::{Form, Translator};
use crate::mo::reassembly::{Limits, Mark, Reassembly, Why};
use crate::session::{CloseReason, Odd, Session, Settings, SubmitError, Unanswered};
use crate::wire::framer::{self, Framer};
use crate::wire::{CommandId, CommandStatus, Header, Role, State, StatusClass};
use advice::Advisor;
use matching::Matching;

/// Requests whose number, and answers whose status, are remembered; beyond it all are forgotten.
const NUMBERS_MAX: usize = 1 << 20;
/// Octets of a PDU that is read (a message_payload of 64 KiB fits).
pub const PDU_OCTETS_MAX: usize = framer::MAX_PDU_BYTES;
/// As good as never.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Who the peer is, whose dialect it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Peer {
    /// A customer that binds to us.
    Account,
    /// An SMSC that we bind to.
    #[default]
    Carrier,
}

/// Who sent a PDU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sender {
    /// The peer.
    Peer,
    /// Our side, as it was recorded.
    Us,
}

/// What became of one PDU.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What happened, in order.
    pub deeds: Vec<Deed>,
    /// The deviations that were met, each once.
    pub quirks: Vec<Quirk>,
    /// The PDUs that we write by ourselves because of it.
    pub said: Vec<Box<[u8]>>,
    /// Where the session stands then; `None` before its first octet.
    pub state: Option<State>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Deed {
    /// What we recorded as our answer: the status that we would give now, if any.
    Answer {
        /// The status of the recording.
        recorded: CommandStatus,
        /// Ours; `None` when there was nothing to answer.
        ours: Option<CommandStatus>,
    },
    /// The recording begins on a session that stands.
    Assumed(State),
    /// The session stands.
    Bound(State),
    /// The session is over.
    Closed(CloseReason),
    /// Nothing comes of it.
    Ignored(&'static str),
    /// Text from a handset.
    Message(Text, Option<Mark>),
    /// A request of ours that the session does not send.
    NotSent(SubmitError),
    /// The session dealt with something odd.
    Odd(Odd),
    /// A receipt.
    Receipt(Receipt),
    /// We answer a request with an error.
    Refused(CommandStatus),
    /// An answer to a request of ours.
    Response(Response),
    /// A request of ours goes out, under this number.
    Sent(u32),
    /// A message of an account is taken.
    Submitted(Submitted),
    /// A request of ours on this line has no answer.
    Unanswered(u32, Unanswered),
    /// Segments that go on: their lines, their text where they are one, and why.
    Whole(Vec<u32>, Option<Text>, Why),
}

/// An answer to a request of ours.
#[derive(Clone, Debug)]
pub struct Response {
    /// The line of the request.
    pub to: u32,
    /// Whether it had been given up.
    pub late: bool,
    /// Milliseconds since the request.
    pub age_ms: u64,
    /// Its status.
    pub status: CommandStatus,
    /// What that status asks of us, by our table.
    pub class: StatusClass,
    /// What it asks by the dialect, where that says it.
    pub rule: Option<StatusRule>,
    /// The carrier's id, and the form in which it is compared.
    pub id: Option<(Box<[u8]>, Option<String>)>,
    /// Receipts that came before it and find their message now.
    pub receipts: Vec<Match>,
}

/// What an exchange came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// PDUs of the peer, and ours.
    pub pdus: [u64; 2],
    /// Requests of ours that were answered, refused among them, and not answered.
    pub answered: u64,
    /// Of these, with an error.
    pub refused: u64,
    /// Requests of ours without an answer.
    pub unanswered: u64,
    /// Messages from handsets, segments counted.
    pub messages: u64,
    /// Messages that were put together.
    pub reassembled: u64,
    /// Segments whose message is not whole.
    pub waiting_segments: usize,
    /// Messages of an account that were taken.
    pub submitted: u64,
    /// Receipts.
    pub receipts: u64,
    /// Of these, those that found their message.
    pub matched: u64,
    /// The lines of those that did not.
    pub unmatched: Vec<u32>,
    /// The notation that receipts were found to have, once that is sure.
    pub learnt: Option<&'static str>,
    /// Lines whose PDU could not be read or was not permitted, or that answer nothing.
    pub odd: Vec<u32>,
    /// Lines at which the answer recorded is another than ours.
    pub otherwise: Vec<u32>,
    /// Why sessions ended.
    pub closed: Vec<CloseReason>,
    /// The deviations met, and how often.
    pub quirks: Vec<(Quirk, u64)>,
    /// Keys of a dialect that would help.
    pub advice: Vec<Advice>,
}

/// An exchange while it is run.
#[derive(Debug)]
pub struct Exchange {
    dialect: Dialect,
    form: Option<Form>,
    peer: Peer,
    now: Now,
    session: Option<Session>,
    translator: Translator,
    matching: Matching,
    reassembly: Reassembly<()>,
    advisor: Advisor,
    /// The session's number of each request of ours, by that of the recording.
    numbers: HashMap<u32, u32>,
    /// The number of our unbind in the recording, until the session sends its own.
    unbind: Option<u32>,
    /// The answers we gave, by number and command.
    given: HashMap<(u32, CommandId), CommandStatus>,
    ids: u64,
    step: Step,
    summary: Summary,
}

impl Exchange {
    /// An exchange with a peer of this dialect.
    #[must_use]
    pub fn new(dialect: Dialect, peer: Peer) -> Self {
        Self {
            form: Form::of(&dialect),
            matching: Matching::new(&dialect),
            dialect,
            peer,
            now: Now::default(),
            session: None,
            translator: Translator::default(),
            reassembly: Reassembly::new(Limits::default()),
            advisor: Advisor::default(),
            numbers: HashMap::new(),
            unbind: None,
            given: HashMap::new(),
            ids: 0,
            step: Step::default(),
            summary: Summary::default(),
        }
    }

    /// The dialect it is run against.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// What was counted so far, without what only the end can say.
    #[must_use]
    pub fn so_far(&self) -> &Summary {
        &self.summary
    }

    /// The octets of one PDU, sent at `now` (a time that goes back is the one before it); `line` is
    /// what later steps call it. Octets that are no PDU are the end of the session.
    pub fn said(&mut self, now: Now, line: u32, sender: Sender, octets: &[u8]) -> Step {
        if now.monotonic > self.now.monotonic {
            self.now = now;
        }
        let header = Header::read(octets);
        self.begin(header);
        self.pass_time(line);
        match sender {
            Sender::Peer => self.heard(line, header, octets),
            Sender::Us => self.spoke(line, header, octets),
        }
        self.write_down(sender, header);
        let mut step = std::mem::take(&mut self.step);
        step.state = self.session.as_ref().map(Session::state);
        for quirk in &step.quirks {
            match self.summary.quirks.iter_mut().find(|(known, _)| known == quirk) {
                Some((_, count)) => *count += 1,
                // As many as there are quirks.
                None => self.summary.quirks.push((*quirk, 1)),
            }
        }
        step
    }

    /// The end of the recording.
    #[must_use]
    pub fn end(mut self) -> Summary {
        let mut summary = std::mem::take(&mut self.summary);
        self.matching.end(&mut summary);
        self.advisor.at_the_end(&self.matching);
        summary.waiting_segments = self.reassembly.segments();
        summary.unanswered += self.session.as_ref().map_or(0, |one| one.in_flight() as u64);
        summary.quirks.sort_unstable();
        summary.advice = self.advisor.advice();
        summary
    }

    /// A session for the first PDU, and for a bind after the end of one.
    fn begin(&mut self, header: Option<Header>) {
        let command = header.map(|header| header.command_id);
        let is_over = |session: &Session| matches!(session.state(), State::Closed | State::Unbound);
        let binds = matches!(
            command,
            Some(
                CommandId::BIND_RECEIVER
                    | CommandId::BIND_TRANSCEIVER
                    | CommandId::BIND_TRANSMITTER
                    | CommandId::OUTBIND
            )
        );
        let first = self.session.is_none();
        let again = binds && self.session.as_ref().is_some_and(is_over);
        if !first && !again {
            return;
        }
        let role = match self.peer {
            Peer::Account => Role::Smsc,
            Peer::Carrier => Role::Esme,
        };
        self.numbers.clear();
        self.given.clear();
        self.unbind = None;
        self.session = Some(Session::new(role, self.settings(), self.now));
        if first && command.is_some_and(is_bound_only) {
            self.assume_bound();
        }
    }

    fn settings(&self) -> Settings {
        let ours = Settings::default();
        let timeout = self.dialect.response_timeout_ms.map(|ms| Duration::from_millis(ms.into()));
        Settings {
            rules: self.dialect.rules(),
            window_max: usize::MAX,
            enquire_link: NEVER,
            response_timeout: timeout.unwrap_or(ours.response_timeout),
            ..ours
        }
    }

    /// The time up to this PDU.
    fn pass_time(&mut self, line: u32) {
        while let Some(session) = &mut self.session
            && let Some(due) = session.poll_timeout()
            && due <= self.now.monotonic
        {
            session.handle_timeout(self.now);
            let mut progressed = false;
            while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
                progressed = true;
                self.event(line, event);
            }
            let still = self.session.as_ref().and_then(Session::poll_timeout);
            if !progressed && still == Some(due) {
                break;
            }
        }
        self.reassembly.handle_timeout(self.now.monotonic);
        self.put_together();
    }

    /// What the session writes: the request that was asked of it, and its own words.
    fn write_down(&mut self, sender: Sender, recorded: Option<Header>) {
        let Some(session) = &mut self.session else { return };
        let octets = session.poll_transmit().to_vec();
        session.transmitted(octets.len());
        let limits = framer::Limits { max_pdu_bytes: usize::MAX };
        let mut framer = Framer::new(&octets, limits);
        while let Ok(Some(frame)) = framer.next_frame() {
            let Some(header) = Header::read(frame) else { continue };
            let (command, number) = (header.command_id, header.sequence_number);
            if command.is_response() {
                if self.given.len() >= NUMBERS_MAX {
                    self.given.clear();
                }
                self.given.insert((number, command), header.command_status);
                self.step.said.push(frame.into());
                continue;
            }
            let asked = match command {
                CommandId::UNBIND => self.unbind.take(),
                _ => recorded
                    .filter(|one| sender == Sender::Us && one.command_id == command)
                    .map(|one| one.sequence_number),
            };
            match asked {
                Some(asked) => {
                    if self.numbers.len() >= NUMBERS_MAX {
                        self.numbers.clear();
                    }
                    self.numbers.insert(asked, number);
                    self.step.deeds.push(Deed::Sent(number));
                }
                None => self.step.said.push(frame.into()),
            }
        }
    }

    fn did(&mut self, deed: Deed) {
        self.step.deeds.push(deed);
    }

    fn met(&mut self, quirk: Quirk) {
        if !self.step.quirks.contains(&quirk) {
            self.step.quirks.push(quirk);
        }
    }
}

/// Whether only a session that stands has it.
fn is_bound_only(command: CommandId) -> bool {
    matches!(
        command.request(),
        CommandId::ALERT_NOTIFICATION
            | CommandId::CANCEL_SM
            | CommandId::DATA_SM
            | CommandId::DELIVER_SM
            | CommandId::QUERY_SM
            | CommandId::REPLACE_SM
            | CommandId::SUBMIT_MULTI
            | CommandId::SUBMIT_SM
            | CommandId::UNBIND
    )
}
