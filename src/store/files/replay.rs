//! Batches read back, while others are written.

use std::ops::ControlFlow;

use crate::store::{Entry, Error, Position};

use super::catalogue::Part;
use super::frame::{Items, Kind};
use super::layout::DATA_START;
use super::scan::Found;
use super::survey::reading;
use super::writer::Shared;

/// Where in which segment the next frame is to be read.
#[derive(Clone, Copy, Debug)]
struct Place {
    generation: u64,
    offset: u64,
}

/// Gives what is durable from `from` on, until `each` breaks.
pub(super) fn replay(
    shared: &Shared,
    from: Position,
    each: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<Position, Error> {
    let mut position = from.max(Position::FIRST);
    let mut resumed = None;
    loop {
        // What is read in one round is what was durable when it began, and does not change.
        let durable = shared.progress.durable();
        let first = shared.catalogue.first();
        if position < first {
            return Err(Error::Truncated { asked: position, first });
        }
        if position > durable {
            return Ok(position);
        }
        let part = shared.catalogue.part(position)?;
        let offset = match resumed {
            Some(Place { generation, offset }) if generation == part.segment.generation => offset,
            _ => DATA_START,
        };
        let mut reading = Reading { part, offset, position, durable };
        let flow = reading.run(each);
        position = reading.position;
        resumed =
            Some(Place { generation: reading.part.segment.generation, offset: reading.offset });
        match flow {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(position),
            // Its file may have been used again for what is new.
            Err(_) if position < shared.catalogue.first() => {}
            Err(error) => return Err(error),
        }
    }
}

/// One round over one segment.
#[derive(Debug)]
struct Reading {
    part: Part,
    /// Where the next frame is to be found.
    offset: u64,
    /// The next position to give.
    position: Position,
    durable: Position,
}

impl Reading {
    fn run(
        &mut self,
        each: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let segment = &self.part.segment;
        let damaged = |offset, what: &str| Error::Damaged {
            file: segment.name(),
            offset,
            what: what.to_owned(),
        };
        let end = self.part.behind.map_or(self.durable, |behind| behind.before().min(self.durable));
        let mut window = segment.window();
        while self.position <= end {
            let found = window.frame_at(segment.generation, self.offset);
            let header = match found.map_err(|error| reading(segment, error))? {
                Found::Frame(header) if header.kind == Kind::Batches => header,
                Found::Frame(_) => return Err(damaged(self.offset, "a frame of another kind")),
                Found::Nothing(what) => return Err(damaged(self.offset, what)),
            };
            if header.next() <= self.position {
                self.offset = header.end();
                continue;
            }
            if header.first > self.position {
                return Err(damaged(self.offset, "positions are missing before this frame"));
            }
            let opened = window.opened(&header, &segment.key);
            let opened = opened.map_err(|error| reading(segment, error))?;
            let Some(opened) = opened else {
                return Err(damaged(self.offset, "a frame that does not open under the key"));
            };
            let mut position = header.first;
            for octets in Items::new(opened) {
                if position == self.position {
                    self.position = position.next();
                    if each(Entry { position, octets }).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                position = position.next();
            }
            if position != header.next() {
                return Err(damaged(self.offset, "a frame with fewer batches than it says"));
            }
            self.offset = header.end();
        }
        Ok(ControlFlow::Continue(()))
    }
}
