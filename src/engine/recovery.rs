//! What earlier processes of this data directory left in the journal, and who goes on with it.
//!
//! ```text
//!   checkpoint, journal --records--> Image --by handset--> Part of each shard --> live again
//!                                      |
//!                                      +--> places of accounts and carriers, the first free id
//! ```
//!
//! Records name accounts and carriers by their places, so the places stay what they were: one that
//! the settings have no more keeps its own, as after a reload, and what is under way of it goes on.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::settings::Settings;
use super::shard::records::image::{Image, Unreadable, WasAwaiting, WasLive};
use super::shard::records::past::Backward;
use super::shard::records::{self};
use super::shard::{Delivery, Ending, Talk};
use super::shared::{Kept, Shared};
use super::world::World;
use crate::mo::reassembly::Memory;
use crate::mo::{MoMessage, Owner};
use crate::mt::carried::Carried;
use crate::mt::policy::{Chosen, Texted};
use crate::mt::receipts::Notations;
use crate::store::history::Keeping;
use crate::store::spill::Spill;
use crate::store::{self, Batch, FileJournal, Position, Progress, Refused, Relay, Store};

/// The journal's directory within the data directory.
pub const DIRECTORY: &str = "journal";
/// How long the first record of a process may take to be durable.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no going on.
#[derive(Debug)]
pub enum Fault {
    /// The journal cannot be opened, read or written.
    Store(store::Error),
    /// It holds what this version cannot read.
    Unreadable(Position, Unreadable),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Unreadable(position, unreadable) => {
                write!(f, "position {position}: {unreadable}")
            }
        }
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// A journal that was opened, and what it holds.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub kept: Kept,
    /// What earlier processes left.
    pub image: Image,
}

impl Opened {
    /// Opens the journal of this engine's data directory.
    ///
    /// # Errors
    /// Why there is no going on.
    pub fn of(settings: &Settings) -> Result<Self, Fault> {
        let directory = settings.node.data_dir.join(DIRECTORY);
        let keeping = Some(keeping(&settings.store));
        let journal = Arc::new(FileJournal::open_keeping(&directory, journal_settings(), keeping)?);
        if let Some(damage) = journal.history_damage() {
            tracing::warn!(
                file = %damage.file,
                octet = damage.offset,
                what = %damage.what,
                "the history is damaged: what is older has been given up, and all that is needed \
                 is there"
            );
        }
        let progress = Arc::clone(journal.shared_progress());
        let spill = journal.spill(settings.store.spill_max_bytes);
        let mut opened = Self::read(Arc::clone(&journal) as _, progress, Some(spill), settings)?;
        opened.kept.files = Some(journal);
        Ok(opened)
    }

    /// Reads a journal. Texts that are not to be in memory go to `spill`.
    ///
    /// # Errors
    /// Why there is no going on.
    pub fn read(
        journal: Arc<dyn Store>,
        progress: Arc<Progress>,
        spill: Option<Arc<Spill>>,
        settings: &Settings,
    ) -> Result<Self, Fault> {
        let began = Instant::now();
        let mut image = Image::new(settings.node.ended_max_messages as usize);
        if let Some(spill) = &spill {
            image = image.with_overflow(spill.writer(), settings.store.here_octets_max());
        }
        let (mut unreadable, mut replayed) = (None, 0);
        let mut note = |position, taken: Result<(), Unreadable>| match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                unreadable = Some(Fault::Unreadable(position, error));
                ControlFlow::Break(())
            }
        };
        let from = journal.read(&mut |record| note(Position::NONE, image.take(record)))?;
        let to = journal.replay(from, &mut |entry| {
            replayed += entry.octets.len() as u64;
            note(entry.position, image.take_batch(entry.octets))
        })?;
        if let Some(fault) = unreadable {
            return Err(fault);
        }
        let (live, awaiting, owed) = (image.live.len(), image.awaiting.len(), image.owed.len());
        let mut in_doubt = 0;
        for was in image.live.values().filter(|was| was.is_in_doubt()) {
            in_doubt += 1;
            // No more than the windows of all carriers, and what was in doubt before.
            tracing::debug!(id = %was.shared, "in doubt: its carrier may have it");
        }
        if to > Position::FIRST {
            let took_ms = began.elapsed().as_millis() as u64;
            tracing::info!(live, in_doubt, awaiting, owed, %from, %to, took_ms, "journal read");
        }
        let relay = Relay::new(&progress).ok_or_else(|| stopped("no place to watch it"))?;
        let kept = Kept {
            journal,
            relay,
            progress,
            octets: Arc::default(),
            places: Arc::default(),
            is_at_checkpoint: Arc::default(),
            replayed,
            files: None,
            spill,
        };
        Ok(Self { kept, image })
    }
}

