//! `conversation list|show|claim|reply|return|close|snooze`: what people see of conversations, and
//! do with them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use super::request::Problem;
use super::trace::PATIENCE;
use super::{Desk, millis};
use crate::engine::batches::Batches;
use crate::engine::shard::{Granted, TalkKey, TalkTold, TalkWish};
use crate::engine::shared::ToShard;
use crate::mt::policy::Handset;

/// What is asked of one conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ConversationAction {
    /// All of it.
    Show,
    /// It is this agent's from now on.
    Claim {
        /// By whom.
        agent: String,
    },
    /// Something is said in it, by its agent.
    Reply {
        /// By whom.
        agent: String,
        /// What.
        text: String,
    },
    /// The bot has it again.
    Return,
    /// It is over.
    Close,
    /// Nobody is to see to it for a while.
    Snooze {
        /// Seconds.
        for_s: u64,
    },
}

/// Conversations, those first that are to be seen to first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ConversationList {
    /// This moment.
    pub now_unix_ms: u64,
    /// Them.
    pub conversations: Vec<ConversationTold>,
    /// Whether there are more than are told.
    pub more: bool,
}

/// One conversation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ConversationTold {
    /// What it is called: `NUMBER/HANDSET`.
    pub id: String,
    /// `bot`, `waiting`, `with agent`, `snoozed`, `closed` or `machine`.
    pub state: String,
    /// Its bot.
    pub bot: String,
    /// The queue that it was handed to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// Who has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// `normal`, `high` or `urgent`, while people have it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub priority: String,
    /// Since when it waits, or is with its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_unix_ms: Option<u64>,
    /// Until when it is snoozed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until_unix_ms: Option<u64>,
    /// When the handset wrote last.
    pub heard_unix_ms: u64,
    /// What it was marked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What was asked for, and the answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<SlotTold>,
    /// What was said lately, the oldest first; in a list the last of it.
    pub lines: Vec<LineTold>,
}

/// The answer to a question.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SlotTold {
    /// What was asked for.
    pub name: String,
    /// What was answered.
    pub value: String,
}

/// Something that was said.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LineTold {
    /// When.
    pub unix_ms: u64,
    /// `person`, `bot` or `agent`.
    pub by: String,
    /// What.
    pub text: String,
}

/// Octets of an agent's name, and characters of what one says at once, at most.
const AGENT_MAX: usize = 64;
const TEXT_MAX: usize = 1_000;
/// The longest that a conversation is put aside.
const SNOOZE_MAX_S: u64 = 30 * 24 * 3600;

/// Nothing more is known of the conversations of a handset, once this is answered.
pub async fn forget(desk: &Desk, handset: &str) -> Result<(), Problem> {
    let Some(handset) = Handset::of(handset.as_bytes()) else { return Ok(()) };
    let at = desk.shared.shard_of(handset.digits().as_bytes());
    let Some(shard) = desk.shared.shards.get(at) else { return Ok(()) };
    let answered = ask(shard, TalkWish::Forget(handset))?;
    within(tokio::time::Instant::now() + PATIENCE, answered).await.map(drop)
}

