//! The rows of `[[policy]]`.

use super::{Absent, Default, Key, Kind, Required, count, ms, words};
use crate::mt::policy::AtQuietHours;

/// What `quiet_hours` may be.
const QUIET_HOURS: Kind = Kind::Word {
    now: &[
        "by_country",
        "none",
        "fr-strict",
        "fr-af2m-2024",
        "fr-af2m-2026",
        "fr-platforms",
        "us-federal",
        "us-strict",
        "uk",
        "de",
        "it",
    ],
    later: &[],
};

/// `[[policy]]`.
pub(in crate::config::schema) const POLICY: &[Key] = keys! {
    /// What reports call it.
    name: Kind::Name, Required;
    /// Starts of the destinations it is for.
    prefix: Kind::Prefixes, Absent("every destination");
    /// The senders it is for.
    sender: Kind::Patterns, Absent("any sender");
    /// system_ids of the accounts it is for.
    account: Kind::Names, Absent("any account");
    /// When marketing is sent: by a profile of the manual's page on compliance, in every zone where
    /// the number may be, or by that of the country of each destination (`by_country`), where it
    /// has one. Other classes are never held.
    quiet_hours: QUIET_HOURS, Default(r#""none""#);
    /// What becomes of marketing that comes at another time: it waits, judged again when it goes,
    /// or is answered ESME_RX_R_APPN. What waits beyond its validity ends EXPIRED 011.
    at_quiet_hours: words::<AtQuietHours>(), Default(r#""hold""#);
    /// Over how long what waited leaves once hours have opened, all to one handset together. A
    /// quarter of an hour: a night's campaign is no burst at eight, and nobody's shop opens
    /// before it is out.
    release_spread_ms: ms(0, 3_600_000), Default("900000");
    /// For how long after a handset has written to a number what that number sends it is an answer,
    /// which no rule holds unless it has opted out. A day, as carriers and platforms count. 0 is
    /// never. Forgotten by a restart.
    conversation_hours: count(0, 168, "hours"), Default("24");
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mt::policy::{PROFILES, QuietHours};

    #[test]
    fn every_profile_can_be_named_and_every_name_is_one() {
        let Kind::Word { now, .. } = QUIET_HOURS else { unreachable!() };
        assert!(now.iter().all(|name| QuietHours::named(name).is_some()));
        assert_eq!(now.len(), PROFILES.len() + 2);
    }
}
