//! Messages that their carrier has, and whose receipt is awaited.
//!
//! Millions wait at once: most for seconds, those to phones that are off for days. So of each there
//! is only what its receipts need, in a [`Record`] of eighty octets, found by the carrier's id
//! through tables of four octets an entry that hold nothing but its place. What few messages need
//! ([`More`]) stands apart. In all that is below a hundred octets a message; `benches/shard.rs`
//! measures it.
//!
//! ```text
//!   key of the carrier's id -> by_key, or more_keys -> place -> Record [-> More]
//! ```
//!
//! The register knows the place of each by our id.

mod places;
mod record;
mod senders;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use super::live::Progress;
use crate::message::message_id::MessageId;
use crate::message::multipart::Final;
use crate::message::receipt::Cause;
use crate::mt::receipts::{Subject, same_number};
use crate::wire::Address;
pub use places::ALIKE_MAX;
use places::Places;
use record::{Destination, NOBODY, Record};
use senders::Senders;

/// Records that memory is asked for at a time. None moves when more are needed.
const CHUNK: usize = 4096;
/// Records that are young, at most: what a shard at full load waits for while receipts take a
/// tenth of a second.
const YOUNG_MAX: usize = 16_384;
/// Records that grow old at a time: memory brings many entries in the time it takes for one.
const TOGETHER: usize = 64;

/// A message that begins to wait.
#[derive(Debug)]
pub struct Wait {
    /// Our id of it.
    pub id: MessageId,
    /// Which carrier has it.
    pub carrier: u32,
    /// What its receipts say of it.
    pub subject: Subject,
    /// When its validity ends, in wall time since 1970.
    pub expires_at: Duration,
    /// Its segments.
    pub progress: Progress,
    /// See [`More`].
    pub worst: Option<Final<Cause>>,
    /// See [`More`].
    pub done_s: u32,
    /// See [`More`].
    pub said_unknown: bool,
}

/// What a message is that has several segments, or of which something was heard already.
#[derive(Debug)]
pub struct More {
    /// Its segments.
    pub progress: Progress,
    /// The worst final state of its segments so far, and what was said beside it.
    pub worst: Option<Final<Cause>>,
    /// When the last of them was reached, in seconds of wall time since 1970.
    pub done_s: u32,
    /// A receipt said that nothing is known of it; another may follow, for a while.
    pub said_unknown: bool,
    /// When it is given up sooner than others are, in wall time since 1970; zero is as others.
    pub give_up_at: Duration,
    /// Where it went, if that is no number of the usual length.
    destination: Option<Address>,
}

/// All that wait.
#[derive(Debug, Default)]
pub struct Awaiting {
    chunks: Vec<Box<[Record]>>,
    /// The first of the places that are free; each names the next.
    free: Option<u32>,
    len: usize,
    /// The ends of the chain in the order in which they began to wait.
    oldest: Option<u32>,
    newest: Option<u32>,
    /// The first in that order that is not old, and how many there are from it on.
    eldest_young: Option<u32>,
    young: usize,
    senders: Senders,
    by_key: Places,
    more: HashMap<u32, Box<More>, foldhash::fast::FixedState>,
    /// Keys of messages of several segments.
    more_keys: HashMap<u64, Vec<u32>, foldhash::fast::FixedState>,
    /// Places of those that have come, or of which more is known, since this was asked last; `None`
    /// when nobody asks.
    touched: Option<Vec<u32>>,
}

impl More {
    /// What there is of a message with these segments of which nothing was heard.
    pub fn of(progress: Progress) -> Self {
        Self {
            progress,
            worst: None,
            done_s: 0,
            said_unknown: false,
            give_up_at: Duration::ZERO,
            destination: None,
        }
    }
}

