//! What is asked of marketing, by where it goes, whose it is and who it says it is from.
//!
//! ```text
//!   account, sender, destination --longest prefix, most filters, file order--> Terms
//! ```

use std::time::Duration;

use super::caps::Cap;
use super::choices::Reach;
use super::judge::AtQuietHours;
use super::profiles::Profile;
use crate::message::class::TrafficClass;
use crate::message::words::words;
use crate::mt::routing::{Action, Filter, Prefix, Routes, Table, Traits};

/// When marketing is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum QuietHours {
    /// By the profile of the country of each destination; where a country has none, at any time.
    ByCountry,
    /// At any time.
    #[default]
    None,
    /// By this profile.
    Profile(&'static Profile),
}

words! {
    /// What a handset must have said before it gets marketing.
    #[derive(Default)]
    pub enum Consent {
        /// Nothing: it may opt out.
        #[default]
        None = "none",
        /// That it wants it.
        OptIn = "opt_in",
    }
}

/// What is asked of marketing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// When it is sent.
    pub quiet_hours: QuietHours,
    /// What becomes of what comes at another time.
    pub at_quiet_hours: AtQuietHours,
    /// Over how long what waited leaves, once it may.
    pub spread: Duration,
    /// For how long after a handset has written to a number what that number sends it is an answer,
    /// and no marketing.
    pub conversation: Duration,
    /// What the handset must have said.
    pub consent: Consent,
    /// Whether the rules of the destination's country hold of who may send there.
    pub sender_rules: bool,
    /// How many messages of one purpose a handset gets, and in how long.
    pub caps: Vec<Cap>,
    /// What is one purpose: all of a sender, a service, a brand, or everything.
    pub caps_per: Reach,
    /// What a text says at its end that does not say how to stop it.
    pub stop_mention: Option<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            quiet_hours: QuietHours::None,
            at_quiet_hours: AtQuietHours::Hold,
            spread: Duration::from_secs(15 * 60),
            conversation: Duration::from_secs(24 * 3_600),
            consent: Consent::None,
            sender_rules: true,
            caps: Vec::new(),
            caps_per: Reach::Brand,
            stop_mention: None,
        }
    }
}

impl QuietHours {
    /// The one that is written so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "by_country" => Some(Self::ByCountry),
            "none" => Some(Self::None),
            name => Profile::named(name).map(Self::Profile),
        }
    }

    /// The profile for a number.
    #[must_use]
    pub fn profile(self, destination: &[u8]) -> Option<&'static Profile> {
        match self {
            Self::ByCountry => Profile::of_country(destination),
            Self::None => None,
            Self::Profile(profile) => Some(profile),
        }
    }
}

/// All terms, and which messages each are for.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    routes: Routes,
    terms: Vec<Terms>,
}

impl Policies {
    /// Terms with the filters that say which messages they are for and the starts of destinations,
    /// of which none is all; in the order that decides between equals.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (Filter, Vec<Prefix>, Terms)>) -> Self {
        let (mut table, mut all) = (Table::default(), Vec::new());
        for (filter, prefixes, terms) in rows {
            let place = table.route(filter);
            // There is nowhere to go: which row it is is all that is asked.
            match prefixes.as_slice() {
                [] => table.entry(place, Prefix::default(), &Action::Reject),
                some => some.iter().for_each(|one| table.entry(place, *one, &Action::Reject)),
            }
            all.push(terms);
        }
        Self { routes: table.finish(), terms: all }
    }

    /// The terms of a marketing message; `None` when nothing is asked of it.
    #[must_use]
    pub fn of(&self, account: u32, sender: &[u8], destination: &[u8]) -> Option<&Terms> {
        let (class, wall) = (TrafficClass::Marketing, Duration::ZERO);
        let found = self.routes.find(Traits { account, class, sender, destination, wall })?;
        self.terms.get(found.route as usize)
    }

    /// All caps there are.
    pub fn caps(&self) -> impl Iterator<Item = &Cap> {
        self.terms.iter().flat_map(|terms| &terms.caps)
    }

    /// The longest time for which a handset's message makes answers of what is sent to it.
    #[must_use]
    pub fn conversation_max(&self) -> Duration {
        self.terms.iter().map(|terms| terms.conversation).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(digits: &str) -> Prefix {
        Prefix::parse(digits).unwrap()
    }

    #[test]
    fn the_longest_prefix_has_the_word_and_then_the_most_filters() {
        let hours = |name| QuietHours::named(name).unwrap();
        let row = |accounts: &[u32], prefixes: &[&str], name| {
            let filter = Filter { accounts: accounts.to_vec(), ..Filter::default() };
            let terms = Terms { quiet_hours: hours(name), ..Terms::default() };
            (filter, prefixes.iter().map(|one| prefix(one)).collect(), terms)
        };
        let policies = Policies::new([
            row(&[], &[], "by_country"),
            row(&[], &["33"], "fr-strict"),
            row(&[1], &["33"], "fr-af2m-2026"),
            row(&[], &["3397"], "none"),
        ]);
        let of = |account, to: &str| {
            policies.of(account, b"Shop", to.as_bytes()).map(|terms| terms.quiet_hours)
        };
        assert_eq!(of(0, "33612345678"), Some(hours("fr-strict")));
        assert_eq!(of(1, "33612345678"), Some(hours("fr-af2m-2026")));
        assert_eq!(of(1, "33970000000"), Some(hours("none")));
        assert_eq!(of(0, "12125550100"), Some(QuietHours::ByCountry));
        assert_eq!(Policies::default().of(0, b"Shop", b"33612345678"), None);
    }

    #[test]
    fn a_country_has_the_hours_of_its_profile() {
        let of = |number: &str| {
            QuietHours::ByCountry.profile(number.as_bytes()).map(|profile| profile.name)
        };
        assert_eq!(of("33612345678"), Some("fr-strict"));
        assert_eq!(of("262692123456"), Some("fr-strict"));
        assert_eq!(of("12125550100"), Some("us-strict"));
        assert_eq!(of("447700900123"), Some("uk"));
        assert_eq!(of("81312345678"), None);
        assert_eq!(QuietHours::named("fr"), None);
    }
}
