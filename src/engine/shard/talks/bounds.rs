//! How much is said to one handset: so much in a while, and then nothing for a day.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::mt::policy::Handset;

/// Replies to one handset within [`WINDOW`]; who gets more is a machine. A person who answers
/// every ten seconds for ten minutes gets as many.
const REPLIES_MAX: u8 = 60;
/// Ten minutes.
const WINDOW: Duration = Duration::from_secs(600);
/// How long a machine gets nothing.
const SILENCE: Duration = Duration::from_secs(24 * 3600);
/// Handsets that are counted at once, 64 octets each; beyond them the oldest begins anew.
const HANDSETS_MAX: usize = 100_000;

/// What was said lately. It is not written down: a process that begins counts anew.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    windows: HashMap<Handset, Window, foldhash::fast::FixedState>,
    /// The same, in the order in which they began.
    order: VecDeque<Handset>,
}

#[derive(Debug)]
struct Window {
    /// On the wall.
    ends: Duration,
    said: u8,
}

impl Bounds {
    /// Counts a reply; whether it may be said.
    pub fn take(&mut self, wall: Duration, handset: Handset) -> bool {
        if let Some(window) = self.windows.get_mut(&handset) {
            if window.ends <= wall {
                *window = Window { ends: wall + WINDOW, said: 0 };
            }
            if window.said > REPLIES_MAX {
                return false;
            }
            window.said += 1;
            if window.said > REPLIES_MAX {
                window.ends = wall + SILENCE;
                return false;
            }
            return true;
        }
        self.forget(wall);
        self.windows.insert(handset, Window { ends: wall + WINDOW, said: 1 });
        self.order.push_back(handset);
        true
    }

    /// Forgets what is over, and the oldest where there are too many.
    fn forget(&mut self, wall: Duration) {
        while let Some(oldest) = self.order.front() {
            let is_over = self.windows.get(oldest).is_none_or(|window| window.ends <= wall);
            if !is_over && self.order.len() < HANDSETS_MAX {
                return;
            }
            self.windows.remove(oldest);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handset(number: usize) -> Handset {
        Handset::of(format!("336{number:08}").as_bytes()).unwrap()
    }

    #[test]
    fn who_gets_too_many_within_ten_minutes_gets_none_for_a_day() {
        let mut bounds = Bounds::default();
        let mut wall = Duration::from_secs(1_790_000_000);
        for _ in 0..3 * REPLIES_MAX {
            assert!(bounds.take(wall, handset(1)));
            wall += WINDOW / u32::from(REPLIES_MAX);
        }
        wall += WINDOW;
        let said = (0..1_000).filter(|_| bounds.take(wall, handset(1))).count();
        assert_eq!(said, usize::from(REPLIES_MAX));
        assert!(bounds.take(wall, handset(2)), "another one");
        assert!(!bounds.take(wall + SILENCE - WINDOW, handset(1)));
        assert!(bounds.take(wall + SILENCE, handset(1)));
    }

    #[test]
    fn no_more_handsets_are_known_than_the_limit() {
        let mut bounds = Bounds::default();
        let wall = Duration::from_secs(1_790_000_000);
        for number in 0..HANDSETS_MAX + 10 {
            assert!(bounds.take(wall, handset(number)));
        }
        assert_eq!((bounds.windows.len(), bounds.order.len()), (HANDSETS_MAX, HANDSETS_MAX));
        assert!(bounds.take(wall + WINDOW, handset(0)));
        assert_eq!((bounds.windows.len(), bounds.order.len()), (1, 1), "what is over is forgotten");
    }
}
