//! The logs of the client, of the SMSC and of the engine, joined message by message.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::tap::{Log, Story};

/// What the engine writes down at its start, of each message that may have been sent.
const IN_DOUBT: &str = "in doubt: its carrier may have it id=";

/// What came of a run.
#[derive(Debug, Default)]
pub struct Audit {
    /// Messages that were submitted, and of those the accepted.
    pub asked: u64,
    pub accepted: u64,
    /// Accepted, and the carrier never took it, or its account heard of no end.
    pub lost: Vec<usize>,
    /// Copies at the carrier beyond the first.
    pub copies: u64,
    /// Of those, copies of messages that the engine did not have in doubt at a start.
    pub copies_unexplained: Vec<usize>,
    /// Copies of one message at most.
    pub copies_max: u64,
    /// Receipts beyond the first, each from a later process than the one before.
    pub told_again: u64,
    /// What must not be: two ids of a message, two messages of an id, two receipts from one
    /// process, messages that nobody submitted.
    pub unexpected: Vec<String>,
    /// Messages in doubt, summed over all starts, and the most that were at one and had not been
    /// at the one before.
    pub in_doubt: u64,
    pub in_doubt_max: u64,
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, accepted, copies, copies_max, told_again, .. } = self;
        let [lost, unexplained] = [&self.lost, &self.copies_unexplained].map(Vec::len);
        write!(
            f,
            "asked {asked}, accepted {accepted}, lost {lost}, copies {copies} (of one at most \
             {copies_max}), unexplained {unexplained}, told again {told_again}, unexpected {}, in \
             doubt at starts {} (new at one at most {})",
            self.unexpected.len(),
            self.in_doubt,
            self.in_doubt_max
        )
    }
}

impl Audit {
    /// Joins what the wire told with what the engine wrote down.
    pub fn of(log: &Log, engine: &str) -> Self {
        let mut audit = Self { unexpected: log.unexpected.clone(), ..Self::default() };
        let doubts = audit.doubts(engine);
        let mut ids = HashMap::new();
        for (at, story) in log.stories.iter().enumerate() {
            let in_doubt = doubts.get(&story.id).copied().unwrap_or(0);
            audit.take(at, story, in_doubt);
            if story.id != 0
                && let Some(other) = ids.insert(story.id, at)
            {
                let id = story.id;
                audit.unexpected.push(format!("{at} and {other} have one id {id:016x}"));
            }
        }
        audit
    }

    /// At how many starts each message was in doubt.
    fn doubts(&mut self, engine: &str) -> HashMap<u64, u64> {
        let mut doubts = HashMap::new();
        let (mut before, mut now) = (HashSet::new(), HashSet::new());
        for line in engine.lines() {
            if let Some((_, id)) = line.split_once(IN_DOUBT) {
                let id = u64::from_str_radix(id.trim(), 16).expect("an id");
                *doubts.entry(id).or_default() += 1;
                self.in_doubt += 1;
                now.insert(id);
            } else if line.contains("journal read") {
                let new = now.difference(&before).count() as u64;
                self.in_doubt_max = self.in_doubt_max.max(new);
                before = std::mem::take(&mut now);
            }
        }
        doubts
    }

    fn take(&mut self, at: usize, story: &Story, in_doubt: u64) {
        self.asked += u64::from(story.asked);
        self.accepted += u64::from(story.accepted);
        if story.accepted && (story.taken == 0 || story.told == 0) {
            self.lost.push(at);
        }
        let again = u64::from(story.copies.saturating_sub(1));
        self.copies += again;
        self.copies_max = self.copies_max.max(again);
        if again > in_doubt {
            self.copies_unexplained.push(at);
        }
        self.told_again += u64::from(story.told.saturating_sub(1));
        if !story.asked && (story.copies > 0 || story.told > 0) {
            self.unexpected.push(format!("{at} was never submitted"));
        }
    }

    /// Nothing is lost, and what is there twice was in flight when a process ended.
    pub fn assert_sound(&self) {
        let Self { lost, copies_unexplained, unexpected, .. } = self;
        assert!(lost.is_empty(), "lost: {:?} ..", &lost[..lost.len().min(20)]);
        let some = &copies_unexplained[..copies_unexplained.len().min(20)];
        assert!(copies_unexplained.is_empty(), "twice without a doubt: {some:?} ..");
        let some = &unexpected[..unexpected.len().min(20)];
        assert!(unexpected.is_empty(), "unexpected: {some:?} ..");
    }
}
