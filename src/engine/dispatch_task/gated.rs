//! From a dispatcher to sessions through the journal: what is about to be sent is written down
//! first.
//!
//! ```text
//!   hand out, at the pace --> held until durable --> the pace once more --> a session
//! ```
//!
//! What a dispatcher hands out within a slow sync becomes durable at once. Were it all to go at
//! once, the carrier would get it beside what is handed out from then on, and more in a second than
//! it takes. The second pace is as fast as the first, so that it keeps nothing while syncs are
//! quick.

use std::future::Future;
use std::task::Context;
use std::time::Duration;

use super::DispatchTask;
use crate::clock::Now;
use crate::engine::gate::Gate;
use crate::engine::shard::records;
use crate::planted::{Bug, is_planted};

impl DispatchTask {
    /// Whether nothing new is to be handed out: the journal takes nothing, the pace keeps what it
    /// was given before, or all ends, and what is kept goes in the next process rather than to a
    /// session that ends.
    pub(super) fn is_kept_back(&self, now: Duration) -> bool {
        let Some(gate) = &self.gate else { return false };
        let is_paced = self.paced_until.is_some_and(|until| now < until);
        gate.is_blocked() || is_paced || self.shared.is_stopping_carriers()
    }

    /// Writes down what is about to be sent, and hands out what may be by now.
    pub(super) fn pass_gate(&mut self, now: Now, cx: &mut Context<'_>) {
        let Some(gate) = &mut self.gate else { return };
        if !self.batch.is_empty() {
            records::at(&mut self.batch, now.wall);
            gate.write(&mut self.batch);
        }
        gate.end_round();
        self.paced_until = None;
        let mut reversed = Vec::new();
        loop {
            let (pace, paced_until) = (&self.pace, &mut self.paced_until);
            let is_let = || match pace.take(now.monotonic, 1) {
                Ok(()) => true,
                Err(wait) => {
                    *paced_until = Some(now.monotonic + wait);
                    false
                }
            };
            let next = self.gate.as_mut().and_then(|gate| Gate::pop_if(gate, is_let));
            let Some(hand_out) = next else { break };
            match is_planted(Bug::LaneOvertaken) {
                true => reversed.push(hand_out),
                false => self.hand_to(now.monotonic, hand_out),
            }
        }
        while let Some(hand_out) = reversed.pop() {
            self.hand_to(now.monotonic, hand_out);
        }
        if let Some(until) = self.paced_until {
            // Nothing is handed out before, so nobody else waits for this timer.
            self.sleep.as_mut().reset(self.shared.clock.instant(until));
            if self.sleep.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
    }
}
