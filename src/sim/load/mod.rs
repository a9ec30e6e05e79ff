//! Load: settings to submitted messages, and what comes back to an audit of every one of them.
//!
//! ```text
//!   due (rate, count, time) -> submit_sm -> response: accepted | refused | late | never
//!                                               |id
//!                                            ledger <- receipt: first | again | of nothing
//! ```
//!
//! [`Load`] is the state machine: it is stepped with the time and a session and knows no socket;
//! [`drive`] connects it. Each message is one number: its serial, the ticket of its request, its
//! destination and the moment it is due follow from it, so a message in flight costs no memory.

mod deliveries;
pub mod drive;
mod ledger;
mod pace;
mod parked;
mod report;
mod settings;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub use pace::sleep_until;
pub use report::Report;
pub use settings::{Bind, End, Receipts, Settings};
pub use template::SEGMENTS_MAX;

use super::audit::Audit;
use super::serial::Serial;
use crate::clock::Now;
use crate::session::{Entry, Session, Unanswered};
use crate::wire::table::Pdu;
use crate::wire::{CommandStatus, EncodeError};
use ledger::{Accepted, Ledger};
use pace::{Pace, nanos};
use parked::Says;
use template::Template;

/// Accepted messages that may wait for a receipt at once (about 70 octets each); above it nothing
/// is submitted until some have come.
const AWAITING_MAX: usize = 2_000_000;
/// Messages kept by number whose answer never came.
const IN_DOUBT_MAX: usize = 1_000_000;
/// How long after the last message it is listened for receipts that come twice.
const LINGER: Duration = Duration::from_millis(200);
/// Missing messages that are named.
const NAMED_MAX: usize = 10;

/// A run of load.
#[derive(Debug)]
pub struct Load {
    settings: Settings,
    template: Template,
    /// The next message's number.
    next: u64,
    /// The next message's destination.
    destination: u32,
    started: Option<Started>,
    /// Set when no more is to be submitted, whatever the plan says.
    stopped: bool,
    /// Set when nothing more is waited for.
    over: bool,
    bound: usize,
    in_flight: u64,
    /// The last moment something came or went: nanoseconds on the monotonic clock.
    last_at: u64,
    /// When the last answer came.
    answered_at: u64,
    /// When the last bind was lost.
    unbound_at: u64,
    ledger: Ledger,
    /// Messages that had their receipt.
    receipted: Audit,
    /// Messages without an answer: their link was lost, or the answer never came.
    in_doubt: HashSet<u64>,
    timed_out: u64,
    mo_last: HashMap<(Box<[u8]>, u8), u8>,
    report: Report,
}

#[derive(Clone, Copy, Debug)]
struct Started {
    /// Nanoseconds on the monotonic clock.
    at: u64,
    pace: Option<Pace>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Messages sent.
    pub submitted: u64,
    /// Messages sent and answered, whatever the answer.
    pub answered: u64,
    /// Accepted messages whose receipt is still to come.
    pub awaiting: u64,
    /// Since the first message.
    pub elapsed: Duration,
}

impl Load {
    /// A run that has not begun.
    ///
    /// # Errors
    /// When an address of the settings is too long.
    pub fn new(settings: Settings) -> Result<Self, EncodeError> {
        Ok(Self {
            template: Template::new(&settings)?,
            next: 0,
            destination: 0,
            started: None,
            stopped: false,
            over: false,
            bound: 0,
            in_flight: 0,
            last_at: 0,
            answered_at: 0,
            unbound_at: 0,
            ledger: Ledger::default(),
            receipted: Audit::default(),
            in_doubt: HashSet::new(),
            timed_out: 0,
            mo_last: HashMap::new(),
            report: Report::default(),
            settings,
        })
    }

    // ---- arrivals ----

    /// A bind stands. The run begins when all of them do.
    pub fn bound(&mut self, now: Now) {
        self.bound += 1;
        self.report.binds += 1;
        if self.bound == self.settings.sessions() {
            self.start(now);
        }
    }

    /// A bind is gone. What was in flight on it comes through [`Load::unanswered`].
    pub fn unbound(&mut self, now: Now) {
        self.unbound_at = nanos(now.monotonic);
        self.bound = self.bound.saturating_sub(1);
        self.report.binds_lost += u64::from(!self.over);
    }

    /// Begins, although perhaps not all binds stand.
    pub fn start(&mut self, now: Now) {
        if self.started.is_none() {
            let at = nanos(now.monotonic);
            self.last_at = at;
            let pace = self.settings.rate.map(|rate| Pace::new(rate, now.monotonic));
            self.started = Some(Started { at, pace });
        }
    }

