//! A simulated SMSC: requests of ESMEs to answers, receipts and messages from handsets.
//!
//! ```text
//!   submit_sm -> throttled? -> number, audit, outcome -> answer   (now, after the latency, late,
//!                                     |                            twice or never)
//!                                     +-> receipt (after its delay, before its answer,
//!                                                  on this bind or another one)
//! ```
//!
//! [`Smsc`] decides all of it, from settings, a seed and the time it is given; [`serve`] puts it
//! on sockets. A receipt that was not answered is sent again, on whatever bind of the same
//! system_id is there: this SMSC loses nothing, unless it is told to.

mod accept;
mod bind;
mod deliver;
pub mod ids;
mod mo;
mod queue;
mod receipt;
mod report;
pub mod serve;
mod settings;
mod submission;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

pub use bind::BindId;
pub use report::Report;
pub use settings::{MoOrder, MoSettings, ReceiptBind, ReceiptForm, Settings};

use super::audit::Audit;
use super::dice::Dice;
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::session::{BindKind, BindRequest, Session};
use crate::wire::CommandStatus;
use bind::Bind;
use mo::MoSource;
use receipt::{Press, Receipt};

/// What it calls itself.
const SYSTEM_ID: &str = "chappe-smsc";
/// system_ids known at once; a bind with another one is refused with ESME_RBINDFAIL.
const ACCOUNTS_MAX: usize = 10_000;
/// Answers waiting on one bind above which nothing more is read from it.
const WAITING_MAX: usize = 100_000;
/// Bits of a message number left for one run: a restart a second later gives other ids.
const RUN_BITS: u32 = 22;

/// Whether a link goes on after what it brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flow {
    /// It does.
    Go,
    /// It is cut at once, as by a crash: what is unwritten is lost.
    Cut,
}

/// A simulated SMSC.
#[derive(Debug)]
pub struct Smsc {
    settings: Settings,
    dice: Dice,
    audit: Audit,
    report: Report,
    /// The number of the last message accepted.
    last: u64,
    /// The number before the first.
    before: u64,
    /// Whether anything but ordinary answers can happen: the dice stay untouched when not.
    faulty: bool,
    /// The second that throttling counts in, and the messages accepted in it.
    second: (u64, u64),
    /// Those of each number in it, where that is limited: of so many as `accept` counts.
    by_number: HashMap<Box<[u8]>, u64>,
    accounts: Vec<Account>,
    by_system_id: HashMap<Box<[u8]>, usize>,
    binds: Vec<Option<Bind>>,
    free: Vec<usize>,
    /// Binds that have something to do because of another one.
    woken: VecDeque<BindId>,
    /// Receipts waiting or unanswered, in all.
    receipts: usize,
    mo: MoSource,
    press: Press,
}

/// What is common to the binds of one system_id.
#[derive(Debug, Default)]
struct Account {
    binds: Vec<BindId>,
    /// Which of them took a receipt of another one last.
    turn: usize,
    /// Receipts that no bind is there for, or that were out on a lost link.
    orphans: VecDeque<Receipt>,
}

impl Smsc {
    /// An SMSC without binds; ids begin with the present second, so that no run repeats another's.
    #[must_use]
    pub fn new(settings: Settings, now: Now) -> Self {
        let before = now.wall.as_secs() << RUN_BITS;
        let faulty = !(settings.late.0.is_never()
            && settings.never.is_never()
            && settings.twice.is_never()
            && settings.receipt_first.is_never());
        Self {
            dice: Dice::new(settings.seed),
            audit: Audit::default(),
            report: Report::default(),
            last: before,
            before,
            faulty,
            second: (0, 0),
            by_number: HashMap::new(),
            accounts: Vec::new(),
            by_system_id: HashMap::new(),
            binds: Vec::new(),
            free: Vec::new(),
            woken: VecDeque::new(),
            receipts: 0,
            mo: MoSource::new(settings.mo.clone(), settings.seed),
            press: Press::default(),
            settings,
        }
    }

