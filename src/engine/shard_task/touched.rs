//! Links that were given something, each once.

use std::collections::HashSet;
use std::sync::Arc;

/// Links that are to be woken at the end of a wake-up, however many there are.
#[derive(Debug)]
pub(super) struct Touched<L> {
    links: Vec<Arc<L>>,
    /// Where they stand in memory.
    known: HashSet<usize, foldhash::fast::FixedState>,
}

impl<L> Default for Touched<L> {
    fn default() -> Self {
        Self { links: Vec::new(), known: HashSet::default() }
    }
}

impl<L> Touched<L> {
    /// Notes a link.
    pub fn touch(&mut self, link: &Arc<L>) {
        // What one link gets mostly comes in a run.
        if self.links.last().is_some_and(|last| Arc::ptr_eq(last, link)) {
            return;
        }
        // While it stands in the list nothing else can stand at its address.
        if self.known.insert(Arc::as_ptr(link).addr()) {
            self.links.push(Arc::clone(link));
        }
    }

    /// Forgets all; gives each.
    pub fn drain(&mut self) -> impl Iterator<Item = Arc<L>> {
        self.known.clear();
        self.links.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_link_is_given_once_and_again_after_that() {
        let links = [Arc::new(1), Arc::new(2), Arc::new(1)];
        let mut touched = Touched::default();
        for _ in 0..2 {
            for link in [0, 0, 1, 0, 2, 1] {
                touched.touch(&links[link]);
            }
            let given: Vec<_> = touched.drain().map(|link| *link).collect();
            assert_eq!(given, [1, 2, 1]);
        }
    }
}
