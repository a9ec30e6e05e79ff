//! Texts that are not to be in memory, in a file of this process alone.
//!
//! ```text
//!   SpillWriter (one a shard): seal --write--> chunk | chunk | ..   a file without a name
//!        |                                       ^
//!        +--> Spot (offset, nonce): in the message, which holds its chunk
//! ```
//!
//! The journal is the truth, and nothing here is synced or outlives the process: the file loses its
//! name as soon as it has one. Each text is sealed with AES-256-GCM under the random key of its
//! chunk, with a random nonce that stands in its message alone. So nobody can read a text whose
//! message is gone, the process itself included, though its octets stay until they are written
//! over; a chunk's key goes with the last of its messages, and the chunk is used again. When no
//! chunk is used the file goes, and its octets with it.
//!
//! What cannot be written is refused, and stays in memory or is not taken. What cannot be read is
//! fatal: nobody else in this process has the text, and the journal does. The reader is not come
//! back to, and whoever watches [`Spill::lost`] ends the process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;

use super::FileJournal;
use super::disk::{Disk, DiskFile};
use crate::message::envelope::Message;
use crate::mt::carried::{Away, Spot, Texts};
use crate::planted::{Bug, is_planted};

/// The file, for the moment in which it has a name.
const FILE: &str = "spill";
/// Behind each sealed text.
const TAG: usize = 16;
/// A file has at least so many chunks at its limit, unless they would be smaller than one takes.
const CHUNKS: u64 = 64;
/// Octets of a chunk. The smallest has room for any text where the limit is what a configuration
/// may say.
const CHUNK_OCTETS: std::ops::RangeInclusive<u64> = 4 << 10..=1 << 20;

/// Where texts go that are not to be in memory.
pub struct Spill {
    disk: Arc<dyn Disk>,
    chunk_octets: u32,
    chunks_max: AtomicU32,
    chunks: Mutex<Chunks>,
    written: AtomicU64,
    written_octets: AtomicU64,
    read: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
    is_refusing: AtomicBool,
    lost: watch::Sender<bool>,
}

/// The chunks of the file.
#[derive(Default)]
struct Chunks {
    file: Option<Arc<dyn DiskFile>>,
    /// Those that are used, those that were and are not, the first of them first, and both.
    used: u32,
    free: BinaryHeap<Reverse<u32>>,
    made: u32,
}

/// Why a text was not put there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// It has come to its limit.
    Limit,
    /// There is no space.
    Space,
    /// The disk failed.
    Error,
}

impl Refused {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Limit, Self::Space, Self::Error];

    /// A word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Space => "space",
            Self::Error => "error",
        }
    }
}

/// How it stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// Octets of disk that are used, and that it may use.
    pub octets: u64,
    /// See `octets`.
    pub octets_max: u64,
    /// Texts that were put there so far, and octets of them.
    pub written: u64,
    /// See `written`.
    pub written_octets: u64,
    /// Texts that were read.
    pub read: u64,
    /// Those that were not put there, by [`Refused::ALL`].
    pub refused: [u64; Refused::ALL.len()],
}

impl fmt::Debug for Spill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spill").field("figures", &self.figures()).finish_non_exhaustive()
    }
}

