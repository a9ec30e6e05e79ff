//! Other settings for a session with a carrier, the next one or one that stands.

use std::sync::Arc;

use super::CarrierLink;
use crate::engine::handles::CarrierHandle;
use crate::engine::world::{Carrier, carrier_session};
use crate::session::Session;

impl CarrierLink {
    /// Begins a session by these settings. What others have for it is in the handle.
    pub fn begin(&mut self, carrier: &Arc<Carrier>) -> Arc<CarrierHandle> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::build;
    use crate::engine::settings::{self, Secret, Settings};

    fn settings(password: &str) -> Settings {
        let mut north = settings::Carrier::new(
            "north".to_owned(),
            "127.0.0.1:1".parse().unwrap(),
            "chappe".to_owned(),
        );
        north.password = Secret::new(password);
        Settings { carriers: vec![north], ..Settings::default() }
    }

    #[test]
    fn what_is_reloaded_while_a_bind_connects_holds_for_the_next() {
        let shared = Arc::new(build::shared(settings("typo")).unwrap());
        let carrier = shared.carrier(0).unwrap();
        carrier.grow(1, std::time::Duration::ZERO);
        let record = Arc::clone(&carrier.records.load()[0]);
        let mut owner = CarrierLink::new(Arc::clone(&shared), Arc::clone(&carrier), (0, record));
        let before = shared.world();
        let world = build::world(&shared.registry, settings("right"), Some(&before)).unwrap();
        shared.replace(Arc::new(world));
        owner.begin(&carrier);
        owner.refresh();
        assert_eq!(owner.carrier().settings.password, Secret::new("right"));
    }
}
