//! Records to what they leave: who had which place, and what was under way.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::handsets::{read_chosen, read_texted};
use super::octets::Reader;
use super::talks::{self, WasTalk};
use super::{contents, kind, read_id, read_ids, read_progress, read_worst};
use crate::clock;
use crate::engine::shard::Delivery;
use crate::engine::shard::awaiting::{More, Wait};
use crate::engine::shard::ended::{PLACES, print};
use crate::engine::shard::live::{Given, HeldBy, Live, Place, Progress, Segment};
use crate::engine::shard::register::End;
use crate::engine::shard::talks::Key;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mo::MoMessage;
use crate::mo::reassembly::Memory;
use crate::mt::carried::Carried;
use crate::mt::policy::{Chosen, Handset, Scope, Texted};
use crate::mt::receipts::{Subject, tail};
use crate::store::Records;
use crate::store::spill::SpillWriter;

type Map<V> = HashMap<u64, V, foldhash::fast::FixedState>;

/// What the records of earlier processes leave.
#[derive(Debug, Default)]
pub struct Image {
    /// Names of accounts by their place; where none was ever noted there is none.
    pub accounts: Vec<String>,
    /// Names of carriers by their place.
    pub carriers: Vec<String>,
    /// A counter that no id of an earlier process has, nor any above it.
    pub ids_from: u64,
    /// Messages that were live, by the number of their id.
    pub live: Map<WasLive>,
    /// Messages that awaited their receipt.
    pub awaiting: Map<WasAwaiting>,
    /// How messages ended, the oldest first.
    pub ended: VecDeque<(MessageId, MessageId, End)>,
    ended_max: usize,
    /// What the receipts of messages that ended are known by, the oldest first: as many as a shard
    /// remembers.
    pub heard: VecDeque<u64>,
    /// The same as shards remembered it at a checkpoint, before all that: which shard, of how many.
    pub heard_lately: Vec<(u8, u8, Vec<u64>)>,
    /// When the last batch was written, by the wall clock of its process.
    pub written_at: Duration,
    /// What was owed to accounts, by its number.
    pub owed: BTreeMap<u64, (u32, Delivery)>,
    /// Receipts whose response had not come, each as its record has it.
    pub parked: BTreeMap<u64, Box<[u8]>>,
    /// Segments of MO.
    pub held: BTreeMap<u64, MoMessage>,
    /// Messages that were put together of such, and when, the oldest first: [`WHOLE_MAX`] of them.
    pub whole: VecDeque<(Duration, Memory)>,
    /// Segments that went on, of the batch that is read.
    released: Vec<MoMessage>,
    /// Where texts go beyond so many octets; `None` where all stay in memory.
    overflow: Option<(SpillWriter, usize)>,
    /// Octets of texts of live messages that are in memory.
    here: usize,
    /// What handsets have chosen, by who and what it is about.
    pub chosen: HashMap<(Handset, Scope), Chosen, foldhash::fast::FixedState>,
    /// Conversations.
    pub talks: BTreeMap<Key, WasTalk>,
    /// When messages were sent to handsets, by who and of what purpose.
    pub texted: HashMap<(Handset, Scope), Texted, foldhash::fast::FixedState>,
}

/// More were not put together within the minutes that they are remembered for.
const WHOLE_MAX: usize = 65_536;

/// A message that was live.
#[derive(Debug)]
pub struct WasLive {
    /// It.
    pub live: Live,
    /// The id that its account knows it by.
    pub shared: MessageId,
    /// Segments that may have been written to the carrier, and whose answer is not known.
    pub sent: Vec<u8>,
    /// Ids of second copies.
    pub copies: Vec<(u8, u64)>,
    /// What its carrier named segments for which it may be asked.
    pub named: Vec<(u8, Box<[u8]>)>,
}

impl WasLive {
    /// Whether its carrier may have a segment of it that it has not answered.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let all = self.live.all();
        let may_have = |segment: &u8| {
            let one = all.get(usize::from(*segment));
            one.is_some_and(|one| matches!(one.place, Place::Back | Place::Out))
        };
        self.live.any(Place::InDoubt) || self.sent.iter().any(may_have)
    }
}

/// A message that awaited its receipt.
#[derive(Debug)]
pub struct WasAwaiting {
    /// It.
    pub wait: Wait,
    /// The id that its account knows it by.
    pub shared: MessageId,
    /// Since when, in seconds of wall time since 1970.
    pub since_s: u32,
    /// When it is given up sooner than others are; zero is as others.
    pub give_up_at: Duration,
}

/// A record that cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// What it is of.
    pub kind: u8,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record of kind {} cannot be read: a newer version wrote it", self.kind)
    }
}

