//! From time to time all there is, written beside the journal, so that a start reads what lives and
//! not all that ever was.
//!
//! ```text
//!   from = durable + 1
//!   dispatchers, then links: what is sent and not answered --StillSent--> shards --> journal
//!   shards, a part at a time: all they hold --batches--> checkpoint file
//!   all of that durable: the checkpoint counts, and what stands before `from` is given up
//! ```
//!
//! Nothing stops meanwhile: what changes behind `from` is replayed over what was written, see
//! [`records`](super::shard::records). What was sent stands in the journal alone, so that of what
//! is still unanswered it is written again, behind `from`.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, sleep, timeout};

use super::batches::Batches;
use super::handles::CarrierHandle;
use super::shard::records;
use super::shared::{Kept, Shared, ToShard};
use super::world::{Carrier, World};
use crate::planted::{Bug, is_planted};
use crate::store::{Batch, Error, Records, Refused, State};
use crate::telemetry;

/// How often it is looked whether it is time for one.
const LOOK: Duration = Duration::from_millis(500);
/// How long apart they are at least while there is no space, and after one that failed.
const PAUSE: Duration = Duration::from_secs(10);
/// How long everybody may take to say what was sent, and to have it durable. One that takes longer
/// is given up, and the next one tried later.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked who has said so.
const POLL: Duration = Duration::from_millis(5);
/// Parts of shards that wait to be written.
const PARTS_MAX: usize = 64;

/// Makes checkpoints of this engine until it is gone, on a thread of its own: it waits for the
/// storage.
///
/// # Errors
/// When there is no thread to be had.
pub fn start(shared: &Arc<Shared>) -> std::io::Result<()> {
    let Some(kept) = shared.journal.clone() else { return Ok(()) };
    let shared = Arc::downgrade(shared);
    let runtime = Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new()
        .name("checkpoints".to_owned())
        .spawn(move || runtime.block_on(run(kept, shared)))
        .map(drop)
}

/// One after `checkpoint_bytes`, or after twice as many as the last one had: no octet is copied
/// more than once for each two that are written.
pub async fn run(kept: Kept, shared: Weak<Shared>) {
    // What is given up counts from the last checkpoint, whichever process wrote it.
    let (mut last, mut before, mut began_at) = (0, kept.replayed, 0);
    let (mut tried, mut stood) = (Instant::now(), State::Running);
    let mut has_failed = false;
    loop {
        sleep(LOOK).await;
        let Some(shared) = shared.upgrade() else { return };
        let state = kept.progress.state();
        if state != stood {
            say(state);
            stood = state;
        }
        if state.is_final() || shared.is_stopping() {
            return;
        }
        let store = shared.world().settings.store;
        if let Some(files) = &kept.files {
            files.retain(store.retention(), store.retention_max_bytes);
        }
        if let Some(spill) = &kept.spill {
            spill.set_octets_max(store.spill_max_bytes);
        }
        let every = u64::from(store.checkpoint_bytes);
        let written = kept.octets.load(Ordering::Relaxed);
        let is_low = state != State::Running && tried.elapsed() > PAUSE;
        let is_time = before + written - began_at >= every.max(2 * last);
        let wall = shared.clock.now().wall;
        let is_old = kept.files.as_ref().is_some_and(|files| files.is_turn_due(wall));
        if !(is_time || is_low || is_old) || (has_failed && tried.elapsed() < PAUSE) {
            continue;
        }
        tried = Instant::now();
        let one = async {
            if is_old {
                turn(&kept, wall).await?;
            }
            checkpoint(&kept, &shared).await
        };
        kept.is_at_checkpoint.store(true, Ordering::Release);
        // One that is given up leaves nothing behind.
        let made = tokio::select! {
            made = one => Some(made),
            () = stops(&shared) => None,
        };
        kept.is_at_checkpoint.store(false, Ordering::Release);
        let Some(made) = made else { return };
        telemetry::checkpoint(&shared.registry, made.is_ok());
        has_failed = made.is_err();
        match made {
            Ok(octets) => {
                (last, before) = (octets, 0);
                began_at = written;
                let took_ms = tried.elapsed().as_millis() as u64;
                tracing::debug!(octets, took_ms, "checkpoint");
            }
            Err(error) => {
                tracing::warn!(%error, "no checkpoint came about; it is tried again");
                if let Some(files) = kept.files.as_ref().filter(|_| error.is_full()) {
                    files.give_way(2 * last.max(every));
                }
            }
        }
    }
}

