//! The table of live messages.

use std::sync::Arc;
use std::time::Duration;

use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;

/// Where a message stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// With the dispatcher or the carrier.
    Queued,
    /// Until `wake_at`: scheduled, or to be tried again.
    Waiting,
    /// Sent and unanswered; until `wake_at`, or for ever when that is zero.
    InDoubt,
    /// All segments accepted; until `wake_at`.
    AwaitingReceipt,
}

/// One message.
#[derive(Debug)]
pub struct Live {
    pub id: MessageId,
    pub message: Arc<Message>,
    pub carrier: u32,
    pub phase: Phase,
    pub attempts: u8,
    pub segments: u8,
    pub reference: u16,
    /// When something is due, in wall time since 1970.
    pub wake_at: Duration,
    /// The worst final state of its segments so far, and the error beside it.
    pub worst: Option<(MessageState, u32)>,
    /// Segments that have reached a final state.
    pub ended: u8,
    progress: Progress,
}

/// What each segment has had from the carrier. One segment is the rule and costs no allocation.
#[derive(Debug)]
enum Progress {
    One { answered: bool, ended: bool, key: Option<u64> },
    Several(Box<[SegmentProgress]>),
}

#[derive(Clone, Copy, Debug, Default)]
struct SegmentProgress {
    answered: bool,
    ended: bool,
    key: Option<u64>,
}

impl Live {
    pub fn new(
        id: MessageId,
        message: Arc<Message>,
        carrier: u32,
        reference: u16,
        scheduled: bool,
    ) -> Self {
        let segments = message.segments();
        let progress = if segments == 1 {
            Progress::One { answered: false, ended: false, key: None }
        } else {
            Progress::Several(vec![SegmentProgress::default(); usize::from(segments)].into())
        };
        Self {
            id,
            carrier,
            phase: if scheduled { Phase::Waiting } else { Phase::Queued },
            attempts: 0,
            segments,
            reference,
            wake_at: message.send_at,
            worst: None,
            ended: 0,
            progress,
            message,
        }
    }

    pub fn is_answered(&self, segment: u8) -> bool {
        match &self.progress {
            Progress::One { answered, .. } => *answered,
            Progress::Several(all) => all.get(usize::from(segment)).is_none_or(|one| one.answered),
        }
    }

    /// Notes that the carrier took a segment, under this key.
    pub fn answer(&mut self, segment: u8, with: Option<u64>) {
        match &mut self.progress {
            Progress::One { answered, key, .. } => (*answered, *key) = (true, with),
            Progress::Several(all) => {
                if let Some(one) = all.get_mut(usize::from(segment)) {
                    (one.answered, one.key) = (true, with);
                }
            }
        }
    }

    pub fn all_answered(&self) -> bool {
        match &self.progress {
            Progress::One { answered, .. } => *answered,
            Progress::Several(all) => all.iter().all(|one| one.answered),
        }
    }

    /// Notes a final state for the segment of this key; `false` when it had one already.
    pub fn end_segment(&mut self, of: u64) -> bool {
        let was = match &mut self.progress {
            Progress::One { ended, .. } => std::mem::replace(ended, true),
            Progress::Several(all) => match all.iter_mut().find(|one| one.key == Some(of)) {
                Some(one) => std::mem::replace(&mut one.ended, true),
                None => true,
            },
        };
        self.ended += u8::from(!was);
        !was
    }

    /// Segments the carrier has not taken.
    pub fn unanswered(&self) -> Vec<u8> {
        (0..self.segments).filter(|&segment| !self.is_answered(segment)).collect()
    }

    pub fn keys(&self) -> impl Iterator<Item = u64> {
        let (one, several): (Option<u64>, &[SegmentProgress]) = match &self.progress {
            Progress::One { key, .. } => (*key, &[]),
            Progress::Several(all) => (None, all),
        };
        one.into_iter().chain(several.iter().filter_map(|one| one.key))
    }
}

/// Live messages by ticket. A ticket is `shard (6 bits), generation (32), place (26)`: a place that
/// was given to another message answers to no old ticket.
#[derive(Debug, Default)]
pub struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    live: usize,
}

#[derive(Debug)]
struct Slot {
    ticket: u64,
    live: Option<Live>,
}

/// Bits of the place, and where the generation stands.
const GENERATION_SHIFT: u32 = 26;
/// Where the shard stands in a ticket.
const SHARD_SHIFT: u32 = 58;
/// Shards a ticket can name; the last number is kept free for tickets that are no message's.
pub const SHARDS_MAX: usize = 63;
/// Messages one shard can hold.
pub const PLACES_MAX: usize = 1 << GENERATION_SHIFT;

impl Slots {
    pub fn insert(&mut self, shard: u8, live: Live) -> u64 {
        self.live += 1;
        if let Some(place) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(place as usize)
        {
            let generation = (slot.ticket >> GENERATION_SHIFT).wrapping_add(1) & 0xffff_ffff;
            slot.ticket = ticket(shard, generation, place);
            slot.live = Some(live);
            return slot.ticket;
        }
        let ticket = ticket(shard, 0, self.slots.len() as u32);
        self.slots.push(Slot { ticket, live: Some(live) });
        ticket
    }

    pub fn get(&self, ticket: u64) -> Option<&Live> {
        let slot = self.slots.get(place_of(ticket))?;
        if slot.ticket == ticket { slot.live.as_ref() } else { None }
    }

    pub fn get_mut(&mut self, ticket: u64) -> Option<&mut Live> {
        let slot = self.slots.get_mut(place_of(ticket))?;
        if slot.ticket == ticket { slot.live.as_mut() } else { None }
    }

    pub fn remove(&mut self, ticket: u64) -> Option<Live> {
        let slot = self.slots.get_mut(place_of(ticket))?;
        if slot.ticket != ticket {
            return None;
        }
        let live = slot.live.take()?;
        self.free.push(place_of(ticket) as u32);
        self.live -= 1;
        Some(live)
    }

    pub fn len(&self) -> usize {
        self.live
    }
}

fn ticket(shard: u8, generation: u64, place: u32) -> u64 {
    (u64::from(shard) << SHARD_SHIFT) | (generation << GENERATION_SHIFT) | u64::from(place)
}

fn place_of(ticket: u64) -> usize {
    ticket as usize & (PLACES_MAX - 1)
}

/// The shard a ticket belongs to.
#[must_use]
pub fn shard_of(ticket: u64) -> u8 {
    (ticket >> SHARD_SHIFT) as u8
}
