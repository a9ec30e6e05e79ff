//! A number to every place it may be in, and what clocks show there.
//!
//! Clocks follow one of two rules in summer, or none: a rule is the same for everyone who has it,
//! so no file of zones is needed. A test compares each place with the tables that `jiff` brings.

use super::holidays::{Region, Regions};
use crate::clock::Date;

/// A place with clocks and holidays of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// What it is called in the tables of zones.
    pub zone: &'static str,
    /// Seconds ahead of UTC in winter.
    standard: i64,
    summer: Summer,
    /// Whose holidays it has, as far as they are known.
    pub regions: Regions,
}

/// When clocks go forward an hour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Summer {
    Never,
    /// From the last Sunday of March to that of October, 01:00 UTC (Directive 2000/84/EC).
    Europe,
    /// From the second Sunday of March to the first of November, 02:00 by its clocks (15 U.S.C.
    /// 260a).
    America,
}

/// The places of one number.
pub type Places = &'static [Place];

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const fn place(zone: &'static str, minutes: i64, summer: Summer, regions: &[Region]) -> Place {
    Place { zone, standard: minutes * 60, summer, regions: Regions::of(regions) }
}

const fn american(zone: &'static str, hours: i64) -> Place {
    place(zone, hours * 60, Summer::America, &[])
}

const PARIS: Place = place("Europe/Paris", 60, Summer::Europe, &[Region::Mainland]);
const ROME: Place = place("Europe/Rome", 60, Summer::Europe, &[]);
const BERLIN: Place = place("Europe/Berlin", 60, Summer::Europe, &[]);
const LONDON: Place = place("Europe/London", 0, Summer::Europe, &[]);
const GUADELOUPE: Place = place(
    "America/Guadeloupe",
    -240,
    Summer::Never,
    &[Region::Guadeloupe, Region::SaintBarthelemy, Region::SaintMartin],
);
const MARTINIQUE: Place = place("America/Martinique", -240, Summer::Never, &[Region::Martinique]);
const CAYENNE: Place = place("America/Cayenne", -180, Summer::Never, &[Region::Guyane]);
const REUNION: Place = place("Indian/Reunion", 240, Summer::Never, &[Region::Reunion]);
const MAYOTTE: Place = place("Indian/Mayotte", 180, Summer::Never, &[Region::Mayotte]);
const MIQUELON: Place =
    place("America/Miquelon", -180, Summer::America, &[Region::SaintPierreMiquelon]);
const NOUMEA: Place = place("Pacific/Noumea", 660, Summer::Never, &[Region::NouvelleCaledonie]);
const WALLIS: Place = place("Pacific/Wallis", 720, Summer::Never, &[Region::WallisFutuna]);
const TAHITI: Place = place("Pacific/Tahiti", -600, Summer::Never, &[Region::Polynesie]);
const MARQUESAS: Place = place("Pacific/Marquesas", -570, Summer::Never, &[Region::Polynesie]);
const GAMBIER: Place = place("Pacific/Gambier", -540, Summer::Never, &[Region::Polynesie]);
const NEW_YORK: Place = american("America/New_York", -5);
const CHICAGO: Place = american("America/Chicago", -6);
const DENVER: Place = american("America/Denver", -7);
const PHOENIX: Place = place("America/Phoenix", -420, Summer::Never, &[]);
const LOS_ANGELES: Place = american("America/Los_Angeles", -8);
const ANCHORAGE: Place = american("America/Anchorage", -9);
const ADAK: Place = american("America/Adak", -10);
const HONOLULU: Place = place("Pacific/Honolulu", -600, Summer::Never, &[]);
const HALIFAX: Place = american("America/Halifax", -4);
const ST_JOHNS: Place = place("America/St_Johns", -210, Summer::America, &[]);
const REGINA: Place = place("America/Regina", -360, Summer::Never, &[]);
const PUERTO_RICO: Place = place("America/Puerto_Rico", -240, Summer::Never, &[]);
const GUAM: Place = place("Pacific/Guam", 600, Summer::Never, &[]);
const PAGO_PAGO: Place = place("Pacific/Pago_Pago", -660, Summer::Never, &[]);

