//! Names that must be one of a kind, and references to them.

use std::collections::HashMap;

use super::nearest::nearest;
use super::reader::{Reader, quoted};
use super::sheet::Spot;

/// The names of one kind that a file gave, with the lines they stand in.
#[derive(Debug, Default)]
pub(super) struct Names {
    lines: HashMap<String, usize>,
}

impl Names {
    /// Takes a name, or notes that another `what` has it.
    pub(super) fn add(&mut self, table: &Reader<'_>, spot: &Spot, name: &str, what: &str) {
        let line = table.sheet.line(spot);
        match self.lines.get(name) {
            None => {
                self.lines.insert(name.to_owned(), line);
            }
            Some(first) => {
                let found = format!("{}, which is the {what} of line {first} too", quoted(name));
                table.sheet.fault(spot, found, "one of its own");
            }
        }
    }

    /// Whether there is such a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    /// Whether there is such a name; notes it at `spot` when there is none.
    pub(super) fn check(&self, table: &Reader<'_>, spot: &Spot, name: &str, what: &str) -> bool {
        let known = self.has(name);
        if !known {
            let mut names: Vec<&str> = self.lines.keys().map(String::as_str).collect();
            names.sort_unstable();
            let expected = match nearest(name, names) {
                Some(near) => format!("{what}, perhaps {}", quoted(near)),
                None => what.to_owned(),
            };
            table.sheet.fault(spot, quoted(name), expected);
        }
        known
    }
}