fn journal_settings() -> store::Settings {
    store::Settings { batch_octets_max: 16 << 20, ..store::Settings::default() }
}

/// What is kept of the journal when it is needed no more.
pub fn keeping(store: &super::settings::Store) -> Keeping {
    let (age_max, octets_max) = (store.retention(), store.retention_max_bytes);
    Keeping { age_max, octets_max, digest: Arc::new(Backward) }
}

/// What one shard takes over, each in the order in which it is to.
#[derive(Debug, Default)]
pub struct Part {
    /// See [`Image`].
    pub parked: Vec<(u64, Box<[u8]>)>,
    /// See [`Image`].
    pub live: Vec<WasLive>,
    /// See [`Image`].
    pub awaiting: Vec<WasAwaiting>,
    /// See [`Image`].
    pub ended: Vec<Ending>,
    /// See [`Image`].
    pub heard: Vec<u64>,
    /// See [`Image`].
    pub owed: Vec<(u32, Delivery)>,
    /// See [`Image`].
    pub held: Vec<(Option<Owner>, MoMessage)>,
    /// See [`Image`].
    pub whole: Vec<(Duration, Memory)>,
    pub chosen: Vec<Chosen>,
    /// See [`Image`].
    pub talks: Vec<Talk>,
    /// When messages were sent to its handsets, as far as caps ask.
    pub texted: Vec<Texted>,
}

/// Divides what was left among the shards.
pub fn divide(shared: &Shared, world: &World, mut image: Image) -> Vec<Part> {
    image.at_clock_of(shared.clock.now().wall);
    let mut parts: Vec<Part> =
        std::iter::repeat_with(Part::default).take(shared.shards.len()).collect();
    let place = |handset: &[u8]| shared.shard_of(handset);
    for was in image.live.into_values() {
        count(world, &was);
        let shard = place(was.live.message.destination.octets());
        parts[shard].live.push(was);
    }
    for was in image.awaiting.into_values() {
        parts[place(was.wait.subject.destination.octets())].awaiting.push(was);
    }
    for (account, delivery) in image.owed.into_values() {
        parts[place(delivery.handset())].owed.push((account, delivery));
    }
    for (number, octets) in image.parked {
        // One that cannot be read is nobody's.
        let receipt = records::read_parked(&octets, |_| Notations::default());
        let shard = receipt.map_or(0, |receipt| place(receipt.destination.octets()));
        parts[shard].parked.push((number, octets));
    }
    for message in image.held.into_values() {
        let owner = world.owners.of(message.destination.octets()).cloned();
        parts[place(message.source.octets())].held.push((owner, message));
    }
    for (wall, memory) in image.whole {
        parts[place(memory.source())].whole.push((wall, memory));
    }
    for (shard, shards, prints) in image.heard_lately {
        let own = usize::from(shard);
        for (at, part) in parts.iter_mut().enumerate() {
            // Whose they are is not known where there are more shards now, or fewer.
            if at == own || usize::from(shards) != shared.shards.len() {
                part.heard.extend(&prints);
            }
        }
    }
    // Nor is it of those that the journal tells of.
    for part in &mut parts {
        part.heard.extend(&image.heard);
    }
    for chosen in image.chosen.into_values() {
        parts[place(chosen.handset.digits().as_bytes())].chosen.push(chosen);
    }
    let bots = &world.settings.bots;
    for talk in image.talks.into_values().filter_map(|was| was.with(bots)) {
        parts[place(talk.handset.octets())].talks.push(talk);
    }
    for texted in image.texted.into_values() {
        parts[place(texted.handset.digits().as_bytes())].texted.push(texted);
    }
    // Any shard may know how a message ended: all are asked for what an earlier process gave.
    let count = parts.len();
    for (at, ending) in image.ended.into_iter().enumerate() {
        parts[at % count].ended.push(ending);
    }
    for part in &mut parts {
        part.live.sort_unstable_by_key(|was| was.live.id);
        // What is forgotten first stands first.
        part.texted.sort_unstable_by_key(|one| (one.times.back().copied(), one.handset, one.scope));
        part.awaiting.sort_unstable_by_key(|was| (was.since_s, was.wait.id));
    }
    parts
}

