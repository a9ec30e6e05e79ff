//! Names that must be one of a kind, and references to them.

use std::collections::HashMap;

use super::nearest::nearest;
use super::reader::{Reader, quoted};
use super::sheet::Spot;

/// The names of one kind that a file gave, with the lines they stand in.
#[derive(Debug, Default)]
pub(super) struct Names {
    lines: HashMap<String, usize>,
    /// Those that are there and may not be referred to: what each is, and what it should be.
    unfit: HashMap<String, [&'static str; 2]>,
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

    /// Names that were found elsewhere, and have no lines here.
    pub(super) fn known<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { lines: names.map(|name| (name.to_owned(), 0)).collect(), ..Self::default() }
    }

    /// The same, of which these may not be referred to: they are `found`, and `expected` would do.
    pub(super) fn without<'a>(
        mut self,
        names: impl Iterator<Item = &'a str>,
        [found, expected]: [&'static str; 2],
    ) -> Self {
        self.unfit.extend(names.map(|name| (name.to_owned(), [found, expected])));
        self
    }

    /// Whether there is such a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    /// All of them, in their own order.
    pub(super) fn sorted(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.lines.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The accounts that a key names, those left out that are none: they are noted.
    pub(super) fn accounts_of(&self, table: &Reader<'_>, key: &str) -> Vec<String> {
        self.named(table, key, "the system_id of an account")
    }

    /// What a key names, that left out which is not there: it is noted as not being `what`.
    pub(super) fn named(&self, table: &Reader<'_>, key: &str, what: &str) -> Vec<String> {
        let named = table.several(key, |text| Some(text.to_owned()));
        let known = |(spot, name): &(_, String)| self.check(table, spot, name, what);
        named.into_iter().filter(known).map(|(_, name)| name).collect()
    }

    /// Whether there is such a name; notes it at `spot` when there is none.
    pub(super) fn check(&self, table: &Reader<'_>, spot: &Spot, name: &str, what: &str) -> bool {
        if let Some([found, expected]) = self.unfit.get(name) {
            table.sheet.fault(spot, format!("{}, {found}", quoted(name)), *expected);
            return false;
        }
        let known = self.has(name);
        if !known {
            let expected = match nearest(name, self.sorted()) {
                Some(near) => format!("{what}, perhaps {}", quoted(near)),
                None => what.to_owned(),
            };
            table.sheet.fault(spot, quoted(name), expected);
        }
        known
    }
}
