//! What goes to accounts: at once when a session can take it, else in order and bounded when one
//! can. What every session refused for now is put by, so that the others need not wait for it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::{ACCOUNT_TICKETS, Counted, Delivery, Effects, Shard, Waits};
use crate::clock::Now;
use crate::planted::{Bug, is_planted};

/// Deliveries of one account that are put by at a time, in one shard. An account that refuses more
/// refuses everything: then all wait, and it is not asked thousands of times a second.
const PUT_BY_MAX: usize = 16;

/// Deliveries that their account refused for now.
#[derive(Debug, Default)]
pub(super) struct PutBy {
    /// By account, each with the moment it goes again, in wall time since 1970; oldest first.
    accounts: HashMap<u32, VecDeque<(Duration, Delivery)>, foldhash::fast::FixedState>,
}

impl PutBy {
    /// Keeps one until its moment.
    ///
    /// # Errors
    /// The delivery, when so many are kept already.
    fn keep(&mut self, account: u32, until: Duration, delivery: Delivery) -> Result<(), Delivery> {
        let kept = self.accounts.entry(account).or_default();
        if kept.len() >= PUT_BY_MAX {
            return Err(delivery);
        }
        kept.push_back((until, delivery));
        Ok(())
    }

    /// Takes out the newest of those whose moment has come.
    fn take_due(&mut self, account: u32, now: Duration) -> Option<Delivery> {
        let kept = self.accounts.get_mut(&account)?;
        let at = kept.iter().rposition(|(until, _)| *until <= now)?;
        let (_, delivery) = kept.remove(at)?;
        if kept.is_empty() {
            self.accounts.remove(&account);
        }
        Some(delivery)
    }

    /// Takes out the oldest.
    fn take_oldest(&mut self, account: u32) -> Option<Delivery> {
        let kept = self.accounts.get_mut(&account)?;
        let (_, delivery) = kept.pop_front()?;
        if kept.is_empty() {
            self.accounts.remove(&account);
        }
        Some(delivery)
    }

    /// How many of this account.
    pub fn of(&self, account: u32) -> usize {
        self.accounts.get(&account).map_or(0, VecDeque::len)
    }

    /// How many in all.
    pub fn len(&self) -> usize {
        self.accounts.values().map(VecDeque::len).sum()
    }
}

/// Deliveries for which no session of their account is bound, by what it said when it bound
/// (quirk 55): by account, the oldest first. They count against the account's limit like others.
#[derive(Debug, Default)]
pub(super) struct Apart(HashMap<u32, VecDeque<Delivery>, foldhash::fast::FixedState>);

impl Apart {
    fn keep(&mut self, account: u32, delivery: Delivery) {
        self.0.entry(account).or_default().push_back(delivery);
    }

    fn take_oldest(&mut self, account: u32) -> Option<Delivery> {
        let kept = self.0.get_mut(&account)?;
        let oldest = kept.pop_front();
        if kept.is_empty() {
            self.0.remove(&account);
        }
        oldest
    }

    fn take_all(&mut self, account: u32) -> VecDeque<Delivery> {
        self.0.remove(&account).unwrap_or_default()
    }

    /// How many of this account.
    pub fn of(&self, account: u32) -> usize {
        self.0.get(&account).map_or(0, VecDeque::len)
    }

    /// How many in all.
    pub fn len(&self) -> usize {
        self.0.values().map(VecDeque::len).sum()
    }
}

