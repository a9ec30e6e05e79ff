//! What people answer to a question, to the value that was asked for.
//!
//! A question names what it takes: a text, digits, a number, a date, a time, yes or no, one of some
//! choices, an e-mail address, a telephone number, a score. French and English are read alike,
//! whichever of them was asked in: people answer a French bot with `ok` and an English one with
//! `demain`. Case, accents and misplaced signs do not count. What cannot be read is refused, never
//! guessed at: a question is put again more cheaply than a wrong appointment is kept.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

use std::ops::RangeInclusive;

use crate::clock::Date;

mod choice;
mod contact;
mod date;
mod number;
mod time;
mod words;

#[cfg(test)]
mod tests;

pub use words::shown_date;

/// Characters of an answer that are looked at.
pub const ANSWER_MAX: usize = 320;

/// What a question takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Any text that has a letter or a digit.
    Text,
    /// So many digits, however they are spaced.
    Digits(RangeInclusive<usize>),
    /// A whole number between two.
    Number(RangeInclusive<i64>),
    /// A day, between so many days from today.
    Date(RangeInclusive<i64>),
    /// A time of day.
    Time,
    /// Yes or no.
    YesNo,
    /// One of these, each with the words for it; the first is also answered by `1`.
    Choice(Vec<Vec<String>>),
    /// An e-mail address.
    Email,
    /// A telephone number; one without a country is in this one, by its code.
    Phone(u16),
    /// A score between two, as digits, words or faces.
    Score(RangeInclusive<i64>),
}

/// The value of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// A text, an e-mail address, digits, or a telephone number with its `+`.
    Text(String),
    /// A number or a score.
    Number(i64),
    /// A day.
    Date(Date),
    /// Minutes since midnight.
    Time(u16),
    /// Yes, or no.
    Yes(bool),
    /// Which of the choices, from 0.
    Choice(usize),
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// It is not what was asked for.
    Unread,
    /// It is, and lies outside of what is allowed.
    OutOfRange,
}

impl Takes {
    /// The value of `answer`, given on the day `today` of the place that the bot is for.
    ///
    /// # Errors
    /// When it is not what is taken.
    pub fn take(&self, answer: &str, today: Date) -> Result<Value, Refused> {
        let end = answer.char_indices().nth(ANSWER_MAX).map_or(answer.len(), |(at, _)| at);
        let answer = answer.get(..end).unwrap_or(answer).trim();
        let read = |value: Option<Value>| value.ok_or(Refused::Unread);
        match self {
            Self::Text => {
                let says = answer.chars().any(char::is_alphanumeric);
                read(says.then(|| Value::Text(answer.to_owned())))
            }
            Self::Digits(count) => read(number::digits(answer, count).map(Value::Text)),
            Self::Number(range) => within(number::number(answer), range).map(Value::Number),
            Self::Score(range) => within(number::score(answer, range), range).map(Value::Number),
            Self::Date(days) => {
                let date = date::date(answer, today).ok_or(Refused::Unread)?;
                within(Some(date.days() - today.days()), days)?;
                Ok(Value::Date(date))
            }
            Self::Time => read(time::time(answer).map(Value::Time)),
            Self::YesNo => read(choice::yes_no(answer).map(Value::Yes)),
            Self::Choice(choices) => read(choice::choice(answer, choices).map(Value::Choice)),
            Self::Email => read(contact::email(answer).map(Value::Text)),
            Self::Phone(country) => read(contact::phone(answer, *country).map(Value::Text)),
        }
    }
}

fn within(found: Option<i64>, range: &RangeInclusive<i64>) -> Result<i64, Refused> {
    let found = found.ok_or(Refused::Unread)?;
    if range.contains(&found) { Ok(found) } else { Err(Refused::OutOfRange) }
}
