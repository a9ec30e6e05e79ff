//! The journal's, and what only it may do with its progress.

#![allow(dead_code)] // batches and errors have more than the models use

#[path = "../../../../src/store/batch.rs"]
mod batch;
#[path = "../../../../src/store/error.rs"]
mod error;
#[path = "../../../../src/store/journal.rs"]
mod journal;
#[path = "../../../../src/store/progress.rs"]
mod progress;
#[path = "../../../../src/store/watchers.rs"]
mod watchers;

pub mod files;

pub use batch::{Batch, Records};
pub use error::Error;
pub use journal::{Entry, Journal, Position, Refused};
pub use progress::{Progress, Relay, State, Watcher};
pub use watchers::WATCHERS_MAX;

impl Progress {
    pub fn beginning() -> Self {
        Self::new(Position::NONE)
    }

    pub fn comes_to(&self, durable: Position) {
        self.advance(durable);
    }

    pub fn becomes(&self, state: State) {
        self.become_state(state);
    }

    pub fn fails(&self, why: &str) {
        self.fail(why.to_owned());
    }
}

impl State {
    pub fn refuses(self) -> Option<Refused> {
        self.refusal()
    }
}
