//! Configuration files to [`Settings`], or to every fault in them with its line and column.
//!
//! ```text
//! text --toml--> tables with places --reader, by the schema--> Settings --references--> Settings
//!                                         |                                   |
//!                                         +----------- Faults ----------------+--> Errors
//! ```
//!
//! One pass finds all: a wrong value leaves its default in place and reading goes on. A
//! configuration with a single fault is refused as a whole, so nothing that was put in a fault's
//! place is ever run. Whatever the text, nothing here panics.
//!
//! Deliberately absent: values from the environment other than secrets, includes, and silent
//! keys; a key of a later version is refused by name.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::engine::settings::{Account, BindKind, Carrier, Settings};
use crate::message::dialect::Dialect;

pub use dialect::{BUNDLED, bundled};
pub use error::{Error, Errors, Place};

use self::error::Faults;
use self::reader::Reader;
use self::sheet::{Sheet, Surroundings};
use self::unique::Names;

pub mod bot;
pub mod schema;

mod account;
mod bots;
mod carrier;
mod dialect;
mod error;
mod hours;
mod nearest;
mod node;
mod number;
mod policy;
mod pool;
mod prefixes;
mod reader;
mod route;
mod secret;
mod sheet;
mod unique;

#[cfg(test)]
mod tests;

/// The configuration that runs when none is named: one account, the bundled SMSC as its carrier.
pub const QUICKSTART: &str = include_str!("../../config/quickstart.toml");

/// The largest configuration in octets; 300,000 accounts fit.
pub const FILE_MAX_BYTES: u64 = 32 * 1_048_576;

/// Reads and checks the file at `path`. Relative paths in it begin at its directory.
///
/// # Errors
///
/// Every fault of the file, or the one that kept it from being read.
pub fn load(path: &Path) -> Result<Settings, Errors> {
    let name = path.display().to_string();
    let text = read(path).map_err(|(place, found)| unreadable(&name, place, found))?;
    parse(&name, &text, path.parent().unwrap_or(Path::new("")))
}

/// The profiles of the file at `path`, by their names: a configuration, or nothing but profiles.
/// Faults elsewhere in it are not looked for.
///
/// # Errors
///
/// Every fault of a profile, or the one that kept the file from being read.
pub fn profiles(path: &Path) -> Result<Vec<Dialect>, Errors> {
    let name = path.display().to_string();
    let text = read(path).map_err(|(place, found)| {
        let expected = "profiles in TOML".to_owned();
        Error { file: name.clone(), place, key: "file".to_owned(), found, expected }
    })?;
    dialect::profiles(&name, &text)
}

/// Checks a configuration that is `text`, called `name` in errors. Relative paths in it begin at
/// `base_dir`.
///
/// # Errors
///
/// Every fault of it.
pub fn parse(name: &str, text: &str, base_dir: &Path) -> Result<Settings, Errors> {
    parse_in(name, text, base_dir, &|variable| std::env::var_os(variable))
}

/// The data directory that the file at `path` says, whatever else is wrong with the file, and
/// whether or not its secrets are there.
///
/// # Errors
///
/// What is wrong with the file as a whole, or with this key.
pub fn data_dir(path: &Path) -> Result<PathBuf, Errors> {
    let name = path.display().to_string();
    let text = read(path).map_err(|(place, found)| unreadable(&name, place, found))?;
    let (faults, base_dir) = (Faults::default(), path.parent().unwrap_or(Path::new("")));
    let around = Surroundings { base_dir, env: &|variable| std::env::var_os(variable) };
    let sheet = Sheet::new(&name, &text, &faults, &around);
    let node = sheet.tables().map(|tables| node::node(&sheet.root(&tables)));
    drop(sheet);
    match (node, faults.into_errors()) {
        (Some(_), Some(errors)) if errors.errors().iter().any(is_of_data_dir) => Err(errors),
        (None, Some(errors)) => Err(errors),
        (node, _) => Ok(node.unwrap_or_default().data_dir),
    }
}

