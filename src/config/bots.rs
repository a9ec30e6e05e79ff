//! `[[bot]]`: conversations that the engine holds, each from a file of its own.

use std::cell::RefCell;
use std::sync::Arc;

use super::error::Errors;
use super::reader::{Reader, quoted};
use super::sheet::Spot;
use super::unique::Names;
use super::{bot, read, unreadable};
use crate::mo::bot::Version;

/// Bots that are there without a file, by their names. One of a `[[bot]]` hides that of its name.
pub(super) const BUNDLED: [(&str, &str); 2] = [
    ("accueil", include_str!("../../config/bots/accueil.toml")),
    ("satisfaction", include_str!("../../config/bots/satisfaction.toml")),
];

/// The longest name.
const NAME_OCTETS_MAX: usize = 64;

/// Bots by name.
#[derive(Debug, Default)]
pub(super) struct Bots {
    names: Names,
    /// Those of files, and bundled ones that a number names.
    versions: RefCell<Vec<Arc<Version>>>,
    /// Whether a file could not be read, of which enough has been said: its name is not known.
    is_one_missing: bool,
}

impl Bots {
    /// Those of the file, each with its own conversations held.
    pub fn read(root: &Reader<'_>) -> Self {
        let mut bots = Self::default();
        for table in root.tables("bot") {
            let (Some(path), Some(value)) = (table.file("file"), table.value("file")) else {
                bots.is_one_missing = true;
                continue;
            };
            let name = path.display().to_string();
            let version = read(&path)
                .map_err(|(place, found)| unreadable(&name, place, found))
                .and_then(|text| version(&name, &text));
            match version {
                Ok(version) => bots.add(&table, &value.spot, version),
                Err(errors) => {
                    errors.errors().iter().for_each(|error| table.sheet.pass_on(error));
                    bots.is_one_missing = true;
                }
            }
        }
        bots
    }

    fn add(&mut self, table: &Reader<'_>, spot: &Spot, version: Version) {
        let name = version.name();
        if name.is_empty() || name.len() > NAME_OCTETS_MAX {
            let expected = format!("[bot] name of 1 to {NAME_OCTETS_MAX} octets in that file");
            return table.sheet.fault(spot, format!("a bot called {}", quoted(name)), expected);
        }
        self.names.add(table, spot, name, "bot");
        self.versions.get_mut().push(Arc::new(version));
    }

    /// Whether there is such a bot; if not, that is noted.
    pub fn check(&self, table: &Reader<'_>, spot: &Spot, name: &str) -> bool {
        if self.names.has(name) {
            return true;
        }
        let mut versions = self.versions.borrow_mut();
        if versions.iter().any(|version| version.name() == name) {
            return true;
        }
        let bundled = BUNDLED.iter().find(|(bundled, _)| *bundled == name);
        // A test holds that each can be read.
        if let Some(Ok(bot)) = bundled.map(|(name, text)| version(name, text)) {
            versions.push(Arc::new(bot));
            return true;
        }
        self.is_one_missing || self.names.check(table, spot, name, "the name of a bot")
    }

    /// Them all.
    pub fn into_versions(self) -> Vec<Arc<Version>> {
        self.versions.into_inner()
    }
}

pub(super) fn version(name: &str, text: &str) -> Result<Version, Errors> {
    Ok(Version::new(text, bot::proven(name, text)?))
}
