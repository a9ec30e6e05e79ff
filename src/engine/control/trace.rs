//! `trace`: what the engine knows of one message, or of all of a submit_multi.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Desk;
use super::look::{account_name, carrier_name, look, merged};
use super::past::{HistoryNote, PastTrace};
use super::request::Problem;
use crate::engine::past;
use crate::engine::shard::{LiveTrace, SegmentPlace, SegmentTrace, Trace};
use crate::engine::shared::{Keeper, ToDispatcher, ToShard};
use crate::engine::world::World;
use crate::message::message_id::MessageId;
use crate::message::words::Word;

/// How long shards may take to look.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of an id: of its message, or of each of the up to 254 of a submit_multi.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IdTrace {
    /// Its messages: at least one.
    pub messages: Vec<MessageTrace>,
    /// How the history was looked at, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryNote>,
}

/// What is known of a message. Moments are milliseconds of wall time since 1970; numbers are masked
/// unless they were asked for, and texts are never there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MessageTrace {
    /// This moment.
    pub now_unix_ms: u64,
    /// The id its account has for it, in hexadecimal digits.
    pub id: String,
    /// Whose it is.
    pub account: String,
    /// `scheduled`, `held` (by a rule), `queued`, `out` (a bind has some of it), `retrying`,
    /// `in_doubt`, `sent`, or the state it ended in.
    pub state: String,
    /// Whether it has ended.
    pub ended: bool,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_unix_ms: Option<u64>,
    /// The error beside its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u8>,
    /// What is known while it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveMessage>,
    /// What happened to it, as far as the history has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<PastTrace>,
}

/// A message that has not ended.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LiveMessage {
    /// Its carrier.
    pub carrier: String,
    /// Its class.
    pub class: String,
    /// Its sender.
    pub source: String,
    /// The handset.
    pub destination: String,
    /// When it was accepted.
    pub accepted_unix_ms: u64,
    /// When its validity ends.
    pub expires_unix_ms: u64,
    /// When it goes on by itself, or its receipt is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_unix_ms: Option<u64>,
    /// Its validity has ended, and what is out is waited for.
    pub expired: bool,
    /// Nothing more of it goes out until what is out is known: it is taken back, changed or moved.
    pub held: bool,
    /// The rule by which it waits until then: `quiet_hours`, `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// Its segments, in sequence.
    pub segments: Vec<SegmentStatus>,
}

/// One segment.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SegmentStatus {
    /// `waits` (for its moment, its turn or its next attempt), `queued` (at its carrier; no bind
    /// has had it), `out` (a bind has it, and no answer has come), `in_doubt` or `accepted`.
    pub place: String,
    /// Times it was sent to no avail.
    pub attempts: u16,
    /// It may arrive twice.
    pub twice: bool,
    /// The final state that its receipt told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What is known of the messages of this id.
pub async fn answer(desk: &Desk, id: &str, show_numbers: bool) -> Result<Value, Problem> {
    for id in ids(id) {
        let traces = ask(desk, id).await?;
        let found = look(desk, move |files| past::of_ids(files, &[id])).await?;
        let (stories, history) = match found {
            Some((found, note)) => (found.stories, Some(note)),
            None => (Vec::new(), None),
        };
        if !traces.is_empty() || !stories.is_empty() {
            let messages = merged(desk, id, (traces, &stories), show_numbers).await?;
            return super::value(&IdTrace { messages, history });
        }
    }
    let message = match desk.files().is_some() {
        true => {
            "no message of this id is live, and none is in the history (retention_hours, \
             retention_max_bytes)"
        }
        false => {
            "no message of this id is live, or among the newest that ended (ended_max_messages), \
             since the engine started; a history of those that ended needs [store] engine = \
             \"embedded\""
        }
    };
    Err(Problem::new("unknown", message))
}

/// A number as it may be shown.
pub fn shown(octets: &[u8], show_numbers: bool) -> String {
    let text = String::from_utf8_lossy(octets);
    if show_numbers { text.into_owned() } else { masked(&text) }
}

