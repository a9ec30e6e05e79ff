//! The sessions of a carrier as its dispatcher and checkpoints see them.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::CarrierState;
use crate::engine::bind_record::BindRecord;
use crate::engine::handles::CarrierHandle;

impl CarrierState {
    /// A session takes nothing more. It is among those that a checkpoint asks until it has told of
    /// all it had.
    pub fn leaves(&self, handle: &Arc<CarrierHandle>) {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.retain(|one| one.told_sent.load(Ordering::Acquire) < u64::MAX);
        leaving.push(Arc::clone(handle));
    }

    /// Those that may have answers due.
    #[must_use]
    pub fn leaving(&self) -> Vec<Arc<CarrierHandle>> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.retain(|one| one.told_sent.load(Ordering::Acquire) < u64::MAX);
        leaving.clone()
    }

    /// Enters or, with `None`, takes out the session of a bind, and tells the dispatcher.
    pub fn set_link(&self, bind: u32, handle: Option<Arc<CarrierHandle>>) {
        let links = self.links.load();
        let Some(link) = links.get(bind as usize) else { return };
        let sends = |handle: &Arc<CarrierHandle>| !handle.is_held();
        let stands = handle.as_ref().is_some_and(sends);
        let stood = link.swap(handle).as_ref().is_some_and(sends);
        self.count_bind(stood, stands);
    }

    /// Holds messages back from a session, or lets them go to it again.
    pub fn hold_link(&self, handle: &CarrierHandle, held: bool) {
        let was_held = handle.held.swap(held, Ordering::Relaxed);
        self.count_bind(!was_held, !held);
    }

    /// Keeps everything from a session whose peer is silent, or lets it go to it again.
    pub fn silence_link(&self, handle: &CarrierHandle, silent: bool) {
        handle.silent.store(silent, Ordering::Relaxed);
        self.links_changed.fetch_add(1, Ordering::Release);
        self.dispatcher.wake();
    }

    fn count_bind(&self, stood: bool, stands: bool) {
        match (stood, stands) {
            (false, true) => self.binds.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.binds.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        self.links_changed.fetch_add(1, Ordering::Release);
        self.dispatcher.wake();
    }

    /// Makes places for so many binds; how many there were.
    pub fn grow(&self, binds: usize, wall: Duration) -> usize {
        let before = self.links.load_full();
        if before.len() < binds {
            let mut records = Vec::clone(&self.records.load());
            records.resize_with(binds, || Arc::new(BindRecord::new(wall)));
            self.records.store(Arc::new(records));
            let mut links = Vec::clone(&before);
            links.resize_with(binds, Arc::default);
            self.links.store(Arc::new(links));
            self.links_changed.fetch_add(1, Ordering::Release);
        }
        before.len()
    }
}
