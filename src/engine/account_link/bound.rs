//! What a session of an account holds once it has bound.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::Now;
use crate::engine::handles::{AccountHandle, Handed};
use crate::engine::shared::Shared;
use crate::engine::world::Account;
use crate::wire::{CommandId, CommandStatus};

/// Without a delivery taken for so long, an account takes none.
const TAKES_NONE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Bound {
    pub account: Arc<Account>,
    pub handle: Arc<AccountHandle>,
    pub receives: bool,
    pub window_max: usize,
    pub in_flight: Vec<Option<Handed>>,
    pub free: Vec<u32>,
    /// When this session last took a delivery, on the monotonic clock.
    pub took_at: Option<Duration>,
    /// Whether [`piles_up`], as last looked.
    pub piles_up: bool,
    /// Submits that wait for their answer.
    pub waits: Waits,
}

/// When the submits came that a shard has not answered.
///
/// Answers are taken for those of the oldest. Shards answer each in order, but not one behind the
/// other, so a single time can be another's; their number and their sum are exact, and a submit
/// costs no room in any queue for it.
#[derive(Debug, Default)]
pub struct Waits(VecDeque<(Duration, usize)>);

impl Waits {
    /// One more has come. At most a window of them waits.
    pub fn came(&mut self, at: Duration) {
        match self.0.back_mut() {
            Some((last, count)) if *last == at => *count += 1,
            _ => self.0.push_back((at, 1)),
        }
    }

    /// So many are answered now; those that came together are told together.
    pub fn answered(
        &mut self,
        now: Duration,
        mut answers: usize,
        mut tell: impl FnMut(Duration, usize),
    ) {
        while answers > 0 {
            let Some((at, waiting)) = self.0.front_mut() else { return };
            let told = answers.min(*waiting);
            tell(now.saturating_sub(*at), told);
            answers -= told;
            *waiting -= told;
            if *waiting == 0 {
                self.0.pop_front();
            }
        }
    }
}

impl Bound {
    /// Whether deliveries pile up for an account that does take them, only slower than it submits:
    /// it is to submit less before the limit costs it receipts. An account that takes none at all
    /// is not waited for.
    pub fn is_about_to_lose(&self, now: Now) -> bool {
        self.piles_up && self.took_at.is_some_and(|took_at| now.monotonic < took_at + TAKES_NONE)
    }

    /// Looks how much waits: once a wake-up, since every thread writes to where that stands.
    pub fn look_at_backlog(&mut self) {
        let backlog = self.account.backlog.load(Ordering::Relaxed);
        let backlog = u32::try_from(backlog).unwrap_or(0);
        let max = self.account.settings.receipts_waiting_max;
        self.piles_up = piles_up(backlog, self.account.queued.used(), max);
    }

    pub fn next_ticket(&mut self) -> u64 {
        match self.free.pop() {
            Some(place) => u64::from(place),
            None => {
                self.in_flight.push(None);
                self.in_flight.len() as u64 - 1
            }
        }
    }

    pub fn keep(&mut self, ticket: u64, delivery: Handed) {
        if let Some(place) = self.in_flight.get_mut(ticket as usize) {
            *place = Some(delivery);
        }
    }

    pub fn take(&mut self, ticket: u64) -> Option<Handed> {
        let delivery = self.in_flight.get_mut(ticket as usize)?.take()?;
        self.free.push(ticket as u32);
        Some(delivery)
    }

    /// Gives what this session could not deliver now to the account's next one, unless each has
    /// refused it or none has room.
    ///
    /// # Errors
    /// One to wait, this or one that came before it: see [`AccountHandle::push_delivery`].
    pub fn pass_on(&self, mut handed: Handed) -> Result<(), Handed> {
        let receivers = self.account.receivers.load();
        let own = receivers.iter().position(|other| Arc::ptr_eq(other, &self.handle));
        handed.refusals = handed.refusals.saturating_add(1);
        let fit = receivers.iter().filter(|other| other.takes(&handed.delivery)).count();
        if usize::from(handed.refusals) >= fit {
            return Err(handed);
        }
        let behind = own.map_or(0, |own| own + 1);
        for other in receivers.iter().cycle().skip(behind).take(receivers.len() - 1) {
            if !other.takes(&handed.delivery) {
                continue;
            }
            match other.push_delivery(handed) {
                Ok(()) => {
                    other.wake();
                    return Ok(());
                }
                Err(back) => handed = back,
            }
        }
        Err(handed)
    }
}

/// Whether an account whose deliveries wait already would lose some if its queue became receipts as
/// well: a carrier may take all of it before the account takes any. A quarter is left for what
/// carriers have and have not reported.
fn piles_up(backlog: u32, queued: u32, max: u32) -> bool {
    backlog > max / 8 && backlog.saturating_add(queued) > max - max / 4
}

/// Counts of one wake-up, handed on together: a counter shared by all threads costs more than what
/// it counts.
#[derive(Debug, Default)]
pub struct Tally {
    pub submits: u64,
    pub accepted: u64,
    pub receipts: u64,
    pub mo: u64,
    /// Requests other than submit_sm, by what they were answered: a handful.
    requests: Vec<(CommandId, CommandStatus, u64)>,
}

impl Tally {
    /// A request other than a submit_sm was answered so.
    pub fn request(&mut self, command: CommandId, status: CommandStatus) {
        let same = |one: &&mut (CommandId, CommandStatus, u64)| (one.0, one.1) == (command, status);
        match self.requests.iter_mut().find(same) {
            Some((_, _, count)) => *count += 1,
            None => self.requests.push((command, status, 1)),
        }
    }

    pub fn flush(&mut self, account: &Account, shared: &Shared) {
        for (command, status, count) in self.requests.drain(..) {
            shared.metrics.requests.add(&shared.registry, (command, status), count);
        }
        let metrics = &account.metrics;
        let counters = [
            (&metrics.submits, &mut self.submits),
            (&metrics.accepted, &mut self.accepted),
            (&metrics.receipts, &mut self.receipts),
            (&metrics.mo, &mut self.mo),
        ];
        for (counter, count) in counters {
            if *count > 0 {
                counter.increment(std::mem::take(count));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_told_once_with_the_time_of_the_oldest_submit_that_waits() {
        let millis = Duration::from_millis;
        let mut waits = Waits::default();
        for at in [1, 1, 1, 5] {
            waits.came(millis(at));
        }
        let mut told = Vec::new();
        waits.answered(millis(6), 2, |took, count| told.push((took, count)));
        waits.answered(millis(7), 9, |took, count| told.push((took, count)));
        assert_eq!(told, [(millis(5), 2), (millis(6), 1), (millis(2), 1)]);
    }

    #[test]
    fn what_is_queued_counts_as_receipts_to_come_once_some_wait() {
        assert!(!piles_up(0, 1_000_000, 1000), "who keeps up may fill its queue");
        assert!(!piles_up(125, 600, 1000));
        assert!(!piles_up(126, 624, 1000));
        assert!(piles_up(126, 625, 1000));
        assert!(piles_up(751, 0, 1000));
        assert!(piles_up(u32::MAX, u32::MAX, u32::MAX));
    }
}