impl Spill {
    /// One on this disk that takes so many octets of it, about. What an earlier process left there
    /// for want of a moment is taken away.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, octets_max: u64) -> Arc<Self> {
        if disk.list().is_ok_and(|names| names.iter().any(|name| name == FILE)) {
            // Where it cannot be, it is written over with the next one.
            let _ = disk.remove(FILE);
        }
        let (least, most) = CHUNK_OCTETS.into_inner();
        // At most a MiB.
        let chunk_octets = (octets_max / CHUNKS).clamp(least, most) as u32;
        let spill = Self {
            disk,
            chunk_octets,
            chunks_max: AtomicU32::new(0),
            chunks: Mutex::default(),
            written: AtomicU64::new(0),
            written_octets: AtomicU64::new(0),
            read: AtomicU64::new(0),
            refused: Default::default(),
            is_refusing: AtomicBool::new(false),
            lost: watch::Sender::new(false),
        };
        spill.set_octets_max(octets_max);
        Arc::new(spill)
    }

    /// It takes so many octets of disk from now on; what is there already stays.
    pub fn set_octets_max(&self, octets: u64) {
        let chunks = octets / u64::from(self.chunk_octets);
        self.chunks_max.store(u32::try_from(chunks).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// One who writes to it.
    #[must_use]
    pub fn writer(self: &Arc<Self>) -> SpillWriter {
        SpillWriter { spill: Arc::clone(self), chunk: None, used: 0, sealed: Vec::new() }
    }

    /// How it stands.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let chunk = u64::from(self.chunk_octets);
        Figures {
            octets: u64::from(self.chunks().used) * chunk,
            octets_max: u64::from(self.chunks_max.load(Ordering::Relaxed)) * chunk,
            written: self.written.load(Ordering::Relaxed),
            written_octets: self.written_octets.load(Ordering::Relaxed),
            read: self.read.load(Ordering::Relaxed),
            refused: self.refused.each_ref().map(|count| count.load(Ordering::Relaxed)),
        }
    }

    /// Whether a text could not be read.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Waits until a text cannot be read.
    pub async fn lost(&self) {
        let mut lost = self.lost.subscribe();
        // It goes with `self`, and not before.
        let _ = lost.wait_for(|lost| *lost).await;
    }

    fn chunks(&self) -> MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A chunk that nobody uses.
    fn take(self: &Arc<Self>) -> Result<Arc<Chunk>, Refused> {
        let key = random::<32>().and_then(|octets| {
            let key = UnboundKey::new(&AES_256_GCM, &octets);
            key.map_err(|_| io::Error::other("no such key"))
        });
        let key = LessSafeKey::new(key.map_err(|error| why(&error))?);
        let mut chunks = self.chunks();
        if chunks.used >= self.chunks_max.load(Ordering::Relaxed) {
            return Err(Refused::Limit);
        }
        let file = match &chunks.file {
            Some(file) => Arc::clone(file),
            None => {
                let file = self.disk.create(FILE).map_err(|error| why(&error))?;
                self.disk.remove(FILE).map_err(|error| why(&error))?;
                Arc::clone(chunks.file.insert(file))
            }
        };
        let at = chunks.free.pop().map_or(chunks.made, |Reverse(at)| at);
        chunks.made = chunks.made.max(at + 1);
        chunks.used += 1;
        let offset = u64::from(at) * u64::from(self.chunk_octets);
        Ok(Arc::new(Chunk { spill: Arc::clone(self), file, at, offset, key }))
    }

    /// Nobody uses this chunk any more.
    fn give_back(&self, at: u32) {
        let mut chunks = self.chunks();
        chunks.used -= 1;
        chunks.free.push(Reverse(at));
        if chunks.used > 0 {
            return;
        }
        let gone = std::mem::take(&mut *chunks);
        drop(chunks);
        // Nobody waits while the system gives its octets back.
        drop(gone);
    }

    fn note_refused(&self, refused: Refused) {
        self.refused[refused as usize].fetch_add(1, Ordering::Relaxed);
        if !self.is_refusing.swap(true, Ordering::Relaxed) {
            let why = refused.name();
            tracing::warn!(
                why,
                "no more texts go to the spill file: what is above \
                 store.spill_after_bytes is refused"
            );
        }
    }
}

fn why(error: &io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Refused::Space,
        _ => Refused::Error,
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    let filled = SystemRandom::new().fill(&mut octets);
    filled.map_err(|_| io::Error::other("the system gives no random octets"))?;
    Ok(octets)
}

/// Puts texts there, one behind the other.
#[derive(Debug)]
pub struct SpillWriter {
    spill: Arc<Spill>,
    chunk: Option<Arc<Chunk>>,
    /// Octets of the chunk that were written.
    used: u32,
    /// Room in which texts are sealed.
    sealed: Vec<u8>,
}

