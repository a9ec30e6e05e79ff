//! `journal backup`: a copy of the journal of a running engine.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Desk;
use super::look::turn;
use super::request::Problem;
use crate::engine::recovery::DIRECTORY;
use crate::store::Error;

/// How long a checkpoint that is being made may keep it waiting.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(200);

/// A copy that was made.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct JournalCopy {
    /// Where: a directory that an engine can have for its `data_dir`.
    pub directory: String,
    /// The last position of the journal that it holds.
    pub position: u64,
}

/// Copies the journal, to be the one of a data directory.
pub async fn answer(desk: &Desk, directory: String) -> Result<Value, Problem> {
    let to = Path::new(&directory);
    if !to.is_absolute() {
        let message = "expected a directory by its whole path, for the engine may run elsewhere";
        return Err(Problem::new("request", message));
    }
    let Some(files) = desk.files() else {
        let message = "there is no journal: that needs [store] engine = \"embedded\"";
        return Err(Problem::new("impossible", message));
    };
    // One at a time, and none while something is erased: that is not to be in it.
    let turn = turn(desk).await?;
    let place: PathBuf = to.join(DIRECTORY);
    let copying = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + PATIENCE;
        loop {
            match files.backup(&place) {
                Err(Error::Locked) if Instant::now() < until => std::thread::sleep(AGAIN),
                copied => return copied,
            }
        }
    });
    let copied = copying.await;
    drop(turn);
    let copied = copied.map_err(|error| Problem::new("impossible", error.to_string()))?;
    let position = copied.map_err(|error| {
        let message = format!("{directory}/{DIRECTORY}: {error}");
        Problem::new("impossible", message)
    })?;
    tracing::info!(%position, "the journal was copied");
    super::value(&JournalCopy { directory, position: position.number() })
}