/// Waits until the engine is stopped.
async fn stops(shared: &Shared) {
    while !shared.is_stopping() {
        sleep(POLL).await;
    }
}

/// Tells the operator how the journal stands now.
fn say(state: State) {
    match state {
        State::Running => tracing::info!("the journal takes everything again"),
        State::Low | State::Full => tracing::warn!(
            state = state.name(),
            "no space for the journal: submissions are refused until there is some"
        ),
        // Whoever runs the engine says why.
        State::Closed | State::Fenced | State::Failed => {}
    }
}

/// Begins another segment of the journal, so that nothing new stands beside what is old, and waits
/// until it has.
///
/// # Errors
/// What kept it from being begun.
pub async fn turn(kept: &Kept, wall: Duration) -> Result<(), Error> {
    let Some(files) = &kept.files else { return Ok(()) };
    files.turn();
    let mut batch = Batch::new();
    records::at(&mut batch, wall);
    let until = Instant::now() + PATIENCE;
    let mut taken = Err(Refused::Busy);
    wait(until, || {
        taken = kept.journal.submit(&mut batch);
        taken != Err(Refused::Busy)
    })
    .await;
    let position = taken.map_err(|refused| Error::Stopped(refused.to_string()))?;
    let is_durable = wait(until, || kept.progress.durable() >= position).await;
    if is_durable { Ok(()) } else { Err(Error::Stopped("the journal takes too long".to_owned())) }
}

/// Makes one; how many octets it has.
///
/// # Errors
/// What kept it from coming about.
pub async fn checkpoint(kept: &Kept, shared: &Arc<Shared>) -> Result<u64, Error> {
    let late = |what: &str| Error::Stopped(format!("{what} took longer than {PATIENCE:?}"));
    let until = Instant::now() + PATIENCE;
    // A reload writes down who has which place before anybody sees it, and both under this lock.
    let (from, world) = {
        let _still = kept.places.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.progress.durable().next(), shared.world())
    };
    let mut writer = kept.journal.begin()?;
    let batch = beginning(shared, &world);
    let mut octets = 0;
    let mut write = |batch: &Batch| {
        octets += batch.len() as u64;
        Records::new(batch.octets()).try_for_each(|record| writer.write(record))
    };
    write(&batch)?;
    if !all_say_what_is_sent(shared, until).await {
        return Err(late("a dispatcher or a link"));
    }
    let (sender, mut parts) = mpsc::channel(PARTS_MAX);
    for shard in &shared.shards {
        tell(shard, ToShard::Walk(sender.clone())).await;
    }
    drop(sender);
    let mut whole = 0;
    while whole < shared.shards.len() {
        let Ok(Some(part)) = timeout(PATIENCE, parts.recv()).await else { break };
        write(&part.batch)?;
        whole += usize::from(part.is_last);
    }
    if whole < shared.shards.len() {
        return Err(Error::Stopped("a shard takes nothing now".to_owned()));
    }
    let mut durable = Vec::new();
    for shard in &shared.shards {
        let (waits, passed) = oneshot::channel();
        tell(shard, ToShard::Passed(waits)).await;
        durable.push(passed);
    }
    let until = Instant::now() + PATIENCE;
    for mut passed in durable {
        let mut said = Err(TryRecvError::Empty);
        let has_said = wait(until, || {
            said = passed.try_recv();
            said != Err(TryRecvError::Empty)
        });
        let has_said = has_said.await;
        // A shard that takes nothing drops it, and so does a runtime that is gone.
        match said {
            Ok(()) => {}
            Err(_) if has_said => return Err(Error::Stopped("a shard takes nothing now".into())),
            Err(_) => return Err(late("the journal")),
        }
    }
    let from = match is_planted(Bug::CheckpointTooNew) {
        true => kept.progress.durable().next(),
        false => from,
    };
    writer.finish(from)?;
    kept.journal.truncate_before(from)?;
    Ok(octets)
}

