//! The binds of a carrier: which of them gets the next segment.

use std::time::Duration;

use super::due::Due;
use super::learnt::LearntPace;
use super::outgoing::Outgoing;
use super::ramp::Ramp;

/// Segments handed to one bind before another gets its turn: enough to fill a write, few enough
/// that binds stay even.
const TURN: u32 = 32;

/// The binds of one carrier.
#[derive(Debug)]
pub struct Binds {
    binds: Vec<Bind>,
    /// Which may take a segment now of what has begun on them, and which of another message.
    ready: Places,
    free: Places,
    /// Which hold the rest of a message, and how many.
    begun: Places,
    begun_count: usize,
    /// The bind whose turn it is, and how much of the turn is left.
    turn: usize,
    left: u32,
    /// How many have not their whole window yet, and how long that takes.
    ramping: usize,
    ramp_up: Duration,
    /// What each segment takes of a bind's rate; zero is no limit.
    interval: Duration,
    /// How many are paused, and when the first of them may go on.
    paused: usize,
    release_at: Duration,
}

#[derive(Clone, Debug, Default)]
struct Bind {
    up: bool,
    /// How many segments it may still take.
    credit: u32,
    /// It gets nothing before this moment; zero is now.
    paused_until: Duration,
    /// Its operator wants no message on it; what has begun is finished.
    held: bool,
    /// It gets nothing, for its peer has gone silent.
    silent: bool,
    /// What of its window it is still to get.
    ramp: Option<Ramp>,
    /// What the carrier has taught; it outlives a session.
    pace: LearntPace,
    /// When the next segment is due by the rate of a bind.
    due: Due,
    /// The rest of a message some segments of which were sent on it: it gets nothing else before.
    begun: Option<Outgoing>,
}

impl Binds {
    /// So many, all down.
    pub fn new(count: usize) -> Self {
        Self {
            binds: vec![Bind::default(); count],
            ready: Places::new(count),
            free: Places::new(count),
            begun: Places::new(count),
            begun_count: 0,
            turn: 0,
            left: TURN,
            ramping: 0,
            ramp_up: Duration::ZERO,
            interval: Duration::ZERO,
            paused: 0,
            release_at: Duration::MAX,
        }
    }

    /// As many as this, if there were fewer; the new ones are down.
    pub fn grow(&mut self, count: usize) {
        if self.binds.len() < count {
            self.binds.resize_with(count, Bind::default);
            for places in [&mut self.ready, &mut self.free, &mut self.begun] {
                places.words.resize(count.div_ceil(64), 0);
            }
        }
    }

    /// Binds that come up from now on have their whole window after this time; zero is at once.
    pub fn set_ramp_up(&mut self, ramp_up: Duration) {
        self.ramp_up = ramp_up;
    }

    /// So many segments a second on each bind from now on; 0 is no limit.
    pub fn set_rate(&mut self, segments_per_second: u32) {
        let second = Duration::from_secs(1);
        self.interval = second.checked_div(segments_per_second).unwrap_or(Duration::ZERO);
    }

    /// A bind stands and may take so many segments, in time.
    pub fn up(&mut self, now: Duration, at: usize, credit: u32) {
        self.end_ramp(at);
        if let Some(bind) = self.binds.get_mut(at) {
            (bind.up, bind.credit, bind.silent) = (true, credit, false);
            if let Some((ramp, first)) = Ramp::begin(now, self.ramp_up, credit) {
                (bind.ramp, bind.credit) = (Some(ramp), first);
                self.ramping += 1;
            }
        }
        self.refresh(at);
    }

    fn end_ramp(&mut self, at: usize) {
        if self.binds.get_mut(at).and_then(|bind| bind.ramp.take()).is_some() {
            self.ramping -= 1;
        }
    }

    /// Gives each bind what it may have of its window by now.
    fn climb(&mut self, now: Duration) {
        for at in 0..self.binds.len() {
            let Some(bind) = self.binds.get_mut(at) else { return };
            let Some(ramp) = &mut bind.ramp else { continue };
            let more = ramp.take(now);
            bind.credit += more;
            if ramp.is_over() {
                self.end_ramp(at);
            }
            if more > 0 {
                self.refresh(at);
            }
        }
    }

    /// A bind is gone. The rest of a message that had begun on it is given back.
    pub fn down(&mut self, at: usize) -> Option<Outgoing> {
        let rest = self.take_begun(at, |_| true);
        self.end_ramp(at);
        if let Some(bind) = self.binds.get_mut(at) {
            (bind.up, bind.credit) = (false, 0);
        }
        self.refresh(at);
        rest
    }

    /// A bind has had so many answers, and may take so many more.
    pub fn credit(&mut self, now: Duration, at: usize, answers: u32) {
        if let Some(bind) = self.binds.get_mut(at)
            && bind.up
        {
            bind.credit += answers;
            bind.pace.answered(now, answers);
        }
        self.refresh(at);
    }

