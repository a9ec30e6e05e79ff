//! Days, as people name them.

use super::words::{month, number_word, weekday, words};
use crate::clock::Date;

/// The day that an answer names, said on the day `today`; `None` when it names none, or one that
/// does not exist. A day without a year, or without a month, is the next one that there is.
pub(super) fn date(answer: &str, today: Date) -> Option<Date> {
    if let Some(date) = iso(answer) {
        return date;
    }
    let words = words(answer);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    numeric(answer, today)
        .or_else(|| relative(&words, today))
        .or_else(|| named(&words, today))
        .or_else(|| of_week(&words, today))
        .or_else(|| of_month(&words, today))
}

/// `2026-05-15`. Something of that form that is no day is nothing else either.
fn iso(answer: &str) -> Option<Option<Date>> {
    let word = answer.split_whitespace().find(|word| word.len() == 10)?;
    let mut parts = word.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() != 2 || parts.next().is_some() {
        return None;
    }
    Some(exact(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// `15/5`, `15.05.2026`, `15-05-26`: the day first, as in Europe, unless it can only be the month.
fn numeric(answer: &str, today: Date) -> Option<Date> {
    let signs = |c: char| matches!(c, '/' | '.' | '-');
    let of_date =
        |word: &&str| word.contains(signs) && word.chars().all(|c| c.is_ascii_digit() || signs(c));
    let word = answer.split([' ', ',', ';', '!', '?']).find(of_date)?.trim_matches(signs);
    let parts: Vec<i64> = word.split(signs).map(str::parse).collect::<Result<_, _>>().ok()?;
    let (first, second, year) = match parts.as_slice() {
        [first, second] => (*first, *second, None),
        [first, second, year] => (*first, *second, Some(*year)),
        _ => return None,
    };
    let (day, month) = if second > 12 && first <= 12 { (second, first) } else { (first, second) };
    match year {
        Some(year @ 0..=99) => exact(2_000 + year, month, day),
        Some(year) => exact(year, month, day),
        None => next(month, day, today),
    }
}

/// `demain`, `dans trois jours`, `in a week`.
fn relative(words: &[&str], today: Date) -> Option<Date> {
    let has = |one: &[&str]| words.windows(one.len()).any(|window| window == one);
    let days = match () {
        () if has(&["apres", "demain"]) || has(&["day", "after", "tomorrow"]) => 2,
        () if has(&["demain"]) || has(&["tomorrow"]) || has(&["tmrw"]) => 1,
        () if has(&["aujourd", "hui"]) || has(&["today"]) || has(&["ajd"]) => 0,
        () if has(&["ce", "soir"]) || has(&["ce", "matin"]) || has(&["tonight"]) => 0,
        () => {
            let at = words.iter().position(|word| ["dans", "in", "sous"].contains(word))?;
            let [count, unit, ..] = words.get(at + 1..)? else { return None };
            let count = count.parse().ok().or_else(|| number_word(count))?;
            match *unit {
                "jour" | "jours" | "j" | "day" | "days" => count,
                // Fifteen days are two weeks in French, and one is eight.
                "semaine" | "semaines" | "week" | "weeks" => count.checked_mul(7)?,
                _ => return None,
            }
        }
    };
    (0..=3_660).contains(&days).then(|| today.plus(days))
}

/// `le 15 mai`, `May 15th 2026`, `1er juin`.
fn named(words: &[&str], today: Date) -> Option<Date> {
    let at = words.iter().enumerate().position(|(at, word)| {
        // `mar` and `mars`, `may` and `mai`: a month only beside a number.
        month(word).is_some()
            && (day_before(words, at).is_some() || day_behind(words, at).is_some())
    })?;
    let month = month(words.get(at)?)?;
    let (day, behind) = match day_before(words, at) {
        Some(day) => (day, at + 1),
        None => (day_behind(words, at)?, at + 2),
    };
    let rest = words.get(behind..).unwrap_or_default();
    let year = rest.iter().find(|word| word.len() == 4).and_then(|word| word.parse().ok());
    match year {
        Some(year) => exact(year, month, day),
        None => next(month, day, today),
    }
}

fn day_before(words: &[&str], at: usize) -> Option<i64> {
    let mut before = words.get(..at)?.iter().rev();
    let mut word = before.next()?;
    while ["er", "st", "nd", "rd", "th", "of", "de"].contains(word) {
        word = before.next()?;
    }
    day_number(word)
}

fn day_behind(words: &[&str], at: usize) -> Option<i64> {
    day_number(words.get(at + 1)?)
}

fn day_number(word: &str) -> Option<i64> {
    let number = match word {
        "a" | "an" => return None,
        word => word.parse().ok().or_else(|| number_word(word))?,
    };
    (1..=31).contains(&number).then_some(number)
}

/// `vendredi`, `vendredi prochain`, `next friday`: the next one behind today; a `prochain` one is
/// the same, and `en huit` a week later.
fn of_week(words: &[&str], today: Date) -> Option<Date> {
    // `mon` is a Monday cut off by itself, and nobody's in a sentence.
    let whole = |word: &&&str| words.len() <= 2 || word.len() > 3;
    let mut days = words.iter().filter(whole).filter_map(|word| weekday(word));
    let day = days.next()?;
    if days.next().is_some() {
        return None;
    }
    let ahead = (day - i64::from(today.weekday().place())).rem_euclid(7);
    let ahead = if ahead == 0 { 7 } else { ahead };
    let later = words.windows(2).any(|pair| pair == ["en", "huit"]);
    let date = today.plus(ahead + if later { 7 } else { 0 });
    // `vendredi 15`: both have to be right.
    match words.iter().find_map(|word| word.parse::<i64>().ok().filter(|day| *day <= 31)) {
        Some(number) if !words.contains(&"h") => {
            let (_, _, day_of_month) = date.civil();
            if number == day_of_month {
                return Some(date);
            }
            let mut weeks = (1..=5).map(|week| date.plus(week * 7));
            weeks.find(|later| later.civil().2 == number)
        }
        _ => Some(date),
    }
}

/// `le 3`, `the 3rd`.
fn of_month(words: &[&str], today: Date) -> Option<Date> {
    let day = match words {
        ["le" | "the", day] | ["le" | "the", day, "er" | "st" | "nd" | "rd" | "th"] => day,
        ["on", "the", day] | ["on", "the", day, "st" | "nd" | "rd" | "th"] => day,
        [day, "er" | "st" | "nd" | "rd" | "th"] => day,
        _ => return None,
    };
    let day = day_number(day)?;
    let (year, month, _) = today.civil();
    let months =
        (0..12).map(|ahead| (year + (month - 1 + ahead) / 12, (month - 1 + ahead) % 12 + 1));
    let mut days = months.filter_map(|(year, month)| exact(year, month, day));
    days.find(|date| *date >= today)
}

/// The day, if there is such a one.
fn exact(year: i64, month: i64, day: i64) -> Option<Date> {
    let sound = (1970..=2100).contains(&year) && (1..=12).contains(&month);
    let date = sound.then(|| Date::new(year, month, day))?;
    (date.civil() == (year, month, day)).then_some(date)
}

/// The next such day, today or behind it; the 29th of February may be years ahead.
fn next(month: i64, day: i64, today: Date) -> Option<Date> {
    let (year, _, _) = today.civil();
    let mut days = (year..=year + 8).filter_map(|year| exact(year, month, day));
    days.find(|date| *date >= today)
}
