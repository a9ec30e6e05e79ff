//! What became of a PDU, as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::exchange::{Advice, Deed, Match, Quirk, Receipt, Response, Summary, Text};
use crate::message::dialect::StatusRule;
use crate::message::receipt::ReceiptError;
use crate::mo::reassembly::{Mark, MarkKind, Why};
use crate::session::{Odd, SubmitError, Unanswered};
use crate::wire::time::{AbsoluteTime, SmppTime};
use crate::wire::{CommandStatus, StatusClass};

pub(super) fn quirk(quirk: &Quirk) -> Value {
    json!({ "quirk": quirk.number, "key": quirk.key })
}

/// One deed: `did` is its name, the other members say the rest.
pub(super) fn deed(deed: &Deed) -> Value {
    match deed {
        Deed::Answer { recorded, ours } => json!({
            "did": "answer",
            "recorded": status(*recorded),
            "ours": ours.map(status),
            "same": ours.map(|ours| ours == *recorded),
        }),
        Deed::Assumed(state) => json!({ "did": "assume", "state": state.to_string() }),
        Deed::Bound(state) => json!({ "did": "bound", "state": state.to_string() }),
        Deed::Closed(reason) => json!({ "did": "close", "reason": reason.name() }),
        Deed::Ignored(why) => json!({ "did": "ignore", "why": why }),
        Deed::Message(text, mark) => {
            let mut message = text_members(text);
            put(&mut message, "did", "message".into());
            put(&mut message, "segment", mark.as_ref().map(segment).into());
            message
        }
        Deed::NotSent(why) => json!({ "did": "not_sent", "why": not_sent(*why) }),
        Deed::Odd(odd) => odd_members(odd),
        Deed::Receipt(receipt) => receipt_members(receipt),
        Deed::Refused(with) => json!({ "did": "refuse", "status": status(*with) }),
        Deed::Response(response) => response_members(response),
        Deed::Sent(number) => json!({ "did": "send", "sequence_number": number }),
        Deed::Submitted(taken) => {
            let mut message = text_members(&taken.text);
            put(&mut message, "did", "take".into());
            put(&mut message, "message_id", taken.id.as_str().into());
            put(&mut message, "segments", taken.segments.into());
            message
        }
        Deed::Unanswered(to, why) => {
            let why = match why {
                Unanswered::TimedOut => "timed_out",
                Unanswered::SessionEnded => "session_ended",
            };
            json!({ "did": "give_up", "to": to, "why": why })
        }
        Deed::Whole(lines, text, why) => {
            let mut whole = text.as_ref().map_or_else(|| json!({}), text_members);
            let name = if *why == Why::Whole { "reassemble" } else { "let_go" };
            put(&mut whole, "did", name.into());
            put(&mut whole, "lines", lines.clone().into());
            put(&mut whole, "why", why.name().into());
            whole
        }
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

fn status(status: CommandStatus) -> String {
    status.to_string()
}

fn text_members(text: &Text) -> Value {
    let (read, fault) = match &text.text {
        Ok(read) => (Some(read.as_str()), None),
        Err(fault) => (None, Some(fault.to_string())),
    };
    json!({
        "source": characters(text.source.octets()),
        "destination": characters(text.destination.octets()),
        "data_coding": text.data_coding,
        "encoding": text.alphabet.name(),
        "text": read,
        "fault": fault,
    })
}

fn segment(mark: &Mark) -> Value {
    let kind = match mark.kind {
        MarkKind::Sar => "sar",
        MarkKind::Udh16 => "udh16",
        MarkKind::Udh8 => "udh8",
    };
    json!({
        "by": kind,
        "reference": mark.reference,
        "total": mark.total,
        "sequence": mark.sequence,
    })
}

fn not_sent(why: SubmitError) -> String {
    match why {
        SubmitError::WindowFull => "window_full".to_owned(),
        SubmitError::NotPermitted => "not_permitted".to_owned(),
        SubmitError::Encode(error) => error.to_string(),
    }
}

fn odd_members(odd: &Odd) -> Value {
    match odd {
        Odd::BadPdu(error) => json!({
            "did": "odd",
            "what": error.fault.name(),
            "field": error.field,
            "offset": error.offset,
        }),
        Odd::NotPermitted(command) => json!({
            "did": "odd",
            "what": "not_permitted",
            "command": command.to_string(),
        }),
        Odd::Stray { command_id, .. } => json!({
            "did": "odd",
            "what": "stray_response",
            "command": command_id.to_string(),
        }),
    }
}

fn receipt_members(receipt: &Receipt) -> Value {
    let keys = receipt.keys.iter();
    let keys: Vec<Value> =
        keys.map(|(notation, key)| json!({ "notation": notation, "key": key })).collect();
    json!({
        "did": "receipt",
        "id": characters(&receipt.id),
        "keys": keys,
        "destination": characters(receipt.destination.octets()),
        "state": receipt.state.name(),
        "error": match receipt.cause.error() {
            ReceiptError::Text(text) => characters(text).into(),
            error => Value::from(error.number()),
        },
        "done": receipt.done.map(utc),
        "of": receipt.found.as_ref().map(found),
    })
}

fn response_members(response: &Response) -> Value {
    let class = match response.class {
        StatusClass::Ok => "ok",
        StatusClass::Permanent => "permanent",
        StatusClass::Protocol => "protocol",
        StatusClass::Session => "session",
        StatusClass::Temporary => "temporary",
        StatusClass::Throttle => "throttle",
    };
    let rule = response.rule.map(|rule| match rule {
        StatusRule::Fail => json!({ "fail": true }),
        StatusRule::PauseBind { for_ms } => json!({ "pause_bind": true, "retry_ms": for_ms }),
        StatusRule::Retry { after_ms } => json!({ "retry_ms": after_ms }),
    });
    json!({
        "did": "response",
        "to": response.to,
        "late": response.late,
        "age_ms": response.age_ms,
        "status": status(response.status),
        "class": class,
        "rule": rule,
        "id": response.id.as_ref().map(|(id, _)| characters(id)),
        "key": response.id.as_ref().and_then(|(_, key)| key.clone()),
        "receipts": response.receipts.iter().map(found).collect::<Vec<_>>(),
    })
}

fn found(found: &Match) -> Value {
    json!({
        "receipt": found.receipt,
        "request": found.request,
        "response": found.response,
        "notation": found.notation,
        "learnt": found.learnt,
    })
}

/// The summary of an exchange.
pub(super) fn summary(summary: &Summary, bad_lines: u64, unread_octets: usize) -> Value {
    let closed: Vec<&str> = summary.closed.iter().map(|reason| reason.name()).collect();
    let quirks = summary.quirks.iter().map(|(one, times)| {
        let mut object = quirk(one);
        put(&mut object, "times", (*times).into());
        object
    });
    json!({
        "pdus": { "peer": summary.pdus[0], "us": summary.pdus[1] },
        "bad_lines": bad_lines,
        "unread_octets": unread_octets,
        "answered": summary.answered,
        "refused": summary.refused,
        "unanswered": summary.unanswered,
        "submitted": summary.submitted,
        "messages": summary.messages,
        "reassembled": summary.reassembled,
        "waiting_segments": summary.waiting_segments,
        "receipts": summary.receipts,
        "matched": summary.matched,
        "unmatched": summary.unmatched,
        "learnt": summary.learnt,
        "odd": summary.odd,
        "otherwise": summary.otherwise,
        "closed": closed,
        "quirks": quirks.collect::<Vec<_>>(),
        "advice": summary.advice.iter().map(advice).collect::<Vec<_>>(),
    })
}

fn advice(advice: &Advice) -> Value {
    json!({ "key": advice.key, "value": advice.value, "lines": advice.lines })
}

fn characters(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// A moment in UTC, as ISO 8601 writes it.
fn utc(wall: Duration) -> String {
    let text = SmppTime::Absolute(AbsoluteTime::from_wall(wall, 0)).to_text();
    let text = characters(text.as_bytes());
    let two = |at: usize| text.get(at..at + 2).unwrap_or_default();
    format!("20{}-{}-{}T{}:{}:{}Z", two(0), two(2), two(4), two(6), two(8), two(10))
}
