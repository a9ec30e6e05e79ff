//! What a session of an account holds once it has bound.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::Now;
use crate::engine::handles::{AccountHandle, Handed};
use crate::engine::shared::Account;

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
    /// Set while more than half of what may wait for the account does, as last looked.
    pub piles_up: bool,
}

impl Bound {
    /// Whether deliveries pile up to half of what may wait, for an account that does take them,
    /// only slower than it submits: it is to submit less before the limit costs it receipts. An
    /// account that takes none at all is not waited for.
    pub fn is_about_to_lose(&self, now: Now) -> bool {
        self.piles_up && self.took_at.is_some_and(|took_at| now.monotonic < took_at + TAKES_NONE)
    }

    /// Looks how much waits: once a wake-up, since every thread writes to where that stands.
    pub fn look_at_backlog(&mut self) {
        let backlog = self.account.backlog.load(Ordering::Relaxed);
        let max = self.account.settings.receipts_waiting_max as usize;
        self.piles_up = usize::try_from(backlog).is_ok_and(|backlog| backlog > max / 2);
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
        if usize::from(handed.refusals) >= receivers.len() {
            return Err(handed);
        }
        let behind = own.map_or(0, |own| own + 1);
        for other in receivers.iter().cycle().skip(behind).take(receivers.len() - 1) {
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

/// Counts of one wake-up, handed on together: a counter shared by all threads costs more than what
/// it counts.
#[derive(Debug, Default)]
pub struct Tally {
    pub submits: u64,
    pub accepted: u64,
    pub receipts: u64,
    pub mo: u64,
}

impl Tally {
    pub fn flush(&mut self, account: &Account) {
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
