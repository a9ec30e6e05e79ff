//! What goes to accounts: at once when a session can take it, else in order and bounded when one
//! can.

use std::time::Duration;

use super::{ACCOUNT_TICKETS, Counted, Delivery, Effects, Shard};
use crate::clock::Now;

impl<L: Clone> Shard<L> {
    /// A session took these deliveries, the oldest first, and could not bring them to their end:
    /// they wait again, before all others, for another session, or for `pause` when the account
    /// refused them for now.
    pub fn undelivered<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        account: u32,
        deliveries: Vec<Delivery>,
        pause: Duration,
        effects: &mut E,
    ) {
        let waiting = self.waiting.entry(account).or_default();
        effects.backlog(account, deliveries.len() as isize);
        for delivery in deliveries.into_iter().rev() {
            waiting.push_front(delivery);
        }
        self.bound_waiting(account, effects);
        if pause.is_zero() {
            self.account_ready(account, effects);
        } else {
            self.due.push(now.wall + pause, ACCOUNT_TICKETS | u64::from(account));
        }
    }

    /// A session of the account has room again, or has just bound.
    pub fn account_ready<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        let Some(waiting) = self.waiting.get_mut(&account) else { return };
        let before = waiting.len();
        while let Some(delivery) = waiting.pop_front() {
            if let Err(delivery) = effects.deliver(account, delivery) {
                waiting.push_front(delivery);
                break;
            }
        }
        effects.backlog(account, waiting.len() as isize - before as isize);
        if waiting.is_empty() {
            self.waiting.remove(&account);
        }
    }

    pub(super) fn deliver<E: Effects<Link = L>>(
        &mut self,
        account: u32,
        delivery: Delivery,
        effects: &mut E,
    ) {
        let delivery = match self.waiting.get(&account) {
            // Those that wait go first.
            Some(waiting) if !waiting.is_empty() => Err(delivery),
            _ => effects.deliver(account, delivery),
        };
        let Err(delivery) = delivery else { return };
        self.waiting.entry(account).or_default().push_back(delivery);
        effects.backlog(account, 1);
        self.bound_waiting(account, effects);
    }

    fn bound_waiting<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        let max = self.limits.waiting_max.get(account as usize).copied().unwrap_or(0);
        let Some(waiting) = self.waiting.get_mut(&account) else { return };
        while waiting.len() > max {
            waiting.pop_front();
            effects.backlog(account, -1);
            effects.count(Counted::DeliveryDropped);
        }
    }
}
