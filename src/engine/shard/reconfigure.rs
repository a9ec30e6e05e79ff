//! Other limits and other rules of carriers for a shard that runs.

use super::one_each::OneEach;
use super::{CarrierRules, Effects, Limits, Shard};

impl<L: Clone> Shard<L> {
    /// Goes by these from now on. Carriers keep their places; new ones stand behind. What is over a
    /// lower limit already goes when the next of its kind comes; how many ended messages are
    /// remembered stays as it is.
    pub fn reconfigure<E: Effects<Link = L>>(
        &mut self,
        limits: Limits,
        carriers: Vec<CarrierRules>,
        effects: &mut E,
    ) {
        self.leans.resize_with(carriers.len().max(self.leans.len()), Default::default);
        self.reassembly.set_limits(limits.reassembly);
        self.limits = limits;
        self.carriers = carriers;
        self.renew_lanes(effects);
    }

    /// Messages wait for their turn in a lane where their carrier or their route wants that now,
    /// and no longer where it did before.
    fn renew_lanes<E: Effects<Link = L>>(&mut self, effects: &mut E) {
        let wanted = self.carriers.iter().any(|rules| rules.one_per_destination);
        let before = self.one_each.take();
        self.one_each = (wanted || before.is_some()).then(OneEach::default);
        for lane in before.into_iter().flat_map(OneEach::into_lanes) {
            if let Some(own) = self.lane_of(lane.out)
                && let Some(lanes) = &mut self.one_each
            {
                lanes.enter(own, lane.out);
            }
            for ticket in lane.waiting {
                self.dispatch_back(ticket, effects);
            }
        }
    }
}