/// When it was, and who has which place: that goes first, as all else names it.
fn beginning(shared: &Shared, world: &World) -> Batch {
    let mut batch = Batch::new();
    records::start(&mut batch, shared.ids_from);
    records::at(&mut batch, shared.clock.now().wall);
    for account in &world.accounts {
        records::account(&mut batch, account.index, &account.settings.system_id);
    }
    for carrier in &world.carriers {
        records::carrier(&mut batch, carrier.index, &carrier.settings.name);
    }
    batch
}

/// Has everybody who sends tell shards what is sent and not answered; whether all have.
async fn all_say_what_is_sent(shared: &Arc<Shared>, until: Instant) -> bool {
    let (asked, carriers) = shared.ask_what_is_sent();
    let dispatcher_has =
        |carrier: &Arc<Carrier>| carrier.told_sent.load(Ordering::Acquire) >= asked;
    // One that was taken up into the world just now was not asked before it had sent anything.
    if !wait(until, || carriers.iter().all(dispatcher_has)).await {
        return false;
    }
    let links = carriers.iter().flat_map(|carrier| {
        let mut links = carrier.leaving();
        links.extend(carrier.links.load().iter().filter_map(|place| place.load_full()));
        links
    });
    let links: Vec<_> = links.collect();
    links.iter().for_each(|link| link.wake());
    let has = |link: &Arc<CarrierHandle>| link.told_sent.load(Ordering::Acquire) >= asked;
    wait(until, || links.iter().all(has)).await
}

async fn wait(until: Instant, mut is_so: impl FnMut() -> bool) -> bool {
    while !is_so() {
        if Instant::now() > until {
            return false;
        }
        sleep(POLL).await;
    }
    true
}

/// Tells a shard something, once its queue takes it.
async fn tell(shard: &Batches<ToShard>, what: ToShard) {
    let mut told = shard.buffer();
    told.push_back(what);
    while let Err(back) = shard.push(told) {
        told = back;
        sleep(POLL).await;
    }
    shard.wake();
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::engine::build;
    use crate::engine::ground::Ground;
    use crate::engine::recovery::Opened;
    use crate::engine::settings::Settings;
    use crate::engine::shared::Part;
    use crate::store::MemoryStore;

    /// Does what shards that hold nothing do; one that does not pass takes what it is told for it
    /// as one does while the journal takes nothing.
    async fn answer(shared: Arc<Shared>, passes: bool) {
        let mut told = VecDeque::new();
        loop {
            for (at, shard) in shared.shards.iter().enumerate() {
                while !told.is_empty() || shard.pop(&mut told) {
                    match told.pop_front() {
                        Some(ToShard::Walk(to)) => {
                            let part = Part { batch: Batch::new(), is_last: true };
                            to.send(part).await.unwrap();
                        }
                        Some(ToShard::Passed(waits)) if passes || at > 0 => {
                            waits.send(()).unwrap();
                        }
                        _ => {}
                    }
                }
            }
            sleep(POLL).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_checkpoint_that_one_shard_has_not_passed_does_not_count() {
        for passes in [true, false] {
            let journal = Arc::new(MemoryStore::new().open());
            let progress = Arc::clone(journal.shared_progress());
            let Opened { kept, .. } =
                Opened::read(journal, progress, None, &Settings::default()).unwrap();
            let places = build::Places { accounts: &[], carriers: &[], ids_from: 0 };
            let (settings, ground) = (Settings::default(), Ground::default());
            let shared = build::shared_with(settings, ground, &places, Some(kept.clone()));
            let shared = Arc::new(shared.unwrap());
            let shards = tokio::spawn(answer(Arc::clone(&shared), passes));
            let made = checkpoint(&kept, &shared).await;
            shards.abort();
            assert_eq!(made.is_ok(), passes, "{made:?}");
            assert_eq!(kept.journal.newest().is_some(), passes);
        }
    }
}
