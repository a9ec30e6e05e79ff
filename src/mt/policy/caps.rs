//! Caps: how many messages of one purpose a handset gets in a span that slides.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::choices::{Handset, Scope};

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
#[derive(Clone, Debug)]
pub struct Sent {
    caps: Vec<Cap>,
    /// Times of each handset and purpose in seconds, the oldest first: as many as the largest cap.
    times: HashMap<(Handset, Scope), VecDeque<u32>, foldhash::fast::FixedState>,
    /// Keys in the order in which they were sent to, some more than once: what is oldest is looked
    /// at for whether it can be forgotten.
    order: VecDeque<((Handset, Scope), u32)>,
}

impl Cap {
    /// Reads `1/day`, `4/30d`, `2/12h`.
    ///
    /// # Errors
    /// When it is something else, or a cap of none.
    pub fn parse(text: &str) -> Result<Self, NoCap> {
        let (messages, span) = text.split_once('/').ok_or(NoCap)?;
        let messages = messages.parse().ok().filter(|messages| *messages > 0).ok_or(NoCap)?;
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
    /// One that holds what these caps ask for.
    #[must_use]
    pub fn new(caps: Vec<Cap>) -> Self {
        Self { caps, times: HashMap::default(), order: VecDeque::new() }
    }

    /// Whether a message more would go over a cap; the moment from which on it would not.
    #[must_use]
    pub fn over(&self, handset: Handset, scope: Scope, wall: Duration) -> Option<Duration> {
        let times = self.times.get(&(handset, scope))?;
        let frees = |cap: &Cap| {
            let nth = times.len().checked_sub(usize::from(cap.messages))?;
            let free = Duration::from_secs(u64::from(*times.get(nth)?)) + cap.span;
            (free > wall).then_some(free)
        };
        self.caps.iter().filter_map(frees).max()
    }

    /// Notes that a message was sent.
    pub fn note(&mut self, handset: Handset, scope: Scope, wall: Duration) {
        let Some(most) = self.caps.iter().map(|cap| usize::from(cap.messages)).max() else {
            return;
        };
        let now_s = u32::try_from(wall.as_secs()).unwrap_or(u32::MAX);
        let times = self.times.entry((handset, scope)).or_default();
        if times.len() >= most {
            times.pop_front();
        }
        times.push_back(now_s);
        self.order.push_back(((handset, scope), now_s));
        self.forget(now_s);
    }

    /// Handsets that are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Forgets what no cap asks for any more: what is remembered is what was sent within the
    /// longest span.
    fn forget(&mut self, now_s: u32) {
        let span = self.caps.iter().map(|cap| cap.span.as_secs()).max().unwrap_or(0);
        for _ in 0..2 {
            let Some((key, at)) = self.order.front().copied() else { return };
            if u64::from(at) + span > u64::from(now_s) {
                return;
            }
            self.order.pop_front();
            let is_over = self.times.get(&key).is_none_or(|times| {
                times.back().is_none_or(|last| u64::from(*last) + span <= u64::from(now_s))
            });
            if is_over {
                self.times.remove(&key);
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
        for wrong in ["", "1", "0/day", "-1/day", "1/", "1/d", "1/0d", "1/1000d", "1/2w", "1/é"] {
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
            let mut sent = Sent::new(caps.clone());
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
                let over = sent.over(handset, Scope::ALL, wall);
                prop_assert_eq!(over.is_some(), is_over(now));
                if let Some(free) = over {
                    prop_assert!(!is_over(free.as_secs()) && is_over(free.as_secs() - 1));
                }
                // Whether or not it was over: caps may have been raised meanwhile.
                sent.note(handset, Scope::ALL, wall);
                all.push((number, now));
            }
            prop_assert!(sent.len() <= 3);
        }
    }

    #[test]
    fn what_no_cap_asks_for_is_forgotten() {
        let mut sent = Sent::new(vec![Cap::parse("1/day").unwrap()]);
        for number in 0..1_000 {
            let wall = Duration::from_secs(1_000_000 + number * 3_600);
            sent.note(Handset::from_number(100 + number), Scope::ALL, wall);
        }
        assert!(sent.len() <= 25, "{}", sent.len());
    }
}
