//! A file to its frames.

use std::io;
use std::sync::Arc;

use super::DiskFile;
use super::frame::{self, HEADER, Header, Key};
use super::layout::{BLOCK, DATA_START};

/// Octets read at once: many frames a system call, and little memory.
const WINDOW: usize = 256 << 10;
/// The same where one frame is wanted.
const NARROW: usize = 4 << 10;

/// A part of a file in memory.
#[derive(Debug)]
pub(super) struct Window {
    file: Arc<dyn DiskFile>,
    /// Where the file ends, or what is to be seen of it.
    end: u64,
    start: u64,
    octets: Vec<u8>,
    /// Octets read at once, at least.
    width: usize,
}

/// What stands at an offset.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// A whole frame.
    Frame(Header),
    /// None, for this reason.
    Nothing(&'static str),
}

impl Window {
    pub(super) const fn new(file: Arc<dyn DiskFile>, end: u64) -> Self {
        Self { file, end, start: 0, octets: Vec::new(), width: WINDOW }
    }

    /// Reads no more at once than a small frame has: for one that looks at the first alone.
    pub(super) fn narrow(self) -> Self {
        Self { width: NARROW, ..self }
    }

    /// The octets from `offset` on, this many; `None` where the file ends before.
    fn at(&mut self, offset: u64, octets: usize) -> io::Result<Option<&mut [u8]>> {
        if self.end.saturating_sub(offset) < octets as u64 {
            return Ok(None);
        }
        let inside = offset.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        let inside = inside.filter(|at| at.saturating_add(octets) <= self.octets.len());
        let at = match inside {
            Some(at) => at,
            None => {
                let left = usize::try_from(self.end - offset).unwrap_or(usize::MAX);
                self.octets.resize(octets.max(self.width).min(left), 0);
                // What is read in part is not to be taken for the file's.
                self.start = u64::MAX;
                self.file.read_at(&mut self.octets, offset)?;
                self.start = offset;
                0
            }
        };
        Ok(Some(&mut self.octets[at..at + octets]))
    }

    /// What stands at this offset as a frame of this generation.
    pub(super) fn frame_at(&mut self, generation: u64, offset: u64) -> io::Result<Found> {
        let Some(beginning) = self.at(offset, HEADER)? else {
            return Ok(Found::Nothing("the file ends here"));
        };
        let header =
            beginning.first_chunk().and_then(|octets| Header::decode(octets, generation, offset));
        let Some(header) = header else { return Ok(Found::Nothing("no frame begins here")) };
        let octets = usize::try_from(header.octets()).unwrap_or(usize::MAX);
        let Some(whole) = self.at(offset, octets)? else {
            return Ok(Found::Nothing("a frame begins here that is longer than the file"));
        };
        Ok(match frame::is_whole(whole) {
            true => Found::Frame(header),
            false => Found::Nothing("a frame begins here whose octets are not what was written"),
        })
    }

    /// The next whole frame of this generation at `offset` or behind.
    pub(super) fn later(&mut self, generation: u64, offset: u64) -> io::Result<Option<Header>> {
        let mut offset = offset.max(DATA_START);
        while offset < self.end {
            if let Found::Frame(header) = self.frame_at(generation, offset)? {
                return Ok(Some(header));
            }
            offset += BLOCK as u64;
        }
        Ok(None)
    }

    /// What a frame that was found holds; `None` when it does not open under this key.
    pub(super) fn opened(&mut self, header: &Header, key: &Key) -> io::Result<Option<&[u8]>> {
        let octets = usize::try_from(header.octets()).unwrap_or(usize::MAX);
        let Some(whole) = self.at(header.offset, octets)? else { return Ok(None) };
        Ok(frame::unseal(header, key, whole))
    }

    /// A frame that was found, as it stands in the file.
    pub(super) fn sealed(&mut self, header: &Header) -> io::Result<Option<&[u8]>> {
        let octets = usize::try_from(header.octets()).unwrap_or(usize::MAX);
        Ok(self.at(header.offset, octets)?.map(|octets| &*octets))
    }
}
