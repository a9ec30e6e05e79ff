//! Caps: how many messages of one purpose a handset gets in a span that slides.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::choices::{Handset, Scope};
use crate::clock;

/// At most so many messages in so long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cap {
    /// Messages.
    pub messages: u16,
    /// In how long, which slides: not a day of the calendar.
    pub span: Duration,
}

/// Why a text is no cap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoCap;

/// When messages were sent, for as long as a cap may ask.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Times that are kept of each handset and purpose, and for how long in seconds: what the
    /// largest and the longest of all caps ask for.
    most: usize,
    span_s: u64,
    /// Where each handset and purpose stands in `entries`.
    places: HashMap<Key, u32, foldhash::fast::FixedState>,
    /// They stay where they are, so that a checkpoint can be taken of a part at a time.
    entries: Vec<Option<Texted>>,
    free: Vec<u32>,
    /// Keys in the order in which they were sent to, some more than once: what is oldest is looked
    /// at for whether it can be forgotten.
    order: VecDeque<(Key, u32)>,
}

type Key = (Handset, Scope);

/// When messages of one purpose were sent to one handset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Texted {
    /// To whom.
    pub handset: Handset,
    /// Of which purpose.
    pub scope: Scope,
    /// When, in seconds of wall time since 1970, the oldest first: as many as the largest cap.
    pub times: VecDeque<u32>,
}

/// Messages that a cap may be of: so many times are kept of each handset.
pub const CAP_MAX: u16 = 100;
/// Handsets and purposes that are remembered, some 150 octets each. Beyond it the oldest is
/// forgotten, and may get a message more than its cap.
pub const TEXTED_MAX: usize = 4_000_000;

impl Cap {
    /// Reads `1/day`, `4/30d`, `2/12h`.
    ///
    /// # Errors
    /// When it is something else, or a cap of none.
    pub fn parse(text: &str) -> Result<Self, NoCap> {
        let (messages, span) = text.split_once('/').ok_or(NoCap)?;
        let messages =
            messages.parse().ok().filter(|many| (1..=CAP_MAX).contains(many)).ok_or(NoCap)?;
        let hours = match span {
            "hour" => 1,
            "day" => 24,
            "week" => 7 * 24,
            span => {
                let (count, unit) =
                    span.split_at_checked(span.len().saturating_sub(1)).ok_or(NoCap)?;
                let count: u64 = count.parse().map_err(|_| NoCap)?;
                match unit {
                    "h" => count,
                    "d" => count * 24,
                    _ => return Err(NoCap),
                }
            }
        };
        if !(1..=366 * 24).contains(&hours) {
            return Err(NoCap);
        }
        Ok(Self { messages, span: Duration::from_secs(hours * 3_600) })
    }
}

