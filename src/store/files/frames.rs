//! The frames of a segment one after the other, opened.

use std::sync::Arc;

use crate::store::{Error, Position};

use super::frame::{Header, Kind};
use super::layout::DATA_START;
use super::scan::{Found, Window};
use super::segment::Segment;
use super::survey::reading;

/// Where in a segment somebody reads.
#[derive(Debug)]
pub(super) struct Frames {
    segment: Segment,
    window: Window,
    offset: u64,
    /// The position that the next one begins with; `None` before the first one from within.
    next: Option<Position>,
}

impl Frames {
    /// At its beginning.
    pub(super) fn of(segment: &Segment) -> Self {
        Self { next: Some(segment.first), ..Self::at(segment, DATA_START) }
    }

    /// At a frame.
    pub(super) fn at(segment: &Segment, offset: u64) -> Self {
        let window = Window::new(Arc::clone(&segment.file), segment.octets);
        Self { segment: segment.clone(), window, offset, next: None }
    }

    /// Where the next one is.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether there is one before this position, with which another segment begins or to which
    /// all is durable.
    pub(super) fn is_before(&self, behind: Position) -> bool {
        self.next.is_none_or(|next| next < behind)
    }

    /// The next one, and what it holds.
    ///
    /// # Errors
    /// [`Error::Damaged`] where none is whole: that there is one is the caller's to know.
    pub(super) fn next(&mut self) -> Result<(Header, &[u8]), Error> {
        let Self { segment, window, offset, next } = self;
        let at = *offset;
        let damaged =
            |what: &str| Error::Damaged { file: segment.name(), offset: at, what: what.to_owned() };
        let found = window.frame_at(segment.generation, at);
        let header = match found.map_err(|error| reading(segment, error))? {
            Found::Frame(header) if header.kind == Kind::Batches => header,
            Found::Frame(_) => return Err(damaged("a frame of another kind")),
            Found::Nothing(what) => return Err(damaged(what)),
        };
        if next.is_some_and(|next| next != header.first) {
            return Err(damaged("positions are missing before this frame"));
        }
        (*offset, *next) = (header.end(), Some(header.next()));
        let opened = window.opened(&header, &segment.key);
        match opened.map_err(|error| reading(segment, error))? {
            Some(opened) => Ok((header, opened)),
            None => Err(damaged("a frame that does not open under the key")),
        }
    }
}
