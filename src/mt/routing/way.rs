//! A lane to the carriers of a route, in the order they are to be tried.

use std::hash::{BuildHasher, Hasher};

/// The carriers of a route. Each lane has its own order of all of them, which changes with nothing
/// but the route: whoever takes the first that is up keeps a lane on one carrier, moves it when
/// that carrier is lost, and moves no other.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Way {
    targets: Box<[Target]>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Target {
    carrier: u32,
    /// Its share of the lanes; all are 0 where the order is the same for every lane.
    weight: u32,
}

impl Way {
    /// Carriers one route may have.
    pub const CARRIERS_MAX: usize = 64;

    /// These carriers, the first that is up before the others. Beyond [`Way::CARRIERS_MAX`] they
    /// are cut.
    #[must_use]
    pub fn failover(carriers: impl IntoIterator<Item = u32>) -> Self {
        Self::weighted(carriers.into_iter().map(|carrier| (carrier, 0)))
    }

    /// These carriers and their costs: the cheapest before the others, of equals the first.
    #[must_use]
    pub fn cheapest(carriers: impl IntoIterator<Item = (u32, u64)>) -> Self {
        let mut carriers: Vec<(u32, u64)> = carriers.into_iter().collect();
        carriers.sort_by_key(|(_, cost)| *cost);
        Self::failover(carriers.into_iter().map(|(carrier, _)| carrier))
    }

    /// These carriers and their weights: the lanes are divided among them in these proportions,
    /// and those of a carrier that is lost among the others in theirs. One of weight 0 has only
    /// what no other can take.
    #[must_use]
    pub fn weighted(carriers: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let target = |(carrier, weight)| Target { carrier, weight };
        Self { targets: carriers.into_iter().take(Self::CARRIERS_MAX).map(target).collect() }
    }

    /// All of them, in the order of the lane of this sender and destination.
    #[must_use]
    #[inline]
    pub fn carriers(&self, sender: &[u8], destination: &[u8]) -> Carriers<'_> {
        let left = self.targets.iter().map(|target| u64::from(target.weight)).sum();
        let dice = if left == 0 { 0 } else { lane(sender, destination) };
        Carriers { targets: &self.targets, given: 0, left, dice }
    }
}

/// The carriers of one lane, in its order.
#[derive(Clone, Debug)]
pub struct Carriers<'a> {
    targets: &'a [Target],
    /// Those that were given, a bit each.
    given: u64,
    /// The weight of those that were not.
    left: u64,
    dice: u64,
}

impl Iterator for Carriers<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let given = self.given;
        let others = || {
            let bits = self.targets.iter().zip(0_u32..);
            bits.filter(move |(_, bit)| given & (1 << bit) == 0)
        };
        let (target, bit) = if self.left == 0 {
            others().next()?
        } else {
            // Drawing without putting back: the first is drawn by the weights, and each next one
            // by those that are left.
            let mut draw = ((u128::from(self.dice) * u128::from(self.left)) >> 64) as u64;
            others().find(|(target, _)| {
                let weight = u64::from(target.weight);
                let drawn = draw < weight;
                draw = draw.wrapping_sub(weight);
                drawn
            })?
        };
        self.given |= 1 << bit;
        self.left -= u64::from(target.weight);
        self.dice = next_dice(self.dice);
        Some(target.carrier)
    }
}

/// A number that is the same for every message of a lane, in this process and in the next.
fn lane(sender: &[u8], destination: &[u8]) -> u64 {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write(sender);
    hasher.write_u8(0xff);
    hasher.write(destination);
    hasher.finish()
}

/// Another number that depends on the last alone: one step of SplitMix64.
fn next_dice(dice: u64) -> u64 {
    let mut z = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANES: usize = 200_000;

    fn destination(at: usize) -> String {
        format!("336{at:08}")
    }

    /// How many lanes have each carrier first, of those that are up.
    fn shares(way: &Way, carriers: usize, up: impl Fn(u32) -> bool) -> Vec<usize> {
        let mut shares = vec![0; carriers];
        for at in 0..LANES {
            let mut carriers = way.carriers(b"Shop", destination(at).as_bytes());
            shares[carriers.find(|carrier| up(*carrier)).unwrap() as usize] += 1;
        }
        shares
    }

    #[test]
    fn weights_are_kept_within_two_in_a_hundred_also_when_a_carrier_is_lost() {
        for weights in [&[70, 20, 10][..], &[1, 1], &[50, 0, 30, 20], &[4_000_000_000, 1_000_000]] {
            let way = Way::weighted((0..).zip(weights.iter().copied()));
            for lost in [None, Some(0), Some(1)] {
                let up = |carrier: u32| Some(carrier as usize) != lost;
                let total: u64 = (0_u32..)
                    .zip(weights)
                    .filter(|(carrier, _)| up(*carrier))
                    .map(|(_, weight)| u64::from(*weight))
                    .sum();
                for (carrier, share) in shares(&way, weights.len(), up).into_iter().enumerate() {
                    let weight = f64::from(weights[carrier]) * f64::from(up(carrier as u32));
                    let expected = LANES as f64 * weight / total as f64;
                    let off = (share as f64 - expected).abs();
                    assert!(off <= 0.02 * LANES as f64, "{weights:?} {lost:?}: {carrier} {share}");
                }
            }
        }
    }

    #[test]
    fn a_carrier_that_is_lost_moves_its_own_lanes_and_no_other() {
        let way = Way::weighted([(7, 5), (8, 3), (9, 2)]);
        for at in 0..1000 {
            let destination = destination(at);
            let mut all = way.carriers(b"Shop", destination.as_bytes());
            let first = all.next().unwrap();
            let mut without = way.carriers(b"Shop", destination.as_bytes());
            let kept = without.find(|carrier| *carrier != 8).unwrap();
            assert!(first == 8 || first == kept);
        }
    }

    #[test]
    fn a_weight_of_0_has_what_no_other_can_take() {
        let way = Way::weighted([(1, 0), (2, 1), (3, 0)]);
        let order: Vec<u32> = way.carriers(b"Shop", b"33612").collect();
        assert_eq!(order, [2, 1, 3]);
    }

    #[test]
    fn the_cheapest_goes_first_and_of_equals_the_first_in_the_file() {
        let way = Way::cheapest([(1, 30), (2, 10), (3, 30), (4, 10)]);
        assert_eq!(way.carriers(b"x", b"1").collect::<Vec<_>>(), [2, 4, 1, 3]);
        assert_eq!(way.carriers(b"y", b"2").collect::<Vec<_>>(), [2, 4, 1, 3]);
    }

    proptest! {
        #[test]
        fn every_carrier_is_given_once_and_a_lane_always_has_the_same_order(
            weights in proptest::collection::vec(any::<u32>(), 0..64),
            sender in proptest::collection::vec(any::<u8>(), 0..21),
            destination in proptest::collection::vec(any::<u8>(), 0..21),
        ) {
            let way = Way::weighted((0..).zip(weights.iter().copied()));
            let order: Vec<u32> = way.carriers(&sender, &destination).collect();
            prop_assert!(order.iter().eq(&way.carriers(&sender, &destination).collect::<Vec<_>>()));
            let mut sorted = order;
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(0..weights.len() as u32));
        }
    }
}
