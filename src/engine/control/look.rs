//! What the history has, beside what shards say: of an id, and of a number.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Desk;
use super::past::{self as telling, HistoryNote};
use super::request::{NumberAsked, Problem};
use super::trace::{MessageTrace, PATIENCE, ask, queued, shown, told};
use crate::engine::past::{self, Found, Story};
use crate::engine::shard::records::past::Event;
use crate::engine::shard::{LiveTrace, Trace};
use crate::engine::world::World;
use crate::message::envelope::ENGINE;
use crate::message::message_id::MessageId;
use crate::store::FileJournal;

/// What is known of messages to and from a number.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct NumberTrace {
    /// Messages, the newest first.
    pub messages: Vec<MessageTrace>,
    /// Messages from handsets, the newest first.
    pub mo: Vec<MoTrace>,
    /// There are more than were asked for, or may be.
    pub more: bool,
    /// How the history was looked at.
    pub history: HistoryNote,
}

/// A message from a handset.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MoTrace {
    /// When it came, or its segment did, or was handed on.
    pub unix_ms: u64,
    /// The carrier that it came from.
    pub carrier: String,
    /// Whose it is; none while it waits for its other segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The handset.
    pub source: String,
    /// The number it was sent to.
    pub destination: String,
}

/// What is known of messages to and from a number.
pub async fn answer_number(
    desk: &Desk,
    asked: NumberAsked,
    show_numbers: bool,
) -> Result<Value, Problem> {
    let NumberAsked { number, from_unix_ms, to_unix_ms, limit } = asked;
    if !(3..=65).contains(&number.len()) {
        return Err(Problem::new("request", "a number has 3 to 65 characters"));
    }
    let from = Duration::from_millis(from_unix_ms.unwrap_or(0));
    let to = to_unix_ms.map_or(Duration::MAX, Duration::from_millis);
    let limit = limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let found =
        look(desk, move |files| past::of_number(files, number.as_bytes(), (from, to), limit));
    let Some((found, history)) = found.await? else {
        let message = "messages are found by number in the history alone, and that needs [store] \
                       engine = \"embedded\"";
        return Err(Problem::new("impossible", message));
    };
    let mut messages = Vec::new();
    for story in &found.stories {
        let live = ask(desk, story.shared).await?;
        let is_its = |trace: &Trace| match trace {
            Trace::Live(live) => is_about(live, story),
            Trace::Ended(_) => story.shared == story.id,
        };
        let traces = live.into_iter().filter(is_its).collect();
        let stories = std::slice::from_ref(story);
        messages.extend(merged(desk, story.shared, (traces, stories), show_numbers).await?);
    }
    let world = desk.shared.world();
    let mo = found.mo.iter().map(|mo| MoTrace {
        unix_ms: super::millis(mo.at),
        carrier: carrier_name(&world, mo.message.carrier),
        account: mo.account.map(|account| account_name(&world, account)),
        source: shown(mo.message.source.octets(), show_numbers),
        destination: shown(mo.message.destination.octets(), show_numbers),
    });
    let mo = mo.collect();
    super::value(&NumberTrace { messages, mo, more: found.more, history })
}

/// Messages of a number that are shown without a word, and at most.
const LIMIT: usize = 20;
const LIMIT_MAX: usize = 200;

/// Looks at the history, on a thread that may wait for the storage, when nobody else does; `None`
/// where there is none.
pub async fn look(
    desk: &Desk,
    look: impl FnOnce(&FileJournal) -> Found + Send + 'static,
) -> Result<Option<(Found, HistoryNote)>, Problem> {
    let Some(files) = desk.files() else { return Ok(None) };
    let turn = turn(desk).await?;
    let looking = tokio::task::spawn_blocking(move || {
        let found = look(&files);
        let oldest_ms = Some(files.kept().oldest_ms).filter(|oldest| *oldest > 0);
        (found, oldest_ms)
    });
    let looked = looking.await;
    drop(turn);
    let (found, oldest_unix_ms) =
        looked.map_err(|error| Problem::new("impossible", error.to_string()))?;
    let (cut, unreadable) = (found.looked.is_cut, found.looked.unreadable);
    Ok(Some((found, HistoryNote { oldest_unix_ms, cut, unreadable })))
}

