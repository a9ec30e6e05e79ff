//! `consent`: what handsets chose, told by an operator and asked by one.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Desk;
use super::request::Problem;
use crate::engine::routes::brands;
use crate::engine::shared::{ChoicesAsked, ToShard};
use crate::message::words::Word;
use crate::mt::policy::ledger::Source;
use crate::mt::policy::{Brands, Choice, Chosen, Handset, Scope};

/// How long shards and the journal may take.
const PATIENCE: Duration = Duration::from_secs(50);
/// Entries of a page.
const PAGE: usize = 1_000;

/// What one handset chose.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConsentEntry {
    /// Its number, with its country's code.
    pub number: String,
    /// Of what: the name of a sender, service or brand; empty is everything.
    pub scope: String,
    /// `opt_in`, `opt_out` or `pause`.
    pub act: String,
    /// Until when it wants none, in seconds of wall time since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_unix_s: Option<u32>,
    /// When it chose, in seconds of wall time since 1970.
    pub at_unix_s: u32,
    /// Where it was told: `agent`, `api`, `carrier`, `import`, `in_store`, `keyword`, `paper`,
    /// `web_form`.
    pub source: String,
}

/// What became of entries.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConsentWritten {
    /// Those that changed something; of the others something newer, or the same, was known.
    pub news: u64,
    /// All of them: they are written down.
    pub entries: u64,
}

/// A place among all that handsets chose.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConsentPlace {
    /// Of which shard.
    pub shard: usize,
    /// Behind how many of its own.
    pub place: usize,
}

/// A part of what handsets chose.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConsentPage {
    /// It.
    pub entries: Vec<ConsentEntry>,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ConsentPlace>,
}

/// Writes down what handsets chose; answered when it is durable.
pub async fn write(desk: &Desk, entries: &[ConsentEntry]) -> Result<Value, Problem> {
    let brands = known(desk);
    let mut shards: HashMap<usize, Vec<Chosen>> = HashMap::new();
    for entry in entries {
        let chosen = chosen(&brands, entry)?;
        let shard = desk.shared.shard_of(chosen.handset.digits().as_bytes());
        shards.entry(shard).or_default().push(chosen);
    }
    let mut waits = Vec::new();
    for (shard, choices) in shards {
        let Some(queue) = desk.shared.shards.get(shard) else { continue };
        let ((told, news), (passed, durable)) = (oneshot::channel(), oneshot::channel());
        super::push(queue, ToShard::Choices(Box::new((choices, told))))?;
        super::push(queue, ToShard::Passed(passed))?;
        waits.push((news, durable));
    }
    let mut news = 0;
    for (told, durable) in waits {
        news += within(told).await? as u64;
        within(durable).await?;
    }
    super::value(&ConsentWritten { news, entries: entries.len() as u64 })
}

/// A page of what handsets chose.
pub async fn read(desk: &Desk, from: ConsentPlace) -> Result<Value, Problem> {
    let names = known(desk).names();
    let Some(queue) = desk.shared.shards.get(from.shard) else {
        return super::value(&ConsentPage::default());
    };
    let (asked, answer) = oneshot::channel();
    let asked = ChoicesAsked::From(from.place, PAGE, asked);
    super::push(queue, ToShard::AskChoices(Box::new(asked)))?;
    let (choices, next) = within(answer).await?;
    let others = from.shard + 1 < desk.shared.shards.len();
    let next = match next {
        Some(place) => Some(ConsentPlace { place, ..from }),
        None => others.then_some(ConsentPlace { shard: from.shard + 1, place: 0 }),
    };
    let entries = choices.iter().map(|chosen| entry(&names, chosen)).collect();
    super::value(&ConsentPage { entries, next })
}

/// What one handset chose of all that has a name.
pub async fn of(desk: &Desk, number: &str) -> Result<Value, Problem> {
    let handset = handset(number)?;
    let names = known(desk).names();
    let shard = desk.shared.shard_of(handset.digits().as_bytes());
    let Some(queue) = desk.shared.shards.get(shard) else {
        return super::value(&ConsentPage::default());
    };
    let (asked, answer) = oneshot::channel();
    let asked = ChoicesAsked::Of(handset, names.keys().copied().collect(), asked);
    super::push(queue, ToShard::AskChoices(Box::new(asked)))?;
    let mut choices = within(answer).await?;
    choices.sort_unstable_by_key(|chosen| (chosen.at_s, chosen.scope));
    let entries = choices.iter().map(|chosen| entry(&names, chosen)).collect();
    super::value(&ConsentPage { entries, next: None })
}

fn known(desk: &Desk) -> Brands {
    let world = desk.shared.world();
    brands(&world.settings, &world.accounts)
}

async fn within<T>(answer: oneshot::Receiver<T>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => {
            let message = "it is not written down, or not yet: the journal takes nothing, or the \
                           engine is too busy; ask again";
            Err(Problem::new("impossible", message))
        }
    }
}

fn handset(number: &str) -> Result<Handset, Problem> {
    Handset::of(number.as_bytes()).ok_or_else(|| {
        let message = "expected a number with the country's code, such as +33612345678";
        Problem::new("request", message)
    })
}

fn chosen(brands: &Brands, entry: &ConsentEntry) -> Result<Chosen, Problem> {
    let choice = match (entry.act.as_str(), entry.until_unix_s) {
        ("opt_in", None) => Choice::In,
        ("opt_out", None) => Choice::Out,
        ("pause", Some(until_s)) => Choice::PausedUntil(until_s),
        _ => {
            let message = "expected the act opt_in, opt_out, or pause with until_unix_s";
            return Err(Problem::new("request", message));
        }
    };
    let source = Source::from_word(&entry.source).ok_or_else(|| {
        let words = Source::WORDS.join(", ");
        Problem::new("request", format!("expected as source one of {words}"))
    })?;
    let (handset, scope) = (handset(&entry.number)?, brands.named(&entry.scope));
    Ok(Chosen { handset, scope, choice, at_s: entry.at_unix_s, source })
}

fn entry(names: &HashMap<Scope, String>, chosen: &Chosen) -> ConsentEntry {
    let unnamed = || format!("#{:016x}", chosen.scope.number());
    let (act, until_unix_s) = match chosen.choice {
        Choice::In => ("opt_in", None),
        Choice::Out => ("opt_out", None),
        Choice::PausedUntil(until_s) => ("pause", Some(until_s)),
    };
    ConsentEntry {
        number: format!("+{}", chosen.handset.digits()),
        scope: names.get(&chosen.scope).cloned().unwrap_or_else(unnamed),
        act: act.to_owned(),
        until_unix_s,
        at_unix_s: chosen.at_s,
        source: chosen.source.word().to_owned(),
    }
}
