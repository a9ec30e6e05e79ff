//! The table of live messages.

use std::time::Duration;

use crate::message::dialect::ReceiptSegments;
use crate::message::message_id::MessageId;
use crate::message::multipart::Final;
use crate::message::receipt::Cause;
use crate::message::state::MessageState;
use crate::mt::carried::Carried;
use crate::mt::policy::Rule;

/// One message.
#[derive(Debug)]
pub struct Live {
    pub id: MessageId,
    pub message: Carried,
    pub carrier: u32,
    pub segments: u8,
    pub reference: u16,
    /// What it counts against the queues, see [`Message::octets`].
    pub octets: u32,
    /// All segments accepted; a receipt is due. Before that the message is queued.
    pub awaits_receipt: bool,
    /// Its validity has ended; what is out is waited for, and nothing goes out any more.
    pub expired: bool,
    /// Its account takes it back or changes it: nothing goes out until what is out is known.
    pub held: bool,
    /// The rule by which it waits until `wake_at`.
    pub held_by: Option<HeldBy>,
    /// It counts among what its handset has got, as caps count.
    pub is_counted: bool,
    /// When what is back or in doubt goes again, or, of a message that awaits its receipt, when
    /// that is given up: wall time since 1970. Zero is never.
    pub wake_at: Duration,
    /// A receipt may come for it under an id that no response named; see [`super::doubts`].
    pub doubtful: bool,
    /// A receipt said that nothing is known of it; another may follow, for a while.
    pub said_unknown: bool,
    /// The worst final state of its segments so far, and what was said beside it.
    pub worst: Option<Final<Cause>>,
    /// When the last of them was reached, in seconds of wall time since 1970.
    pub done_s: u32,
    pub progress: Progress,
}

/// The rules by which a message waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeldBy {
    /// Its handset wants none for a while.
    Pause,
    /// Nobody is to be disturbed.
    QuietHours,
}

impl HeldBy {
    /// The one of a rule that holds messages.
    pub fn of(rule: Rule) -> Option<Self> {
        match rule {
            Rule::Paused => Some(Self::Pause),
            Rule::QuietHours => Some(Self::QuietHours),
            Rule::OptedOut | Rule::NoConsent | Rule::Sender(_) | Rule::Cap => None,
        }
    }

    /// What operators read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => Rule::Paused.name(),
            Self::QuietHours => Rule::QuietHours.name(),
        }
    }
}

/// Where a segment is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Place {
    /// Here: not sent yet, or refused for now.
    #[default]
    Back,
    /// With the dispatcher, or sent and its answer due.
    Out,
    /// Sent, and its answer never came.
    InDoubt,
    /// The carrier took it.
    Accepted,
}

/// What is written down of a segment that is with the dispatcher.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Given {
    /// That it is; whether it was sent its dispatcher writes.
    #[default]
    Noted,
    /// Nothing yet: it was given to it since, and is not sent.
    Anew,
    /// That it is, and that it may have been sent since then.
    NotedAsSent,
}

impl Given {
    /// What is written down once how its message stands is.
    pub fn written(self) -> Self {
        if self == Self::Anew { Self::Noted } else { self }
    }
}

/// One segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    pub place: Place,
    /// It went again after a doubt: two copies may be on their way.
    pub twice: bool,
    /// What is to be written down of its being with the dispatcher.
    pub given: Given,
    /// Its final state, once a receipt told it.
    pub state: Option<MessageState>,
    /// Copies of it that are, or may be, at the carrier under an id that nobody knows.
    pub unanswered: u8,
    /// Times it was sent to no avail, throttled answers aside.
    pub attempts: u16,
    /// What its receipt is found by.
    pub key: Option<u64>,
}

impl Segment {
    /// Notes that it is with the dispatcher now.
    pub fn go_out(&mut self) {
        (self.place, self.given) = (Place::Out, Given::Anew);
    }

    /// Notes that the carrier took it, and what its receipt will be found by.
    pub fn take(&mut self, key: Option<u64>) {
        (self.place, self.key) = (Place::Accepted, key);
    }

    /// Whether a receipt may be its although no response named the receipt's id.
    pub fn may_have_another_id(&self) -> bool {
        self.unanswered > 0 || (self.place == Place::Accepted && self.key.is_none())
    }
}

/// What a receipt is about.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// The segments with this key.
    Key(u64),
    /// This segment, counted from 0.
    Segment(u8),
}

/// Bits of `registered_delivery` that ask an SMSC for anything (SMPP 3.4 §5.2.17).
const RECEIPT_BITS: u8 = 0x13;

/// The segments of a message. One is the rule and costs no allocation.
#[derive(Debug)]
pub enum Progress {
    One(Segment),
    Several(Box<[Segment]>),
}

impl Progress {
    /// The one segment of a message that its carrier took, and gave an id with this key.
    pub fn taken(key: u64) -> Self {
        let mut one = Segment::default();
        one.take(Some(key));
        Self::One(one)
    }

