//! The rows of `[[policy]]`.

use super::{Absent, Default, Key, Kind, Required, count, ms, words};
use crate::mt::policy::{AtQuietHours, Consent, Reach};

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
    /// What a handset must have said before it gets marketing: `opt_in` refuses what goes to one
    /// of which no consent is written down, with ESME_RX_R_APPN. `chappe consent import` writes
    /// them. Nothing by default, since a list may be kept elsewhere.
    consent: words::<Consent>(), Default(r#""none""#);
    /// Whether the rules hold that the destination's country has of senders: no marketing from 06
    /// and 07 numbers to France, no names to the United States and Canada. Others are answered
    /// ESME_RINVSRCADR.
    sender_rules: Kind::Flag, Default("true");
    /// How many messages a handset gets, in spans that slide: at most 100, in an `hour`, `day` or
    /// `week`, or so many hours (`12h`) or days (`30d`). One more is answered ESME_RX_R_APPN. They
    /// are counted as they go to their carrier, and kept in the journal.
    caps: Kind::Caps, Absent("any number");
    /// Of what it gets so many: of what comes from one sender, of one service, of one brand, or of
    /// all that is sent here. What a `[[number]]` is of it says itself.
    caps_per: words::<Reach>(), Default(r#""brand""#);
    /// What is put at the end of a text that does not have the word STOP, as France asks for: at
    /// most 40 letters, digits and signs that GSM-7 has where ASCII does. The segment plan counts
    /// it. Not in segments that an account cut itself.
    stop_mention: Kind::Mention, Absent("nothing is added");
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