    /// A peer asks to be bound: grants it, or refuses and gives nothing back.
    pub fn bind(
        &mut self,
        now: Now,
        session: &mut Session,
        request: &BindRequest<'_>,
    ) -> Option<BindId> {
        let system_id = request.fields.system_id.octets();
        let differs = |wanted: &Option<String>, given: &[u8]| {
            wanted.as_ref().is_some_and(|wanted| wanted.as_bytes() != given)
        };
        let refusal = if differs(&self.settings.system_id, system_id) {
            Some(CommandStatus::ESME_RINVSYSID)
        } else if differs(&self.settings.password, request.fields.password.octets()) {
            Some(CommandStatus::ESME_RINVPASWD)
        } else {
            None
        };
        let account = match refusal {
            None => self.account(system_id).ok_or(CommandStatus::ESME_RBINDFAIL),
            Some(status) => Err(status),
        };
        match account {
            Err(status) => {
                self.report.binds_refused += 1;
                session.refuse_bind(status);
                None
            }
            Ok(account) => {
                self.report.binds += 1;
                session.accept_bind(now, SYSTEM_ID);
                session.set_window_max(self.settings.window_max);
                Some(self.enter(Bind::new(account, request.kind != BindKind::Transmitter)))
            }
        }
    }

    /// The link of a bind is gone. Its receipts wait for another bind of its system_id, those that
    /// were out and not answered among them.
    pub fn closed(&mut self, id: BindId) {
        let Some(bind) = self.binds.get_mut(id.0).and_then(Option::take) else { return };
        self.free.push(id.0);
        let retries = bind.mo_retries.into_iter().map(|(_, segment)| segment);
        for segment in bind.mo.into_unsettled() {
            self.report.resent += 1;
            self.mo.put_back(segment);
        }
        retries.for_each(|segment| self.mo.put_back(segment));
        if let Some(account) = self.accounts.get_mut(bind.account) {
            account.binds.retain(|&other| other != id);
            for lane in bind.receipts {
                self.report.resent += lane.out() as u64;
                account.orphans.extend(lane.into_unsettled());
            }
        }
        let heirs = self.binds.iter().position(|heir| {
            heir.as_ref().is_some_and(|heir| heir.receives && heir.account == bind.account)
        });
        let any = self.binds.iter().position(|heir| heir.as_ref().is_some_and(|h| h.receives));
        for heir in [heirs, any].into_iter().flatten() {
            self.wake(BindId(heir));
        }
    }

    /// A bind that has something to do because of another one; call [`Smsc::work`] for it.
    pub fn poll_woken(&mut self) -> Option<BindId> {
        self.woken.pop_front()
    }

    /// When [`Smsc::work`] is to be called for this bind, on the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self, id: BindId, session: &Session) -> Option<Duration> {
        self.binds.get(id.0)?.as_ref()?.due(session.window_free() > 0)
    }

    /// Whether so many answers wait that the link should not be read.
    #[must_use]
    pub fn is_swamped(&self, id: BindId) -> bool {
        let bind = self.binds.get(id.0).and_then(Option::as_ref);
        bind.is_some_and(|bind| bind.waiting() > WAITING_MAX)
    }

    /// Something came that was no valid PDU, or out of place.
    pub fn odd(&mut self) {
        self.report.odd += 1;
    }

    /// Messages that it has accepted.
    #[must_use]
    pub fn accepted_so_far(&self) -> u64 {
        self.report.accepted
    }

    /// What becomes of the message that it accepted last.
    #[must_use]
    pub fn outcome_of_last(&self) -> MessageState {
        self.outcome(self.last)
    }

    /// What has been counted so far; the CPU time is left at zero.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            duplicates: self.audit.duplicates(),
            missing: self.audit.missing(),
            receipts_left: self.receipts as u64,
            ..self.report.clone()
        }
    }

    fn account(&mut self, system_id: &[u8]) -> Option<usize> {
        if let Some(&account) = self.by_system_id.get(system_id) {
            return Some(account);
        }
        if self.accounts.len() == ACCOUNTS_MAX {
            return None;
        }
        self.accounts.push(Account::default());
        self.by_system_id.insert(system_id.into(), self.accounts.len() - 1);
        Some(self.accounts.len() - 1)
    }

    fn enter(&mut self, bind: Bind) -> BindId {
        let account = bind.account;
        let id = match self.free.pop() {
            Some(at) => BindId(at),
            None => {
                self.binds.push(None);
                BindId(self.binds.len() - 1)
            }
        };
        if let Some(place) = self.binds.get_mut(id.0) {
            *place = Some(bind);
        }
        if let Some(account) = self.accounts.get_mut(account) {
            account.binds.push(id);
        }
        id
    }

    fn wake(&mut self, id: BindId) {
        if let Some(Some(bind)) = self.binds.get_mut(id.0)
            && !std::mem::replace(&mut bind.woken, true)
        {
            self.woken.push_back(id);
        }
    }
}
