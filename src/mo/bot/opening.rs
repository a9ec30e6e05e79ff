//! When people are there to take over.

use std::time::Duration;

use crate::mt::policy::{Region, Regions};
use crate::mt::routing::Hours;

/// Hours of certain days, and the public holidays on which nobody comes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The hours, by the clocks of the bot.
    pub hours: Hours,
    /// Where holidays are kept.
    pub holidays: Regions,
}

impl Opening {
    /// Where holidays are known of, by their names in files.
    pub const HOLIDAYS: [(&'static str, Region); 13] = [
        ("france", Region::Mainland),
        ("alsace-moselle", Region::AlsaceMoselle),
        ("guadeloupe", Region::Guadeloupe),
        ("martinique", Region::Martinique),
        ("guyane", Region::Guyane),
        ("reunion", Region::Reunion),
        ("mayotte", Region::Mayotte),
        ("saint-barthelemy", Region::SaintBarthelemy),
        ("saint-martin", Region::SaintMartin),
        ("saint-pierre-et-miquelon", Region::SaintPierreMiquelon),
        ("nouvelle-caledonie", Region::NouvelleCaledonie),
        ("polynesie", Region::Polynesie),
        ("wallis-et-futuna", Region::WallisFutuna),
    ];

    /// Whether somebody is there at this moment on the wall.
    #[must_use]
    pub fn is_open(&self, wall: Duration) -> bool {
        self.hours.include(wall) && !self.holidays.rest_on(self.hours.zone.date(wall))
    }
}