impl<L: Clone> Shard<L> {
    /// A session took these deliveries, the oldest first, and could not bring them to their end:
    /// they wait again, before all others, for another session; those that the account refused for
    /// now are put by for `pause`, and others go meanwhile.
    pub fn undelivered<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        account: u32,
        deliveries: Vec<Delivery>,
        pause: Duration,
        effects: &mut E,
    ) {
        effects.backlog(account, deliveries.len() as isize);
        let until = now.wall + pause;
        let mut left = Vec::new();
        for delivery in deliveries {
            let put_by = match pause.is_zero() {
                true => Err(delivery),
                false => self.put_by.keep(account, until, delivery),
            };
            left.extend(put_by.err());
        }
        let others_go = pause.is_zero() || left.is_empty();
        let waiting = self.waiting.entry(account).or_default();
        for delivery in left.into_iter().rev() {
            waiting.push_front(delivery);
        }
        self.bound_waiting(account, effects);
        if !pause.is_zero() {
            self.due.push(until, ACCOUNT_TICKETS | u64::from(account));
        }
        if others_go {
            self.account_ready(account, effects);
        }
    }

    /// What was put by goes again, before what waits.
    pub(super) fn account_due<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        account: u32,
        effects: &mut E,
    ) {
        while let Some(delivery) = self.put_by.take_due(account, now.wall) {
            self.waiting.entry(account).or_default().push_front(delivery);
        }
        self.account_ready(account, effects);
    }

    /// A session of the account has just bound to receive.
    pub fn account_bound<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        for delivery in self.apart.take_all(account).into_iter().rev() {
            self.waiting.entry(account).or_default().push_front(delivery);
        }
        self.account_ready(account, effects);
    }

    /// A session of the account has room again.
    pub fn account_ready<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        let Some(waiting) = self.waiting.get_mut(&account) else { return };
        let mut taken = 0;
        while let Some(delivery) = waiting.pop_front() {
            match effects.deliver(account, delivery) {
                Ok(()) => taken += 1,
                Err(Waits::ForBind(delivery)) => self.apart.keep(account, delivery),
                Err(Waits::ForRoom(delivery)) => {
                    waiting.push_front(delivery);
                    break;
                }
            }
        }
        effects.backlog(account, -taken);
        if waiting.is_empty() {
            self.waiting.remove(&account);
        }
    }

    pub(super) fn deliver<E: Effects<Link = L>>(
        &mut self,
        account: u32,
        mut delivery: Delivery,
        effects: &mut E,
    ) {
        if let Some(ledger) = &mut self.ledger {
            ledger.owe(account, &mut delivery);
        }
        if let Some(delivery) = effects.hold_delivery(account, delivery) {
            self.deliver_kept(account, delivery, effects);
        }
    }

    /// Hands an account what nothing keeps from it any more.
    pub fn deliver_kept<E: Effects<Link = L>>(
        &mut self,
        account: u32,
        delivery: Delivery,
        effects: &mut E,
    ) {
        let delivery = match self.waiting.get(&account) {
            // Those that wait go first.
            Some(waiting) if !waiting.is_empty() => Err(Waits::ForRoom(delivery)),
            _ => effects.deliver(account, delivery),
        };
        match delivery {
            Ok(()) => return,
            Err(Waits::ForBind(delivery)) => self.apart.keep(account, delivery),
            Err(Waits::ForRoom(delivery)) => {
                self.waiting.entry(account).or_default().push_back(delivery);
            }
        }
        effects.backlog(account, 1);
        self.bound_waiting(account, effects);
    }

    /// What was owed to an account under this number has come to its end.
    pub fn settled(&mut self, number: u64) {
        if let Some(ledger) = &mut self.ledger
            && !is_planted(Bug::SettledNotWritten)
        {
            ledger.settle(number);
        }
    }

    pub(super) fn bound_waiting<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        let max = self.limits.waiting_max.get(account as usize).copied().unwrap_or(0);
        let in_turn = |shard: &Self| shard.waiting.get(&account).map_or(0, VecDeque::len);
        while in_turn(self) + self.put_by.of(account) + self.apart.of(account) > max {
            let dropped = self.put_by.take_oldest(account);
            let dropped = dropped.or_else(|| self.apart.take_oldest(account));
            let waiting = self.waiting.get_mut(&account);
            let dropped = dropped.or_else(|| waiting.and_then(VecDeque::pop_front));
            if let (Some(ledger), Some(dropped)) = (&mut self.ledger, dropped) {
                ledger.settle(dropped.number());
            }
            effects.backlog(account, -1);
            effects.count(Counted::DeliveryDropped);
        }
    }
}
