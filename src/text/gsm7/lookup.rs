//! Table rows to lookups: from a character to its septet, derived while compiling.
//!
//! The default alphabet answers for Latin-1 and Greek with one indexed read, since nearly every
//! message is only that. National tables are searched in rows sorted by character.

// The const functions index freely: they run while compiling, where a wrong index is an error.
#![allow(clippy::indexing_slicing)]

use super::tables::{DEFAULT_LOCKING, DEFAULT_SINGLE};
use super::{ESCAPE, Septets};

/// The escape as the locking tables show it; no text is ever written with it.
pub(super) const ESC: char = '\u{1B}';
/// A place of a locking table that has no character. No table assigns U+0000.
pub(super) const NONE: char = '\0';

/// The two tables of one language and their inverses.
pub(super) struct National {
    pub(super) name: &'static str,
    pub(super) locking: Option<&'static [char; 128]>,
    pub(super) single: &'static [(u8, char)],
    pub(super) locking_by_char: &'static [(char, u8)],
    pub(super) single_by_char: &'static [(char, u8)],
}

/// The septets of `ch` in the default alphabet and its extension; `None` if it has none.
#[inline]
pub(super) fn default_septets(ch: char) -> Option<Septets> {
    let code = ch as usize;
    let entry = match (LATIN.get(code), GREEK.get(code.wrapping_sub(GREEK_FIRST))) {
        (Some(&entry), _) | (None, Some(&entry)) => entry,
        (None, None) if ch == '€' => EURO,
        (None, None) => ABSENT,
    };
    match entry {
        ABSENT => None,
        single if single & EXTENDED != 0 => Some(Septets::Escaped(single & !EXTENDED)),
        plain => Some(Septets::Plain(plain)),
    }
}

/// The septet beside `ch` in rows sorted by character; the lowest where a table has it twice.
pub(super) fn find(rows: &[(char, u8)], ch: char) -> Option<u8> {
    if ch == NONE {
        return None;
    }
    let at = rows.partition_point(|row| row.0 < ch);
    rows.get(at).filter(|row| row.0 == ch).map(|row| row.1)
}

/// A locking table as rows, without the escape, which is no character.
pub(super) const fn numbered(table: &[char; 128]) -> [(u8, char); 128] {
    let mut rows = [(0, NONE); 128];
    let mut at = 0;
    while at < 128 {
        rows[at] = (at as u8, if at == ESCAPE as usize { NONE } else { table[at] });
        at += 1;
    }
    rows
}

/// Rows sorted by character. The sort is stable: of two septets for a character the lower is first.
pub(super) const fn by_char<const N: usize>(rows: [(u8, char); N]) -> [(char, u8); N] {
    let mut sorted = [(NONE, 0); N];
    let mut done = 0;
    while done < N {
        let (septet, ch) = rows[done];
        let mut at = done;
        while at > 0 && sorted[at - 1].0 as u32 > ch as u32 {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = (ch, septet);
        done += 1;
    }
    sorted
}

/// Whether each septet of the default alphabet is the ASCII character of the same number.
pub(super) static SAME_AS_ASCII: [bool; 128] = {
    let mut same = [false; 128];
    let mut septet = 0;
    while septet < 128 {
        same[septet] = DEFAULT_LOCKING[septet] as usize == septet && septet != ESCAPE as usize;
        septet += 1;
    }
    same
};

/// An entry of the direct tables for a character the alphabet lacks.
const ABSENT: u8 = 0xFF;
/// Set in an entry of the direct tables whose septet follows an escape.
const EXTENDED: u8 = 0x80;

const GREEK_FIRST: usize = 0x390;
const LATIN: [u8; 256] = direct(0);
const GREEK: [u8; 32] = direct(GREEK_FIRST);
const EURO: u8 = direct::<1>('€' as usize)[0];

/// The entries of the `N` characters from `first` on.
const fn direct<const N: usize>(first: usize) -> [u8; N] {
    let mut entries = [ABSENT; N];
    let mut row = 0;
    while row < DEFAULT_SINGLE.len() {
        let (septet, ch) = DEFAULT_SINGLE[row];
        if ch as usize >= first && (ch as usize) < first + N {
            entries[ch as usize - first] = septet | EXTENDED;
        }
        row += 1;
    }
    let mut septet = 0;
    while septet < 128 {
        let code = DEFAULT_LOCKING[septet] as usize;
        if code >= first && code < first + N && septet != ESCAPE as usize {
            entries[code - first] = septet as u8;
        }
        septet += 1;
    }
    entries
}

// The direct tables must reach every character of the default alphabet.
const _: () = {
    let mut septet = 0;
    while septet < 128 {
        let code = DEFAULT_LOCKING[septet] as usize;
        assert!(code < LATIN.len() || (code >= GREEK_FIRST && code < GREEK_FIRST + GREEK.len()));
        septet += 1;
    }
};
