//! A journal in the files of one directory.
//!
//! ```text
//!   submit --> intake --> writer: gather, seal, write, sync --> N.segment (and N.key)
//!                            ^                                  journal: which segments count
//!                            | the next segment                 checkpoint-N (and its key)
//!                         stock, a thread of its own <-- spare-N <-- truncate_before
//! ```
//!
//! The writer makes one frame of all that waits and pays one write and one sync for it, into a file
//! whose octets were all written before: nothing but those of the frame changes, which is several
//! times as fast as a file that grows. The next segment is made while one is being written, of a
//! file that was given up or of a new one.
//!
//! Everything that was submitted is sealed under the key of its segment. A segment that is given up
//! has its key written over and removed, so that nobody can read its text, though its octets stay
//! until they are written over too. On a disk or file system that never writes in place, the key's
//! octets may outlive that; what stands against it is the disk's own encryption.
//!
//! Opening looks at each frame that a replay from the newest checkpoint gives. What is found behind
//! the last whole frame is what a power cut left, and is cut; a frame that is not whole before one
//! that is was durable once, and opening refuses with its place. Closing leaves a mark of where it
//! ended: what is missing before it is damage too, and no torn tail. What is older than the
//! checkpoint is looked at when it is read; up to a segment of it that is missing, or does not
//! begin as it should, it is given up, and nothing else is.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::thread::JoinHandle;

use super::disk::{Disk, DiskFile, Lock};
use super::error::machine;
use super::history::Keeping;
use super::{
    Batch, CheckpointWriter, Checkpoints, Entry, Error, Journal, Position, Progress, Refused,
};

mod backup;
mod catalogue;
mod checkpoint;
mod directory;
mod erase;
mod frame;
mod frames;
mod front;
mod index;
mod inspect;
mod intake;
mod keep;
mod layout;
mod look;
mod manifest;
mod rebuild;
mod recover;
mod repair;
mod replay;
mod scan;
mod segment;
mod settings;
mod stock;
mod survey;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

pub use directory::Directory;
pub use erase::Erased;
pub use inspect::{CheckpointHolds, Damage, Holds, Report, check};
pub use repair::{Repaired, repair};
pub use settings::Settings;
pub use writer::Written;

use catalogue::Catalogue;
use checkpoint::{Stored, Writing};
use intake::{Intake, NoPlace};
use keep::History;
use manifest::Kept;
use recover::Recovered;
use stock::{Making, Stock};
use writer::{Shared, Step, Writer};

/// Files that were given up and are kept to be used again.
const SPARES_MAX: usize = 4;

/// A journal in files. Dropped without [`Journal::close`] it stops where it is, like in a crash.
#[derive(Debug)]
pub struct FileJournal {
    pub(super) disk: Arc<dyn Disk>,
    settings: Settings,
    progress: Arc<Progress>,
    shared: Arc<Shared>,
    /// The newest checkpoint.
    newest: Mutex<Option<Stored>>,
    history_damage: Option<Damage>,
    /// The number of the last one that was begun.
    checkpoints: AtomicU64,
    is_checkpointing: AtomicBool,
    hands: Mutex<Hands>,
    /// The thread of what is kept beyond need.
    keeper: Mutex<Option<JoinHandle<()>>>,
    /// It goes when all else has, or when the journal is let go.
    lock: Mutex<Option<Held>>,
}

/// Who does what there is to do.
#[derive(Debug)]
enum Hands {
    /// Threads: one that writes, and one that makes segments.
    Threads(JoinHandle<()>, JoinHandle<()>),
    /// Whoever calls [`FileJournal::step`].
    Steps(Box<Writer>),
    /// Nobody any more.
    None,
}

/// What came of a step of a journal without threads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stepped {
    /// There may be more to do.
    Went,
    /// There is nothing to do; it wakes who left a waker when there is.
    Rests,
    /// There is no space; it is worth a try when some time has passed.
    Full,
    /// There is nothing to do any more.
    Over,
}

