//! What a journal in files can be told.

use crate::store::Error;

use super::frame::span_of_one;
use super::layout::{BLOCK, DATA_START};

/// Largest value of `segment_octets`.
pub(super) const SEGMENT_MAX: u64 = 4 << 30;

/// How a journal in files is laid out and what it bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Octets of a segment file. What is kept beyond need, and what a segment that holds one live
    /// record takes, is about that; so is what is read to find the tail. 64 MiB.
    pub segment_octets: u64,
    /// Most batches that wait to be written. 4,096.
    pub waiting_batches_max: usize,
    /// Octets of waiting batches above which none is taken: memory that the journal may need
    /// beside its buffers, once more for those emptied. 64 MiB.
    pub waiting_octets_max: usize,
    /// Most octets of a batch. A frame holds one, or several up to 1 MiB. 1 MiB.
    pub batch_octets_max: usize,
    /// Where there was no space: how long until it is tried again, in milliseconds. 1,000.
    pub full_retry_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment_octets: 64 << 20,
            waiting_batches_max: 4096,
            waiting_octets_max: 64 << 20,
            batch_octets_max: 1 << 20,
            full_retry_ms: 1000,
        }
    }
}

impl Settings {
    /// How long a segment is at least: it has room for one batch.
    pub(super) const fn segment_octets_least(&self) -> u64 {
        DATA_START + span_of_one(self.batch_octets_max)
    }

    /// Whether all is within its bounds.
    pub(super) fn check(&self) -> Result<(), Error> {
        let least = self.segment_octets_least();
        let wrong = if !self.segment_octets.is_multiple_of(BLOCK as u64) {
            format!("segment_octets: found {}; expected a multiple of {BLOCK}", self.segment_octets)
        } else if !(least..=SEGMENT_MAX).contains(&self.segment_octets) {
            format!(
                "segment_octets: found {}; expected {least} (for one batch) to {SEGMENT_MAX}",
                self.segment_octets
            )
        } else if self.batch_octets_max == 0 {
            "batch_octets_max: found 0; expected at least 1".to_owned()
        } else if !(1..=1 << 20).contains(&self.waiting_batches_max) {
            format!(
                "waiting_batches_max: found {}; expected 1 to {}",
                self.waiting_batches_max,
                1 << 20
            )
        } else if self.waiting_octets_max == 0 {
            "waiting_octets_max: found 0; expected at least 1".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::Setting(wrong))
    }
}