    /// So many of them said to slow down, the last to a segment that was sent at `sent_at`.
    pub fn throttled(&mut self, now: Duration, at: usize, answers: u32, sent_at: Duration) {
        let Some(bind) = self.binds.get_mut(at) else { return };
        let until = bind.pace.throttled(now, answers, sent_at);
        self.pause(at, until);
    }

    /// So many of them said so to numbers, which says nothing of the bind.
    pub fn refused(&mut self, at: usize, answers: u32) {
        if let Some(bind) = self.binds.get_mut(at) {
            bind.pace.refused(answers);
        }
    }

    /// The pace that each has learnt, if any.
    pub fn paces(&self) -> impl Iterator<Item = Option<f64>> {
        self.binds.iter().map(|bind| bind.pace.per_second())
    }

    /// A bind gets nothing before this moment.
    pub fn pause(&mut self, at: usize, until: Duration) {
        let Some(bind) = self.binds.get_mut(at) else { return };
        if until <= bind.paused_until {
            return;
        }
        self.paused += usize::from(bind.paused_until.is_zero());
        bind.paused_until = until;
        self.release_at = self.release_at.min(until);
        self.refresh(at);
    }

    /// A bind begins no message until this is taken back.
    pub fn hold(&mut self, at: usize, held: bool) {
        if let Some(bind) = self.binds.get_mut(at) {
            bind.held = held;
        }
        self.refresh(at);
    }

    /// A bind gets nothing at all until this is taken back.
    pub fn silence(&mut self, at: usize, silent: bool) {
        if let Some(bind) = self.binds.get_mut(at) {
            bind.silent = silent;
        }
        self.refresh(at);
    }

    /// Lets go of binds that were paused until now, and gives others more of their window.
    pub fn release(&mut self, now: Duration) {
        if self.ramping > 0 {
            self.climb(now);
        }
        if self.paused == 0 || now < self.release_at {
            return;
        }
        self.release_at = Duration::MAX;
        for at in 0..self.binds.len() {
            let Some(bind) = self.binds.get_mut(at) else { return };
            if bind.paused_until.is_zero() {
                continue;
            }
            if bind.paused_until > now {
                self.release_at = self.release_at.min(bind.paused_until);
                continue;
            }
            bind.paused_until = Duration::ZERO;
            self.paused -= 1;
            self.refresh(at);
        }
    }

    /// Whether any bind stands that takes messages.
    pub fn any_up(&self) -> bool {
        self.binds.iter().any(|bind| bind.up && !bind.held)
    }

    /// How many hold the rest of a message.
    pub fn begun(&self) -> usize {
        self.begun_count
    }

    /// The rests of messages that have begun on them.
    pub fn rests(&self) -> impl Iterator<Item = &Outgoing> {
        self.binds.iter().filter_map(|bind| bind.begun.as_ref())
    }

    /// Whether any may take a segment now.
    pub fn any_free(&self) -> bool {
        self.free.any()
    }

    /// A bind with room for what has begun on it.
    pub fn for_begun(&self) -> Option<usize> {
        if self.begun_count == 0 {
            return None;
        }
        self.begun.first_common(&self.ready)
    }

    /// A bind for a message of so many segments, when nothing has begun on one that is free: the
    /// one whose turn it is, if it has room; else the next that has.
    pub fn choose(&mut self, segments: u8) -> Option<usize> {
        if self.left > 0 && self.free.has(self.turn) {
            self.left -= 1;
            return Some(self.turn);
        }
        let first = self.free.next(self.turn)?;
        // A whole message's room is looked for first, so that its segments need not wait.
        let roomy =
            |at: usize| self.binds.get(at).is_some_and(|bind| bind.credit >= u32::from(segments));
        let mut next = first;
        while !roomy(next) {
            next = self.free.next(next).unwrap_or(first);
            if next == first {
                break;
            }
        }
        (self.turn, self.left) = (next, TURN - 1);
        Some(next)
    }

    /// The segment that goes on this bind: of what has begun there, or else of this message.
    pub fn take(&mut self, now: Duration, at: usize, mut outgoing: Outgoing) -> Outgoing {
        let Some(bind) = self.binds.get_mut(at) else { return outgoing };
        bind.credit -= 1;
        if outgoing.segments > 1 {
            let (segment, segments) = (outgoing.segment + 1, outgoing.segments - 1);
            bind.begun = Some(Outgoing { segment, segments, ..outgoing.clone() });
            self.begun.set(at, true);
            self.begun_count += 1;
            outgoing.segments = 1;
        }
        let mut not_before = bind.pace.send(now);
        if !self.interval.is_zero() {
            not_before = not_before.max(bind.due.send(now, self.interval));
        }
        if bind.credit == 0 {
            self.refresh(at);
        }
        if let Some(not_before) = not_before {
            self.pause(at, not_before);
        }
        outgoing
    }

