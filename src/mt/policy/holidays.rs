//! Public holidays of France and its parts overseas.
//!
//! Sources disagree on some days overseas (Good Friday in Guadeloupe and Martinique, Mi-Carême,
//! the days of Nouvelle-Calédonie, Polynésie and Wallis-et-Futuna): the table has the union of
//! them, as its purpose is to leave people alone.

use crate::clock::Date;

/// Where holidays are the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Region {
    /// Metropolitan France.
    Mainland,
    /// Moselle, Bas-Rhin and Haut-Rhin (57, 67, 68), which a mobile number does not tell.
    AlsaceMoselle,
    /// Guadeloupe.
    Guadeloupe,
    /// Martinique.
    Martinique,
    /// Guyane.
    Guyane,
    /// La Réunion.
    Reunion,
    /// Mayotte.
    Mayotte,
    /// Saint-Barthélemy.
    SaintBarthelemy,
    /// Saint-Martin.
    SaintMartin,
    /// Saint-Pierre-et-Miquelon.
    SaintPierreMiquelon,
    /// Nouvelle-Calédonie.
    NouvelleCaledonie,
    /// Polynésie française.
    Polynesie,
    /// Wallis-et-Futuna.
    WallisFutuna,
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Regions(u16);

/// When in a year a holiday is.
#[derive(Clone, Copy, Debug)]
enum Day {
    /// This month and day.
    Fixed(i64, i64),
    /// So many days behind Easter Sunday.
    Easter(i64),
}

/// One holiday, and where it is one.
type Holiday = (Day, Regions);

const ALL: Regions = Regions(u16::MAX);

/// Every holiday.
const HOLIDAYS: &[Holiday] = &[
    (Day::Fixed(1, 1), ALL),
    (Day::Easter(1), ALL),
    (Day::Fixed(5, 1), ALL),
    (Day::Fixed(5, 8), ALL),
    (Day::Easter(39), ALL),
    (Day::Easter(50), ALL),
    (Day::Fixed(7, 14), ALL),
    (Day::Fixed(8, 15), ALL),
    (Day::Fixed(11, 1), ALL),
    (Day::Fixed(11, 11), ALL),
    (Day::Fixed(12, 25), ALL),
    (
        Day::Easter(-2),
        Regions::of(&[
            Region::AlsaceMoselle,
            Region::Guadeloupe,
            Region::Martinique,
            Region::Polynesie,
        ]),
    ),
    (Day::Fixed(12, 26), Regions::of(&[Region::AlsaceMoselle])),
    // Mi-Carême: the Thursday of the third week of Lent.
    (Day::Easter(-24), Regions::of(&[Region::Guadeloupe])),
    (Day::Fixed(4, 27), Regions::of(&[Region::Mayotte])),
    (Day::Fixed(5, 22), Regions::of(&[Region::Martinique])),
    (Day::Fixed(5, 27), Regions::of(&[Region::Guadeloupe])),
    (Day::Fixed(5, 28), Regions::of(&[Region::SaintMartin])),
    (Day::Fixed(6, 10), Regions::of(&[Region::Guyane])),
    (
        Day::Fixed(7, 21),
        Regions::of(&[Region::Guadeloupe, Region::Martinique, Region::SaintMartin]),
    ),
    (Day::Fixed(10, 9), Regions::of(&[Region::SaintBarthelemy])),
    (Day::Fixed(12, 20), Regions::of(&[Region::Reunion])),
    (Day::Fixed(9, 24), Regions::of(&[Region::NouvelleCaledonie])),
    (Day::Fixed(3, 5), Regions::of(&[Region::Polynesie])),
    (Day::Fixed(11, 20), Regions::of(&[Region::Polynesie])),
    (Day::Fixed(4, 28), Regions::of(&[Region::WallisFutuna])),
    (Day::Fixed(6, 29), Regions::of(&[Region::WallisFutuna])),
    (Day::Fixed(7, 29), Regions::of(&[Region::WallisFutuna])),
];

impl Regions {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub const fn of(regions: &[Region]) -> Self {
        let (mut bits, mut rest) = (0, regions);
        while let [region, others @ ..] = rest {
            bits |= 1 << *region as u8;
            rest = others;
        }
        Self(bits)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a day is a holiday in any of them.
    #[must_use]
    pub fn rest_on(self, date: Date) -> bool {
        let (year, month, day) = date.civil();
        let easter = Date::easter(year);
        HOLIDAYS.iter().any(|(when, regions)| {
            let is_then = match *when {
                Day::Fixed(of_month, of_day) => (month, day) == (of_month, of_day),
                Day::Easter(behind) => date == easter.plus(behind),
            };
            is_then && regions.0 & self.0 != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_year(regions: Regions, year: i64) -> Vec<(i64, i64)> {
        let first = Date::new(year, 1, 1);
        let days = (0..366).map(|day| first.plus(day)).filter(|day| day.civil().0 == year);
        days.filter(|day| regions.rest_on(*day)).map(|day| (day.civil().1, day.civil().2)).collect()
    }

    #[test]
    fn the_mainland_has_eleven() {
        let mainland = Regions::of(&[Region::Mainland]);
        let in_2026 = [
            (1, 1),
            (4, 6),
            (5, 1),
            (5, 8),
            (5, 14),
            (5, 25),
            (7, 14),
            (8, 15),
            (11, 1),
            (11, 11),
            (12, 25),
        ];
        assert_eq!(of_year(mainland, 2026), in_2026);
        let in_2027 = [
            (1, 1),
            (3, 29),
            (5, 1),
            (5, 6),
            (5, 8),
            (5, 17),
            (7, 14),
            (8, 15),
            (11, 1),
            (11, 11),
            (12, 25),
        ];
        assert_eq!(of_year(mainland, 2027), in_2027);
    }

    #[test]
    fn other_regions_have_theirs_beside_them() {
        let more = |region: Region| {
            let mut days = of_year(Regions::of(&[region]), 2026);
            days.retain(|day| !of_year(Regions::of(&[Region::Mainland]), 2026).contains(day));
            days
        };
        assert_eq!(more(Region::AlsaceMoselle), [(4, 3), (12, 26)]);
        assert_eq!(more(Region::Mayotte), [(4, 27)]);
        assert_eq!(more(Region::Martinique), [(4, 3), (5, 22), (7, 21)]);
        assert_eq!(more(Region::Guadeloupe), [(3, 12), (4, 3), (5, 27), (7, 21)]);
        assert_eq!(more(Region::SaintMartin), [(5, 28), (7, 21)]);
        assert_eq!(more(Region::Guyane), [(6, 10)]);
        assert_eq!(more(Region::SaintBarthelemy), [(10, 9)]);
        assert_eq!(more(Region::Reunion), [(12, 20)]);
        assert_eq!(more(Region::NouvelleCaledonie), [(9, 24)]);
        assert_eq!(more(Region::Polynesie), [(3, 5), (4, 3), (11, 20)]);
        assert_eq!(more(Region::WallisFutuna), [(4, 28), (6, 29), (7, 29)]);
        assert_eq!(more(Region::SaintPierreMiquelon), []);
        assert!(!Regions::NONE.rest_on(Date::new(2026, 1, 1)));
    }
}
