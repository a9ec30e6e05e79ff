//! `history erase`: a number and the texts to and from it, taken out of the history.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;

use super::look::turn;
use super::request::Problem;
use super::{Desk, conversation};
use crate::engine::erasing::{Refusal, count, erase};
use crate::engine::recovery::DIRECTORY;

/// What was erased, or would be.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HistoryErased {
    /// Segments of the journal that spoke of the number.
    pub segments: u32,
    /// Batches of records in them that did.
    pub batches: u64,
    /// Whether it was done; otherwise it is what would be.
    pub done: bool,
    /// Files that a repair put aside, which were not looked at.
    pub aside: Vec<String>,
}

/// Digits that a number has, at least and at most.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=20;
/// Ids of messages under way that are named.
const NAMED: usize = 20;

/// Erases a number, or says what would be erased.
pub async fn answer(desk: &Desk, number: &str, yes: bool) -> Result<Value, Problem> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if !(DIGITS.contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit())) {
        let message = "expected a number with the country's code, such as +33612345678";
        return Err(Problem::new("request", message));
    }
    let Some((files, kept)) = desk.files().zip(desk.shared.journal.clone()) else {
        let message = "there is no history: that needs [store] engine = \"embedded\"";
        return Err(Problem::new("impossible", message));
    };
    if yes {
        // It would hold what was said.
        conversation::forget(desk, digits).await?;
    }
    let turn = turn(desk).await?;
    let (shared, number) = (desk.shared.clone(), digits.to_owned());
    let directory = shared.world().settings.node.data_dir.join(DIRECTORY);
    let (aside, handle) = (put_aside(&directory), Handle::current());
    let working = tokio::task::spawn_blocking(move || match yes {
        true => handle.block_on(erase(&kept, &shared, &files, number.as_bytes())),
        false => Ok(count(&files, number.as_bytes()).0),
    });
    let worked = working.await;
    drop(turn);
    let erased = worked.map_err(|error| Problem::new("impossible", error.to_string()))?;
    let erased = erased.map_err(problem)?;
    let (segments, batches) = (erased.segments, erased.batches);
    if yes {
        tracing::info!(segments, batches, "a number was erased from the history");
    }
    super::value(&HistoryErased { segments, batches, done: yes, aside })
}

fn problem(refusal: Refusal) -> Problem {
    let message = match refusal {
        Refusal::UnderWay(ids, has_others) => {
            let mut named: Vec<String> = ids.iter().take(NAMED).map(ToString::to_string).collect();
            if ids.len() > NAMED {
                named.push(format!("{} more", ids.len() - NAMED));
            }
            if has_others {
                let what = "receipts, or messages of handsets, that wait";
                named.push(what.to_owned());
            }
            format!(
                "nothing was erased: of this number there are under way: {}; ask again when they \
                 have ended",
                named.join(", ")
            )
        }
        Refusal::Meanwhile => "it was erased, and messages of this number came meanwhile: ask \
                               again when they have ended"
            .to_owned(),
        Refusal::Store(error) => format!("not all was erased: {error}"),
    };
    Problem::new("impossible", message)
}

/// What a repair of the journal put aside.
fn put_aside(directory: &std::path::Path) -> Vec<String> {
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".cut")).collect()
}