const EASTERN: Places = &[NEW_YORK];
const CENTRAL: Places = &[CHICAGO];
const MOUNTAIN: Places = &[DENVER];
const PACIFIC: Places = &[LOS_ANGELES];
const EASTERN_OR_CENTRAL: Places = &[NEW_YORK, CHICAGO];
const CENTRAL_OR_MOUNTAIN: Places = &[CHICAGO, DENVER];
const MOUNTAIN_OR_PACIFIC: Places = &[DENVER, LOS_ANGELES];
/// A number of an area code that is not listed, or of none, as toll-free ones.
const ANYWHERE_AMERICAN: Places =
    &[ST_JOHNS, HALIFAX, NEW_YORK, CHICAGO, DENVER, LOS_ANGELES, ANCHORAGE, HONOLULU];

/// Prefixes and their places; the longest that a number begins with counts. A country that is not
/// here has no hours, whatever its profile.
const PREFIXES: &[(&str, Places)] = &[
    ("33", &[PARIS]),
    ("39", &[ROME]),
    ("44", &[LONDON]),
    ("49", &[BERLIN]),
    ("262", &[REUNION, MAYOTTE]),
    ("262262", &[REUNION]),
    ("262263", &[REUNION]),
    ("262269", &[MAYOTTE]),
    ("262639", &[MAYOTTE]),
    ("262692", &[REUNION]),
    ("262693", &[REUNION]),
    ("508", &[MIQUELON]),
    ("590", &[GUADELOUPE]),
    ("594", &[CAYENNE]),
    ("596", &[MARTINIQUE]),
    ("681", &[WALLIS]),
    ("687", &[NOUMEA]),
    ("689", &[TAHITI, MARQUESAS, GAMBIER]),
];

/// Area codes of the United States and Canada by their places. Those that lie in two zones are
/// listed with both, by the zones of the counties they reach. Compared with the zones that
/// libphonenumber 9.0.43 has of each.
const AREA_CODES: &[(&str, Places)] = &[
    (
        "201 202 203 207 212 215 216 220 223 227 229 231 234 239 240 248 252 260 267 269 272 276 \
         283 301 302 304 305 313 315 317 321 324 326 329 330 332 336 339 347 351 352 363 380 386 \
         401 404 407 410 412 413 419 434 436 440 443 445 463 470 472 475 478 484 508 513 516 517 \
         518 540 551 561 567 570 571 582 585 586 603 607 609 610 614 616 617 624 631 640 645 646 \
         656 667 678 679 680 681 686 689 703 704 706 716 717 718 724 727 728 732 734 740 743 754 \
         757 762 765 770 771 772 774 781 786 802 803 804 810 813 814 821 826 828 835 838 839 843 \
         845 848 854 856 857 859 860 862 863 864 865 878 904 908 910 912 914 917 919 929 934 937 \
         941 943 947 948 954 959 973 978 980 984 989",
        EASTERN,
    ),
    (
        "226 249 263 273 289 343 354 365 382 416 437 438 450 468 514 519 548 579 613 647 683 705 \
         742 753 819 873 905 942",
        EASTERN,
    ),
    (
        "205 210 214 217 218 224 225 228 235 251 254 256 262 274 281 309 312 314 316 318 319 320 \
         325 327 331 334 337 346 353 361 402 405 409 414 417 430 447 464 469 479 501 504 507 512 \
         515 531 534 539 557 563 572 573 580 601 608 612 615 618 629 630 636 641 651 659 660 662 \
         682 708 712 713 715 726 730 731 737 763 769 773 779 806 815 816 817 830 832 847 861 870 \
         872 901 903 913 918 920 924 931 936 938 940 945 952 956 972 975 979 985",
        CENTRAL,
    ),
    ("204 431 584", CENTRAL),
    ("303 385 406 435 505 575 719 720 748 801 970 983 307 368 403 587 780 825", MOUNTAIN),
    (
        "206 209 213 253 279 310 323 341 350 360 369 408 415 424 425 442 503 509 510 530 559 562 \
         564 604 619 626 628 650 657 661 669 702 707 714 725 738 747 760 805 818 820 831 837 840 \
         858 909 916 925 949 951 971",
        PACIFIC,
    ),
    ("367 418 581", &[NEW_YORK, HALIFAX]),
    ("219 270 364 448 423 574 606 502 812 850 906 930 807", EASTERN_OR_CENTRAL),
    ("308 432 605 620 701 785 915", CENTRAL_OR_MOUNTAIN),
    ("208 236 250 257 458 541 672 775 778 986", MOUNTAIN_OR_PACIFIC),
    ("480 520 602 623", &[PHOENIX]),
    ("928", &[PHOENIX, DENVER]),
    ("907", &[ANCHORAGE, ADAK]),
    ("808", &[HONOLULU]),
    ("902 782 506 428", &[HALIFAX]),
    ("709 879", &[ST_JOHNS, HALIFAX]),
    ("306 639 474", &[REGINA, DENVER]),
    ("867", &[NEW_YORK, CHICAGO, DENVER, PHOENIX]),
    ("787 939 340", &[PUERTO_RICO]),
    ("671 670", &[GUAM]),
    ("684", &[PAGO_PAGO]),
];