/// Lists those that people have, with `all` those of bots too, of one queue if that is given.
pub async fn list(desk: &Desk, all: bool, queue: Option<&str>) -> Result<Value, Problem> {
    let mut answers = Vec::new();
    for shard in &desk.shared.shards {
        answers.push(ask(shard, TalkWish::List { all })?);
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    let (mut told, mut more) = (Vec::new(), false);
    for answer in answers {
        if let Granted::List(list, has_more) = within(until, answer).await? {
            told.extend(list);
            more |= has_more;
        }
    }
    told.retain(|one| queue.is_none_or(|queue| one.queue == queue));
    told.sort_by_key(|one| {
        let is_urgent = std::cmp::Reverse(one.desk.priority);
        (order(one.state), is_urgent, one.desk.since, one.heard)
    });
    let conversations = told.into_iter().map(|one| {
        let mut told = ConversationTold::from(one);
        told.lines.drain(..told.lines.len().saturating_sub(1));
        told
    });
    let now_unix_ms = millis(desk.shared.clock.now().wall);
    super::value(&ConversationList { now_unix_ms, conversations: conversations.collect(), more })
}

/// Who is to be seen to first.
fn order(state: &str) -> usize {
    const ORDER: [&str; 4] = ["waiting", "with agent", "snoozed", "bot"];
    ORDER.iter().position(|other| *other == state).unwrap_or(ORDER.len())
}

/// Does something with one.
pub async fn act(desk: &Desk, id: &str, action: ConversationAction) -> Result<Value, Problem> {
    let Some((key, handset)) = key(id) else {
        let message = format!("found {id:?}; expected NUMBER/HANDSET, as the list shows it");
        return Err(Problem::new("request", message));
    };
    let wish = match action {
        ConversationAction::Show => TalkWish::Show(key),
        ConversationAction::Claim { agent } => TalkWish::Claim(key, name(&agent)?),
        ConversationAction::Reply { agent, text } => {
            TalkWish::Reply(key, name(&agent)?, said(&text)?)
        }
        ConversationAction::Return => TalkWish::Return(key),
        ConversationAction::Close => TalkWish::Close(key),
        ConversationAction::Snooze { for_s } => {
            let time = Duration::from_secs(for_s.clamp(1, SNOOZE_MAX_S));
            TalkWish::Snooze(key, desk.shared.clock.now().wall + time)
        }
    };
    let at = desk.shared.shard_of(handset.as_bytes());
    let Some(shard) = desk.shared.shards.get(at) else {
        return Err(Problem::new("impossible", "no shard has it"));
    };
    let answered = ask(shard, wish)?;
    match within(tokio::time::Instant::now() + PATIENCE, answered).await? {
        Granted::One(told) => super::value(&ConversationTold::from(*told)),
        Granted::Refused(why) => Err(Problem::new("impossible", why)),
        Granted::Unknown | Granted::List(..) => {
            Err(Problem::new("unknown", format!("there is no conversation {id}")))
        }
    }
}

/// Asks a shard.
fn ask(shard: &Batches<ToShard>, wish: TalkWish) -> Result<oneshot::Receiver<Granted>, Problem> {
    let (answer, answered) = oneshot::channel();
    super::push(shard, ToShard::Converse(Box::new((wish, answer))))?;
    Ok(answered)
}

async fn within(
    until: tokio::time::Instant,
    answer: oneshot::Receiver<Granted>,
) -> Result<Granted, Problem> {
    match tokio::time::timeout_at(until, answer).await {
        Ok(Ok(granted)) => Ok(granted),
        _ => Err(Problem::new("busy", "a shard has no time for it, or cannot write it down")),
    }
}

fn key(id: &str) -> Option<(TalkKey, String)> {
    let (number, handset) = id.split_once('/')?;
    let key = (Handset::of(handset.as_bytes())?, Handset::of(number.as_bytes())?);
    Some((key, key.0.digits()))
}

fn name(agent: &str) -> Result<Box<str>, Problem> {
    let fits = (1..=AGENT_MAX).contains(&agent.len()) && !agent.chars().any(char::is_control);
    let message = || format!("found an agent {agent:?}; expected 1 to {AGENT_MAX} octets");
    fits.then(|| agent.into()).ok_or_else(|| Problem::new("request", message()))
}

fn said(text: &str) -> Result<Box<str>, Problem> {
    let is_shown = |c: char| !c.is_control() || c == '\n';
    let count = text.chars().count();
    let fits = count <= TEXT_MAX && !text.trim().is_empty() && text.chars().all(is_shown);
    let message = || format!("found a text of {count} characters; expected 1 to {TEXT_MAX}");
    fits.then(|| text.into()).ok_or_else(|| Problem::new("request", message()))
}

impl From<TalkTold> for ConversationTold {
    fn from(told: TalkTold) -> Self {
        let has_people = !told.queue.is_empty();
        let (desk, queue) = (told.desk, told.queue);
        let priority = if has_people { desk.priority.word() } else { "" };
        let line = |line: &crate::engine::shard::TalkLine| LineTold {
            unix_ms: u64::from(line.at_s) * 1_000,
            by: line.by.word().to_owned(),
            text: line.text.to_string(),
        };
        let slot = |(name, value)| SlotTold { name, value };
        let snoozed = Some(millis(desk.snoozed_until)).filter(|until| *until > 0);
        Self {
            id: format!("{}/{}", told.of.0, told.of.1),
            state: told.state.to_owned(),
            bot: told.bot,
            queue,
            agent: desk.agent.into(),
            priority: priority.to_owned(),
            since_unix_ms: has_people.then(|| millis(desk.since)),
            snoozed_until_unix_ms: snoozed,
            heard_unix_ms: millis(told.heard),
            tags: told.tags,
            slots: told.slots.into_iter().map(slot).collect(),
            lines: told.lines.iter().map(line).collect(),
        }
    }
}
