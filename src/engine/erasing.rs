//! A number and the texts to and from it taken out of all that the journal has kept.
//!
//! ```text
//!   another segment begins, and a checkpoint is made: what stands before is needed no more
//!   what lives in the checkpoint, or came since, and speaks of the number? then nothing is erased
//!   each segment that speaks of it is written anew without it, and its old key destroyed
//! ```
//!
//! Whoever asks waits for it; messages do not: a checkpoint is one like any, and the rest is done
//! on a thread that nobody waits for.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checkpointer::{checkpoint, turn};
use super::past::is_number;
use super::shard::records::past::key_of_number;
use super::shard::records::without::{has_any_of, speaks_of, without};
use super::shared::{Kept, Shared};
use crate::message::message_id::MessageId;
use crate::store::history::{Looked, Seen, Wanted};
use crate::store::{Erased, Error, FileJournal, Records};

/// How long a checkpoint that is under way may keep this waiting.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(100);

/// Why nothing was erased, or not all.
#[derive(Debug)]
pub enum Refusal {
    /// Of messages under way: these, and whether there are things without an id, such as what a
    /// handset sent that waits for its owner.
    UnderWay(BTreeSet<MessageId>, bool),
    /// Something came while it was being done, which is done.
    Meanwhile,
    /// The storage does not let it.
    Store(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// How many segments and batches speak of this number, and how the look went.
#[must_use]
pub fn count(files: &FileJournal, number: &[u8]) -> (Erased, Looked) {
    let keys = [key_of_number(number)];
    let wanted = Wanted { keys: &keys, from_ms: 0, to_ms: u64::MAX, octets_max: u64::MAX };
    let (mut all, mut here) = (Erased::default(), 0);
    let looked = files.look(&wanted, &mut |seen| {
        match seen {
            Seen::Batch(entry) => {
                let is_meant = |octets: &[u8]| is_number(number, octets);
                here += u64::from(has_any_of(entry.octets, &is_meant));
            }
            Seen::EndOfSegment => {
                all.segments += u32::from(here > 0);
                all.batches += std::mem::take(&mut here);
            }
        }
        ControlFlow::Continue(())
    });
    (all, looked)
}

/// Erases it. It waits for the storage.
///
/// # Errors
/// Why nothing was erased, or not all.
pub async fn erase(
    kept: &Kept,
    shared: &Arc<Shared>,
    files: &FileJournal,
    number: &[u8],
) -> Result<Erased, Refusal> {
    turn(kept, shared.clock.now().wall).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        match checkpoint(kept, shared).await {
            Ok(_) => break,
            Err(Error::Locked) if Instant::now() < until => tokio::time::sleep(AGAIN).await,
            Err(error) => return Err(error.into()),
        }
    }
    let needed = still_needed(kept, number)?;
    if let Some((ids, has_others)) = needed {
        return Err(Refusal::UnderWay(ids, has_others));
    }
    let keys = [key_of_number(number)];
    let is_meant = |octets: &[u8]| is_number(number, octets);
    let erased = files.erase(&keys, &|batch| without(batch, &is_meant))?;
    let (left, looked) = count(files, number);
    match (left.batches, looked.unreadable) {
        (0, 0) => Ok(erased),
        (0, _) => Err(Error::Stopped("a segment of the journal cannot be read".to_owned()).into()),
        _ => Err(Refusal::Meanwhile),
    }
}

/// What of the checkpoint, or of what came since, speaks of this number: ids, and whether there is
/// something else.
fn still_needed(kept: &Kept, number: &[u8]) -> Result<Option<(BTreeSet<MessageId>, bool)>, Error> {
    let (mut ids, mut has_others) = (BTreeSet::new(), false);
    let mut note = |record: &[u8]| match speaks_of(record, &|octets| is_number(number, octets)) {
        None => {}
        Some(Some(id)) => drop(ids.insert(id)),
        Some(None) => has_others = true,
    };
    let from = kept.journal.read(&mut |record| {
        note(record);
        ControlFlow::Continue(())
    })?;
    kept.journal.replay(from, &mut |entry| {
        Records::new(entry.octets).for_each(&mut note);
        ControlFlow::Continue(())
    })?;
    Ok((has_others || !ids.is_empty()).then_some((ids, has_others)))
}
