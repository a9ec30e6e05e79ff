//! Characters to septets and back: the GSM 7-bit alphabets.
//!
//! A character is one septet of the locking table, or an escape (0x1B) and one septet of the single
//! shift table. Here a septet is an octet below 0x80, as SMPP carries it; [`super::packing`] knows
//! the radio's eight in seven octets. Source: 3GPP TS 23.038 §6.2.1.

mod lookup;
mod tables;

use lookup::{ESC, NONE, default_septets, find};
use tables::NATIONAL;

use super::Unencodable;

/// The septet that announces a character of the single shift table.
pub const ESCAPE: u8 = 0x1B;

/// How one character is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Septets {
    /// One septet of the locking table.
    Plain(u8),
    /// An escape and this septet of the single shift table.
    Escaped(u8),
}

impl Septets {
    /// How many septets it takes: 1 or 2.
    #[must_use]
    #[inline]
    pub fn units(self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Escaped(_) => 2,
        }
    }
}

/// A national language identifier (3GPP TS 23.038 §6.2.1.2.4). Unknown values are kept.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Language(pub u8);

impl Language {
    /// The GSM 7-bit default alphabet and its extension: no national table.
    pub const DEFAULT: Self = Self(0);
    /// Turkish.
    pub const TURKISH: Self = Self(1);
    /// Spanish; it has a single shift table only.
    pub const SPANISH: Self = Self(2);
    /// Portuguese.
    pub const PORTUGUESE: Self = Self(3);
    /// Bengali.
    pub const BENGALI: Self = Self(4);
    /// Gujarati.
    pub const GUJARATI: Self = Self(5);
    /// Hindi.
    pub const HINDI: Self = Self(6);
    /// Kannada.
    pub const KANNADA: Self = Self(7);
    /// Malayalam.
    pub const MALAYALAM: Self = Self(8);
    /// Oriya.
    pub const ORIYA: Self = Self(9);
    /// Punjabi.
    pub const PUNJABI: Self = Self(10);
    /// Tamil.
    pub const TAMIL: Self = Self(11);
    /// Telugu.
    pub const TELUGU: Self = Self(12);
    /// Urdu.
    pub const URDU: Self = Self(13);
    /// The highest identifier that has tables.
    pub const LAST: Self = Self::URDU;

    /// Every language that has national tables.
    pub fn national() -> impl Iterator<Item = Self> {
        (Self::DEFAULT.0 + 1..=Self::LAST.0).map(Self)
    }

    /// The language with national tables that has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::national().find(|language| language.name() == Some(name))
    }

    /// The language's name in lower case; `None` if we have no tables for the identifier.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NATIONAL.get(usize::from(self.0)).map(|national| national.name)
    }

    /// Whether there is a locking shift table for it.
    #[must_use]
    pub fn has_locking(self) -> bool {
        NATIONAL.get(usize::from(self.0)).is_some_and(|national| national.locking.is_some())
    }

    /// Whether there is a single shift table for it.
    #[must_use]
    pub fn has_single(self) -> bool {
        self.name().is_some()
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name}"),
            None => write!(f, "Language({})", self.0),
        }
    }
}

/// The tables in force for one message. A user data header announces those that are not default.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Shifts {
    /// The table of plain septets.
    pub locking: Language,
    /// The table of escaped septets.
    pub single: Language,
}

impl Shifts {
    /// The default alphabet and its extension table: no header needed.
    pub const NONE: Self = Self { locking: Language::DEFAULT, single: Language::DEFAULT };

    /// Whether both tables are the default ones.
    #[must_use]
    #[inline]
    pub fn is_default(self) -> bool {
        self == Self::NONE
    }

    /// How many header elements announce these tables: 0 to 2, of three octets each.
    #[must_use]
    #[inline]
    pub fn elements(self) -> usize {
        usize::from(self.locking != Language::DEFAULT)
            + usize::from(self.single != Language::DEFAULT)
    }

    /// How `ch` is written under these tables; `None` if it cannot be. A language we have no
    /// tables for counts as the default one (3GPP TS 23.040 §9.2.3.24.15 lets a handset do so).
    #[must_use]
    #[inline]
    pub fn septets(self, ch: char) -> Option<Septets> {
        if self.is_default() { default_septets(ch) } else { self.national_septets(ch) }
    }

    /// The character of a plain septet; `None` for an escape, an unassigned place or an octet
    /// above 0x7F.
    #[must_use]
    #[inline]
    pub fn plain(self, septet: u8) -> Option<char> {
        let table = NATIONAL
            .get(usize::from(self.locking.0))
            .and_then(|national| national.locking)
            .unwrap_or(&tables::DEFAULT_LOCKING);
        table.get(usize::from(septet)).copied().filter(|&ch| ch != NONE && ch != ESC)
    }