    pub fn all(&self) -> &[Segment] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }

    /// All of them, to be changed.
    pub fn all_mut(&mut self) -> &mut [Segment] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Several(all) => all,
        }
    }

    /// Notes a final state for what a receipt is about (a carrier may give all segments of a
    /// message one id); `false` when it had one already.
    pub fn end_segments(&mut self, of: Of, state: MessageState) -> bool {
        let mut newly = false;
        for (at, one) in (0..=u8::MAX).zip(self.all_mut()) {
            let is_meant = match of {
                Of::Key(key) => one.key == Some(key),
                Of::Segment(segment) => at == segment,
            };
            if is_meant && !one.has_ended() {
                one.state = Some(state);
                newly = true;
            }
        }
        newly
    }

    /// The first segment that a receipt is about which has not ended; else the first it is about.
    pub fn first_of(&self, of: Of) -> u8 {
        let key = match of {
            Of::Segment(segment) => return segment,
            Of::Key(key) => key,
        };
        let meant = (0..=u8::MAX).zip(self.all()).filter(|(_, one)| one.key == Some(key));
        let mut meant = meant.map(|(at, one)| (at, one.has_ended()));
        let Some((first, has_ended)) = meant.next() else { return 0 };
        let open = meant.find(|(_, has_ended)| !has_ended).filter(|_| has_ended);
        open.map_or(first, |(at, _)| at)
    }

    /// Whether nothing more is to be heard: the segments that bring receipts have ended, or have no
    /// id while others do.
    pub fn is_settled(&self, receipts: ReceiptSegments) -> bool {
        let all = self.all();
        let one = match receipts {
            ReceiptSegments::Each => None,
            ReceiptSegments::First => all.first(),
            ReceiptSegments::Last => all.last(),
        };
        match one.filter(|one| one.key.is_some()) {
            Some(one) => one.has_ended(),
            None => {
                let none = all.iter().all(|one| one.key.is_none());
                all.iter().all(|one| one.has_ended() || (one.key.is_none() && !none))
            }
        }
    }

    /// What receipts of its segments are found by.
    pub fn keys(&self) -> impl Iterator<Item = u64> {
        self.all().iter().filter_map(|one| one.key)
    }
}

impl Segment {
    /// Whether it has reached a final state.
    pub fn has_ended(&self) -> bool {
        self.state.is_some()
    }
}

impl Live {
    /// A message nothing of which has been sent.
    pub fn new(id: MessageId, message: Carried, carrier: u32, reference: u16) -> Self {
        let segments = message.segments();
        let progress = if segments == 1 {
            Progress::One(Segment::default())
        } else {
            Progress::Several(vec![Segment::default(); usize::from(segments)].into())
        };
        Self {
            id,
            carrier,
            segments,
            reference,
            octets: message.octets(),
            awaits_receipt: false,
            expired: false,
            held: false,
            held_by: None,
            is_counted: false,
            doubtful: false,
            said_unknown: false,
            wake_at: Duration::ZERO,
            worst: None,
            done_s: 0,
            progress,
            message,
        }
    }

    /// It is this message from now on, nothing of which has been sent.
    pub fn renew(&mut self, message: Carried, reference: u16) {
        let (doubtful, is_counted) = (self.doubtful, self.is_counted);
        *self = Self::new(self.id, message, self.carrier, reference);
        (self.doubtful, self.is_counted) = (doubtful, is_counted);
    }

    /// Whether no rule looks at it now: what is held for something else is looked at when it goes
    /// on, and of what a carrier took a segment of, the others follow.
    pub fn goes_on(&self) -> bool {
        self.held || self.expired || self.any(Place::Accepted)
    }

    /// Whether its account asked to hear anything of it, or of what its receipt tells of.
    pub fn wants_receipt(&self) -> bool {
        self.message.registered_delivery & RECEIPT_BITS != 0 || self.message.asks_for_all
    }

    pub fn segment_mut(&mut self, segment: u8) -> Option<&mut Segment> {
        match &mut self.progress {
            Progress::One(one) => (segment == 0).then_some(one),
            Progress::Several(all) => all.get_mut(usize::from(segment)),
        }
    }

    pub fn all(&self) -> &[Segment] {
        self.progress.all()
    }

    /// Whether a segment has reached a final state.
    pub fn has_ended(&self, segment: u8) -> bool {
        self.all().get(usize::from(segment)).is_none_or(Segment::has_ended)
    }

    pub fn all_accepted(&self) -> bool {
        self.all().iter().all(|one| one.place == Place::Accepted)
    }

    pub fn any(&self, place: Place) -> bool {
        self.all().iter().any(|one| one.place == place)
    }