/// A turn at the history, once nobody else has one.
pub async fn turn(desk: &Desk) -> Result<impl Sized + '_, Problem> {
    let busy = |_| Problem::new("busy", "others look at the history: ask again");
    tokio::time::timeout(PATIENCE, desk.looks.acquire()).await.map_err(busy)
}

/// Puts together what shards say and what the history has, each message once.
pub async fn merged(
    desk: &Desk,
    id: MessageId,
    (traces, stories): (Vec<Trace>, &[Story]),
    show_numbers: bool,
) -> Result<Vec<MessageTrace>, Problem> {
    let queued = queued(desk, &traces).await?;
    let world = desk.shared.world();
    let (mut live, mut ended): (Vec<_>, Vec<_>) =
        traces.into_iter().partition(|trace| matches!(trace, Trace::Live(_)));
    let mut messages = Vec::new();
    for story in stories {
        let its = |trace: &Trace| matches!(trace, Trace::Live(live) if is_about(live, story));
        let trace = match live.iter().position(its) {
            Some(at) => Some(live.swap_remove(at)),
            // An end says neither number nor own id: where several share one they are told apart
            // by their stories.
            None => ended.pop(),
        };
        let known = match trace.filter(|one| stories.len() == 1 || !matches!(one, Trace::Ended(_)))
        {
            Some(trace) => told(desk, id, (&trace, &queued), show_numbers),
            None => of_story(desk, id, story),
        };
        let past = telling::told(&world, story, |octets| shown(octets, show_numbers));
        messages.push(MessageTrace { past: Some(past), ..known });
    }
    let left = live.iter().chain(&ended);
    messages.extend(left.map(|trace| told(desk, id, (trace, &queued), show_numbers)));
    Ok(messages)
}

/// Whether a live message is the one of this story.
fn is_about(live: &LiveTrace, story: &Story) -> bool {
    story.message.as_ref().is_none_or(|message| {
        (live.account, &live.destination) == (message.account, &message.destination)
    })
}

/// What a story alone says of its message.
fn of_story(desk: &Desk, id: MessageId, story: &Story) -> MessageTrace {
    let world = desk.shared.world();
    let ended = story.events.iter().rev().find_map(|(at, event)| match event {
        Event::Ended { account, state, error, .. } => Some((*at, *account, *state, *error)),
        _ => None,
    });
    let account = story.message.as_ref().map(|message| message.account);
    let account = account.or(ended.map(|(_, account, ..)| account));
    let known = MessageTrace {
        now_unix_ms: super::millis(desk.shared.clock.now().wall),
        id: id.to_string(),
        account: account.map(|account| account_name(&world, account)).unwrap_or_default(),
        state: "unknown".to_owned(),
        ..MessageTrace::default()
    };
    match ended {
        None => known,
        Some((at, _, state, error)) => MessageTrace {
            state: state.name().unwrap_or("UNKNOWN").to_owned(),
            ended: true,
            ended_unix_ms: Some(super::millis(at)),
            error: Some(error),
            ..known
        },
    }
}

pub fn account_name(world: &World, index: u32) -> String {
    if index == ENGINE {
        // No name of an account has a blank.
        return "the engine".to_owned();
    }
    let account = world.accounts.get(index as usize);
    account.map(|account| account.settings.system_id.clone()).unwrap_or_default()
}

pub fn carrier_name(world: &World, index: u32) -> String {
    let carrier = world.carriers.get(index as usize);
    carrier.map(|carrier| carrier.settings.name.clone()).unwrap_or_default()
}
