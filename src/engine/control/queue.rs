//! `queue`: what waits for carriers, listed, ended or sent elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Desk;
use super::request::{Problem, Selection};
use crate::engine::shard::{Deed, Filter, Findings, Wish};
use crate::engine::shared::ToShard;
use crate::engine::world::World;
use crate::message::class::TrafficClass;
use crate::message::translation::bare;
use crate::message::words::Word;

/// How long shards may take; they go on after it, and nobody hears what they did.
const PATIENCE: Duration = Duration::from_secs(50);

/// Type of number of a number that is read with `+` or `00` before it (SMPP 3.4 §5.2.5).
const TON_INTERNATIONAL: u8 = 1;

/// What waits, by carrier, account and class.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct QueueList {
    /// A row for each, those with the most messages first.
    pub rows: Vec<QueueRow>,
}

/// Messages of one carrier, account and class that wait.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct QueueRow {
    /// The carrier's name.
    pub carrier: String,
    /// The account's name.
    pub account: String,
    /// The class.
    pub class: String,
    /// Messages.
    pub messages: u64,
    /// Their segments.
    pub segments: u64,
    /// How long ago the oldest was accepted.
    pub oldest_s: u64,
    /// Messages whose moment has not come.
    pub scheduled: u64,
    /// Messages that a rule holds until its moment, as quiet hours do.
    #[serde(default)]
    pub held: u64,
    /// When the first of them goes on, in milliseconds of wall time since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until_unix_ms: Option<u64>,
    /// Messages that wait for their next attempt.
    pub retrying: u64,
    /// Messages in doubt.
    pub in_doubt: u64,
}

/// What became of the messages that were meant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct QueueChange {
    /// Whether anything was done; otherwise it is what would be.
    pub carried_out: bool,
    /// Messages it was done to, or would be.
    pub messages: u64,
    /// Messages that stay what they are, or would.
    pub left: u64,
    /// Why, by a word for each reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub why: BTreeMap<String, u64>,
}

/// What waits.
pub async fn list(desk: &Desk, selection: &Selection) -> Result<Value, Problem> {
    let findings = ask(desk, Wish::List, filter(desk, selection)?).await?;
    let (world, now) = (desk.shared.world(), desk.shared.clock.now().wall);
    let name = |name: Option<&String>| name.cloned().unwrap_or_default();
    let rows = findings.waiting.iter().map(|(&(carrier, account, class), waiting)| QueueRow {
        carrier: name(world.carriers.get(carrier as usize).map(|one| &one.settings.name)),
        account: name(world.accounts.get(account as usize).map(|one| &one.settings.system_id)),
        class: class.word().to_owned(),
        messages: waiting.messages,
        segments: waiting.segments,
        oldest_s: now.saturating_sub(waiting.oldest).as_secs(),
        scheduled: waiting.scheduled,
        held: waiting.held,
        held_until_unix_ms: (waiting.held > 0).then(|| super::millis(waiting.held_until)),
        retrying: waiting.retrying,
        in_doubt: waiting.in_doubt,
    });
    let mut rows: Vec<QueueRow> = rows.collect();
    rows.sort_by(|one, other| {
        let key = |row: &QueueRow| (row.carrier.clone(), row.account.clone(), row.class.clone());
        other.messages.cmp(&one.messages).then_with(|| key(one).cmp(&key(other)))
    });
    super::value(&QueueList { rows })
}

/// Ends what waits, or says what it would end.
pub async fn purge(desk: &Desk, selection: &Selection, yes: bool) -> Result<Value, Problem> {
    change(desk, (Deed::Purge, yes), selection, filter(desk, selection)?).await
}

/// Has another carrier send what waits, or says what that would be.
pub async fn reroute(
    desk: &Desk,
    selection: &Selection,
    to: Option<&str>,
    yes: bool,
) -> Result<Value, Problem> {
    let filter = filter(desk, selection)?;
    if filter.carrier.is_none() {
        return Err(Problem::new("request", "from which carrier?"));
    }
    let world = desk.shared.world();
    let to = to.map(|name| carrier(&world, name)).transpose()?;
    if to.is_some() && to == filter.carrier {
        return Err(Problem::new("request", "from a carrier to itself?"));
    }
    change(desk, (Deed::Reroute(to), yes), selection, filter).await
}

async fn change(
    desk: &Desk,
    (deed, yes): (Deed, bool),
    selection: &Selection,
    filter: Filter,
) -> Result<Value, Problem> {
    let wish = if yes { Wish::Do(deed) } else { Wish::Would(deed) };
    let findings = ask(desk, wish, filter).await?;
    let (done, left) = (findings.done, findings.left());
    if yes {
        let Selection { account, carrier, class, destination } = selection;
        tracing::info!(
            ?deed,
            account,
            carrier,
            class,
            by_destination = destination.is_some(),
            done,
            left,
            "messages that waited: ended or moved by the operator"
        );
    }
    let why = findings.left.iter();
    let why = why.map(|(stays, messages)| (stays.word().to_owned(), *messages)).collect();
    super::value(&QueueChange { carried_out: yes, messages: done, left, why })
}

/// Asks every shard, and adds up what they found.
async fn ask(desk: &Desk, wish: Wish, filter: Filter) -> Result<Findings, Problem> {
    let mut answers = Vec::new();
    for shard in &desk.shared.shards {
        let (answer, answered) = oneshot::channel();
        super::push(shard, ToShard::Operate(Box::new((wish, filter.clone(), answer))))?;
        answers.push(answered);
    }
    let mut all = Findings::default();
    let until = tokio::time::Instant::now() + PATIENCE;
    for answer in answers {
        match tokio::time::timeout_at(until, answer).await {
            Ok(Ok(findings)) => all.add(&findings),
            Ok(Err(_)) | Err(_) => {
                let message = "the engine is still at it: ask again how it stands";
                return Err(Problem::new("impossible", message));
            }
        }
    }
    match all.refused {
        true => Err(Problem::new("busy", "too many such commands are under way")),
        false => Ok(all),
    }
}

fn filter(desk: &Desk, selection: &Selection) -> Result<Filter, Problem> {
    let world = desk.shared.world();
    let account = |name: &str| {
        let account = world.by_system_id.get(name).map(|account| account.index);
        account.ok_or_else(|| Problem::new("unknown", format!("no account is called {name}")))
    };
    let class = |name: &str| {
        let class = TrafficClass::from_word(name);
        let words = || TrafficClass::WORDS.join(", ");
        class.ok_or_else(|| Problem::new("unknown", format!("{name} is none of {}", words())))
    };
    let destination = selection.destination.as_deref().unwrap_or_default();
    let digits = bare(TON_INTERNATIONAL, destination.as_bytes());
    if !digits.iter().all(u8::is_ascii_digit) {
        let message = format!("{destination} is no beginning of a number");
        return Err(Problem::new("request", message));
    }
    Ok(Filter {
        account: selection.account.as_deref().map(account).transpose()?,
        carrier: selection.carrier.as_deref().map(|name| carrier(&world, name)).transpose()?,
        class: selection.class.as_deref().map(class).transpose()?,
        destination: digits.into(),
    })
}

fn carrier(world: &World, name: &str) -> Result<u32, Problem> {
    // One that a reload took out may still have messages that wait.
    let named = || world.carriers.iter().filter(|one| one.settings.name == name);
    let carrier = named().find(|one| !one.is_removed).or_else(|| named().next());
    let unknown = || Problem::new("unknown", format!("no carrier is called {name}"));
    carrier.map(|carrier| carrier.index).ok_or_else(unknown)
}