/// A message counts in the queues of its account and carrier, however full they are.
fn count(world: &World, was: &WasLive) {
    if was.live.awaits_receipt {
        return;
    }
    if let Some(account) = world.accounts.get(was.live.message.account as usize) {
        account.queued.force(1);
        account.queued_octets.force(was.live.octets);
    }
    if let Some(carrier) = world.carriers.get(was.live.carrier as usize) {
        carrier.queued.force(1);
    }
}

/// A message as it is in this world: the place of its number may be another.
pub fn in_world(world: &World, message: &mut Carried) {
    message.set_number(world.rated_number(message.source.octets()));
}

/// Writes down that this process begins, and who has which place, and waits until that is durable.
///
/// # Errors
/// What keeps it from being.
pub fn begin(kept: &Kept, ids_from: u64, world: &World) -> Result<(), Fault> {
    let position = write_beginning(kept, ids_from, world)?;
    let watcher = kept.progress.watch().ok_or_else(|| stopped("no place to watch it"))?;
    match watcher.wait(position, FIRST_PATIENCE) {
        true => Ok(()),
        false => Err(stopped(kept.progress.why().unwrap_or("it takes too long to write"))),
    }
}

/// Writes down that this process begins, and who has which place: nothing is to be promised before
/// that is durable.
///
/// # Errors
/// What keeps it from being written.
pub fn write_beginning(kept: &Kept, ids_from: u64, world: &World) -> Result<Position, Fault> {
    let mut batch = Batch::new();
    records::start(&mut batch, ids_from);
    write_places(kept, &mut batch, world, (0, 0))
}

fn stopped(why: impl ToString) -> Fault {
    Fault::Store(store::Error::Stopped(why.to_string()))
}

/// Octets of places that are written at a time.
const PLACES_OCTETS: usize = 256 << 10;
/// How often, and how long apart, it is tried to write while the journal is behind.
const TRIES: u32 = 1000;
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// Writes down which account and carrier has which place, from these places on, behind what the
/// batch holds. What is written after it returns comes after it. It may wait for the storage.
///
/// # Errors
/// What keeps it from being written.
pub fn write_places(
    kept: &Kept,
    batch: &mut Batch,
    world: &World,
    (accounts, carriers): (usize, usize),
) -> Result<Position, Fault> {
    let mut last = Position::NONE;
    for account in world.accounts.iter().skip(accounts) {
        records::account(batch, account.index, &account.settings.system_id);
        if batch.len() > PLACES_OCTETS {
            last = submit(kept, batch)?;
        }
    }
    for carrier in world.carriers.iter().skip(carriers) {
        records::carrier(batch, carrier.index, &carrier.settings.name);
    }
    if !batch.is_empty() {
        last = submit(kept, batch)?;
    }
    Ok(last)
}

fn submit(kept: &Kept, batch: &mut Batch) -> Result<Position, Fault> {
    for _ in 0..TRIES {
        match kept.journal.submit(batch) {
            Err(Refused::Busy) => std::thread::sleep(TRY_AGAIN),
            taken => return taken.map_err(stopped),
        }
    }
    Err(stopped(Refused::Busy))
}