/// Digits that prefixes have, the longest first.
const LENGTHS: [usize; 3] = [6, 3, 2];

/// Where a number may be, which is written with its country code and without `+`.
#[must_use]
pub fn of(number: &[u8]) -> Places {
    if let [b'1', area @ ..] = number {
        return area.get(..3).and_then(area_code).unwrap_or(ANYWHERE_AMERICAN);
    }
    LENGTHS
        .into_iter()
        .find_map(|length| {
            let prefix = number.get(..length)?;
            PREFIXES.iter().find(|(known, _)| known.as_bytes() == prefix)
        })
        .map_or(&[], |(_, places)| *places)
}

/// Every place there is, some of them more than once.
pub fn all() -> impl Iterator<Item = Place> {
    let listed = PREFIXES.iter().chain(AREA_CODES).flat_map(|(_, places)| *places);
    listed.chain(ANYWHERE_AMERICAN).copied()
}

/// For each area code the row of [`AREA_CODES`] that has it, counted from 1.
#[expect(clippy::indexing_slicing, reason = "what panics is the compiler")]
const ROWS: [u8; 1000] = {
    let mut rows = [0; 1000];
    let mut row = 0;
    while row < AREA_CODES.len() {
        // Codes are three digits and a blank each.
        let codes = AREA_CODES[row].0.as_bytes();
        let mut at = 0;
        while at < codes.len() {
            let code = number([codes[at], codes[at + 1], codes[at + 2]]);
            assert!(rows[code] == 0, "an area code is in one row");
            rows[code] = row as u8 + 1;
            at += 4;
        }
        row += 1;
    }
    rows
};

const fn number([a, b, c]: [u8; 3]) -> usize {
    (a - b'0') as usize * 100 + (b - b'0') as usize * 10 + (c - b'0') as usize
}

fn area_code(code: &[u8]) -> Option<Places> {
    let code: [u8; 3] = code.try_into().ok()?;
    let row = ROWS.get(code.iter().all(u8::is_ascii_digit).then(|| number(code))?)?;
    AREA_CODES.get(usize::from(*row).checked_sub(1)?).map(|(_, places)| *places)
}

impl Place {
    /// Seconds that its clocks are ahead of UTC at this moment, seconds since 1970.
    #[must_use]
    pub fn offset(&self, at: i64) -> i64 {
        let summer = match self.summer {
            Summer::Never => false,
            Summer::Europe => {
                let year = Date::from_days(at.div_euclid(DAY)).civil().0;
                let change = |month| last_sunday(year, month).days() * DAY + HOUR;
                (change(3)..change(10)).contains(&at)
            }
            Summer::America => {
                let year = Date::from_days((at + self.standard).div_euclid(DAY)).civil().0;
                let local = |date: Date| date.days() * DAY + 2 * HOUR - self.standard;
                let forward = local(sunday_from(Date::new(year, 3, 8)));
                // They show an hour more when they go back.
                let back = local(sunday_from(Date::new(year, 11, 1))) - HOUR;
                (forward..back).contains(&at)
            }
        };
        self.standard + if summer { HOUR } else { 0 }
    }

