//! Digits, numbers and scores.

use std::ops::RangeInclusive;

use super::words::{number_word, words};

/// What may stand between the digits of one number.
const BETWEEN: [char; 6] = [' ', '.', '-', '/', '\u{a0}', '\u{202f}'];

/// The only run of so many digits; spaces, dots and dashes inside it do not count.
pub(super) fn digits(answer: &str, count: &RangeInclusive<usize>) -> Option<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut open = false;
    for c in answer.chars() {
        if let Some(digit) = c.to_digit(10) {
            if !open {
                runs.push(String::new());
                open = true;
            }
            if let Some(run) = runs.last_mut() {
                run.extend(char::from_digit(digit, 10));
            }
        } else if !BETWEEN.contains(&c) {
            open = false;
        }
    }
    let mut fit = runs.into_iter().filter(|run| count.contains(&run.len()));
    let one = fit.next()?;
    fit.next().is_none().then_some(one)
}

/// The only number of an answer, as digits or a word.
pub(super) fn number(answer: &str) -> Option<i64> {
    let negative = answer.trim_start().starts_with('-');
    let words = words(answer);
    let number = |word: &String| {
        let first = word.chars().next()?;
        match first.is_ascii_digit() {
            true => word.parse().ok(),
            // What is one in every sentence is none in this one.
            false => number_word(word).filter(|_| !matches!(word.as_str(), "a" | "an")),
        }
    };
    let mut numbers = words.iter().filter_map(number);
    let one: i64 = numbers.next()?;
    numbers.next().is_none().then_some(if negative { -one } else { one })
}

/// A score: `4`, `4/5`, `quatre`, a face, or a word of praise or blame at the ends of the range.
pub(super) fn score(answer: &str, range: &RangeInclusive<i64>) -> Option<i64> {
    let (least, most) = (*range.start(), *range.end());
    if let Some((given, of)) = answer.split_once('/') {
        return number(given).filter(|_| number(of) == Some(most));
    }
    if let Some(number) = number(answer) {
        return Some(number);
    }
    let middle = least + (most - least) / 2;
    let faces = [
        (['😡', '🤬', '👎', '😠'], least),
        (['🙁', '😕', '😞', '☹'], least + (most - least) / 4),
        (['😐', '😶', '🤷', '😑'], middle),
        (['🙂', '😊', '😌', '☺'], most - (most - least) / 4),
        (['😀', '😍', '👍', '😃'], most),
    ];
    let face = faces.iter().find(|(faces, _)| answer.chars().any(|c| faces.contains(&c)));
    if let Some((_, score)) = face {
        return Some(*score);
    }
    let says = words(answer).join(" ");
    let named = [
        (least, &["nul", "tres mauvais", "tres mal", "horrible", "terrible", "very bad"][..]),
        (most, &["parfait", "excellent", "super", "tres bien", "perfect", "very good", "great"]),
    ];
    let said = named.iter().find(|(_, words)| words.contains(&says.as_str()));
    said.map(|(score, _)| *score)
}
