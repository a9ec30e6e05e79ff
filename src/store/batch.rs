//! Records to one buffer that is handed over whole.

/// Octets before each record: its length.
const LENGTH_OCTETS: usize = 4;

/// Records that become durable together or not at all.
///
/// Its owner keeps one and fills it again and again: a journal that takes its contents leaves an
/// emptied buffer of another batch in their place.
#[derive(Debug, Default)]
pub struct Batch {
    octets: Vec<u8>,
    records: u32,
}

impl Batch {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new(), records: 0 }
    }

    /// Adds a record.
    pub fn push(&mut self, record: &[u8]) {
        self.push_with(|octets| octets.extend_from_slice(record));
    }

    /// Adds the record that `write` appends to the octets it is given.
    ///
    /// # Panics
    /// When `write` takes octets away that were there, or appends 4 GiB and more.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.octets.len();
        let body = start + LENGTH_OCTETS;
        self.octets.extend_from_slice(&[0; LENGTH_OCTETS]);
        write(&mut self.octets);
        let len = self.octets.len().checked_sub(body).expect("what was there is left there");
        let len = u32::try_from(len).expect("a record is below 4 GiB");
        self.octets[start..body].copy_from_slice(&len.to_le_bytes());
        self.records += 1;
    }

    /// Takes all records out; the buffer stays.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.records = 0;
    }

    /// How many octets it takes, the records' lengths among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// How many records there are.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The octets, as a journal keeps them.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Its octets, for which it takes an emptied buffer.
    pub(super) fn exchange(&mut self, emptied: Vec<u8>) -> Vec<u8> {
        debug_assert!(emptied.is_empty(), "octets of another batch");
        self.records = 0;
        std::mem::replace(&mut self.octets, emptied)
    }

    /// The buffer, to be used again.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.octets
    }
}

/// The records of a batch, one after the other.
///
/// It ends early at a length that leads out of the octets, which no batch has that a journal gave
/// back: those octets were checked.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// The records in a batch's octets.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, behind) = self.rest.split_first_chunk::<LENGTH_OCTETS>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let (record, rest) = behind.split_at_checked(len)?;
        self.rest = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_back_as_they_were_pushed() {
        let mut batch = Batch::new();
        let records: [&[u8]; 4] = [b"one", b"", &[7; 70_000], b"four"];
        records.iter().for_each(|record| batch.push(record));
        assert_eq!((batch.records(), batch.len()), (4, 3 + 70_000 + 4 + 4 * LENGTH_OCTETS));
        assert!(Records::new(batch.octets()).eq(records));
        batch.clear();
        assert!(batch.is_empty() && Records::new(batch.octets()).next().is_none());
    }

    #[test]
    fn octets_that_end_early_end_the_records() {
        let mut batch = Batch::new();
        batch.push(b"whole");
        batch.push(b"cut");
        for end in 0..batch.len() {
            let whole = Records::new(&batch.octets()[..end]).count();
            assert_eq!(whole, usize::from(end >= 9), "{end}");
        }
    }
}