    /// Submits no more; what is out may still come back.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// The answer to one of our messages.
    #[inline]
    pub fn answered(
        &mut self,
        now: Now,
        request: &Entry,
        late: bool,
        status: CommandStatus,
        pdu: Option<&Pdu<'_>>,
    ) {
        let number = request.ticket;
        if late {
            self.report.late += 1;
            self.settle_doubt(number);
        } else {
            self.in_flight -= 1;
        }
        let at = nanos(now.monotonic);
        (self.last_at, self.answered_at) = (at, at);
        let since = self.since(number, nanos(request.sent_at));
        self.report.latency.record(at.saturating_sub(since));
        if !status.is_ok() {
            return self.refused(status);
        }
        self.report.accepted += 1;
        if self.settings.receipts == Receipts::Asked
            && let Some(Pdu::SubmitSmResp(response)) = pdu
        {
            let accepted = Accepted { number, since };
            if let Some(early) = self.ledger.accept(response.message_id.octets(), accepted) {
                self.matched_early(early, accepted);
            }
        }
    }

    /// A message of ours is not answered (in time).
    pub fn unanswered(&mut self, request: &Entry, why: Unanswered) {
        self.in_flight -= 1;
        // At the end we unbind, and what is given back then had all the time it was to have.
        let why = if self.over { Unanswered::TimedOut } else { why };
        match why {
            Unanswered::TimedOut => self.timed_out += 1,
            Unanswered::SessionEnded => self.report.unanswered += 1,
        }
        if self.in_doubt.len() < IN_DOUBT_MAX {
            self.in_doubt.insert(doubt(request.ticket, why));
        }
    }

    /// An answer came to nothing that is known.
    pub fn stray(&mut self) {
        self.report.stray += 1;
    }

    // ---- commands ----

    /// Submits what is due, as far as the session's window allows.
    #[inline]
    pub fn submit(&mut self, now: Now, session: &mut Session) {
        let free = session.window_free();
        if free == 0 {
            return;
        }
        let due = self.due(now.monotonic).min(free as u64);
        for _ in 0..due {
            let (number, destination) = (self.next, self.destination);
            let serial = Serial::new(self.settings.run, number);
            let template = &self.template;
            let fill = |body: &mut [u8]| template.fill(body, destination, serial);
            if session.submit_frame(now, number, template.frame(), fill).is_err() {
                break;
            }
            self.next += 1;
            self.destination += 1;
            if self.destination == self.settings.destinations {
                self.destination = 0;
            }
        }
        let submitted = self.next - self.report.submitted;
        if submitted > 0 {
            self.report.submitted = self.next;
            self.in_flight += submitted;
            self.last_at = nanos(now.monotonic);
        }
    }

    // ---- polls ----

    /// When the next message is due, in nanoseconds on the monotonic clock; none before the run has
    /// begun, when all have been submitted, or while messages go as fast as the windows allow.
    #[must_use]
    pub fn poll_due(&self) -> Option<u64> {
        let pace = self.started?.pace?;
        let is_last = matches!(self.settings.end, End::Count(count) if self.next >= count);
        (!self.stopped && !is_last).then(|| pace.due(self.next))
    }