impl SpillWriter {
    /// Puts the text of a message there: its user data and TLVs.
    ///
    /// # Errors
    /// Why it is not there. Nothing has changed then.
    pub fn put(&mut self, message: &Message) -> Result<Away, Refused> {
        let put = self.try_put(message);
        match &put {
            Ok(_) => {
                if self.spill.is_refusing.load(Ordering::Relaxed) {
                    self.spill.is_refusing.store(false, Ordering::Relaxed);
                    tracing::info!("texts go to the spill file again");
                }
                self.spill.written.fetch_add(1, Ordering::Relaxed);
                let octets = u64::from(message.octets());
                self.spill.written_octets.fetch_add(octets, Ordering::Relaxed);
            }
            Err(refused) => self.spill.note_refused(*refused),
        }
        put
    }

    /// Lets go of a chunk that holds nothing any more.
    pub fn rest(&mut self) {
        if self.chunk.as_ref().is_some_and(|chunk| Arc::strong_count(chunk) == 1) {
            self.chunk = None;
        }
    }

    fn try_put(&mut self, message: &Message) -> Result<Away, Refused> {
        let (user_data, octets) = (message.user_data.octets(), message.octets());
        let takes = octets.saturating_add(TAG as u32);
        if takes > self.spill.chunk_octets {
            return Err(Refused::Limit);
        }
        self.rest();
        let chunk = match self.chunk.take() {
            Some(chunk) if takes <= self.spill.chunk_octets - self.used => chunk,
            full => {
                drop(full);
                self.used = 0;
                self.spill.take()?
            }
        };
        let chunk = self.chunk.insert(chunk);
        let nonce = random().map_err(|error| why(&error))?;
        self.sealed.clear();
        self.sealed.extend_from_slice(user_data);
        self.sealed.extend_from_slice(&message.tlvs);
        let sealing = Nonce::assume_unique_for_key(nonce);
        let sealed = chunk.key.seal_in_place_append_tag(sealing, Aad::empty(), &mut self.sealed);
        // It is far from being too long.
        sealed.map_err(|_| Refused::Error)?;
        // What a write that fails left there is written over by the next one.
        let written = chunk.file.write_at(&self.sealed, chunk.offset + u64::from(self.used));
        written.map_err(|error| why(&error))?;
        let spot = Spot { offset: self.used, octets, nonce };
        self.used += takes;
        let texts = Arc::clone(chunk);
        if is_planted(Bug::ChunkUsedAgain) {
            self.used = 0;
        }
        Ok(Away::new(message, texts, spot))
    }
}

impl FileJournal {
    /// Where texts may go that are not to be in memory: on the same disk, which this has to itself.
    #[must_use]
    pub fn spill(&self, octets_max: u64) -> Arc<Spill> {
        Spill::new(Arc::clone(&self.disk), octets_max)
    }
}

/// A part of the file, for as long as a writer or a message needs it.
struct Chunk {
    spill: Arc<Spill>,
    file: Arc<dyn DiskFile>,
    at: u32,
    /// Where it begins.
    offset: u64,
    key: LessSafeKey,
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.spill.give_back(self.at);
    }
}

impl Chunk {
    fn try_read(&self, spot: &Spot, to: &mut Vec<u8>) -> io::Result<()> {
        let start = to.len();
        to.resize(start + spot.octets as usize + TAG, 0);
        let sealed = &mut to[start..];
        self.file.read_at(sealed, self.offset + u64::from(spot.offset))?;
        let nonce = Nonce::assume_unique_for_key(spot.nonce);
        let opened = self.key.open_in_place(nonce, Aad::empty(), sealed);
        opened.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        to.truncate(start + spot.octets as usize);
        Ok(())
    }
}

/// What a reader ends with that is not come back to.
#[derive(Debug)]
pub struct Lost;

impl Texts for Chunk {
    fn read(&self, spot: &Spot, to: &mut Vec<u8>) {
        self.spill.read.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.try_read(spot, to) {
            if !self.spill.lost.send_replace(true) {
                tracing::error!(%error, "the spill file cannot be read: the journal has what was \
                     in it, and the next start goes on with that");
            }
            std::panic::resume_unwind(Box::new(Lost));
        }
    }
}
