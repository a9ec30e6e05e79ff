//! The pace of one bind or of one number, learnt from the carrier's refusals.
//!
//! Until the carrier says ESME_RTHROTTLED or ESME_RMSGQFUL there is none: the window is all that
//! holds it back. From then on it goes by additive increase and multiplicative decrease: a refusal
//! takes a tenth off what was really sent, though no more than what the carrier took within the
//! last second allows; time without one adds to it, slowly at first and then ever faster, until
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

/// How a pace climbs.
#[derive(Clone, Copy, Debug)]
struct Climb {
    /// What a second adds to it at first, as a part of it.
    increase: f64,
    /// In this time without a refusal the increase doubles.
    double_every: Duration,
}

/// Five seconds make good for a decrease that stopped at what was taken, and a limit that was
/// lifted is found within half a minute.
const CLIMB: Climb = Climb { increase: 0.01, double_every: Duration::from_secs(2) };
/// That of a number below [`SLOW`]. In five seconds it sends a few segments, too many of which were
/// refused; a limit that was lifted is found within a minute.
const SLOW_CLIMB: Climb = Climb { increase: 0.0025, double_every: Duration::from_secs(4) };
const SLOW: f64 = 4.0;
/// The slowest pace of a bind: an attempt a second finds out when the carrier takes messages again.
const LEAST: f64 = 1.0;
/// That of a number: some may send fifteen segments a minute, and one that may send none for the
/// day is not to cost much.
const LEAST_OF_NUMBER: f64 = 0.1;
/// A pace above this holds nothing back and is forgotten.
const FORGOTTEN: f64 = 1_000_000.0;
/// How long a refusal keeps it still: what was refused comes back in that time and goes first.
const QUIET: Duration = BURST;

/// The pace of one bind, or of one number.
#[derive(Clone, Debug, Default)]
pub struct LearntPace {
    limit: Option<Limit>,
    /// Of a number: since when it is measured what it sends.
    measured_from: Option<Duration>,
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
    double_every: Duration,
    /// Since when none has come.
    clean_since: Duration,
    /// Until when the increase has been added.
    raised_at: Duration,
}

impl LearntPace {
    /// A number's, which is measured from now on. A tenth of a second passes before refusals lower
    /// it.
    pub fn of_number(now: Duration) -> Self {
        Self { measured_from: Some(now), ..Self::default() }
    }

    /// A segment goes; the moment before which the next must not, if that is later.
    pub fn send(&mut self, now: Duration) -> Option<Duration> {
        self.count(now, 1);
        let interval = self.interval()?;
        self.limit.as_mut()?.due.send(now, interval)
    }

    /// So many segments go.
    pub fn count(&mut self, now: Duration, segments: u8) {
        self.sent += u64::from(segments);
        self.raise(now);
    }

    /// How much later than a segment the next is due, if the carrier has refused some.
    pub fn interval(&self) -> Option<Duration> {
        self.limit.as_ref().map(|limit| Duration::from_secs_f64(1.0 / limit.per_second))
    }

    /// So many answers came, of whatever kind.
    pub fn answered(&mut self, now: Duration, answers: u32) {
        if self.before.front().is_none_or(|last| now >= last.at + STEP) {
            self.before.truncate(STEPS - 1);
            self.before.push_front(Sums { at: now, sent: self.sent, taken: self.taken });
        }
        self.taken += u64::from(answers);
    }

    /// So many of them were no good, and say nothing of the pace.
    pub fn refused(&mut self, answers: u32) {
        self.taken = self.taken.saturating_sub(u64::from(answers));
    }

    /// So many of them said to slow down, the last to a segment that was sent at `sent_at`; until
    /// when nothing is sent.
    pub fn throttled(&mut self, now: Duration, answers: u32, sent_at: Duration) -> Duration {
        self.refused(answers);
        let quiet_until = now + QUIET;
        let lowered_at = self.limit.as_ref().map_or(Duration::ZERO, |limit| limit.lowered_at);
        if let Some(limit) = &mut self.limit {
            limit.clean_since = now;
            if sent_at <= lowered_at || now < lowered_at + STEP {
                return quiet_until;
            }
        }
        let since = self.before.iter().find(|sums| sums.at + SPAN <= now);
        let span = match (since, self.measured_from) {
            (Some(sums), _) => now.saturating_sub(sums.at),
            (None, Some(from)) => now.saturating_sub(from),
            (None, None) => SPAN,
        };
        if span < STEP {
            return quiet_until;
        }
        let (since, span) = (since.copied().unwrap_or_default(), span.as_secs_f64());
        let sent = (self.sent - since.sent) as f64 / span;
        let taken = self.taken.saturating_sub(since.taken) as f64 / span;
        let pace = self.limit.as_ref().map_or(sent, |limit| limit.per_second.min(sent));
        let is_number = self.measured_from.is_some();
        let least = if is_number { LEAST_OF_NUMBER } else { LEAST };
        let lowered = (pace * DECREASE).max(taken * OF_TAKEN).min(pace).max(least);
        let climb = if is_number && lowered < SLOW { SLOW_CLIMB } else { CLIMB };
        self.limit = Some(Limit {
            per_second: lowered,
            due: Due::at(now),
            lowered_at: now,
            increase: lowered * climb.increase,
            double_every: climb.double_every,
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
        let doubled = (clean.as_secs_f64() / limit.double_every.as_secs_f64()).min(30.0).exp2();
        limit.per_second += limit.increase * doubled * passed.min(SPAN).as_secs_f64();
        if limit.per_second > FORGOTTEN {
            self.limit = None;
        }
    }
}
