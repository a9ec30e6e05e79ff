//! The words of an answer, and how values are shown.

use crate::clock::Date;
use crate::mo::intent::plain;

/// The words of a text, without accents and in small letters: runs of letters, runs of digits, and
/// nothing else. `18h30` is three.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for c in plain(text).chars() {
        let kind = match c {
            c if c.is_ascii_digit() => Some(true),
            c if c.is_alphabetic() => Some(false),
            _ => None,
        };
        match (kind, words.last_mut()) {
            (Some(_), Some(word)) if kind == last => word.push(c),
            (Some(_), _) => words.push(c.to_string()),
            (None, _) => {}
        }
        last = kind;
    }
    words
}

/// A number in words, up to thirty-one: as many as there are days in a month.
pub(super) fn number_word(word: &str) -> Option<i64> {
    const FRENCH: [&str; 17] = [
        "zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
        "onze", "douze", "treize", "quatorze", "quinze", "seize",
    ];
    const ENGLISH: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let place = |list: &[&str]| list.iter().position(|one| *one == word);
    let place = match word {
        "une" | "a" | "an" | "premier" | "first" => Some(1),
        "vingt" | "twenty" => Some(20),
        "trente" | "thirty" => Some(30),
        _ => place(&FRENCH).or_else(|| place(&ENGLISH)),
    };
    place.and_then(|place| i64::try_from(place).ok())
}

pub(super) const WEEKDAYS: [[&str; 7]; 2] = [
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
];

const MONTHS: [[&str; 12]; 2] = [
    [
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
    ],
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
];

/// The place in its list of a name that is written out or cut off behind its third letter.
fn named<const N: usize>(lists: &[[&str; N]], word: &str) -> Option<i64> {
    let found = |list: &[&str; N]| {
        let exact = list.iter().position(|name| *name == word);
        let cut = || list.iter().position(|name| word.len() >= 3 && name.starts_with(word));
        exact.or_else(cut)
    };
    lists.iter().find_map(found).and_then(|place| i64::try_from(place).ok())
}

/// The day of the week of a name; Monday's is 0.
pub(super) fn weekday(word: &str) -> Option<i64> {
    named(&WEEKDAYS, word)
}

/// The month of a name; January's is 1.
pub(super) fn month(word: &str) -> Option<i64> {
    named(&MONTHS, word).map(|month| month + 1)
}

/// A day as a person writes it, in French or else in English: `vendredi 15 mai`, `Friday 15 May`.
#[must_use]
pub fn shown_date(date: Date, french: bool) -> String {
    const WITH_ACCENTS: [(&str, &str); 3] =
        [("fevrier", "février"), ("aout", "août"), ("decembre", "décembre")];
    let (_, month, day) = date.civil();
    let place = |number: i64| usize::try_from(number).unwrap_or_default();
    let language = usize::from(!french);
    let name = |list: Option<&&'static str>| list.copied().unwrap_or_default();
    let weekday = place(i64::from(date.weekday().place()));
    let weekday = name(WEEKDAYS.get(language).and_then(|names| names.get(weekday)));
    let month = name(MONTHS.get(language).and_then(|names| names.get(place(month - 1))));
    if french {
        let accents = WITH_ACCENTS.iter().find(|(plain, _)| *plain == month);
        let month = accents.map_or(month, |(_, written)| written);
        return match day {
            1 => format!("{weekday} 1er {month}"),
            _ => format!("{weekday} {day} {month}"),
        };
    }
    let capital = |name: &str| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    format!("{} {day} {}", capital(weekday), capital(month))
}
