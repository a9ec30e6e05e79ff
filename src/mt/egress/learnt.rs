//! The pace of one bind, learnt from the carrier's refusals.
//!
//! Until the carrier says ESME_RTHROTTLED or ESME_RMSGQFUL there is none: the window is all that
//! holds a bind back. From then on it goes by additive increase and multiplicative decrease: a
//! refusal takes a tenth off what was really sent, though no more than what the carrier took within
//! the last second allows; time without one adds to it, slowly at first and then ever faster, until
//! the limit is far off and forgotten.

use std::collections::VecDeque;
use std::time::Duration;

use super::due::{BURST, Due};

/// What is taken as measured: sums over the last second, told apart by tenths.
const SPAN: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(100);
const STEPS: usize = 12;

/// What is left after a refusal of the pace there was.
const DECREASE: f64 = 0.9;
/// The least that is left of what the carrier took in the last second. It was within its limit, so
/// less than this only gives room away.
const OF_TAKEN: f64 = 0.95;
/// The slowest pace: an attempt a second finds out when the carrier takes messages again.
const LEAST: f64 = 1.0;
/// What a second adds to the pace at first, as a part of it and at least: five seconds make good
/// for a decrease that stopped at what was taken.
const INCREASE: f64 = 0.01;
const INCREASE_LEAST: f64 = 0.05;
/// In this time without a refusal the increase doubles, so that a limit that was lifted is found
/// within half a minute.
const DOUBLE_EVERY: Duration = Duration::from_secs(2);
/// A pace above this holds nothing back and is forgotten.
const FORGOTTEN: f64 = 1_000_000.0;
/// How long a refusal keeps the bind still: what was refused comes back in that time and goes
/// first.
const QUIET: Duration = BURST;

/// The pace of one bind.
#[derive(Clone, Debug, Default)]
pub struct LearntPace {
    limit: Option<Limit>,
    sent: u64,
    taken: u64,
    /// Both sums as they stood some time ago, the newest first.
    before: VecDeque<Sums>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    at: Duration,
    sent: u64,
    taken: u64,
}

#[derive(Clone, Debug)]
struct Limit {
    per_second: f64,
    due: Due,
    /// When it was last lowered: what was sent before then says nothing about what it is now.
    lowered_at: Duration,
    /// What a second adds while no refusal comes.
    increase: f64,
    /// Since when none has come.
    clean_since: Duration,
    /// Until when the increase has been added.
    raised_at: Duration,
}

impl LearntPace {
    /// A segment goes; the moment before which the next must not, if that is later.
    pub fn send(&mut self, now: Duration) -> Option<Duration> {
        self.sent += 1;
        self.limit.as_ref()?;
        self.raise(now);
        let limit = self.limit.as_mut()?;
        let interval = Duration::from_secs_f64(1.0 / limit.per_second);
        limit.due.send(now, interval)
    }

    /// So many answers came, of whatever kind.
    pub fn answered(&mut self, now: Duration, answers: u32) {
        if self.before.front().is_none_or(|last| now >= last.at + STEP) {
            self.before.truncate(STEPS - 1);
            self.before.push_front(Sums { at: now, sent: self.sent, taken: self.taken });
        }
        self.taken += u64::from(answers);
    }

    /// So many of them said to slow down, the last to a segment that was sent at `sent_at`; until
    /// when the bind sends nothing.
    pub fn throttled(&mut self, now: Duration, answers: u32, sent_at: Duration) -> Duration {
        self.taken = self.taken.saturating_sub(u64::from(answers));
        let quiet_until = now + QUIET;
        let lowered_at = self.limit.as_ref().map_or(Duration::ZERO, |limit| limit.lowered_at);
        if let Some(limit) = &mut self.limit {
            limit.clean_since = now;
            if sent_at <= lowered_at || now < lowered_at + STEP {
                return quiet_until;
            }
        }
        let since = self.before.iter().find(|sums| sums.at + SPAN <= now);
        let since = since.copied().unwrap_or_default();
        let sent = (self.sent - since.sent) as f64;
        let taken = self.taken.saturating_sub(since.taken) as f64;
        let pace = self.limit.as_ref().map_or(sent, |limit| limit.per_second.min(sent));
        let lowered = (pace * DECREASE).max(taken * OF_TAKEN).min(pace).max(LEAST);
        self.limit = Some(Limit {
            per_second: lowered,
            due: Due::at(now),
            lowered_at: now,
            increase: (lowered * INCREASE).max(INCREASE_LEAST),
            clean_since: now,
            raised_at: now,
        });
        quiet_until
    }

    /// Segments a second, if the carrier has refused some.
    pub fn per_second(&self) -> Option<f64> {
        self.limit.as_ref().map(|limit| limit.per_second)
    }

    fn raise(&mut self, now: Duration) {
        let Some(limit) = &mut self.limit else { return };
        let passed = now.saturating_sub(limit.raised_at);
        if passed < STEP {
            return;
        }
        limit.raised_at = now;
        let clean = now.saturating_sub(limit.clean_since);
        let doubled = (clean.as_secs_f64() / DOUBLE_EVERY.as_secs_f64()).min(30.0).exp2();
        limit.per_second += limit.increase * doubled * passed.min(SPAN).as_secs_f64();
        if limit.per_second > FORGOTTEN {
            self.limit = None;
        }
    }
}
