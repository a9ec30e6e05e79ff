//! What waits to what is sent: answers, receipts and messages from handsets, when they are due.

use std::time::Duration;

use super::Smsc;
use super::accept::send;
use super::bind::{BindId, Lane};
use super::receipt::Receipt;
use crate::clock::Now;
use crate::session::{Session, SubmitError};
use crate::wire::{CommandStatus, StatusClass};

/// How long a receipt or segment that was refused for now, or not answered, waits.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Smsc {
    /// Sends what is due on this bind, as far as the window allows.
    pub fn work(&mut self, now: Now, id: BindId, session: &mut Session) {
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        bind.woken = false;
        for queue in [&mut bind.answers, &mut bind.late] {
            while let Some(answer) = queue.front().filter(|answer| answer.due <= now.monotonic) {
                send(&self.settings, session, answer);
                queue.pop_front();
            }
        }
        if !bind.receives {
            return;
        }
        while let Some(&(_, segment)) =
            bind.mo_retries.front().filter(|(due, _)| *due <= now.monotonic)
        {
            bind.mo_retries.pop_front();
            self.mo.put_back(segment);
        }
        if let Some(account) = self.accounts.get_mut(bind.account) {
            for receipt in account.orphans.drain(..) {
                bind.receipts[Lane::Express as usize].push(receipt);
            }
        }
        if self.receipts > 0 {
            self.deliver_receipts(now, id, session);
        }
        if !self.mo.is_done() {
            self.deliver_mo(now, id, session);
        }
    }

    /// A request of ours was answered.
    #[inline]
    pub fn answered(&mut self, now: Now, id: BindId, ticket: u64, status: CommandStatus) {
        let (lane, position) = Lane::of(ticket);
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        let again = matches!(status.class(), StatusClass::Temporary | StatusClass::Throttle);
        if lane == Lane::Mo {
            let Some(segment) = bind.mo.settle(position) else { return };
            match status.is_ok() {
                true => self.report.mo_acked += 1,
                false if again => {
                    self.report.resent += 1;
                    bind.mo_retries.push_back((now.monotonic + RETRY_AFTER, segment));
                }
                false => self.report.deliveries_refused += 1,
            }
            return;
        }
        let Some(receipt) = bind.receipts[lane as usize].settle(position) else { return };
        if status.is_ok() {
            self.report.receipts_acked += 1;
            self.receipts -= 1;
        } else if again {
            self.retry(now, id, receipt);
        } else {
            self.report.deliveries_refused += 1;
            self.receipts -= 1;
        }
    }

    /// A request of ours was not answered in time, on a link that still stands.
    pub fn unanswered(&mut self, now: Now, id: BindId, ticket: u64) {
        let (lane, position) = Lane::of(ticket);
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        if lane == Lane::Mo {
            if let Some(segment) = bind.mo.settle(position) {
                self.report.resent += 1;
                bind.mo_retries.push_back((now.monotonic, segment));
            }
        } else if let Some(receipt) = bind.receipts[lane as usize].settle(position) {
            self.retry(now, id, receipt);
        }
    }

    fn retry(&mut self, now: Now, id: BindId, receipt: Receipt) {
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        let due = now.monotonic + RETRY_AFTER;
        self.report.resent += 1;
        bind.receipts[Lane::Retries as usize].push(Receipt { due, ..receipt });
    }

    fn deliver_receipts(&mut self, now: Now, id: BindId, session: &mut Session) {
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        for lane in Lane::RECEIPTS {
            while let Some((position, receipt)) = bind.receipts[lane as usize].next() {
                if receipt.due > now.monotonic {
                    break;
                }
                let body = self.press.print(&self.settings, receipt, now);
                match session.submit(now, lane.ticket(position), &body) {
                    Ok(_) => self.report.receipts_sent += 1,
                    Err(SubmitError::WindowFull | SubmitError::NotPermitted) => return,
                    // Every field was cut to its length when the message came.
                    Err(SubmitError::Encode(_)) => self.report.deliveries_refused += 1,
                }
                bind.receipts[lane as usize].sent();
                if lane == Lane::Express {
                    while let Some((_, answer)) =
                        bind.held.front().filter(|(at, _)| *at <= position)
                    {
                        send(&self.settings, session, answer);
                        bind.held.pop_front();
                    }
                }
            }
        }
    }

    fn deliver_mo(&mut self, now: Now, id: BindId, session: &mut Session) {
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return };
        while session.window_free() > 0 {
            let Some(segment) = self.mo.take() else { return };
            let ticket = Lane::Mo.ticket(bind.mo.push(segment));
            bind.mo.sent();
            match session.submit(now, ticket, &self.mo.print(segment)) {
                Ok(_) => self.report.mo_sent += 1,
                Err(_) => {
                    let (_, position) = Lane::of(ticket);
                    if let Some(segment) = bind.mo.settle(position) {
                        self.mo.put_back(segment);
                    }
                    return;
                }
            }
        }
    }
}
