//! Marketing, and handsets that want it no more.

use super::*;
use crate::message::class::TrafficClass;
use crate::mt::policy::{Brands, Cap, Policies, QuietHours, Reach, Sender, Terms};
use crate::mt::routing::Filter;

/// A number whose STOP reaches everything.
pub fn brands() -> Arc<Brands> {
    let sender = Sender { reach: Reach::All, ..Sender::default() };
    Arc::new(Brands::new([("36105".to_owned(), sender)], []))
}

/// When marketing to France may be sent no more on the day of [`START`] by the strictest hours
/// there are: 18:00 in Paris.
pub const CLOSES_AT: Duration = Duration::from_secs(1_790_006_400);

/// Those hours, and a cap that is reached now and then.
pub fn policies() -> Arc<Policies> {
    let terms = Terms {
        quiet_hours: QuietHours::named("us-strict").unwrap(),
        caps: vec![Cap::parse("4/day").unwrap()],
        ..Terms::default()
    };
    Arc::new(Policies::new([(Filter::default(), Vec::new(), terms)]))
}

impl Run {
    pub(super) fn market(&mut self, handset: usize, segments: u16, wait_s: u64) {
        self.submitted += 1;
        let destination = Address::new(1, 1, HANDSETS[handset].as_bytes());
        let message = if segments > 1 { long_message(segments) } else { message() };
        let class = TrafficClass::Marketing;
        submit(&mut self.world, Message { class, destination, ..message }, (150, wait_s));
    }

    pub(super) fn writes(&mut self, handset: usize, stop: bool) {
        let source = Address::new(1, 1, HANDSETS[handset].as_bytes());
        let message = mo(if stop { "STOP" } else { "START" });
        // A STOP is nobody else's.
        self.deliveries_of_mo += usize::from(!stop);
        self.opted_out[handset] = stop;
        self.world.mo(&owned_by(0), MoMessage { source, ..message });
    }

    /// No marketing is with a dispatcher when nobody is to be disturbed, but the rest of what has
    /// left.
    pub(super) fn check_quiet(&self) {
        let World { shard, notes, now, .. } = &self.world;
        if self.limits.policies.is_none() || now.wall < CLOSES_AT {
            return;
        }
        for (one, _) in &notes.out {
            let Some(live) = shard.slots.get(one.ticket) else { continue };
            let in_flight = self.in_flight.iter().any(|sent| sent.ticket == one.ticket);
            let has_left = live.any(Place::Accepted) || in_flight;
            let is_marketing = live.message.class == TrafficClass::Marketing;
            // It is an hour earlier in London.
            let is_french = live.message.destination.octets().starts_with(b"33");
            assert!(!is_marketing || !is_french || has_left, "marketing at night");
        }
    }

    /// No marketing is given to a dispatcher whose handset has opted out, but the rest of what has
    /// left.
    pub(super) fn check_opted_out(&self) {
        let World { shard, notes, .. } = &self.world;
        for (one, _) in &notes.out {
            let Some(live) = shard.slots.get(one.ticket) else { continue };
            let handset = live.message.destination.octets();
            let at = HANDSETS.iter().position(|one| one.as_bytes() == handset);
            let is_out = at.is_some_and(|at| self.opted_out[at]);
            let in_flight = self.in_flight.iter().any(|sent| sent.ticket == one.ticket);
            let has_left = live.any(Place::Accepted) || in_flight;
            let is_marketing = live.message.class == TrafficClass::Marketing;
            assert!(!is_out || !is_marketing || has_left, "marketing after STOP");
        }
    }
}