impl Awaiting {
    /// A message begins to wait now; gives its place.
    pub fn insert(&mut self, now: Duration, wait: Wait) -> u32 {
        let Wait { id, carrier, subject, expires_at, progress, .. } = wait;
        let several = progress.all().len() > 1;
        let key = progress.keys().next().filter(|_| !several);
        let place = self.take_place();
        let sender = self.senders.enter(subject.account, &subject.source);
        let mut record = Record::new((id, key), (carrier, sender), &subject, (now, expires_at));
        record.older = self.newest.unwrap_or(NOBODY);
        let is_odd = Destination::new(&subject.destination).is_none();
        let heard = wait.worst.is_some() || wait.said_unknown;
        if several || heard || is_odd {
            record.set_more();
            for key in progress.keys().filter(|_| several) {
                let places = self.more_keys.entry(key).or_default();
                if !places.contains(&place) && places.len() < ALIKE_MAX {
                    places.push(place);
                }
            }
            let more = More {
                progress,
                worst: wait.worst,
                done_s: wait.done_s,
                said_unknown: wait.said_unknown,
                give_up_at: Duration::ZERO,
                destination: is_odd.then_some(subject.destination),
            };
            self.more.insert(place, Box::new(more));
        }
        self.put(place, record);
        if let Some(key) = key {
            let chunks = &self.chunks;
            self.by_key.insert(key, place, |other| of(chunks, other).map_or(0, |one| one.key));
        }
        match self.newest.replace(place).and_then(|newest| of_mut(&mut self.chunks, newest)) {
            Some(newest) => newest.newer = place,
            None => self.oldest = Some(place),
        }
        self.len += 1;
        self.young += 1;
        self.eldest_young.get_or_insert(place);
        if self.young > YOUNG_MAX {
            self.grow_old();
        }
        if let Some(touched) = &mut self.touched {
            touched.push(place);
        }
        place
    }

