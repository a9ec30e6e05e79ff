//! Other settings for a session with a carrier, the next one or one that stands.

use std::sync::Arc;

use super::CarrierLink;
use crate::engine::handles::CarrierHandle;
use crate::engine::world::{Carrier, carrier_session};
use crate::session::Session;

impl CarrierLink {
    /// Begins a session by these settings. What others have for it is in the handle.
    pub fn begin(&mut self, carrier: &Arc<Carrier>) -> Arc<CarrierHandle> {
        self.refresh();
        self.carrier = Arc::clone(carrier);
        if self.handle.window != carrier.settings.window_max {
            self.handle = CarrierHandle::new(carrier.settings.window_max);
        }
        Arc::clone(&self.handle)
    }

    /// Works by the newest world from now on; whether there was one.
    pub fn refresh(&mut self) -> bool {
        let is_newer = self.shared.refresh(&mut self.world);
        if is_newer && let Some(carrier) = self.world.carriers.get(self.carrier.index as usize) {
            self.carrier = Arc::clone(carrier);
        }
        is_newer
    }

    /// Its carrier, as it was last looked at.
    #[must_use]
    pub fn carrier(&self) -> &Arc<Carrier> {
        &self.carrier
    }

    /// What a session that stands is told of its carrier's settings. Its window and what its bind
    /// said stay as they are.
    pub(super) fn set_rules(&self, session: &mut Session) {
        let rules = carrier_session(&self.world.settings, &self.carrier);
        session.set_rules(rules.rules);
        session.set_timers(rules.enquire_link, rules.inactivity, rules.response_timeout);
    }
}