/// Where a key that stands once, such as `node.id`, is in the file at `path`, as `FILE:LINE:COL`:
/// its value or, where it is absent, the table that it would be in. `None` for a file that cannot
/// be read.
#[must_use]
pub fn place_of(path: &Path, key: &str) -> Option<String> {
    let name = path.display().to_string();
    let text = read(path).ok()?;
    let (faults, base_dir) = (Faults::default(), path.parent().unwrap_or(Path::new("")));
    let around = Surroundings { base_dir, env: &|_| None };
    let sheet = Sheet::new(&name, &text, &faults, &around);
    let place = sheet.place_of(&sheet.tables()?, key);
    Some(format!("{name}{place}"))
}

fn is_of_data_dir(error: &Error) -> bool {
    ["TOML", "node", "node.data_dir"].contains(&error.key.as_str())
}

fn unreadable(name: &str, place: Place, found: String) -> Errors {
    let expected = "a configuration in TOML".to_owned();
    Error { file: name.to_owned(), place, key: "file".to_owned(), found, expected }.into()
}

/// The same in an environment of the caller's.
fn parse_in(
    name: &str,
    text: &str,
    base_dir: &Path,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Settings, Errors> {
    let (faults, around) = (Faults::default(), Surroundings { base_dir, env });
    let sheet = Sheet::new(name, text, &faults, &around);
    let settings = sheet.tables().map(|tables| settings(&sheet.root(&tables)));
    drop(sheet);
    match (faults.into_errors(), settings) {
        (None, Some(settings)) => Ok(settings),
        (Some(errors), _) => Err(errors),
        // A file without tables has a fault that says why.
        (None, None) => Ok(Settings::default()),
    }
}

/// What is referred to is read before what refers to it.
fn settings(root: &Reader<'_>) -> Settings {
    let smpp = node::smpp(root);
    let dialects = dialect::Dialects::read(root);
    let (accounts, system_ids) = account::accounts(root, &dialects, smpp.timers);
    let (carriers, carrier_names) = carrier::carriers(root, &dialects, smpp.timers, &system_ids);
    let bots = bots::Bots::read(root);
    let numbers = number::numbers(root, &system_ids, &bots);
    let settings = Settings {
        node: node::node(root),
        http: node::http(root),
        metrics: node::metrics(root),
        log: node::log(root),
        store: node::store(root),
        simulator: node::simulator(root),
        pools: pool::pools(root, &numbers),
        policies: policy::policies(root, &system_ids),
        numbers,
        bots: bots.into_versions(),
        routes: route::routes(
            root,
            &route::Named {
                tags: Names::known(accounts.iter().flat_map(Account::tags)),
                accounts: system_ids,
                carriers: senders(&carriers, carrier_names),
            },
        ),
        smpp,
        accounts,
        carriers,
    };
    node::listeners_apart(root, &settings);
    settings
}

/// The carriers by name, with those that nothing can be sent by marked.
fn senders(carriers: &[Carrier], names: Names) -> Names {
    let receives = carriers.iter().filter(|carrier| carrier.bind == BindKind::Receiver);
    let unfit = ["whose bind is \"receiver\"", "one that sends"];
    names.without(receives.map(|carrier| carrier.name.as_str()), unfit)
}

/// What the file holds, or where it is found to be what.
fn read(path: &Path) -> Result<String, (Place, String)> {
    let unreadable = |error: std::io::Error| (Place::FIRST, format!("no readable file ({error})"));
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err((Place::FIRST, "no file".to_owned()));
    }
    let mut octets = Vec::new();
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if octets.len() as u64 > FILE_MAX_BYTES {
        return Err((Place::FIRST, format!("more than {FILE_MAX_BYTES} octets")));
    }
    String::from_utf8(octets).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (Place::LineColumn(line, column), "octets that are not UTF-8".to_owned())
    })
}