impl Image {
    /// One that remembers how so many messages ended.
    #[must_use]
    pub fn new(ended_max: usize) -> Self {
        Self { ended_max, ..Self::default() }
    }

    /// The same, which holds no more octets of texts in memory, as long as the others find room.
    #[must_use]
    pub fn with_overflow(self, writer: SpillWriter, octets_max: usize) -> Self {
        Self { overflow: Some((writer, octets_max)), ..self }
    }

    /// Has what waits wait no longer by the clock of the process that goes on, which is at `wall`,
    /// where that is behind the one which wrote this: it was set back. What its account named a
    /// moment for has that moment.
    pub fn at_clock_of(&mut self, wall: Duration) {
        let by = self.written_at.saturating_sub(wall);
        if by.is_zero() {
            return;
        }
        let sooner = |at: &mut Duration| *at = at.saturating_sub(by);
        for WasLive { live, .. } in self.live.values_mut() {
            if live.wake_at != live.message.send_at {
                sooner(&mut live.wake_at);
            }
        }
        let by_s = clock::seconds(by);
        for was in self.awaiting.values_mut() {
            sooner(&mut was.give_up_at);
            was.since_s = was.since_s.saturating_sub(by_s);
        }
    }

    /// Takes in the records of a batch.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn take_batch(&mut self, octets: &[u8]) -> Result<(), Unreadable> {
        Records::new(octets).try_for_each(|record| self.take(record))
    }

    /// Takes in a record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn take(&mut self, record: &[u8]) -> Result<(), Unreadable> {
        let kind = record.first().copied().unwrap_or(0);
        let mut from = Reader(record.get(1..).unwrap_or_default());
        let taken = match kind {
            kind::START => self.take_start(&mut from),
            kind::ACCOUNT => take_name(&mut self.accounts, &mut from),
            kind::CARRIER => take_name(&mut self.carriers, &mut from),
            kind::MESSAGE => self.take_message(&mut from),
            kind::STANDING => self.take_standing(&mut from),
            kind::SENT => self.take_sent(&mut from),
            kind::AWAITS => self.take_awaits(&mut from),
            kind::AWAITS_WHOLE => self.take_awaits_whole(&mut from),
            kind::ENDED => self.take_ended(&mut from),
            kind::OWED => self.take_owed(&mut from),
            kind::SETTLED => from.u64().map(|number| drop(self.owed.remove(&number))),
            kind::PARKED => from.u64().map(|number| {
                self.note_number(number);
                self.parked.insert(number, from.0.into());
            }),
            kind::UNPARKED => from.u64().map(|number| drop(self.parked.remove(&number))),
            kind::HELD => self.take_held(&mut from),
            kind::RELEASED => from.u64().map(|number| {
                self.released.extend(self.held.remove(&number));
            }),
            kind::AT => from.time().map(|wall| self.end_batch(wall)),
            kind::NAMED => self.take_named(&mut from),
            kind::HEARD_LATELY => self.take_heard_lately(&mut from),
            // What happened: for those who look back.
            kind::TAKEN | kind::REFUSED | kind::HEARD => Some(()),
            kind::CHOSEN => read_chosen(&mut from).map(|chosen| {
                self.chosen.insert((chosen.handset, chosen.scope), chosen);
            }),
            kind::TALK => talks::read(&mut from).map(|was| {
                self.talks.extend(was.key().map(|key| (key, was)));
            }),
            kind::TALK_ENDED => talks::read_key(&mut from).map(|key| drop(self.talks.remove(&key))),
            kind::TEXTED => read_texted(&mut from).map(|texted| {
                self.texted.insert((texted.handset, texted.scope), texted);
            }),
            _ => None,
        };
        taken.ok_or(Unreadable { kind })
    }

    fn take_start(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.note_number(from.u64()?);
        Some(())
    }

    /// No id of a later process is this one, or below it.
    fn note_number(&mut self, number: u64) {
        self.ids_from = self.ids_from.max(number + 1);
    }

    fn note_id(&mut self, id: MessageId) {
        self.note_number(id.counter());
    }

    fn take_message(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (id, shared) = read_ids(from)?;
        let (carrier, reference, is_sent) = (from.u32()?, from.u16()?, from.u8()? != 0);
        let message = contents::read_message(from)?;
        self.note_id(id);
        self.note_id(shared);
        // It may have gone on before the checkpoint came to it.
        if self.awaiting.contains_key(&id.number()) {
            return Some(());
        }
        self.forget_live(id.number());
        let live = Live::new(id, self.carried(message), carrier, reference);
        self.here += live.message.octets_here() as usize;
        let sent = if is_sent { (0..live.segments).collect() } else { Vec::new() };
        let (copies, named) = (Vec::new(), Vec::new());
        self.live.insert(id.number(), WasLive { live, shared, sent, copies, named });
        Some(())
    }

    /// A message, its text where there is room for it.
    fn carried(&mut self, message: Message) -> Carried {
        let message = Arc::new(message);
        let here = self.here + message.octets() as usize;
        let overflow = self.overflow.as_mut().filter(|(_, octets_max)| here > *octets_max);
        // It was accepted: where there is no room for it, it is in memory.
        let away = overflow.and_then(|(writer, _)| writer.put(&message).ok());
        Carried::new(message, away)
    }

    /// A message is live no more.
    fn forget_live(&mut self, number: u64) -> Option<WasLive> {
        let was = self.live.remove(&number)?;
        self.here -= was.live.message.octets_here() as usize;
        Some(was)
    }

    fn take_standing(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let id = read_id(from)?;
        let (carrier, reference, flags) = (from.u32()?, from.u16()?, from.u8()?);
        let wake_at = from.time()?;
        let (worst, done_s) = read_worst(from)?;
        let progress = read_progress(from)?;
        let copies = (0..from.u16()?).map(|_| Some((from.u8()?, from.u64()?)));
        let copies = copies.collect::<Option<_>>()?;
        let Some(was) = self.live.get_mut(&id.number()) else { return Some(()) };
        let live = &mut was.live;
        if progress.all().len() != live.all().len() {
            // It was another message then: the record that says so follows.
            return Some(());
        }
        (live.carrier, live.reference) = (carrier, reference);
        let [awaits_receipt, expired, said_unknown, by_hours, by_pause, is_counted] =
            [0, 1, 2, 3, 4, 5].map(|bit| flags >> bit & 1 != 0);
        (live.awaits_receipt, live.expired) = (awaits_receipt, expired);
        live.is_counted = is_counted;
        live.said_unknown = said_unknown;
        live.held_by = match (by_hours, by_pause) {
            (true, _) => Some(HeldBy::QuietHours),
            (false, true) => Some(HeldBy::Pause),
            (false, false) => None,
        };
        (live.wake_at, live.worst, live.done_s) = (wake_at, worst, done_s);
        live.progress = progress;
        was.copies = copies;
        // What is out anew has not been sent since.
        let all = live.progress.all();
        let may_be_sent = |segment: &u8| {
            let one = all.get(usize::from(*segment));
            one.is_some_and(|one| one.place == Place::Out && one.given != Given::Anew)
        };
        was.sent.retain(may_be_sent);
        Some(())
    }

    fn take_sent(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (id, segment) = (read_id(from)?, from.u8()?);
        if let Some(was) = self.live.get_mut(&id.number())
            && !was.sent.contains(&segment)
        {
            was.sent.push(segment);
        }
        Some(())
    }

    fn take_named(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (id, segment, name) = (read_id(from)?, from.u8()?, from.short()?);
        if let Some(was) = self.live.get_mut(&id.number()) {
            was.named.retain(|(other, _)| *other != segment);
            was.named.push((segment, name.into()));
        }
        Some(())
    }

    fn take_heard_lately(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (shard, shards) = (from.u8()?, from.u8()?);
        let prints = std::iter::from_fn(|| from.u64()).collect();
        self.heard_lately.push((shard, shards, prints));
        Some(())
    }

    fn take_awaits(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let read = read_awaited(from)?;
        let number = read.id.number();
        if let Some(was) = self.awaiting.get_mut(&number) {
            read.change(was);
            return Some(());
        }
        let Some(WasLive { live, shared, .. }) = self.forget_live(number) else {
            return Some(());
        };
        let of = (live.message.subject(), live.message.expires_at, shared);
        self.awaiting.insert(number, read.into_awaiting(of));
        Some(())
    }

    fn take_awaits_whole(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let read = read_awaited(from)?;
        let shared = read_id(from)?;
        let of = (contents::read_subject(from)?, from.time()?, shared);
        let id = read.id;
        self.note_id(id);
        self.note_id(shared);
        self.forget_live(id.number());
        self.awaiting.insert(id.number(), read.into_awaiting(of));
        Some(())
    }

    fn take_ended(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (id, shared) = read_ids(from)?;
        let end = End {
            account: from.u32()?,
            done_s: from.u32()?,
            state: crate::message::state::MessageState(from.u8()?),
            error: from.u8()?,
        };
        self.note_id(id);
        if let Some(WasLive { live, copies, .. }) = self.forget_live(id.number()) {
            let keys = live.progress.keys().chain(copies.into_iter().map(|(_, key)| key));
            self.note_heard(keys, live.message.destination.octets());
        }
        if let Some(WasAwaiting { wait, .. }) = self.awaiting.remove(&id.number()) {
            self.note_heard(wait.progress.keys(), wait.subject.destination.octets());
        }
        if self.ended_max > 0 {
            if self.ended.len() >= self.ended_max {
                self.ended.pop_front();
            }
            self.ended.push_back((id, shared, end));
        }
        Some(())
    }

    fn note_heard(&mut self, keys: impl Iterator<Item = u64>, handset: &[u8]) {
        for key in keys {
            if self.heard.len() >= PLACES {
                self.heard.pop_front();
            }
            self.heard.push_back(print(key, tail(handset)));
        }
    }

    /// All of a batch was read, which came about then.
    fn end_batch(&mut self, wall: Duration) {
        self.written_at = wall;
        if self.released.is_empty() {
            return;
        }
        for memory in Memory::of(&std::mem::take(&mut self.released)) {
            if self.whole.len() >= WHOLE_MAX {
                self.whole.pop_front();
            }
            self.whole.push_back((wall, memory));
        }
    }

    fn take_owed(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (number, account) = (from.u64()?, from.u32()?);
        let delivery = contents::read_delivery(number, from)?;
        self.note_number(number);
        self.owed.insert(number, (account, delivery));
        Some(())
    }

    fn take_held(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let number = from.u64()?;
        // Its number is no count: see `identity`.
        let message = contents::read_mo(from)?;
        self.held.insert(number, message);
        Some(())
    }
}