/// The directory's lock.
struct Held(#[expect(dead_code, reason = "kept for as long as the journal is")] Lock);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

impl FileJournal {
    /// Opens the journal in this directory to write, or makes one there.
    ///
    /// # Errors
    /// [`Error::Locked`] when another program has it open, [`Error::Damaged`], [`Error::Missing`]
    /// or [`Error::Foreign`] when it is not what a journal left there; or what the machine says.
    pub fn open(directory: &Path, settings: Settings) -> Result<Self, Error> {
        Self::open_keeping(directory, settings, None)
    }

    /// The same, and keeps what is needed no more for as long as that says, to be looked for; it
    /// takes a third thread.
    ///
    /// # Errors
    /// Like [`FileJournal::open`].
    pub fn open_keeping(
        directory: &Path,
        settings: Settings,
        keeping: Option<Keeping>,
    ) -> Result<Self, Error> {
        let disk = Directory::make(directory)
            .map_err(|error| machine(format!("opening {}", directory.display()), error))?;
        let journal = Self::open_with_threads(Arc::new(disk), settings, keeping)?;
        if journal.shared.history.is_some() {
            let shared = Arc::clone(&journal.shared);
            let run = move || shared.history.iter().for_each(|history| history.run(&shared));
            *locked(&journal.keeper) = Some(spawn("journal-history", run)?);
        }
        Ok(journal)
    }

    /// Opens the journal on this disk to write, or makes one there.
    ///
    /// # Errors
    /// Like [`FileJournal::open`].
    pub fn open_on(disk: Arc<dyn Disk>, settings: Settings) -> Result<Self, Error> {
        Self::open_with_threads(disk, settings, None)
    }

    fn open_with_threads(
        disk: Arc<dyn Disk>,
        settings: Settings,
        keeping: Option<Keeping>,
    ) -> Result<Self, Error> {
        let (journal, writer) = Self::opened(disk, settings, keeping)?;
        let shared = Arc::clone(&journal.shared);
        let run = move || shared.stock.run(|| shared.give_way(true));
        let maker = spawn("journal-stock", run)?;
        let writer = spawn("journal", move || writer.run()).inspect_err(|_| {
            journal.shared.stock.stop();
        })?;
        *locked(&journal.hands) = Hands::Threads(writer, maker);
        Ok(journal)
    }

    /// The same without threads: nothing of what is submitted is written but by
    /// [`FileJournal::step`]. For simulators, where a journal's steps have their place among all
    /// others.
    ///
    /// # Errors
    /// Like [`FileJournal::open`].
    pub fn open_stepped(disk: Arc<dyn Disk>, settings: Settings) -> Result<Self, Error> {
        Self::open_stepped_keeping(disk, settings, None)
    }

    /// The same, and keeps what is needed no more: [`FileJournal::step_kept`] sees to it.
    ///
    /// # Errors
    /// Like [`FileJournal::open`].
    pub fn open_stepped_keeping(
        disk: Arc<dyn Disk>,
        settings: Settings,
        keeping: Option<Keeping>,
    ) -> Result<Self, Error> {
        let (journal, writer) = Self::opened(disk, settings, keeping)?;
        *locked(&journal.hands) = Hands::Steps(Box::new(writer));
        Ok(journal)
    }

    fn opened(
        disk: Arc<dyn Disk>,
        settings: Settings,
        keeping: Option<Keeping>,
    ) -> Result<(Self, Writer), Error> {
        settings.check()?;
        let lock = disk.lock().map_err(|error| machine("locking the directory", error))?;
        let Some(lock) = lock else { return Err(Error::Locked) };
        let recovered = recover::recover(&*disk, &settings)?;
        Ok(Self::start(disk, settings, keeping, Held(lock), recovered))
    }

    fn start(
        disk: Arc<dyn Disk>,
        settings: Settings,
        keeping: Option<Keeping>,
        lock: Held,
        recovered: Recovered,
    ) -> (Self, Writer) {
        let durable = recovered.durable();
        let Recovered { manifest, segments, ready, spares, tail, checkpoint, history_damage } =
            recovered;
        let progress = Arc::new(Progress::new(durable));
        let active = segments[segments.len() - 1].clone();
        let next = manifest.last_generation + 1;
        let epoch = manifest.epoch;
        let floor = checkpoint.as_ref().map_or(manifest.first, |stored| stored.from);
        let manifest = Arc::new(Kept::new(Arc::clone(&disk), manifest));
        let shared = Arc::new(Shared {
            intake: Intake::new(
                durable.number(),
                settings.waiting_batches_max,
                settings.waiting_octets_max,
            ),
            stock: Stock::new(
                Arc::clone(&disk),
                Arc::clone(&manifest),
                Arc::clone(&progress),
                &settings,
                ready,
                spares,
                next,
            ),
            catalogue: Catalogue::new(segments),
            manifest,
            progress: Arc::clone(&progress),
            is_abandoned: AtomicBool::new(false),
            written: Written::default(),
            turns: AtomicBool::new(false),
            history: keeping
                .map(|keeping| History::new(Arc::clone(&disk), settings.clone(), keeping, floor)),
        });
        let journal = Self {
            disk,
            settings,
            progress,
            newest: Mutex::new(checkpoint.clone()),
            history_damage,
            checkpoints: AtomicU64::new(checkpoint.map_or(0, |stored| stored.number)),
            is_checkpointing: AtomicBool::new(false),
            hands: Mutex::new(Hands::None),
            keeper: Mutex::new(None),
            shared,
            lock: Mutex::new(Some(lock)),
        };
        let writer =
            Writer::new(Arc::clone(&journal.shared), &journal.settings, active, &tail, epoch);
        (journal, writer)
    }

    /// Does one thing, where no threads do: the writer's next, or the stock's when the writer has
    /// nothing to do or waits for a segment. With threads there is never anything to do.
    pub fn step(&self, cx: &Context<'_>) -> Stepped {
        let mut hands = locked(&self.hands);
        let Hands::Steps(writer) = &mut *hands else { return Stepped::Over };
        let step = match writer.step(cx) {
            Ok(step) => step,
            Err(stop) => {
                writer.stopped(stop);
                *hands = Hands::None;
                return Stepped::Over;
            }
        };
        match (step, self.shared.stock.step(|| self.shared.give_way(true))) {
            (Step::Went, _) | (_, Making::Went) => Stepped::Went,
            (Step::WaitsForSpace(_), _) | (_, Making::Full(_)) => Stepped::Full,
            // A segment came in the stock's last step: the next one goes on with it.
            (Step::WaitsForSegment(_), _) => Stepped::Went,
            (Step::Rests, Making::Rests(_)) => Stepped::Rests,
            // The stock has failed: the writer ends in its next step, for which nobody wakes it.
            (Step::Rests, Making::Over) => Stepped::Went,
        }
    }

    /// The progress, to be watched.
    #[must_use]
    pub fn shared_progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The last position that it has given.
    #[must_use]
    pub fn submitted(&self) -> Position {
        Position::new(self.shared.intake.last())
    }

    /// What was wrong with what was kept beyond need, when it was opened: that up to there has been
    /// given up, and all that is needed is there.
    #[must_use]
    pub const fn history_damage(&self) -> Option<&Damage> {
        self.history_damage.as_ref()
    }

    /// What it has written since it was opened.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.shared.written
    }

    /// Others may open the directory from now on, whoever still has this: to be called once it is
    /// closed, by who reads nothing of it any more. While a checkpoint or a backup is under way the
    /// directory stays locked.
    pub fn let_go(&self) {
        if !self.progress.state().is_final() {
            return;
        }
        // None begins any more.
        if !self.is_checkpointing.swap(true, Ordering::AcqRel) {
            *locked(&self.lock) = None;
        }
    }

    /// Waits for the threads to end: the writer first, which may wait for a segment.
    fn join(&self) {
        let hands = std::mem::replace(&mut *locked(&self.hands), Hands::None);
        if let Hands::Threads(writer, maker) = hands {
            // One that panicked has failed the journal.
            let _ = writer.join();
            self.shared.stock.stop();
            let _ = maker.join();
        }
        self.shared.history.iter().for_each(History::stop);
        let _ = locked(&self.keeper).take().map(JoinHandle::join);
    }

    /// Takes all the steps there are, where no threads do.
    fn finish(&self) {
        let cx = Context::from_waker(Waker::noop());
        // A journal that is closed waits for no space: it is over then.
        while self.step(&cx) != Stepped::Over {}
    }
}