    /// Whether the carrier has some of it, or may have: it cannot be taken back.
    pub fn is_with_carrier(&self) -> bool {
        let may_be_there = |one: &Segment| match one.place {
            Place::Back | Place::Out => one.twice,
            Place::InDoubt | Place::Accepted => true,
        };
        self.all().iter().any(may_be_there)
    }

    /// Notes that the carrier took a segment, and what its receipt will be found by.
    pub fn accept(&mut self, segment: u8, key: Option<u64>) {
        if let Some(one) = self.segment_mut(segment) {
            one.take(key);
        }
    }
}

/// Live messages by ticket. A ticket is `shard (6 bits), generation (32), place (26)`: a place that
/// was given to another message answers to no old ticket.
#[derive(Debug, Default)]
pub struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    live: usize,
    /// Those that were touched since this was asked last; `None` when nobody asks.
    touched: Option<Vec<u64>>,
}

#[derive(Debug)]
struct Slot {
    ticket: u64,
    live: Option<Live>,
    change: Change,
}

/// What became of a message since [`Slots::take_touched`] was asked last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Nothing.
    None,
    /// It may stand otherwise.
    Standing,
    /// It is new, or another message.
    Message,
}

/// Bits of the place, and where the generation stands.
const GENERATION_SHIFT: u32 = 26;
/// Where the shard stands in a ticket.
const SHARD_SHIFT: u32 = 58;
/// Shards a ticket can name; the last two numbers are kept free for what else stands in calendars.
pub const SHARDS_MAX: usize = 62;
/// Messages one shard can hold.
pub const PLACES_MAX: usize = 1 << GENERATION_SHIFT;

impl Slots {
    /// Enters a message that has just come.
    pub fn insert(&mut self, shard: u8, live: Live) -> u64 {
        let ticket = self.restore(shard, live);
        self.renewed(ticket);
        ticket
    }

    /// Enters a message that is known already.
    pub fn restore(&mut self, shard: u8, live: Live) -> u64 {
        self.live += 1;
        if let Some(place) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(place as usize)
        {
            let generation = (slot.ticket >> GENERATION_SHIFT).wrapping_add(1) & 0xffff_ffff;
            slot.ticket = ticket(shard, generation, place);
            slot.live = Some(live);
            slot.change = Change::None;
            return slot.ticket;
        }
        let ticket = ticket(shard, 0, self.slots.len() as u32);
        self.slots.push(Slot { ticket, live: Some(live), change: Change::None });
        ticket
    }

    /// From now on it is noted which are touched.
    pub fn note_touched(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// This is another message from now on.
    pub fn renewed(&mut self, ticket: u64) {
        let Some(touched) = &mut self.touched else { return };
        if let Some(slot) = self.slots.get_mut(place_of(ticket)) {
            if slot.change == Change::None {
                touched.push(ticket);
            }
            slot.change = Change::Message;
        }
    }

    /// All of this message has just been written down.
    pub fn noted(&mut self, ticket: u64) {
        let slot = self.slots.get_mut(place_of(ticket)).filter(|slot| slot.ticket == ticket);
        if let Some(slot) = slot {
            slot.change = Change::None;
        }
    }

    /// Whether nothing of this message has been written down.
    pub fn is_fresh(&self, ticket: u64) -> bool {
        let slot = self.slots.get(place_of(ticket)).filter(|slot| slot.ticket == ticket);
        slot.is_some_and(|slot| slot.change == Change::Message)
    }

    /// Gives each message that was touched since this was asked last, and what became of it; of
    /// those that are gone nothing.
    pub fn take_touched(&mut self, mut each: impl FnMut(u64, &mut Live, Change)) {
        let Some(mut touched) = self.touched.take() else { return };
        for ticket in touched.drain(..) {
            let slot = self.slots.get_mut(place_of(ticket)).filter(|slot| slot.ticket == ticket);
            let Some(slot) = slot else { continue };
            let change = std::mem::replace(&mut slot.change, Change::None);
            if let Some(live) = &mut slot.live {
                each(ticket, live, change);
            }
        }
        self.touched = Some(touched);
    }

    pub fn get(&self, ticket: u64) -> Option<&Live> {
        let slot = self.slots.get(place_of(ticket))?;
        if slot.ticket == ticket { slot.live.as_ref() } else { None }
    }

    pub fn get_mut(&mut self, ticket: u64) -> Option<&mut Live> {
        let slot = self.slots.get_mut(place_of(ticket)).filter(|slot| slot.ticket == ticket)?;
        if let Some(touched) = &mut self.touched
            && slot.change == Change::None
        {
            slot.change = Change::Standing;
            touched.push(ticket);
        }
        slot.live.as_mut()
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

    /// The message at a place, and its ticket.
    pub fn at(&self, place: usize) -> Option<(u64, &Live)> {
        let slot = self.slots.get(place)?;
        Some((slot.ticket, slot.live.as_ref()?))
    }

    /// Places there are, taken or not.
    pub fn places(&self) -> usize {
        self.slots.len()
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
