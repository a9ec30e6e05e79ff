//! Segments in any order and from any bind to messages.
//!
//! ```text
//!   arrive --> held by (carrier, source, destination, reference, total) --> whole, in sequence
//!                | same sequence, same octets: a duplicate, dropped and counted
//!                | same sequence, other octets: the reference was used again
//!                v
//!              as they are: too old, no room, reference used again, released
//! ```
//!
//! **Every segment comes out exactly once or is counted as a duplicate.** A message that was whole
//! is remembered for as long as one is held: a carrier that got no answer in time sends its
//! segments again, and they are no second message. A reference that comes again with other octets
//! is a new message, though some of its segments may equal those of the one before: they are held
//! like any others, and only when all that came of it was there before, it was a repetition. A
//! repeated segment that comes late cannot be told from such a beginning; it gives way to another
//! one of its sequence, and makes up the new message if the others are there before that.
//!
//! No socket, no clock: whoever drives it hands in the time, which never goes back, and polls.

mod aged;
mod mark;
mod memory;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::VecDeque;
use std::time::Duration;

use super::MoMessage;
use aged::Aged;
use mark::Key;
pub use mark::{Mark, MarkKind};
pub use memory::Memory;
pub use whole::join;

/// Octets that a held segment, or the memory of a message, takes beside its own.
pub const OVERHEAD_OCTETS: usize = 256;

/// What one reassembly may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages whose segments are not all there. At the limit the oldest goes on as it is. As many
    /// whole ones are remembered; at the limit the oldest is forgotten.
    pub messages_max: usize,
    /// Octets of all of that, [`OVERHEAD_OCTETS`] for each segment included. At the limit first the
    /// oldest memory goes, then the oldest message, as it is.
    pub octets_max: usize,
    /// How long after its first segment a message goes on as it is, and how long after its last one
    /// it is remembered.
    pub age_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { messages_max: 20_000, octets_max: 64 << 20, age_max: Duration::from_secs(300) }
    }
}

/// Segments that wait for the others of their message. `T` is what its owner wants to know of a
/// message when it comes out again: as the last segment to arrive had it.
#[derive(Debug)]
pub struct Reassembly<T> {
    limits: Limits,
    held: Aged<Held<T>>,
    whole: Aged<Digests>,
    segments: usize,
    octets: usize,
    duplicates: u64,
    /// Held segments that were duplicates, as it turned out.
    dropped: Vec<u64>,
    out: VecDeque<Reassembled<T>>,
}

/// What comes out.
#[derive(Clone, Debug)]
pub struct Reassembled<T> {
    /// What its last segment came with.
    pub of: T,
    /// The segments there are, in sequence, untouched.
    pub segments: Vec<MoMessage>,
    /// Why they go on now.
    pub why: Why,
}

/// Why segments go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// The others did not come in time.
    Expired,
    /// There was no room for more.
    NoRoom,
    /// Another message has the same reference.
    ReferenceReused,
    /// Nothing is held any more.
    Released,
    /// All are there.
    Whole,
}

impl Why {
    /// Those that leave segments missing, for counters.
    pub const INCOMPLETE: [Self; 4] =
        [Self::Expired, Self::NoRoom, Self::ReferenceReused, Self::Released];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NoRoom => "no_room",
            Self::ReferenceReused => "reference_reused",
            Self::Released => "released",
            Self::Whole => "whole",
        }
    }
}

/// One number for each segment of a message: a digest of what a repetition has the same.
type Digests = Box<[u64]>;

/// A message some segments of which are here.
#[derive(Debug)]
struct Held<T> {
    of: T,
    /// By sequence, the least first.
    segments: Vec<(u8, MoMessage)>,
    octets: usize,
    /// The whole message that had its key before.
    before: Option<Digests>,
}

impl<T> Reassembly<T> {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            held: Aged::default(),
            whole: Aged::default(),
            segments: 0,
            octets: 0,
            duplicates: 0,
            dropped: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// Holds so much from now on. What is held already keeps its age, and goes at a lower limit
    /// when the next segment comes.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    // ---- arrivals ----

    /// A segment came; `mark` is its [`Mark::of`].
    pub fn arrive(&mut self, now: Duration, of: T, mark: Mark, message: MoMessage) {
        let key = Key::new(&message, mark);
        if let Some(held) = self.held.get(&key)
            && let Some(other) = held.segment(mark.sequence)
        {
            if is_same(other, &message) {
                self.duplicates += 1;
                return;
            }
            let was_there_before = held.is_repeated(mark.sequence, other);
            match was_there_before {
                true => self.drop_segment(&key, mark.sequence),
                false => self.let_go(&key, Why::ReferenceReused),
            }
        }
        self.place(now, &key, of, mark, message);
        if self.held.get(&key).is_some_and(|held| held.segments.len() >= usize::from(mark.total)) {
            self.complete(now, &key);
        }
        self.make_room();
    }

