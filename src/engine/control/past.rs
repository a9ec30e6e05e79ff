//! What the history has of messages, as it is answered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::millis;
use crate::engine::past::Story;
use crate::engine::shard::SegmentPlace;
use crate::engine::shard::records::past::Event;
use crate::engine::world::World;

/// What happened to a message, as far as it is kept. Moments are milliseconds of wall time since
/// 1970.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PastTrace {
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_unix_ms: Option<u64>,
    /// Its sender.
    pub source: String,
    /// The handset.
    pub destination: String,
    /// How its beginning is kept no more.
    pub begins_later: bool,
    /// What became of each segment last, in sequence.
    pub segments: Vec<SegmentPast>,
    /// All that happened, the oldest first.
    pub events: Vec<EventTrace>,
}

/// What became of a segment, the last time each.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SegmentPast {
    /// To which carrier it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_unix_ms: Option<u64>,
    /// When the carrier answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_unix_ms: Option<u64>,
    /// With which status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// With which id, as it wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_id: Option<String>,
    /// When its receipt came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_unix_ms: Option<u64>,
    /// Which state that said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct EventTrace {
    /// When.
    pub unix_ms: u64,
    /// `accepted`, `replaced`, `moved` (to another carrier), `sent`, `taken`, `refused`,
    /// `in_doubt`, `receipt`, `owed` (its account is to be told) or `ended`.
    pub event: String,
    /// Which segment, from 1; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<u8>,
    /// The carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_id: Option<String>,
    /// The carrier's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The error beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u8>,
    /// When that state was reached, as its receipt says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_unix_ms: Option<u64>,
}

/// How the history was looked at.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HistoryNote {
    /// When the oldest of it came about, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_unix_ms: Option<u64>,
    /// Older records were left out, for so many had been read.
    pub cut: bool,
    /// Segments of the journal that are damaged, and were passed over.
    pub unreadable: u32,
}

/// Puts a story together.
pub fn told(world: &World, story: &Story, number: impl Fn(&[u8]) -> String) -> PastTrace {
    let message = story.message.as_deref();
    let count = message.map_or(1, |message| usize::from(message.segments()).max(1));
    let mut telling = Telling {
        world,
        carrier: None,
        places: vec![SegmentPlace::Waits; count],
        past: PastTrace {
            accepted_unix_ms: message.map(|message| millis(message.accepted_at)),
            source: message.map_or_else(String::new, |one| number(one.source.octets())),
            destination: message.map_or_else(String::new, |one| number(one.destination.octets())),
            begins_later: !story.is_whole,
            segments: vec![SegmentPast::default(); count],
            events: Vec::new(),
        },
    };
    for (at, event) in &story.events {
        telling.take(*at, event);
    }
    for (at, state) in &story.owed {
        let event = EventTrace { state: Some(state.to_string()), ..telling.event(*at, "owed") };
        telling.past.events.push(event);
    }
    telling.past.events.sort_by_key(|event| event.unix_ms);
    telling.past
}

/// A story on its way to words.
struct Telling<'a> {
    world: &'a World,
    carrier: Option<u32>,
    places: Vec<SegmentPlace>,
    past: PastTrace,
}

impl Telling<'_> {
    fn event(&self, at: Duration, event: &str) -> EventTrace {
        EventTrace { unix_ms: millis(at), event: event.to_owned(), ..EventTrace::default() }
    }

    fn carrier_name(&self) -> Option<String> {
        let carrier = self.world.carriers.get(self.carrier? as usize)?;
        Some(carrier.settings.name.clone())
    }

    /// It is with this carrier now.
    fn is_with(&mut self, at: Duration, carrier: u32) {
        let before = self.carrier.replace(carrier);
        if before.is_some_and(|before| before != carrier) {
            let event = EventTrace { carrier: self.carrier_name(), ..self.event(at, "moved") };
            self.past.events.push(event);
        }
    }

    fn take(&mut self, at: Duration, event: &Event) {
        match event {
            Event::Accepted { carrier, is_sent, .. } => {
                let is_first = self.carrier.is_none();
                self.carrier = Some(*carrier);
                let event = self.event(at, if is_first { "accepted" } else { "replaced" });
                let carrier = self.carrier_name();
                self.past.events.push(EventTrace { carrier, ..event });
                if *is_sent {
                    self.sent(at, None);
                }
            }
            Event::Stands { carrier, places } => {
                self.is_with(at, *carrier);
                for (number, place) in (0_u8..).zip(places) {
                    let now = *place;
                    let before = self.places.get_mut(usize::from(number));
                    let before = before.map(|before| std::mem::replace(before, now));
                    if now == SegmentPlace::InDoubt && before != Some(now) {
                        let segment = Some(number + 1);
                        let event = EventTrace { segment, ..self.event(at, "in_doubt") };
                        self.past.events.push(event);
                    }
                }
            }
            Event::Sent(segment) => self.sent(at, Some(*segment)),
            Event::StillSent => {}
            Event::Taken { segment, id } => {
                let id = (!id.is_empty()).then(|| String::from_utf8_lossy(id).into_owned());
                self.answered(at, *segment, ("taken", "ESME_ROK".to_owned()), id);
            }
            Event::Refused { segment, status } => {
                self.answered(at, *segment, ("refused", status.to_string()), None);
            }
            Event::Heard { segment, state } => {
                self.heard(at, *segment, state.to_string());
            }
            Event::Awaits { carrier } => self.is_with(at, *carrier),
            Event::Ended { done_s, state, error, by_receipt, .. } => {
                if *by_receipt && self.past.segments.len() == 1 {
                    self.heard(at, 0, state.to_string());
                }
                let done = Some(u64::from(*done_s) * 1000).filter(|done| *done > 0);
                let event = self.event(at, "ended");
                let (state, error) = (Some(state.to_string()), Some(*error));
                self.past.events.push(EventTrace { state, error, done_unix_ms: done, ..event });
            }
        }
    }

    /// The carrier's receipt of a segment.
    fn heard(&mut self, at: Duration, segment: u8, state: String) {
        let event = self.event(at, "receipt");
        let (number, state) = (Some(segment + 1), Some(state));
        self.past.events.push(EventTrace { segment: number, state: state.clone(), ..event });
        if let Some(one) = self.past.segments.get_mut(usize::from(segment)) {
            (one.receipt_unix_ms, one.receipt) = (Some(millis(at)), state);
        }
    }

    fn sent(&mut self, at: Duration, segment: Option<u8>) {
        let carrier = self.carrier_name();
        let number = segment.map(|segment| segment + 1);
        let event = self.event(at, "sent");
        let event = EventTrace { segment: number, carrier: carrier.clone(), ..event };
        self.past.events.push(event);
        for (number, one) in (0_u8..).zip(&mut self.past.segments) {
            if segment.is_none_or(|segment| segment == number) {
                *one = SegmentPast {
                    carrier: carrier.clone(),
                    sent_unix_ms: Some(millis(at)),
                    ..SegmentPast::default()
                };
            }
        }
    }

    fn answered(
        &mut self,
        at: Duration,
        segment: u8,
        (event, status): (&str, String),
        carrier_id: Option<String>,
    ) {
        let event = EventTrace {
            segment: Some(segment + 1),
            carrier: self.carrier_name(),
            carrier_id: carrier_id.clone(),
            status: Some(status.clone()),
            ..self.event(at, event)
        };
        self.past.events.push(event);
        if let Some(one) = self.past.segments.get_mut(usize::from(segment)) {
            one.answered_unix_ms = Some(millis(at));
            (one.status, one.carrier_id) = (Some(status), carrier_id);
        }
    }
}
