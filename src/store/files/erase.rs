//! Something taken out of what is kept: each segment that has it is written anew without it.
//!
//! ```text
//!   N-2.key, erased.new --synced--> renamed to N.segment, of edition 2 --> N-1.key destroyed
//! ```
//!
//! The new file counts from the rename on, which is one step: it names its edition, and with it its
//! key. A power cut before it leaves the segment as it was, and what was begun is removed when the
//! journal is opened; after it the old key is destroyed then at the latest, and with it the text.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::store::error::machine;
use crate::store::history::{Looked, Seen, Wanted};
use crate::store::{Error, Position};

use super::FileJournal;
use super::frame::{Draft, Items, Kind as FrameKind, Place};
use super::frames::Frames;
use super::layout::{Block, DATA_START, ERASED_NEW, Kind, NUMBERS_END, Name};
use super::look::Reading;
use super::segment::{Segment, destroy_key, fill, make_key, remove_index};

/// What was erased.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Erased {
    /// Segments that were written anew.
    pub segments: u32,
    /// Batches that were changed.
    pub batches: u64,
}

/// What a batch is from now on; `None` where it stays as it is.
pub type Without<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

impl FileJournal {
    /// Changes batches of what is kept beyond need, of those that may have one of these keys: they
    /// keep their positions. What they were cannot be read any more when this returns. What is
    /// still needed is not looked at. It takes as much space as a segment has.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a segment that cannot be read, or what the machine says: all before
    /// it is done, and it can be done again.
    pub fn erase(&self, keys: &[u64], without: Without<'_>) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        let Some(history) = &self.shared.history else { return Ok(erased) };
        let generations: Vec<u64> = {
            let segments = self.shared.catalogue.segments();
            let past = history.past(&segments);
            segments[..past].iter().map(|segment| segment.generation).collect()
        };
        for generation in generations {
            // While it is written anew it is not given up.
            let _held = self.shared.catalogue.hold();
            let segments = self.shared.catalogue.segments();
            let found = segments.iter().zip(segments.iter().skip(1));
            let mut found = found.filter(|(segment, _)| segment.generation == generation);
            let Some((segment, next)) = found.next() else { continue };
            if !self.has(segment, next.first, keys, without)? {
                continue;
            }
            let written = self.write_without(segment, next.first, without);
            let (new, batches) = written.inspect_err(|error| {
                // Others want the space; what else is left goes when the journal is opened.
                let _ = self.disk.remove(ERASED_NEW);
                self.shared.fails(error);
            })?;
            self.shared.catalogue.replace(new);
            let forgotten = self.forget(segment);
            forgotten.inspect_err(|error| self.shared.fails(error))?;
            erased.segments += 1;
            erased.batches += batches;
        }
        Ok(erased)
    }

    /// Whether a segment has something to be changed.
    fn has(
        &self,
        segment: &Segment,
        behind: Position,
        keys: &[u64],
        without: Without<'_>,
    ) -> Result<bool, Error> {
        let wanted = Wanted { keys, from_ms: 0, to_ms: u64::MAX, octets_max: u64::MAX };
        let looked = &mut Looked::default();
        let mut reading = Reading { segment, end: behind, wanted: &wanted, looked };
        let found = reading.run(self, &mut |seen| match seen {
            Seen::Batch(entry) if without(entry.octets).is_some() => ControlFlow::Break(()),
            Seen::Batch(_) | Seen::EndOfSegment => ControlFlow::Continue(()),
        })?;
        Ok(found.is_break())
    }

    /// Writes a segment anew; how many batches of it are others.
    fn write_without(
        &self,
        segment: &Segment,
        behind: Position,
        without: Without<'_>,
    ) -> Result<(Segment, u64), Error> {
        let disk = &*self.disk;
        let doing = |error| machine(format!("erasing from {}", segment.name()), error);
        let edition = segment.edition + 1;
        if edition >= NUMBERS_END {
            return Err(Error::Setting("it was erased from too often".to_owned()));
        }
        let key = make_key(disk, &Name::key(segment.generation, edition), segment.generation)?;
        let key = Arc::new(key);
        let file = fill(disk, ERASED_NEW, segment.octets).map_err(doing)?;
        let numbers = [segment.generation, segment.octets, edition];
        file.write_at(&Block::new(Kind::Segment, &numbers).encode(), 0).map_err(doing)?;
        let mut frames = Frames::of(segment);
        let mut draft = Draft::with_capacity(0);
        let (mut offset, mut batches) = (DATA_START, 0);
        while frames.is_before(behind) {
            let (header, opened) = frames.next()?;
            draft.clear();
            for batch in Items::new(opened) {
                match without(batch) {
                    None => draft.push(batch),
                    Some(other) if other.len() <= batch.len() => {
                        draft.push(&other);
                        batches += 1;
                    }
                    Some(_) => return Err(Error::Setting("a batch would grow".to_owned())),
                }
            }
            let place = Place {
                kind: FrameKind::Batches,
                generation: segment.generation,
                offset,
                epoch: header.epoch,
                key: &key,
            };
            draft.seal(&place, header.first);
            file.write_at(draft.sealed(), offset).map_err(doing)?;
            offset += draft.sealed().len() as u64;
        }
        file.sync_data().map_err(doing)?;
        // Else its name could be given to what it was before, after a power cut.
        disk.sync_dir().map_err(doing)?;
        disk.rename(ERASED_NEW, &segment.name()).map_err(doing)?;
        disk.sync_dir().map_err(doing)?;
        Ok((Segment { edition, file, key, ..segment.clone() }, batches))
    }

    /// Destroys the key of a segment that is another one now, and its index.
    fn forget(&self, segment: &Segment) -> Result<(), Error> {
        destroy_key(&*self.disk, &segment.key_name())?;
        remove_index(&*self.disk, segment.generation)?;
        self.disk.sync_dir().map_err(|error| machine("erasing", error))
    }
}
