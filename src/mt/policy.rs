//! Who may be texted, and when: the verdict on a message, before it is taken and again before it
//! goes.
//!
//! ```text
//!   class --- transactional, conversational --------------------------------> send
//!         `-- marketing --> consent --> quiet hours --> caps --> send | hold | refuse
//! ```
//!
//! Everything here is a function of what it is told, the time included. What rules say is data: a
//! table of profiles, of places, of holidays. None of it is legal advice.

pub mod brands;
pub mod caps;
pub mod choices;
pub mod holidays;
pub mod hours;
mod judge;
pub mod ledger;
pub mod mention;
mod openings;
pub mod places;
pub mod profiles;
pub mod senders;
mod talks;
mod terms;

#[cfg(test)]
mod tests;

pub use brands::{Brands, Sender, StopBy};
pub use caps::{Cap, NoCap, Sent, Texted};
pub use choices::{Choice, Choices, Chosen, Handset, Reach, Scope};
pub use holidays::{Region, Regions};
pub use hours::{Opening, opening, spread};
pub use judge::{AtQuietHours, Facts, Rule, Verdict, judge};
pub use openings::Openings;
pub use places::{Place, Places};
pub use profiles::{PROFILES, Profile};
pub use talks::Talks;
pub use terms::{Consent, Policies, QuietHours, Terms};
