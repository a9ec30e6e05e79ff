//! What a run of load found, as the JSON object it ends with.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::message::state::MessageState;
use crate::sim::histogram::Histogram;
use crate::sim::serial::Serial;
use crate::wire::CommandStatus;

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Messages sent.
    pub submitted: u64,
    /// Messages answered with ESME_ROK.
    pub accepted: u64,
    /// Messages answered with another status, by status.
    pub refused: BTreeMap<CommandStatus, u64>,
    /// Receipts, by the state they tell; every one that came, duplicates and unknown ones too.
    pub receipts: BTreeMap<MessageState, u64>,
    /// Messages accepted whose receipt was asked for and did not come, and messages whose answer
    /// did not come although their link stood.
    pub missing: u64,
    /// Receipts that end a message which had ended so already.
    pub duplicates: u64,
    /// Receipts that match nothing.
    pub unknown: u64,
    /// Receipts whose state cannot be read; they end nothing.
    pub unreadable: u64,
    /// Messages whose link was lost before their answer came and of which nothing was heard since.
    pub unanswered: u64,
    /// Answers after the response timeout.
    pub late: u64,
    /// Answers to nothing: second ones, for example.
    pub stray: u64,
    /// Messages of a count that were not sent, and those that were due at the end of a run by time
    /// and could not be sent in time.
    pub unsent: u64,
    /// Whether the run was given up because nobody was there any more.
    pub abandoned: bool,
    /// Binds made, again after a loss included.
    pub binds: u64,
    /// Binds that were lost.
    pub binds_lost: u64,
    /// Messages from handsets: deliver_sm that are no receipts.
    pub mo_received: u64,
    /// Segments that came before an earlier one of their message.
    pub mo_out_of_order: u64,
    /// Whether `unsent` is what a count lacks: a run by time ends when it ends.
    pub counted: bool,
    /// From the first submission to the last answer.
    pub answering: Duration,
    /// From the first submission to the last answer or receipt.
    pub elapsed: Duration,
    /// From submission (with a rate: from when it was due) to the answer.
    pub latency: Histogram,
    /// From there to the receipt.
    pub receipt_latency: Histogram,
    /// Some messages that are missing.
    pub missing_serials: Vec<Serial>,
    /// CPU time of the process.
    pub cpu: Duration,
}

impl Report {
    /// Whether all that was asked for was sent, and what was sent and what came back agree: nothing
    /// missing, nothing unanswered, nothing unknown.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let agrees = self.missing == 0 && self.unanswered == 0 && self.unknown == 0;
        let short = self.abandoned || self.counted && self.unsent > 0;
        agrees && !short
    }

    /// Messages accepted a second, to the last answer.
    #[must_use]
    pub fn messages_per_second(&self) -> f64 {
        let seconds = self.answering.as_secs_f64();
        if seconds > 0.0 { self.accepted as f64 / seconds } else { 0.0 }
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let refused: Map<String, Value> =
            self.refused.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
        let receipts: Map<String, Value> =
            self.receipts.iter().map(|(state, count)| (state.to_string(), json!(count))).collect();
        let missing: Vec<String> = self
            .missing_serials
            .iter()
            .map(|serial| String::from_utf8_lossy(&serial.octets()).into_owned())
            .collect();
        json!({
            "submitted": self.submitted,
            "accepted": self.accepted,
            "refused": refused,
            "receipts": receipts,
            "missing": self.missing,
            "duplicates": self.duplicates,
            "unknown": self.unknown,
            "unreadable": self.unreadable,
            "unanswered": self.unanswered,
            "late": self.late,
            "stray": self.stray,
            "unsent": self.unsent,
            "binds": self.binds,
            "binds_lost": self.binds_lost,
            "mo_received": self.mo_received,
            "mo_out_of_order": self.mo_out_of_order,
            "messages_per_second": self.messages_per_second().round() as u64,
            "seconds": self.elapsed.as_secs_f64(),
            "latency_us": micros(&self.latency),
            "receipt_latency_us": micros(&self.receipt_latency),
            "missing_serials": missing,
            "cpu_seconds": self.cpu.as_secs_f64(),
        })
    }
}

fn micros(histogram: &Histogram) -> Value {
    let quantile = |share| histogram.quantile(share).as_micros() as u64;
    json!({
        "p50": quantile(0.5),
        "p90": quantile(0.9),
        "p99": quantile(0.99),
        "p999": quantile(0.999),
        "max": histogram.max().as_micros() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_has_the_members_that_scripts_read() {
        let mut report =
            Report { accepted: 10, answering: Duration::from_secs(2), ..Report::default() };
        report.refused.insert(CommandStatus::ESME_RTHROTTLED, 3);
        report.receipts.insert(MessageState::DELIVERED, 10);
        report.latency.record(1_500_000);
        let json = report.to_json();
        assert_eq!(json["messages_per_second"], 5);
        assert_eq!(json["refused"], json!({ "ESME_RTHROTTLED": 3 }));
        assert_eq!(json["receipts"], json!({ "DELIVERED": 10 }));
        assert_eq!(json["latency_us"]["max"], 1500);
        assert!(report.is_clean());
    }
}