    /// The character of the septet after an escape. A septet the single shift table leaves open
    /// shows as in the locking table; a second escape shows as a space, being reserved for a table
    /// that nobody has defined (3GPP TS 23.038 §6.2.1.1).
    #[must_use]
    pub fn escaped(self, septet: u8) -> Option<char> {
        if septet == ESCAPE {
            return Some(' ');
        }
        let rows = NATIONAL
            .get(usize::from(self.single.0))
            .map_or(&tables::DEFAULT_SINGLE[..], |national| national.single);
        match rows.binary_search_by_key(&septet, |row| row.0) {
            Ok(at) => rows.get(at).map(|row| row.1),
            Err(_) => self.plain(septet),
        }
    }

    fn national_septets(self, ch: char) -> Option<Septets> {
        let locking = NATIONAL
            .get(usize::from(self.locking.0))
            .filter(|national| national.locking.is_some())
            .or(NATIONAL.first())?;
        if let Some(septet) = find(locking.locking_by_char, ch) {
            return Some(Septets::Plain(septet));
        }
        let single = NATIONAL.get(usize::from(self.single.0)).or(NATIONAL.first())?;
        find(single.single_by_char, ch).map(Septets::Escaped)
    }
}

/// Whether the octet is a septet that shows as the same ASCII character in the default alphabet.
pub(crate) fn is_ascii_septet(octet: &u8) -> bool {
    lookup::SAME_AS_ASCII.get(usize::from(*octet)).is_some_and(|&same| same)
}

/// How many septets `text` takes.
///
/// # Errors
/// [`Unencodable`] with the first character the tables lack.
pub fn measure(text: &str, shifts: Shifts) -> Result<usize, Unencodable> {
    let mut units = 0;
    for (at, ch) in text.char_indices() {
        let septets = shifts.septets(ch).ok_or(Unencodable { ch, at })?;
        units += septets.units();
    }
    Ok(units)
}

/// Appends the septets of `text` to `out`, one an octet.
///
/// # Errors
/// [`Unencodable`] with the first character the tables lack; `out` then ends before it.
pub fn encode(text: &str, shifts: Shifts, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    out.reserve(text.len());
    for (at, ch) in text.char_indices() {
        match shifts.septets(ch).ok_or(Unencodable { ch, at })? {
            Septets::Plain(septet) => out.push(septet),
            Septets::Escaped(septet) => out.extend([ESCAPE, septet]),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_shifts() -> impl Iterator<Item = Shifts> {
        (0..=Language::LAST.0).flat_map(|locking| {
            (0..=Language::LAST.0)
                .map(move |single| Shifts { locking: Language(locking), single: Language(single) })
        })
    }

    #[test]
    fn every_character_of_every_table_comes_back_from_its_septets() {
        for shifts in all_shifts() {
            for septet in 0..128 {
                for ch in shifts.plain(septet).into_iter().chain(shifts.escaped(septet)) {
                    let back = match shifts.septets(ch).expect("a table's character") {
                        Septets::Plain(septet) => shifts.plain(septet),
                        Septets::Escaped(septet) => shifts.escaped(septet),
                    };
                    assert_eq!(back, Some(ch), "{shifts:?} septet {septet:#04x}");
                }
            }
        }
    }

    #[test]
    fn the_direct_lookup_agrees_with_the_sorted_tables() {
        let unknown = Shifts { locking: Language(99), single: Language(99) };
        for ch in (0..=0x1_FFFF).filter_map(char::from_u32) {
            assert_eq!(Shifts::NONE.septets(ch), unknown.septets(ch), "{ch:?}");
        }
    }

    #[test]
    fn no_text_makes_a_bare_escape() {
        for shifts in all_shifts() {
            assert_eq!(shifts.septets(ESC), None);
            assert_eq!(shifts.septets(NONE), None);
        }
    }

    #[test]
    fn measuring_and_encoding_agree_and_name_the_first_stranger() {
        let mut out = Vec::new();
        encode("a€[", Shifts::NONE, &mut out).expect("GSM-7");
        assert_eq!(out, [0x61, 0x1B, 0x65, 0x1B, 0x3C]);
        assert_eq!(measure("a€[", Shifts::NONE), Ok(5));
        let stranger = Unencodable { ch: 'ê', at: 2 };
        assert_eq!(measure("éêë", Shifts::NONE), Err(stranger));
        assert_eq!(encode("éêë", Shifts::NONE, &mut out), Err(stranger));
    }

    #[test]
    fn languages_say_what_tables_they_have() {
        assert_eq!(Language::LAST.name(), Some("urdu"));
        assert_eq!(Language(14).name(), None);
        assert_eq!(Language::named("turkish"), Some(Language::TURKISH));
        assert_eq!(Language::named("default"), None);
        assert_eq!(Language::national().count(), 13);
        assert_eq!(format!("{:?} {:?}", Language::TURKISH, Language(200)), "turkish Language(200)");
        assert!(Language::SPANISH.has_single() && !Language::SPANISH.has_locking());
    }
}