    /// What time has brought: messages that go on as they are, memories that end.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some((_, held)) = self.held.pop_due(now) {
            self.hand_out(held, Why::Expired);
        }
        while let Some((_, digests)) = self.whole.pop_due(now) {
            self.octets -= octets_of_memory(&digests);
        }
    }

    // ---- commands ----

    /// Lets everything go on as it is, the oldest first.
    pub fn release(&mut self) {
        while let Some((_, held)) = self.held.pop() {
            self.hand_out(held, Why::Released);
        }
    }

    // ---- polls ----

    /// The next message that goes on.
    pub fn poll(&mut self) -> Option<Reassembled<T>> {
        self.out.pop_front()
    }

    /// Segments dropped because they were there already, since this was asked last.
    pub fn take_duplicates(&mut self) -> u64 {
        std::mem::take(&mut self.duplicates)
    }

    /// The [`identity`] of each segment that was held and turned out to be a duplicate, since this
    /// was asked last.
    pub fn take_dropped(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.dropped)
    }

    /// When [`Reassembly::handle_timeout`] is to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.held.next_due()
    }

    // ---- getters ----

    /// Segments that wait for others.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// Messages they belong to.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.held.len()
    }

    /// Octets that all of it takes, as [`Limits::octets_max`] counts them.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Gives each segment that is held, in no order.
    pub fn each(&self, mut each: impl FnMut(&MoMessage)) {
        let segments = self.held.values().flat_map(|held| &held.segments);
        segments.for_each(|(_, segment)| each(segment));
    }

    fn place(&mut self, now: Duration, key: &Key, of: T, mark: Mark, message: MoMessage) {
        let octets = octets_of(&message);
        self.segments += 1;
        self.octets += octets;
        if let Some(held) = self.held.get_mut(key) {
            let at = held.segments.partition_point(|(sequence, _)| *sequence < mark.sequence);
            held.segments.insert(at, (mark.sequence, message));
            held.octets += octets;
            held.of = of;
            return;
        }
        // What remembering it took is counted on, as the new message's.
        let before = self.whole.remove(key);
        let octets = octets + before.as_ref().map_or(0, octets_of_memory);
        let held = Held { of, segments: vec![(mark.sequence, message)], octets, before };
        self.held.insert(key.clone(), now.saturating_add(self.limits.age_max), held);
    }

    /// All segments are there.
    fn complete(&mut self, now: Duration, key: &Key) {
        let Some(held) = self.held.remove(key) else { return };
        let digests: Digests = held.segments.iter().map(|(_, segment)| digest(segment)).collect();
        self.hand_out(held, Why::Whole);
        self.octets += octets_of_memory(&digests);
        self.whole.insert(key.clone(), now.saturating_add(self.limits.age_max), digests);
    }

    fn let_go(&mut self, key: &Key, why: Why) {
        if let Some(held) = self.held.remove(key) {
            self.hand_out(held, why);
        }
    }

    /// A message leaves, or what only repeats another does.
    fn hand_out(&mut self, held: Held<T>, why: Why) {
        self.segments -= held.segments.len();
        self.octets -= held.octets;
        if held.segments.iter().all(|(sequence, one)| held.is_repeated(*sequence, one)) {
            self.duplicates += held.segments.len() as u64;
            self.dropped.extend(held.segments.iter().map(|(_, one)| identity(one)));
            return;
        }
        let segments = held.segments.into_iter().map(|(_, segment)| segment).collect();
        self.out.push_back(Reassembled { of: held.of, segments, why });
    }

    /// A segment was the message's before, as it turns out.
    fn drop_segment(&mut self, key: &Key, sequence: u8) {
        let Some(held) = self.held.get_mut(key) else { return };
        let Some(at) = held.segments.iter().position(|(other, _)| *other == sequence) else {
            return;
        };
        let (_, segment) = held.segments.remove(at);
        self.dropped.push(identity(&segment));
        let octets = octets_of(&segment);
        held.octets -= octets;
        self.octets -= octets;
        self.segments -= 1;
        self.duplicates += 1;
    }

    fn make_room(&mut self) {
        while self.whole.len() > self.limits.messages_max
            || (self.octets > self.limits.octets_max && self.whole.len() > 0)
        {
            let Some((_, digests)) = self.whole.pop() else { break };
            self.octets -= octets_of_memory(&digests);
        }
        while self.held.len() > self.limits.messages_max || self.octets > self.limits.octets_max {
            let Some((_, held)) = self.held.pop() else { break };
            self.hand_out(held, Why::NoRoom);
        }
    }
}

impl<T> Held<T> {
    fn segment(&self, sequence: u8) -> Option<&MoMessage> {
        self.segments.iter().find(|(other, _)| *other == sequence).map(|(_, segment)| segment)
    }

    /// Whether the message that had this key before had the same segment.
    fn is_repeated(&self, sequence: u8, segment: &MoMessage) -> bool {
        let before = self.before.as_ref();
        let place = usize::from(sequence).checked_sub(1);
        let before = before.zip(place).and_then(|(before, place)| before.get(place));
        before.is_some_and(|before| *before == digest(segment))
    }
}

/// What a repetition of a segment has the same: its octets and what they mean. A TLV of the
/// carrier's may say when it was sent.
fn is_same(one: &MoMessage, other: &MoMessage) -> bool {
    one.data_coding == other.data_coding && one.user_data() == other.user_data()
}

/// What stands for a segment for as long as it is held: another one that is held is never the same,
/// and a repetition of it, which is not held, is.
#[must_use]
pub fn identity(segment: &MoMessage) -> u64 {
    use std::hash::{BuildHasher, Hash, Hasher};
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    if let Some(mark) = Mark::of(segment) {
        Key::new(segment, mark).hash(&mut hasher);
        hasher.write_u8(mark.sequence);
    }
    hasher.write_u64(digest(segment));
    hasher.finish()
}

fn digest(segment: &MoMessage) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write_u8(segment.data_coding);
    hasher.write(segment.user_data());
    hasher.finish()
}

fn octets_of(segment: &MoMessage) -> usize {
    let fields = segment.service_type.len() + segment.short_message.len() + segment.tlvs.len();
    OVERHEAD_OCTETS + fields
}

fn octets_of_memory(digests: &Digests) -> usize {
    OVERHEAD_OCTETS + size_of_val::<[u64]>(digests)
}
