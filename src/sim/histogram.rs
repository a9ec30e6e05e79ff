//! Times to their percentiles, in memory that does not grow.
//!
//! Each power of two is cut into 128 equal buckets, so a value read back is at most 1/128 (0.8 %)
//! above the one that was entered; small values are exact.

use std::time::Duration;

/// Bits that tell values of one power of two apart.
const PRECISION: u32 = 7;
const BUCKETS: usize = ((64 - PRECISION as usize) + 1) << PRECISION;

/// How often each time came: 58 KiB, whatever is entered.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), total: 0, max: 0 }
    }
}

impl Histogram {
    /// Enters a time in nanoseconds.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        if let Some(count) = self.counts.get_mut(bucket(nanos)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    /// How many were entered.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest time entered.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The time at or below which `share` (0 to 1) of all lie; zero when nothing was entered.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut sum = 0;
        for (at, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return Duration::from_nanos(highest(at).min(self.max));
            }
        }
        self.max()
    }
}

/// Which bucket a value belongs to.
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - (value >> PRECISION).leading_zeros()).saturating_sub(1);
    // The leading one is left in, so each power's buckets follow those of the one before.
    ((shift as usize) << PRECISION) + (value >> shift) as usize
}

/// The highest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let power = (bucket >> PRECISION) as u32;
    if power < 2 {
        return bucket as u64;
    }
    let shift = power - 1;
    let lowest = ((bucket as u64) - (u64::from(shift) << PRECISION)) << shift;
    lowest + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket_which_is_narrow(value: u64) {
            let at = bucket(value);
            prop_assert!(at < BUCKETS);
            let highest = highest(at);
            prop_assert!(highest >= value && highest - value <= value >> PRECISION);
            prop_assert!(at == 0 || super::highest(at - 1) < value);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(0_u64..100_000_000, 1..500), share in 0.0_f64..=1.0,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|&value| histogram.record(value));
            values.sort_unstable();
            let rank = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let found = histogram.quantile(share).as_nanos() as u64;
            prop_assert!(found >= exact && found - exact <= exact >> PRECISION);
        }
    }

    #[test]
    fn nothing_entered_is_no_time() {
        let histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (Duration::ZERO, Duration::ZERO));
    }
}