    /// From now on it is noted which have come and which have more.
    pub fn note_touched(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// The places of those that were touched since this was asked last; some may have left, and
    /// some may stand there twice.
    pub fn take_touched(&mut self) -> Vec<u32> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Places there are, taken or not.
    pub fn places(&self) -> usize {
        self.chunks.len() * CHUNK
    }

    /// The eldest of the young are old from now on.
    fn grow_old(&mut self) {
        for _ in 0..TOGETHER.min(self.young) {
            let Some(place) = self.eldest_young else { return };
            let Some(record) = of_mut(&mut self.chunks, place) else { return };
            record.set_old();
            let (key, newer) = (record.key, record.newer);
            let chunks = &self.chunks;
            self.by_key.grow_old(key, place, |other| of(chunks, other).map_or(0, |one| one.key));
            self.eldest_young = (newer != NOBODY).then_some(newer);
            self.young -= 1;
        }
    }

    /// Takes a message out.
    pub fn remove(&mut self, place: u32) {
        let Some(record) = self.get(place).copied() else { return };
        let more = if record.has_more() { self.more.remove(&place) } else { None };
        match &more {
            Some(more) if more.progress.all().len() > 1 => {
                for key in more.progress.keys() {
                    self.forget_key(key, place);
                }
            }
            _ => self.by_key.remove(record.key, place, record.is_old()),
        }
        self.senders.leave(record.sender);
        self.unchain(&record);
        let free = Record::free(self.free);
        self.put(place, free);
        self.free = Some(place);
        self.len -= 1;
    }

    /// The message at a place.
    pub fn get(&self, place: u32) -> Option<&Record> {
        of(&self.chunks, place).filter(|record| !record.is_free())
    }

    /// What few messages have.
    pub fn more(&self, place: u32) -> Option<&More> {
        self.get(place).filter(|record| record.has_more())?;
        self.more.get(&place).map(Box::as_ref)
    }

    /// The same, made for a message that had none.
    pub fn more_mut(&mut self, place: u32) -> Option<&mut More> {
        let record = of_mut(&mut self.chunks, place).filter(|record| !record.is_free())?;
        record.set_more();
        let more = self
            .more
            .entry(place)
            .or_insert_with(|| Box::new(More::of(Progress::taken(record.key))));
        if let Some(touched) = &mut self.touched {
            touched.push(place);
        }
        Some(more)
    }

    /// What its receipts say of a message.
    pub fn subject(&self, place: u32) -> Option<Subject> {
        let record = self.get(place)?;
        let (account, source) = self.senders.get(record.sender)?;
        Some(Subject {
            account,
            source: source.clone(),
            destination: match self.more(place).and_then(|more| more.destination.clone()) {
                Some(destination) => destination,
                None => record.destination().address(),
            },
            accepted_at: record.accepted_at(),
            registered_delivery: record.registered_delivery,
            quote: record.quote(),
        })
    }

    /// Whose message it is.
    pub fn account(&self, place: u32) -> Option<u32> {
        Some(self.senders.get(self.get(place)?.sender)?.0)
    }

    /// Each key of a message.
    pub fn each_key(&self, place: u32, mut each: impl FnMut(u64)) {
        match (self.more(place), self.get(place)) {
            (Some(more), _) => more.progress.keys().for_each(each),
            (None, Some(record)) => each(record.key),
            (None, None) => {}
        }
    }

    /// Of the messages with this key, whose destination agrees, the newest: of those that are young
    /// and, where there is none, of the others, the one accepted last.
    pub fn find(&self, key: u64, destination: &Address) -> Option<(u32, MessageId)> {
        let several = self.more_keys.get(&key).map_or(&[][..], Vec::as_slice).iter().copied();
        let of_several = self.newest_of(several, key, destination);
        let young = self.newest_of(self.by_key.young(key), key, destination);
        // What is young seldom has to be looked for among millions.
        let single = young.or_else(|| self.newest_of(self.by_key.old(key), key, destination));
        single.into_iter().chain(of_several).max_by_key(|(_, id)| *id)
    }

    fn newest_of(
        &self,
        places: impl Iterator<Item = u32>,
        key: u64,
        destination: &Address,
    ) -> Option<(u32, MessageId)> {
        let fits = |place| {
            let record = self.get(place)?;
            let fits = self.has_key(place, record, key) && self.is_to(place, record, destination);
            fits.then_some((place, record.id))
        };
        places.filter_map(fits).max_by_key(|(_, id)| *id)
    }

    /// Whether this message is at this place, and went to this destination.
    pub fn is_at(&self, place: u32, id: MessageId, destination: &Address) -> bool {
        let record = self.get(place).filter(|record| record.id == id);
        record.is_some_and(|record| self.is_to(place, record, destination))
    }

    /// The one that has waited longest, and since when, in seconds of wall time since 1970.
    pub fn oldest(&self) -> Option<(u32, u32)> {
        let place = self.oldest?;
        Some((place, self.get(place)?.since_s))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them have what few have.
    pub fn len_of_more(&self) -> usize {
        self.more.len()
    }

    /// Whether nothing is left of any.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
            && self.by_key.is_empty()
            && self.young == 0
            && self.eldest_young.is_none()
            && self.more.is_empty()
            && self.more_keys.is_empty()
            && self.senders.is_empty()
    }

    fn has_key(&self, place: u32, record: &Record, key: u64) -> bool {
        match self.more.get(&place).filter(|_| record.has_more()) {
            Some(more) => more.progress.keys().any(|one| one == key),
            None => record.key == key,
        }
    }

    fn is_to(&self, place: u32, record: &Record, destination: &Address) -> bool {
        if record.has_more()
            && let Some(own) = self.more.get(&place).and_then(|more| more.destination.as_ref())
        {
            return same_number(own.octets(), destination.octets());
        }
        let mut room = [0; Destination::DIGITS];
        same_number(record.destination().octets(&mut room), destination.octets())
    }

    fn forget_key(&mut self, key: u64, place: u32) {
        if let Some(places) = self.more_keys.get_mut(&key) {
            places.retain(|&other| other != place);
            if places.is_empty() {
                self.more_keys.remove(&key);
            }
        }
    }

    fn unchain(&mut self, record: &Record) {
        let at = |place| (place != NOBODY).then_some(place);
        let (older, newer) = (at(record.older), at(record.newer));
        if !record.is_old() {
            self.young -= 1;
            if older.and_then(|older| of(&self.chunks, older)).is_none_or(Record::is_old) {
                self.eldest_young = newer;
            }
        }
        match older.and_then(|older| of_mut(&mut self.chunks, older)) {
            Some(older) => older.newer = record.newer,
            None => self.oldest = newer,
        }
        match newer.and_then(|newer| of_mut(&mut self.chunks, newer)) {
            Some(newer) => newer.older = record.older,
            None => self.newest = older,
        }
    }

    fn take_place(&mut self) -> u32 {
        if let Some(place) = self.free {
            self.free = of(&self.chunks, place).and_then(Record::next_free);
            return place;
        }
        let place = (self.chunks.len() * CHUNK) as u32;
        let fresh = (1..=CHUNK as u32).map(|next| {
            let next = (next < CHUNK as u32).then_some(place + next);
            Record::free(next)
        });
        self.chunks.push(fresh.collect());
        self.free = Some(place + 1);
        place
    }

    fn put(&mut self, place: u32, record: Record) {
        if let Some(old) = of_mut(&mut self.chunks, place) {
            *old = record;
        }
    }
}

fn of(chunks: &[Box<[Record]>], place: u32) -> Option<&Record> {
    let place = place as usize;
    chunks.get(place / CHUNK)?.get(place % CHUNK)
}

fn of_mut(chunks: &mut [Box<[Record]>], place: u32) -> Option<&mut Record> {
    let place = place as usize;
    chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)
}
