//! Times of day.

use super::words::{number_word, words};

/// The only time of an answer, as minutes since midnight.
pub(super) fn time(answer: &str) -> Option<u16> {
    let words = words(answer);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.contains(&"midi") || words.contains(&"noon") {
        return Some(12 * 60 + half(&words));
    }
    if words.contains(&"minuit") || words.contains(&"midnight") {
        return Some(half(&words));
    }
    let at = words.iter().position(|word| number(word).is_some())?;
    let hour = number(words.get(at)?)?;
    let rest = words.get(at + 1..).unwrap_or_default();
    let unit = rest.first().filter(|word| ["h", "heure", "heures"].contains(*word));
    let rest = if unit.is_some() { rest.get(1..).unwrap_or_default() } else { rest };
    let (minute, rest) = match rest {
        ["et", "demie", rest @ ..] => (30, rest),
        ["et", "quart", rest @ ..] => (15, rest),
        // Two numbers are an hour and its minutes, where a colon or an h stands between them.
        [minute, rest @ ..] if number(minute).is_some() => (number(minute)?, rest),
        rest => (0, rest),
    };
    if minute > 59 || rest.iter().any(|word| number(word).is_some()) {
        return None;
    }
    let says = |words: &[&str]| rest.iter().any(|word| words.contains(word));
    let hour = match hour {
        1..=11 if says(&["pm", "p", "soir", "midi", "apres", "evening", "afternoon"]) => hour + 12,
        12 if says(&["am"]) => 0,
        hour => hour,
    };
    // A bare number is an hour when something says so, or when there is nothing else.
    let told = unit.is_some()
        || minute > 0
        || answer.contains(':')
        || words.len() == 1
        || says(&["am", "pm", "soir", "matin", "oclock", "o"])
        || words.iter().any(|word| ["a", "vers", "at", "around"].contains(word));
    (hour < 24 && told).then_some(hour * 60 + minute)
}

fn number(word: &str) -> Option<u16> {
    let digits = word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 2;
    match digits {
        true => word.parse().ok(),
        false if ["a", "an", "first", "premier"].contains(&word) => None,
        false => number_word(word).and_then(|number| u16::try_from(number).ok()),
    }
}

fn half(words: &[&str]) -> u16 {
    if words.contains(&"demie") || words.contains(&"demi") { 30 } else { 0 }
}