    /// Takes the rest of a message from a bind, if it is one of those.
    pub fn take_begun(&mut self, at: usize, of: impl Fn(&Outgoing) -> bool) -> Option<Outgoing> {
        let rest = self.binds.get_mut(at)?.begun.take_if(|rest| of(rest))?;
        self.begun.set(at, false);
        self.begun_count -= 1;
        Some(rest)
    }

    /// Takes the rests of such messages from all binds.
    pub fn take_all_begun(&mut self, of: impl Fn(&Outgoing) -> bool) -> Vec<Outgoing> {
        if self.begun_count == 0 {
            return Vec::new();
        }
        (0..self.binds.len()).filter_map(|at| self.take_begun(at, &of)).collect()
    }

    /// Puts a segment that came back before the rest that follows it on some bind, and gives that
    /// rest.
    ///
    /// # Errors
    /// Gives the segment back when there is no such rest.
    pub fn rejoin(&mut self, outgoing: Outgoing) -> Result<&mut Outgoing, Outgoing> {
        if self.begun_count == 0 {
            return Err(outgoing);
        }
        let next = outgoing.segment.checked_add(outgoing.segments);
        let mut rests = self.binds.iter_mut().filter_map(|bind| bind.begun.as_mut());
        let follows =
            |rest: &&mut Outgoing| rest.ticket == outgoing.ticket && Some(rest.segment) == next;
        let Some(rest) = rests.find(follows) else { return Err(outgoing) };
        rest.segment = outgoing.segment;
        rest.segments += outgoing.segments;
        Ok(rest)
    }

    /// When a bind that is paused, or waits for more of its window, may take what waits, or goes on
    /// with what has begun on it.
    pub fn next_release(&self, waits: bool) -> Option<Duration> {
        if self.paused == 0 && self.ramping == 0 {
            return None;
        }
        let wanted = |bind: &&Bind| bind.up && ((waits && !bind.held) || bind.begun.is_some());
        let at = |bind: &Bind| match &bind.ramp {
            Some(ramp) if bind.credit == 0 => Some(ramp.next().max(bind.paused_until)),
            _ if bind.credit > 0 && !bind.paused_until.is_zero() => Some(bind.paused_until),
            _ => None,
        };
        self.binds.iter().filter(wanted).filter_map(at).min()
    }

    fn refresh(&mut self, at: usize) {
        if let Some(bind) = self.binds.get(at) {
            let may = bind.credit > 0 && bind.paused_until.is_zero() && !bind.silent;
            let ready = bind.up && may;
            self.ready.set(at, ready);
            self.free.set(at, ready && !bind.held);
        }
    }
}

/// A set of binds, a bit each.
#[derive(Debug)]
struct Places {
    words: Vec<u64>,
}

impl Places {
    fn new(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)] }
    }

    fn set(&mut self, at: usize, is_in: bool) {
        if let Some(word) = self.words.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(is_in) << (at % 64);
        }
    }

    fn has(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    fn first_common(&self, other: &Self) -> Option<usize> {
        let mut words = self.words.iter().zip(&other.words).map(|(one, other)| one & other);
        let at = words.position(|word| word != 0)?;
        let word = self.words.get(at)? & other.words.get(at)?;
        Some(at * 64 + word.trailing_zeros() as usize)
    }

    /// The first behind this place, around the end, the place itself as the last.
    fn next(&self, behind: usize) -> Option<usize> {
        let (at, bit) = (behind / 64, behind % 64);
        let first_in = |at: usize, mask: u64| {
            let word = self.words.get(at)? & mask;
            (word != 0).then(|| at * 64 + word.trailing_zeros() as usize)
        };
        let above = u64::MAX.checked_shl(bit as u32 + 1).unwrap_or(0);
        let count = self.words.len();
        first_in(at, above)
            .or_else(|| (1..count).find_map(|step| first_in((at + step) % count, u64::MAX)))
            .or_else(|| first_in(at, !above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_place_is_found_around_the_end() {
        for count in [1, 3, 64, 65, 200] {
            let mut places = Places::new(count);
            assert_eq!(places.next(0), None);
            let set: Vec<usize> =
                [0, 2, 63, 64, 130, 199].into_iter().filter(|at| *at < count).collect();
            set.iter().for_each(|at| places.set(*at, true));
            for behind in 0..count {
                let expected = set.iter().find(|at| **at > behind).unwrap_or(&set[0]);
                assert_eq!(places.next(behind), Some(*expected), "{count} {behind}");
                assert_eq!(places.has(behind), set.contains(&behind));
            }
            places.set(0, false);
            assert!(!places.has(0));
        }
    }
}
