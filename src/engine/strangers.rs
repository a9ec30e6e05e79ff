//! Who tried to bind under a name that no account has: a customer whose name was mistyped, by them
//! or in our file, stands here; so does whoever guesses.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::history::with;

/// Names that are kept; the one that was last heard of the longest ago gives way. Whoever guesses
/// can push others out, who are back with their next attempt.
pub const STRANGERS_MAX: usize = 16;
/// Octets kept of a name: what SMPP 3.4 §5.2.1 allows, and one more that shows it is too long.
const NAME_MAX: usize = 16;

/// A name that no account has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stranger {
    /// It, as far as it is kept.
    pub name: String,
    /// From where it came last.
    pub peer: IpAddr,
    /// When it came first: wall time since 1970.
    pub first: Duration,
    /// The last time.
    pub last: Duration,
    /// How many times.
    pub times: u64,
}

/// The last of them.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<VecDeque<Stranger>>);

impl Strangers {
    /// Somebody called so tried to bind.
    pub fn note(&self, wall: Duration, name: &[u8], peer: IpAddr) {
        let name = String::from_utf8_lossy(name.get(..NAME_MAX).unwrap_or(name)).into_owned();
        with(&self.0, |all| {
            let known = all.iter().position(|one| one.name == name);
            let before = known.and_then(|at| all.remove(at));
            if all.len() >= STRANGERS_MAX {
                all.pop_front();
            }
            all.push_back(match before {
                Some(before) => Stranger { peer, last: wall, times: before.times + 1, ..before },
                None => Stranger { name, peer, first: wall, last: wall, times: 1 },
            });
        });
    }

    /// They, the newest first.
    pub fn newest(&self) -> Vec<Stranger> {
        with(&self.0, |all| all.iter().rev().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn a_name_is_counted_once_with_its_first_and_last_time_and_the_newest_come_first() {
        let strangers = Strangers::default();
        for at in 0..10 {
            strangers.note(second(at), if at % 2 == 0 { b"even" } else { b"odd" }, PEER);
        }
        let newest = strangers.newest();
        let names: Vec<(&str, u64)> =
            newest.iter().map(|one| (one.name.as_str(), one.times)).collect();
        assert_eq!(names, [("odd", 5), ("even", 5)]);
        assert_eq!((newest[0].first, newest[0].last), (second(1), second(9)));
    }

    #[test]
    fn names_are_cut_and_beyond_their_number_the_one_of_the_longest_ago_goes() {
        let strangers = Strangers::default();
        for at in 0..1000 {
            strangers.note(second(at), format!("{at:04}{}", "x".repeat(60)).as_bytes(), PEER);
        }
        let newest = strangers.newest();
        assert_eq!(newest.len(), STRANGERS_MAX);
        assert_eq!(newest[0].name, format!("0999{}", "x".repeat(12)));
        assert_eq!(newest.last().unwrap().first, second(1000 - STRANGERS_MAX as u64));
        strangers.note(second(2000), &[0xff, b'a'], PEER);
        assert_eq!(strangers.newest()[0].name, "\u{fffd}a");
    }
}
