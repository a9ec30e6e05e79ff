//! A seed to decisions: the same seed decides the same, in the same order.

/// A stream of numbers from a seed (splitmix64: each seed is a good one, and two streams whose
/// seeds differ by one have nothing in common).
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    #[inline]
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.state)
    }

    /// The next number, below `bound` (which is at least 1).
    pub fn below(&mut self, bound: u64) -> u64 {
        // The product's upper half is as even as the number, to one part in 2^64 / bound.
        ((u128::from(self.roll()) * u128::from(bound)) >> 64) as u64
    }

    /// Whether what has this chance happens now. A chance of nought takes no number.
    #[inline]
    pub fn hits(&mut self, chance: Chance) -> bool {
        chance.0 > 0 && self.roll() <= chance.0
    }

    /// Puts `items` in any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (2..=items.len()).rev() {
            items.swap(end - 1, self.below(end as u64) as usize);
        }
    }
}

/// A number that depends on all bits of `value`.
#[inline]
#[must_use]
pub fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How often something happens: from never to always.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Chance(u64);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// A chance of `share`, which lies in 0 to 1; `None` when it does not.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        // The cast saturates: 1 becomes the largest number, which every roll is at or below.
        (0.0..=1.0).contains(&share).then(|| Self((share * 2_f64.powi(64)) as u64))
    }

    /// Whether it can happen at all.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }
}

/// Things with weights, one of which is picked by a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Weighted<T> {
    /// Each with the sum of the weights up to and with its own.
    items: Vec<(u64, T)>,
}

impl<T: Copy> Weighted<T> {
    /// This one, always.
    #[must_use]
    pub fn only(item: T) -> Self {
        Self { items: vec![(1, item)] }
    }

    /// These, each with its weight; `None` when all weights are nought.
    #[must_use]
    pub fn new(weights: &[(T, u32)]) -> Option<Self> {
        let mut sum = 0_u64;
        let items: Vec<(u64, T)> = weights
            .iter()
            .filter(|(_, weight)| *weight > 0)
            .map(|&(item, weight)| {
                sum += u64::from(weight);
                (sum, item)
            })
            .collect();
        (!items.is_empty()).then_some(Self { items })
    }

    /// The one that `number` (any number, evenly spread) picks.
    #[inline]
    #[must_use]
    pub fn pick(&self, number: u64) -> T {
        let (sum, last) = self.items[self.items.len() - 1];
        if self.items.len() == 1 {
            return last;
        }
        let at = ((u128::from(number) * u128::from(sum)) >> 64) as u64;
        self.items.iter().find(|(end, _)| at < *end).map_or(last, |&(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_decides_the_same() {
        let decisions = |seed| -> Vec<u64> {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.roll()).collect()
        };
        assert_eq!(decisions(7), decisions(7));
        assert_ne!(decisions(7), decisions(8));
    }

    #[test]
    fn a_chance_comes_as_often_as_it_says() {
        let mut dice = Dice::new(1);
        for share in [0.0, 0.01, 0.5, 1.0] {
            let chance = Chance::new(share).unwrap();
            let hits = (0..100_000).filter(|_| dice.hits(chance)).count();
            assert!((hits as f64 / 100_000.0 - share).abs() < 0.01, "{share}: {hits}");
        }
        assert_eq!((0..10_000).filter(|_| dice.hits(Chance::new(1.0).unwrap())).count(), 10_000);
        assert!([1.01, -0.1, f64::NAN].iter().all(|&share| Chance::new(share).is_none()));
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(1);
        let weighted = Weighted::new(&[('a', 95), ('b', 0), ('c', 5)]).unwrap();
        let picks: Vec<char> = (0..100_000).map(|_| weighted.pick(dice.roll())).collect();
        let share = |c| picks.iter().filter(|&&pick| pick == c).count();
        assert!(share('a').abs_diff(95_000) < 500 && share('b') == 0 && share('c') > 0);
        assert!(Weighted::<char>::new(&[('a', 0)]).is_none());
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Dice::new(3).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<u32>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<u32>>());
    }
}
