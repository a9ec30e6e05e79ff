//! Other limits and other rules of carriers for a shard that runs.

use std::sync::Arc;

use super::turns::{Turns, may_go};
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
        let policies = limits.policies.clone();
        // A reload that changes nothing of them hands over the same.
        let is_other =
            policies.as_ref().map(Arc::as_ptr) != self.limits.policies.as_ref().map(Arc::as_ptr);
        self.limits = limits;
        if is_other {
            self.change_policies(policies);
        }
        self.carriers = carriers;
        self.renew_lanes(effects);
    }

    /// Messages wait for their turn in a lane where their carrier or their route wants that now,
    /// and no longer where it did before.
    fn renew_lanes<E: Effects<Link = L>>(&mut self, effects: &mut E) {
        let wanted = self.carriers.iter().any(|rules| rules.unanswered_per_destination > 0);
        let before = self.turns.take();
        self.turns = (wanted || before.is_some()).then(Turns::default);
        for lane in before.into_iter().flat_map(Turns::into_lanes) {
            // What is out is out, also where that is more than may be now.
            for &ticket in &lane.out {
                if let Some(own) = self.lane_of(ticket)
                    && let Some(turns) = &mut self.turns
                {
                    turns.take_turn(own, ticket);
                }
            }
            for ticket in lane.out.into_iter().chain(lane.waiting) {
                if self.slots.get(ticket).is_some_and(may_go) {
                    self.dispatch_back(ticket, effects);
                }
            }
        }
    }
}