impl Sent {
    /// Keeps what these caps ask for, from now on.
    pub fn set_caps<'a>(&mut self, caps: impl IntoIterator<Item = &'a Cap>) {
        (self.most, self.span_s) = caps.into_iter().fold((0, 0), |(most, span_s), cap| {
            (most.max(usize::from(cap.messages)), span_s.max(cap.span.as_secs()))
        });
    }

    /// Whether a message more would go over one of these caps; the moment from which on it would
    /// not.
    #[must_use]
    pub fn over(
        &self,
        caps: &[Cap],
        (handset, scope): (Handset, Scope),
        wall: Duration,
    ) -> Option<Duration> {
        let times = &self.get((handset, scope))?.times;
        let frees = |cap: &Cap| {
            let nth = times.len().checked_sub(usize::from(cap.messages))?;
            let free = Duration::from_secs(u64::from(*times.get(nth)?)) + cap.span;
            (free > wall).then_some(free)
        };
        caps.iter().filter_map(frees).max()
    }

    /// Notes that a message was sent; what is known of its handset and purpose now, if any cap may
    /// ask.
    pub fn note(&mut self, of: (Handset, Scope), wall: Duration) -> Option<&Texted> {
        if self.most == 0 {
            return None;
        }
        let now_s = clock::seconds(wall);
        self.forget(now_s);
        let most = self.most;
        let texted = self.entry(of)?;
        while texted.times.len() >= most {
            texted.times.pop_front();
        }
        texted.times.push_back(now_s);
        self.order.push_back((of, now_s));
        self.get(of)
    }

    /// Takes over what an earlier process knew, in the place of what is known.
    pub fn restore(&mut self, texted: Texted) {
        let of = (texted.handset, texted.scope);
        let last = texted.times.back().copied();
        if let (Some(entry), Some(last)) = (self.entry(of), last) {
            *entry = texted;
            self.order.push_back((of, last));
        }
    }

    /// What stands at a place; places are given one behind the other, and stay.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&Texted> {
        self.entries.get(place)?.as_ref()
    }

    /// Places there are, taken or not.
    #[must_use]
    pub fn places(&self) -> usize {
        self.entries.len()
    }

    /// Handsets and purposes that are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn get(&self, of: Key) -> Option<&Texted> {
        self.at(*self.places.get(&of)? as usize)
    }

    fn entry(&mut self, of: Key) -> Option<&mut Texted> {
        let place = match self.places.get(&of) {
            Some(place) => *place,
            None => {
                let (handset, scope) = of;
                let entry = Some(Texted { handset, scope, times: VecDeque::new() });
                let place = match self.free.pop() {
                    Some(place) => {
                        *self.entries.get_mut(place as usize)? = entry;
                        place
                    }
                    None => {
                        self.entries.push(entry);
                        // Below TEXTED_MAX.
                        self.entries.len() as u32 - 1
                    }
                };
                self.places.insert(of, place);
                place
            }
        };
        self.entries.get_mut(place as usize)?.as_mut()
    }

    /// Forgets what no cap asks for any more: what is remembered is what was sent within the
    /// longest span.
    fn forget(&mut self, now_s: u32) {
        let is_past = |at: u32| u64::from(at) + self.span_s <= u64::from(now_s);
        for _ in 0..2 {
            let Some((key, at)) = self.order.front().copied() else { return };
            let is_full = self.places.len() >= TEXTED_MAX;
            if !is_past(at) && !is_full {
                return;
            }
            self.order.pop_front();
            let last = self.get(key).and_then(|texted| texted.times.back().copied());
            if last.is_none_or(|last| is_past(last) || is_full)
                && let Some(place) = self.places.remove(&key)
                && let Some(entry) = self.entries.get_mut(place as usize)
            {
                *entry = None;
                self.free.push(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cap_is_a_number_and_a_span() {
        let hours =
            |text: &str| Cap::parse(text).map(|cap| (cap.messages, cap.span.as_secs() / 3600));
        assert_eq!(hours("1/day"), Ok((1, 24)));
        assert_eq!(hours("4/30d"), Ok((4, 720)));
        assert_eq!(hours("2/12h"), Ok((2, 12)));
        assert_eq!(hours("10/week"), Ok((10, 168)));
        for wrong in
            ["", "1", "0/day", "-1/day", "1/", "1/d", "1/0d", "1/1000d", "101/day", "1/2w", "1/é"]
        {
            assert_eq!(Cap::parse(wrong), Err(NoCap), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn it_says_what_counting_all_of_them_says(
            caps in prop::collection::vec((1_u16..5, 1_u64..72), 1..3),
            sends in prop::collection::vec((0_u64..3, 0_u64..90_000), 1..80),
        ) {
            let caps: Vec<Cap> = caps
                .into_iter()
                .map(|(messages, hours)| Cap { messages, span: Duration::from_secs(hours * 3600) })
                .collect();
            let mut sent = Sent::default();
            sent.set_caps(&caps);
            let mut all: Vec<(u64, u64)> = Vec::new();
            let mut now = 1_000_000;
            for (number, pause) in sends {
                now += pause;
                let (handset, wall) = (Handset::from_number(10 + number), Duration::from_secs(now));
                let is_over = |at: u64| caps.iter().any(|cap| {
                    let since = |sent_at: &u64| sent_at + cap.span.as_secs() > at;
                    let own = all.iter().filter(|(of, _)| *of == number).map(|(_, at)| at);
                    own.filter(|at| since(at)).count() >= usize::from(cap.messages)
                });
                let over = sent.over(&caps, (handset, Scope::ALL), wall);
                prop_assert_eq!(over.is_some(), is_over(now));
                if let Some(free) = over {
                    prop_assert!(!is_over(free.as_secs()) && is_over(free.as_secs() - 1));
                }
                // Whether or not it was over: caps may have been raised meanwhile.
                sent.note((handset, Scope::ALL), wall);
                all.push((number, now));
            }
            prop_assert!(sent.len() <= 3);
        }
    }

    #[test]
    fn what_no_cap_asks_for_is_forgotten() {
        let mut sent = Sent::default();
        sent.set_caps(&[Cap::parse("1/day").unwrap()]);
        for number in 0..1_000 {
            let wall = Duration::from_secs(1_000_000 + number * 3_600);
            sent.note((Handset::from_number(100 + number), Scope::ALL), wall);
        }
        assert!(sent.len() <= 25, "{}", sent.len());
        assert_eq!(sent.places(), sent.len(), "places are used again");
        let mut restored = Sent::default();
        restored.set_caps(&[Cap::parse("1/day").unwrap()]);
        (0..sent.places()).filter_map(|place| sent.at(place)).for_each(|texted| {
            restored.restore(texted.clone());
            // Read twice, as a journal may be.
            restored.restore(texted.clone());
        });
        assert_eq!(restored.len(), sent.len());
    }
}