    /// The moment at which its clocks show this, seconds of a day that began in 1970; the first of
    /// two, and what follows where they leave it out.
    #[must_use]
    pub fn moment(&self, shown: i64) -> i64 {
        let in_summer = shown - self.standard - HOUR;
        if in_summer + self.offset(in_summer) >= shown { in_summer } else { shown - self.standard }
    }
}

fn sunday_from(date: Date) -> Date {
    date.plus((6 - i64::from(date.weekday().place())).rem_euclid(7))
}

fn last_sunday(year: i64, month: i64) -> Date {
    sunday_from(Date::new(year, month + 1, 1)).plus(-7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(number: &str) -> Vec<&'static str> {
        of(number.as_bytes()).iter().map(|place| place.zone).collect()
    }

    #[test]
    fn a_number_is_in_every_place_it_may_be_in() {
        assert_eq!(zones("33612345678"), ["Europe/Paris"]);
        assert_eq!(zones("590690123456"), ["America/Guadeloupe"]);
        assert_eq!(zones("262692123456"), ["Indian/Reunion"]);
        assert_eq!(zones("262639123456"), ["Indian/Mayotte"]);
        assert_eq!(zones("262709123456"), ["Indian/Reunion", "Indian/Mayotte"]);
        assert_eq!(zones("68987123456").len(), 3);
        assert_eq!(zones("12125550100"), ["America/New_York"]);
        assert_eq!(zones("18505550100"), ["America/New_York", "America/Chicago"]);
        assert_eq!(zones("14355550100"), ["America/Denver"]);
        assert_eq!(zones("16845550100"), ["Pacific/Pago_Pago"]);
        assert_eq!(zones("18005550100").len(), 8);
        assert_eq!(zones("1x005550100"), zones("18005550100"));
        assert_eq!(zones("81312345678"), [""; 0]);
        assert_eq!(zones("1"), zones("18005550100"));
    }

    #[test]
    fn every_prefix_is_looked_for() {
        let lengths = PREFIXES.iter().map(|(prefix, _)| prefix.len());
        assert!(lengths.into_iter().all(|length| LENGTHS.contains(&length)));
    }

    #[test]
    fn clocks_go_forward_and_back() {
        // 2026-03-29T01:00:00Z and 2026-10-25T01:00:00Z.
        assert_eq!(PARIS.offset(1_774_746_000 - 1), HOUR);
        assert_eq!(PARIS.offset(1_774_746_000), 2 * HOUR);
        assert_eq!(PARIS.offset(1_792_890_000 - 1), 2 * HOUR);
        assert_eq!(PARIS.offset(1_792_890_000), HOUR);
        // 2026-03-08T07:00:00Z and 2026-11-01T06:00:00Z.
        assert_eq!(NEW_YORK.offset(1_772_953_200 - 1), -5 * HOUR);
        assert_eq!(NEW_YORK.offset(1_772_953_200), -4 * HOUR);
        assert_eq!(NEW_YORK.offset(1_793_512_800 - 1), -4 * HOUR);
        assert_eq!(NEW_YORK.offset(1_793_512_800), -5 * HOUR);
        assert_eq!(PHOENIX.offset(1_780_000_000), -7 * HOUR);
    }

    #[test]
    fn what_clocks_show_is_a_moment() {
        for place in [PARIS, NEW_YORK, ST_JOHNS, MARQUESAS, NOUMEA] {
            for at in (1_767_225_600..1_798_761_600).step_by(5_400) {
                let shown = at + place.offset(at);
                let moment = place.moment(shown);
                assert_eq!(moment + place.offset(moment), shown, "{} {at}", place.zone);
                assert!(moment == at || moment == at - HOUR, "{} {at}", place.zone);
            }
        }
        // 02:30 is left out: 2026-03-29T02:30 by clocks of Paris.
        let left_out = 1_774_751_400;
        assert_eq!(PARIS.moment(left_out), left_out - HOUR);
    }
}