impl Journal for FileJournal {
    fn submit(&self, batch: &mut Batch) -> Result<Position, Refused> {
        if let Some(refused) = self.progress.state().refusal() {
            return Err(refused);
        }
        if batch.is_empty() {
            return Err(Refused::Empty);
        }
        let (octets, max) = (batch.len(), self.settings.batch_octets_max);
        if octets > max {
            return Err(Refused::TooLarge { octets, max });
        }
        match self.shared.intake.take(octets, |emptied| batch.exchange(emptied)) {
            Ok(number) => Ok(Position::new(number)),
            Err(NoPlace::Busy) => Err(Refused::Busy),
            Err(NoPlace::Closed) => Err(Refused::Closed),
        }
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn first(&self) -> Position {
        self.shared.catalogue.first()
    }

    fn replay(
        &self,
        from: Position,
        each: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<Position, Error> {
        replay::replay(&self.shared, from, each)
    }

    fn truncate_before(&self, position: Position) -> Result<(), Error> {
        let durable = self.progress.durable();
        if position > durable.next() {
            return Err(Error::NotDurable { asked: position, durable });
        }
        let shared = &*self.shared;
        if let Some(history) = &shared.history {
            history.raise(position);
            return Ok(());
        }
        let truncated = shared.catalogue.truncate(&*self.disk, &self.settings, shared, position);
        // Whether a key is destroyed is not known then.
        truncated.inspect_err(|error| shared.fails(error))
    }

    fn close(&self) -> Result<(), Error> {
        self.shared.intake.close();
        // The writer may wait for a segment that there is no space for.
        self.shared.stock.nudge();
        self.finish();
        self.join();
        let left = self.shared.intake.last() - self.progress.durable().number();
        match self.progress.why() {
            Some(why) => Err(Error::Stopped(why.to_owned())),
            None if left > 0 => {
                Err(Error::Stopped(format!("there was no space for {left} batches")))
            }
            None => match self.shared.manifest.close(self.progress.durable().next()) {
                // All is written, and what it was closed for goes on without the mark.
                Err(error) if error.is_full() => Ok(()),
                marked => marked,
            },
        }
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.shared.is_abandoned.store(true, Ordering::Release);
        self.shared.intake.wake();
        self.shared.stock.nudge();
        self.join();
    }
}

impl Checkpoints for FileJournal {
    fn begin(&self) -> Result<Box<dyn CheckpointWriter + Send + '_>, Error> {
        if self.is_checkpointing.swap(true, Ordering::Acquire) {
            return Err(Error::Locked);
        }
        match Writing::begin(self) {
            Ok(writing) => Ok(Box::new(writing)),
            Err(error) => {
                self.is_checkpointing.store(false, Ordering::Release);
                Err(error)
            }
        }
    }

    fn newest(&self) -> Option<Position> {
        locked(&self.newest).as_ref().map(|stored| stored.from)
    }

    fn read(&self, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Position, Error> {
        let stored = locked(&self.newest).clone();
        let Some(stored) = stored else { return Ok(self.first()) };
        stored.read(each)?;
        Ok(stored.from)
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| machine("starting a thread", error))
}

/// The contents of a lock. A thread that panicked with it left them whole.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
