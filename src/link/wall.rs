//! A wall clock that nobody sets: the system's, but a jump of that is followed little by little.
//!
//! Waits and validities are kept in wall time, since they outlive the process. So an operator who
//! sets the clock ahead by a day would have all messages expire at once, and one who sets it back
//! by an hour would have every retry wait for an hour. Here such a jump makes time pass at double
//! or half its speed until both clocks agree again; dates in receipts are off meanwhile. What the
//! system's clock is corrected by little by little, as time servers do, is followed at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What is a jump, and no correction, in microseconds.
const JUMP_US: i64 = 1_000_000;
/// How exactly the moment of the last look is noted: not at each look, as all threads share it.
const NOTED_US: i64 = 50_000;

/// The wall time that the process goes by, since 1970.
#[must_use]
pub fn now() -> Duration {
    MACHINE.now(Duration::ZERO)
}

/// The clock of the machine.
pub static MACHINE: Wall = Wall::machine();

/// A wall clock.
#[derive(Debug)]
pub struct Wall {
    steady: Steady,
    /// How far it is ahead of monotonic time, in microseconds, where it is not the machine's.
    given: Option<AtomicI64>,
}

impl Wall {
    const fn machine() -> Self {
        Self { steady: Steady::new(), given: None }
    }

    /// A clock that shows what it is told, for simulators. Its jumps are followed like those of the
    /// machine's.
    #[must_use]
    pub const fn given() -> Self {
        Self { steady: Steady::new(), given: Some(AtomicI64::new(0)) }
    }

    /// Sets a clock that is given: so far ahead of monotonic time.
    pub fn set(&self, ahead: Duration) {
        if let Some(given) = &self.given {
            given.store(micros(ahead), Ordering::Relaxed);
        }
    }

    /// Sets it anew, for a process that has not seen it before.
    pub fn begin(&self, ahead: Duration) {
        self.set(ahead);
        self.steady.forget();
    }

    /// What it shows, at this moment of monotonic time where it is given.
    #[must_use]
    pub fn now(&self, monotonic: Duration) -> Duration {
        static STARTED: OnceLock<Instant> = OnceLock::new();
        let (monotonic, system) = match &self.given {
            None => {
                let monotonic = STARTED.get_or_init(Instant::now).elapsed();
                (monotonic, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
            }
            Some(given) => {
                let ahead = u64::try_from(given.load(Ordering::Relaxed)).unwrap_or(0);
                (monotonic, monotonic + Duration::from_micros(ahead))
            }
        };
        match self.steady.read(micros(monotonic), micros(system)) {
            // Not a microsecond of it is lost.
            None => system,
            Some(wall) => Duration::from_micros(u64::try_from(wall).unwrap_or(0)),
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// How far wall time is ahead of monotonic time.
#[derive(Debug)]
struct Steady {
    /// Microseconds; [`UNSET`] before the first look.
    ahead: AtomicI64,
    /// When that was noted, on the monotonic clock.
    noted_at: AtomicI64,
    /// Whether a jump is being followed.
    follows: AtomicBool,
}

const UNSET: i64 = i64::MIN;

impl Steady {
    const fn new() -> Self {
        Self {
            ahead: AtomicI64::new(UNSET),
            noted_at: AtomicI64::new(0),
            follows: AtomicBool::new(false),
        }
    }

    fn forget(&self) {
        self.ahead.store(UNSET, Ordering::Relaxed);
        self.noted_at.store(0, Ordering::Relaxed);
        self.follows.store(false, Ordering::Relaxed);
    }

    /// The time to go by; `None` is the system's own.
    fn read(&self, monotonic: i64, system: i64) -> Option<i64> {
        let its = system.saturating_sub(monotonic);
        let ahead = self.ahead.load(Ordering::Relaxed);
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        let passed = monotonic.saturating_sub(noted_at);
        let behind = its.saturating_sub(ahead);
        // One that is followed is followed to its end.
        let jump = if self.follows.load(Ordering::Relaxed) { NOTED_US } else { JUMP_US };
        if ahead == UNSET || behind.abs() <= jump {
            if ahead == UNSET || passed > NOTED_US {
                self.ahead.store(its, Ordering::Relaxed);
                self.noted_at.store(monotonic, Ordering::Relaxed);
                if self.follows.swap(false, Ordering::Relaxed) {
                    tracing::info!("the clocks agree again");
                }
            }
            return None;
        }
        if !self.follows.swap(true, Ordering::Relaxed) {
            let seconds = behind / 1_000_000;
            tracing::warn!(
                seconds,
                "the system's clock has jumped: it is followed little by little"
            );
        }
        if passed > NOTED_US
            && let Ok(_) = self.noted_at.compare_exchange(
                noted_at,
                monotonic,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
        {
            // Twice as fast as time passes, or half.
            let step = behind.clamp(-passed / 2, passed);
            self.ahead.store(ahead + step, Ordering::Relaxed);
            return Some(monotonic + ahead + step);
        }
        Some(monotonic + ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;
    const EPOCH: i64 = 1_780_000_000 * SECOND;

    /// Looks every ten milliseconds for so long; what it says at the end.
    fn run(steady: &Steady, from: i64, until: i64, offset: i64) -> i64 {
        let mut last = i64::MIN;
        for at in (from..=until).step_by(10_000) {
            let system = EPOCH + at + offset;
            let wall = steady.read(at, system).unwrap_or(system);
            assert!(wall + NOTED_US >= last, "it does not go back by itself");
            last = wall;
        }
        last
    }

    #[test]
    fn without_a_jump_it_is_the_systems() {
        let steady = Steady::new();
        for at in 0..1_000 {
            // A time server corrects a thousandth.
            let at = at * SECOND;
            assert_eq!(steady.read(at, EPOCH + at + at / 1_000), None);
        }
        assert_eq!(steady.read(1_000 * SECOND, EPOCH + 1_001 * SECOND + SECOND / 2), None);
    }

    #[test]
    fn a_jump_ahead_is_made_good_at_double_speed() {
        let steady = Steady::new();
        run(&steady, 0, 10 * SECOND, 0);
        let ten_later = run(&steady, 10 * SECOND, 20 * SECOND, 24 * HOUR);
        let passed = ten_later - (EPOCH + 10 * SECOND);
        assert!((19 * SECOND..=21 * SECOND).contains(&passed), "{passed}");
        let steady = Steady::new();
        run(&steady, 0, SECOND, 0);
        assert_eq!(run(&steady, SECOND, 100 * SECOND, 30 * SECOND), EPOCH + 130 * SECOND);
    }

    #[test]
    fn a_jump_back_is_made_good_at_half_speed_and_nothing_stands_still() {
        let steady = Steady::new();
        run(&steady, 0, 10 * SECOND, 0);
        let ten_later = run(&steady, 10 * SECOND, 20 * SECOND, -HOUR);
        let passed = ten_later - (EPOCH + 10 * SECOND);
        assert!((4 * SECOND..=6 * SECOND).contains(&passed), "{passed}");
        let steady = Steady::new();
        run(&steady, 0, SECOND, 0);
        let last = run(&steady, SECOND, 100 * SECOND, -30 * SECOND);
        assert!((EPOCH + 70 * SECOND..=EPOCH + 71 * SECOND).contains(&last));
    }

    #[test]
    fn the_first_look_is_no_jump_and_a_long_pause_is_none() {
        let steady = Steady::new();
        assert_eq!(steady.read(5 * SECOND, EPOCH), None);
        assert_eq!(steady.read(5 * SECOND + 9 * HOUR, EPOCH + 9 * HOUR), None);
    }
}
