//! What a simulated SMSC counted, as the JSON object it ends with.

use std::time::Duration;

use serde_json::{Value, json};

/// Replies that are told.
pub const REPLIES_MAX: usize = 100;

/// Counters of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// Binds accepted.
    pub binds: u64,
    /// Binds refused.
    pub binds_refused: u64,
    /// Messages that came: submit_sm, data_sm and submit_multi.
    pub submits: u64,
    /// Messages accepted, those whose answer is late or never comes among them.
    pub accepted: u64,
    /// Messages answered with ESME_RTHROTTLED.
    pub throttled: u64,
    /// Messages answered with ESME_RMSGQFUL: too many receipts waited.
    pub queue_full: u64,
    /// Answers that were late on purpose.
    pub late: u64,
    /// Answers that were never sent on purpose.
    pub never: u64,
    /// Answers that were sent twice on purpose.
    pub twice: u64,
    /// Receipts that went out before their answer on purpose.
    pub receipts_first: u64,
    /// Links cut on purpose.
    pub drops: u64,
    /// Receipts sent, each as often as it was sent.
    pub receipts_sent: u64,
    /// Receipts answered with ESME_ROK.
    pub receipts_acked: u64,
    /// Receipts and segments sent again: refused for now, unanswered, or out on a lost link.
    pub resent: u64,
    /// Receipts and segments refused for good.
    pub deliveries_refused: u64,
    /// Receipts that were due and not answered at the end.
    pub receipts_left: u64,
    /// Segments from handsets sent, each as often as it was sent.
    pub mo_sent: u64,
    /// Segments from handsets answered with ESME_ROK.
    pub mo_acked: u64,
    /// Accepted messages whose serial had been accepted before.
    pub duplicates: u64,
    /// Serials below the highest of their run that were never accepted.
    pub missing: u64,
    /// Accepted messages without a serial: segments behind the first, other software's.
    pub unmarked: u64,
    /// Octets that were no valid PDU, and PDUs out of place.
    pub odd: u64,
    /// What was said to the handset that texts were from, the first hundred.
    pub replies: Vec<String>,
    /// CPU time of the process.
    pub cpu: Duration,
}

impl Report {
    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut report = json!({
            "binds": self.binds,
            "binds_refused": self.binds_refused,
            "submits": self.submits,
            "accepted": self.accepted,
            "throttled": self.throttled,
            "queue_full": self.queue_full,
            "late": self.late,
            "never": self.never,
            "twice": self.twice,
            "receipts_first": self.receipts_first,
            "drops": self.drops,
            "receipts_sent": self.receipts_sent,
            "receipts_acked": self.receipts_acked,
            "receipts_left": self.receipts_left,
            "resent": self.resent,
            "deliveries_refused": self.deliveries_refused,
            "mo_sent": self.mo_sent,
            "mo_acked": self.mo_acked,
            "duplicates": self.duplicates,
            "missing": self.missing,
            "unmarked": self.unmarked,
            "odd": self.odd,
            "cpu_seconds": self.cpu.as_secs_f64(),
        });
        if let (false, Some(report)) = (self.replies.is_empty(), report.as_object_mut()) {
            report.insert("replies".to_owned(), json!(self.replies));
        }
        report
    }
}