/// What a record says of a message that awaits its receipt.
pub struct Read {
    pub id: MessageId,
    carrier: u32,
    since_s: u32,
    more: More,
}

impl Read {
    fn into_awaiting(self, of: (Subject, Duration, MessageId)) -> WasAwaiting {
        let (subject, expires_at, shared) = of;
        let More { progress, worst, done_s, said_unknown, give_up_at, .. } = self.more;
        let (id, carrier) = (self.id, self.carrier);
        let wait = Wait { id, carrier, subject, expires_at, progress, worst, done_s, said_unknown };
        WasAwaiting { wait, shared, since_s: self.since_s, give_up_at }
    }

    fn change(self, was: &mut WasAwaiting) {
        let More { progress, worst, done_s, said_unknown, give_up_at, .. } = self.more;
        was.wait.progress = progress;
        (was.wait.worst, was.wait.done_s) = (worst, done_s);
        was.wait.said_unknown = said_unknown;
        (was.give_up_at, was.since_s) = (give_up_at, self.since_s);
    }
}

pub fn read_awaited(from: &mut Reader<'_>) -> Option<Read> {
    let (id, carrier, since_s) = (read_id(from)?, from.u32()?, from.u32()?);
    let flags = from.u8()?;
    let mut more = More::of(Progress::taken(0));
    if flags & 1 == 0 {
        more.progress = Progress::taken(from.u64()?);
    } else {
        more.said_unknown = flags & 2 != 0;
        more.give_up_at = from.time()?;
        (more.worst, more.done_s) = read_worst(from)?;
        more.progress = read_progress(from)?;
    }
    Some(Read { id, carrier, since_s, more })
}

fn take_name(names: &mut Vec<String>, from: &mut Reader<'_>) -> Option<()> {
    let place = usize::try_from(from.u32()?).ok()?;
    let name = std::str::from_utf8(from.long()?).ok()?;
    // Places are given one behind the other. One that was given in vain is given again.
    if place == names.len() {
        names.push(String::new());
    }
    name.clone_into(names.get_mut(place)?);
    Some(())
}

/// What a message comes back as that may have been with its carrier when the process ended: in
/// doubt, as far as it was written; else not sent.
pub fn unsent_or_in_doubt(was: &mut WasLive) {
    for segment in 0..was.live.segments {
        let is_sent = was.sent.contains(&segment);
        // One of a message of which nothing else was written is still as it came.
        let is_meant = |one: &&mut Segment| match one.place {
            Place::Out => true,
            Place::Back => is_sent,
            Place::InDoubt | Place::Accepted => false,
        };
        let Some(one) = was.live.segment_mut(segment).filter(is_meant) else { continue };
        one.given = Given::Noted;
        one.place = if is_sent { Place::InDoubt } else { Place::Back };
        if is_sent {
            one.attempts = one.attempts.saturating_add(1);
            one.unanswered = one.unanswered.saturating_add(1);
        }
    }
}