/// Asks those that may know an id what they know of it.
pub async fn ask(desk: &Desk, id: MessageId) -> Result<Vec<Trace>, Problem> {
    let shards = match desk.shared.keeper_of(id) {
        None => &[],
        Some(Keeper::All) => desk.shared.shards.as_slice(),
        Some(Keeper::Shard(at)) => desk.shared.shards.get(at..=at).unwrap_or_default(),
    };
    let mut answers = Vec::new();
    for shard in shards {
        let (answer, answered) = oneshot::channel();
        super::push(shard, ToShard::Trace(Box::new((id, answer))))?;
        answers.push(answered);
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut traces = Vec::new();
    for answer in answers {
        match tokio::time::timeout_at(until, answer).await {
            Ok(found) => traces.extend(found.into_iter().flatten()),
            Err(_) => return Err(Problem::new("busy", "a shard has no time to look")),
        }
    }
    Ok(traces)
}

/// The segments of live messages, by their tickets.
pub type Segments = HashSet<(u64, u8)>;

/// Those of these messages that wait at their carriers and that no bind has had.
pub async fn queued(desk: &Desk, traces: &[Trace]) -> Result<Segments, Problem> {
    let mut meant: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for trace in traces {
        if let Trace::Live(live) = trace
            && live.segments.iter().any(|segment| segment.place == SegmentPlace::Out)
        {
            meant.entry(live.carrier).or_default().extend(live.ticket);
        }
    }
    let (world, until) = (desk.shared.world(), tokio::time::Instant::now() + PATIENCE);
    let mut answers = Vec::new();
    for (carrier, mut tickets) in meant {
        let Some(carrier) = world.carriers.get(carrier as usize) else { continue };
        let (answer, answered) = oneshot::channel();
        tickets.sort_unstable();
        super::push(&carrier.dispatcher, ToDispatcher::Find { tickets, answer })?;
        answers.push(answered);
    }
    let mut queued = HashSet::new();
    for answer in answers {
        match tokio::time::timeout_at(until, answer).await {
            Ok(found) => queued.extend(found.into_iter().flatten()),
            Err(_) => return Err(Problem::new("busy", "a dispatcher has no time to look")),
        }
    }
    Ok(queued)
}

/// What the digits may stand for: an account sees an id in hexadecimal digits, or in decimal ones
/// by its dialect.
fn ids(text: &str) -> impl Iterator<Item = MessageId> {
    [16, 10].into_iter().filter_map(move |radix| MessageId::parse(text.as_bytes(), radix))
}

pub fn told(
    desk: &Desk,
    id: MessageId,
    (trace, queued): (&Trace, &Segments),
    show_numbers: bool,
) -> MessageTrace {
    let now = desk.shared.clock.now().wall;
    let world = desk.shared.world();
    let account = |index| account_name(&world, index);
    let known = MessageTrace {
        now_unix_ms: super::millis(now),
        id: id.to_string(),
        ..MessageTrace::default()
    };
    match trace {
        Trace::Ended(end) => MessageTrace {
            account: account(end.account),
            state: end.state.name().unwrap_or("UNKNOWN").to_owned(),
            ended: true,
            ended_unix_ms: Some(u64::from(end.done_s) * 1000),
            error: Some(end.error),
            ..known
        },
        Trace::Live(live) => {
            let places = places(live, queued);
            MessageTrace {
                account: account(live.account),
                state: state(live, &places, now).to_owned(),
                live: Some(live_message(&world, (live, &places), show_numbers)),
                ..known
            }
        }
    }
}

fn state(live: &LiveTrace, places: &[&str], now: Duration) -> &'static str {
    let any = |place| places.contains(&place);
    let waits = live.wake_at > now;
    match () {
        () if live.awaits_receipt => "sent",
        () if any("in_doubt") => "in_doubt",
        () if waits && live.held_by.is_some() => "held",
        () if waits && live.segments.iter().any(|one| one.attempts > 0) => "retrying",
        () if waits => "scheduled",
        () if any("out") => "out",
        () => "queued",
    }
}

/// Where each segment is, as [`SegmentStatus::place`] has it.
fn places(live: &LiveTrace, queued: &Segments) -> Vec<&'static str> {
    let is_queued =
        |number: u8| live.ticket.is_some_and(|ticket| queued.contains(&(ticket, number)));
    let place = |(number, segment): (u8, &SegmentTrace)| match segment.place {
        SegmentPlace::Waits => "waits",
        SegmentPlace::Out if is_queued(number) => "queued",
        SegmentPlace::Out => "out",
        SegmentPlace::InDoubt => "in_doubt",
        SegmentPlace::Accepted => "accepted",
    };
    (0..).zip(&live.segments).map(place).collect()
}

fn live_message(
    world: &World,
    (live, places): (&LiveTrace, &[&str]),
    show_numbers: bool,
) -> LiveMessage {
    let number = |octets: &[u8]| shown(octets, show_numbers);
    let segments = live.segments.iter().zip(places).map(|(segment, place)| SegmentStatus {
        place: (*place).to_owned(),
        attempts: segment.attempts,
        twice: segment.twice,
        receipt: segment.state.map(|state| state.to_string()),
    });
    let class = live.class;
    let class = class.unwrap_or_else(|| super::class_of(world, live.account, &live.source));
    LiveMessage {
        carrier: carrier_name(world, live.carrier),
        class: class.word().to_owned(),
        source: number(live.source.octets()),
        destination: number(live.destination.octets()),
        accepted_unix_ms: super::millis(live.accepted_at),
        expires_unix_ms: super::millis(live.expires_at),
        next_unix_ms: (!live.wake_at.is_zero()).then(|| super::millis(live.wake_at)),
        expired: live.expired,
        held: live.held,
        held_by: live.held_by.map(|by| by.name().to_owned()),
        segments: segments.collect(),
    }
}

/// A number with its last digits hidden, so that the country can be seen and nobody is.
fn masked(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let shown = digits.saturating_sub(6).min(5);
    let mut seen = 0;
    number
        .chars()
        .map(|c| {
            seen += usize::from(c.is_ascii_digit());
            if c.is_ascii_digit() && seen > shown { '*' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_its_country_and_nobody() {
        assert_eq!(masked("33612345678"), "33612******");
        assert_eq!(masked("+33612345678"), "+33612******");
        assert_eq!(masked("12345"), "*****");
        assert_eq!(masked("Shop"), "Shop");
    }

    #[test]
    fn an_id_is_read_in_either_notation() {
        let id = MessageId::new(1, 1_700_000_000_000_000);
        assert!(ids(&id.to_string()).any(|one| one == id));
        assert!(ids(&id.number().to_string()).any(|one| one == id));
        assert_eq!(ids("not an id").count(), 0);
    }
}
