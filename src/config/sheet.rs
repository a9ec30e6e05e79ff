//! One file under reading: its text, where things stand in it, and what is wrong with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::error::{Error, Faults, Place};
use super::reader::Reader;
use super::schema::Table;

/// What a configuration may look at outside its text.
pub(super) struct Surroundings<'a> {
    /// Where relative paths begin.
    pub base_dir: &'a Path,
    /// The environment; given, so that a test has its own.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
}

/// One file under reading.
pub(super) struct Sheet<'a> {
    name: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
    faults: &'a Faults,
    pub(super) around: &'a Surroundings<'a>,
}

/// Where a key stands and what its full path is.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Octets from the start of the file.
    pub at: usize,
    /// The full path of the key.
    pub path: String,
}

impl<'a> Sheet<'a> {
    /// A file called `name` that holds `text`.
    pub(super) fn new(
        name: &'a str,
        text: &'a str,
        faults: &'a Faults,
        around: &'a Surroundings<'a>,
    ) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { name, text, line_starts, faults, around }
    }

    /// The tables of the file; `None` when it is no TOML, each fault of which is then noted.
    /// Nothing else is said of such a file: what comes after a syntax error is guesswork.
    pub(super) fn tables(&self) -> Option<DeTable<'a>> {
        let (tables, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            let (found, expected) = match error.message().split_once(", expected ") {
                Some((found, expected)) => (found, expected),
                None if error.message() == "duplicate key" => (error.message(), "each key once"),
                None => (error.message(), "TOML 1.1"),
            };
            let spot = Spot { at, path: "TOML".to_owned() };
            self.fault(&spot, found, expected);
        }
        errors.is_empty().then(|| tables.into_inner())
    }

    /// A reader of `tables` as the file itself.
    pub(super) fn root<'s>(&'s self, tables: &'s DeTable<'s>) -> Reader<'s> {
        Reader::open(self, Table::Root, Spot { at: 0, path: String::new() }, tables)
    }

    /// Notes that something is wrong at `spot`.
    pub(super) fn fault(&self, spot: &Spot, found: impl Into<String>, expected: impl Into<String>) {
        self.faults.push(Error {
            file: self.name.to_owned(),
            place: self.place(spot.at),
            key: spot.path.clone(),
            found: found.into(),
            expected: expected.into(),
        });
    }

    /// Notes what was found wrong in a file that this one names.
    pub(super) fn pass_on(&self, error: &Error) {
        self.faults.push(error.clone());
    }

    /// Whether nothing was found wrong so far.
    pub(super) fn is_sound(&self) -> bool {
        self.faults.are_none()
    }

    /// Notes that something is wrong in a line of another file, which the key at `spot` names.
    pub(super) fn fault_in_line(
        &self,
        file: &Path,
        line: usize,
        key: &str,
        found: &str,
        expected: &str,
    ) {
        self.faults.push(Error {
            file: file.display().to_string(),
            place: Place::Line(line),
            key: key.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        });
    }

    /// The line of `spot`, for a message that speaks of it.
    pub(super) fn line(&self, spot: &Spot) -> usize {
        self.line_starts.partition_point(|start| *start <= spot.at)
    }

    /// A path of the file, begun at the base directory when it is relative.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.around.base_dir.join(path)
    }

    /// Where a key of these tables is, or the innermost table of its path that there is.
    pub(super) fn place_of(&self, tables: &DeTable<'_>, key: &str) -> Place {
        let (mut table, mut at) = (tables, 0);
        for part in key.split('.') {
            let Some((name, value)) = table.get_key_value(part) else { break };
            let Some(inner) = value.get_ref().as_table() else {
                at = value.span().start;
                break;
            };
            (table, at) = (inner, name.span().start);
        }
        self.place(at)
    }

    fn place(&self, at: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|index| self.line_starts.get(index));
        let before = start.and_then(|start| self.text.get(*start..at)).unwrap_or("");
        Place::LineColumn(line, before.chars().count() + 1)
    }
}
