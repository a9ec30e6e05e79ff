//! Which dialect the lines are read in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::cli::Failure;
use crate::config::{self, BUNDLED, bundled};
use crate::message::dialect::Dialect;

/// The name of the dialect without deviations.
const DEFAULT: &str = "default";

/// A dialect as it is named on a command line.
#[derive(Args, Clone, Debug, Default)]
pub struct DialectArgs {
    /// The dialect: a bundled profile, one of --config, or a file with one (a name with a slash or
    /// with .toml at its end)
    #[arg(long = "dialect", value_name = "NAME|FILE")]
    pub dialect: Option<String>,
    /// A configuration whose profiles may be named
    #[arg(long, value_name = "FILE", requires = "dialect")]
    pub config: Option<PathBuf>,
}

impl DialectArgs {
    /// The dialect; `None` when none was named.
    ///
    /// # Errors
    /// A name that nothing has, and every fault of the file.
    pub fn resolve(&self) -> Result<Option<Arc<Dialect>>, Failure> {
        let Some(name) = &self.dialect else { return Ok(None) };
        if let Some(config) = &self.config {
            return of_file(config, Some(name)).map(Some);
        }
        let is_file = name.contains('/') || name.ends_with(".toml");
        match (name.as_str(), is_file) {
            (DEFAULT, _) => Ok(Some(Arc::default())),
            (path, true) => of_file(Path::new(path), None).map(Some),
            (name, false) => match bundled(name) {
                Some(dialect) => Ok(Some(Arc::new(dialect))),
                None => Err(unknown(name, &[])),
            },
        }
    }
}

/// The profile of this name in a file: one of its own, a bundled one, or the one that is no
/// deviation. Without a name, the only one it has or the one that is called as the file is.
fn of_file(path: &Path, name: Option<&str>) -> Result<Arc<Dialect>, Failure> {
    let mut own = config::profiles(path).map_err(Failure::usage)?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let wanted = match (name, own.as_slice()) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.name.clone(),
        (None, _) => stem.to_owned(),
    };
    if let Some(at) = own.iter().position(|dialect| dialect.name == wanted) {
        return Ok(Arc::new(own.swap_remove(at)));
    }
    match (name, wanted.as_str()) {
        (Some(_), DEFAULT) => Ok(Arc::default()),
        (Some(_), name) if bundled(name).is_some() => {
            Ok(bundled(name).map(Arc::new).unwrap_or_default())
        }
        _ => Err(unknown(&wanted, &own)),
    }
}

fn unknown(name: &str, own: &[Dialect]) -> Failure {
    let own = own.iter().map(|dialect| dialect.name.as_str());
    let mut known: Vec<&str> = own.chain(BUNDLED.iter().map(|(name, _)| *name)).collect();
    known.push(DEFAULT);
    known.sort_unstable();
    known.dedup();
    Failure::usage(format_args!(
        "--dialect: found {name:?}; expected one of {}, or a file",
        known.join(", ")
    ))
}