    /// Whether messages wait for room among those that await their receipt.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.ledger.awaiting() >= AWAITING_MAX
    }

    /// Whether all is done, or nothing more is to be hoped for.
    pub fn poll_over(&mut self, now: Now) -> bool {
        self.over = self.over || self.is_over(now);
        self.over
    }

    fn is_over(&mut self, now: Now) -> bool {
        let Some(started) = self.started else { return self.stopped };
        let at = nanos(now.monotonic);
        self.stopped |= match self.settings.end {
            End::Count(count) => self.next >= count,
            End::After(period) => at >= started.at + nanos(period),
        };
        if !self.stopped {
            // Whoever has been gone for so long is not hoped for any more.
            let gone = at.saturating_sub(self.unbound_at.max(self.last_at));
            self.report.abandoned = self.bound == 0 && gone >= nanos(self.settings.settle);
            return self.report.abandoned;
        }
        let quiet = at.saturating_sub(self.last_at);
        if self.in_flight > 0 || self.ledger.awaiting() > 0 || self.timed_out > 0 {
            return quiet >= nanos(self.settings.settle);
        }
        let parked = self.ledger.parked().next().is_some();
        self.settings.receipts == Receipts::NotAsked && !parked || quiet >= nanos(LINGER)
    }

    /// Whether no bind has stood yet.
    #[must_use]
    pub fn is_unbound_yet(&self) -> bool {
        self.report.binds == 0
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self, now: Now) -> Progress {
        let at = nanos(now.monotonic);
        let elapsed = self.started.map_or(0, |started| at.saturating_sub(started.at));
        Progress {
            submitted: self.report.submitted,
            answered: self.report.submitted - self.in_flight,
            awaiting: self.ledger.awaiting() as u64,
            elapsed: Duration::from_nanos(elapsed),
        }
    }

    /// What was found, once it is over; the CPU time is left at zero.
    #[must_use]
    pub fn report(&self) -> Report {
        let started = self.started.map_or(self.last_at, |started| started.at);
        let unsent = match (self.started, self.settings.end) {
            (_, End::Count(count)) => count.saturating_sub(self.next),
            (Some(Started { at, pace: Some(pace) }), End::After(period)) => {
                pace.due_by(Duration::from_nanos(at) + period).saturating_sub(self.next)
            }
            _ => 0,
        };
        let mut report = Report {
            unsent,
            counted: matches!(self.settings.end, End::Count(_)),
            answering: Duration::from_nanos(self.answered_at.saturating_sub(started)),
            elapsed: Duration::from_nanos(self.last_at.saturating_sub(started)),
            ..self.report.clone()
        };
        let mut in_doubt = self.in_doubt.clone();
        let mut timed_out = self.timed_out;
        for parked in self.ledger.parked() {
            // The answer never came, but the receipt quotes the message it belongs to.
            let number = parked.number.filter(|&number| self.is_in_doubt(number));
            let Some(number) = number else {
                report.unknown += parked.times;
                continue;
            };
            report.duplicates += parked.repeated;
            if parked.says == Says::Underway {
                continue;
            }
            if in_doubt.remove(&doubt(number, Unanswered::TimedOut)) {
                timed_out -= 1;
            } else if in_doubt.remove(&doubt(number, Unanswered::SessionEnded)) {
                report.unanswered -= 1;
            }
        }
        report.missing = self.ledger.awaiting() as u64 + timed_out + self.in_flight;
        let mut missing = self.ledger.without_receipt(NAMED_MAX);
        missing.extend(in_doubt.iter().filter(|key| *key & 1 == 1).map(|key| key >> 1));
        missing.sort_unstable();
        missing.truncate(NAMED_MAX);
        report.missing_serials =
            missing.into_iter().map(|number| Serial::new(self.settings.run, number)).collect();
        report
    }

    // ---- private ----

    /// How many more messages are due.
    #[inline]
    fn due(&self, now: Duration) -> u64 {
        let Some(started) = self.started else { return 0 };
        if self.stopped || self.is_held_back() {
            return 0;
        }
        let limit = match self.settings.end {
            End::Count(count) => count,
            End::After(period) if nanos(now) >= started.at + nanos(period) => return 0,
            End::After(_) => u64::MAX,
        };
        let due = started.pace.map_or(limit, |pace| pace.due_by(now).min(limit));
        due.saturating_sub(self.next)
    }

    /// What a message's latency counts from.
    #[inline]
    fn since(&self, number: u64, sent_at: u64) -> u64 {
        match self.started {
            Some(Started { pace: Some(pace), .. }) => pace.due(number),
            _ => sent_at,
        }
    }

    #[cold]
    fn refused(&mut self, status: CommandStatus) {
        *self.report.refused.entry(status).or_default() += 1;
    }

    fn is_in_doubt(&self, number: u64) -> bool {
        [Unanswered::TimedOut, Unanswered::SessionEnded]
            .iter()
            .any(|why| self.in_doubt.contains(&doubt(number, *why)))
    }

    /// Something was heard of a message whose answer had not come. `false` when it was not in
    /// doubt.
    fn settle_doubt(&mut self, number: u64) -> bool {
        if self.in_doubt.remove(&doubt(number, Unanswered::TimedOut)) {
            self.timed_out -= 1;
            true
        } else if self.in_doubt.remove(&doubt(number, Unanswered::SessionEnded)) {
            self.report.unanswered -= 1;
            true
        } else {
            false
        }
    }
}

/// A message in doubt, and why.
fn doubt(number: u64, why: Unanswered) -> u64 {
    number << 1 | u64::from(why == Unanswered::TimedOut)
}
